SELECT jsonb_build_object(
    'pipeline_id', s.pipeline_id, 'pipeline_name', s.pipeline_name, 'position', s.position, 'stage_id', s.stage_id,
    'stage_name', s.stage_name, 'probability_percent', s.probability_percent, 'currency', s.currency, 'date', s.month,
    'deal_count', s.deal_count, 'unvalued_count', s.unvalued_count, 'overdue_count', s.overdue_count, 'amount_minor', s.amount_minor,
    'weighted_minor', s.weighted_minor,
    'drill', jsonb_build_object('context', 'crm', 'source', 'deal-list', 'terms', jsonb_strip_nulls(jsonb_build_object(
        'status', 'open', 'pipeline_id', s.pipeline_id, 'stage_id', s.stage_id, 'currency', s.currency, 'owner', $2::text,
        'expected_close.gte', s.month, 'expected_close.lt', (s.month + interval '1 month')::date,
        'currency.null', CASE WHEN s.currency IS NULL THEN 'true' END, 'expected_close.null', CASE WHEN s.month IS NULL THEN 'true' END))))
FROM staged s
ORDER BY s.pipeline_id, s.position NULLS LAST, s.stage_id, s.currency NULLS LAST, s.month NULLS LAST
