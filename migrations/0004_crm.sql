-- Read models of the context `crm`. Each index serves a sort order, a filter of the interface or the re-pointing of references after a
-- merge; every further one would cost each write. Rows are found by tenant first, in every index.

CREATE TABLE crm_contact_list_v1 (
    tenant_id uuid NOT NULL,
    id text NOT NULL,
    display_name text NOT NULL,
    -- Folded, family name first: what the list is sorted by, whatever the database's collation.
    sort_name text NOT NULL,
    given_name text,
    family_name text,
    email text,
    phone text,
    job_title text,
    company_id text,
    company_name text,
    address jsonb,
    city text,
    country text,
    owner text,
    source text,
    tags text[] NOT NULL,
    note text,
    custom jsonb NOT NULL,
    merged_ids text[] NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    search text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON crm_contact_list_v1 (tenant_id, created_at, id);
CREATE INDEX ON crm_contact_list_v1 (tenant_id, sort_name, id);
CREATE INDEX ON crm_contact_list_v1 (tenant_id, email) WHERE email IS NOT NULL;
CREATE INDEX ON crm_contact_list_v1 (tenant_id, phone) WHERE phone IS NOT NULL;
CREATE INDEX ON crm_contact_list_v1 (tenant_id, company_id) WHERE company_id IS NOT NULL;
-- The few rows that took others in: under row level security an index on the elements of an array would not be used.
CREATE INDEX ON crm_contact_list_v1 (tenant_id) WHERE merged_ids <> '{}';
SELECT runtime.declare_read_model('crm_contact_list', 'crm.contact_list');

CREATE TABLE crm_company_list_v1 (
    tenant_id uuid NOT NULL,
    id text NOT NULL,
    name text NOT NULL,
    sort_name text NOT NULL,
    domain text,
    website text,
    industry text,
    employees bigint,
    annual_revenue_minor bigint,
    annual_revenue_currency text,
    phone text,
    address jsonb,
    city text,
    country text,
    owner text,
    tags text[] NOT NULL,
    note text,
    custom jsonb NOT NULL,
    parent_id text,
    merged_ids text[] NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    search text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON crm_company_list_v1 (tenant_id, created_at, id);
CREATE INDEX ON crm_company_list_v1 (tenant_id, sort_name, id);
CREATE INDEX ON crm_company_list_v1 (tenant_id, domain) WHERE domain IS NOT NULL;
CREATE INDEX ON crm_company_list_v1 (tenant_id, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX ON crm_company_list_v1 (tenant_id) WHERE merged_ids <> '{}';
SELECT runtime.declare_read_model('crm_company_list', 'crm.company_list');

CREATE TABLE crm_lead_list_v1 (
    tenant_id uuid NOT NULL,
    id text NOT NULL,
    display_name text NOT NULL,
    status text NOT NULL,
    status_reason text,
    status_changed_at timestamptz NOT NULL,
    rest_until date,
    given_name text,
    family_name text,
    email text,
    phone text,
    job_title text,
    company_name text,
    website text,
    address jsonb,
    city text,
    country text,
    owner text,
    source text,
    tags text[] NOT NULL,
    note text,
    custom jsonb NOT NULL,
    estimated_value_minor bigint,
    estimated_value_currency text,
    score integer NOT NULL,
    score_version integer NOT NULL,
    score_reasons jsonb NOT NULL,
    activities integer NOT NULL,
    last_activity_at timestamptz,
    contact_id text,
    company_id text,
    deal_id text,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    search text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON crm_lead_list_v1 (tenant_id, created_at, id);
CREATE INDEX ON crm_lead_list_v1 (tenant_id, score, id);
CREATE INDEX ON crm_lead_list_v1 (tenant_id, email) WHERE email IS NOT NULL;
CREATE INDEX ON crm_lead_list_v1 (tenant_id, contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX ON crm_lead_list_v1 (tenant_id, company_id) WHERE company_id IS NOT NULL;
SELECT runtime.declare_read_model('crm_lead_list', 'crm.lead_list');

CREATE TABLE crm_deal_list_v1 (
    tenant_id uuid NOT NULL,
    id text NOT NULL,
    name text NOT NULL,
    status text NOT NULL,
    pipeline_id text NOT NULL,
    stage_id text NOT NULL,
    stage_name text NOT NULL,
    probability_percent smallint NOT NULL,
    stage_entered_at timestamptz NOT NULL,
    -- NULL while nobody has said what the deal is worth.
    amount_minor bigint,
    currency text,
    weighted_minor bigint,
    contact_id text,
    company_id text,
    owner text,
    expected_close date,
    source text,
    tags text[] NOT NULL,
    note text,
    custom jsonb NOT NULL,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    closed_on date,
    lost_reason text,
    competitor text,
    loss_note text,
    version bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    search text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON crm_deal_list_v1 (tenant_id, opened_at, id);
CREATE INDEX ON crm_deal_list_v1 (tenant_id, amount_minor, id);
CREATE INDEX ON crm_deal_list_v1 (tenant_id, expected_close, id);
CREATE INDEX ON crm_deal_list_v1 (tenant_id, status, pipeline_id, stage_id);
CREATE INDEX ON crm_deal_list_v1 (tenant_id, contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX ON crm_deal_list_v1 (tenant_id, company_id) WHERE company_id IS NOT NULL;
SELECT runtime.declare_read_model('crm_deal_list', 'crm.deal_list');

CREATE TABLE crm_deal_stage_history_v1 (
    tenant_id uuid NOT NULL,
    id text NOT NULL,
    deal_id text NOT NULL,
    number integer NOT NULL,
    pipeline_id text NOT NULL,
    stage_id text NOT NULL,
    stage_name text NOT NULL,
    probability_percent smallint NOT NULL,
    from_stage_id text,
    to_stage_id text,
    entered_at timestamptz NOT NULL,
    left_at timestamptz,
    seconds bigint,
    outcome text,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON crm_deal_stage_history_v1 (tenant_id, entered_at, id);
CREATE INDEX ON crm_deal_stage_history_v1 (tenant_id, deal_id, number);
SELECT runtime.declare_read_model('crm_deal_stage_history', 'crm.deal_stage_history');

CREATE TABLE crm_activity_timeline_v1 (
    tenant_id uuid NOT NULL,
    id text NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    status text NOT NULL,
    -- Where it stands in the timeline: when it was done, else when it is due.
    at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    duration_minutes bigint,
    completed_at timestamptz,
    outcome text,
    cancel_reason text,
    assignee text,
    contact_id text,
    company_id text,
    deal_id text,
    lead_id text,
    note text,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    search text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON crm_activity_timeline_v1 (tenant_id, at, id);
CREATE INDEX ON crm_activity_timeline_v1 (tenant_id, assignee, at) WHERE assignee IS NOT NULL;
CREATE INDEX ON crm_activity_timeline_v1 (tenant_id, contact_id, at) WHERE contact_id IS NOT NULL;
CREATE INDEX ON crm_activity_timeline_v1 (tenant_id, company_id, at) WHERE company_id IS NOT NULL;
CREATE INDEX ON crm_activity_timeline_v1 (tenant_id, deal_id, at) WHERE deal_id IS NOT NULL;
CREATE INDEX ON crm_activity_timeline_v1 (tenant_id, lead_id, at) WHERE lead_id IS NOT NULL;
SELECT runtime.declare_read_model('crm_activity_timeline', 'crm.activity_timeline');

CREATE TABLE crm_pipeline_list_v1 (
    tenant_id uuid NOT NULL,
    id text NOT NULL,
    name text NOT NULL,
    stages jsonb NOT NULL,
    retired_stages text[] NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
SELECT runtime.declare_read_model('crm_pipeline_list', 'crm.pipeline_list');

CREATE TABLE crm_custom_field_list_v1 (
    tenant_id uuid NOT NULL,
    id text NOT NULL,
    entity text NOT NULL,
    key text NOT NULL,
    label text NOT NULL,
    type text NOT NULL,
    options text[] NOT NULL,
    retired boolean NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
SELECT runtime.declare_read_model('crm_custom_field_list', 'crm.custom_field_list');
