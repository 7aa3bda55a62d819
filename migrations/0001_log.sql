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
-- commands  how many they are. Two of them do not touch the same thing: no stream, unique key or idempotency key that one writes
--           occurs in another (though several may require the same version of one stream). Where they do, Postgres refuses the batch.
-- h_*  the log partitions that are touched, each once; h_head below is the number of one, from 1.
-- s_*  the versions that streams must be at, each once, and
-- u_*  which command relies on which of them (s_ numbers, from 1).
-- i_*  the commands that come with an idempotency key: the hash of the command, the deciding aggregate with its version afterwards,
--      for the answer that is remembered, the number of the command's first event (from 1) and how many events it has. Without a
--      first event, the key is only looked up: its command is a rival of an earlier one and comes without anything else.
-- k_*  unique keys: 0 take, 1 take if free, 2 release; the holder is the aggregate on whose behalf it is done.
-- e_*  the events in order; a command's events lie next to each other and in its own log partition.
--
-- status: 0 accepted; 1 accepted before, under this key (detail tells the answer); 2 the key belongs to another command;
-- 3 a version is not as expected; 4 a unique key is held by another aggregate (detail tells which).
-- positions: one for each event; NULL where its command was refused.
CREATE FUNCTION log.append(
    commands integer,
    h_context text[], h_partition integer[],
    s_head integer[], s_tenant uuid[], s_type text[], s_id text[], s_expected bigint[],
    u_command integer[], u_stream integer[],
    i_command integer[], i_head integer[], i_tenant uuid[], i_key text[], i_hash bytea[], i_type text[], i_id text[], i_version bigint[],
    i_event integer[], i_events integer[],
    k_command integer[], k_head integer[], k_tenant uuid[], k_action integer[], k_scope text[], k_key text[], k_holder text[],
    e_command integer[], e_head integer[], e_tenant uuid[], e_type text[], e_id text[], e_sequence bigint[], e_event_id uuid[],
    e_event_type text[], e_event_version text[], e_payload json[], e_metadata json[],
    OUT status integer[], OUT detail text[], OUT positions bigint[], OUT recorded_at timestamptz
) LANGUAGE plpgsql SECURITY DEFINER
-- Plans must not depend on statistics, least of all on those of an empty log. Without sorting, the index on streams is the only way
-- to a stream's last event; the planner once thought that it might as well sort a whole log partition.
SET search_path = log, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_sort = off SET jit = off AS $$
DECLARE
    heads bigint[];
    following bigint;
    stale integer[];
    r record;
