//! The tables are what the log says, and a rebuild finds the same rows.

use projections::runtime::rebuild::rebuild;
use serde_json::{Value, json};

use super::model::{Party, text};
use super::{Setting, crm};

/// The fields of a profile that a row repeats.
fn known(row: &Value, party: &Party) {
    for (field, value) in party.profile.as_object().expect("a profile").iter().filter(|(field, _)| row.get(field.as_str()).is_some()) {
        assert_eq!(row[field], *value, "{field} of {}", party.id);
    }
    let mut merged = party.merged.clone();
    let mut listed: Vec<String> = row["merged_ids"].as_array().expect("a list").iter().filter_map(text).collect();
    merged.sort();
    listed.sort();
    assert_eq!((&row["version"], listed), (&json!(party.version), merged), "{}", party.id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_what_the_log_says() {
    let setting = Setting::new(4).await;
    let model = setting.model().await;
    let table = async |name: &str| setting.rows(&format!("SELECT to_jsonb(t) FROM {name} t ORDER BY id"), &[]).await;
    let (contacts, companies) = (table("crm_contact_list").await, table("crm_company_list").await);
    assert_eq!((contacts.len(), companies.len()), (model.contacts.len(), model.companies.len()));
    for (row, party) in contacts.iter().zip(model.contacts.values()) {
        known(row, party);
        assert_eq!((text(&row["id"]).as_ref(), text(&row["company_id"])), (Some(&party.id), model.company(party.belongs.as_ref())));
    }
    for (row, party) in companies.iter().zip(model.companies.values()) {
        known(row, party);
        assert_eq!((text(&row["id"]).as_ref(), text(&row["parent_id"])), (Some(&party.id), model.company(party.belongs.as_ref())));
    }
    let deals = table("crm_deal_list").await;
    assert_eq!(deals.len(), model.deals.len());
    for (row, deal) in deals.iter().zip(model.deals.values()) {
        let stage = &deal.stay().stage;
        assert_eq!(
            (row["status"].as_str(), row["stage_id"].as_str(), &row["pipeline_id"]),
            (Some(deal.status), Some(stage.id.as_str()), &json!(deal.pipeline))
        );
        assert_eq!((row["amount_minor"].as_i64(), text(&row["currency"])), deal.amount.clone().unzip());
        assert_eq!(row["weighted_minor"].as_i64(), deal.amount.is_some().then(|| deal.weighted()));
        assert_eq!(
            (text(&row["contact_id"]), text(&row["company_id"])),
            (model.contact(deal.contact.as_ref()), model.company(deal.company.as_ref()))
        );
    }
    let stays = table("crm_deal_stage_history").await;
    assert_eq!(stays.len(), model.deals.values().map(|deal| deal.stays.len()).sum::<usize>());
    for row in &stays {
        let deal = &model.deals[row["deal_id"].as_str().expect("a deal")];
        let stay = &deal.stays[usize::try_from(row["number"].as_i64().expect("a number") - 1).expect("from 1 on")];
        assert_eq!(
            (row["stage_id"].as_str(), row["seconds"].as_i64(), row["outcome"].as_str()),
            (Some(stay.stage.id.as_str()), stay.end.map(|end| end.0), stay.end.map(|end| end.1))
        );
    }
    let activities = table("crm_activity_timeline").await;
    let about = |id: &str| {
        let activity = &model.activities[id];
        (model.contact(activity.contact.as_ref()), model.company(activity.company.as_ref()), activity.deal.clone())
    };
    let left = model.activities.keys().filter(|id| about(id) != (None, None, None)).count();
    assert_eq!(activities.len(), left);
    for row in &activities {
        let id = row["id"].as_str().expect("an id");
        assert_eq!(row["status"], model.activities[id].status);
        assert_eq!((text(&row["contact_id"]), text(&row["company_id"]), text(&row["deal_id"])), about(id));
    }
    setting.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_of_every_projection_finds_the_same_rows() {
    let setting = Setting::new(5).await;
    let hash = async |table: &str| -> (i64, String) {
        let statement = format!("SELECT count(*), coalesce(md5(string_agg(t::text, ',' ORDER BY tenant_id, id)), '') FROM {table} t");
        sqlx::query_as(&statement).fetch_one(&setting.db.worker).await.expect("a hash")
    };
    for projection in (crm().projections)() {
        let table = projection.tables()[0];
        let live = hash(table).await;
        let report = rebuild(&setting.db.worker, projection.as_ref(), |_| {}).await.expect("rebuilt");
        assert_eq!((report.version, report.parked_keys), (2, 0), "{table}");
        assert!(live.0 > 0, "{table} has rows");
        assert_eq!(hash(table).await, live, "{table}");
    }
    setting.end().await;
}
