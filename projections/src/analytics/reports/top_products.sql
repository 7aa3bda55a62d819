, sums AS (
    SELECT d.currency, d.member, coalesce(sum(d.net_minor - d.credited_net_minor) FILTER (WHERE d.date >= p.first), 0) AS revenue,
        coalesce(sum(d.net_minor - d.credited_net_minor) FILTER (WHERE d.date < p.first), 0) AS previous,
        coalesce(sum(d.quantity) FILTER (WHERE d.date >= p.first), 0) AS quantity
    FROM period p JOIN analytics_sale_day d ON d.grain = 'product' AND d.date >= p.before_first AND d.date <= p.last
    WHERE $1::text IS NULL OR d.currency = $1
    GROUP BY d.currency, d.member
), sold AS (
    -- Invoices name products by id or by article number: both are the product that the stock knows.
    SELECT s.currency, coalesce(i.id, a.id, s.member) AS product, coalesce(i.id, a.id) AS product_id, sum(s.revenue) AS revenue,
        sum(s.previous) AS previous, sum(s.quantity) AS quantity, count(*) AS members, string_agg(s.member, ',' ORDER BY s.member) AS member
    FROM sums s
    LEFT JOIN inventory_product_list i ON i.id = s.member
    LEFT JOIN LATERAL (SELECT x.id FROM inventory_product_list x WHERE i.id IS NULL AND x.sku = s.member ORDER BY x.id LIMIT 1) a ON true
    GROUP BY 1, 2, 3
), cost AS (
    -- What the pieces had cost that left for customers in the period, less those that came back; and what turned out about earlier ones.
    SELECT m.product_id, m.currency, sum(m.expensed_minor) - coalesce(sum(m.value_minor) FILTER (WHERE m.kind <> 'revaluation'), 0) AS minor
    FROM period p JOIN inventory_movement_list m ON m.booked_on >= p.first AND m.booked_on <= p.last
    WHERE m.kind IN ('shipment', 'return', 'revaluation')
    GROUP BY m.product_id, m.currency
), ranked AS (
    SELECT s.*, CASE WHEN s.product_id IS NOT NULL THEN coalesce(c.minor, 0) END AS cost, sum(s.revenue) OVER (PARTITION BY s.currency) AS total,
        row_number() OVER (PARTITION BY s.currency ORDER BY s.revenue DESC, s.product) AS rank
    FROM sold s LEFT JOIN cost c ON c.product_id = s.product_id AND c.currency = s.currency
)
SELECT jsonb_build_object(
    'rank', r.rank, 'product', r.product, 'product_id', r.product_id, 'sku', n.sku, 'product_name', n.name, 'currency', r.currency,
    'from', p.first, 'to', p.last, 'quantity', r.quantity, 'revenue_minor', r.revenue, 'previous_revenue_minor', r.previous,
    'share_percent', round(100 * r.revenue / nullif(r.total, 0), 2), 'cost_minor', r.cost, 'margin_minor', r.revenue - r.cost,
    'margin_percent', round(100 * (r.revenue - r.cost) / nullif(r.revenue, 0), 2),
    'drill', jsonb_build_object('context', 'analytics', 'source', 'sale-list', 'terms', jsonb_build_object(
        'date.gte', p.first, 'date.lte', p.last, 'currency', r.currency, CASE WHEN r.members = 1 THEN 'product' ELSE 'product.in' END, r.member)),
    'cost_drill', CASE WHEN r.product_id IS NOT NULL THEN jsonb_build_object('context', 'inventory', 'source', 'movement-list', 'terms',
        jsonb_build_object('booked_on.gte', p.first, 'booked_on.lte', p.last, 'product_id', r.product_id,
            'kind.in', 'shipment,return,revaluation')) END)
FROM ranked r CROSS JOIN period p LEFT JOIN inventory_product_list n ON n.id = r.product_id
WHERE r.rank <= $4::bigint AND (r.revenue <> 0 OR r.quantity <> 0)
ORDER BY r.currency, r.rank
