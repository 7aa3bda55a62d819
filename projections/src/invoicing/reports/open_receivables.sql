-- The invoices of which something was open at the end of each of the days: what is open now, without what moved it later. So any day of
-- the past can be asked for, and a day of late costs no more than what has happened since. What is settled now is looked up only where it
-- was not settled then.
, receivables_moved AS (
    SELECT d.label, d.day, m.document_id, m.amount_minor
    FROM days d CROSS JOIN LATERAL (
        SELECT x.document_id, sum(x.amount_minor) AS amount_minor FROM invoicing_movement_list x
        WHERE x.date > d.day AND x.side = 'receivable' AND x.document_id IS NOT NULL GROUP BY x.document_id
    ) m
    WHERE m.amount_minor <> 0
), open_receivables AS (
    SELECT d.label, i.id AS document_id, i.customer_id AS party_id, i.customer_name AS party_name, i.currency, i.due_date, d.day - i.due_date AS days,
        i.open_minor - coalesce(m.amount_minor, 0) AS open_minor
    FROM days d CROSS JOIN invoicing_invoice_list i LEFT JOIN receivables_moved m ON m.label = d.label AND m.document_id = i.id
    WHERE (i.open_minor > 0 OR i.open_minor < 0) AND i.open_minor <> coalesce(m.amount_minor, 0)
    UNION ALL
    SELECT d.label, i.id AS document_id, i.customer_id AS party_id, i.customer_name AS party_name, i.currency, i.due_date, d.day - i.due_date AS days,
        -d.amount_minor
    FROM receivables_moved d JOIN invoicing_invoice_list i ON i.id = d.document_id
    WHERE i.open_minor = 0
)
