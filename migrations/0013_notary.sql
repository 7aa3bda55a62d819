-- The notary: for each tenant a Merkle tree (RFC 9162) over its events, in the order in which they are recorded here.
--
-- What stands here is no projection: the order and the salts exist nowhere else. It is backed up and restored with the log.
CREATE SCHEMA audit;
GRANT USAGE ON SCHEMA audit TO neuroops_log, neuroops_app, neuroops_worker;

-- How far each tree has grown. The row's lock is what lets one notary at a time let a tree grow.
CREATE TABLE audit.trees (
    tenant_id uuid PRIMARY KEY,
    size bigint NOT NULL DEFAULT 0 CHECK (size >= 0),
    -- The roots of the largest complete subtrees from the left, 32 bytes each: all that is needed to go on.
    peaks bytea NOT NULL DEFAULT '',
    signed_size bigint NOT NULL DEFAULT 0 CHECK (signed_size <= size)
) WITH (fillfactor = 50);
CREATE INDEX trees_unsigned ON audit.trees (tenant_id) WHERE size > signed_size;
SELECT public.neuroops_protect('audit.trees', 'SELECT', 'SELECT, INSERT, UPDATE');

-- The recorded order: which event is which leaf. No role of the program may change or delete a row; see audit.forget for the one exception.
CREATE TABLE audit.leaves (
    tenant_id uuid NOT NULL,
    leaf_index bigint NOT NULL,
    context text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    position bigint NOT NULL,
    event_id uuid NOT NULL,
    -- Random; NULL once the payload is forgotten, so that its digest leads nowhere.
    payload_salt bytea,
    payload_digest bytea NOT NULL,
    leaf_hash bytea NOT NULL,
    PRIMARY KEY (tenant_id, leaf_index)
);
CREATE INDEX leaves_event ON audit.leaves (tenant_id, event_id);
SELECT public.neuroops_protect('audit.leaves', 'SELECT', 'SELECT, INSERT');
CREATE POLICY log ON audit.leaves TO neuroops_log USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE (payload_salt) ON audit.leaves TO neuroops_log;

-- Roots of complete subtrees of 2^level leaves, for the levels 8, 16, 24 …; with them a proof reads a few short ranges, however large the tree.
CREATE TABLE audit.nodes (
    tenant_id uuid NOT NULL,
    level integer NOT NULL CHECK (level > 0 AND level % 8 = 0),
    node_index bigint NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (tenant_id, level, node_index)
);
SELECT public.neuroops_protect('audit.nodes', 'SELECT', 'SELECT, INSERT');

-- Signed states of the trees, as signed notes.
CREATE TABLE audit.checkpoints (
    tenant_id uuid NOT NULL,
    size bigint NOT NULL,
    note text NOT NULL,
    signed_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz,
    PRIMARY KEY (tenant_id, size)
);
CREATE INDEX checkpoints_unpublished ON audit.checkpoints (signed_at) WHERE published_at IS NULL;
SELECT public.neuroops_protect('audit.checkpoints', 'SELECT', 'SELECT, INSERT, UPDATE');

-- The public keys that sign or have signed. They are kept for as long as a checkpoint of theirs may be looked at.
CREATE TABLE audit.keys (
    public_key bytea PRIMARY KEY CHECK (octet_length(public_key) = 32),
    first_used_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz
);
GRANT SELECT ON audit.keys TO neuroops_app;
GRANT SELECT, INSERT, UPDATE ON audit.keys TO neuroops_worker;

-- Destroys the salts of these events of the bound tenant, which cuts their payloads off from their digests for good: who destroys payloads
-- calls it in the same transaction. The leaves stay, and with them all proofs. Answers how many salts there were.
CREATE FUNCTION audit.forget(events uuid[]) RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = audit, pg_temp AS $$
    WITH forgotten AS (
        UPDATE audit.leaves SET payload_salt = NULL
        WHERE tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid AND event_id = ANY (events) AND payload_salt IS NOT NULL
        RETURNING 1
    ) SELECT count(*) FROM forgotten
$$;
ALTER FUNCTION audit.forget OWNER TO neuroops_log;
REVOKE ALL ON FUNCTION audit.forget FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.forget TO neuroops_app;

-- How far the notary is behind the log is shown with the projections.
INSERT INTO runtime.projections VALUES ('audit.notary', 1);
