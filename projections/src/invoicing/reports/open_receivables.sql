-- The invoices of which something was open at the end of each of the days: what is open now, without what moved it later. So any day of
-- the past can be asked for, and a day of late costs no more than what has happened since.
, receivables_moved AS (
    SELECT d.label, m.document_id, sum(m.amount_minor) AS amount_minor
    FROM days d JOIN invoicing_movement_list m ON m.date > d.day
    WHERE m.side = 'receivable' AND m.document_id IS NOT NULL
    GROUP BY d.label, m.document_id
), receivables_touched AS (
    SELECT d.label, i.id FROM days d CROSS JOIN invoicing_invoice_list i WHERE i.open_minor > 0 OR i.open_minor < 0
    UNION
    SELECT m.label, m.document_id FROM receivables_moved m
), open_receivables AS (
    SELECT t.label, i.id AS document_id, i.customer_id AS party_id, i.customer_name AS party_name, i.currency, i.due_date, d.day - i.due_date AS days,
        i.open_minor - coalesce(m.amount_minor, 0) AS open_minor
    FROM receivables_touched t
    JOIN days d ON d.label = t.label
    JOIN invoicing_invoice_list i ON i.id = t.id
    LEFT JOIN receivables_moved m ON m.label = t.label AND m.document_id = t.id
    WHERE i.open_minor <> coalesce(m.amount_minor, 0)
)
