-- The lines of an account in the order of their days, each with the balance after it, between what was there before and after. There is
-- always a row that tells how many lines there are and where to go on.
WITH account AS (
    SELECT a.*, CASE a.normal_side WHEN 'debit' THEN 1 ELSE -1 END AS sign FROM accounting_account_list a WHERE a.id = $1
), opening AS (
    SELECT coalesce(m.debit_minor - m.credit_minor, 0) + coalesce(d.net, 0) AS net
    FROM account a
    LEFT JOIN LATERAL (
        SELECT p.debit_minor, p.credit_minor FROM accounting_period_balance p
        WHERE p.account = a.id AND p.month < date_trunc('month', $2::date::timestamp)::date ORDER BY p.month DESC LIMIT 1
    ) m ON true
    LEFT JOIN LATERAL (
        SELECT sum(x.debit_minor - x.credit_minor) AS net FROM accounting_daily_balance x
        WHERE x.account = a.id AND x.date >= date_trunc('month', $2::date::timestamp)::date AND x.date < $2::date
    ) d ON true
), lines AS (
    SELECT l.*, o.net + sum(l.debit_minor - l.credit_minor) OVER (ORDER BY l.date, l.id) AS net, row_number() OVER (ORDER BY l.date, l.id) AS number
    FROM accounting_ledger_line l CROSS JOIN opening o
    WHERE l.account = $1 AND l.date >= coalesce($2::date, '-infinity') AND l.date <= coalesce($3::date, 'infinity')
), page AS (
    SELECT l.* FROM lines l
    WHERE $4::text IS NULL OR (l.date, l.id) > (SELECT x.date, x.id FROM accounting_ledger_line x WHERE x.id = $4)
    ORDER BY l.date, l.id LIMIT $5::bigint
), told AS (
    SELECT 0 AS part, 0::bigint AS number, jsonb_build_object('kind', 'opening', 'date', $2::date, 'balance_minor', a.sign * o.net) AS row
    FROM account a CROSS JOIN opening o WHERE $4::text IS NULL
    UNION ALL
    SELECT 1, p.number, jsonb_build_object('kind', 'line', 'id', p.id, 'date', p.date, 'entry_id', p.entry_id, 'description', e.description,
        'reference', p.reference, 'party', p.party, 'memo', p.memo, 'debit_minor', p.debit_minor, 'credit_minor', p.credit_minor,
        'balance_minor', a.sign * p.net)
    FROM page p CROSS JOIN account a LEFT JOIN accounting_journal_entry_list e ON e.id = p.entry_id
    UNION ALL
    SELECT 2, 0, jsonb_build_object('kind', 'closing', 'date', $3::date, 'line_count', count(l.id),
        'balance_minor', max(a.sign) * coalesce((array_agg(l.net ORDER BY l.number DESC))[1], max(o.net)),
        'next', CASE WHEN count(l.id) > (SELECT coalesce(max(p.number), count(l.id)) FROM page p)
            THEN (SELECT p.id FROM page p ORDER BY p.number DESC LIMIT 1) END)
    FROM account a CROSS JOIN opening o LEFT JOIN lines l ON true
    HAVING count(a.id) > 0
)
SELECT t.row FROM told t ORDER BY t.part, t.number
