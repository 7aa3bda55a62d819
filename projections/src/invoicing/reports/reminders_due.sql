-- Invoices whose due day is over while something is open, the longest overdue first.
SELECT jsonb_build_object(
    'invoice_id', i.id, 'number', i.number, 'customer_id', i.customer_id, 'customer_name', i.customer_name, 'customer_email', i.customer_email,
    'currency', i.currency, 'total_minor', i.total_minor, 'open_minor', i.open_minor, 'date', i.date, 'due_date', i.due_date,
    'days_overdue', coalesce($3::date, current_date) - i.due_date, 'reminder_level', i.reminder_level, 'reminded_at', i.reminded_at)
FROM invoicing_invoice_list i
WHERE i.status = 'finalized' AND i.open_minor > 0 AND i.due_date < coalesce($3::date, current_date)
    AND ($1::integer IS NULL OR i.reminder_level >= $1::integer) AND ($2::text IS NULL OR i.customer_id = $2)
ORDER BY i.due_date, i.id
LIMIT $4::bigint
