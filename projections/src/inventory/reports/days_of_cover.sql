-- What left for customers within the last days, less what came back; today counts as the last of them.
WITH span AS (
    SELECT greatest(1, least($1::bigint, 3650))::integer AS days, (now() AT TIME ZONE 'UTC')::date AS today
), demand AS (
    SELECT m.item_id, -sum(m.quantity) AS quantity
    FROM inventory_movement_list m, span
    WHERE m.kind IN ('shipment', 'return') AND m.booked_on > span.today - span.days AND m.booked_on <= span.today
    GROUP BY m.item_id
), items AS (
    SELECT s.*, span.today, greatest(coalesce(d.quantity, 0), 0) AS shipped,
        greatest(coalesce(d.quantity, 0), 0)::numeric / span.days AS per_day
    FROM inventory_stock_list s CROSS JOIN span LEFT JOIN demand d ON d.item_id = s.id
    WHERE ($2::text IS NULL OR s.product_id = $2) AND ($3::text IS NULL OR s.warehouse_id = $3)
)
SELECT jsonb_build_object(
    'item_id', i.id, 'product_id', i.product_id, 'sku', i.sku, 'product_name', i.product_name, 'warehouse_id', i.warehouse_id,
    'warehouse_name', i.warehouse_name, 'on_hand', i.on_hand, 'shipped', i.shipped, 'shipped_per_day', round(i.per_day, 4),
    'days_of_cover', round(i.on_hand / NULLIF(i.per_day, 0), 1),
    -- Beyond a century a day says nothing.
    'runs_out_on', CASE WHEN i.on_hand < i.per_day * 36500 THEN i.today + floor(i.on_hand / i.per_day)::integer END)
FROM items i
ORDER BY i.on_hand / NULLIF(i.per_day, 0) NULLS LAST, i.sku, i.id
