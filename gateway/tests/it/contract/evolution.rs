//! Events that were stored by an older program, before their type had its present version.

use commands::log::{self, Append, Check, NewEvent, Outcome};
use domain::kernel::{TenantId, partition_of};
use platform::clock;
use platform::testing::TestDatabase;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::stream::Messages;
use crate::world::World;

/// Stores what a program that wrote version 1 stored for the third event of a deal; answers its position token.
async fn reopened_in_version_1(db: &TestDatabase, tenant: Uuid, id: &str, payload: &Value) -> String {
    let partition = partition_of(&TenantId(tenant).partition_key(), db.partitions);
    let event = NewEvent {
        aggregate_type: "deal",
        aggregate_id: id.to_owned(),
        sequence: 3,
        event_id: clock::new_id(),
        event_type: "deal_reopened",
        event_version: 1,
        payload: payload.to_string(),
    };
    let append = Append {
        tenant_id: tenant,
        context: "crm",
        partition,
        idempotency: None,
        root: ("deal", id.to_owned(), 3),
        checks: vec![Check { aggregate_type: "deal", aggregate_id: id.to_owned(), expected: 2, write: true, drawn: false }],
        claims: Vec::new(),
        events: vec![event],
        metadata: "{}".to_owned(),
    };
    match log::append(&db.app, &[append]).await.unwrap().remove(0) {
        Outcome::Accepted { first_position, .. } => format!("crm/{partition}@{first_position}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn stored_events_of_a_past_version_are_read_by_aggregates_read_models_histories_and_streams() {
    let world = World::start(|options| options).await;
    let client = world.gateway.client("owner").await;
    client.does("/v1/crm/deal/d/open", &json!({ "name": "Engine", "stage": "proposal" })).await;
    client.does("/v1/crm/deal/d/lose", &json!({ "reason": "price" })).await;
    let history = "/v1/crm/deal/d/history";
    let lost = client.get(history).await.json()["data"][1]["payload"].clone();
    let stored = json!({ "from": lost["to"], "entered_at": lost["moved_at"], "to": lost["from"], "moved_at": clock::now() });
    let position = reopened_in_version_1(world.db(), client.tenant, "d", &stored).await;

    let row = client.get_after("/v1/crm/deal-list/d", &position).await.json();
    assert_eq!((&row["status"], &row["stage_id"], &row["lost_reason"]), (&json!("open"), &json!("proposal"), &json!(null)), "{row}");
    let stays = client.get_after("/v1/crm/deal-stage-history?deal_id=d&outcome=reopened", &position).await.json();
    assert_eq!(stays["data"][0]["stage_id"], "lost", "{stays}");
    let entered = |value: &Value| value.as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let apart = entered(&stays["data"][0]["entered_at"]) - entered(&lost["moved_at"]);
    assert!(apart.num_milliseconds() == 0, "the stay began when the deal was lost: {stays}");

    let past = client.get(&format!("{history}?as_of={position}")).await.json();
    assert_eq!((&past["version"], &past["state"]["status"]["state"]), (&json!(3), &json!("open")), "{past}");
    assert_eq!((&past["data"][2]["type"], &past["data"][2]["payload"]), (&json!("crm.deal_reopened.v1"), &stored));

    // The gateway holds the deal as it was before the older program wrote.
    client.does("/v1/crm/deal/d/win", &json!({})).await;
    client.does("/v1/crm/deal/d/reopen", &json!({})).await;
    let mut events = Messages::open(&client, "/v1/events?from=start&context=crm&type=crm.deal_reopened*", &[]).await;
    for (version, outcome) in [(1, Value::Null), (2, json!("won"))] {
        let (_, kind, event) = events.next().await.unwrap();
        assert_eq!(kind, format!("crm.deal_reopened.v{version}"));
        assert_eq!((&event["data"]["outcome"], &event["dataschema"]), (&outcome, &json!(format!("/schemas/{kind}.json"))));
        let schema = client.get(event["dataschema"].as_str().unwrap()).await.json();
        assert_eq!(schema["title"], kind);
        for field in schema["required"].as_array().unwrap() {
            assert!(event["data"].get(field.as_str().unwrap()).is_some(), "{field} of {kind}");
        }
    }
    world.stop().await;
}
