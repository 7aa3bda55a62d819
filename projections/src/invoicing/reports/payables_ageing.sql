WITH open AS (
    SELECT m.party_id, m.document_id, m.currency, sum(m.amount_minor) AS open_minor
    FROM invoicing_movement_list m
    WHERE m.side = 'payable' AND m.document_id IS NOT NULL AND m.date <= coalesce($1::date, current_date)
        AND ($2::text IS NULL OR m.currency = $2) AND ($3::text IS NULL OR m.party_id = $3)
    GROUP BY m.party_id, m.document_id, m.currency
    HAVING sum(m.amount_minor) <> 0
), aged AS (
    SELECT o.*, b.supplier_name, b.disputed IS NOT NULL AS disputed, coalesce($1::date, current_date) - b.due_date AS days
    FROM open o JOIN invoicing_bill_list b ON b.id = o.document_id
)
SELECT jsonb_build_object(
    'supplier_id', a.party_id, 'supplier_name', (array_agg(a.supplier_name ORDER BY a.days))[1], 'currency', a.currency,
    'bill_count', count(*), 'open_minor', sum(a.open_minor),
    'disputed_minor', coalesce(sum(a.open_minor) FILTER (WHERE a.disputed), 0),
    'not_due_minor', coalesce(sum(a.open_minor) FILTER (WHERE a.days <= 0), 0),
    'days_1_to_30_minor', coalesce(sum(a.open_minor) FILTER (WHERE a.days BETWEEN 1 AND 30), 0),
    'days_31_to_60_minor', coalesce(sum(a.open_minor) FILTER (WHERE a.days BETWEEN 31 AND 60), 0),
    'days_61_to_90_minor', coalesce(sum(a.open_minor) FILTER (WHERE a.days BETWEEN 61 AND 90), 0),
    'days_over_90_minor', coalesce(sum(a.open_minor) FILTER (WHERE a.days > 90), 0),
    'oldest_days', greatest(max(a.days), 0))
FROM aged a
GROUP BY a.party_id, a.currency
ORDER BY sum(a.open_minor) DESC, a.party_id, a.currency
