-- Open deals by the month in which they are expected, won deals by the month in which they were won.
WITH months AS (
    SELECT to_char(CASE d.status WHEN 'won' THEN d.closed_on ELSE d.expected_close END, 'YYYY-MM') AS month, d.*
    FROM crm_deal_list d
    WHERE d.status IN ('open', 'won') AND ($1::text IS NULL OR d.pipeline_id = $1) AND ($2::text IS NULL OR d.owner = $2)
        AND ($3::text IS NULL OR d.currency = $3)
        -- Without a window, deals without an expected day are told too.
        AND ($4::date IS NULL OR CASE d.status WHEN 'won' THEN d.closed_on ELSE d.expected_close END >= $4::date)
        AND ($5::date IS NULL OR CASE d.status WHEN 'won' THEN d.closed_on ELSE d.expected_close END <= $5::date)
)
SELECT jsonb_build_object(
    'month', m.month, 'pipeline_id', m.pipeline_id, 'currency', m.currency,
    'open_count', count(*) FILTER (WHERE m.status = 'open'),
    'overdue_count', count(*) FILTER (WHERE m.status = 'open' AND m.expected_close < current_date),
    'unvalued_count', count(*) FILTER (WHERE m.status = 'open' AND m.amount_minor IS NULL),
    'amount_minor', coalesce(sum(m.amount_minor) FILTER (WHERE m.status = 'open'), 0),
    'weighted_minor', coalesce(sum(m.weighted_minor) FILTER (WHERE m.status = 'open'), 0),
    'won_count', count(*) FILTER (WHERE m.status = 'won'),
    'won_minor', coalesce(sum(m.amount_minor) FILTER (WHERE m.status = 'won'), 0))
FROM months m
GROUP BY m.month, m.pipeline_id, m.currency
ORDER BY m.month NULLS LAST, m.pipeline_id, m.currency NULLS LAST
