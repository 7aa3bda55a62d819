-- What left for customers within the last days, less what came back; today counts as the last of them.
WITH span AS MATERIALIZED (
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
), cover AS (
    SELECT i.*, span.today - span.days + 1 AS since, round(i.per_day, 4) AS shipped_per_day,
        i.on_hand / NULLIF(i.per_day, 0) AS lasts, round(i.on_hand / NULLIF(i.per_day, 0), 1) AS days_of_cover,
        -- Beyond a century a day says nothing.
        CASE WHEN i.on_hand < i.per_day * 36500 THEN i.today + floor(i.on_hand / i.per_day)::integer END AS runs_out_on
    FROM items i CROSS JOIN span
)
