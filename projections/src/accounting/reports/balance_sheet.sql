, lines AS (
    SELECT b.label, b.account, b.name, b.currency,
        CASE b.type WHEN 'asset' THEN 'assets' WHEN 'liability' THEN 'liabilities' WHEN 'equity' THEN 'equity' ELSE 'results' END AS section,
        CASE b.type WHEN 'asset' THEN b.debit - b.credit ELSE b.credit - b.debit END AS amount
    FROM balances b
    WHERE $2::text IS NULL OR b.currency = $2
), sums AS (
    SELECT l.currency,
        coalesce(sum(l.amount) FILTER (WHERE l.label = 'until' AND l.section = 'assets'), 0) AS assets,
        coalesce(sum(l.amount) FILTER (WHERE l.label = 'until' AND l.section = 'liabilities'), 0) AS liabilities,
        coalesce(sum(l.amount) FILTER (WHERE l.label = 'until' AND l.section = 'equity'), 0) AS equity,
        coalesce(sum(l.amount) FILTER (WHERE l.label = 'until' AND l.section = 'results'), 0) AS results,
        coalesce(sum(l.amount) FILTER (WHERE l.label = 'before' AND l.section = 'results'), 0) AS earlier,
        coalesce(jsonb_agg(jsonb_build_object('section', l.section, 'account', l.account, 'name', l.name, 'amount_minor', l.amount)
            ORDER BY l.account) FILTER (WHERE l.label = 'until' AND l.section <> 'results' AND l.amount <> 0), '[]') AS accounts
    FROM lines l GROUP BY l.currency
)
SELECT jsonb_build_object(
    'currency', s.currency, 'as_of', (SELECT y.until FROM year y), 'year_start', (SELECT y.start FROM year y),
    'assets_minor', s.assets, 'liabilities_minor', s.liabilities, 'equity_minor', s.equity,
    'earlier_results_minor', s.earlier, 'current_year_result_minor', s.results - s.earlier,
    'liabilities_and_equity_minor', s.liabilities + s.equity + s.results, 'accounts', s.accounts)
FROM sums s
ORDER BY s.currency
