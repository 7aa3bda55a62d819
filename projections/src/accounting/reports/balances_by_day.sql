-- The balance of every account as of each of the days. The beginnings of their months are worked out beforehand: under row level security
-- an index is searched by plain values only.
, months AS MATERIALIZED (
    SELECT d.label, d.day, date_trunc('month', d.day::timestamp)::date AS month FROM days d
), balances AS (
    SELECT d.label, a.id AS account, a.name, a.type, a.subtype, a.currency,
        coalesce(m.debit_minor, 0) + coalesce(t.debit, 0) AS debit, coalesce(m.credit_minor, 0) + coalesce(t.credit, 0) AS credit
    FROM months d CROSS JOIN accounting_account_list a
    LEFT JOIN LATERAL (
        SELECT p.debit_minor, p.credit_minor FROM accounting_period_balance p
        WHERE p.account = a.id AND p.month < d.month ORDER BY p.month DESC LIMIT 1
    ) m ON true
    LEFT JOIN LATERAL (
        SELECT sum(x.debit_minor) AS debit, sum(x.credit_minor) AS credit FROM accounting_daily_balance x
        WHERE x.account = a.id AND x.date >= d.month AND x.date <= d.day
    ) t ON true
)
