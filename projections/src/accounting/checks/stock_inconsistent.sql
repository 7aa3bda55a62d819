-- How many changes of the stock's value, of all tenants, have waited for their entries for more than five minutes.
SELECT 'stock_equals_ledger', count(*)::float8
FROM accounting_stock_check s
WHERE s.difference_minor <> 0 AND coalesce(s.expected_at, s.posted_at) < now() - interval '5 minutes'
