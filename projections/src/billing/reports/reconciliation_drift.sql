-- The differences that the last comparison found.
WITH latest AS (
    SELECT r.* FROM billing_reconciliation_list r WHERE $1::text IS NULL OR r.id = $1 ORDER BY r.finished_at DESC, r.id DESC LIMIT 1
)
SELECT jsonb_build_object(
    'reconciliation_id', l.id, 'finished_at', l.finished_at, 'kind', d.kind, 'object', d.object, 'object_id', d.object_id,
    'external_id', d.external_id, 'ours', d.ours, 'theirs', d.theirs, 'repaired', d.repaired, 'note', d.note)
FROM latest l JOIN billing_drift_list d ON d.reconciliation_id = l.id
WHERE NOT $2::boolean OR NOT d.repaired
ORDER BY d.id
