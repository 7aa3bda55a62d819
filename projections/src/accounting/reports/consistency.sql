-- What must agree, and whether it does.
WITH sums AS (
    SELECT a.id AS account, a.currency, a.control, coalesce(b.debit_minor, 0) AS debit, coalesce(b.credit_minor, 0) AS credit,
        coalesce(c.debit_minor, 0) AS checked_debit, coalesce(c.credit_minor, 0) AS checked_credit,
        (coalesce(b.debit_minor, 0), coalesce(b.credit_minor, 0), coalesce(m.debit_minor, 0), coalesce(m.credit_minor, 0))
            = (coalesce(c.debit_minor, 0), coalesce(c.credit_minor, 0), coalesce(c.debit_minor, 0), coalesce(c.credit_minor, 0)) AS agrees
    FROM accounting_account_list a
    LEFT JOIN accounting_account_check c ON c.account = a.id
    LEFT JOIN LATERAL (
        SELECT p.debit_minor, p.credit_minor FROM accounting_block_balance p WHERE p.account = a.id ORDER BY p.block DESC LIMIT 1
    ) b ON true
    LEFT JOIN LATERAL (
        SELECT p.debit_minor, p.credit_minor FROM accounting_period_balance p WHERE p.account = a.id ORDER BY p.month DESC LIMIT 1
    ) m ON true
), unsettled AS (
    SELECT s.currency, coalesce(sum(s.expected_minor), 0) AS expected, coalesce(sum(s.posted_minor), 0) AS posted, count(*) AS count,
        min(coalesce(s.expected_at, s.posted_at)) AS since
    FROM accounting_stock_check s WHERE s.difference_minor <> 0 GROUP BY s.currency
), unposted AS (
    SELECT s.subledger, s.currency, coalesce(sum(s.expected_minor), 0) AS expected, coalesce(sum(s.posted_minor), 0) AS posted,
        count(*) AS count, min(coalesce(s.expected_at, s.posted_at)) AS since
    FROM accounting_subledger_check s WHERE s.difference_minor <> 0 GROUP BY s.subledger, s.currency
), told (place, name, account, currency, expected, actual, count, since, status) AS (
    SELECT 1, 'debits_equal_credits', NULL, s.currency, sum(s.debit), sum(s.credit), count(*), NULL::timestamptz,
        CASE WHEN sum(s.debit) = sum(s.credit) THEN 'ok' ELSE 'alarm' END
    FROM sums s GROUP BY s.currency
    UNION ALL
    SELECT 2, 'balances_equal_entries', NULL, s.currency, sum(s.checked_debit), sum(s.debit), count(*) FILTER (WHERE NOT s.agrees), NULL,
        CASE WHEN bool_and(s.agrees) THEN 'ok' ELSE 'alarm' END
    FROM sums s GROUP BY s.currency
    UNION ALL
    SELECT 3, 'subledger_equals_control', s.account, s.currency, s.debit - s.credit, coalesce(i.net, 0), coalesce(i.parties, 0), NULL,
        CASE WHEN s.debit - s.credit = coalesce(i.net, 0) THEN 'ok' ELSE 'alarm' END
    FROM sums s
    LEFT JOIN LATERAL (
        SELECT sum(o.debit_minor - o.credit_minor) AS net, count(DISTINCT o.party) AS parties
        FROM accounting_open_item o WHERE o.account = s.account AND o.party <> '' AND o.debit_minor <> o.credit_minor
    ) i ON true
    WHERE s.control IN ('receivable', 'payable')
    UNION ALL
    SELECT 4, 'stock_equals_ledger', NULL, c.currency, coalesce(u.expected, 0), coalesce(u.posted, 0), coalesce(u.count, 0), u.since,
        CASE WHEN u.count IS NULL THEN 'ok' WHEN u.since > now() - make_interval(mins => greatest(0, least($1::bigint, 1000000))::integer) THEN 'pending' ELSE 'alarm' END
    FROM (SELECT s.currency FROM sums s WHERE s.control = 'inventory' UNION SELECT u.currency FROM unsettled u) c
    LEFT JOIN unsettled u ON u.currency = c.currency
    UNION ALL
    SELECT n.place, n.name, NULL, c.currency, coalesce(u.expected, 0), coalesce(u.posted, 0), coalesce(u.count, 0), u.since,
        CASE WHEN u.count IS NULL THEN 'ok' WHEN u.since > now() - make_interval(mins => greatest(0, least($1::bigint, 1000000))::integer) THEN 'pending' ELSE 'alarm' END
    FROM (
        SELECT s.control AS subledger, s.currency FROM sums s WHERE s.control IN ('receivable', 'payable')
        UNION SELECT r.role, r.currency FROM accounting_posting_role_list r WHERE r.role = 'customer_credit'
        UNION SELECT u.subledger, u.currency FROM unposted u
    ) c
    JOIN (VALUES (5, 'receivable', 'receivables_equal_documents'), (6, 'payable', 'payables_equal_documents'),
        (7, 'customer_credit', 'customer_credit_equals_documents')) AS n (place, subledger, name) ON n.subledger = c.subledger
    LEFT JOIN unposted u ON u.subledger = c.subledger AND u.currency = c.currency
)
SELECT jsonb_build_object(
    'check', t.name, 'account', t.account, 'currency', t.currency, 'expected_minor', t.expected, 'actual_minor', t.actual,
    'difference_minor', t.actual - t.expected, 'count', t.count, 'since', t.since, 'status', t.status)
FROM told t
ORDER BY t.place, t.currency, t.account
