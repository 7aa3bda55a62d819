-- All buckets of each currency in which anything is open, so that a chart has no holes.
, ages (number, name, from_days, to_days) AS (
    VALUES (1, 'not_due', NULL::integer, 0), (2, '1-30', 1, 30), (3, '31-60', 31, 60), (4, '61-90', 61, 90), (5, 'over_90', 91, NULL)
), currencies AS (
    SELECT o.currency, sum(o.open_minor) AS total FROM opened o WHERE $2::text IS NULL OR o.currency = $2 GROUP BY o.currency
), sums AS (
    SELECT c.currency, c.total, g.number, g.name, g.from_days, g.to_days, count(o.document_id) AS documents, count(DISTINCT o.party_id) AS parties,
        coalesce(sum(o.open_minor), 0) AS minor
    FROM currencies c CROSS JOIN ages g
    LEFT JOIN opened o ON o.currency = c.currency AND o.days >= coalesce(g.from_days, -2147483648) AND o.days <= coalesce(g.to_days, 2147483647)
    GROUP BY c.currency, c.total, g.number, g.name, g.from_days, g.to_days
)
SELECT jsonb_build_object(
    'as_of', d.day, 'currency', s.currency, 'age', s.name, 'from_days', s.from_days, 'to_days', s.to_days, 'document_count', s.documents,
    'party_count', s.parties, 'open_minor', s.minor, 'share_percent', round(100 * s.minor / nullif(s.total, 0), 2),
    'drill', CASE
        -- What was open on a day of the past is told by party; what is open today, document by document.
        WHEN $1::date IS NOT NULL THEN jsonb_build_object('context', 'invoicing', 'source', p.report, 'terms', jsonb_strip_nulls(jsonb_build_object(
            'as_of', d.day, 'currency', s.currency, p.party, $3::text)))
        ELSE jsonb_build_object('context', 'invoicing', 'source', p.list, 'terms', jsonb_strip_nulls(jsonb_build_object(
            'open_minor.ne', '0', 'currency', s.currency, 'due_date.gte', d.day - s.to_days, 'due_date.lte', d.day - s.from_days,
            'date.lte', d.day, p.party, $3::text)))
        END)
FROM sums s CROSS JOIN days d CROSS JOIN place p
ORDER BY s.currency, s.number
