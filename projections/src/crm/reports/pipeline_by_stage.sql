SELECT jsonb_build_object(
    'pipeline_id', s.pipeline_id, 'pipeline_name', s.pipeline_name, 'position', s.position, 'stage_id', s.stage_id,
    'stage_name', s.stage_name, 'probability_percent', s.probability_percent, 'currency', s.currency, 'deal_count', s.deal_count,
    'unvalued_count', s.unvalued_count, 'amount_minor', s.amount_minor, 'weighted_minor', s.weighted_minor,
    'oldest_entered_at', s.oldest_entered_at)
FROM staged s
ORDER BY s.pipeline_id, s.position NULLS LAST, s.stage_id, s.currency NULLS LAST
