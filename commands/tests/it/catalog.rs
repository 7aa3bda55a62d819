//! What the database's own catalogue says about tenants: every table, key, policy, view and role.

use platform::testing::TestDatabase;
use sqlx::Executor as _;

use crate::support::database;

/// Tables that hold nothing of a tenant. A new table either has `tenant_id` or is named here.
const WITHOUT_TENANT: [&str; 12] = [
    "_sqlx_migrations",
    "audit.keys",
    "log.aggregate_types",
    "log.contexts",
    "log.heads",
    "log.settings",
    "runtime.checkpoints",
    "runtime.leases",
    "runtime.projections",
    "runtime.read_models",
    "runtime.relay",
    "runtime.webhook_events",
];

/// Tables of all schemas but the system's, with the number of their column `tenant_id`.
const TABLES: &str = "CREATE TEMPORARY VIEW catalogue AS SELECT c.oid AS rel, c.oid::regclass::text AS name, c.relrowsecurity, c.relforcerowsecurity, a.attnum AS tenant \
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped \
    WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'";

/// What is wrong, by rule: each statement answers one line for each offence.
const RULES: [(&str, &str); 11] = [
    (
        "row level security is enabled and forced",
        "SELECT name FROM catalogue WHERE tenant IS NOT NULL AND NOT (relrowsecurity AND relforcerowsecurity)",
    ),
    (
        "a policy binds all roles to the tenant",
        "SELECT name FROM catalogue WHERE tenant IS NOT NULL AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = rel AND p.polroles = '{0}' AND p.polcmd = '*' \
            AND pg_get_expr(p.polqual, rel) LIKE '%app.tenant_id%' AND pg_get_expr(p.polwithcheck, rel) LIKE '%app.tenant_id%')",
    ),
    (
        "no policy shows gateways more than the tenant",
        "SELECT name || ': ' || p.polname FROM catalogue JOIN pg_policy p ON p.polrelid = rel WHERE p.polroles && ARRAY[0::oid, 'neuroops_app'::regrole::oid] \
            AND (coalesce(pg_get_expr(p.polqual, rel), 'app.tenant_id') NOT LIKE '%app.tenant_id%' \
                OR coalesce(pg_get_expr(p.polwithcheck, rel), 'app.tenant_id') NOT LIKE '%app.tenant_id%')",
    ),
    (
        "every unique key holds the tenant",
        "SELECT name || ': ' || i.indexrelid::regclass FROM catalogue JOIN pg_index i ON i.indrelid = rel WHERE tenant IS NOT NULL AND i.indisunique AND NOT tenant = ANY (i.indkey)",
    ),
    (
        "every table has a primary key",
        "SELECT name FROM catalogue WHERE NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = rel AND i.indisprimary)",
    ),
    (
        "every foreign key holds the tenant",
        "SELECT name || ': ' || k.conname FROM catalogue JOIN pg_constraint k ON k.conrelid = rel \
            WHERE k.contype = 'f' AND tenant IS NOT NULL AND NOT tenant = ANY (k.conkey)",
    ),
    (
        "views look with the eyes of who asks",
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm') AND n.nspname <> 'information_schema' \
            AND n.nspname !~ '^pg_' AND NOT coalesce(c.reloptions @> '{security_invoker=true}', false)",
    ),
    (
        "the roles of the program have no power of their own",
        "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'neuroops\\_%' AND rolname IN ('neuroops_app', 'neuroops_worker', 'neuroops_log') \
            AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication OR rolname = 'neuroops_log' AND rolcanlogin) \
        UNION ALL SELECT m.member::regrole || ' is a member of ' || m.roleid::regrole FROM pg_auth_members m \
            WHERE m.member::regrole::text IN ('neuroops_app', 'neuroops_worker', 'neuroops_log')",
    ),
    (
        "the roles that log in own nothing",
        "SELECT d.refobjid::regrole || ' owns ' || pg_describe_object(d.classid, d.objid, d.objsubid) FROM pg_shdepend d \
            WHERE d.deptype = 'o' AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) \
            AND d.refobjid IN ('neuroops_app'::regrole, 'neuroops_worker'::regrole)",
    ),
    (
        "functions with their owner's power fix their search path and are not for everybody",
        "SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prosecdef AND n.nspname !~ '^pg_' \
            AND (NOT EXISTS (SELECT FROM unnest(p.proconfig) s WHERE s LIKE 'search_path=%') OR has_function_privilege('public', p.oid, 'EXECUTE'))",
    ),
    (
        "nobody but the owner makes objects",
        "SELECT r || ' may create in ' || n.nspname FROM pg_namespace n, unnest(ARRAY['neuroops_app', 'neuroops_worker', 'neuroops_log', 'public']) r \
            WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND has_schema_privilege(r, n.oid, 'CREATE')",
    ),
];

