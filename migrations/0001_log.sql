-- The event log: the truth from which everything else can be rebuilt.
--
-- Roles. The migrating role owns all objects. `neuroops_log` cannot log in; it owns the functions that write the log and is
-- the only role that may. `neuroops_app` (gateways) sees one tenant at a time. `neuroops_worker` (relay, projectors) reads
-- the whole log and writes read models.
DO $$
DECLARE
    role text;
BEGIN
    -- Databases of one cluster are migrated at the same time by tests; roles are shared by all of them.
    PERFORM pg_advisory_xact_lock(hashtext('neuroops roles'));
    FOREACH role IN ARRAY ARRAY['neuroops_log', 'neuroops_app', 'neuroops_worker'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I NOINHERIT %s', role, CASE role WHEN 'neuroops_log' THEN 'NOLOGIN' ELSE 'LOGIN' END);
        END IF;
    END LOOP;
END $$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO neuroops_app, neuroops_worker;

-- The tenant that the current transaction is bound to, or NULL; policies compare with it.
CREATE FUNCTION public.current_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT NULLIF(current_setting('app.tenant_id', true), '')::uuid $$;

-- Enables and forces row level security on a table that has tenant_id: gateways see the bound tenant's rows, workers see all.
CREATE FUNCTION public.neuroops_protect(target regclass, app_privileges text, worker_privileges text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format($p$CREATE POLICY tenant ON %s USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
        WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)$p$, target);
    IF worker_privileges <> '' THEN
        EXECUTE format('CREATE POLICY worker ON %s TO neuroops_worker USING (true) WITH CHECK (true)', target);
        EXECUTE format('GRANT %s ON %s TO neuroops_worker', worker_privileges, target);
    END IF;
    IF app_privileges <> '' THEN
        EXECUTE format('GRANT %s ON %s TO neuroops_app', app_privileges, target);
    END IF;
END $$;
REVOKE ALL ON FUNCTION public.neuroops_protect FROM PUBLIC;

CREATE SCHEMA log;
GRANT USAGE ON SCHEMA log TO neuroops_log, neuroops_app, neuroops_worker;

-- Facts fixed at initialisation, such as the number of log partitions.
CREATE TABLE log.settings (
    name text PRIMARY KEY,
    value text NOT NULL
);
GRANT SELECT ON log.settings TO neuroops_log, neuroops_app, neuroops_worker;

-- The contexts that have log partitions.
CREATE TABLE log.contexts (
    context text COLLATE "C" PRIMARY KEY
);
GRANT SELECT ON log.contexts TO neuroops_log, neuroops_app, neuroops_worker;

-- Which context an aggregate type belongs to, for clients of the postgres_es views, which name only the type.
CREATE TABLE log.aggregate_types (
    aggregate_type text COLLATE "C" PRIMARY KEY,
    context text COLLATE "C" NOT NULL REFERENCES log.contexts
);
GRANT SELECT ON log.aggregate_types TO neuroops_log, neuroops_app, neuroops_worker;

-- One row for each log partition: its last position. The row's lock is the fence between appenders.
-- The low fill factor keeps updates of these hot rows within their page.
CREATE TABLE log.heads (
    context text COLLATE "C" NOT NULL REFERENCES log.contexts,
    partition integer NOT NULL CHECK (partition >= 0),
    position bigint NOT NULL DEFAULT 0,
    recorded_at timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (context, partition)
) WITH (fillfactor = 10);
GRANT SELECT ON log.heads TO neuroops_app, neuroops_worker;
GRANT SELECT, UPDATE ON log.heads TO neuroops_log;

CREATE TABLE log.events (
    context text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    position bigint NOT NULL,
    event_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    event_type text COLLATE "C" NOT NULL,
    event_version text COLLATE "C" NOT NULL,
    -- `json`, not `jsonb`: the bytes that were stored are the bytes that Kafka carries and proofs cover.
    payload json NOT NULL,
    metadata json NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (context, partition, position, tenant_id),
    CONSTRAINT events_stream_key UNIQUE (context, partition, tenant_id, aggregate_type, aggregate_id, sequence)
);
SELECT public.neuroops_protect('log.events', 'SELECT', 'SELECT');
CREATE POLICY log ON log.events TO neuroops_log USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON log.events TO neuroops_log;

-- Unique keys within a tenant, held by an aggregate.
CREATE TABLE log.claims (
    context text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    tenant_id uuid NOT NULL,
    scope text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    aggregate_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (context, partition, tenant_id, scope, key)
);
SELECT public.neuroops_protect('log.claims', 'SELECT', '');
CREATE POLICY log ON log.claims TO neuroops_log USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON log.claims TO neuroops_log;

-- Commands that were accepted under an idempotency key, and where their events are. Kept for 30 days.
CREATE TABLE log.idempotency (
    context text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    tenant_id uuid NOT NULL,
    key text COLLATE "C" NOT NULL,
    command_hash bytea NOT NULL,
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    first_position bigint NOT NULL,
    event_count integer NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (context, partition, tenant_id, key)
);
CREATE INDEX idempotency_age ON log.idempotency USING brin (recorded_at);
SELECT public.neuroops_protect('log.idempotency', 'SELECT', 'SELECT, DELETE');
CREATE POLICY log ON log.idempotency TO neuroops_log USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON log.idempotency TO neuroops_log;

-- Serialised states, so that a long stream need not be read from its start. May be deleted at any time.
CREATE TABLE log.snapshots (
    context text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    tenant_id uuid NOT NULL,
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    snapshot_version integer NOT NULL,
    state json NOT NULL,
    PRIMARY KEY (context, partition, tenant_id, aggregate_type, aggregate_id)
);
SELECT public.neuroops_protect('log.snapshots', 'SELECT, INSERT, UPDATE', '');

-- Appends a batch of commands. Each command is accepted or refused on its own, and a refused one burns no position.
--
-- c_*  one element a command: tenant, log partition, idempotency key and command hash (or NULL), and the deciding aggregate
--      with its version afterwards, for the answer that is remembered.
-- w_*  one element an aggregate that a command writes (w_write) or requires unchanged: the version that it must be at.
-- k_*  unique keys: 0 take, 1 take if free, 2 release; the holder is the aggregate on whose behalf it is done.
-- e_*  the events in order; a command's events all lie in its own log partition.
--
-- accepted and first_position: the numbers (from 1) of the accepted commands and the positions of their first events.
-- status: 0 accepted; 1 accepted before, under this key (detail tells the answer); 2 the key belongs to another command;
-- 3 a version is not as expected; 4 a unique key is held by another aggregate (detail tells which); 5 an earlier command of the
-- same batch touched the same aggregate, unique key or idempotency key: decide and send again.
CREATE FUNCTION log.append(
    c_tenant uuid[], c_context text[], c_partition integer[], c_key text[], c_hash bytea[],
    c_type text[], c_id text[], c_version bigint[],
    w_command integer[], w_context text[], w_partition integer[], w_tenant uuid[], w_type text[], w_id text[],
    w_expected bigint[], w_write boolean[],
    k_command integer[], k_context text[], k_partition integer[], k_tenant uuid[], k_action integer[], k_scope text[],
    k_key text[], k_holder text[],
    e_command integer[], e_context text[], e_partition integer[], e_tenant uuid[], e_type text[], e_id text[],
    e_sequence bigint[], e_event_id uuid[], e_event_type text[], e_event_version text[], e_payload text[], e_metadata text[],
    OUT status integer[], OUT detail text[], OUT accepted integer[], OUT first_position bigint[], OUT recorded_at timestamptz
) LANGUAGE plpgsql SECURITY DEFINER
-- Plans must not depend on statistics, least of all on those of an empty log. Without sorting, the index on streams is the only way
-- to a stream's last event; the planner once thought that it might as well sort a whole log partition.
SET search_path = log, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_sort = off SET jit = off AS $$
DECLARE
    commands integer := cardinality(c_tenant);
    locked integer;
    wanted integer;
    r record;
BEGIN
    IF commands = 0 OR cardinality(e_command) = 0 THEN
        RAISE EXCEPTION 'an append without events' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    status := array_fill(0, ARRAY[commands]);
    detail := array_fill(NULL::text, ARRAY[commands]);

    -- Everything below sees the log as of this lock: no other appender can be within these log partitions.
    PERFORM 1 FROM log.heads h
    WHERE (h.context, h.partition) IN (SELECT DISTINCT u.context, u.partition FROM unnest(w_context, w_partition) AS u (context, partition))
    ORDER BY h.context, h.partition FOR NO KEY UPDATE;
    GET DIAGNOSTICS locked = ROW_COUNT;
    SELECT count(*) INTO wanted FROM (SELECT DISTINCT u.context, u.partition FROM unnest(w_context, w_partition) AS u (context, partition)) d;
    IF locked <> wanted THEN
        RAISE EXCEPTION 'the log has no such partition' USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Run `neuroops migrate` with this version of the program.';
    END IF;
    SELECT greatest(clock_timestamp(), max(h.recorded_at)) INTO recorded_at FROM log.heads h
    WHERE (h.context, h.partition) IN (SELECT u.context, u.partition FROM unnest(w_context, w_partition) AS u (context, partition));

    IF array_position(w_write, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'w_write holds NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;

    -- Idempotency keys.
    IF array_length(array_remove(c_key, NULL), 1) > 0 THEN
        -- array_append leaves an array in expanded form, whose elements are found without walking over those before them.
        c_context := array_append(c_context, NULL);
        c_type := array_append(c_type, NULL);
        c_id := array_append(c_id, NULL);
        c_key := array_append(c_key, NULL);
        c_hash := array_append(c_hash, NULL);
        FOR r IN
            SELECT c.number::integer AS command, c.hash, i.*,
                row_number() OVER (PARTITION BY c.context, c.partition, c.tenant, c.key ORDER BY c.number) AS turn
            FROM unnest(c_tenant, c_context, c_partition, c_key, c_hash) WITH ORDINALITY AS c (tenant, context, partition, key, hash, number)
            LEFT JOIN log.idempotency i
                ON i.context = c.context AND i.partition = c.partition AND i.tenant_id = c.tenant AND i.key = c.key
            WHERE c.key IS NOT NULL
        LOOP
            IF r.command_hash IS NULL THEN
                IF r.turn > 1 THEN status[r.command] := 5; END IF;
            ELSIF r.command_hash = r.hash THEN
                status[r.command] := 1;
                detail[r.command] := json_build_object('aggregate_id', r.aggregate_id, 'version', r.version,
                    'first_position', r.first_position, 'event_count', r.event_count)::text;
            ELSE
                status[r.command] := 2;
            END IF;
        END LOOP;
    END IF;

    -- Versions. The last sequence of a stream is its version: the index on streams is the only record of it.
    FOR r IN
        SELECT w.command, bool_or(w.earlier) AS earlier FROM (
            SELECT t.command, t.expected, v.sequence,
                min(t.command) FILTER (WHERE t.write) OVER (PARTITION BY t.context, t.partition, t.tenant, t.type, t.id) < t.command AS earlier
            FROM unnest(w_command, w_context, w_partition, w_tenant, w_type, w_id, w_expected, w_write)
                AS t (command, context, partition, tenant, type, id, expected, write)
            LEFT JOIN LATERAL (
                SELECT e.sequence FROM log.events e
                WHERE e.context = t.context AND e.partition = t.partition AND e.tenant_id = t.tenant
                    AND e.aggregate_type = t.type AND e.aggregate_id = t.id
                ORDER BY e.sequence DESC LIMIT 1
            ) v ON true
        ) w
        WHERE coalesce(w.sequence, 0) <> w.expected OR w.earlier
        GROUP BY w.command
    LOOP
        IF status[r.command] = 0 THEN status[r.command] := CASE WHEN r.earlier THEN 5 ELSE 3 END; END IF;
    END LOOP;

    -- Unique keys.
    IF cardinality(k_command) > 0 THEN
        FOR r IN
            SELECT k.command, k.action, k.scope, k.key, c.aggregate_id AS held_by, k.holder,
                min(k.command) OVER same < k.command AS earlier,
                coalesce(bool_or(k.action = 2 AND k.holder = c.aggregate_id) OVER (PARTITION BY k.command, k.context, k.partition, k.tenant, k.scope, k.key), false) AS released
            FROM unnest(k_command, k_context, k_partition, k_tenant, k_action, k_scope, k_key, k_holder)
                AS k (command, context, partition, tenant, action, scope, key, holder)
            LEFT JOIN log.claims c
                ON c.context = k.context AND c.partition = k.partition AND c.tenant_id = k.tenant AND c.scope = k.scope AND c.key = k.key
            WINDOW same AS (PARTITION BY k.context, k.partition, k.tenant, k.scope, k.key)
        LOOP
            IF status[r.command] IN (0, 4) THEN
                IF r.earlier THEN
                    status[r.command] := 5;
                ELSIF r.action = 0 AND r.held_by <> r.holder AND NOT r.released THEN
                    status[r.command] := 4;
                    detail[r.command] := (coalesce(detail[r.command]::jsonb, '[]') || jsonb_build_array(
                        jsonb_build_object('scope', r.scope, 'key', r.key, 'holder', r.held_by)))::text;
                END IF;
            END IF;
        END LOOP;

        DELETE FROM log.claims c
        USING unnest(k_command, k_context, k_partition, k_tenant, k_action, k_scope, k_key, k_holder)
            AS k (command, context, partition, tenant, action, scope, key, holder)
        WHERE k.action = 2 AND status[k.command] = 0
            AND c.context = k.context AND c.partition = k.partition AND c.tenant_id = k.tenant AND c.scope = k.scope AND c.key = k.key
            AND c.aggregate_id = k.holder;
        INSERT INTO log.claims (context, partition, tenant_id, scope, key, aggregate_id)
        SELECT DISTINCT ON (k.context, k.partition, k.tenant, k.scope, k.key) k.context, k.partition, k.tenant, k.scope, k.key, k.holder
        FROM unnest(k_command, k_context, k_partition, k_tenant, k_action, k_scope, k_key, k_holder) WITH ORDINALITY
            AS k (command, context, partition, tenant, action, scope, key, holder, number)
        WHERE k.action IN (0, 1) AND status[k.command] = 0
            AND NOT EXISTS (SELECT FROM log.claims c WHERE c.context = k.context AND c.partition = k.partition
                AND c.tenant_id = k.tenant AND c.scope = k.scope AND c.key = k.key)
        ORDER BY k.context, k.partition, k.tenant, k.scope, k.key, k.number;
    END IF;

    IF array_position(status, 0) IS NULL THEN
        RETURN;
    END IF;

    -- Positions are given to what is accepted, in the order of the batch.
    WITH numbered AS MATERIALIZED (
        SELECT e.*, h.position + row_number() OVER (PARTITION BY e.context, e.partition ORDER BY e.number) AS position
        FROM unnest(e_command, e_context, e_partition, e_tenant, e_type, e_id, e_sequence, e_event_id, e_event_type, e_event_version,
                e_payload, e_metadata) WITH ORDINALITY
            AS e (command, context, partition, tenant, type, id, sequence, event_id, event_type, event_version, payload, metadata, number)
        JOIN log.heads h ON h.context = e.context AND h.partition = e.partition
        WHERE append.status[e.command] = 0
    ), inserted AS (
        INSERT INTO log.events (context, partition, position, event_id, tenant_id, aggregate_type, aggregate_id, sequence,
            event_type, event_version, payload, metadata, recorded_at)
        SELECT n.context, n.partition, n.position, n.event_id, n.tenant, n.type, n.id, n.sequence,
            n.event_type, n.event_version, n.payload::json, n.metadata::json, append.recorded_at
        FROM numbered n
    ), moved AS (
        UPDATE log.heads h SET position = m.position, recorded_at = append.recorded_at
        FROM (SELECT n.context, n.partition, max(n.position) AS position FROM numbered n GROUP BY n.context, n.partition) m
        WHERE h.context = m.context AND h.partition = m.partition
    ), placed AS (
        SELECT n.command, min(n.position) AS first_position, count(*)::integer AS event_count FROM numbered n GROUP BY n.command
    ), remembered AS (
        INSERT INTO log.idempotency (context, partition, tenant_id, key, command_hash, aggregate_type, aggregate_id, version,
            first_position, event_count, recorded_at)
        SELECT c_context[p.command], c_partition[p.command], c_tenant[p.command], c_key[p.command], c_hash[p.command],
            c_type[p.command], c_id[p.command], c_version[p.command], p.first_position, p.event_count, append.recorded_at
        FROM placed p WHERE c_key[p.command] IS NOT NULL
    )
    SELECT array_agg(p.command), array_agg(p.first_position) INTO accepted, first_position FROM placed p;
END $$;
ALTER FUNCTION log.append OWNER TO neuroops_log;
REVOKE ALL ON FUNCTION log.append FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.append TO neuroops_app;

-- Remembers the answer to a command that changed nothing, if it came with a key, and tells the position that the next event of the
-- log partition will have. The lock on the head puts the answer in order with the appends around it.
CREATE FUNCTION log.remember(tenant uuid, context text, partition integer, key text, hash bytea, type text, id text, version bigint)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = log, pg_temp AS $$
DECLARE
    following bigint;
BEGIN
    IF key IS NULL THEN
        SELECT h.position + 1 INTO STRICT following FROM log.heads h WHERE h.context = remember.context AND h.partition = remember.partition;
        RETURN following;
    END IF;
    SELECT h.position + 1 INTO STRICT following FROM log.heads h
    WHERE h.context = remember.context AND h.partition = remember.partition FOR NO KEY UPDATE;
    INSERT INTO log.idempotency (context, partition, tenant_id, key, command_hash, aggregate_type, aggregate_id, version, first_position,
        event_count, recorded_at)
    VALUES (context, partition, tenant, key, hash, type, id, version, following, 0, clock_timestamp());
    RETURN following;
END $$;
ALTER FUNCTION log.remember OWNER TO neuroops_log;
REVOKE ALL ON FUNCTION log.remember FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.remember TO neuroops_app;

-- Makes sure that a context has its log partitions. Run with every migration, for every context of the program.
CREATE FUNCTION log.ensure_context(name text, types text[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO log.contexts (context) VALUES (name) ON CONFLICT (context) DO NOTHING;
    INSERT INTO log.aggregate_types (aggregate_type, context) SELECT t, name FROM unnest(types) t
        ON CONFLICT (aggregate_type) DO NOTHING;
    INSERT INTO log.heads (context, partition)
        SELECT name, p FROM generate_series(0, (SELECT value::integer FROM log.settings WHERE settings.name = 'partitions') - 1) p
        ON CONFLICT (context, partition) DO NOTHING;
$$;
REVOKE ALL ON FUNCTION log.ensure_context FROM PUBLIC;
