-- Read models of the context `inventory`. Each index serves a sort order, a filter, a report, due reservations or rows that follow a product
-- or a warehouse; every further one would cost each write. Rows are found by tenant first, in every index.

CREATE TABLE inventory_product_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    sku text COLLATE "C" NOT NULL,
    name text NOT NULL,
    -- Folded: what the list is sorted by, whatever the database's collation.
    sort_name text NOT NULL,
    unit text NOT NULL,
    currency text NOT NULL,
    valuation text NOT NULL,
    price_minor bigint,
    price_currency text,
    cost_minor bigint,
    description text,
    category text,
    barcode text,
    supplier text,
    reorder_point bigint,
    reorder_quantity bigint,
    safety_stock bigint NOT NULL,
    discontinued boolean NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    search text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON inventory_product_list_v1 (tenant_id, sku, id);
CREATE INDEX ON inventory_product_list_v1 (tenant_id, sort_name, id);
CREATE INDEX ON inventory_product_list_v1 (tenant_id, created_at, id);
CREATE INDEX ON inventory_product_list_v1 (tenant_id, barcode) WHERE barcode IS NOT NULL;
SELECT runtime.declare_read_model('inventory_product_list', 'inventory.product_list');

CREATE TABLE inventory_warehouse_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    address text,
    closed boolean NOT NULL,
    stocked_products bigint NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
SELECT runtime.declare_read_model('inventory_warehouse_list', 'inventory.warehouse_list');

CREATE TABLE inventory_stock_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    product_id text COLLATE "C" NOT NULL,
    sku text COLLATE "C" NOT NULL,
    product_name text NOT NULL,
    warehouse_id text COLLATE "C" NOT NULL,
    warehouse_name text NOT NULL,
    unit text NOT NULL,
    on_hand bigint NOT NULL,
    -- Reservations whose time is over count until they are tidied up; the report `availability` leaves them out.
    reserved bigint NOT NULL,
    allocated bigint NOT NULL,
    safety_stock bigint NOT NULL,
    available bigint NOT NULL,
    valuation text NOT NULL,
    currency text NOT NULL,
    value_minor bigint NOT NULL,
    reorder_point bigint,
    reorder_quantity bigint,
    low boolean NOT NULL,
    -- Whether it was told to be low; and since when that is to be looked at because the product has changed, NULL where the two agree.
    below boolean NOT NULL,
    due_at timestamptz,
    discontinued boolean NOT NULL,
    last_received_on date,
    last_shipped_on date,
    last_counted_on date,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    search text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON inventory_stock_list_v1 (tenant_id, sku, id);
CREATE INDEX ON inventory_stock_list_v1 (tenant_id, available, id);
CREATE INDEX ON inventory_stock_list_v1 (tenant_id, value_minor, id);
CREATE INDEX ON inventory_stock_list_v1 (tenant_id, product_id);
CREATE INDEX ON inventory_stock_list_v1 (tenant_id, warehouse_id);
CREATE INDEX ON inventory_stock_list_v1 (tenant_id, id) WHERE low;
CREATE INDEX ON inventory_stock_list_v1 (due_at) WHERE due_at IS NOT NULL;
SELECT runtime.declare_read_model('inventory_stock_list', 'inventory.stock_list');

CREATE TABLE inventory_movement_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    movement_id text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    product_id text COLLATE "C" NOT NULL,
    sku text COLLATE "C" NOT NULL,
    warehouse_id text COLLATE "C" NOT NULL,
    other_warehouse_id text,
    quantity bigint NOT NULL,
    value_minor bigint NOT NULL,
    expensed_minor bigint NOT NULL,
    currency text,
    on_hand bigint NOT NULL,
    stock_value_minor bigint,
    counted bigint,
    reason text,
    reference text,
    customer_id text,
    supplier text,
    shipment_id text,
    reservation_id text,
    note text,
    effective_on date NOT NULL,
    booked_on date NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON inventory_movement_list_v1 (tenant_id, recorded_at, id);
