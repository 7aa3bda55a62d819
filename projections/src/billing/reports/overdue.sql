-- What is overdue, by currency and by how many days.
WITH aged AS (
    SELECT p.currency, p.amount_minor, p.subscription_id, p.customer_id, (current_date - p.due_on) AS days
    FROM billing_payment_list p
    WHERE p.overdue AND p.status IN ('open', 'action_required', 'authorized') AND ($1::text IS NULL OR p.currency = $1)
        AND ($2::text IS NULL OR p.customer_id = $2)
), buckets AS (
    SELECT a.*, CASE WHEN a.days <= 7 THEN '0-7' WHEN a.days <= 30 THEN '8-30' WHEN a.days <= 60 THEN '31-60' ELSE '61+' END AS bucket
    FROM aged a
)
SELECT jsonb_build_object(
    'currency', b.currency, 'days', b.bucket, 'payment_count', count(*), 'customer_count', count(DISTINCT b.customer_id),
    'subscription_count', count(DISTINCT b.subscription_id), 'amount_minor', sum(b.amount_minor))
FROM buckets b
GROUP BY b.currency, b.bucket
ORDER BY b.currency, min(b.days)
