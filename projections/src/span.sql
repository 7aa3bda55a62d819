-- The buckets of time that a report tells: from that of $2 through that of $3, or, where nothing is said, the last thirty days, thirteen
-- weeks or twelve months. Worked out beforehand: under row level security an index is searched by plain values only.
, span AS MATERIALIZED (
    SELECT l.unit, l.step, greatest(coalesce(date_trunc(l.unit, $2::date::timestamp), l.last - l.step * l.back)::date, date '0001-01-01') AS first, l.last::date AS last,
        (l.last + l.step)::date AS next
    FROM (
        SELECT u.*, date_trunc(u.unit, coalesce($3::date, current_date)::timestamp) AS last
        FROM asked a JOIN (VALUES ('day', interval '1 day', 29), ('week', interval '7 days', 12), ('month', interval '1 month', 11))
            AS u (unit, step, back) ON u.unit = a.unit
    ) l
), buckets AS (
    SELECT b::date AS first, least((b + s.step)::date, s.next) - 1 AS last
    FROM span s CROSS JOIN LATERAL generate_series(s.first::timestamp, s.last::timestamp, s.step) AS b
)
