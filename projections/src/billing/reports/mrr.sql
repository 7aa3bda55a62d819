-- Recurring revenue by month and currency: what it was at the start, what changed it, and what it came to.
WITH bounds AS (
    SELECT date_trunc('month', coalesce($2::date::timestamp, now() AT TIME ZONE 'UTC' - interval '11 months')) AS first,
        date_trunc('month', coalesce($3::date::timestamp, now() AT TIME ZONE 'UTC')) AS last
), months AS (
    SELECT m AS month FROM bounds, generate_series(bounds.first, least(bounds.last, bounds.first + interval '119 months'), '1 month') m
), moved AS (
    SELECT m.currency, date_trunc('month', m.at AT TIME ZONE 'UTC') AS month, m.kind, m.delta_minor
    FROM billing_mrr_movement m WHERE $1::text IS NULL OR m.currency = $1
), currencies AS (
    SELECT DISTINCT currency FROM moved
), summed AS (
    SELECT c.currency, n.month,
        coalesce(sum(m.delta_minor) FILTER (WHERE m.month < n.month), 0)::bigint AS opening_minor,
        coalesce(sum(m.delta_minor) FILTER (WHERE m.month = n.month AND m.kind = 'new'), 0)::bigint AS new_minor,
        coalesce(sum(m.delta_minor) FILTER (WHERE m.month = n.month AND m.kind = 'expansion'), 0)::bigint AS expansion_minor,
        coalesce(sum(m.delta_minor) FILTER (WHERE m.month = n.month AND m.kind = 'contraction'), 0)::bigint AS contraction_minor,
        coalesce(sum(m.delta_minor) FILTER (WHERE m.month = n.month AND m.kind = 'churn'), 0)::bigint AS churn_minor
    FROM currencies c CROSS JOIN months n LEFT JOIN moved m ON m.currency = c.currency AND m.month <= n.month
    GROUP BY c.currency, n.month
)
SELECT jsonb_build_object(
    'month', to_char(s.month, 'YYYY-MM'), 'currency', s.currency, 'opening_minor', s.opening_minor,
    'new_minor', s.new_minor, 'expansion_minor', s.expansion_minor, 'contraction_minor', s.contraction_minor, 'churn_minor', s.churn_minor,
    'closing_minor', s.opening_minor + s.new_minor + s.expansion_minor + s.contraction_minor + s.churn_minor)
FROM summed s
ORDER BY s.month, s.currency
