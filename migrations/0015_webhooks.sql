-- Webhooks: the read models of their context, what is still to be delivered, and what was.

CREATE TABLE webhooks_endpoint_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    url text NOT NULL,
    description text,
    status text NOT NULL,
    contexts jsonb NOT NULL,
    types jsonb NOT NULL,
    subjects jsonb NOT NULL,
    roles jsonb NOT NULL,
    begin_at text NOT NULL,
    -- The ids of the secrets that sign, and until when; the secrets themselves are in runtime.sealed_secrets.
    secrets jsonb NOT NULL,
    cause text,
    detail text,
    replays bigint NOT NULL,
    registered_by text NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON webhooks_endpoint_list_v1 (tenant_id, created_at, id);
SELECT runtime.declare_read_model('webhooks_endpoint_list', 'webhooks.endpoint_list');

CREATE TABLE webhooks_replay_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    endpoint_id text NOT NULL,
    number bigint NOT NULL,
    since timestamptz,
    after jsonb NOT NULL,
    events jsonb NOT NULL,
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON webhooks_replay_list_v1 (tenant_id, requested_at, id);
CREATE INDEX ON webhooks_replay_list_v1 (tenant_id, endpoint_id, number);
SELECT runtime.declare_read_model('webhooks_replay_list', 'webhooks.replay_list');

-- Secrets that the platform makes for tenants, sealed with a key that Postgres never sees.
CREATE TABLE runtime.sealed_secrets (
    tenant_id uuid NOT NULL,
    secret_id uuid NOT NULL,
    sealed bytea NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, secret_id)
);
SELECT public.neuroops_protect('runtime.sealed_secrets', 'SELECT, INSERT', 'SELECT, INSERT, DELETE');

-- The endpoints that deliveries are made to, and the number of the last replay that was begun.
CREATE TABLE runtime.webhook_endpoints (
    tenant_id uuid NOT NULL,
    endpoint_id text COLLATE "C" NOT NULL,
    replays bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, endpoint_id)
);
SELECT public.neuroops_protect('runtime.webhook_endpoints', '', 'SELECT, INSERT, UPDATE, DELETE');

-- How far each endpoint has been told of each context: the last position whose event is delivered, in a lane, or not for the endpoint.
CREATE TABLE runtime.webhook_cursors (
    tenant_id uuid NOT NULL,
    endpoint_id text COLLATE "C" NOT NULL,
    context text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (tenant_id, endpoint_id, context)
) WITH (fillfactor = 50);
SELECT public.neuroops_protect('runtime.webhook_cursors', '', 'SELECT, INSERT, UPDATE, DELETE');

-- One row for each subject with events that an endpoint has not taken yet. The events themselves stay in the log: a lane is the range
-- of the subject's sequence numbers that is left, so a subject that fails for days costs one row.
CREATE TABLE runtime.webhook_lanes (
    tenant_id uuid NOT NULL,
    endpoint_id text COLLATE "C" NOT NULL,
    context text COLLATE "C" NOT NULL,
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id text COLLATE "C" NOT NULL,
    -- Empty where the subject's events come in their order; else names one event that is delivered again by itself.
    redelivery text COLLATE "C" NOT NULL DEFAULT '',
    next_sequence bigint NOT NULL,
    until_sequence bigint NOT NULL,
    -- Failed attempts at the next event, since when, and when it is due (again).
    attempts integer NOT NULL DEFAULT 0,
    first_attempt_at timestamptz,
    due_at timestamptz NOT NULL DEFAULT now(),
    -- The epoch of the lease of the worker that is delivering.
    claimed_epoch bigint,
    PRIMARY KEY (tenant_id, endpoint_id, context, aggregate_type, aggregate_id, redelivery)
) WITH (fillfactor = 50);
CREATE INDEX webhook_lanes_free ON runtime.webhook_lanes (tenant_id, endpoint_id, due_at) WHERE claimed_epoch IS NULL;
CREATE INDEX webhook_lanes_claimed ON runtime.webhook_lanes (tenant_id, endpoint_id) WHERE claimed_epoch IS NOT NULL;
SELECT public.neuroops_protect('runtime.webhook_lanes', '', 'SELECT, INSERT, UPDATE, DELETE');

-- What was attempted: one row for each event and endpoint, with its last attempt.
CREATE TABLE runtime.webhook_deliveries (
    tenant_id uuid NOT NULL,
    endpoint_id text COLLATE "C" NOT NULL,
    event_id uuid NOT NULL,
    context text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    position bigint NOT NULL,
    event_type text NOT NULL,
    subject text NOT NULL,
    status text COLLATE "C" NOT NULL CHECK (status IN ('retrying', 'delivered', 'failed')),
    attempts integer NOT NULL,
    first_attempt_at timestamptz NOT NULL,
    last_attempt_at timestamptz NOT NULL,
    next_attempt_at timestamptz,
    http_status integer,
    reason text,
    detail text,
    duration_ms integer NOT NULL,
    PRIMARY KEY (tenant_id, endpoint_id, event_id)
) WITH (fillfactor = 80);
CREATE INDEX webhook_deliveries_latest ON runtime.webhook_deliveries (tenant_id, endpoint_id, last_attempt_at, event_id);
CREATE INDEX webhook_deliveries_status ON runtime.webhook_deliveries (tenant_id, endpoint_id, status, last_attempt_at, event_id);
CREATE INDEX webhook_deliveries_age ON runtime.webhook_deliveries USING brin (last_attempt_at);
SELECT public.neuroops_protect('runtime.webhook_deliveries', 'SELECT', 'SELECT, INSERT, UPDATE, DELETE');

-- The last position of a log partition whose event was recorded before that time. Times never decrease with positions, and positions
-- have no gaps, so halving finds it.
CREATE FUNCTION runtime.position_before(wanted_context text, wanted_partition integer, wanted timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = log, pg_temp AS $$
DECLARE
    low bigint := 0;
    high bigint;
    middle bigint;
    at timestamptz;
BEGIN
    SELECT h.position INTO high FROM log.heads h WHERE h.context = wanted_context AND h.partition = wanted_partition;
    IF high IS NULL THEN
        RETURN 0;
    END IF;
    WHILE low < high LOOP
        middle := (low + high + 1) / 2;
        SELECT e.recorded_at INTO at FROM log.events e
        WHERE e.context = wanted_context AND e.partition = wanted_partition AND e.position = middle;
        IF at < wanted THEN
            low := middle;
        ELSE
            high := middle - 1;
        END IF;
    END LOOP;
    RETURN low;
END $$;
REVOKE ALL ON FUNCTION runtime.position_before FROM PUBLIC;
GRANT EXECUTE ON FUNCTION runtime.position_before TO neuroops_worker;

-- Which tenants have events in these stretches of the log, so that a gateway asks only on behalf of clients that there is something
-- for. Ids only.
CREATE FUNCTION log.tenants_between(contexts text[], partitions integer[], afters bigint[], untils bigint[]) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = log, pg_temp SET enable_seqscan = off AS $$
    SELECT DISTINCT e.tenant_id FROM unnest(contexts, partitions, afters, untils) AS p (context, partition, after, until)
    CROSS JOIN LATERAL (SELECT tenant_id FROM log.events e
        WHERE e.context = p.context AND e.partition = p.partition AND e.position > p.after AND e.position <= p.until) e
$$;
ALTER FUNCTION log.tenants_between OWNER TO neuroops_log;
REVOKE ALL ON FUNCTION log.tenants_between FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.tenants_between TO neuroops_app;
