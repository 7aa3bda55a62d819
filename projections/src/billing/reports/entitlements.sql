-- What each subscription entitles to: the plan's features, overridden where an override holds, and nothing while it is suspended or over.
WITH chosen AS (
    SELECT s.* FROM billing_subscription_list s
    WHERE ($1::text IS NULL OR s.id = $1) AND ($2::text IS NULL OR s.customer_id = $2) AND (s.status <> 'ended' OR $1::text IS NOT NULL)
), features AS (
    SELECT c.id, c.customer_id, c.plan_id, c.status, c.entitled, f.feature, c.entitlements -> f.feature AS planned,
        CASE WHEN (c.overrides -> f.feature ->> 'until') IS NULL OR (c.overrides -> f.feature ->> 'until')::timestamptz > now()
            THEN c.overrides -> f.feature END AS held
    FROM chosen c CROSS JOIN LATERAL (
        SELECT jsonb_object_keys(c.entitlements) AS feature UNION SELECT jsonb_object_keys(c.overrides)
    ) f
    WHERE $3::text IS NULL OR f.feature = $3
)
SELECT jsonb_build_object(
    'subscription_id', f.id, 'customer_id', f.customer_id, 'plan_id', f.plan_id, 'status', f.status, 'feature', f.feature,
    'value', coalesce(f.held -> 'value', f.planned), 'source', CASE WHEN f.held IS NULL THEN 'plan' ELSE 'override' END,
    'until', f.held -> 'until',
    'granted', f.entitled AND coalesce(f.held -> 'value', f.planned) NOT IN ('null', 'false', '0'))
FROM features f
WHERE coalesce(f.held -> 'value', f.planned) IS NOT NULL
ORDER BY f.id, f.feature
