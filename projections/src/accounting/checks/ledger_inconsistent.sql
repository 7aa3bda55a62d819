-- How often the ledger contradicts itself, over all tenants: currencies whose debits and credits differ, accounts whose balances are not what
-- their entries add up to, control accounts that are not what their parties add up to.
WITH sums AS (
    SELECT c.tenant_id, c.account, a.currency, a.control, c.debit_minor AS checked_debit, c.credit_minor AS checked_credit,
        coalesce(b.debit_minor, 0) AS debit, coalesce(b.credit_minor, 0) AS credit,
        (coalesce(b.debit_minor, 0), coalesce(b.credit_minor, 0), coalesce(m.debit_minor, 0), coalesce(m.credit_minor, 0))
            = (c.debit_minor, c.credit_minor, c.debit_minor, c.credit_minor) AS agrees
    FROM accounting_account_check c
    JOIN accounting_account_list a ON a.tenant_id = c.tenant_id AND a.id = c.account
    LEFT JOIN LATERAL (
        SELECT p.debit_minor, p.credit_minor FROM accounting_block_balance p
        WHERE p.tenant_id = c.tenant_id AND p.account = c.account ORDER BY p.block DESC LIMIT 1
    ) b ON true
    LEFT JOIN LATERAL (
        SELECT p.debit_minor, p.credit_minor FROM accounting_period_balance p
        WHERE p.tenant_id = c.tenant_id AND p.account = c.account ORDER BY p.month DESC LIMIT 1
    ) m ON true
)
SELECT 'debits_equal_credits', count(*)::float8
FROM (SELECT FROM sums s GROUP BY s.tenant_id, s.currency HAVING sum(s.debit) <> sum(s.credit)) d
UNION ALL
SELECT 'balances_equal_entries', count(*)::float8 FROM sums s WHERE NOT s.agrees
UNION ALL
SELECT 'subledger_equals_control', count(*)::float8
FROM sums s
LEFT JOIN LATERAL (
    SELECT sum(o.debit_minor - o.credit_minor) AS net FROM accounting_open_item o
    WHERE o.tenant_id = s.tenant_id AND o.account = s.account AND o.party <> '' AND o.debit_minor <> o.credit_minor
) i ON true
WHERE s.control IN ('receivable', 'payable') AND s.checked_debit - s.checked_credit <> coalesce(i.net, 0)
