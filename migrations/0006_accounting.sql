-- Read models of the context `accounting`. All but the last two are filled by one projection, in one transaction, so that a report never sees
-- a line without its balance or a balance without its account. Rows are found by tenant first, in every index.

CREATE TABLE accounting_account_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    subtype text,
    currency text COLLATE "C" NOT NULL,
    normal_side text NOT NULL,
    control text,
    closed boolean NOT NULL,
    -- How far below zero the balance may fall; NULL where there is no limit.
    limit_minor bigint,
    -- What holds have reserved.
    pending_minor bigint NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    search text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
SELECT runtime.declare_read_model('accounting_account_list', 'accounting.ledger');

CREATE TABLE accounting_journal_entry_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    date date NOT NULL,
    -- The day of what it is about, where the books of that day were closed.
    document_date date,
    description text,
    reference text,
    source text,
    party text,
    -- NULL for an entry in several currencies.
    currency text COLLATE "C",
    total_minor bigint,
    lines jsonb NOT NULL,
    reverses text COLLATE "C",
    hold_id text COLLATE "C",
    reversed_by text COLLATE "C",
    reversed_on date,
    evidence jsonb NOT NULL,
    -- The place in the tenant's log partition: the order of booking.
    position bigint NOT NULL,
    posted_by text NOT NULL,
    version bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON accounting_journal_entry_list_v1 (tenant_id, position, id);
CREATE INDEX ON accounting_journal_entry_list_v1 (tenant_id, date, id);
CREATE INDEX ON accounting_journal_entry_list_v1 (tenant_id, party) WHERE party IS NOT NULL;
CREATE INDEX ON accounting_journal_entry_list_v1 (tenant_id, reference) WHERE reference IS NOT NULL;
SELECT runtime.declare_read_model('accounting_journal_entry_list', 'accounting.ledger');

-- One row a line, never changed. The id is the booking position in twelve digits and the number of the line in three, so that the primary
-- key is the order of booking.
CREATE TABLE accounting_ledger_line_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    entry_id text COLLATE "C" NOT NULL,
    account text COLLATE "C" NOT NULL,
    currency text COLLATE "C" NOT NULL,
    date date NOT NULL,
    debit_minor bigint NOT NULL,
    credit_minor bigint NOT NULL,
    party text COLLATE "C",
    reference text COLLATE "C",
    -- What the account sums up, where it is a control account.
    control text,
    -- On the control accounts of customers and suppliers, the open item that the line opens or settles; '' for a payment without a document.
    item text COLLATE "C",
    memo text,
    position bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON accounting_ledger_line_v1 (tenant_id, account, date, id);
CREATE INDEX ON accounting_ledger_line_v1 (tenant_id, party, date, id) WHERE party IS NOT NULL;
CREATE INDEX ON accounting_ledger_line_v1 (tenant_id, account, item, (coalesce(party, ''))) WHERE item IS NOT NULL;
SELECT runtime.declare_read_model('accounting_ledger_line', 'accounting.ledger');

-- What was posted to an account for a day. Sums are numeric: they cannot overflow, whatever was posted.
CREATE TABLE accounting_daily_balance_v1 (
    tenant_id uuid NOT NULL,
    account text COLLATE "C" NOT NULL,
    date date NOT NULL,
    debit_minor numeric NOT NULL,
    credit_minor numeric NOT NULL,
    PRIMARY KEY (tenant_id, account, date)
) WITH (fillfactor = 70);
SELECT runtime.declare_read_model('accounting_daily_balance', 'accounting.ledger');

-- What had been posted to an account through the end of a month; a row for each month in which something was.
CREATE TABLE accounting_period_balance_v1 (
    tenant_id uuid NOT NULL,
    account text COLLATE "C" NOT NULL,
    month date NOT NULL,
    debit_minor numeric NOT NULL,
    credit_minor numeric NOT NULL,
    PRIMARY KEY (tenant_id, account, month)
) WITH (fillfactor = 70);
SELECT runtime.declare_read_model('accounting_period_balance', 'accounting.ledger');

-- What had been posted to an account through the end of a block of 4,096 booking positions; a row for each block in which something was.
CREATE TABLE accounting_block_balance_v1 (
    tenant_id uuid NOT NULL,
    account text COLLATE "C" NOT NULL,
    block bigint NOT NULL,
    debit_minor numeric NOT NULL,
    credit_minor numeric NOT NULL,
    PRIMARY KEY (tenant_id, account, block)
) WITH (fillfactor = 70);
SELECT runtime.declare_read_model('accounting_block_balance', 'accounting.ledger');

-- The days that the lines of a block count for, from the first to the last: where to look for what was booked late, or beforehand.
CREATE TABLE accounting_block_span_v1 (
    tenant_id uuid NOT NULL,
    block bigint NOT NULL,
    first_date date NOT NULL,
    last_date date NOT NULL,
    PRIMARY KEY (tenant_id, block)
) WITH (fillfactor = 70);
SELECT runtime.declare_read_model('accounting_block_span', 'accounting.ledger');

