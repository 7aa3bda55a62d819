-- Read models of the context `analytics`.

CREATE TABLE analytics_query_list_v1 (
    tenant_id uuid NOT NULL,
    id text NOT NULL,
    name text NOT NULL,
    -- Folded: what the list is sorted by, whatever the database's collation.
    sort_name text NOT NULL,
    description text,
    context text NOT NULL,
    source text NOT NULL,
    question jsonb NOT NULL,
    parameters jsonb NOT NULL,
    chart jsonb,
    owner text NOT NULL,
    shared_with text[] NOT NULL,
    revision bigint NOT NULL,
    cron text,
    time_zone text,
    schedule_format text,
    due_at timestamptz,
    last_run_at timestamptz,
    last_export_id text,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    search text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON analytics_query_list_v1 (tenant_id, sort_name, id);
CREATE INDEX ON analytics_query_list_v1 (tenant_id, created_at, id);
-- What the platform's own processes look for, over all tenants.
CREATE INDEX ON analytics_query_list_v1 (due_at) WHERE due_at IS NOT NULL;
SELECT runtime.declare_read_model('analytics_query_list', 'analytics.query_list');

CREATE TABLE analytics_export_list_v1 (
    tenant_id uuid NOT NULL,
    id text NOT NULL,
    context text NOT NULL,
    source text NOT NULL,
    question jsonb NOT NULL,
    format text NOT NULL,
    status text NOT NULL,
    requested_by text NOT NULL,
    query_id text,
    scheduled_for timestamptz,
    requested_at timestamptz NOT NULL,
    ended_at timestamptz,
    rows bigint,
    bytes bigint,
    files bigint,
    manifest_sha256 text,
    positions text[] NOT NULL,
    one_state boolean,
    expires_at timestamptz,
    due_at timestamptz,
    failure_code text,
    failure_reason text,
    version bigint NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON analytics_export_list_v1 (tenant_id, requested_at, id);
CREATE INDEX ON analytics_export_list_v1 (tenant_id, query_id, scheduled_for) WHERE query_id IS NOT NULL;
-- What the platform's own processes look for, over all tenants: few rows at any time.
CREATE INDEX ON analytics_export_list_v1 (requested_at, tenant_id) WHERE status = 'requested';
CREATE INDEX ON analytics_export_list_v1 (due_at, tenant_id) WHERE due_at IS NOT NULL;
SELECT runtime.declare_read_model('analytics_export_list', 'analytics.export_list');

-- Rows can change without a checkpoint moving: when parked events are applied after all. Whoever keeps answers looks at this count as
-- well as at the checkpoints.
ALTER TABLE runtime.projections ADD COLUMN repaired bigint NOT NULL DEFAULT 0;

-- ------------------------------------------------------------------------------------------------------------- SQL
--
-- Analysts may ask in SQL, through a role that logs in and belongs to one tenant (`neuroops analytics grant`). Such roles are members of
-- `neuroops_sql`, which sees the read models and nothing else. Which tenant a role sees is a row of runtime.sql_roles, found by the
-- name with which the session logged in: nothing that a session can set. The policies that say so are restrictive, because every
-- table also has one that believes app.tenant_id, which any session may set.
DO $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('neuroops roles'));
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'neuroops_sql') THEN
        CREATE ROLE neuroops_sql NOLOGIN;
    END IF;
END $$;

CREATE TABLE runtime.sql_roles (
    tenant_id uuid NOT NULL REFERENCES tenancy.tenants,
    -- As session_user has it.
    role name NOT NULL,
    -- What it is for, in its owner's words.
    label text NOT NULL,
    granted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, role)
);
CREATE INDEX sql_roles_role ON runtime.sql_roles (role);
SELECT public.neuroops_protect('runtime.sql_roles', '', '');
CREATE POLICY sql ON runtime.sql_roles FOR SELECT TO neuroops_sql USING (role = session_user);
CREATE POLICY sql_only ON runtime.sql_roles AS RESTRICTIVE TO neuroops_sql USING (role = session_user);
GRANT SELECT ON runtime.sql_roles TO neuroops_sql;

