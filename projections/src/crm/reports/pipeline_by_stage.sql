-- The open stages of the pipelines, empty ones too, and stages that were retired while deals are in them.
WITH stages AS (
    SELECT p.id AS pipeline_id, p.name AS pipeline_name, s.number AS position, s.stage ->> 'id' AS stage_id, s.stage ->> 'name' AS stage_name,
        (s.stage ->> 'probability_percent')::integer AS probability_percent
    FROM crm_pipeline_list p CROSS JOIN jsonb_array_elements(p.stages) WITH ORDINALITY AS s (stage, number)
    WHERE $1::text IS NULL OR p.id = $1
), deals AS (
    SELECT d.pipeline_id, d.stage_id, d.currency, max(d.stage_name) AS stage_name, max(d.probability_percent) AS probability_percent,
        count(*) AS deal_count, count(*) FILTER (WHERE d.amount_minor IS NULL) AS unvalued_count,
        coalesce(sum(d.amount_minor), 0) AS amount_minor, coalesce(sum(d.weighted_minor), 0) AS weighted_minor,
        min(d.stage_entered_at) AS oldest_entered_at
    FROM crm_deal_list d
    WHERE d.status = 'open' AND ($1::text IS NULL OR d.pipeline_id = $1) AND ($2::text IS NULL OR d.owner = $2)
        AND ($3::text IS NULL OR d.currency = $3)
    GROUP BY d.pipeline_id, d.stage_id, d.currency
)
SELECT jsonb_build_object(
    'pipeline_id', pipeline_id,
    'pipeline_name', coalesce(s.pipeline_name, (SELECT p.name FROM crm_pipeline_list p WHERE p.id = pipeline_id)),
    'position', s.position, 'stage_id', stage_id, 'stage_name', coalesce(s.stage_name, d.stage_name),
    'probability_percent', coalesce(s.probability_percent, d.probability_percent), 'currency', d.currency,
    'deal_count', coalesce(d.deal_count, 0), 'unvalued_count', coalesce(d.unvalued_count, 0),
    'amount_minor', coalesce(d.amount_minor, 0), 'weighted_minor', coalesce(d.weighted_minor, 0), 'oldest_entered_at', d.oldest_entered_at)
FROM stages s FULL JOIN deals d USING (pipeline_id, stage_id)
ORDER BY pipeline_id, s.position NULLS LAST, stage_id, d.currency NULLS LAST
