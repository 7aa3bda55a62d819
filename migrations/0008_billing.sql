-- Read models of the context `billing`, and what the payment provider sends. Each index serves a sort order, a filter of the interface,
-- a report, the clock (`due_at`) or the forgetting of erased customers. Rows are found by tenant first, in every index.

CREATE TABLE billing_plan_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    description text,
    plan_version integer NOT NULL,
    retired boolean NOT NULL,
    interval_unit text NOT NULL,
    interval_count integer NOT NULL,
    price_minor bigint NOT NULL,
    currency text NOT NULL,
    monthly_minor bigint NOT NULL,
    trial_days integer NOT NULL,
    tax_rate_percent numeric,
    charges jsonb NOT NULL,
    entitlements jsonb NOT NULL,
    external_price_id text,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
SELECT runtime.declare_read_model('billing_plan_list', 'billing.plan_list');

CREATE TABLE billing_customer_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    name text,
    email text,
    country text,
    tax_id text,
    tax_exempt boolean NOT NULL,
    erased boolean NOT NULL,
    -- The payment provider's id.
    external_id text,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON billing_customer_list_v1 (tenant_id, created_at, id);
CREATE INDEX ON billing_customer_list_v1 (external_id) WHERE external_id IS NOT NULL;
SELECT runtime.declare_read_model('billing_customer_list', 'billing.customer_list');

CREATE TABLE billing_subscription_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    customer_id text NOT NULL,
    customer_name text,
    plan_id text NOT NULL,
    plan_name text NOT NULL,
    plan_version integer NOT NULL,
    status text NOT NULL,
    billed_by text NOT NULL,
    quantity bigint NOT NULL,
    price_minor bigint NOT NULL,
    currency text NOT NULL,
    interval_unit text NOT NULL,
    interval_count integer NOT NULL,
    net_days integer NOT NULL,
    recurring_minor bigint NOT NULL,
    credit_minor bigint NOT NULL,
    started_at timestamptz NOT NULL,
    trial_end timestamptz,
    period_start timestamptz NOT NULL,
    period_end timestamptz NOT NULL,
    cancel_at timestamptz,
    cancel_reason text,
    scheduled_plan_id text,
    scheduled_quantity bigint,
    ended_at timestamptz,
    end_reason text,
    entitled boolean NOT NULL,
    entitlements jsonb NOT NULL,
    overrides jsonb NOT NULL,
    overdue_payments text[] NOT NULL,
    suspended_by text[] NOT NULL,
    provider_status text,
    external_id text,
    -- When the clock has something to bill.
    due_at timestamptz,
    version bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON billing_subscription_list_v1 (tenant_id, started_at, id);
CREATE INDEX ON billing_subscription_list_v1 (tenant_id, period_end, id);
CREATE INDEX ON billing_subscription_list_v1 (tenant_id, customer_id);
CREATE INDEX ON billing_subscription_list_v1 (tenant_id, plan_id, status);
CREATE INDEX ON billing_subscription_list_v1 (external_id) WHERE external_id IS NOT NULL;
CREATE INDEX ON billing_subscription_list_v1 (due_at) WHERE due_at IS NOT NULL;
SELECT runtime.declare_read_model('billing_subscription_list', 'billing.subscription_list');

CREATE TABLE billing_bill_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    subscription_id text NOT NULL,
    kind text NOT NULL,
    customer_id text NOT NULL,
    customer_name text,
    plan_id text NOT NULL,
    plan_version integer NOT NULL,
    plan_name text NOT NULL,
    period_start timestamptz NOT NULL,
    period_end timestamptz NOT NULL,
    total_minor bigint NOT NULL,
    currency text NOT NULL,
    lines jsonb NOT NULL,
    credit_left_minor bigint NOT NULL,
    due_on date NOT NULL,
    billed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON billing_bill_list_v1 (tenant_id, subscription_id, period_start);
CREATE INDEX ON billing_bill_list_v1 (tenant_id, billed_at, id);
CREATE INDEX ON billing_bill_list_v1 (tenant_id, customer_id);
SELECT runtime.declare_read_model('billing_bill_list', 'billing.bill_list');

CREATE TABLE billing_usage_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    subscription_id text NOT NULL,
    customer_id text NOT NULL,
    metric text NOT NULL,
    period_start timestamptz NOT NULL,
    -- The subscription and the start of the period, by which all metrics of a period are closed.
    period_key text NOT NULL,
    count bigint NOT NULL,
    sum numeric NOT NULL,
    max numeric,
    latest numeric,
    unique_count bigint NOT NULL,
    closed boolean NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON billing_usage_list_v1 (tenant_id, period_start, id);
CREATE INDEX ON billing_usage_list_v1 (tenant_id, period_key);
CREATE INDEX ON billing_usage_list_v1 (tenant_id, subscription_id) WHERE NOT closed;
SELECT runtime.declare_read_model('billing_usage_list', 'billing.usage_list');

