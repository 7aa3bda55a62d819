-- One row that says what the statement is of, then one for each movement of the period. The balance is what the customer owes less the
-- credit that the customer has; what is open of invoices, aged by its due day, less the credit is the closing balance.
WITH chosen AS MATERIALIZED (
    SELECT coalesce($2::text, m.currency) AS currency, $3::date AS first_day, coalesce($4::date, current_date) AS last_day
    FROM invoicing_movement_list m WHERE m.side = 'receivable' AND m.party_id = $1
    ORDER BY m.date DESC, m.position DESC LIMIT 1
), moved AS MATERIALIZED (
    SELECT m.*, m.amount_minor - m.credit_minor AS change_minor, c.first_day IS NOT NULL AND m.date < c.first_day AS before
    FROM chosen c JOIN invoicing_movement_list m
        ON m.side = 'receivable' AND m.party_id = $1 AND m.currency = c.currency AND m.date <= c.last_day
), open_of_invoices AS (
    SELECT o.open_minor, c.last_day - i.due_date AS days
    FROM chosen c CROSS JOIN (
        SELECT m.document_id, sum(m.amount_minor) AS open_minor FROM moved m WHERE m.document_id IS NOT NULL
        GROUP BY m.document_id HAVING sum(m.amount_minor) <> 0
    ) o LEFT JOIN invoicing_invoice_list i ON i.id = o.document_id
), aged AS (
    SELECT coalesce(sum(o.open_minor) FILTER (WHERE coalesce(o.days, 0) <= 0), 0) AS not_due,
        coalesce(sum(o.open_minor) FILTER (WHERE o.days BETWEEN 1 AND 30), 0) AS days_30,
        coalesce(sum(o.open_minor) FILTER (WHERE o.days BETWEEN 31 AND 60), 0) AS days_60,
        coalesce(sum(o.open_minor) FILTER (WHERE o.days BETWEEN 61 AND 90), 0) AS days_90,
        coalesce(sum(o.open_minor) FILTER (WHERE o.days > 90), 0) AS days_over_90
    FROM open_of_invoices o
), sums AS (
    SELECT coalesce(sum(m.change_minor) FILTER (WHERE m.before), 0) AS opening,
        coalesce(sum(m.change_minor) FILTER (WHERE NOT m.before AND m.change_minor > 0), 0) AS charged,
        coalesce(sum(m.change_minor) FILTER (WHERE NOT m.before AND m.change_minor < 0), 0) AS settled,
        coalesce(sum(m.change_minor), 0) AS closing, coalesce(sum(m.credit_minor), 0) AS credit
    FROM moved m
), customer AS (
    SELECT i.customer_name, i.customer_address, i.customer_tax_id
    FROM invoicing_invoice_list i WHERE i.customer_id = $1 ORDER BY i.date DESC NULLS LAST, i.id DESC LIMIT 1
)
SELECT x.row
FROM (
    SELECT 0 AS part, NULL::date AS date, 0::bigint AS position, jsonb_build_object(
        'row', 'head', 'customer_id', $1,
        'customer_name', coalesce(u.customer_name, (
            SELECT k.customer_name FROM invoicing_customer_credit k WHERE k.customer_id = $1 ORDER BY k.updated_at DESC LIMIT 1), $1),
        'customer_address', u.customer_address, 'customer_tax_id', u.customer_tax_id,
        'issuer', (SELECT p.facts FROM invoicing_issuer_profile p LIMIT 1),
        'currency', c.currency, 'first_day', c.first_day, 'last_day', c.last_day,
        'opening_minor', s.opening, 'charged_minor', s.charged, 'settled_minor', s.settled, 'closing_minor', s.closing,
        'not_due_minor', a.not_due, 'days_1_to_30_minor', a.days_30, 'days_31_to_60_minor', a.days_60, 'days_61_to_90_minor', a.days_90,
        'days_over_90_minor', a.days_over_90, 'credit_minor', s.credit,
        'other_currencies', coalesce((
            SELECT jsonb_agg(DISTINCT o.currency) FROM invoicing_movement_list o
            WHERE o.side = 'receivable' AND o.party_id = $1 AND o.currency <> c.currency), '[]'::jsonb)) AS row
    FROM chosen c CROSS JOIN sums s CROSS JOIN aged a LEFT JOIN customer u ON true
    UNION ALL
    SELECT 1, m.date, m.position, jsonb_build_object(
        'row', 'movement', 'date', m.date, 'kind', m.kind, 'number', m.number, 'reference', m.reference,
        'amount_minor', m.amount_minor, 'credit_minor', m.credit_minor)
    FROM moved m WHERE NOT m.before
) x
ORDER BY x.part, x.date, x.position
