-- Of the subscriptions that brought something when a month began, how many and how much were lost in it.
WITH bounds AS (
    SELECT date_trunc('month', coalesce($2::date::timestamp, now() AT TIME ZONE 'UTC' - interval '11 months')) AS first,
        date_trunc('month', coalesce($3::date::timestamp, now() AT TIME ZONE 'UTC')) AS last
), months AS (
    SELECT m AS month FROM bounds, generate_series(bounds.first, least(bounds.last, bounds.first + interval '119 months'), '1 month') m
), moved AS (
    SELECT m.subscription_id, m.currency, m.delta_minor, m.at AT TIME ZONE 'UTC' AS at FROM billing_mrr_movement m WHERE $1::text IS NULL OR m.currency = $1
), opening AS (
    -- What each subscription came to when the month began.
    SELECT n.month, m.currency, m.subscription_id, sum(m.delta_minor) AS minor
    FROM months n JOIN moved m ON m.at < n.month
    GROUP BY n.month, m.currency, m.subscription_id HAVING sum(m.delta_minor) > 0
), within AS (
    SELECT o.month, o.currency, o.subscription_id, o.minor,
        coalesce(sum(m.delta_minor), 0) AS delta_minor
    FROM opening o LEFT JOIN moved m
        ON m.subscription_id = o.subscription_id AND m.currency = o.currency AND m.at >= o.month AND m.at < o.month + interval '1 month'
    GROUP BY o.month, o.currency, o.subscription_id, o.minor
), summed AS (
    SELECT w.month, w.currency, count(*) AS opening_count, sum(w.minor)::bigint AS opening_minor,
        count(*) FILTER (WHERE w.minor + w.delta_minor <= 0) AS churned_count,
        coalesce(-sum(w.delta_minor) FILTER (WHERE w.minor + w.delta_minor <= 0), 0)::bigint AS churned_minor,
        coalesce(-sum(w.delta_minor) FILTER (WHERE w.delta_minor < 0), 0)::bigint AS lost_minor,
        coalesce(sum(w.delta_minor), 0)::bigint AS net_minor
    FROM within w GROUP BY w.month, w.currency
)
SELECT jsonb_build_object(
    'month', to_char(s.month, 'YYYY-MM'), 'currency', s.currency, 'opening_count', s.opening_count,
    'opening_minor', s.opening_minor, 'churned_count', s.churned_count, 'churned_minor', s.churned_minor,
    'subscription_churn_rate', round(s.churned_count::numeric / s.opening_count, 4),
    -- Lost by churn and contraction; net of expansion in the second.
    'gross_revenue_churn_rate', round(s.lost_minor::numeric / s.opening_minor, 4),
    'net_revenue_churn_rate', round(-s.net_minor::numeric / s.opening_minor, 4))
FROM summed s
ORDER BY s.month, s.currency
