SELECT jsonb_build_object(
    'item_id', c.id, 'product_id', c.product_id, 'sku', c.sku, 'product_name', c.product_name, 'warehouse_id', c.warehouse_id,
    'warehouse_name', c.warehouse_name, 'on_hand', c.on_hand, 'available', c.available, 'shipped', c.shipped,
    'shipped_per_day', c.shipped_per_day, 'days_of_cover', c.days_of_cover, 'date', c.runs_out_on, 'low', c.low, 'currency', c.currency,
    'value_minor', c.value_minor,
    'drill', jsonb_build_object('context', 'inventory', 'source', 'movement-list', 'terms', jsonb_build_object(
        'item_id', c.id, 'kind.in', 'shipment,return', 'booked_on.gte', c.since, 'booked_on.lte', c.today)))
FROM cover c
WHERE $4::bigint IS NULL OR c.lasts < $4::bigint
ORDER BY c.lasts NULLS LAST, c.sku, c.id
LIMIT $5::bigint
