-- The open stages of the pipelines, and the open deals in each stage; with `split.by_month`, by the month in which they are expected.
, stages AS (
    SELECT p.id AS pipeline_id, p.name AS pipeline_name, s.number AS position, s.stage ->> 'id' AS stage_id, s.stage ->> 'name' AS stage_name,
        (s.stage ->> 'probability_percent')::integer AS probability_percent
    FROM crm_pipeline_list p CROSS JOIN jsonb_array_elements(p.stages) WITH ORDINALITY AS s (stage, number)
    WHERE $1::text IS NULL OR p.id = $1
), deals AS (
    SELECT d.pipeline_id, d.stage_id, d.currency, CASE WHEN s.by_month THEN date_trunc('month', d.expected_close::timestamp)::date END AS month,
        max(d.stage_name) AS stage_name, max(d.probability_percent) AS probability_percent,
        count(*) AS deal_count, count(*) FILTER (WHERE d.amount_minor IS NULL) AS unvalued_count,
        count(*) FILTER (WHERE d.expected_close < current_date) AS overdue_count,
        coalesce(sum(d.amount_minor), 0) AS amount_minor, coalesce(sum(d.weighted_minor), 0) AS weighted_minor,
        min(d.stage_entered_at) AS oldest_entered_at
    FROM crm_deal_list d CROSS JOIN split s
    WHERE d.status = 'open' AND ($1::text IS NULL OR d.pipeline_id = $1) AND ($2::text IS NULL OR d.owner = $2)
        AND ($3::text IS NULL OR d.currency = $3)
    GROUP BY 1, 2, 3, 4
), staged AS (
    -- Empty stages too, and stages that were retired while deals are in them.
    SELECT pipeline_id, coalesce(s.pipeline_name, (SELECT p.name FROM crm_pipeline_list p WHERE p.id = pipeline_id)) AS pipeline_name,
        s.position, stage_id, coalesce(s.stage_name, d.stage_name) AS stage_name,
        coalesce(s.probability_percent, d.probability_percent) AS probability_percent, d.currency, d.month, coalesce(d.deal_count, 0) AS deal_count,
        coalesce(d.unvalued_count, 0) AS unvalued_count, coalesce(d.overdue_count, 0) AS overdue_count,
        coalesce(d.amount_minor, 0) AS amount_minor, coalesce(d.weighted_minor, 0) AS weighted_minor, d.oldest_entered_at
    FROM stages s FULL JOIN deals d USING (pipeline_id, stage_id)
)
