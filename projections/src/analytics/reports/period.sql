-- The days from $2 through $3, the last thirty where nothing is said, and as many before them, within what a calendar writes without signs.
WITH period AS MATERIALIZED (
    SELECT f.first, f.last, greatest(f.first - 1, f.begin) AS before_last, greatest(f.first - (f.last - f.first + 1), f.begin) AS before_first
    FROM (
        SELECT coalesce($2::date, greatest(l.last - 29, l.begin)) AS first, l.last, l.begin
        FROM (SELECT coalesce($3::date, current_date) AS last, date '0001-01-01' AS begin) l
    ) f
)
