-- When the business year of a day began; years begin in January where the calendar says nothing else.
, year AS (
    SELECT t.day AS until, make_date(extract(year FROM t.day)::integer - (extract(month FROM t.day) < s.month)::integer, s.month, 1) AS start
    FROM today t
    CROSS JOIN (SELECT coalesce((SELECT p.fiscal_year_start_month FROM accounting_period_list p WHERE p.id = 'default'), 1) AS month) s
)
