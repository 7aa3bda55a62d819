SELECT jsonb_build_object(
    'item_id', c.id, 'product_id', c.product_id, 'sku', c.sku, 'product_name', c.product_name, 'warehouse_id', c.warehouse_id,
    'warehouse_name', c.warehouse_name, 'on_hand', c.on_hand, 'shipped', c.shipped, 'shipped_per_day', c.shipped_per_day,
    'days_of_cover', c.days_of_cover, 'runs_out_on', c.runs_out_on)
FROM cover c
ORDER BY c.lasts NULLS LAST, c.sku, c.id