CREATE INDEX ON inventory_movement_list_v1 (tenant_id, item_id, recorded_at);
CREATE INDEX ON inventory_movement_list_v1 (tenant_id, movement_id);
-- What was booked after a day, to tell the stock of that day from the stock of now; and what has left lately.
CREATE INDEX ON inventory_movement_list_v1 (tenant_id, booked_on, item_id) INCLUDE (kind, quantity, value_minor);
SELECT runtime.declare_read_model('inventory_movement_list', 'inventory.movement_list');

CREATE TABLE inventory_layer_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    layer text COLLATE "C" NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    product_id text COLLATE "C" NOT NULL,
    sku text COLLATE "C" NOT NULL,
    warehouse_id text COLLATE "C" NOT NULL,
    received_on date NOT NULL,
    quantity bigint NOT NULL,
    value_minor bigint NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON inventory_layer_list_v1 (tenant_id, received_on, id);
CREATE INDEX ON inventory_layer_list_v1 (tenant_id, item_id, received_on, id);
SELECT runtime.declare_read_model('inventory_layer_list', 'inventory.layer_list');

CREATE TABLE inventory_reservation_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    reservation_id text COLLATE "C" NOT NULL,
    -- The stock item, which ends the reservation when it is due.
    aggregate_id text COLLATE "C" NOT NULL,
    product_id text COLLATE "C" NOT NULL,
    sku text COLLATE "C" NOT NULL,
    warehouse_id text COLLATE "C" NOT NULL,
    status text NOT NULL,
    quantity bigint NOT NULL,
    open_quantity bigint NOT NULL,
    joint boolean NOT NULL,
    reference text,
    expires_at timestamptz,
    -- NULL where nothing is due, and where the reservation of several items is due as a whole.
    due_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON inventory_reservation_list_v1 (tenant_id, created_at, id);
CREATE INDEX ON inventory_reservation_list_v1 (tenant_id, reservation_id);
CREATE INDEX ON inventory_reservation_list_v1 (tenant_id, aggregate_id, expires_at) INCLUDE (open_quantity) WHERE status = 'reserved';
CREATE INDEX ON inventory_reservation_list_v1 (due_at) WHERE due_at IS NOT NULL;
SELECT runtime.declare_read_model('inventory_reservation_list', 'inventory.reservation_list');

CREATE TABLE inventory_stock_reservation_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    status text NOT NULL,
    lines jsonb NOT NULL,
    quantity bigint NOT NULL,
    shipped bigint NOT NULL,
    reference text,
    customer_id text,
    expires_at timestamptz,
    due_at timestamptz,
    reason text,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON inventory_stock_reservation_list_v1 (tenant_id, created_at, id);
CREATE INDEX ON inventory_stock_reservation_list_v1 (tenant_id, reference) WHERE reference IS NOT NULL;
CREATE INDEX ON inventory_stock_reservation_list_v1 (due_at) WHERE due_at IS NOT NULL;
SELECT runtime.declare_read_model('inventory_stock_reservation_list', 'inventory.stock_reservation_list');

CREATE TABLE inventory_reorder_suggestion_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    product_id text COLLATE "C" NOT NULL,
    sku text COLLATE "C" NOT NULL,
    product_name text NOT NULL,
    warehouse_id text COLLATE "C" NOT NULL,
    supplier text,
    status text NOT NULL,
    level bigint NOT NULL,
    reorder_point bigint NOT NULL,
    quantity bigint NOT NULL,
    ordered_quantity bigint,
    reference text,
    reason text,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    decided_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON inventory_reorder_suggestion_list_v1 (tenant_id, created_at, id);
CREATE INDEX ON inventory_reorder_suggestion_list_v1 (tenant_id, item_id) WHERE status = 'open';
SELECT runtime.declare_read_model('inventory_reorder_suggestion_list', 'inventory.reorder_suggestion_list');
