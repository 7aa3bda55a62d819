-- The log under the names of the postgres-es crate: `PostgresEventRepository::new(pool).with_tables("postgres_es.events",
-- "postgres_es.snapshots")` works on a connection that is bound to a tenant (`SET app.tenant_id`), and what it writes is appended
-- to the log like everything else.
--
-- Aggregate types of the platform's contexts keep their events in their own context. All others go to the context `external`.
CREATE SCHEMA postgres_es;
GRANT USAGE ON SCHEMA postgres_es TO neuroops_app;

-- MurmurHash 2.0 as Kafka's default partitioner computes it, without the sign bit.
CREATE FUNCTION log.murmur2(key text) RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    data bytea := convert_to(key, 'UTF8');
    size integer := length(data);
    m constant bigint := 1540483477;
    mask constant bigint := 4294967295;
    h bigint := (2538058380::bigint # size) & mask;
    k bigint;
    i integer;
BEGIN
    FOR i IN 0 .. size / 4 - 1 LOOP
        k := get_byte(data, i * 4)::bigint | (get_byte(data, i * 4 + 1)::bigint << 8)
            | (get_byte(data, i * 4 + 2)::bigint << 16) | (get_byte(data, i * 4 + 3)::bigint << 24);
        k := log.multiply32(k, m);
        k := log.multiply32(k # (k >> 24), m);
        h := log.multiply32(h, m) # k;
    END LOOP;
    i := size - size % 4;
    IF size % 4 = 3 THEN h := h # (get_byte(data, i + 2)::bigint << 16); END IF;
    IF size % 4 >= 2 THEN h := h # (get_byte(data, i + 1)::bigint << 8); END IF;
    IF size % 4 >= 1 THEN h := log.multiply32(h # get_byte(data, i)::bigint, m); END IF;
    h := log.multiply32(h # (h >> 13), m);
    h := h # (h >> 15);
    RETURN h & 2147483647;
END $$;

-- The low 32 bits of a product of two unsigned 32-bit numbers, by halves so that it stays within 64 bits.
CREATE FUNCTION log.multiply32(a bigint, b bigint) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT ((a & 65535) * b + ((((a >> 16) * b) & 65535) << 16)) & 4294967295 $$;

-- The partition of a key among all log partitions of a context.
CREATE FUNCTION log.partition_of(key text) RETURNS integer LANGUAGE sql STABLE STRICT PARALLEL SAFE
    AS $$ SELECT (log.murmur2(key) % (SELECT value::bigint FROM log.settings WHERE name = 'partitions'))::integer $$;
GRANT EXECUTE ON FUNCTION log.murmur2, log.multiply32, log.partition_of TO neuroops_app, neuroops_worker;

-- A UUIDv7 (RFC 9562 §5.7).
CREATE FUNCTION log.uuid7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
        PLACING substring(int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
$$;

CREATE FUNCTION log.context_of(type text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce((SELECT context FROM log.aggregate_types t WHERE t.aggregate_type = type), 'external') $$;

-- postgres-es stores an event enum as serde writes it: {"<event type>": {fields}}. Contexts of the platform store the fields alone.
CREATE VIEW postgres_es.events WITH (security_invoker = true) AS
    SELECT e.aggregate_type, e.aggregate_id, e.sequence, e.event_type, e.event_version,
        CASE WHEN e.context = 'external' THEN e.payload ELSE json_build_object(e.event_type, e.payload) END AS payload,
        e.metadata
    FROM log.events e
    WHERE e.tenant_id = public.current_tenant()
        AND e.partition = log.partition_of(public.current_tenant()::text)
        -- The list makes the index on streams usable; the function picks the one context.
        AND e.context = ANY (ARRAY(SELECT c.context FROM log.contexts c)) AND e.context = log.context_of(e.aggregate_type);

CREATE VIEW postgres_es.snapshots WITH (security_invoker = true) AS
    SELECT s.aggregate_type, s.aggregate_id, s.sequence AS last_sequence, s.snapshot_version::bigint AS current_snapshot, s.state AS payload
    FROM log.snapshots s
    WHERE s.tenant_id = public.current_tenant() AND s.partition = log.partition_of(public.current_tenant()::text)
        AND s.context = 'external';
GRANT SELECT, INSERT ON postgres_es.events TO neuroops_app;
GRANT SELECT, INSERT, UPDATE ON postgres_es.snapshots TO neuroops_app;

CREATE FUNCTION postgres_es.append() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    tenant uuid := public.current_tenant();
    context text := log.context_of(NEW.aggregate_type);
    partition integer;
    payload json := NEW.payload;
    result record;
BEGIN
    IF tenant IS NULL THEN
        RAISE EXCEPTION 'the connection is not bound to a tenant' USING HINT = 'SET app.tenant_id = ''<tenant id>'' first.';
    END IF;
    IF context <> 'external' THEN
        payload := NEW.payload -> NEW.event_type;
        IF payload IS NULL THEN
            RAISE EXCEPTION 'the payload of % is not of the form {"%": {…}}', NEW.event_type, NEW.event_type;
        END IF;
    END IF;
    partition := log.partition_of(tenant::text);
    SELECT * INTO result FROM log.append(1,
        ARRAY[context], ARRAY[partition],
        ARRAY[1], ARRAY[tenant], ARRAY[NEW.aggregate_type], ARRAY[NEW.aggregate_id], ARRAY[NEW.sequence - 1], ARRAY[1], ARRAY[1],
        '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}',
        '{}', '{}', '{}', '{}', '{}', '{}', '{}',
        ARRAY[1], ARRAY[1], ARRAY[tenant], ARRAY[NEW.aggregate_type], ARRAY[NEW.aggregate_id], ARRAY[NEW.sequence], ARRAY[log.uuid7()],
        ARRAY[NEW.event_type], ARRAY[NEW.event_version], ARRAY[payload], ARRAY[NEW.metadata::json]);
    IF result.status[1] <> 0 THEN
        RAISE EXCEPTION 'event % of %/% exists already', NEW.sequence, NEW.aggregate_type, NEW.aggregate_id USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER append INSTEAD OF INSERT ON postgres_es.events FOR EACH ROW EXECUTE FUNCTION postgres_es.append();

CREATE FUNCTION postgres_es.keep_snapshot() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    tenant uuid := public.current_tenant();
BEGIN
    IF tenant IS NULL THEN
        RAISE EXCEPTION 'the connection is not bound to a tenant' USING HINT = 'SET app.tenant_id = ''<tenant id>'' first.';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        UPDATE log.snapshots s SET sequence = NEW.last_sequence, snapshot_version = NEW.current_snapshot, state = NEW.payload
        WHERE s.context = 'external' AND s.partition = log.partition_of(tenant::text) AND s.tenant_id = tenant
            AND s.aggregate_type = OLD.aggregate_type AND s.aggregate_id = OLD.aggregate_id AND s.snapshot_version = OLD.current_snapshot;
        IF NOT FOUND THEN RETURN NULL; END IF;
    ELSE
        INSERT INTO log.snapshots (context, partition, tenant_id, aggregate_type, aggregate_id, sequence, snapshot_version, state)
        VALUES ('external', log.partition_of(tenant::text), tenant, NEW.aggregate_type, NEW.aggregate_id, NEW.last_sequence,
            NEW.current_snapshot, NEW.payload);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_snapshot INSTEAD OF INSERT OR UPDATE ON postgres_es.snapshots FOR EACH ROW EXECUTE FUNCTION postgres_es.keep_snapshot();
