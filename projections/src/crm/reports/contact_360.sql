WITH target AS (
    SELECT c.* FROM crm_contact_list c WHERE c.id = $1
    UNION ALL
    SELECT c.* FROM crm_contact_list c
    WHERE c.merged_ids <> '{}' AND $1 = ANY (c.merged_ids) AND NOT EXISTS (SELECT FROM crm_contact_list o WHERE o.id = $1)
    LIMIT 1
), deals AS (
    SELECT d.* FROM crm_deal_list d WHERE d.contact_id = (SELECT id FROM target)
), timeline AS (
    SELECT a.* FROM crm_activity_timeline a WHERE a.contact_id = (SELECT id FROM target)
    UNION
    SELECT a.* FROM crm_activity_timeline a JOIN deals d ON a.deal_id = d.id
)
SELECT jsonb_build_object(
    'contact', to_jsonb(t) - 'tenant_id' - 'search',
    'company', (SELECT to_jsonb(c) - '{tenant_id,search}'::text[] FROM crm_company_list c WHERE c.id = t.company_id),
    'lead_count', (SELECT count(*) FROM crm_lead_list l WHERE l.contact_id = t.id),
    'leads', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', l.id, 'display_name', l.display_name, 'source', l.source,
            'score', l.score, 'created_at', l.created_at) ORDER BY l.created_at, l.id), '[]')
        FROM (SELECT * FROM crm_lead_list l WHERE l.contact_id = t.id ORDER BY l.created_at, l.id LIMIT 20) l),
    'open_deal_count', (SELECT count(*) FROM deals WHERE status = 'open'),
    'deal_count', (SELECT count(*) FROM deals),
    'deals', (SELECT coalesce(jsonb_agg(to_jsonb(d) - '{tenant_id,search}'::text[] ORDER BY d.status = 'open' DESC, d.opened_at DESC, d.id), '[]')
        FROM (SELECT * FROM deals ORDER BY status = 'open' DESC, opened_at DESC, id LIMIT 100) d),
    'totals', (SELECT coalesce(jsonb_agg(to_jsonb(s) ORDER BY s.currency), '[]') FROM (
        SELECT d.currency,
            count(*) FILTER (WHERE d.status = 'open') AS open_count,
            coalesce(sum(d.amount_minor) FILTER (WHERE d.status = 'open'), 0) AS open_minor,
            coalesce(sum(d.weighted_minor) FILTER (WHERE d.status = 'open'), 0) AS weighted_minor,
            count(*) FILTER (WHERE d.status = 'won') AS won_count,
            coalesce(sum(d.amount_minor) FILTER (WHERE d.status = 'won'), 0) AS won_minor,
            count(*) FILTER (WHERE d.status = 'lost') AS lost_count,
            coalesce(sum(d.amount_minor) FILTER (WHERE d.status = 'lost'), 0) AS lost_minor
        FROM deals d GROUP BY d.currency) s),
    'next_activities', (SELECT coalesce(jsonb_agg(to_jsonb(a) - '{tenant_id,search}'::text[] ORDER BY a.at, a.id), '[]')
        FROM (SELECT * FROM timeline WHERE status = 'scheduled' ORDER BY at, id LIMIT 20) a),
    'recent_activities', (SELECT coalesce(jsonb_agg(to_jsonb(a) - '{tenant_id,search}'::text[] ORDER BY a.at DESC, a.id), '[]')
        FROM (SELECT * FROM timeline WHERE status <> 'scheduled' ORDER BY at DESC, id LIMIT 20) a)
)
FROM target t
