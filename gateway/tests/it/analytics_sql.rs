//! SQL as analysts use it: a role of one tenant, on the views of the read models.

use std::str::FromStr as _;
use std::time::Duration;

use platform::postgres::with_database;
use projections::contexts::{self, CONTEXTS};
use projections::runtime::rebuild::rebuild;
use projections::sql_access::{self, SqlAccessError};
use serde_json::json;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection};
use uuid::Uuid;

use crate::harness::Client;
use crate::world::World;

const PASSWORD: &str = "a password of the tests";

/// Two tenants with contacts, and a role of the first.
struct Sql {
    world: World,
    own: Client,
    other: Client,
    role: String,
}

impl Sql {
    async fn start() -> Self {
        let world = World::start(|options| options).await;
        sql_access::refresh(&mut world.db().admin().await, CONTEXTS).await.unwrap();
        let (own, other) = (world.gateway.client("member").await, world.gateway.client("member").await);
        let (a, b) = (own.registers("own", 5).await, other.registers("other", 7).await);
        own.get_after("/v1/crm/contact-list", &a).await;
        other.get_after("/v1/crm/contact-list", &b).await;
        let role = sql_access::grant(&mut world.db().admin().await, own.tenant, "test", PASSWORD).await.unwrap().role;
        Self { world, own, other, role }
    }

    fn options(&self, role: &str) -> PgConnectOptions {
        PgConnectOptions::from_str(&self.world.db().admin_url).unwrap().username(role).password(PASSWORD)
    }

    async fn login(&self) -> PgConnection {
        self.options(&self.role).connect().await.unwrap()
    }

    async fn stop(self) {
        let mut admin = self.world.db().admin().await;
        for role in sql_access::list(&mut admin, None).await.unwrap() {
            sql_access::revoke(&mut admin, &role.role).await.unwrap();
        }
        admin.close().await.unwrap();
        self.world.stop().await;
    }
}

async fn count(connection: &mut PgConnection, statement: &str) -> i64 {
    sqlx::query_scalar(statement).fetch_one(connection).await.unwrap_or_else(|error| panic!("{statement}: {error}"))
}

/// The SQLSTATE of what must fail.
async fn refused(connection: &mut PgConnection, statement: &str) -> String {
    match connection.execute(statement).await {
        Ok(_) => panic!("`{statement}` is not refused"),
        Err(error) => {
            error.as_database_error().and_then(|error| error.code().map(Into::into)).unwrap_or_else(|| panic!("{statement}: {error}"))
        }
    }
}

const CONTACTS: &str = "SELECT count(*) FROM analytics.crm_contact_list";

#[tokio::test]
async fn a_role_sees_its_own_tenant_whatever_it_sets() {
    let sql = Sql::start().await;
    let mut session = sql.login().await;
    assert_eq!(count(&mut session, CONTACTS).await, 5);
    assert_eq!(
        count(&mut session, "SELECT count(*) FROM crm_contact_list WHERE id LIKE 'other%'").await,
        0,
        "the search path leads to the views"
    );
    for setting in [
        format!("SET app.tenant_id = '{}'", sql.other.tenant),
        format!("SET SESSION app.tenant_id = '{}'", sql.other.tenant),
        "SET app.tenant_id = ''".to_owned(),
        "RESET ALL".to_owned(),
        "SET ROLE neuroops_sql".to_owned(),
        "SET default_transaction_read_only = off".to_owned(),
        "SET row_security = on".to_owned(),
    ] {
        session.execute(setting.as_str()).await.unwrap();
        let others = count(&mut session, "SELECT count(*) FROM analytics.crm_contact_list WHERE id NOT LIKE 'own%'").await;
        assert_eq!((count(&mut session, CONTACTS).await, others), (5, 0), "{setting}");
    }
    session.execute("RESET ROLE; SET row_security = off").await.unwrap();
    assert_eq!(refused(&mut session, CONTACTS).await, "42501", "without row security there is nothing to see");
    session.close().await.unwrap();
    sql.stop().await;
}

