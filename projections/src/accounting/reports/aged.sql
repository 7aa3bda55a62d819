, parties AS (
    SELECT g.account, g.party, sum(g.open) AS open, min(g.opened_on) FILTER (WHERE g.open > 0) AS oldest, count(*) FILTER (WHERE g.open > 0) AS items,
        coalesce(sum(g.open) FILTER (WHERE g.days <= 30), 0) AS to_30,
        coalesce(sum(g.open) FILTER (WHERE g.days BETWEEN 31 AND 60), 0) AS to_60,
        coalesce(sum(g.open) FILTER (WHERE g.days BETWEEN 61 AND 90), 0) AS to_90,
        coalesce(sum(g.open) FILTER (WHERE g.days > 90), 0) AS over_90,
        sum(g.net) AS net
    FROM aged g GROUP BY g.account, g.party
), together AS (
    SELECT coalesce(g.account, p.account) AS account, coalesce(g.party, p.party) AS party, g.oldest, coalesce(g.items, 0) AS items,
        coalesce(g.open, 0) AS open, coalesce(g.to_30, 0) AS to_30, coalesce(g.to_60, 0) AS to_60, coalesce(g.to_90, 0) AS to_90,
        coalesce(g.over_90, 0) AS over_90, greatest(0, coalesce(p.amount, 0) - coalesce(g.net, 0)) AS unassigned
    FROM parties g FULL JOIN paid p ON p.account = g.account AND p.party = g.party
)
SELECT jsonb_build_object(
    'party', nullif(t.party, ''), 'account', t.account, 'currency', a.currency, 'total_minor', t.open - t.unassigned,
    'days_0_30_minor', t.to_30, 'days_31_60_minor', t.to_60, 'days_61_90_minor', t.to_90, 'days_over_90_minor', t.over_90,
    'unassigned_minor', t.unassigned, 'open_items', t.items, 'oldest_on', t.oldest)
FROM together t JOIN accounts a ON a.id = t.account
WHERE t.open <> 0 OR t.unassigned <> 0
ORDER BY a.currency, t.account, t.open DESC, t.party
