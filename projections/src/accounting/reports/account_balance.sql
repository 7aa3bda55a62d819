SELECT jsonb_build_object(
    'account', b.account, 'name', b.name, 'type', b.type, 'currency', b.currency, 'normal_side', b.normal_side,
    'debit_minor', b.debit, 'credit_minor', b.credit,
    'balance_minor', CASE b.normal_side WHEN 'debit' THEN b.debit - b.credit ELSE b.credit - b.debit END,
    'pending_minor', b.pending_minor, 'limit_minor', b.limit_minor)
FROM balances b
WHERE b.account = $3
