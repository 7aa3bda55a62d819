-- What was used and is not billed yet.
SELECT jsonb_build_object(
    'subscription_id', u.subscription_id, 'customer_id', u.customer_id, 'plan_id', s.plan_id, 'metric', u.metric,
    'period_start', u.period_start, 'period_end', CASE WHEN u.period_start = s.period_start THEN s.period_end END,
    'count', u.count, 'sum', u.sum, 'max', u.max, 'latest', u.latest, 'unique_count', u.unique_count, 'updated_at', u.updated_at)
FROM billing_usage_list u JOIN billing_subscription_list s ON s.id = u.subscription_id
WHERE NOT u.closed AND ($1::text IS NULL OR u.subscription_id = $1) AND ($2::text IS NULL OR u.customer_id = $2)
    AND ($3::text IS NULL OR u.metric = $3)
ORDER BY u.subscription_id, u.period_start, u.metric
