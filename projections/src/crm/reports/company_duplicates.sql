WITH groups AS (
    (SELECT 'domain' AS reason, c.domain AS key, count(*) AS company_count
    FROM crm_company_list c WHERE c.domain IS NOT NULL AND coalesce($2, 'domain') = 'domain' GROUP BY c.domain HAVING count(*) > 1
    ORDER BY c.domain LIMIT $1::bigint)
    UNION ALL
    (SELECT 'name', c.sort_name, count(*)
    FROM crm_company_list c WHERE coalesce($2, 'name') = 'name' GROUP BY c.sort_name HAVING count(*) > 1
    ORDER BY c.sort_name LIMIT $1::bigint)
)
SELECT jsonb_build_object(
    'reason', g.reason, 'value', g.key, 'company_count', g.company_count,
    'companies', (SELECT jsonb_agg(jsonb_build_object('id', m.id, 'name', m.name, 'domain', m.domain, 'city', m.city, 'owner', m.owner,
            'created_at', m.created_at, 'updated_at', m.updated_at) ORDER BY m.created_at, m.id)
        FROM (
            SELECT * FROM crm_company_list c WHERE g.reason = 'domain' AND c.domain = g.key
            UNION ALL
            SELECT * FROM crm_company_list c WHERE g.reason = 'name' AND c.sort_name = g.key
            ORDER BY created_at, id LIMIT 50
        ) m))
FROM groups g
ORDER BY g.reason, g.key
LIMIT $1::bigint
