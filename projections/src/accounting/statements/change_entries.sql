-- Marks entries as reversed and attaches evidence, each change once.
UPDATE accounting_journal_entry_list_vN t
SET reversed_by = coalesce(k.reversed_by, t.reversed_by), reversed_on = coalesce(k.reversed_on, t.reversed_on),
    evidence = t.evidence || k.evidence, version = k.version
FROM (
    SELECT c.tenant_id, c.id, max(c.sequence) AS version, max(c.reversed_by) AS reversed_by, max(c.reversed_on) AS reversed_on,
        coalesce(jsonb_agg(c.evidence::jsonb ORDER BY c.sequence) FILTER (WHERE c.evidence IS NOT NULL), '[]') AS evidence
    FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::date[], $6::text[])
        AS c (tenant_id, id, sequence, reversed_by, reversed_on, evidence)
    JOIN accounting_journal_entry_list_vN e ON e.tenant_id = c.tenant_id AND e.id = c.id AND c.sequence > e.version
    GROUP BY c.tenant_id, c.id
) k
WHERE t.tenant_id = k.tenant_id AND t.id = k.id
