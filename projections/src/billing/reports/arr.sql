-- What the subscriptions that are under way come to in a year, by plan and currency.
SELECT jsonb_build_object(
    'plan_id', s.plan_id, 'plan_name', max(s.plan_name), 'currency', s.currency, 'subscriptions', count(*),
    'customers', count(DISTINCT s.customer_id), 'quantity', sum(s.quantity), 'mrr_minor', sum(s.recurring_minor),
    'arr_minor', sum(s.recurring_minor) * 12)
FROM billing_subscription_list s
WHERE s.status <> 'ended' AND s.recurring_minor > 0 AND ($1::text IS NULL OR s.currency = $1)
GROUP BY s.plan_id, s.currency
ORDER BY sum(s.recurring_minor) DESC, s.plan_id, s.currency