#[tokio::test]
async fn a_role_becomes_nobody_else_and_writes_nothing() {
    let sql = Sql::start().await;
    let second = sql_access::grant(&mut sql.world.db().admin().await, sql.other.tenant, "", PASSWORD).await.unwrap().role;
    let mut session = sql.login().await;
    for role in ["neuroops_app", "neuroops_worker", "neuroops_log", "postgres", second.as_str()] {
        let exists = count(&mut session, &format!("SELECT count(*) FROM pg_roles WHERE rolname = '{role}'")).await;
        if exists > 0 {
            assert_eq!(refused(&mut session, &format!("SET ROLE {role}")).await, "42501", "{role}");
        }
    }
    assert_eq!(refused(&mut session, "SET SESSION AUTHORIZATION neuroops_app").await, "42501");
    assert_eq!(refused(&mut session, "CREATE TEMP TABLE own (id text)").await, "25006", "transactions begin read only");
    session.execute("SET default_transaction_read_only = off").await.unwrap();
    for statement in [
        "DELETE FROM analytics.crm_contact_list",
        "UPDATE analytics.crm_contact_list SET note = 'x'",
        "INSERT INTO analytics.crm_contact_list (id) VALUES ('x')",
        "TRUNCATE analytics.crm_contact_list",
        "CREATE TABLE analytics.mine (a int)",
        "CREATE TEMPORARY TABLE mine (a int)",
        "CREATE SCHEMA mine",
        "SELECT lo_create(0)",
        "SELECT lo_from_bytea(0, 'x')",
        "CREATE ROLE mine",
        "ALTER VIEW analytics.crm_contact_list RENAME TO mine",
        "DROP VIEW analytics.crm_contact_list",
        "COMMENT ON VIEW analytics.crm_contact_list IS 'mine'",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY (SELECT 1) TO PROGRAM 'id'",
        "SELECT * FROM pg_authid",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'neuroops_app'",
    ] {
        let code = refused(&mut session, statement).await;
        assert!(matches!(code.as_str(), "42501" | "0A000" | "42809"), "{statement}: {code}");
    }
    session.close().await.unwrap();
    sql.stop().await;
}

#[tokio::test]
async fn a_role_reaches_nothing_but_the_views() {
    let sql = Sql::start().await;
    let mut session = sql.login().await;
    for statement in [
        "SELECT * FROM log.events",
        "SELECT * FROM log.claims",
        "SELECT * FROM runtime.sql_roles",
        "SELECT * FROM runtime.parked",
        "SELECT * FROM tenancy.tenants",
        "SELECT * FROM tenancy.denied()",
        "SELECT * FROM public.crm_contact_list",
        "SELECT * FROM public.crm_contact_list_v1",
        "UPDATE runtime.sql_roles SET tenant_id = gen_random_uuid()",
        "SELECT log.append(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
        "SELECT runtime.activate_version('crm_contact_list', 1)",
        "SELECT runtime.end_long_sql(0)",
        "SELECT public.current_tenant()",
    ] {
        assert_eq!(refused(&mut session, statement).await, "42501", "{statement}");
    }
    // What can be selected at all, wherever it is: the views, what they stand on, and the one row that says whose they are.
    let reachable: Vec<(String, String)> = sqlx::query_as(
        "SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') \
            AND has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE') ORDER BY 1, 2",
    )
    .fetch_all(&mut session)
    .await
    .unwrap();
    let mut expected: Vec<(String, String)> =
        CONTEXTS.iter().flat_map(|context| context.read_models).map(|def| ("analytics".to_owned(), def.table.to_owned())).collect();
    expected.sort();
    assert_eq!(reachable, expected);
    let written = count(&mut session, "SELECT count(*) FROM pg_class c WHERE c.relkind IN ('r', 'v') AND c.relnamespace <> 'pg_catalog'::regnamespace \
        AND (has_table_privilege(c.oid, 'INSERT') OR has_table_privilege(c.oid, 'UPDATE') OR has_table_privilege(c.oid, 'DELETE') OR has_table_privilege(c.oid, 'TRUNCATE'))").await;
    assert_eq!(written, 0);
    session.close().await.unwrap();
    sql.stop().await;
}

