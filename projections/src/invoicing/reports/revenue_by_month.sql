-- Invoices count in the month of their date, credit notes in that of theirs. Void invoices do not count.
WITH documents AS (
    SELECT i.date, i.currency, 1 AS invoices, 0 AS credit_notes, i.net_minor, i.tax_minor, i.total_minor,
        0::bigint AS credited_net_minor, 0::bigint AS credited_minor
    FROM invoicing_invoice_list i
    WHERE i.status IN ('finalized', 'credited', 'written_off')
    UNION ALL
    SELECT c.date, c.currency, 0, 1, 0, 0, 0, c.net_minor, c.total_minor
    FROM invoicing_credit_note_list c
)
SELECT jsonb_build_object(
    'month', to_char(d.date, 'YYYY-MM'), 'currency', d.currency,
    'invoice_count', sum(d.invoices), 'net_minor', sum(d.net_minor), 'tax_minor', sum(d.tax_minor), 'total_minor', sum(d.total_minor),
    'credit_note_count', sum(d.credit_notes), 'credited_net_minor', sum(d.credited_net_minor), 'credited_minor', sum(d.credited_minor),
    'revenue_minor', sum(d.net_minor) - sum(d.credited_net_minor))
FROM documents d
WHERE ($1::date IS NULL OR d.date >= $1::date) AND ($2::date IS NULL OR d.date <= $2::date) AND ($3::text IS NULL OR d.currency = $3)
GROUP BY to_char(d.date, 'YYYY-MM'), d.currency
ORDER BY to_char(d.date, 'YYYY-MM'), d.currency