BEGIN
    IF commands = 0 OR cardinality(e_command) = 0 THEN
        RAISE EXCEPTION 'an append without events' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    status := array_fill(0, ARRAY[commands]);
    detail := array_fill(NULL::text, ARRAY[commands]);

    -- Everything below sees the log as of this lock: no other appender can be within these log partitions.
    SELECT array_agg(l.position ORDER BY l.number), greatest(max(l.recorded_at), clock_timestamp()) INTO heads, recorded_at FROM (
        SELECT u.number, h.position, h.recorded_at
        FROM unnest(h_context, h_partition) WITH ORDINALITY AS u (context, partition, number)
        JOIN log.heads h ON h.context = u.context AND h.partition = u.partition
        ORDER BY h.context, h.partition FOR NO KEY UPDATE OF h
    ) l;
    IF cardinality(heads) IS DISTINCT FROM cardinality(h_context) THEN
        RAISE EXCEPTION 'the log has no such partition' USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Run `neuroops migrate` with this version of the program.';
    END IF;

    -- Idempotency keys.
    IF cardinality(i_command) > 0 THEN
        FOR r IN
            SELECT c.command, c.hash, i.*
            FROM unnest(i_command, i_head, i_tenant, i_key, i_hash) AS c (command, head, tenant, key, hash)
            JOIN log.idempotency i
                ON i.context = h_context[c.head] AND i.partition = h_partition[c.head] AND i.tenant_id = c.tenant AND i.key = c.key
        LOOP
            IF r.command_hash = r.hash THEN
                status[r.command] := 1;
                detail[r.command] := json_build_object('aggregate_id', r.aggregate_id, 'version', r.version,
                    'first_position', r.first_position, 'event_count', r.event_count)::text;
            ELSE
                status[r.command] := 2;
            END IF;
        END LOOP;
    END IF;

    -- Versions. The last sequence of a stream is its version: the index on streams is the only record of it.
    SELECT array_agg(s.number) INTO stale
    FROM unnest(s_head, s_tenant, s_type, s_id, s_expected) WITH ORDINALITY AS s (head, tenant, type, id, expected, number)
    WHERE s.expected IS DISTINCT FROM coalesce((
        SELECT e.sequence FROM log.events e
        WHERE e.context = h_context[s.head] AND e.partition = h_partition[s.head] AND e.tenant_id = s.tenant
            AND e.aggregate_type = s.type AND e.aggregate_id = s.id
        ORDER BY e.sequence DESC LIMIT 1), 0);
    IF stale IS NOT NULL THEN
        FOR r IN SELECT DISTINCT u.command FROM unnest(u_command, u_stream) AS u (command, stream) WHERE u.stream = ANY (stale) LOOP
            IF status[r.command] = 0 THEN status[r.command] := 3; END IF;
        END LOOP;
    END IF;

    -- Unique keys.
    IF cardinality(k_command) > 0 THEN
        FOR r IN
            SELECT k.command, k.scope, k.key, c.aggregate_id AS held_by
            FROM unnest(k_command, k_head, k_tenant, k_action, k_scope, k_key, k_holder)
                AS k (command, head, tenant, action, scope, key, holder)
            JOIN log.claims c ON c.context = h_context[k.head] AND c.partition = h_partition[k.head] AND c.tenant_id = k.tenant
                AND c.scope = k.scope AND c.key = k.key
            WHERE k.action = 0 AND c.aggregate_id <> k.holder AND NOT EXISTS (
                SELECT FROM unnest(k_command, k_action, k_scope, k_key, k_holder) AS o (command, action, scope, key, holder)
                WHERE o.command = k.command AND o.action = 2 AND o.scope = k.scope AND o.key = k.key AND o.holder = c.aggregate_id)
        LOOP
            IF status[r.command] IN (0, 4) THEN
                status[r.command] := 4;
                detail[r.command] := (coalesce(detail[r.command]::jsonb, '[]') || jsonb_build_array(
                    jsonb_build_object('scope', r.scope, 'key', r.key, 'holder', r.held_by)))::text;
            END IF;
        END LOOP;

        DELETE FROM log.claims c
        USING unnest(k_command, k_head, k_tenant, k_action, k_scope, k_key, k_holder)
            AS k (command, head, tenant, action, scope, key, holder)
        WHERE k.action = 2 AND status[k.command] = 0
            AND c.context = h_context[k.head] AND c.partition = h_partition[k.head] AND c.tenant_id = k.tenant AND c.scope = k.scope
            AND c.key = k.key AND c.aggregate_id = k.holder;
        INSERT INTO log.claims (context, partition, tenant_id, scope, key, aggregate_id)
        SELECT DISTINCT ON (k.head, k.tenant, k.scope, k.key)
            h_context[k.head], h_partition[k.head], k.tenant, k.scope, k.key, k.holder
        FROM unnest(k_command, k_head, k_tenant, k_action, k_scope, k_key, k_holder) WITH ORDINALITY
            AS k (command, head, tenant, action, scope, key, holder, number)
        WHERE k.action IN (0, 1) AND status[k.command] = 0
            AND NOT EXISTS (SELECT FROM log.claims c WHERE c.context = h_context[k.head] AND c.partition = h_partition[k.head]
                AND c.tenant_id = k.tenant AND c.scope = k.scope AND c.key = k.key)
        ORDER BY k.head, k.tenant, k.scope, k.key, k.number;
    END IF;

    IF array_position(status, 0) IS NULL THEN
        positions := array_fill(NULL::bigint, ARRAY[cardinality(e_command)]);
        RETURN;
    END IF;

    -- Positions are given to what is accepted, in the order of the batch.
    FOR n IN 1..cardinality(e_command) LOOP
        following := NULL;
        IF status[e_command[n]] = 0 THEN
            following := heads[e_head[n]] + 1;
            heads[e_head[n]] := following;
        END IF;
        positions[n] := following;
    END LOOP;
    INSERT INTO log.events (context, partition, position, event_id, tenant_id, aggregate_type, aggregate_id, sequence, event_type,
        event_version, payload, metadata, recorded_at)
    SELECT h_context[e.head], h_partition[e.head], e.position, e.event_id, e.tenant, e.type, e.id, e.sequence, e.event_type,
        e.event_version, e.payload, e.metadata, append.recorded_at
    -- In the select list, unnest hands over row by row; in FROM it would first write the whole batch to a work table.
    FROM (SELECT unnest(e_head) AS head, unnest(positions) AS position, unnest(e_event_id) AS event_id, unnest(e_tenant) AS tenant,
            unnest(e_type) AS type, unnest(e_id) AS id, unnest(e_sequence) AS sequence, unnest(e_event_type) AS event_type,
            unnest(e_event_version) AS event_version, unnest(e_payload) AS payload, unnest(e_metadata) AS metadata) e
    WHERE e.position IS NOT NULL;
    UPDATE log.heads h SET position = m.position, recorded_at = append.recorded_at
    FROM unnest(h_context, h_partition, heads) AS m (context, partition, position)
    WHERE h.context = m.context AND h.partition = m.partition AND h.position < m.position;
    IF cardinality(i_command) > 0 THEN
        INSERT INTO log.idempotency (context, partition, tenant_id, key, command_hash, aggregate_type, aggregate_id, version,
            first_position, event_count, recorded_at)
        SELECT h_context[i.head], h_partition[i.head], i.tenant, i.key, i.hash, i.type, i.id, i.version, positions[i.event], i.events,
            append.recorded_at
        FROM unnest(i_command, i_head, i_tenant, i_key, i_hash, i_type, i_id, i_version, i_event, i_events)
            AS i (command, head, tenant, key, hash, type, id, version, event, events)
        WHERE status[i.command] = 0 AND i.event IS NOT NULL;
    END IF;
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
