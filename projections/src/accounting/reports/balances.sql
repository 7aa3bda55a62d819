-- The balance of every account as of a day ($1), a booking position ($2), both, or now.
--
-- As of a day: the last month before that of the day, and the days of its month. As of a position: the last block before that of the
-- position, and the lines of its block. As of both: as of the day, less what was booked after the position for that day or earlier; or as of the
-- position, less what had been booked by then for later days. Either is looked for only in the blocks that hold such lines, mostly few, and
-- the one with fewer blocks is taken.
WITH asked AS MATERIALIZED (
    SELECT $1::date AS day, greatest(0, least($2::bigint, 999999999998)) AS position, greatest(0, least($2::bigint, 999999999998)) / 4096 AS block
), late AS MATERIALIZED (
    SELECT s.block FROM accounting_block_span s
    WHERE $1::date IS NOT NULL AND $2::bigint IS NOT NULL AND s.block >= (SELECT k.block FROM asked k) AND s.first_date <= $1::date
), ahead AS MATERIALIZED (
    SELECT s.block FROM accounting_block_span s
    WHERE $1::date IS NOT NULL AND $2::bigint IS NOT NULL AND s.block <= (SELECT k.block FROM asked k) AND s.last_date > $1::date
), form AS MATERIALIZED (
    SELECT CASE WHEN $2::bigint IS NULL THEN 'day' WHEN $1::date IS NULL THEN 'position'
        WHEN (SELECT count(*) FROM ahead) < (SELECT count(*) FROM late) THEN 'position' ELSE 'day' END AS base
), looked_at AS MATERIALIZED (
    -- The lines of a block, as far as they are on the right side of the position.
    SELECT lpad(greatest(b.block * 4096, k.position + 1)::text, 12, '0') AS from_id, lpad(((b.block + 1) * 4096)::text, 12, '0') AS to_id
    FROM late b CROSS JOIN asked k CROSS JOIN form f WHERE f.base = 'day'
    UNION ALL
    SELECT lpad((b.block * 4096)::text, 12, '0'), lpad(least((b.block + 1) * 4096, k.position + 1)::text, 12, '0')
    FROM ahead b CROSS JOIN asked k CROSS JOIN form f WHERE f.base = 'position'
), tail AS (
    SELECT l.account, sum(l.debit_minor) AS debit, sum(l.credit_minor) AS credit
    FROM accounting_ledger_line l
    WHERE (SELECT f.base FROM form f) = 'position'
        AND l.id >= lpad((greatest(0, least($2::bigint, 999999999998)) / 4096 * 4096)::text, 12, '0')
        AND l.id < lpad((greatest(0, least($2::bigint, 999999999998)) + 1)::text, 12, '0')
    GROUP BY l.account
    UNION ALL
    SELECT x.account, -sum(x.debit_minor), -sum(x.credit_minor)
    FROM looked_at b CROSS JOIN form f CROSS JOIN LATERAL (
        SELECT l.account, l.debit_minor, l.credit_minor FROM accounting_ledger_line l
        WHERE l.id >= b.from_id AND l.id < b.to_id AND (l.date <= $1::date) = (f.base = 'day')
    ) x
    GROUP BY x.account
), tails AS (
    SELECT t.account, sum(t.debit) AS debit, sum(t.credit) AS credit FROM tail t GROUP BY t.account
), balances AS (
    SELECT a.id AS account, a.name, a.type, a.subtype, a.normal_side, a.currency, a.pending_minor, a.limit_minor,
        coalesce(m.debit_minor, 0) + coalesce(d.debit, 0) + coalesce(b.debit_minor, 0) + coalesce(t.debit, 0) AS debit,
        coalesce(m.credit_minor, 0) + coalesce(d.credit, 0) + coalesce(b.credit_minor, 0) + coalesce(t.credit, 0) AS credit
    FROM accounting_account_list a CROSS JOIN form f
    LEFT JOIN LATERAL (
        SELECT p.debit_minor, p.credit_minor FROM accounting_period_balance p
        WHERE p.account = a.id AND p.month < coalesce(date_trunc('month', $1::date::timestamp)::date, 'infinity')
        ORDER BY p.month DESC LIMIT 1
    ) m ON f.base = 'day'
    LEFT JOIN LATERAL (
        SELECT sum(x.debit_minor) AS debit, sum(x.credit_minor) AS credit FROM accounting_daily_balance x
        WHERE x.account = a.id AND x.date >= date_trunc('month', $1::date::timestamp)::date AND x.date <= $1::date
    ) d ON f.base = 'day' AND $1::date IS NOT NULL
    LEFT JOIN LATERAL (
        SELECT p.debit_minor, p.credit_minor FROM accounting_block_balance p
        WHERE p.account = a.id AND p.block < greatest(0, least($2::bigint, 999999999998)) / 4096
        ORDER BY p.block DESC LIMIT 1
    ) b ON f.base = 'position'
    LEFT JOIN tails t ON t.account = a.id
)
