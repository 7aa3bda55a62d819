, chosen AS (
    -- One customer or one product is a grain of its own; a customer's sales of a product are added up from the lines.
    SELECT d.date, d.currency, d.invoice_count, d.credit_note_count, d.net_minor, d.tax_minor, d.credited_net_minor, d.credited_tax_minor
    FROM span s JOIN analytics_sale_day d ON d.date >= s.first AND d.date < s.next
    WHERE ($5::text IS NULL OR $6::text IS NULL)
        AND d.grain = CASE WHEN $5::text IS NOT NULL THEN 'customer' WHEN $6::text IS NOT NULL THEN 'product' ELSE 'all' END
        AND d.member = coalesce($5::text, $6::text, '') AND ($1::text IS NULL OR d.currency = $1)
    UNION ALL
    SELECT l.date, l.currency, count(DISTINCT l.document_id) FILTER (WHERE l.kind = 'invoice'),
        count(DISTINCT l.document_id) FILTER (WHERE l.kind = 'credit_note'),
        sum(l.net_minor) FILTER (WHERE l.kind = 'invoice'), sum(l.tax_minor) FILTER (WHERE l.kind = 'invoice'),
        -sum(l.net_minor) FILTER (WHERE l.kind = 'credit_note'), -sum(l.tax_minor) FILTER (WHERE l.kind = 'credit_note')
    FROM span s JOIN analytics_sale_list l ON l.date >= s.first AND l.date < s.next
    WHERE l.customer_id = $5 AND l.product = $6 AND ($1::text IS NULL OR l.currency = $1)
    GROUP BY l.date, l.currency
), sums AS (
    SELECT date_trunc(s.unit, c.date::timestamp)::date AS first, c.currency, sum(c.invoice_count) AS invoice_count,
        sum(c.credit_note_count) AS credit_note_count, coalesce(sum(c.net_minor), 0) AS net, coalesce(sum(c.tax_minor), 0) AS tax,
        coalesce(sum(c.credited_net_minor), 0) AS credited_net, coalesce(sum(c.credited_tax_minor), 0) AS credited_tax
    FROM chosen c CROSS JOIN span s
    GROUP BY 1, 2
), currencies AS (
    SELECT DISTINCT s.currency FROM sums s WHERE s.invoice_count <> 0 OR s.credit_note_count <> 0
)
SELECT jsonb_build_object(
    'date', b.first, 'currency', c.currency, 'invoice_count', coalesce(s.invoice_count, 0), 'net_minor', coalesce(s.net, 0),
    'tax_minor', coalesce(s.tax, 0), 'total_minor', coalesce(s.net + s.tax, 0), 'credit_note_count', coalesce(s.credit_note_count, 0),
    'credited_net_minor', coalesce(s.credited_net, 0), 'credited_minor', coalesce(s.credited_net + s.credited_tax, 0),
    'revenue_minor', coalesce(s.net - s.credited_net, 0),
    'drill', jsonb_build_object('context', 'analytics', 'source', 'sale-list', 'terms', jsonb_strip_nulls(jsonb_build_object(
        'date.gte', b.first, 'date.lte', b.last, 'currency', c.currency, 'customer_id', $5::text, 'product', $6::text))))
FROM buckets b CROSS JOIN currencies c LEFT JOIN sums s ON s.first = b.first AND s.currency = c.currency
ORDER BY b.first, c.currency
