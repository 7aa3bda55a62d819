-- The balance is what the customer owes less the credit that the customer has. Before the first day, all movements are one line.
WITH moved AS (
    SELECT m.*, m.amount_minor - m.credit_minor AS change_minor
    FROM invoicing_movement_list m
    WHERE m.side = 'receivable' AND m.party_id = $1 AND ($2::text IS NULL OR m.currency = $2) AND ($4::date IS NULL OR m.date <= $4::date)
), lines AS (
    SELECT $3::date AS date, 0::bigint AS position, 'opening' AS kind, NULL::text AS document_id, NULL::text AS number, NULL::text AS reference,
        b.currency, sum(b.amount_minor) AS amount_minor, sum(b.credit_minor) AS credit_minor, sum(b.change_minor) AS change_minor
    FROM moved b WHERE b.date < $3::date GROUP BY b.currency
    UNION ALL
    SELECT l.date, l.position, l.kind, l.document_id, l.number, l.reference, l.currency, l.amount_minor, l.credit_minor, l.change_minor
    FROM moved l WHERE $3::date IS NULL OR l.date >= $3::date
)
SELECT jsonb_build_object(
    'date', l.date, 'kind', l.kind, 'document_id', l.document_id, 'number', l.number, 'reference', l.reference, 'currency', l.currency,
    'amount_minor', l.amount_minor, 'credit_minor', l.credit_minor,
    'balance_minor', sum(l.change_minor) OVER (PARTITION BY l.currency ORDER BY l.date, l.position))
FROM lines l
ORDER BY l.currency, l.date, l.position
