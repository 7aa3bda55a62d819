, sums AS (
    SELECT d.currency, d.member, coalesce(sum(d.net_minor - d.credited_net_minor) FILTER (WHERE d.date >= p.first), 0) AS revenue,
        coalesce(sum(d.net_minor - d.credited_net_minor) FILTER (WHERE d.date < p.first), 0) AS previous,
        coalesce(sum(d.invoice_count) FILTER (WHERE d.date >= p.first), 0) AS invoice_count
    FROM period p JOIN analytics_sale_day d ON d.grain = 'customer' AND d.date >= p.before_first AND d.date <= p.last
    WHERE $1::text IS NULL OR d.currency = $1
    GROUP BY d.currency, d.member
), ranked AS (
    SELECT s.*, sum(s.revenue) OVER (PARTITION BY s.currency) AS total,
        row_number() OVER (PARTITION BY s.currency ORDER BY s.revenue DESC, s.member) AS rank
    FROM sums s
)
SELECT jsonb_build_object(
    'rank', r.rank, 'customer_id', r.member, 'customer_name', n.customer_name, 'currency', r.currency, 'from', p.first, 'to', p.last,
    'invoice_count', r.invoice_count, 'revenue_minor', r.revenue, 'previous_revenue_minor', r.previous,
    'share_percent', round(100 * r.revenue / nullif(r.total, 0), 2),
    'drill', jsonb_build_object('context', 'analytics', 'source', 'sale-list', 'terms', jsonb_build_object(
        'date.gte', p.first, 'date.lte', p.last, 'currency', r.currency, 'customer_id', r.member)))
FROM ranked r CROSS JOIN period p
-- As the latest document names the customer.
LEFT JOIN LATERAL (
    SELECT i.customer_name FROM (
        SELECT l.invoice_id FROM analytics_sale_list l WHERE l.customer_id = r.member ORDER BY l.date DESC LIMIT 1
    ) l JOIN invoicing_invoice_list i ON i.id = l.invoice_id
) n ON true
WHERE r.rank <= $4::bigint AND r.revenue <> 0
ORDER BY r.currency, r.rank
