WITH aged AS (
    SELECT d.*, floor(extract(epoch FROM coalesce($3::timestamptz, now()) - d.stage_entered_at) / 86400)::integer AS days
    FROM crm_deal_list d
    WHERE d.status = 'open' AND ($1::text IS NULL OR d.pipeline_id = $1) AND ($2::text IS NULL OR d.owner = $2)
), buckets AS (
    SELECT a.*, b.from_days, b.to_days
    FROM aged a JOIN (VALUES (0, 7), (7, 14), (14, 30), (30, 60), (60, 90), (90, NULL)) AS b (from_days, to_days)
        ON greatest(a.days, 0) >= b.from_days AND (b.to_days IS NULL OR a.days < b.to_days)
)
SELECT jsonb_build_object(
    'pipeline_id', b.pipeline_id, 'stage_id', b.stage_id, 'stage_name', max(b.stage_name), 'from_days', b.from_days, 'to_days', b.to_days,
    'currency', b.currency, 'deal_count', count(*), 'amount_minor', coalesce(sum(b.amount_minor), 0),
    'weighted_minor', coalesce(sum(b.weighted_minor), 0), 'oldest_days', greatest(max(b.days), 0),
    'oldest_deal_id', (array_agg(b.id ORDER BY b.stage_entered_at, b.id))[1])
FROM buckets b
GROUP BY b.pipeline_id, b.stage_id, b.from_days, b.to_days, b.currency
ORDER BY b.pipeline_id, max(b.probability_percent), b.stage_id, b.from_days, b.currency NULLS LAST
