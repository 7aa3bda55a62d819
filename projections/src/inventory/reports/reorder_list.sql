-- The shortfall is what is missing to the reorder point; the order fills it in whole lots.
SELECT jsonb_build_object(
    'item_id', s.id, 'product_id', s.product_id, 'sku', s.sku, 'product_name', s.product_name, 'warehouse_id', s.warehouse_id,
    'warehouse_name', s.warehouse_name, 'supplier', p.supplier, 'on_hand', s.on_hand, 'allocated', s.allocated,
    'level', s.on_hand - s.allocated, 'reorder_point', s.reorder_point, 'shortfall', n.shortfall,
    'order_quantity', n.order_quantity, 'unit_cost_minor', p.cost_minor, 'order_value_minor', p.cost_minor::numeric * n.order_quantity,
    'currency', s.currency, 'suggestion_id', g.id, 'suggested_at', g.created_at)
FROM inventory_stock_list s
JOIN inventory_product_list p ON p.id = s.product_id
CROSS JOIN LATERAL (
    SELECT m.shortfall, CASE WHEN s.reorder_quantity IS NULL THEN m.shortfall
        ELSE (m.shortfall + s.reorder_quantity - 1) / s.reorder_quantity * s.reorder_quantity END AS order_quantity
    FROM (SELECT s.reorder_point - (s.on_hand - s.allocated) AS shortfall) m
) n
LEFT JOIN inventory_reorder_suggestion_list g ON g.item_id = s.id AND g.status = 'open'
WHERE s.low AND ($1::text IS NULL OR s.warehouse_id = $1) AND ($2::text IS NULL OR p.supplier = $2)
ORDER BY p.supplier NULLS LAST, s.sku, s.id
