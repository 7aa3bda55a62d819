WITH invoices AS (
    SELECT i.currency, count(*) FILTER (WHERE i.status = 'draft') AS draft_count,
        coalesce(sum(i.total_minor) FILTER (WHERE i.status = 'draft'), 0) AS draft_minor,
        count(*) FILTER (WHERE i.open_minor > 0) AS open_count, coalesce(sum(i.open_minor) FILTER (WHERE i.open_minor > 0), 0) AS open_minor,
        count(*) FILTER (WHERE i.open_minor > 0 AND i.due_date < current_date) AS overdue_count,
        coalesce(sum(i.open_minor) FILTER (WHERE i.open_minor > 0 AND i.due_date < current_date), 0) AS overdue_minor,
        coalesce(sum(i.written_off_minor), 0) AS written_off_minor
    FROM invoicing_invoice_list i
    WHERE i.status = 'draft' OR i.open_minor > 0 OR i.written_off_minor > 0
    GROUP BY i.currency
), credit AS (
    SELECT c.currency, sum(c.credit_minor) AS credit_minor FROM invoicing_customer_credit c WHERE c.credit_minor > 0 GROUP BY c.currency
), bills AS (
    SELECT b.currency, count(*) AS payable_count, sum(b.open_minor) AS payable_minor
    FROM invoicing_bill_list b WHERE b.status = 'approved' AND b.open_minor <> 0 GROUP BY b.currency
)
SELECT jsonb_build_object(
    'currency', currency, 'draft_count', coalesce(i.draft_count, 0), 'draft_minor', coalesce(i.draft_minor, 0),
    'open_count', coalesce(i.open_count, 0), 'open_minor', coalesce(i.open_minor, 0),
    'overdue_count', coalesce(i.overdue_count, 0), 'overdue_minor', coalesce(i.overdue_minor, 0),
    'written_off_minor', coalesce(i.written_off_minor, 0), 'credit_minor', coalesce(c.credit_minor, 0),
    'payable_count', coalesce(b.payable_count, 0), 'payable_minor', coalesce(b.payable_minor, 0))
FROM invoices i FULL JOIN credit c USING (currency) FULL JOIN bills b USING (currency)
WHERE $1::text IS NULL OR currency = $1
ORDER BY currency
