-- The bills of which something was open at the end of each of the days, as with invoices.
, payables_moved AS (
    SELECT d.label, d.day, m.document_id, m.amount_minor
    FROM days d CROSS JOIN LATERAL (
        SELECT x.document_id, sum(x.amount_minor) AS amount_minor FROM invoicing_movement_list x
        WHERE x.date > d.day AND x.side = 'payable' AND x.document_id IS NOT NULL GROUP BY x.document_id
    ) m
    WHERE m.amount_minor <> 0
), open_payables AS (
    SELECT d.label, b.id AS document_id, b.supplier_id AS party_id, b.supplier_name AS party_name, b.currency, b.due_date, d.day - b.due_date AS days,
        b.disputed IS NOT NULL AS disputed, b.open_minor - coalesce(m.amount_minor, 0) AS open_minor
    FROM days d CROSS JOIN invoicing_bill_list b LEFT JOIN payables_moved m ON m.label = d.label AND m.document_id = b.id
    WHERE (b.open_minor > 0 OR b.open_minor < 0) AND b.open_minor <> coalesce(m.amount_minor, 0)
    UNION ALL
    SELECT d.label, b.id AS document_id, b.supplier_id AS party_id, b.supplier_name AS party_name, b.currency, b.due_date, d.day - b.due_date AS days,
        b.disputed IS NOT NULL AS disputed, -d.amount_minor
    FROM payables_moved d JOIN invoicing_bill_list b ON b.id = d.document_id
    WHERE b.open_minor = 0
)
