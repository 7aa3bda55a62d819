-- The days from $2 through $3, the last thirty where nothing is said, and as many before them.
WITH period AS MATERIALIZED (
    SELECT f.first, f.last, f.first - 1 AS before_last, f.first - (f.last - f.first + 1) AS before_first
    FROM (
        SELECT coalesce($2::date, l.last - 29) AS first, l.last FROM (SELECT coalesce($3::date, current_date) AS last) l
    ) f
)
