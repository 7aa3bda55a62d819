SELECT jsonb_build_object(
    'month', to_char(r.first, 'YYYY-MM'), 'currency', r.currency, 'opening_minor', r.closing_minor - r.delta_minor,
    'new_minor', r.new_minor, 'expansion_minor', r.expansion_minor, 'contraction_minor', r.contraction_minor, 'churn_minor', r.churn_minor,
    'closing_minor', r.closing_minor)
FROM recurring r
ORDER BY r.first, r.currency
