WITH stays AS (
    SELECT h.*, d.status FROM crm_deal_stage_history h JOIN crm_deal_list d ON d.id = h.deal_id
    WHERE h.stage_id NOT IN ('won', 'lost') AND ($1::text IS NULL OR h.pipeline_id = $1) AND ($2::text IS NULL OR d.owner = $2)
        AND ($3::timestamptz IS NULL OR h.entered_at >= $3::timestamptz) AND ($4::timestamptz IS NULL OR h.entered_at < $4::timestamptz)
), stages AS (
    SELECT s.pipeline_id, s.stage_id, (array_agg(s.stage_name ORDER BY s.entered_at DESC))[1] AS stage_name,
        (array_agg(s.probability_percent ORDER BY s.entered_at DESC))[1] AS probability_percent,
        count(*) AS entered_count, count(DISTINCT s.deal_id) AS deal_count,
        count(*) FILTER (WHERE s.left_at IS NULL) AS in_stage_count, count(*) FILTER (WHERE s.left_at IS NOT NULL) AS left_count,
        count(*) FILTER (WHERE s.outcome IN ('advanced', 'moved')) AS moved_on_count,
        count(*) FILTER (WHERE s.outcome = 'returned') AS returned_count,
        count(*) FILTER (WHERE s.outcome = 'won') AS won_count, count(*) FILTER (WHERE s.outcome = 'lost') AS lost_count,
        count(DISTINCT s.deal_id) FILTER (WHERE s.status = 'won') AS deals_won_count,
        count(DISTINCT s.deal_id) FILTER (WHERE s.status = 'lost') AS deals_lost_count,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY s.seconds) AS median_seconds,
        percentile_cont(0.9) WITHIN GROUP (ORDER BY s.seconds) AS p90_seconds
    FROM stays s GROUP BY s.pipeline_id, s.stage_id
)
SELECT to_jsonb(s) || jsonb_build_object(
    -- Of the stays that have ended, how many went further; of the deals that passed here and are closed, how many were won.
    'move_on_rate', round((s.moved_on_count + s.won_count)::numeric / NULLIF(s.left_count, 0), 4),
    'win_rate', round(s.deals_won_count::numeric / NULLIF(s.deals_won_count + s.deals_lost_count, 0), 4))
FROM stages s
ORDER BY s.pipeline_id, s.probability_percent, s.stage_id
