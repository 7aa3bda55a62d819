//! Comparing with Stripe: what differs is found, told, mended where commands can, and kept.

use chrono::TimeDelta;
use fake_stripe::Card;
use neuroops_stripe::reconcile::{Found, Reconciler};
use platform::clock;
use serde_json::{Value, json};

use crate::support::{World, euro, plan};

async fn compare(world: &World, repair: bool) -> Found {
    world.projected().await;
    let (api, sender) = (world.api(), world.sender());
    let reconciler = Reconciler { api: &api, options: &world.options, lookup: &world.lookup, sender: &sender };
    let mut found = reconciler.run(clock::now() - TimeDelta::days(90), repair).await.expect("a comparison");
    world.projected().await;
    found.remove(&world.tenant).unwrap_or_default()
}

/// `kind object id`, and whether it was mended; in order.
fn summary(found: &Found) -> Vec<(String, bool)> {
    let shown = found.differences.iter().map(|difference| {
        let kind = json!(difference.kind);
        let id = difference.id.as_deref().unwrap_or("-");
        (format!("{} {} {id}", kind.as_str().unwrap_or_default(), difference.object), difference.repaired)
    });
    let mut all: Vec<_> = shown.collect();
    all.sort();
    all
}

fn with(expected: &[&str], repaired: bool) -> Vec<(String, bool)> {
    expected.iter().map(|what| ((*what).to_owned(), repaired)).collect()
}

/// A payment that was collected.
async fn paid(world: &mut World, id: &str) -> String {
    world.payment(id).await;
    world.settle().await;
    world.row("billing_payment_list", id).await["external_id"].as_str().expect("collected").to_owned()
}

/// A subscription that was bought on a page: Stripe's id of it. Its events are lost.
async fn bought(world: &mut World, id: &str) -> String {
    world
        .send(&format!("checkout/{id}/open"), json!({ "page": { "kind": "subscription", "plan_id": "growth" }, "customer_id": "c" }))
        .await;
    world.settle().await;
    let session = world.row("billing_checkout_list", id).await["external_id"].as_str().expect("a page").to_owned();
    world.fake.complete_session(&session).expect("bought")
}

#[tokio::test]
async fn where_all_agrees_nothing_is_found_and_that_is_kept() {
    let mut world = World::start().await;
    world.customer(Some(Card::Good)).await;
    world.send("plan/growth/publish", plan()).await;
    world.settle().await;
    paid(&mut world, "y").await;
    bought(&mut world, "k").await;
    world.deliver_all().await;
    world.look().await;
    let found = compare(&world, true).await;
    assert!(found.differences.is_empty(), "{:?}", found.differences);
    let compared: Vec<_> = found.compared.into_iter().collect();
    assert_eq!(compared, [("customer", (1, 1)), ("payment", (1, 1)), ("price", (1, 1)), ("subscription", (1, 1))]);
    let kept: i64 = sqlx::query_scalar("SELECT drift_count FROM billing_reconciliation_list").fetch_one(&world.db.worker).await.unwrap();
    assert_eq!(kept, 0);
    world.stop().await;
}

/// Lets everything go wrong that can, while nobody looks.
async fn planted(world: &mut World) {
    world.customer(Some(Card::Good)).await;
    world.send("plan/growth/publish", plan()).await;
    world.settle().await;
    // A customer who was deleted in Stripe's pages.
    world.send("customer/deleted/register", json!({ "name": "Gone" })).await;
    world.settle().await;
    let gone = world.row("billing_customer_list", "deleted").await["external_id"].as_str().unwrap().to_owned();
    world.fake.alter(&gone, None, |object| *object = json!({ "id": object["id"], "object": "customer", "deleted": true }));
    // One whom Stripe has, and we were killed before we knew.
    world.send("customer/unheard/register", json!({ "name": "New" })).await;
    world.projected().await;
    let register = world.waiting().await.remove(0);
    world.call(&register).await.unwrap();
    world.follow(&register, Vec::new()).await;
    // Payments: given back by hand, gone, and of another amount.
    let back = paid(world, "back").await;
    world.fake.refund_by_hand(&back, 400).unwrap();
    let lost = paid(world, "lost").await;
    world.fake.vanish(&lost);
    let less = paid(world, "less").await;
    world.fake.alter(&less, None, |intent| intent["amount_received"] = json!(900));
    // One that was collected, and we were killed before we knew.
    world.payment("unheard").await;
    let charge = world.waiting().await.remove(0);
    world.call(&charge).await.unwrap();
    world.follow(&charge, Vec::new()).await;
    // What Stripe has to tell of all that is lost on the way.
    drop(world.fake.deliveries());
    // Subscriptions: one that we know nothing of, one that has ended since.
    let over = bought(world, "over").await;
    world.deliver_all().await;
    world.look().await;
    world.fake.alter(&over, None, |subscription| {
        subscription["status"] = json!("canceled");
        subscription["ended_at"] = subscription["created"].clone();
    });
    bought(world, "unknown").await;
    drop(world.fake.deliveries());
}

