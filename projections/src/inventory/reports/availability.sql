-- What can be promised now: reservations whose time is over do not count, whether or not they have been tidied up.
WITH expired AS (
    SELECT r.aggregate_id, sum(r.open_quantity)::bigint AS quantity
    FROM inventory_reservation_list r
    WHERE r.status = 'reserved' AND r.expires_at <= now()
        AND ($1::text IS NULL OR r.product_id = $1) AND ($2::text IS NULL OR r.sku = $2) AND ($3::text IS NULL OR r.warehouse_id = $3)
    GROUP BY r.aggregate_id
), items AS (
    SELECT s.*, s.reserved - coalesce(e.quantity, 0) AS reserved_now, s.available + coalesce(e.quantity, 0) AS available_now
    FROM inventory_stock_list s LEFT JOIN expired e ON e.aggregate_id = s.id
    WHERE ($1::text IS NULL OR s.product_id = $1) AND ($2::text IS NULL OR s.sku = $2) AND ($3::text IS NULL OR s.warehouse_id = $3)
)
SELECT jsonb_build_object(
    'product_id', i.product_id, 'sku', min(i.sku), 'product_name', min(i.product_name), 'unit', min(i.unit),
    'on_hand', sum(i.on_hand), 'reserved', sum(i.reserved_now), 'allocated', sum(i.allocated), 'safety_stock', sum(i.safety_stock),
    -- A shortage in one warehouse takes nothing from what another can promise.
    'available', sum(greatest(i.available_now, 0)),
    'warehouses', jsonb_agg(jsonb_build_object(
        'item_id', i.id, 'warehouse_id', i.warehouse_id, 'warehouse_name', i.warehouse_name, 'on_hand', i.on_hand,
        'reserved', i.reserved_now, 'allocated', i.allocated, 'safety_stock', i.safety_stock, 'available', i.available_now)
        ORDER BY i.warehouse_id))
FROM items i
GROUP BY i.product_id
ORDER BY min(i.sku), i.product_id
