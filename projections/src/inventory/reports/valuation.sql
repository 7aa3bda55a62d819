-- The stock of a day is that of now without what was booked later, so the figures are those of the ledger at the end of that day.
WITH later AS (
    SELECT m.item_id, sum(m.quantity) AS quantity, sum(m.value_minor) AS value_minor
    FROM inventory_movement_list m WHERE m.booked_on > $1::date GROUP BY m.item_id
), items AS (
    SELECT s.*, s.on_hand - coalesce(l.quantity, 0) AS pieces, s.value_minor - coalesce(l.value_minor, 0) AS worth_minor
    FROM inventory_stock_list s LEFT JOIN later l ON l.item_id = s.id
    WHERE ($2::text IS NULL OR s.product_id = $2) AND ($3::text IS NULL OR s.warehouse_id = $3)
)
SELECT jsonb_build_object(
    'item_id', i.id, 'product_id', i.product_id, 'sku', i.sku, 'product_name', i.product_name, 'warehouse_id', i.warehouse_id,
    'warehouse_name', i.warehouse_name, 'valuation', i.valuation, 'quantity', i.pieces, 'unit', i.unit, 'value_minor', i.worth_minor,
    'currency', i.currency, 'average_minor', round(i.worth_minor / NULLIF(i.pieces, 0), 4))
FROM items i
WHERE i.pieces <> 0 OR i.worth_minor <> 0
ORDER BY i.sku, i.id
