-- Read models of inventory.
CREATE TABLE inventory_product_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    name text NOT NULL,
    retired boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON inventory_product_list_v1 (tenant_id, name, id);
SELECT runtime.declare_read_model('inventory_product_list', 'inventory.product_list');
