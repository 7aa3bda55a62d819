-- Under a moving average a layer has no value of its own: it has its share of the item's, cut so that the shares add up to the whole.
WITH layers AS (
    SELECT l.*, s.product_name, s.warehouse_name, s.currency, coalesce($3::date, (now() AT TIME ZONE 'UTC')::date) - l.received_on AS days,
        CASE s.valuation WHEN 'fifo' THEN l.value_minor::numeric
            ELSE round(s.value_minor::numeric * sum(l.quantity) OVER w / s.on_hand)
                - round(s.value_minor::numeric * (sum(l.quantity) OVER w - l.quantity) / s.on_hand) END AS worth_minor
    FROM inventory_layer_list l JOIN inventory_stock_list s ON s.id = l.item_id AND s.on_hand > 0
    WHERE ($1::text IS NULL OR l.product_id = $1) AND ($2::text IS NULL OR l.warehouse_id = $2)
    WINDOW w AS (PARTITION BY l.item_id ORDER BY l.received_on, l.id)
), buckets AS (
    SELECT l.*, b.from_days, b.to_days
    FROM layers l JOIN (VALUES (0, 30), (30, 60), (60, 90), (90, 180), (180, 365), (365, NULL)) AS b (from_days, to_days)
        ON greatest(l.days, 0) >= b.from_days AND (b.to_days IS NULL OR l.days < b.to_days)
)
SELECT jsonb_build_object(
    'item_id', b.item_id, 'product_id', b.product_id, 'sku', b.sku, 'product_name', b.product_name, 'warehouse_id', b.warehouse_id,
    'warehouse_name', b.warehouse_name, 'from_days', b.from_days, 'to_days', b.to_days, 'quantity', sum(b.quantity),
    'value_minor', sum(b.worth_minor), 'currency', b.currency, 'layer_count', count(*), 'oldest_on', min(b.received_on))
FROM buckets b
GROUP BY b.item_id, b.product_id, b.sku, b.product_name, b.warehouse_id, b.warehouse_name, b.from_days, b.to_days, b.currency
ORDER BY b.sku, b.item_id, b.from_days
