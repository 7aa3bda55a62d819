-- What process managers and clocks have to send, and how far they are.

-- One row a step: recorded in the transaction that moves the process's checkpoint, so each step is recorded once however often its event is
-- read. Rows of steps that are done stay, without their bodies: they are what keeps a step from being taken again.
CREATE TABLE runtime.process_steps (
    tenant_id uuid NOT NULL,
    process text COLLATE "C" NOT NULL,
    event_id uuid NOT NULL,
    step text COLLATE "C" NOT NULL,
    -- The steps of a lane are taken in this order, that in which the process read their events.
    number bigint GENERATED ALWAYS AS IDENTITY,
    lane text COLLATE "C" NOT NULL,
    -- Where the event stands in the log.
    context text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    position bigint NOT NULL,
    -- The effect that is called; NULL where the action is a command.
    effect text COLLATE "C",
    -- `json`, not `jsonb`: a command's bytes are part of what its idempotency key stands for.
    action json,
    -- The commands that the effect answered.
    answer json,
    correlation_id text,
    traceparent text,
    state text COLLATE "C" NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'stuck', 'done', 'refused')),
    attempts integer NOT NULL DEFAULT 0,
    -- Since when it may have been sent without anybody knowing what became of it.
    unresolved_since timestamptz,
    code text,
    detail text,
    -- The position token of the command's answer.
    receipt text,
    recorded_at timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, process, event_id, step)
) WITH (fillfactor = 80);
CREATE INDEX process_steps_open ON runtime.process_steps (process, tenant_id, lane, number) WHERE finished_at IS NULL;
CREATE INDEX process_steps_refused ON runtime.process_steps (process, finished_at) WHERE state = 'refused';
SELECT public.neuroops_protect('runtime.process_steps', '', 'SELECT, INSERT, UPDATE, DELETE');

-- One row for each lane that has open steps. Whoever adds steps to a lane or finishes some locks its row.
CREATE TABLE runtime.process_lanes (
    tenant_id uuid NOT NULL,
    process text COLLATE "C" NOT NULL,
    lane text COLLATE "C" NOT NULL,
    -- When its first step is to be taken (again).
    due_at timestamptz NOT NULL,
    -- The epoch of the lease of the runner that is taking its steps.
    claimed_epoch bigint,
    claimed_at timestamptz,
    PRIMARY KEY (tenant_id, process, lane)
) WITH (fillfactor = 50);
CREATE INDEX process_lanes_free ON runtime.process_lanes (process, due_at) WHERE claimed_epoch IS NULL;
CREATE INDEX process_lanes_claimed ON runtime.process_lanes (process) WHERE claimed_epoch IS NOT NULL;
SELECT public.neuroops_protect('runtime.process_lanes', '', 'SELECT, INSERT, UPDATE, DELETE');

-- Rows that stay due although their command was sent, because it is refused or changes nothing.
CREATE TABLE runtime.due_troubles (
    tenant_id uuid NOT NULL,
    -- `<context>.<aggregate>.<command>`
    source text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL,
    retry_at timestamptz NOT NULL,
    code text NOT NULL,
    detail text NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, source, id)
);
CREATE INDEX due_troubles_retry ON runtime.due_troubles (source, retry_at);
SELECT public.neuroops_protect('runtime.due_troubles', '', 'SELECT, INSERT, UPDATE, DELETE');
