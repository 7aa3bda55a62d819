SELECT jsonb_build_object(
    'date', r.first, 'currency', r.currency, 'opening_minor', r.closing_minor - r.delta_minor, 'new_minor', r.new_minor,
    'expansion_minor', r.expansion_minor, 'contraction_minor', r.contraction_minor, 'churn_minor', r.churn_minor,
    'closing_minor', r.closing_minor, 'annual_minor', r.closing_minor * 12, 'new_count', r.new_count, 'churn_count', r.churn_count,
    'drill', jsonb_build_object('context', 'billing', 'source', 'mrr-movement', 'terms', jsonb_build_object(
        'at.gte', to_char(r.first, 'YYYY-MM-DD"T00:00:00Z"'), 'at.lt', to_char(r.last + 1, 'YYYY-MM-DD"T00:00:00Z"'), 'currency', r.currency)))
FROM recurring r
ORDER BY r.first, r.currency
