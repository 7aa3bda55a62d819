-- The bills of which something was open at the end of each of the days, as with invoices.
, payables_moved AS (
    SELECT d.label, m.document_id, sum(m.amount_minor) AS amount_minor
    FROM days d JOIN invoicing_movement_list m ON m.date > d.day
    WHERE m.side = 'payable' AND m.document_id IS NOT NULL
    GROUP BY d.label, m.document_id
), payables_touched AS (
    SELECT d.label, b.id FROM days d CROSS JOIN invoicing_bill_list b WHERE b.open_minor > 0 OR b.open_minor < 0
    UNION
    SELECT m.label, m.document_id FROM payables_moved m
), open_payables AS (
    SELECT t.label, b.id AS document_id, b.supplier_id AS party_id, b.supplier_name AS party_name, b.currency, b.due_date, d.day - b.due_date AS days,
        b.disputed IS NOT NULL AS disputed, b.open_minor - coalesce(m.amount_minor, 0) AS open_minor
    FROM payables_touched t
    JOIN days d ON d.label = t.label
    JOIN invoicing_bill_list b ON b.id = t.id
    LEFT JOIN payables_moved m ON m.label = t.label AND m.document_id = t.id
    WHERE b.open_minor <> coalesce(m.amount_minor, 0)
)
