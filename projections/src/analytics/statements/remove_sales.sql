-- Takes the lines of voided invoices out, and what they had added to their days. Days on which nothing is left are kept: what is sold on
-- them later finds its row.
WITH removed AS (
    DELETE FROM analytics_sale_list_vN t USING unnest($1::uuid[], $2::text[]) AS v (tenant_id, invoice_id)
    WHERE t.tenant_id = v.tenant_id AND t.invoice_id = v.invoice_id AND t.kind = 'invoice'
    RETURNING t.*
), sums AS (
    SELECT r.tenant_id, m.grain, m.member, r.date, r.currency, count(DISTINCT r.document_id) AS invoice_count,
        sum(r.quantity) AS quantity, sum(r.net_minor) AS net_minor, sum(r.tax_minor) AS tax_minor
    FROM removed r CROSS JOIN LATERAL (VALUES ('all', ''), ('customer', r.customer_id), ('product', r.product)) AS m (grain, member)
    GROUP BY r.tenant_id, m.grain, m.member, r.date, r.currency
)
UPDATE analytics_sale_day_vN t
SET invoice_count = t.invoice_count - s.invoice_count, quantity = t.quantity - s.quantity, net_minor = t.net_minor - s.net_minor,
    tax_minor = t.tax_minor - s.tax_minor
FROM sums s
WHERE t.tenant_id = s.tenant_id AND t.grain = s.grain AND t.member = s.member AND t.date = s.date AND t.currency = s.currency
