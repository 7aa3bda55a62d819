-- Read models of accounting.
CREATE TABLE accounting_account_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    name text NOT NULL,
    retired boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON accounting_account_list_v1 (tenant_id, name, id);
SELECT runtime.declare_read_model('accounting_account_list', 'accounting.account_list');
