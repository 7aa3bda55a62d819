-- Groups are sought on each key by itself, in the order of its index, so that only their members are read as a whole.
WITH groups AS (
    (SELECT 'email' AS reason, c.email AS key, NULL::text AS company, c.email AS value, count(*) AS contact_count
    FROM crm_contact_list c WHERE c.email IS NOT NULL AND coalesce($2, 'email') = 'email' GROUP BY c.email HAVING count(*) > 1
    ORDER BY c.email LIMIT $1::bigint)
    UNION ALL
    (SELECT 'phone', c.phone, NULL, c.phone, count(*)
    FROM crm_contact_list c WHERE c.phone IS NOT NULL AND coalesce($2, 'phone') = 'phone' GROUP BY c.phone HAVING count(*) > 1
    ORDER BY c.phone LIMIT $1::bigint)
    UNION ALL
    (SELECT 'name', c.sort_name, coalesce(c.company_id, lower(c.company_name), ''), c.sort_name, count(*)
    FROM crm_contact_list c WHERE c.given_name IS NOT NULL AND c.family_name IS NOT NULL AND coalesce($2, 'name') = 'name'
    GROUP BY c.sort_name, coalesce(c.company_id, lower(c.company_name), '') HAVING count(*) > 1
    ORDER BY c.sort_name LIMIT $1::bigint)
)
SELECT jsonb_build_object(
    'reason', g.reason, 'value', g.value, 'contact_count', g.contact_count,
    'contacts', (SELECT jsonb_agg(jsonb_build_object('id', m.id, 'display_name', m.display_name, 'email', m.email, 'phone', m.phone,
            'company_id', m.company_id, 'company_name', m.company_name, 'owner', m.owner, 'created_at', m.created_at,
            'updated_at', m.updated_at) ORDER BY m.created_at, m.id)
        FROM (
            SELECT * FROM crm_contact_list c WHERE g.reason = 'email' AND c.email = g.key
            UNION ALL
            SELECT * FROM crm_contact_list c WHERE g.reason = 'phone' AND c.phone = g.key
            UNION ALL
            SELECT * FROM crm_contact_list c WHERE g.reason = 'name' AND c.sort_name = g.key AND c.given_name IS NOT NULL
                AND c.family_name IS NOT NULL AND coalesce(c.company_id, lower(c.company_name), '') = g.company
            ORDER BY created_at, id LIMIT 50
        ) m))
FROM groups g
ORDER BY g.reason, g.key, g.company
LIMIT $1::bigint