async fn offences(db: &TestDatabase) -> Vec<String> {
    let mut admin = db.admin().await;
    admin.execute(TABLES).await.expect("a view");
    let mut found = Vec::new();
    for (rule, statement) in RULES {
        let lines: Vec<String> = sqlx::query_scalar(statement).fetch_all(&mut admin).await.expect(rule);
        found.extend(lines.into_iter().map(|line| format!("{rule}: {line}")));
    }
    let bare: Vec<String> =
        sqlx::query_scalar("SELECT name FROM catalogue WHERE tenant IS NULL ORDER BY name").fetch_all(&mut admin).await.expect("names");
    found.extend(bare.into_iter().filter(|name| !WITHOUT_TENANT.contains(&name.as_str())).map(|name| format!("no tenant_id: {name}")));
    found
}

#[tokio::test]
async fn every_table_key_policy_view_and_role_keeps_tenants_apart() {
    let db = database().await;
    assert_eq!(offences(&db).await, [""; 0]);
    let mut admin = db.admin().await;
    let protected: i64 =
        sqlx::query_scalar("SELECT count(DISTINCT polrelid) FROM pg_policy").fetch_one(&mut admin).await.expect("a number");
    println!("{protected} tables with tenants' data");
    assert!(protected > 5);
    db.drop().await;
}

/// A check that finds nothing wrong in anything would pass above.
#[tokio::test]
async fn the_check_finds_each_kind_of_offence() {
    let db = database().await;
    let planted = "
        CREATE TABLE planted_bare (id text PRIMARY KEY);
        CREATE TABLE planted_open (tenant_id uuid, id text, PRIMARY KEY (tenant_id, id));
        CREATE TABLE planted_keys (tenant_id uuid, id text PRIMARY KEY);
        SELECT public.neuroops_protect('planted_keys', 'SELECT', '');
        CREATE TABLE planted_reference (tenant_id uuid, id text REFERENCES planted_keys, PRIMARY KEY (tenant_id, id));
        SELECT public.neuroops_protect('planted_reference', 'SELECT', '');
        CREATE POLICY planted_all ON planted_reference TO neuroops_app USING (true);
        CREATE TABLE planted_heap (tenant_id uuid);
        SELECT public.neuroops_protect('planted_heap', 'SELECT', '');
        CREATE VIEW planted_view AS SELECT * FROM planted_keys;
        CREATE MATERIALIZED VIEW planted_copy AS SELECT * FROM planted_keys;
        CREATE FUNCTION planted_function() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
        ALTER TABLE planted_heap OWNER TO neuroops_app;
        GRANT CREATE ON SCHEMA public TO neuroops_worker;";
    sqlx::raw_sql(planted).execute(&mut db.admin().await).await.expect("planted");
    let found = offences(&db).await;
    for expected in [
        "row level security is enabled and forced: planted_open",
        "a policy binds all roles to the tenant: planted_open",
        "no policy shows gateways more than the tenant: planted_reference: planted_all",
        "every unique key holds the tenant: planted_keys: planted_keys_pkey",
        "every table has a primary key: planted_heap",
        "every foreign key holds the tenant: planted_reference: planted_reference_id_fkey",
        "views look with the eyes of who asks: planted_view",
        "views look with the eyes of who asks: planted_copy",
        "the roles that log in own nothing: neuroops_app owns table planted_heap",
        "functions with their owner's power fix their search path and are not for everybody: planted_function()",
        "nobody but the owner makes objects: neuroops_worker may create in public",
        "no tenant_id: planted_bare",
    ] {
        assert!(found.iter().any(|offence| offence == expected), "{expected} is not among {found:#?}");
    }
    db.drop().await;
}
