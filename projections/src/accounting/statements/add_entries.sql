-- Adds entries that are not there yet; answers which were added.
INSERT INTO accounting_journal_entry_list_vN (tenant_id, id, date, document_date, description, reference, source, party, currency,
    total_minor, lines, reverses, hold_id, evidence, position, posted_by, version, recorded_at)
SELECT e.tenant_id, e.id, e.date, e.document_date, e.description, e.reference, e.source, e.party, e.currency, e.total_minor, e.lines::jsonb,
    e.reverses, e.hold_id, '[]', e.position, e.posted_by, 1, e.recorded_at
FROM unnest($1::uuid[], $2::text[], $3::date[], $4::date[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[],
        $11::text[], $12::text[], $13::text[], $14::bigint[], $15::text[], $16::timestamptz[])
    AS e (tenant_id, id, date, document_date, description, reference, source, party, currency, total_minor, lines, reverses, hold_id, position,
        posted_by, recorded_at)
ON CONFLICT (tenant_id, id) DO NOTHING
RETURNING tenant_id, id