CREATE TABLE billing_payment_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    customer_id text NOT NULL,
    customer_name text,
    subscription_id text,
    invoice_id text,
    reference text,
    status text NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    authorized_minor bigint NOT NULL,
    captured_minor bigint NOT NULL,
    refunded_minor bigint NOT NULL,
    refund_requested_minor bigint NOT NULL,
    disputed_minor bigint NOT NULL,
    charged_back_minor bigint NOT NULL,
    refunds jsonb NOT NULL,
    disputes jsonb NOT NULL,
    due_on date NOT NULL,
    overdue boolean NOT NULL,
    overdue_since timestamptz,
    attempt integer NOT NULL,
    step integer NOT NULL,
    error_code text,
    error_message text,
    action_url text,
    method text,
    external_id text,
    requested_at timestamptz NOT NULL,
    captured_at timestamptz,
    -- When the clock has a step of dunning to take.
    due_at timestamptz,
    version bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON billing_payment_list_v1 (tenant_id, requested_at, id);
CREATE INDEX ON billing_payment_list_v1 (tenant_id, due_on, id);
CREATE INDEX ON billing_payment_list_v1 (tenant_id, customer_id);
CREATE INDEX ON billing_payment_list_v1 (tenant_id, subscription_id) WHERE subscription_id IS NOT NULL;
CREATE INDEX ON billing_payment_list_v1 (external_id) WHERE external_id IS NOT NULL;
CREATE INDEX ON billing_payment_list_v1 (tenant_id, overdue_since) WHERE overdue;
CREATE INDEX ON billing_payment_list_v1 (due_at) WHERE due_at IS NOT NULL;
SELECT runtime.declare_read_model('billing_payment_list', 'billing.payment_list');

CREATE TABLE billing_checkout_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    customer_id text NOT NULL,
    plan_id text,
    quantity bigint,
    status text NOT NULL,
    url text,
    external_id text,
    external_subscription text,
    expires_at timestamptz,
    error_code text,
    error_message text,
    opened_at timestamptz NOT NULL,
    version bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON billing_checkout_list_v1 (tenant_id, opened_at, id);
CREATE INDEX ON billing_checkout_list_v1 (tenant_id, customer_id);
SELECT runtime.declare_read_model('billing_checkout_list', 'billing.checkout_list');

-- Each change of what a subscription comes to in a month.
CREATE TABLE billing_mrr_movement_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    subscription_id text NOT NULL,
    customer_id text NOT NULL,
    plan_id text NOT NULL,
    kind text NOT NULL,
    currency text NOT NULL,
    before_minor bigint NOT NULL,
    after_minor bigint NOT NULL,
    delta_minor bigint NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON billing_mrr_movement_v1 (tenant_id, at, id);
CREATE INDEX ON billing_mrr_movement_v1 (tenant_id, subscription_id);
SELECT runtime.declare_read_model('billing_mrr_movement', 'billing.mrr_movement');

CREATE TABLE billing_reconciliation_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    provider text NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    compared jsonb NOT NULL,
    drift_count bigint NOT NULL,
    repaired_count bigint NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON billing_reconciliation_list_v1 (tenant_id, finished_at, id);
SELECT runtime.declare_read_model('billing_reconciliation_list', 'billing.reconciliation_list');

CREATE TABLE billing_drift_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    reconciliation_id text NOT NULL,
    kind text NOT NULL,
    object text NOT NULL,
    object_id text,
    external_id text,
    ours text,
    theirs text,
    repaired boolean NOT NULL,
    note text,
    found_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON billing_drift_list_v1 (tenant_id, found_at, id);
CREATE INDEX ON billing_drift_list_v1 (tenant_id, reconciliation_id);
SELECT runtime.declare_read_model('billing_drift_list', 'billing.drift_list');

-- What outside services send, each event once, until a worker has looked at what it is about. Whose it is turns out only then: the
-- gateway may add and not read, and there is no tenant's data here but ids and what the sender says.
CREATE TABLE runtime.webhook_events (
    source text COLLATE "C" NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    event_type text NOT NULL,
    object_type text,
    object_id text,
    payload json NOT NULL,
    created_at timestamptz,
    received_at timestamptz NOT NULL DEFAULT now(),
    status text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'done', 'ignored', 'refused')),
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL DEFAULT now(),
    detail text,
    done_at timestamptz,
    PRIMARY KEY (source, event_id)
);
CREATE INDEX ON runtime.webhook_events (next_at) WHERE status = 'waiting';
CREATE INDEX ON runtime.webhook_events (done_at) WHERE status <> 'waiting';
GRANT INSERT ON runtime.webhook_events TO neuroops_app;
GRANT SELECT, UPDATE, DELETE ON runtime.webhook_events TO neuroops_worker;
