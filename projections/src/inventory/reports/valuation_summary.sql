WITH later AS (
    SELECT m.item_id, sum(m.quantity) AS quantity, sum(m.value_minor) AS value_minor
    FROM inventory_movement_list m WHERE m.booked_on > $1::date GROUP BY m.item_id
), items AS (
    SELECT s.warehouse_id, s.warehouse_name, s.currency, s.product_id, p.category,
        s.on_hand - coalesce(l.quantity, 0) AS pieces, s.value_minor - coalesce(l.value_minor, 0) AS worth_minor
    FROM inventory_stock_list s JOIN inventory_product_list p ON p.id = s.product_id LEFT JOIN later l ON l.item_id = s.id
)
SELECT jsonb_build_object(
    'warehouse_id', i.warehouse_id, 'warehouse_name', min(i.warehouse_name), 'category', i.category, 'currency', i.currency,
    'product_count', count(*), 'value_minor', sum(i.worth_minor))
FROM items i
WHERE i.pieces <> 0 OR i.worth_minor <> 0
GROUP BY i.warehouse_id, i.category, i.currency
ORDER BY i.warehouse_id, i.category NULLS LAST, i.currency
