-- Recurring revenue by bucket of time and currency: what it was at the start, what changed it, and what it came to. A movement is read once.
, moved AS (
    SELECT m.currency, date_trunc(s.unit, greatest(m.at AT TIME ZONE 'UTC', s.first::timestamp - interval '1 day'))::date AS first,
        sum(m.delta_minor) AS delta,
        sum(m.delta_minor) FILTER (WHERE m.kind = 'new') AS new, sum(m.delta_minor) FILTER (WHERE m.kind = 'expansion') AS expansion,
        sum(m.delta_minor) FILTER (WHERE m.kind = 'contraction') AS contraction, sum(m.delta_minor) FILTER (WHERE m.kind = 'churn') AS churn,
        count(*) FILTER (WHERE m.kind = 'new') AS new_count, count(*) FILTER (WHERE m.kind = 'churn') AS churn_count
    FROM span s JOIN billing_mrr_movement m ON m.at < (s.next::timestamp AT TIME ZONE 'UTC')
    WHERE $1::text IS NULL OR m.currency = $1
    GROUP BY 1, 2
), opening AS (
    SELECT m.currency, coalesce(sum(m.delta) FILTER (WHERE m.first < s.first), 0) AS minor
    FROM moved m CROSS JOIN span s GROUP BY m.currency
), recurring AS (
    SELECT b.first, b.last, o.currency, coalesce(m.new, 0)::bigint AS new_minor, coalesce(m.expansion, 0)::bigint AS expansion_minor,
        coalesce(m.contraction, 0)::bigint AS contraction_minor, coalesce(m.churn, 0)::bigint AS churn_minor,
        coalesce(m.new_count, 0) AS new_count, coalesce(m.churn_count, 0) AS churn_count, coalesce(m.delta, 0)::bigint AS delta_minor,
        (o.minor + sum(coalesce(m.delta, 0)) OVER (PARTITION BY o.currency ORDER BY b.first))::bigint AS closing_minor
    FROM opening o CROSS JOIN buckets b LEFT JOIN moved m ON m.currency = o.currency AND m.first = b.first
)
