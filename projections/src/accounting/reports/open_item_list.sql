SELECT jsonb_build_object(
    'party', nullif(g.party, ''), 'account', g.account, 'currency', a.currency, 'item', g.item, 'opened_on', g.opened_on, 'days', g.days,
    'amount_minor', g.net, 'open_minor', g.open)
FROM aged g JOIN accounts a ON a.id = g.account
WHERE g.open > 0
ORDER BY a.currency, g.account, g.party, g.opened_on, g.item
