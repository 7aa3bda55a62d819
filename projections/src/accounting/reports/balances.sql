-- The balance of every account as of a day ($1), a booking position ($2), both, or now.
--
-- As of a day: the last month before that of the day, and the days of its month. As of a position: the last block before that of the
-- position, and the lines of its block. As of both: as of the day, less the lines that were booked after the position.
WITH tail AS (
    SELECT l.account, sum(l.debit_minor) AS debit, sum(l.credit_minor) AS credit
    FROM accounting_ledger_line l
    WHERE $1::date IS NULL AND $2::bigint IS NOT NULL
        AND l.id >= lpad((greatest(0, least($2::bigint, 999999999998)) / 4096 * 4096)::text, 12, '0')
        AND l.id < lpad((greatest(0, least($2::bigint, 999999999998)) + 1)::text, 12, '0')
    GROUP BY l.account
    UNION ALL
    SELECT l.account, -sum(l.debit_minor), -sum(l.credit_minor)
    FROM accounting_ledger_line l
    WHERE $1::date IS NOT NULL AND $2::bigint IS NOT NULL
        AND l.id >= lpad((greatest(0, least($2::bigint, 999999999998)) + 1)::text, 12, '0') AND l.date <= $1::date
    GROUP BY l.account
), balances AS (
    SELECT a.id AS account, a.name, a.type, a.subtype, a.normal_side, a.currency, a.pending_minor, a.limit_minor,
        coalesce(m.debit_minor, 0) + coalesce(d.debit, 0) + coalesce(b.debit_minor, 0) + coalesce(t.debit, 0) AS debit,
        coalesce(m.credit_minor, 0) + coalesce(d.credit, 0) + coalesce(b.credit_minor, 0) + coalesce(t.credit, 0) AS credit
    FROM accounting_account_list a
    LEFT JOIN LATERAL (
        SELECT p.debit_minor, p.credit_minor FROM accounting_period_balance p
        WHERE p.account = a.id AND p.month < coalesce(date_trunc('month', $1::date::timestamp)::date, 'infinity')
        ORDER BY p.month DESC LIMIT 1
    ) m ON $1::date IS NOT NULL OR $2::bigint IS NULL
    LEFT JOIN LATERAL (
        SELECT sum(x.debit_minor) AS debit, sum(x.credit_minor) AS credit FROM accounting_daily_balance x
        WHERE x.account = a.id AND x.date >= date_trunc('month', $1::date::timestamp)::date AND x.date <= $1::date
    ) d ON $1::date IS NOT NULL
    LEFT JOIN LATERAL (
        SELECT p.debit_minor, p.credit_minor FROM accounting_block_balance p
        WHERE p.account = a.id AND p.block < greatest(0, least($2::bigint, 999999999998)) / 4096
        ORDER BY p.block DESC LIMIT 1
    ) b ON $1::date IS NULL AND $2::bigint IS NOT NULL
    LEFT JOIN tail t ON t.account = a.id
)
