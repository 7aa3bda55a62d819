-- What the relay and the projectors remember, and the tenants with their tokens.
CREATE SCHEMA runtime;
GRANT USAGE ON SCHEMA runtime TO neuroops_app, neuroops_worker;

-- Which process does a piece of work at the moment. The epoch grows with every change of hands.
CREATE TABLE runtime.leases (
    name text COLLATE "C" PRIMARY KEY,
    holder uuid NOT NULL,
    epoch bigint NOT NULL,
    expires_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON runtime.leases TO neuroops_worker;

-- What the relay knows to be in Kafka. For people and for topics whose records have all expired; the topic's own tail decides.
CREATE TABLE runtime.relay (
    context text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    position bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (context, partition)
);
GRANT SELECT ON runtime.relay TO neuroops_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON runtime.relay TO neuroops_worker;

-- Projections: which version of its tables is read, and which is being filled.
CREATE TABLE runtime.projections (
    projection text COLLATE "C" PRIMARY KEY,
    active_version integer NOT NULL,
    building_version integer
);
GRANT SELECT ON runtime.projections TO neuroops_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON runtime.projections TO neuroops_worker;

-- The last position that a projection has applied, by log partition; moved in the transaction of the rows it led to.
CREATE TABLE runtime.checkpoints (
    projection text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    context text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    position bigint NOT NULL DEFAULT 0,
    -- When the last applied event was recorded, so that lag can be told in seconds.
    recorded_at timestamptz,
    PRIMARY KEY (projection, version, context, partition)
) WITH (fillfactor = 20);
GRANT SELECT ON runtime.checkpoints TO neuroops_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON runtime.checkpoints TO neuroops_worker;

-- Events that a projection could not apply, and the later events of the same key, in order.
CREATE TABLE runtime.parked (
    tenant_id uuid NOT NULL,
    projection text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    key text COLLATE "C" NOT NULL,
    context text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    position bigint NOT NULL,
    error text NOT NULL,
    -- Somebody has asked for the events of the key to be applied again.
    retry boolean NOT NULL DEFAULT false,
    parked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, projection, version, key, context, partition, position)
);
SELECT public.neuroops_protect('runtime.parked', 'SELECT', 'SELECT, INSERT, UPDATE, DELETE');

-- Makes the table of a new version of a read model: same columns, keys, indexes and policies as the version it follows.
CREATE FUNCTION runtime.create_version(model text, from_version integer, to_version integer) RETURNS void
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
END $$;

-- Points readers to a version. Readers that are under way finish on the old one.
CREATE FUNCTION runtime.activate_version(model text, to_version integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM runtime.read_models m WHERE m.model = activate_version.model) THEN
        RAISE EXCEPTION '% is not a read model', model USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE format('CREATE OR REPLACE VIEW %I WITH (security_invoker = true) AS SELECT * FROM %I', model, model || '_v' || to_version);
    EXECUTE format('GRANT SELECT ON %I TO neuroops_app, neuroops_worker', model);
END $$;

CREATE FUNCTION runtime.drop_version(model text, version integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM runtime.read_models m JOIN runtime.projections p ON p.projection = m.projection
               WHERE m.model = drop_version.model AND p.active_version = drop_version.version) THEN
        RAISE EXCEPTION '%_v% is being read', model, version USING ERRCODE = 'object_in_use';
    END IF;
    EXECUTE format('DROP TABLE IF EXISTS %I', model || '_v' || version);
END $$;

-- The read models and the projection that fills each.
CREATE TABLE runtime.read_models (
    model text COLLATE "C" PRIMARY KEY CHECK (model ~ '^[a-z][a-z0-9_]{1,50}$'),
    projection text COLLATE "C" NOT NULL
);
GRANT SELECT ON runtime.read_models TO neuroops_app, neuroops_worker;

-- Declares a read model whose first table, <model>_v1, the migration has just made.
CREATE FUNCTION runtime.declare_read_model(model text, projection text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO runtime.read_models VALUES (model, projection);
    INSERT INTO runtime.projections VALUES (projection, 1) ON CONFLICT ON CONSTRAINT projections_pkey DO NOTHING;
    PERFORM public.neuroops_protect((model || '_v1')::regclass, 'SELECT', 'SELECT, INSERT, UPDATE, DELETE');
    PERFORM runtime.activate_version(model, 1);
END $$;
REVOKE ALL ON FUNCTION runtime.create_version, runtime.activate_version, runtime.drop_version, runtime.declare_read_model FROM PUBLIC;
GRANT EXECUTE ON FUNCTION runtime.create_version, runtime.activate_version, runtime.drop_version TO neuroops_worker;

CREATE SCHEMA tenancy;
GRANT USAGE ON SCHEMA tenancy TO neuroops_app;

CREATE TABLE tenancy.tenants (
    tenant_id uuid PRIMARY KEY,
    name text NOT NULL,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'closed')),
    created_at timestamptz NOT NULL DEFAULT now()
);
SELECT public.neuroops_protect('tenancy.tenants', 'SELECT', '');

-- Access tokens that were issued, so that they can be listed and revoked. The token itself is not kept.
CREATE TABLE tenancy.tokens (
    tenant_id uuid NOT NULL REFERENCES tenancy.tenants,
    token_id uuid NOT NULL,
    subject text NOT NULL,
    roles text[] NOT NULL,
    issued_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    PRIMARY KEY (tenant_id, token_id)
);
SELECT public.neuroops_protect('tenancy.tokens', 'SELECT', '');

-- What every gateway must know of all tenants: which unexpired tokens are revoked and which tenants are not active. Ids only.
CREATE FUNCTION tenancy.denied() RETURNS TABLE (kind text, id uuid) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tenancy, pg_temp AS $$
    SELECT 'token', token_id FROM tenancy.tokens WHERE revoked_at IS NOT NULL AND expires_at > now()
    UNION ALL
    SELECT status, tenant_id FROM tenancy.tenants WHERE status <> 'active'
$$;
REVOKE ALL ON FUNCTION tenancy.denied FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenancy.denied TO neuroops_app;
