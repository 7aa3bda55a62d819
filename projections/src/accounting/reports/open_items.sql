-- What is open as of a day ($1), by document. Items that have not changed since are told by their sums; those that have changed since are
-- added up from their lines. Payments that no document claims, and what was paid in excess, settle the oldest items first.
, today AS (
    SELECT coalesce($1::date, current_date) AS day
), accounts AS (
    SELECT a.id, a.name, a.currency, a.control, CASE a.control WHEN 'receivable' THEN 1 ELSE -1 END AS sign
    FROM accounting_account_list a JOIN side ON side.control = a.control
    WHERE $2::text IS NULL OR a.currency = $2
), items AS (
    SELECT i.account, i.party, i.item, coalesce(i.opened_on, i.first_date) AS opened_on, a.sign * (i.debit_minor - i.credit_minor) AS net
    FROM accounts a CROSS JOIN today d JOIN accounting_open_item i ON i.account = a.id
    WHERE i.debit_minor <> i.credit_minor AND i.last_date <= d.day AND ($3::text IS NULL OR i.party = $3)
    UNION ALL
    SELECT i.account, i.party, i.item, coalesce(x.opened_on, x.first_date), a.sign * x.net
    FROM accounts a CROSS JOIN today d JOIN accounting_open_item i ON i.account = a.id
    CROSS JOIN LATERAL (
        SELECT min(l.date) FILTER (WHERE a.sign * (l.debit_minor - l.credit_minor) > 0) AS opened_on, min(l.date) AS first_date,
            sum(l.debit_minor - l.credit_minor) AS net
        FROM accounting_ledger_line l
        WHERE l.account = i.account AND l.item = i.item AND coalesce(l.party, '') = i.party AND l.date <= d.day
    ) x
    WHERE i.last_date > d.day AND i.first_date <= d.day AND ($3::text IS NULL OR i.party = $3) AND x.net <> 0
), paid AS (
    SELECT i.account, i.party, -sum(i.net) AS amount FROM items i WHERE i.net < 0 GROUP BY i.account, i.party
), aged AS (
    SELECT i.account, i.party, i.item, i.opened_on, i.net,
        least(i.net, greatest(0, sum(i.net) OVER (PARTITION BY i.account, i.party ORDER BY i.opened_on, i.item) - coalesce(p.amount, 0))) AS open,
        greatest(0, (SELECT t.day FROM today t) - i.opened_on) AS days
    FROM items i LEFT JOIN paid p ON p.account = i.account AND p.party = i.party
    WHERE i.net > 0
)
