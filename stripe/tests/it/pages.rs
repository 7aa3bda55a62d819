//! Plans at Stripe, pages on which customers buy them, and the subscriptions that come of it.

use fake_stripe::{Card, Fault};
use neuroops_stripe::StripeOptions;
use serde_json::{Value, json};

use crate::support::{World, euro, plan};

async fn published(world: &mut World, id: &str, body: Value) -> Value {
    world.send(&format!("plan/{id}/publish"), body).await;
    world.settle().await;
    world.row("billing_plan_list", id).await
}

/// A page on which the customer `c` buys a plan, until it is ready: Stripe's id of it.
async fn page(world: &mut World, id: &str, plan: &str, quantity: u32) -> String {
    let body = json!({ "page": { "kind": "subscription", "plan_id": plan, "quantity": quantity }, "customer_id": "c" });
    world.send(&format!("checkout/{id}/open"), body).await;
    world.settle().await;
    let row = world.row("billing_checkout_list", id).await;
    assert_eq!(row["status"], "ready", "{row}");
    row["external_id"].as_str().unwrap().to_owned()
}

async fn followed(world: &World) {
    world.deliver_all().await;
    let report = world.look().await;
    assert_eq!((report.refused, report.again), (0, 0), "{:?}", world.inbox_rows().await);
}

