, figures (currency, name, value, previous) AS (
    SELECT d.currency, f.name, sum(f.value) FILTER (WHERE d.date >= p.first), sum(f.value) FILTER (WHERE d.date < p.first)
    FROM period p JOIN analytics_sale_day d ON d.grain = 'all' AND d.member = '' AND d.date >= p.before_first AND d.date <= p.last
    CROSS JOIN LATERAL (VALUES ('revenue', d.net_minor - d.credited_net_minor), ('invoices', d.invoice_count::numeric)) AS f (name, value)
    GROUP BY d.currency, f.name
    UNION ALL
    SELECT m.currency, 'mrr', sum(m.delta_minor), coalesce(sum(m.delta_minor) FILTER (WHERE m.at < (p.first::timestamp AT TIME ZONE 'UTC')), 0)
    FROM period p JOIN billing_mrr_movement m ON m.at < ((p.last + 1)::timestamp AT TIME ZONE 'UTC')
    GROUP BY m.currency
    UNION ALL
    SELECT o.currency, f.name, sum(f.value) FILTER (WHERE o.label = 'until'), sum(f.value) FILTER (WHERE o.label = 'before')
    FROM open_receivables o
    CROSS JOIN LATERAL (VALUES ('receivables', o.open_minor), ('overdue', CASE WHEN o.days > 0 THEN o.open_minor ELSE 0 END)) AS f (name, value)
    GROUP BY o.currency, f.name
    UNION ALL
    SELECT o.currency, 'payables', sum(o.open_minor) FILTER (WHERE o.label = 'until'), sum(o.open_minor) FILTER (WHERE o.label = 'before')
    FROM open_payables o GROUP BY o.currency
    UNION ALL
    SELECT b.currency, 'cash', sum(b.debit - b.credit) FILTER (WHERE b.label = 'until'), sum(b.debit - b.credit) FILTER (WHERE b.label = 'before')
    FROM balances b WHERE b.subtype IN ('cash', 'bank') GROUP BY b.currency
    UNION ALL
    -- The stock of a day is that of now without what was booked later.
    SELECT s.currency, 'stock', sum(s.value_minor), sum(s.value_minor) FROM inventory_stock_list s GROUP BY s.currency
    UNION ALL
    SELECT m.currency, 'stock', -coalesce(sum(m.value_minor) FILTER (WHERE m.booked_on > p.last), 0), -sum(m.value_minor)
    FROM period p JOIN inventory_movement_list m ON m.booked_on > p.before_last WHERE m.currency IS NOT NULL GROUP BY m.currency
    UNION ALL
    SELECT d.currency, 'won', sum(d.amount_minor) FILTER (WHERE d.closed_on >= p.first), sum(d.amount_minor) FILTER (WHERE d.closed_on < p.first)
    FROM period p JOIN crm_deal_list d ON d.closed_on >= p.before_first AND d.closed_on <= p.last
    WHERE d.status = 'won' AND d.currency IS NOT NULL GROUP BY d.currency
    UNION ALL
    SELECT d.currency, f.name, sum(f.value), NULL
    FROM crm_deal_list d CROSS JOIN LATERAL (VALUES ('pipeline', d.amount_minor), ('weighted', d.weighted_minor)) AS f (name, value)
    WHERE d.status = 'open' AND d.currency IS NOT NULL GROUP BY d.currency, f.name
), sums AS (
    SELECT f.currency, f.name, coalesce(sum(f.value), 0) AS value, coalesce(sum(f.previous), 0) AS previous
    FROM figures f WHERE $1::text IS NULL OR f.currency = $1 GROUP BY f.currency, f.name
), told AS (
    SELECT s.currency, jsonb_object_agg(s.name, s.value) AS value, jsonb_object_agg(s.name, s.previous) AS previous FROM sums s GROUP BY s.currency
), question (name, context, source, terms) AS (
    SELECT q.name, q.context, q.source, q.terms FROM period p CROSS JOIN LATERAL (VALUES
        ('revenue', 'analytics', 'revenue', jsonb_build_object('bucket', 'day', 'from', p.first, 'to', p.last)),
        ('mrr', 'billing', 'mrr-movement', jsonb_build_object('at.lt', to_char(p.last + 1, 'YYYY-MM-DD"T00:00:00Z"'))),
        ('receivables', 'analytics', 'receivables', jsonb_build_object('as_of', p.last)),
        ('payables', 'analytics', 'payables', jsonb_build_object('as_of', p.last)),
        ('cash', 'analytics', 'cash', jsonb_build_object('bucket', 'day', 'from', p.first, 'to', p.last)),
        ('stock', 'inventory', 'valuation', jsonb_build_object('as_of', p.last)),
        ('won', 'crm', 'deal-list', jsonb_build_object('status', 'won', 'closed_on.gte', p.first, 'closed_on.lte', p.last)),
        ('pipeline', 'analytics', 'pipeline', '{}'::jsonb)) AS q (name, context, source, terms)
)
SELECT jsonb_build_object(
    'currency', t.currency, 'from', p.first, 'to', p.last, 'previous_from', p.before_first, 'previous_to', p.before_last,
    'revenue_minor', coalesce(t.value -> 'revenue', '0'), 'previous_revenue_minor', coalesce(t.previous -> 'revenue', '0'),
    'invoice_count', coalesce(t.value -> 'invoices', '0'), 'previous_invoice_count', coalesce(t.previous -> 'invoices', '0'),
    'mrr_minor', coalesce(t.value -> 'mrr', '0'), 'previous_mrr_minor', coalesce(t.previous -> 'mrr', '0'),
    'receivables_minor', coalesce(t.value -> 'receivables', '0'), 'previous_receivables_minor', coalesce(t.previous -> 'receivables', '0'),
    'overdue_minor', coalesce(t.value -> 'overdue', '0'), 'previous_overdue_minor', coalesce(t.previous -> 'overdue', '0'),
    'payables_minor', coalesce(t.value -> 'payables', '0'), 'previous_payables_minor', coalesce(t.previous -> 'payables', '0'),
    'cash_minor', coalesce(t.value -> 'cash', '0'), 'previous_cash_minor', coalesce(t.previous -> 'cash', '0'),
    'stock_value_minor', coalesce(t.value -> 'stock', '0'), 'previous_stock_value_minor', coalesce(t.previous -> 'stock', '0'),
    'won_minor', coalesce(t.value -> 'won', '0'), 'previous_won_minor', coalesce(t.previous -> 'won', '0'),
    'pipeline_minor', coalesce(t.value -> 'pipeline', '0'), 'weighted_pipeline_minor', coalesce(t.value -> 'weighted', '0'),
    'drill', (SELECT jsonb_object_agg(q.name, jsonb_build_object('context', q.context, 'source', q.source, 'terms',
        q.terms || CASE q.source WHEN 'valuation' THEN '{}' ELSE jsonb_build_object('currency', t.currency) END)) FROM question q))
FROM told t CROSS JOIN period p
ORDER BY t.currency
