-- Adds the lines of new entries and what follows from them: balances by day, by month and by block of booking positions, and open items.
-- Balances by month and block are sums from the beginning; a line that comes late changes those after it too.
WITH lines AS (
    INSERT INTO accounting_ledger_line_vN (tenant_id, id, entry_id, account, currency, date, debit_minor, credit_minor, party, reference,
        control, item, memo, position, recorded_at)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::bigint[], $8::bigint[], $9::text[],
        $10::text[], $11::text[], $12::text[], $13::text[], $14::bigint[], $15::timestamptz[])
    RETURNING tenant_id, account, date, debit_minor, credit_minor, party, control, item, position
), days AS (
    SELECT l.tenant_id, l.account, l.date, sum(l.debit_minor) AS debit, sum(l.credit_minor) AS credit
    FROM lines l GROUP BY l.tenant_id, l.account, l.date
), daily AS (
    INSERT INTO accounting_daily_balance_vN AS t (tenant_id, account, date, debit_minor, credit_minor)
    SELECT * FROM days ORDER BY tenant_id, account, date
    ON CONFLICT (tenant_id, account, date) DO UPDATE
    SET debit_minor = t.debit_minor + excluded.debit_minor, credit_minor = t.credit_minor + excluded.credit_minor
), month_changes AS (
    SELECT d.tenant_id, d.account, date_trunc('month', d.date)::date AS month, sum(d.debit) AS debit, sum(d.credit) AS credit
    FROM days d GROUP BY 1, 2, 3
), months AS (
    SELECT c.tenant_id, c.account, c.month, c.debit, c.credit FROM month_changes c
    UNION ALL
    SELECT p.tenant_id, p.account, p.month, 0, 0
    FROM (SELECT c.tenant_id, c.account, min(c.month) AS first FROM month_changes c GROUP BY 1, 2) f
    JOIN accounting_period_balance_vN p ON p.tenant_id = f.tenant_id AND p.account = f.account AND p.month > f.first
), month_sums AS (
    SELECT m.tenant_id, m.account, m.month, max(m.debit) AS debit, max(m.credit) AS credit FROM months m GROUP BY 1, 2, 3
), monthly AS (
    INSERT INTO accounting_period_balance_vN AS t (tenant_id, account, month, debit_minor, credit_minor)
    SELECT s.tenant_id, s.account, s.month,
        coalesce(b.debit_minor, 0) + sum(s.debit) OVER w, coalesce(b.credit_minor, 0) + sum(s.credit) OVER w
    FROM month_sums s
    LEFT JOIN LATERAL (
        SELECT p.debit_minor, p.credit_minor FROM accounting_period_balance_vN p
        WHERE p.tenant_id = s.tenant_id AND p.account = s.account AND p.month <= s.month ORDER BY p.month DESC LIMIT 1
    ) b ON true
    WINDOW w AS (PARTITION BY s.tenant_id, s.account ORDER BY s.month)
    ON CONFLICT (tenant_id, account, month) DO UPDATE SET debit_minor = excluded.debit_minor, credit_minor = excluded.credit_minor
), block_changes AS (
    SELECT l.tenant_id, l.account, l.position / 4096 AS block, sum(l.debit_minor) AS debit, sum(l.credit_minor) AS credit
    FROM lines l GROUP BY 1, 2, 3
), blocks AS (
    SELECT c.tenant_id, c.account, c.block, c.debit, c.credit FROM block_changes c
    UNION ALL
    SELECT p.tenant_id, p.account, p.block, 0, 0
    FROM (SELECT c.tenant_id, c.account, min(c.block) AS first FROM block_changes c GROUP BY 1, 2) f
    JOIN accounting_block_balance_vN p ON p.tenant_id = f.tenant_id AND p.account = f.account AND p.block > f.first
), block_sums AS (
    SELECT b.tenant_id, b.account, b.block, max(b.debit) AS debit, max(b.credit) AS credit FROM blocks b GROUP BY 1, 2, 3
), by_block AS (
    INSERT INTO accounting_block_balance_vN AS t (tenant_id, account, block, debit_minor, credit_minor)
    SELECT s.tenant_id, s.account, s.block,
        coalesce(b.debit_minor, 0) + sum(s.debit) OVER w, coalesce(b.credit_minor, 0) + sum(s.credit) OVER w
    FROM block_sums s
    LEFT JOIN LATERAL (
        SELECT p.debit_minor, p.credit_minor FROM accounting_block_balance_vN p
        WHERE p.tenant_id = s.tenant_id AND p.account = s.account AND p.block <= s.block ORDER BY p.block DESC LIMIT 1
    ) b ON true
    WINDOW w AS (PARTITION BY s.tenant_id, s.account ORDER BY s.block)
    ON CONFLICT (tenant_id, account, block) DO UPDATE SET debit_minor = excluded.debit_minor, credit_minor = excluded.credit_minor
), spans AS (
    INSERT INTO accounting_block_span_vN AS t (tenant_id, block, first_date, last_date)
    SELECT l.tenant_id, l.position / 4096, min(l.date), max(l.date) FROM lines l GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (tenant_id, block) DO UPDATE
    SET first_date = least(t.first_date, excluded.first_date), last_date = greatest(t.last_date, excluded.last_date)
)
INSERT INTO accounting_open_item_vN AS t (tenant_id, account, party, item, opened_on, first_date, last_date, debit_minor, credit_minor)
SELECT l.tenant_id, l.account, coalesce(l.party, ''), l.item,
    min(l.date) FILTER (WHERE CASE l.control WHEN 'receivable' THEN l.debit_minor ELSE l.credit_minor END > 0),
    min(l.date), max(l.date), sum(l.debit_minor), sum(l.credit_minor)
FROM lines l
WHERE l.item IS NOT NULL
GROUP BY l.tenant_id, l.account, coalesce(l.party, ''), l.item
ORDER BY 1, 2, 3, 4
ON CONFLICT (tenant_id, account, party, item) DO UPDATE
SET opened_on = least(t.opened_on, excluded.opened_on), first_date = least(t.first_date, excluded.first_date),
    last_date = greatest(t.last_date, excluded.last_date),
    debit_minor = t.debit_minor + excluded.debit_minor, credit_minor = t.credit_minor + excluded.credit_minor
