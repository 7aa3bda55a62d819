SELECT jsonb_build_object(
    'reason', d.lost_reason, 'competitor', d.competitor, 'currency', d.currency, 'deal_count', count(*),
    'amount_minor', coalesce(sum(d.amount_minor), 0))
FROM crm_deal_list d
WHERE d.status = 'lost' AND ($1::text IS NULL OR d.pipeline_id = $1) AND ($2::text IS NULL OR d.owner = $2)
    AND ($3::date IS NULL OR d.closed_on >= $3::date) AND ($4::date IS NULL OR d.closed_on <= $4::date)
GROUP BY d.lost_reason, d.competitor, d.currency
ORDER BY count(*) DESC, d.lost_reason, d.competitor NULLS FIRST, d.currency NULLS LAST
