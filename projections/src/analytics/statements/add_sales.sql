-- Adds lines that are not there yet, and what they add to their days. A line of a credit note says which line of the invoice it credits, and
-- finds the product there.
WITH given AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::date[], $9::text[], $10::text[],
            $11::text[], $12::text[], $13::text[], $14::bigint[], $15::bigint[], $16::timestamptz[])
        AS e (tenant_id, id, kind, document_id, invoice_id, number, line_id, date, currency, customer_id, product_id, sku, quantity, net_minor,
            tax_minor, recorded_at)
), added AS (
    INSERT INTO analytics_sale_list_vN (tenant_id, id, kind, document_id, invoice_id, number, line_id, date, currency, customer_id, product_id,
        sku, product, quantity, net_minor, tax_minor, recorded_at)
    SELECT g.tenant_id, g.id, g.kind, g.document_id, g.invoice_id, g.number, g.line_id, g.date, g.currency, g.customer_id,
        coalesce(g.product_id, i.product_id), coalesce(g.sku, i.sku), coalesce(g.product_id, g.sku, i.product, ''),
        g.quantity::numeric, g.net_minor, g.tax_minor, g.recorded_at
    FROM given g
    LEFT JOIN analytics_sale_list_vN i
        ON g.kind = 'credit_note' AND i.tenant_id = g.tenant_id AND i.id = 'invoice:' || g.invoice_id || ':' || g.line_id
    ON CONFLICT (tenant_id, id) DO NOTHING
    RETURNING *
)
INSERT INTO analytics_sale_day_vN AS t (tenant_id, grain, member, date, currency, invoice_count, credit_note_count, quantity, net_minor,
    tax_minor, credited_net_minor, credited_tax_minor)
SELECT a.tenant_id, m.grain, m.member, a.date, a.currency,
    count(DISTINCT a.document_id) FILTER (WHERE a.kind = 'invoice'), count(DISTINCT a.document_id) FILTER (WHERE a.kind = 'credit_note'),
    sum(a.quantity), coalesce(sum(a.net_minor) FILTER (WHERE a.kind = 'invoice'), 0), coalesce(sum(a.tax_minor) FILTER (WHERE a.kind = 'invoice'), 0),
    coalesce(-sum(a.net_minor) FILTER (WHERE a.kind = 'credit_note'), 0), coalesce(-sum(a.tax_minor) FILTER (WHERE a.kind = 'credit_note'), 0)
FROM added a CROSS JOIN LATERAL (VALUES ('all', ''), ('customer', a.customer_id), ('product', a.product)) AS m (grain, member)
GROUP BY a.tenant_id, m.grain, m.member, a.date, a.currency
ORDER BY 1, 2, 3, 4, 5
ON CONFLICT (tenant_id, grain, member, date, currency) DO UPDATE
SET invoice_count = t.invoice_count + excluded.invoice_count, credit_note_count = t.credit_note_count + excluded.credit_note_count,
    quantity = t.quantity + excluded.quantity, net_minor = t.net_minor + excluded.net_minor, tax_minor = t.tax_minor + excluded.tax_minor,
    credited_net_minor = t.credited_net_minor + excluded.credited_net_minor,
    credited_tax_minor = t.credited_tax_minor + excluded.credited_tax_minor
