-- How far each projection is behind the log, in the log partitions that hold the tenant's events. Other tenants may have events there too.
WITH place AS MATERIALIZED (
    SELECT log.partition_of(current_setting('app.tenant_id')) AS partition
)
SELECT jsonb_build_object(
    'projection', p.projection, 'context', c.context, 'partition', c.partition, 'version', p.active_version,
    'rebuilding', p.building_version IS NOT NULL, 'position', c.position, 'head', h.position, 'lag_events', h.position - c.position,
    'lag_seconds', CASE WHEN h.position > c.position THEN round(extract(epoch FROM h.recorded_at - c.recorded_at), 3) ELSE 0 END,
    'applied_at', c.recorded_at,
    'parked_events', (SELECT count(*) FROM runtime.parked k WHERE k.projection = p.projection AND k.version = p.active_version))
FROM place
JOIN runtime.checkpoints c ON c.partition = place.partition
JOIN runtime.projections p ON p.projection = c.projection AND p.active_version = c.version
JOIN log.heads h ON h.context = c.context AND h.partition = c.partition
WHERE ($1::text IS NULL OR c.context = $1) AND h.position - c.position >= $2::bigint
ORDER BY h.position - c.position DESC, p.projection, c.context
