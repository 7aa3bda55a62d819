, moved AS (
    SELECT e.account, e.name, e.currency,
        CASE
            WHEN e.type = 'revenue' AND e.subtype IS NOT DISTINCT FROM 'other_income' THEN 'other_income'
            WHEN e.type = 'revenue' THEN 'revenue'
            WHEN e.subtype = 'cost_of_sales' THEN 'cost_of_sales'
            WHEN e.subtype = 'other_expense' THEN 'other_expenses'
            ELSE 'operating_expenses'
        END AS section,
        -- Earned counts as positive among revenue, spent among expenses.
        CASE e.type WHEN 'revenue' THEN (e.credit - b.credit) - (e.debit - b.debit) ELSE (e.debit - b.debit) - (e.credit - b.credit) END AS amount
    FROM balances e JOIN balances b ON b.account = e.account AND b.label = 'before'
    WHERE e.label = 'until' AND e.type IN ('revenue', 'expense') AND ($3::text IS NULL OR e.currency = $3)
), sums AS (
    SELECT m.currency,
        coalesce(sum(m.amount) FILTER (WHERE m.section = 'revenue'), 0) AS revenue,
        coalesce(sum(m.amount) FILTER (WHERE m.section = 'cost_of_sales'), 0) AS cost_of_sales,
        coalesce(sum(m.amount) FILTER (WHERE m.section = 'operating_expenses'), 0) AS operating_expenses,
        coalesce(sum(m.amount) FILTER (WHERE m.section = 'other_income'), 0) AS other_income,
        coalesce(sum(m.amount) FILTER (WHERE m.section = 'other_expenses'), 0) AS other_expenses,
        coalesce(jsonb_agg(jsonb_build_object('section', m.section, 'account', m.account, 'name', m.name, 'amount_minor', m.amount)
            ORDER BY m.account) FILTER (WHERE m.amount <> 0), '[]') AS accounts
    FROM moved m GROUP BY m.currency
)
SELECT jsonb_build_object(
    'currency', s.currency, 'from', (SELECT coalesce($1::date, y.start) FROM year y), 'to', (SELECT y.until FROM year y),
    'revenue_minor', s.revenue, 'cost_of_sales_minor', s.cost_of_sales, 'gross_profit_minor', s.revenue - s.cost_of_sales,
    'operating_expenses_minor', s.operating_expenses,
    'operating_result_minor', s.revenue - s.cost_of_sales - s.operating_expenses,
    'other_income_minor', s.other_income, 'other_expenses_minor', s.other_expenses,
    'net_income_minor', s.revenue - s.cost_of_sales - s.operating_expenses + s.other_income - s.other_expenses,
    'accounts', s.accounts)
FROM sums s
ORDER BY s.currency
