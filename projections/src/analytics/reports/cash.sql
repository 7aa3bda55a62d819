, cash AS (
    SELECT b.account, b.name, b.currency, b.debit - b.credit AS opening
    FROM balances b WHERE b.subtype IN ('cash', 'bank') AND ($1::text IS NULL OR b.currency = $1) AND ($5::text IS NULL OR b.account = $5)
), moved AS (
    SELECT c.account, date_trunc(s.unit, x.date::timestamp)::date AS first, sum(x.debit_minor) AS came, sum(x.credit_minor) AS went
    FROM cash c CROSS JOIN span s JOIN accounting_daily_balance x ON x.account = c.account AND x.date >= s.first AND x.date < s.next
    GROUP BY 1, 2
), told AS (
    SELECT b.first, b.last, c.account, c.name, c.currency, coalesce(m.came, 0) AS came, coalesce(m.went, 0) AS went,
        c.opening + sum(coalesce(m.came, 0) - coalesce(m.went, 0)) OVER (PARTITION BY c.account ORDER BY b.first) AS closing
    FROM cash c CROSS JOIN buckets b LEFT JOIN moved m ON m.account = c.account AND m.first = b.first
)
SELECT jsonb_build_object(
    'date', t.first, 'account', t.account, 'name', t.name, 'currency', t.currency, 'opening_minor', t.closing - t.came + t.went,
    'in_minor', t.came, 'out_minor', t.went, 'closing_minor', t.closing,
    'drill', jsonb_build_object('context', 'accounting', 'source', 'general-ledger', 'terms', jsonb_build_object(
        'account', t.account, 'from', t.first, 'to', t.last)))
FROM told t
ORDER BY t.first, t.currency, t.account