#[tokio::test]
async fn a_plan_becomes_a_product_with_a_price_for_each_version() {
    let mut world = World::start().await;
    let first = published(&mut world, "growth", plan()).await["external_price_id"].as_str().unwrap().to_owned();
    let price = world.fake.object(&first).unwrap();
    assert_eq!(
        (&price["unit_amount"], &price["currency"], &price["recurring"]["interval"]),
        (&json!(4_900), &json!("eur"), &json!("month"))
    );
    let mut dearer = plan();
    dearer["price"] = euro(5_900);
    dearer["interval"] = json!({ "unit": "year", "count": 1 });
    let second = published(&mut world, "growth", dearer).await["external_price_id"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    assert_eq!(world.fake.objects("product").len(), 1, "one product, two prices");
    world.send("plan/growth/retire", json!({})).await;
    world.settle().await;
    assert_eq!(world.fake.object(&second).unwrap()["active"], false);
    world.stop().await;
}

#[tokio::test]
async fn a_price_is_made_once_when_we_are_killed_in_between() {
    let mut world = World::start().await;
    world.send("plan/growth/publish", plan()).await;
    let price = world.waiting().await.remove(0);
    world.call(&price).await.unwrap();
    world.fake.go_wrong([Fault::Status(500)]);
    world.call(&price).await.unwrap_err();
    world.call(&price).await.unwrap();
    world.settle().await;
    assert_eq!((world.fake.objects("price").len(), world.fake.objects("product").len()), (1, 1));
    world.stop().await;
}

#[tokio::test]
async fn a_price_that_was_made_by_hand_is_used_as_it_is() {
    let prices = vec![("growth".to_owned(), "price_hand".to_owned())];
    let mut world = World::start_with(|options| StripeOptions { prices, ..options }).await;
    assert_eq!(published(&mut world, "growth", plan()).await["external_price_id"], "price_hand");
    world.send("plan/growth/retire", json!({})).await;
    world.settle().await;
    assert!(world.fake.requests().is_empty(), "neither made nor taken from sale by us");
    world.stop().await;
}

#[tokio::test]
async fn what_is_bought_on_a_page_becomes_a_subscription_that_stripe_bills() {
    let mut world = World::start().await;
    world.customer(None).await;
    published(&mut world, "growth", plan()).await;
    let session = page(&mut world, "k", "growth", 3).await;
    let row = world.row("billing_checkout_list", "k").await;
    assert!(row["url"].as_str().unwrap().contains("/pay/"), "{row}");
    let external = world.fake.complete_session(&session).unwrap();
    followed(&world).await;
    assert_eq!(world.row("billing_checkout_list", "k").await["status"], "completed");
    let row = world.row("billing_subscription_list", "k").await;
    let shown = (&row["external_id"], &row["quantity"], &row["plan_id"], &row["billed_by"], &row["status"], &row["provider_status"]);
    assert_eq!(shown, (&json!(external), &json!(3), &json!("growth"), &json!("provider"), &json!("active"), &json!("active")));
    assert!(world.waiting().await.is_empty(), "it is billed at Stripe, and not here");

    // The customer's card fails, and works again.
    for status in ["past_due", "unpaid", "active"] {
        world.fake.alter(&external, Some("customer.subscription.updated"), |subscription| subscription["status"] = json!(status));
        followed(&world).await;
        assert_eq!(world.row("billing_subscription_list", "k").await["provider_status"], status);
    }
    world.fake.alter(&external, Some("customer.subscription.deleted"), |subscription| {
        subscription["status"] = json!("canceled");
        subscription["ended_at"] = subscription["created"].clone();
    });
    followed(&world).await;
    assert_eq!(world.row("billing_subscription_list", "k").await["status"], "ended");
    world.stop().await;
}

#[tokio::test]
async fn a_subscription_at_stripe_is_changed_by_our_commands() {
    let mut world = World::start().await;
    world.customer(None).await;
    published(&mut world, "growth", plan()).await;
    let mut dearer = plan();
    dearer["price"] = euro(19_900);
    let enterprise = published(&mut world, "enterprise", dearer).await["external_price_id"].clone();
    let session = page(&mut world, "k", "growth", 1).await;
    let external = world.fake.complete_session(&session).unwrap();
    followed(&world).await;

    world.send("subscription/k/cancel", json!({ "when": "period_end" })).await;
    world.settle().await;
    assert_eq!(world.fake.object(&external).unwrap()["cancel_at_period_end"], true);
    assert_ne!(world.row("billing_subscription_list", "k").await["cancel_at"], json!(null));
    world.send("subscription/k/resume", json!({})).await;
    world.settle().await;
    assert_eq!(world.fake.object(&external).unwrap()["cancel_at_period_end"], false);
    world.send("subscription/k/change-plan", json!({ "plan_id": "enterprise", "quantity": 2, "when": "now" })).await;
    world.settle().await;
    let item = world.fake.object(&external).unwrap()["items"]["data"][0].clone();
    assert_eq!((&item["price"]["id"], &item["quantity"]), (&enterprise, &json!(2)));
    let row = world.row("billing_subscription_list", "k").await;
    assert_eq!((&row["plan_id"], &row["quantity"]), (&json!("enterprise"), &json!(2)));
    world.send("subscription/k/cancel", json!({ "when": "now" })).await;
    world.settle().await;
    assert_eq!(world.fake.object(&external).unwrap()["status"], "canceled");
    assert_eq!(world.row("billing_subscription_list", "k").await["status"], "ended");
    // The events of all that come at last, and say nothing new.
    let before = world.history("subscription", "k").await;
    followed(&world).await;
    assert_eq!(world.history("subscription", "k").await, before);
    world.stop().await;
}

#[tokio::test]
async fn pages_expire_are_refused_and_say_why() {
    let mut world = World::start().await;
    world.customer(Some(Card::Good)).await;
    world.send("plan/growth/publish", plan()).await;
    // The page is asked for before Stripe has the price.
    world.send("checkout/early/open", json!({ "page": { "kind": "subscription", "plan_id": "growth" }, "customer_id": "c" })).await;
    world.projected().await;
    let early = world.waiting().await.into_iter().find(|effect| effect.name == "stripe.checkout").unwrap();
    let commands = world.call(&early).await.unwrap();
    world.follow(&early, commands).await;
    assert_eq!(world.row("billing_checkout_list", "early").await["error_code"], "no_price");
    world.settle().await;

    let session = page(&mut world, "k", "growth", 1).await;
    world.fake.alter(&session, Some("checkout.session.expired"), |session| session["status"] = json!("expired"));
    followed(&world).await;
    let row = world.row("billing_checkout_list", "k").await;
    assert_eq!((&row["status"], &row["error_code"]), (&json!("failed"), &json!("expired")));

    // The price is gone at Stripe.
    let price = world.row("billing_plan_list", "growth").await["external_price_id"].as_str().unwrap().to_owned();
    world.fake.vanish(&price);
    world.send("checkout/m/open", json!({ "page": { "kind": "subscription", "plan_id": "growth" }, "customer_id": "c" })).await;
    world.settle().await;
    assert_eq!(world.row("billing_checkout_list", "m").await["error_code"], "resource_missing");
    world.stop().await;
}

#[tokio::test]
async fn a_portal_is_opened_for_a_customer_who_was_not_known_to_stripe() {
    let mut world = World::start_with(|options| StripeOptions { tenant: None, ..options }).await;
    world.send("customer/c/register", json!({ "name": "Acme" })).await;
    world
        .send(
            "checkout/k/open",
            json!({ "page": { "kind": "portal" }, "customer_id": "c", "return_url": "https://app.example.com/billing" }),
        )
        .await;
    world.projected().await;
    // The page comes before the customer has been told of.
    let portal = world.waiting().await.into_iter().find(|effect| effect.name == "stripe.checkout").unwrap();
    let commands = world.call(&portal).await.unwrap();
    world.follow(&portal, commands).await;
    world.settle().await;
    assert_eq!(world.fake.objects("customer").len(), 1, "made once, whoever came first");
    let row = world.row("billing_checkout_list", "k").await;
    assert!(row["url"].as_str().unwrap().contains("/portal/"), "{row}");
    world.stop().await;
}
