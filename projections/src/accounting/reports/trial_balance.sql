SELECT jsonb_build_object(
    'account', b.account, 'name', b.name, 'type', b.type, 'currency', b.currency, 'debit_minor', b.debit, 'credit_minor', b.credit,
    'debit_balance_minor', greatest(b.debit - b.credit, 0), 'credit_balance_minor', greatest(b.credit - b.debit, 0))
FROM balances b
WHERE (b.debit <> 0 OR b.credit <> 0) AND ($3::text IS NULL OR b.currency = $3)
ORDER BY b.currency, b.account