-- What customers owe and suppliers are owed, by document. Lines without a party have the party ''.
CREATE TABLE accounting_open_item_v1 (
    tenant_id uuid NOT NULL,
    account text COLLATE "C" NOT NULL,
    party text COLLATE "C" NOT NULL,
    item text COLLATE "C" NOT NULL,
    -- The day of the first line that opened the item; NULL while only payments are known.
    opened_on date,
    first_date date NOT NULL,
    last_date date NOT NULL,
    debit_minor numeric NOT NULL,
    credit_minor numeric NOT NULL,
    PRIMARY KEY (tenant_id, account, party, item)
) WITH (fillfactor = 70);
CREATE INDEX ON accounting_open_item_v1 (tenant_id, account, party) WHERE debit_minor <> credit_minor;
CREATE INDEX ON accounting_open_item_v1 (tenant_id, account, last_date, first_date);
SELECT runtime.declare_read_model('accounting_open_item', 'accounting.ledger');

-- The sums of all lines of an account, kept apart from the balances and added up by other means: what the balances are checked against.
CREATE TABLE accounting_account_check_v1 (
    tenant_id uuid NOT NULL,
    account text COLLATE "C" NOT NULL,
    debit_minor numeric NOT NULL,
    credit_minor numeric NOT NULL,
    PRIMARY KEY (tenant_id, account)
) WITH (fillfactor = 50);
SELECT runtime.declare_read_model('accounting_account_check', 'accounting.ledger');

CREATE TABLE accounting_hold_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    account text COLLATE "C" NOT NULL,
    side text NOT NULL,
    currency text COLLATE "C" NOT NULL,
    amount_minor bigint NOT NULL,
    status text NOT NULL,
    posted_minor bigint,
    entry_id text COLLATE "C",
    description text,
    reference text,
    party text,
    expires_at timestamptz NOT NULL,
    -- When it must expire; NULL once it is resolved.
    due_at timestamptz,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON accounting_hold_list_v1 (tenant_id, created_at, id);
CREATE INDEX ON accounting_hold_list_v1 (tenant_id, account) WHERE due_at IS NOT NULL;
CREATE INDEX ON accounting_hold_list_v1 (due_at) WHERE due_at IS NOT NULL;
SELECT runtime.declare_read_model('accounting_hold_list', 'accounting.ledger');

CREATE TABLE accounting_posting_role_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    role text NOT NULL,
    currency text COLLATE "C" NOT NULL,
    account text COLLATE "C" NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
SELECT runtime.declare_read_model('accounting_posting_role_list', 'accounting.ledger');

CREATE TABLE accounting_period_list_v1 (
    tenant_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    first_day date,
    fiscal_year_start_month integer NOT NULL,
    closed_through date,
    reopened_reason text,
    version bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
SELECT runtime.declare_read_model('accounting_period_list', 'accounting.ledger');

-- What the stock says that was to be posted because of an event, and what was posted to the inventory account under the event's id. The
-- two come in any order.
CREATE TABLE accounting_stock_check_v1 (
    tenant_id uuid NOT NULL,
    -- The causing event's id, a full stop, and the currency.
    id text COLLATE "C" NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    event_type text,
    currency text COLLATE "C" NOT NULL,
    expected_minor bigint,
    posted_minor bigint,
    difference_minor bigint GENERATED ALWAYS AS (coalesce(posted_minor, 0) - coalesce(expected_minor, 0)) STORED,
    expected_at timestamptz,
    posted_at timestamptz,
    -- The entries that are counted.
    entries text[] NOT NULL,
    PRIMARY KEY (tenant_id, id)
) WITH (fillfactor = 70);
CREATE INDEX ON accounting_stock_check_v1 (tenant_id, id) WHERE difference_minor <> 0;
SELECT runtime.declare_read_model('accounting_stock_check', 'accounting.stock_check');

-- What invoices, payments and bills say that was to be posted to what customers owe, have to their credit, and suppliers are owed, and what
-- was posted under the ids of their events. Debits less credits. The two come in any order.
CREATE TABLE accounting_subledger_check_v1 (
    tenant_id uuid NOT NULL,
    -- The causing event's id, the subledger and the currency, with full stops between them.
    id text COLLATE "C" NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    event_type text,
    subledger text COLLATE "C" NOT NULL,
    currency text COLLATE "C" NOT NULL,
    expected_minor bigint,
    posted_minor bigint,
    difference_minor bigint GENERATED ALWAYS AS (coalesce(posted_minor, 0) - coalesce(expected_minor, 0)) STORED,
    expected_at timestamptz,
    posted_at timestamptz,
    -- The entries that are counted.
    entries text[] NOT NULL,
    PRIMARY KEY (tenant_id, id)
) WITH (fillfactor = 70);
CREATE INDEX ON accounting_subledger_check_v1 (tenant_id, id) WHERE difference_minor <> 0;
SELECT runtime.declare_read_model('accounting_subledger_check', 'accounting.subledger_check');