-- Lets the roles of a tenant read that tenant's rows of a table, whatever they set.
CREATE FUNCTION runtime.open_to_sql(target regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    own text := '(tenant_id = (SELECT r.tenant_id FROM runtime.sql_roles r WHERE r.role = session_user))';
BEGIN
    EXECUTE format('CREATE POLICY sql ON %s FOR SELECT TO neuroops_sql USING %s', target, own);
    EXECUTE format('CREATE POLICY sql_only ON %s AS RESTRICTIVE TO neuroops_sql USING %s WITH CHECK (false)', target, own);
    EXECUTE format('GRANT SELECT ON %s TO neuroops_sql', target);
END $$;

-- The views that SQL clients see, `analytics.<context>_<read_model>`. The program says which columns they have and what each means, with
-- every migration; they stand on the views of the read models, so that the swap of a rebuild passes through them.
CREATE SCHEMA analytics;
GRANT USAGE ON SCHEMA analytics TO neuroops_sql;
ALTER TABLE runtime.read_models ADD COLUMN sql_comment text, ADD COLUMN sql_columns text[], ADD COLUMN sql_comments text[];

CREATE FUNCTION runtime.refresh_sql_view(model text) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    known runtime.read_models;
    statement text;
    described record;
BEGIN
    SELECT * INTO STRICT known FROM runtime.read_models m WHERE m.model = refresh_sql_view.model;
    -- Columns that the version which is read does not have yet are left out until it does.
    SELECT format('CREATE OR REPLACE VIEW analytics.%I WITH (security_invoker = true) AS SELECT %s FROM public.%I t', model,
        string_agg(format('t.%I', w.name), ', ' ORDER BY w.number), model) INTO statement
    FROM unnest(known.sql_columns) WITH ORDINALITY AS w (name, number)
    JOIN pg_attribute a ON a.attrelid = format('public.%I', model)::regclass AND a.attname = w.name AND NOT a.attisdropped
    HAVING count(*) > 0;
    -- What no program describes is for programs only.
    IF statement IS NULL THEN
        RETURN;
    END IF;
    BEGIN
        EXECUTE statement;
    EXCEPTION WHEN invalid_table_definition THEN
        -- A column is gone, or its type or place is another.
        EXECUTE format('DROP VIEW analytics.%I', model);
        EXECUTE statement;
    END;
    EXECUTE format('GRANT SELECT ON analytics.%I TO neuroops_sql', model);
    EXECUTE format('COMMENT ON VIEW analytics.%I IS %L', model, known.sql_comment);
    FOR described IN
        SELECT w.name, w.comment FROM unnest(known.sql_columns, known.sql_comments) AS w (name, comment)
        JOIN pg_attribute a ON a.attrelid = format('analytics.%I', model)::regclass AND a.attname = w.name
    LOOP
        EXECUTE format('COMMENT ON COLUMN analytics.%I.%I IS %L', model, described.name, described.comment);
    END LOOP;
END $$;

-- As before, and opens the new version to SQL.
CREATE OR REPLACE FUNCTION runtime.create_version(model text, from_version integer, to_version integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    source text := model || '_v' || from_version;
    target text := model || '_v' || to_version;
BEGIN
    IF NOT EXISTS (SELECT FROM runtime.read_models m WHERE m.model = create_version.model) THEN
        RAISE EXCEPTION '% is not a read model', model USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE format('DROP TABLE IF EXISTS %I', target);
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', target, source);
    PERFORM public.neuroops_protect(target::regclass, 'SELECT', 'SELECT, INSERT, UPDATE, DELETE');
    PERFORM runtime.open_to_sql(target::regclass);
END $$;

-- As before; the view of the SQL clients goes along.
CREATE OR REPLACE FUNCTION runtime.activate_version(model text, to_version integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    statement text := format('CREATE OR REPLACE VIEW %I WITH (security_invoker = true) AS SELECT * FROM %I', model, model || '_v' || to_version);
BEGIN
    IF NOT EXISTS (SELECT FROM runtime.read_models m WHERE m.model = activate_version.model) THEN
        RAISE EXCEPTION '% is not a read model', model USING ERRCODE = 'invalid_parameter_value';
    END IF;
    BEGIN
        EXECUTE statement;
    EXCEPTION WHEN invalid_table_definition THEN
        EXECUTE format('DROP VIEW IF EXISTS analytics.%I', model);
        EXECUTE format('DROP VIEW %I', model);
        EXECUTE statement;
    END;
    EXECUTE format('GRANT SELECT ON %I TO neuroops_app, neuroops_worker, neuroops_sql', model);
    PERFORM runtime.refresh_sql_view(model);
END $$;

-- As before, and opens the first version to SQL.
CREATE OR REPLACE FUNCTION runtime.declare_read_model(model text, projection text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO runtime.read_models (model, projection) VALUES (model, projection);
    INSERT INTO runtime.projections (projection, active_version) VALUES (projection, 1) ON CONFLICT ON CONSTRAINT projections_pkey DO NOTHING;
    PERFORM public.neuroops_protect((model || '_v1')::regclass, 'SELECT', 'SELECT, INSERT, UPDATE, DELETE');
    PERFORM runtime.open_to_sql((model || '_v1')::regclass);
    PERFORM runtime.activate_version(model, 1);
END $$;

-- Ends statements of SQL roles that have run for longer than this, and transactions that have been idle for as long: the time-out that a
-- role comes with is a setting, which its sessions may change. Tells how many.
CREATE FUNCTION runtime.end_long_sql(seconds integer) RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT count(*) FILTER (WHERE pg_terminate_backend(a.pid)) FROM pg_stat_activity a
    WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
        AND pg_has_role(a.usesysid, 'neuroops_sql', 'USAGE') AND NOT (SELECT r.rolsuper FROM pg_roles r WHERE r.oid = a.usesysid)
        AND a.state <> 'idle' AND now() - CASE a.state WHEN 'active' THEN a.query_start ELSE a.state_change END > make_interval(secs => seconds)
$$;
REVOKE ALL ON FUNCTION runtime.open_to_sql, runtime.refresh_sql_view, runtime.end_long_sql FROM PUBLIC;
GRANT EXECUTE ON FUNCTION runtime.end_long_sql TO neuroops_worker;

-- What every role may do in Postgres, and would let a reader fill the disk.
DO $$
BEGIN
    REVOKE EXECUTE ON FUNCTION pg_catalog.lo_create(oid), pg_catalog.lo_creat(integer), pg_catalog.lo_from_bytea(oid, bytea),
        pg_catalog.lo_put(oid, bigint, bytea), pg_catalog.lowrite(integer, bytea) FROM PUBLIC;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'large objects stay open to every role; a superuser may revoke EXECUTE on lo_create, lo_creat, lo_from_bytea, lo_put and lowrite';
END $$;

-- The read models that are there already.
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT m.model, v.version, to_regclass(format('public.%I', m.model || '_v' || v.version)) AS target
        FROM runtime.read_models m JOIN runtime.projections p ON p.projection = m.projection
        CROSS JOIN LATERAL unnest(ARRAY[p.active_version, p.building_version]) AS v (version)
        WHERE v.version IS NOT NULL
    LOOP
        IF found.target IS NOT NULL THEN
            PERFORM runtime.open_to_sql(found.target);
        END IF;
        EXECUTE format('GRANT SELECT ON public.%I TO neuroops_sql', found.model);
    END LOOP;
END $$;
