-- How many changes of debts and credit, of all tenants, have waited for their entries for more than five minutes, by subledger.
SELECT c.name, count(*)::float8
FROM accounting_subledger_check s
JOIN (VALUES ('receivable', 'receivables_equal_documents'), ('payable', 'payables_equal_documents'),
    ('customer_credit', 'customer_credit_equals_documents')) AS c (subledger, name) ON c.subledger = s.subledger
WHERE s.difference_minor <> 0 AND coalesce(s.expected_at, s.posted_at) < now() - interval '5 minutes'
GROUP BY c.name