#[tokio::test]
async fn statements_and_sessions_are_bounded() {
    let sql = Sql::start().await;
    let mut session = sql.login().await;
    let shown = async |session: &mut PgConnection, name: &str| -> String {
        sqlx::query_scalar(&format!("SELECT current_setting('{name}')")).fetch_one(session).await.unwrap()
    };
    assert_eq!(shown(&mut session, "statement_timeout").await, "1min");
    assert_eq!(shown(&mut session, "default_transaction_read_only").await, "on");
    session.execute("SET statement_timeout = 100").await.unwrap();
    assert_eq!(refused(&mut session, "SELECT pg_sleep(5)").await, "57014");
    // A session that lifts its own time-out is ended by the platform.
    let mut stubborn = sql.login().await;
    stubborn.execute("SET statement_timeout = 0").await.unwrap();
    let long = tokio::spawn(async move { stubborn.execute("SELECT pg_sleep(60)").await.map(|_| ()) });
    let ended = crate::world::eventually("the long statement is ended", async || {
        let ended = sql_access::keep_from_lingering(&sql.world.db().worker, Duration::from_secs(1)).await.unwrap();
        (ended > 0).then_some(ended)
    })
    .await;
    assert_eq!(ended, 1, "others go on");
    let error = long.await.unwrap().unwrap_err();
    assert_eq!(error.as_database_error().and_then(|error| error.code().map(String::from)).as_deref(), Some("57P01"), "{error}");
    let mut sessions = vec![session];
    let error = loop {
        match sql.options(&sql.role).connect().await {
            Ok(session) => sessions.push(session),
            Err(error) => break error,
        }
        assert!(sessions.len() < 20);
    };
    assert_eq!(error.as_database_error().and_then(|error| error.code().map(String::from)).as_deref(), Some("53300"), "{error}");
    let listed = sql_access::list(&mut sql.world.db().admin().await, Some(sql.own.tenant)).await.unwrap();
    assert_eq!((listed.len(), listed[0].label.as_str(), listed[0].sessions), (1, "test", i64::try_from(sessions.len()).unwrap()));
    drop(sessions);
    sql.stop().await;
}

#[tokio::test]
async fn a_revoked_role_is_gone_with_its_sessions() {
    let sql = Sql::start().await;
    let mut session = sql.login().await;
    let mut admin = sql.world.db().admin().await;
    sql_access::revoke(&mut admin, &sql.role).await.unwrap();
    assert!(session.execute(CONTACTS).await.is_err());
    assert!(sql.options(&sql.role).connect().await.is_err());
    assert!(matches!(sql_access::revoke(&mut admin, &sql.role).await, Err(SqlAccessError::UnknownRole(_))));
    assert!(matches!(sql_access::revoke(&mut admin, "neuroops_app").await, Err(SqlAccessError::UnknownRole(_))), "only roles of this kind");
    let nobody = sql_access::grant(&mut admin, Uuid::from_u128(1), "", PASSWORD).await;
    assert!(matches!(nobody, Err(SqlAccessError::UnknownTenant(_))));
    let label = sql_access::grant(&mut admin, sql.own.tenant, &"x".repeat(101), PASSWORD).await;
    assert!(matches!(label, Err(SqlAccessError::Label)));
    admin.close().await.unwrap();
    sql.stop().await;
}

#[tokio::test]
async fn views_outlive_rebuilds_and_migrations() {
    let sql = Sql::start().await;
    let mut session = sql.login().await;
    // A statement that is prepared goes on working.
    let prepared = sqlx::query_scalar::<_, i64>(CONTACTS);
    assert_eq!(prepared.fetch_one(&mut session).await.unwrap(), 5);
    let projection = contexts::projections().into_iter().find(|projection| projection.name() == "crm.contact_list").unwrap();
    for version in [2, 3] {
        assert_eq!(rebuild(&sql.world.db().worker, projection.as_ref(), |_| {}).await.unwrap().version, version);
        assert_eq!(sqlx::query_scalar::<_, i64>(CONTACTS).fetch_one(&mut session).await.unwrap(), 5, "version {version}");
        session.execute(format!("SET app.tenant_id = '{}'", sql.other.tenant).as_str()).await.unwrap();
        assert_eq!(count(&mut session, CONTACTS).await, 5, "version {version} is as closed as the first");
    }
    // As migrations do it: a column is added at the end, another one goes.
    let mut admin = sql.world.db().admin().await;
    let change = "CREATE TABLE crm_contact_list_v9 (LIKE crm_contact_list_v3 INCLUDING ALL); \
        ALTER TABLE crm_contact_list_v9 DROP COLUMN note, ADD COLUMN score integer; \
        SELECT public.neuroops_protect('crm_contact_list_v9', 'SELECT', 'SELECT'); SELECT runtime.open_to_sql('crm_contact_list_v9'); \
        SELECT runtime.activate_version('crm_contact_list', 9)";
    admin.execute(change).await.unwrap();
    assert_eq!(count(&mut session, CONTACTS).await, 0, "the new version is empty");
    assert_eq!(refused(&mut session, "SELECT note FROM analytics.crm_contact_list").await, "42703");
    admin.execute("SELECT runtime.activate_version('crm_contact_list', 3)").await.unwrap();
    sql_access::refresh(&mut admin, CONTEXTS).await.unwrap();
    assert_eq!(count(&mut session, "SELECT count(*) FROM analytics.crm_contact_list WHERE note IS NULL").await, 5);
    admin.close().await.unwrap();
    session.close().await.unwrap();
    sql.stop().await;
}

