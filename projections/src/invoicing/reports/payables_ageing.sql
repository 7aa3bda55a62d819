SELECT jsonb_build_object(
    'supplier_id', a.party_id, 'supplier_name', (array_agg(a.party_name ORDER BY a.days))[1], 'currency', a.currency,
    'bill_count', count(*), 'open_minor', sum(a.open_minor),
    'disputed_minor', coalesce(sum(a.open_minor) FILTER (WHERE a.disputed), 0),
    'not_due_minor', coalesce(sum(a.open_minor) FILTER (WHERE a.days <= 0), 0),
    'days_1_to_30_minor', coalesce(sum(a.open_minor) FILTER (WHERE a.days BETWEEN 1 AND 30), 0),
    'days_31_to_60_minor', coalesce(sum(a.open_minor) FILTER (WHERE a.days BETWEEN 31 AND 60), 0),
    'days_61_to_90_minor', coalesce(sum(a.open_minor) FILTER (WHERE a.days BETWEEN 61 AND 90), 0),
    'days_over_90_minor', coalesce(sum(a.open_minor) FILTER (WHERE a.days > 90), 0),
    'oldest_days', greatest(max(a.days), 0))
FROM open_payables a
WHERE ($2::text IS NULL OR a.currency = $2) AND ($3::text IS NULL OR a.party_id = $3)
GROUP BY a.party_id, a.currency
ORDER BY sum(a.open_minor) DESC, a.party_id, a.currency
