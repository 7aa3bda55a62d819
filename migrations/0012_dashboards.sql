-- What is behind the dashboards of the context `analytics`: what was sold, line by line and added up by day. Both tables are filled by one
-- projection, in one transaction. Rows are found by tenant first, in every index.

-- Each line of the invoices and credit notes that count. A voided invoice has none; a credit note's amounts are below zero.
CREATE TABLE analytics_sale_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    -- The invoice's id, or the credit note's number.
    document_id text NOT NULL,
    -- Of the collation of the invoices' ids, so that an invoice is found by its index.
    invoice_id text NOT NULL,
    number text NOT NULL,
    line_id text COLLATE "C" NOT NULL,
    date date NOT NULL,
    currency text COLLATE "C" NOT NULL,
    customer_id text COLLATE "C" NOT NULL,
    product_id text COLLATE "C",
    sku text COLLATE "C",
    -- By what sales are added up: the product's id, else its article number, else ''.
    product text COLLATE "C" NOT NULL,
    quantity numeric NOT NULL,
    net_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON analytics_sale_list_v1 (tenant_id, date, id);
CREATE INDEX ON analytics_sale_list_v1 (tenant_id, invoice_id);
CREATE INDEX ON analytics_sale_list_v1 (tenant_id, customer_id, date);
CREATE INDEX ON analytics_sale_list_v1 (tenant_id, product, date);
SELECT runtime.declare_read_model('analytics_sale_list', 'analytics.sales');

-- The lines of a day added up: all of them (grain `all`, member ''), by customer, and by product. Sums are numeric: they cannot overflow.
CREATE TABLE analytics_sale_day_v1 (
    tenant_id uuid NOT NULL,
    grain text COLLATE "C" NOT NULL,
    member text COLLATE "C" NOT NULL,
    date date NOT NULL,
    currency text COLLATE "C" NOT NULL,
    invoice_count bigint NOT NULL,
    credit_note_count bigint NOT NULL,
    quantity numeric NOT NULL,
    net_minor numeric NOT NULL,
    tax_minor numeric NOT NULL,
    credited_net_minor numeric NOT NULL,
    credited_tax_minor numeric NOT NULL,
    PRIMARY KEY (tenant_id, grain, member, date, currency)
) WITH (fillfactor = 70);
-- All customers, or all products, of a period.
CREATE INDEX ON analytics_sale_day_v1 (tenant_id, grain, date);
SELECT runtime.declare_read_model('analytics_sale_day', 'analytics.sales');
