-- Read models of the context `invoicing`. Each index serves a sort order, a report, the erasure of a person or the clock; every further
-- one would cost each write. Rows are found by tenant first, in every index but that of the clock, which looks at all tenants at once.

CREATE TABLE invoicing_invoice_list_v1 (
    tenant_id uuid NOT NULL,
    id text NOT NULL,
    number text,
    status text NOT NULL,
    payment_state text NOT NULL,
    customer_id text NOT NULL,
    customer_name text NOT NULL,
    customer_address jsonb,
    customer_email text,
    customer_tax_id text,
    currency text NOT NULL,
    tax_mode text NOT NULL,
    series text NOT NULL,
    date date,
    due_date date,
    purchase_order text,
    reference text,
    note text,
    source_context text,
    source_id text,
    source_reference text,
    net_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    total_minor bigint NOT NULL,
    open_minor bigint NOT NULL,
    paid_minor bigint NOT NULL,
    excess_minor bigint NOT NULL,
    credited_minor bigint NOT NULL,
    written_off_minor bigint NOT NULL,
    taxes jsonb NOT NULL,
    lines jsonb NOT NULL,
    payments jsonb NOT NULL,
    credit_notes jsonb NOT NULL,
    issuer jsonb,
    reason text,
    overdue boolean NOT NULL,
    reminder_level integer NOT NULL,
    reminded_at timestamptz,
    -- NULL where nothing is open: the clock has nothing to look at.
    due_at timestamptz,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    search text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON invoicing_invoice_list_v1 (tenant_id, created_at, id);
CREATE INDEX ON invoicing_invoice_list_v1 (tenant_id, number, id);
CREATE INDEX ON invoicing_invoice_list_v1 (tenant_id, date, id);
CREATE INDEX ON invoicing_invoice_list_v1 (tenant_id, due_date, id);
CREATE INDEX ON invoicing_invoice_list_v1 (tenant_id, total_minor, id);
CREATE INDEX ON invoicing_invoice_list_v1 (tenant_id, open_minor, id);
CREATE INDEX ON invoicing_invoice_list_v1 (tenant_id, customer_id);
CREATE INDEX ON invoicing_invoice_list_v1 (tenant_id, source_id) WHERE source_id IS NOT NULL;
CREATE INDEX ON invoicing_invoice_list_v1 (due_at) WHERE due_at IS NOT NULL;
SELECT runtime.declare_read_model('invoicing_invoice_list', 'invoicing.invoice_list');

CREATE TABLE invoicing_credit_note_list_v1 (
    tenant_id uuid NOT NULL,
    id text NOT NULL,
    invoice_id text NOT NULL,
    invoice_number text NOT NULL,
    invoice_date date NOT NULL,
    date date NOT NULL,
    customer_id text NOT NULL,
    customer_name text NOT NULL,
    customer_address jsonb,
    customer_email text,
    customer_tax_id text,
    currency text NOT NULL,
    net_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    total_minor bigint NOT NULL,
    applied_minor bigint NOT NULL,
    excess_minor bigint NOT NULL,
    taxes jsonb NOT NULL,
    lines jsonb NOT NULL,
    issuer jsonb,
    reason text NOT NULL,
    reference text NOT NULL,
    created_at timestamptz NOT NULL,
    search text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON invoicing_credit_note_list_v1 (tenant_id, date, id);
CREATE INDEX ON invoicing_credit_note_list_v1 (tenant_id, invoice_id);
CREATE INDEX ON invoicing_credit_note_list_v1 (tenant_id, customer_id);
SELECT runtime.declare_read_model('invoicing_credit_note_list', 'invoicing.credit_note_list');

CREATE TABLE invoicing_bill_list_v1 (
    tenant_id uuid NOT NULL,
    id text NOT NULL,
    supplier_number text NOT NULL,
    status text NOT NULL,
    payment_state text NOT NULL,
    disputed text,
    supplier_id text NOT NULL,
    supplier_name text NOT NULL,
    supplier_address jsonb,
    supplier_tax_id text,
    currency text NOT NULL,
    tax_mode text NOT NULL,
    date date NOT NULL,
    due_date date NOT NULL,
    purchase_order text,
    note text,
    source_context text,
    source_id text,
    net_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    total_minor bigint NOT NULL,
    open_minor bigint NOT NULL,
    paid_minor bigint NOT NULL,
    credited_minor bigint NOT NULL,
    taxes jsonb NOT NULL,
    lines jsonb NOT NULL,
    entries jsonb NOT NULL,
    approved_by text,
    approved_at timestamptz,
    reason text,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    search text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON invoicing_bill_list_v1 (tenant_id, created_at, id);
CREATE INDEX ON invoicing_bill_list_v1 (tenant_id, date, id);
CREATE INDEX ON invoicing_bill_list_v1 (tenant_id, due_date, id);
CREATE INDEX ON invoicing_bill_list_v1 (tenant_id, total_minor, id);
CREATE INDEX ON invoicing_bill_list_v1 (tenant_id, open_minor, id);
CREATE INDEX ON invoicing_bill_list_v1 (tenant_id, supplier_id);
CREATE INDEX ON invoicing_bill_list_v1 (tenant_id, id) WHERE credited_minor <> 0;
SELECT runtime.declare_read_model('invoicing_bill_list', 'invoicing.bill_list');

CREATE TABLE invoicing_payment_list_v1 (
    tenant_id uuid NOT NULL,
    id text NOT NULL,
    direction text NOT NULL,
    kind text NOT NULL,
    party_id text NOT NULL,
    party_name text NOT NULL,
    document_id text NOT NULL,
    date date NOT NULL,
    method text NOT NULL,
    reference text NOT NULL,
    currency text NOT NULL,
    amount_minor bigint NOT NULL,
    unallocated_minor bigint NOT NULL,
    allocations jsonb NOT NULL,
    reversed boolean NOT NULL,
    reversed_on date,
    reason text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    search text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON invoicing_payment_list_v1 (tenant_id, date, id);
CREATE INDEX ON invoicing_payment_list_v1 (tenant_id, amount_minor, id);
CREATE INDEX ON invoicing_payment_list_v1 (tenant_id, party_id);
CREATE INDEX ON invoicing_payment_list_v1 (tenant_id, document_id);
SELECT runtime.declare_read_model('invoicing_payment_list', 'invoicing.payment_list');

CREATE TABLE invoicing_movement_list_v1 (
    tenant_id uuid NOT NULL,
    id text NOT NULL,
    side text NOT NULL,
    kind text NOT NULL,
    party_id text NOT NULL,
    document_id text,
    number text,
    reference text,
    date date NOT NULL,
    currency text NOT NULL,
    amount_minor bigint NOT NULL,
    credit_minor bigint NOT NULL,
    position bigint NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON invoicing_movement_list_v1 (tenant_id, date, id);
CREATE INDEX ON invoicing_movement_list_v1 (tenant_id, side, party_id, date);
CREATE INDEX ON invoicing_movement_list_v1 (tenant_id, document_id) WHERE document_id IS NOT NULL;
SELECT runtime.declare_read_model('invoicing_movement_list', 'invoicing.movement_list');

CREATE TABLE invoicing_customer_credit_v1 (
    tenant_id uuid NOT NULL,
    id text NOT NULL,
    customer_id text NOT NULL,
    customer_name text NOT NULL,
    currency text NOT NULL,
    credit_minor bigint NOT NULL,
    added_minor bigint NOT NULL,
    used_minor bigint NOT NULL,
    refunded_minor bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON invoicing_customer_credit_v1 (tenant_id, credit_minor, id);
CREATE INDEX ON invoicing_customer_credit_v1 (tenant_id, customer_id);
SELECT runtime.declare_read_model('invoicing_customer_credit', 'invoicing.customer_credit');

CREATE TABLE invoicing_number_series_list_v1 (
    tenant_id uuid NOT NULL,
    id text NOT NULL,
    prefix text,
    padding smallint,
    yearly boolean NOT NULL,
    taken bigint NOT NULL,
    last_number text,
    retired boolean NOT NULL,
    version bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
SELECT runtime.declare_read_model('invoicing_number_series_list', 'invoicing.number_series_list');

CREATE TABLE invoicing_issuer_profile_v1 (
    tenant_id uuid NOT NULL,
    id text NOT NULL,
    name text NOT NULL,
    facts jsonb NOT NULL,
    payment_terms_days integer NOT NULL,
    reminder_days jsonb NOT NULL,
    version bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
SELECT runtime.declare_read_model('invoicing_issuer_profile', 'invoicing.issuer_profile');