#[tokio::test]
async fn views_have_the_declared_columns_with_comments_and_the_answers_rows() {
    let sql = Sql::start().await;
    let mut session = sql.login().await;
    for def in CONTEXTS.iter().flat_map(|context| context.read_models) {
        let columns: Vec<(String, Option<String>)> = sqlx::query_as(
            "SELECT attname::text, col_description(attrelid, attnum) FROM pg_attribute WHERE attrelid = ('analytics.' || $1)::regclass AND attnum > 0 ORDER BY attnum",
        )
        .bind(def.table)
        .fetch_all(&mut session)
        .await
        .unwrap();
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, def.columns.iter().map(|column| column.name).collect::<Vec<_>>(), "{}", def.table);
        assert!(
            columns.iter().all(|(_, comment)| comment.as_ref().is_some_and(|comment| !comment.is_empty())),
            "{}: {columns:?}",
            def.table
        );
    }
    let rows: Vec<String> =
        sqlx::query_scalar("SELECT id FROM analytics.crm_contact_list ORDER BY id").fetch_all(&mut session).await.unwrap();
    let answered = sql.own.get("/v1/crm/contact-list?sort=id&fields=id").await.json();
    assert_eq!(json!(rows), answered["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect::<serde_json::Value>());
    session.close().await.unwrap();
    sql.stop().await;
}

/// What clients ask about the database before they ask it anything: psql, Grafana, Metabase, JDBC drivers.
#[tokio::test]
async fn the_questions_of_sql_clients_are_answered() {
    let sql = Sql::start().await;
    let mut session = sql.login().await;
    let views = i64::try_from(CONTEXTS.iter().flat_map(|context| context.read_models).count()).unwrap();
    let names = async |session: &mut PgConnection, statement: &str| -> Vec<String> {
        sqlx::query_scalar(statement).fetch_all(session).await.unwrap_or_else(|error| panic!("{statement}: {error}"))
    };
    // psql: \d
    let described = names(
        &mut session,
        "SELECT c.relname::text FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam \
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', '') AND n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_toast' AND n.nspname <> 'information_schema' \
            AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1",
    )
    .await;
    assert_eq!(i64::try_from(described.len()).unwrap(), views);
    // psql: \d analytics.crm_contact_list, and \d+
    let columns = count(
        &mut session,
        "SELECT count(*) FROM (SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) \
            FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef), a.attnotnull, \
            (SELECT c.collname FROM pg_catalog.pg_collation c, pg_catalog.pg_type t WHERE c.oid = a.attcollation AND t.oid = a.atttypid AND a.attcollation <> t.typcollation), \
            a.attidentity, a.attgenerated, a.attstorage, pg_catalog.col_description(a.attrelid, a.attnum) FROM pg_catalog.pg_attribute a \
            WHERE a.attrelid = 'analytics.crm_contact_list'::regclass AND a.attnum > 0 AND NOT a.attisdropped) d",
    )
    .await;
    assert!(columns > 10);
    count(&mut session, "SELECT length(pg_catalog.pg_get_viewdef('analytics.crm_contact_list'::regclass, true))::bigint").await;
    // Grafana: its builder's tables and columns.
    let tables = names(
        &mut session,
        "SELECT quote_ident(table_name) FROM information_schema.tables WHERE table_schema NOT IN ('information_schema', 'pg_catalog', '_timescaledb_cache', '_timescaledb_catalog') \
         AND table_schema IN (SELECT CASE WHEN trim(s[i]) = '\"$user\"' THEN user ELSE trim(s[i]) END FROM generate_series(array_lower(string_to_array(current_setting('search_path'), ','), 1), \
            array_upper(string_to_array(current_setting('search_path'), ','), 1)) AS i, string_to_array(current_setting('search_path'), ',') s)",
    )
    .await;
    assert!(tables.contains(&"crm_contact_list".to_owned()) && tables.len() == described.len(), "{tables:?}");
    let types = names(
        &mut session,
        "SELECT quote_ident(column_name) || ' ' || data_type FROM information_schema.columns WHERE CASE WHEN array_length(parse_ident('crm_deal_list'), 1) = 2 \
         THEN quote_ident(table_schema) = (parse_ident('crm_deal_list'))[1] ELSE quote_ident(table_schema) IN (SELECT trim(s) FROM unnest(string_to_array(current_setting('search_path'), ',')) s) \
            AND quote_ident(table_name) = 'crm_deal_list' END",
    )
    .await;
    assert!(types.iter().any(|column| column == "amount_minor bigint"), "{types:?}");
    assert!(count(&mut session, "SELECT current_setting('server_version_num')::bigint / 100").await >= 1400);
    // Metabase: what the user may read, as its privilege sync asks.
    let synced = names(
        &mut session,
        "WITH table_privileges AS (SELECT NULL AS role, t.schemaname AS schema, t.objectname AS table, \
            pg_catalog.has_any_column_privilege(current_user, '\"' || replace(t.schemaname, '\"', '\"\"') || '\".\"' || replace(t.objectname, '\"', '\"\"') || '\"', 'select') AS select, \
            pg_catalog.has_any_column_privilege(current_user, '\"' || replace(t.schemaname, '\"', '\"\"') || '\".\"' || replace(t.objectname, '\"', '\"\"') || '\"', 'update') AS update \
         FROM (SELECT schemaname, tablename AS objectname FROM pg_catalog.pg_tables UNION SELECT schemaname, viewname FROM pg_catalog.pg_views \
            UNION SELECT schemaname, matviewname FROM pg_catalog.pg_matviews) t \
         WHERE t.schemaname !~ '^pg_' AND t.schemaname <> 'information_schema' AND pg_catalog.has_schema_privilege(current_user, t.schemaname, 'usage')) \
         SELECT t.schema::text || '.' || t.table::text FROM table_privileges t WHERE t.select ORDER BY 1",
    )
    .await;
    assert_eq!(synced, described.iter().map(|name| format!("analytics.{name}")).collect::<Vec<_>>());
    // JDBC's getColumns and getPrimaryKeys, which Metabase and others use.
    let described = count(
        &mut session,
        "SELECT count(*) FROM (SELECT n.nspname, c.relname, a.attname, a.atttypid, a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) AS attnotnull, a.atttypmod, a.attlen, t.typtypmod, \
            row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS attnum, nullif(a.attidentity, '') AS attidentity, pg_catalog.pg_get_expr(def.adbin, def.adrelid) AS adsrc, \
            dsc.description, t.typbasetype, t.typtype FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid \
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid JOIN pg_catalog.pg_type t ON a.atttypid = t.oid \
            LEFT JOIN pg_catalog.pg_attrdef def ON a.attrelid = def.adrelid AND a.attnum = def.adnum \
            LEFT JOIN pg_catalog.pg_description dsc ON c.oid = dsc.objoid AND a.attnum = dsc.objsubid \
            WHERE c.relkind IN ('r', 'p', 'v', 'f', 'm') AND a.attnum > 0 AND NOT a.attisdropped AND n.nspname LIKE 'analytics') d",
    )
    .await;
    assert!(described > views);
    count(&mut session, "SELECT count(*) FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'analytics'").await;
    // What Metabase and Grafana send for a chart.
    let charted = "SELECT DATE_TRUNC('month', \"analytics\".\"crm_contact_list\".\"created_at\") AS \"created_at\", COUNT(*) AS \"count\" FROM \"analytics\".\"crm_contact_list\" \
        WHERE \"analytics\".\"crm_contact_list\".\"created_at\" BETWEEN '2020-01-01T00:00:00Z' AND '2100-01-01T00:00:00Z' GROUP BY 1 ORDER BY 1 ASC LIMIT 2000";
    assert_eq!(session.fetch_all(charted).await.unwrap().len(), 1);
    let series = "SELECT floor(extract(epoch FROM created_at) / 3600) * 3600 AS time, country AS metric, count(*) AS value FROM crm_contact_list GROUP BY 1, 2 ORDER BY 1, 2";
    assert_eq!(session.fetch_all(series).await.unwrap().len(), 2);
    session.close().await.unwrap();
    sql.stop().await;
}

/// The same server, another database: nothing there is the role's.
#[tokio::test]
async fn a_role_finds_nothing_in_other_databases() {
    let sql = Sql::start().await;
    let elsewhere = World::start(|options| options).await;
    sql_access::refresh(&mut elsewhere.db().admin().await, CONTEXTS).await.unwrap();
    let member = elsewhere.gateway.client_of(elsewhere.db().create_tenant("elsewhere").await, "member");
    let position = member.registers("c", 2).await;
    member.get_after("/v1/crm/contact-list", &position).await;
    let (_, name) = elsewhere.db().admin_url.rsplit_once('/').unwrap();
    let url = with_database(&sql.world.db().admin_url, name);
    let options = PgConnectOptions::from_str(&url).unwrap().username(&sql.role).password(PASSWORD);
    let mut session = options.connect().await.unwrap();
    session.execute(format!("SET app.tenant_id = '{}'", member.tenant).as_str()).await.unwrap();
    assert_eq!(count(&mut session, CONTACTS).await, 0);
    session.close().await.unwrap();
    elsewhere.stop().await;
    sql.stop().await;
}
