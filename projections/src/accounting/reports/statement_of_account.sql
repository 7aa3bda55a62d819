-- What happened between the tenant and one party on the control accounts, each line with the balance after it.
WITH accounts AS (
    SELECT a.id, a.name, a.currency, CASE a.control WHEN 'receivable' THEN 1 ELSE -1 END AS sign
    FROM accounting_account_list a WHERE a.control IN ('receivable', 'payable') AND ($4::text IS NULL OR a.id = $4)
), lines AS (
    SELECT l.*, a.name, a.sign * (l.debit_minor - l.credit_minor) AS amount,
        sum(a.sign * (l.debit_minor - l.credit_minor)) OVER (PARTITION BY l.account ORDER BY l.date, l.id) AS balance
    FROM accounting_ledger_line l JOIN accounts a ON a.id = l.account
    WHERE l.party = $1 AND l.date <= coalesce($3::date, 'infinity')
), told AS (
    SELECT l.account, 0 AS part, NULL::date AS date, '' AS id, jsonb_build_object('kind', 'opening', 'account', l.account, 'name', max(l.name),
        'currency', max(l.currency), 'date', $2::date, 'balance_minor', coalesce(sum(l.amount) FILTER (WHERE l.date < $2::date), 0)) AS row
    FROM lines l GROUP BY l.account
    UNION ALL
    SELECT l.account, 1, l.date, l.id, jsonb_build_object('kind', 'line', 'account', l.account, 'name', l.name, 'currency', l.currency,
        'id', l.id, 'date', l.date, 'entry_id', l.entry_id, 'description', e.description, 'reference', l.reference,
        'debit_minor', l.debit_minor, 'credit_minor', l.credit_minor, 'balance_minor', l.balance)
    FROM lines l LEFT JOIN accounting_journal_entry_list e ON e.id = l.entry_id
    WHERE l.date >= coalesce($2::date, '-infinity')
    UNION ALL
    SELECT l.account, 2, NULL, '', jsonb_build_object('kind', 'closing', 'account', l.account, 'name', max(l.name),
        'currency', max(l.currency), 'date', $3::date, 'balance_minor', sum(l.amount))
    FROM lines l GROUP BY l.account
)
SELECT t.row FROM told t ORDER BY t.account, t.part, t.date, t.id
