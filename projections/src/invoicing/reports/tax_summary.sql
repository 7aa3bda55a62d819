-- By category and rate: what was charged (invoices less credit notes, by their dates), and what bills charged us (less the suppliers' credit
-- notes, by theirs).
WITH sums AS (
    SELECT i.currency, 'sales' AS side, t.tax, 1 AS sign
    FROM invoicing_invoice_list i CROSS JOIN LATERAL jsonb_array_elements(i.taxes) AS t (tax)
    WHERE i.status IN ('finalized', 'credited', 'written_off')
        AND ($1::date IS NULL OR i.date >= $1::date) AND ($2::date IS NULL OR i.date <= $2::date)
    UNION ALL
    SELECT c.currency, 'sales', t.tax, -1
    FROM invoicing_credit_note_list c CROSS JOIN LATERAL jsonb_array_elements(c.taxes) AS t (tax)
    WHERE ($1::date IS NULL OR c.date >= $1::date) AND ($2::date IS NULL OR c.date <= $2::date)
    UNION ALL
    SELECT b.currency, 'purchases', t.tax, 1
    FROM invoicing_bill_list b CROSS JOIN LATERAL jsonb_array_elements(b.taxes) AS t (tax)
    WHERE b.status = 'approved' AND ($1::date IS NULL OR b.date >= $1::date) AND ($2::date IS NULL OR b.date <= $2::date)
    UNION ALL
    SELECT b.currency, 'purchases', t.tax, -1
    FROM invoicing_bill_list b CROSS JOIN LATERAL jsonb_array_elements(b.entries) AS e (entry)
    CROSS JOIN LATERAL jsonb_array_elements(e.entry -> 'taxes') AS t (tax)
    WHERE b.status = 'approved' AND b.credited_minor <> 0 AND e.entry ->> 'kind' = 'credit_note'
        AND ($1::date IS NULL OR (e.entry ->> 'date')::date >= $1::date) AND ($2::date IS NULL OR (e.entry ->> 'date')::date <= $2::date)
)
SELECT jsonb_build_object(
    'side', s.side, 'currency', s.currency, 'tax_category', s.tax ->> 'tax_category', 'tax_rate_percent', s.tax ->> 'tax_rate_percent',
    'net_minor', sum(s.sign * (s.tax #>> '{net,amount_minor}')::bigint), 'tax_minor', sum(s.sign * (s.tax #>> '{tax,amount_minor}')::bigint))
FROM sums s
WHERE $3::text IS NULL OR s.currency = $3
GROUP BY s.side, s.currency, s.tax ->> 'tax_category', s.tax ->> 'tax_rate_percent'
ORDER BY s.side DESC, s.currency, s.tax ->> 'tax_category', (s.tax ->> 'tax_rate_percent')::numeric