#[tokio::test]
async fn every_kind_of_difference_is_found_and_mended_where_commands_can() {
    let mut world = World::start().await;
    planted(&mut world).await;
    let mendable = [
        "amount refund back",
        "deleted customer deleted",
        "missing_here customer unheard",
        "missing_here subscription unknown",
        "state payment unheard",
        "state subscription over",
    ];
    let others = ["amount payment less", "missing_there payment lost"];
    let mut expected = [with(&mendable, false), with(&others, false)].concat();
    expected.sort();

    // Without being asked to, nothing is mended, and what was found is kept.
    assert_eq!(summary(&compare(&world, false).await), expected);
    assert_eq!(summary(&compare(&world, false).await), expected, "looking changes nothing");
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM billing_drift_list").fetch_one(&world.db.worker).await.unwrap();
    assert_eq!(usize::try_from(kept), Ok(2 * expected.len()));

    let mut mended = [with(&mendable, true), with(&others, false)].concat();
    mended.sort();
    let found = compare(&world, true).await;
    assert_eq!(summary(&found), mended, "{:?}", found.differences);
    assert!(found.differences.iter().all(|difference| difference.repaired || difference.note.is_some()), "{:?}", found.differences);
    assert_eq!(world.row("billing_payment_list", "back").await["refunded_minor"], 400);
    assert_eq!(world.row("billing_payment_list", "unheard").await["status"], "captured");
    assert_eq!(world.row("billing_subscription_list", "unknown").await["billed_by"], "provider");
    assert_eq!(world.row("billing_subscription_list", "over").await["status"], "ended");
    assert_eq!(world.row("billing_customer_list", "deleted").await["external_id"], Value::Null);
    assert_ne!(world.row("billing_customer_list", "unheard").await["external_id"], Value::Null);

    // What commands cannot mend stays, for people.
    assert_eq!(summary(&compare(&world, true).await), with(&others, false));
    let latest: (i64, i64) =
        sqlx::query_as("SELECT drift_count, repaired_count FROM billing_reconciliation_list ORDER BY finished_at DESC LIMIT 1")
            .fetch_one(&world.db.worker)
            .await
            .unwrap();
    assert_eq!(latest, (2, 0));
    world.stop().await;
}

#[tokio::test]
async fn a_second_charge_for_one_payment_is_told() {
    let mut world = World::start().await;
    world.customer(Some(Card::Good)).await;
    paid(&mut world, "y").await;
    let other = paid(&mut world, "z").await;
    // Somebody has charged by hand what we had charged, and said what for.
    world.fake.alter(&other, None, |intent| intent["metadata"]["neuroops_payment"] = json!("y"));
    let found = compare(&world, true).await;
    let notes: Vec<_> = found.differences.iter().filter_map(|difference| difference.note.as_deref()).collect();
    assert!(notes.iter().any(|note| note.contains("charged twice")), "{:?}", found.differences);
    world.stop().await;
}

#[tokio::test]
async fn a_price_that_differs_is_told() {
    let mut world = World::start().await;
    world.send("plan/a/publish", plan()).await;
    world.send("plan/b/publish", plan()).await;
    world.send("plan/c/publish", plan()).await;
    world.settle().await;
    let price = |row: &Value| row["external_price_id"].as_str().unwrap().to_owned();
    let (a, b) = (price(&world.row("billing_plan_list", "a").await), price(&world.row("billing_plan_list", "b").await));
    let c = price(&world.row("billing_plan_list", "c").await);
    world.fake.alter(&a, None, |price| price["unit_amount"] = json!(1));
    world.fake.vanish(&b);
    world.fake.alter(&c, None, |price| price["active"] = json!(false));
    let found = compare(&world, true).await;
    assert_eq!(summary(&found), with(&["amount price a", "deleted price b", "state price c"], false));
    world.stop().await;
}

#[tokio::test]
async fn more_than_a_page_is_compared() {
    let mut world = World::start().await;
    world.customer(Some(Card::Good)).await;
    for number in 0..120 {
        world.send(&format!("payment/y{number}/request"), json!({ "customer_id": "c", "amount": euro(100) })).await;
    }
    world.settle().await;
    let found = compare(&world, false).await;
    assert!(found.differences.is_empty(), "{:?}", found.differences);
    assert_eq!(found.compared["payment"], (120, 120));
    let pages = world.fake.requests().iter().filter(|request| *request == "GET /payment_intents").count();
    assert!(pages >= 2, "{pages}");
    world.stop().await;
}
