-- Read models of the context `scheduling`.

CREATE TABLE scheduling_timer_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    status text NOT NULL,
    due_at timestamptz,
    next_at timestamptz,
    kind text NOT NULL,
    expression text NOT NULL,
    zone text NOT NULL,
    until timestamptz,
    catch_up text NOT NULL,
    grace_seconds bigint NOT NULL,
    target_context text NOT NULL,
    target_aggregate text NOT NULL,
    target_id text,
    target_command text NOT NULL,
    body jsonb,
    scheduled_by text NOT NULL,
    fired bigint NOT NULL,
    last_scheduled_for timestamptz,
    reason text,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON scheduling_timer_list_v1 (tenant_id, created_at, id);
CREATE INDEX ON scheduling_timer_list_v1 (tenant_id, next_at, id);
CREATE INDEX ON scheduling_timer_list_v1 (tenant_id, target_context, target_id);
-- What is due of all tenants, for the runner of due commands.
CREATE INDEX ON scheduling_timer_list_v1 (due_at) WHERE due_at IS NOT NULL;
SELECT runtime.declare_read_model('scheduling_timer_list', 'scheduling.timer_list');

CREATE TABLE scheduling_firing_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    timer_id text NOT NULL,
    outcome text NOT NULL,
    number bigint,
    scheduled_for timestamptz NOT NULL,
    decided_at timestamptz NOT NULL,
    next_at timestamptz,
    target_context text,
    target_aggregate text,
    target_id text,
    target_command text,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON scheduling_firing_list_v1 (tenant_id, decided_at, id);
CREATE INDEX ON scheduling_firing_list_v1 (tenant_id, scheduled_for, id);
CREATE INDEX ON scheduling_firing_list_v1 (tenant_id, timer_id, decided_at, id);
SELECT runtime.declare_read_model('scheduling_firing_list', 'scheduling.firing_list');
