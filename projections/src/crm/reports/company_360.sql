WITH target AS (
    SELECT c.* FROM crm_company_list c WHERE c.id = $1
    UNION ALL
    SELECT c.* FROM crm_company_list c
    WHERE c.merged_ids <> '{}' AND $1 = ANY (c.merged_ids) AND NOT EXISTS (SELECT FROM crm_company_list o WHERE o.id = $1)
    LIMIT 1
), people AS (
    SELECT p.* FROM crm_contact_list p WHERE p.company_id = (SELECT id FROM target)
), deals AS (
    SELECT d.* FROM crm_deal_list d WHERE d.company_id = (SELECT id FROM target)
), timeline AS (
    SELECT a.* FROM crm_activity_timeline a WHERE a.company_id = (SELECT id FROM target)
    UNION
    SELECT a.* FROM crm_activity_timeline a JOIN people p ON a.contact_id = p.id
    UNION
    SELECT a.* FROM crm_activity_timeline a JOIN deals d ON a.deal_id = d.id
)
SELECT jsonb_build_object(
    'company', to_jsonb(t) - 'tenant_id' - 'search',
    'parent', (SELECT jsonb_build_object('id', c.id, 'name', c.name) FROM crm_company_list c WHERE c.id = t.parent_id),
    'subsidiary_count', (SELECT count(*) FROM crm_company_list c WHERE c.parent_id = t.id),
    'subsidiaries', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'name', s.name) ORDER BY s.sort_name, s.id), '[]')
        FROM (SELECT * FROM crm_company_list c WHERE c.parent_id = t.id ORDER BY c.sort_name, c.id LIMIT 100) s),
    'contact_count', (SELECT count(*) FROM people),
    'contacts', (SELECT coalesce(jsonb_agg(to_jsonb(p) - '{tenant_id,search}'::text[] ORDER BY p.sort_name, p.id), '[]')
        FROM (SELECT * FROM people ORDER BY sort_name, id LIMIT 100) p),
    'open_deal_count', (SELECT count(*) FROM deals WHERE status = 'open'),
    'open_deals', (SELECT coalesce(jsonb_agg(to_jsonb(d) - '{tenant_id,search}'::text[] ORDER BY d.expected_close, d.opened_at, d.id), '[]')
        FROM (SELECT * FROM deals WHERE status = 'open' ORDER BY expected_close, opened_at, id LIMIT 100) d),
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
