//! Deliveries: what is believed, stored once, and looked at; in whatever order, however often, and however late it comes.

use fake_stripe::{Card, Delivery, Fault, SECRET_KEY, WEBHOOK_SECRET, deliver, signature};
use neuroops_stripe::{InboxReport, StripeOptions};
use platform::clock;
use platform::config::Secret;
use serde_json::{Value, json};

use crate::support::{World, fresh};

const URI: &str = "/webhooks/stripe";

fn now() -> i64 {
    clock::now().timestamp()
}

/// An event about an object, signed now.
fn event(id: &str, event_type: &str, kind: &str, object: &str) -> Delivery {
    let object = json!({ "id": object, "object": kind });
    let event = json!({ "id": id, "object": "event", "type": event_type, "created": now(), "data": { "object": object } });
    deliver(&event, now(), WEBHOOK_SECRET)
}

fn report(done: u64, ignored: u64, refused: u64, again: u64) -> InboxReport {
    InboxReport { done, ignored, refused, again }
}

#[tokio::test]
async fn what_does_not_prove_to_be_stripes_is_refused_and_not_stored() {
    let world = World::start().await;
    let good = event("evt_1", "payment_intent.succeeded", "payment_intent", "pi_1");
    let at = |time: i64| format!("t={time},v1={}", signature(time, &good.body, WEBHOOK_SECRET));
    let forged = format!("t={},v1={}", now(), signature(now(), &good.body, "whsec_other"));
    let weaker = format!("t={},v0={}", now(), signature(now(), &good.body, WEBHOOK_SECRET));
    let altered = good.body.replace("pi_1", "pi_2");
    for (what, header, body) in [
        ("no header", None, good.body.clone()),
        ("nothing in it", Some(String::new()), good.body.clone()),
        ("another secret", Some(forged), good.body.clone()),
        ("another scheme", Some(weaker), good.body.clone()),
        ("another body", Some(good.signature.clone()), altered),
        ("one byte more", Some(good.signature.clone()), format!("{} ", good.body)),
        ("too old", Some(at(now() - 301)), good.body.clone()),
        ("from the future", Some(at(now() + 302)), good.body.clone()),
    ] {
        let (status, code) = world.post(URI, header.as_deref(), body).await;
        assert_eq!((status, code.as_str()), (400, "delivery_refused"), "{what}");
    }
    assert!(world.inbox_rows().await.is_empty());
    assert_eq!(world.post(URI, Some(&at(now() - 290)), good.body.clone()).await.0, 204);
    world.stop().await;
}

#[tokio::test]
async fn what_is_signed_and_yet_no_event_is_refused() {
    let world = World::start().await;
    let long = "x".repeat(300);
    for body in [
        String::new(),
        "{".to_owned(),
        "[]".to_owned(),
        r#"{"id":"evt_1"}"#.to_owned(),
        r#"{"id":"evt_1","type":"x","data":{}}"#.to_owned(),
        r#"{"id":"","type":"x","data":{"object":{}}}"#.to_owned(),
        format!(r#"{{"id":"{long}","type":"x","data":{{"object":{{}}}}}}"#),
        r#"{"id":"evt_\u0000","type":"x","data":{"object":{}}}"#.to_owned(),
    ] {
        let header = format!("t={},v1={}", now(), signature(now(), &body, WEBHOOK_SECRET));
        let (status, code) = world.post(URI, Some(&header), body.clone()).await;
        assert_eq!((status, code.as_str()), (400, "delivery_refused"), "{body}");
    }
    let bytes = [b'{', 0xff, b'}'].to_vec();
    assert_eq!(world.post(URI, Some("t=1,v1=00"), bytes).await.0, 400);
    let large = vec![b' '; 4 << 20];
    assert_eq!(world.post(URI, Some("t=1,v1=00"), large).await, (413, "too_large".to_owned()));
    let (status, code) = world.post("/webhooks/nobody", Some("t=1,v1=00"), "{}").await;
    assert_eq!((status, code.as_str()), (404, "unknown_route"));
    assert!(world.inbox_rows().await.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn secrets_are_rotated_without_losing_a_delivery() {
    let secrets = vec![Secret::new("whsec_new"), Secret::new(WEBHOOK_SECRET)];
    let world = World::start_with(|options| StripeOptions { webhook_secrets: secrets, ..options }).await;
    let old = event("evt_1", "ping", "x", "x_1");
    world.deliver(&old).await;
    // While both secrets are valid, Stripe signs with both.
    let both = event("evt_2", "ping", "x", "x_1");
    let header =
        format!("t={0},v1={1},v1={2}", now(), signature(now(), &both.body, "whsec_new"), signature(now(), &both.body, "whsec_gone"));
    assert_eq!(world.post(URI, Some(&header), both.body.clone()).await.0, 204);
    assert_eq!(world.inbox_rows().await.len(), 2);
    world.stop().await;
    let world = World::start_with(|options| StripeOptions { webhook_secrets: Vec::new(), ..options }).await;
    assert_eq!(world.post(URI, Some(&old.signature), old.body).await, (400, "delivery_refused".to_owned()));
    world.stop().await;
}

#[tokio::test]
async fn an_event_that_comes_again_is_stored_once_and_looked_at_once() {
    let mut world = World::start().await;
    world.customer(Some(Card::NeedsAction)).await;
    world.payment("y").await;
    world.settle().await;
    let intent = world.row("billing_payment_list", "y").await["external_id"].as_str().unwrap().to_owned();
    drop(world.fake.deliveries());
    world.fake.confirm(&intent);
    let delivered = world.fake.deliveries();
    let [confirmed] = &delivered[..] else { panic!("{delivered:?}") };
    for _ in 0..3 {
        world.deliver(confirmed).await;
    }
    // The same event, signed again for a later attempt.
    let again = deliver(&serde_json::from_str::<Value>(&confirmed.body).unwrap(), now() - 1, WEBHOOK_SECRET);
    world.deliver(&again).await;
    assert_eq!(world.look().await, report(1, 0, 0, 0));
    world.deliver(confirmed).await;
    assert_eq!(world.look().await, report(0, 0, 0, 0), "it is done with");
    let expected = ["payment_requested", "payment_action_required", "payment_captured"];
    assert_eq!(world.history("payment", "y").await, expected);
    world.stop().await;
}

#[tokio::test]
async fn the_order_of_arrival_does_not_matter() {
    let mut histories = Vec::new();
    for backwards in [false, true] {
        let mut world = World::start().await;
        let customer = world.customer(Some(Card::Declined("card_declined".into()))).await;
        world.payment("y").await;
        let charge = world.waiting().await.remove(0);
        // Everything happens at Stripe before we look at anything: declined, then paid, then given back.
        drop(world.fake.deliveries());
        world.call(&charge).await.unwrap();
        world.fake.give_card(&customer, Card::Good);
        world.call(&charge).await.unwrap();
        let intent = world.fake.objects("payment_intent")[0]["id"].as_str().unwrap().to_owned();
        world.fake.refund_by_hand(&intent, 300).unwrap();
        let mut deliveries = world.fake.deliveries();
        if backwards {
            deliveries.reverse();
        }
        for delivery in &deliveries {
            world.deliver(delivery).await;
            let report = world.look().await;
            assert_eq!((report.refused, report.again), (0, 0), "{}", delivery.event_type);
        }
        let row = world.row("billing_payment_list", "y").await;
        histories.push((row["status"].clone(), row["captured_minor"].clone(), row["refunded_minor"].clone()));
        world.stop().await;
    }
    let expected = (json!("partially_refunded"), json!(1_000), json!(300));
    assert_eq!(histories, [expected.clone(), expected]);
}

#[tokio::test]
async fn unknown_and_deleted_objects_are_passed_over() {
    let mut world = World::start().await;
    let customer = world.customer(None).await;
    drop(world.fake.deliveries());
    for (number, (event_type, kind)) in [
        ("payment_intent.succeeded", "payment_intent"),
        ("refund.updated", "refund"),
        ("charge.dispute.created", "dispute"),
        ("customer.subscription.updated", "subscription"),
        ("checkout.session.completed", "checkout.session"),
        ("customer.deleted", "customer"),
        ("invoice.paid", "invoice"),
    ]
    .into_iter()
    .enumerate()
    {
        world.deliver(&event(&format!("evt_x{number}"), event_type, kind, &format!("gone_{number}"))).await;
    }
    let nameless = json!({ "id": "evt_n", "type": "balance.available", "data": { "object": { "object": "balance" } } });
    world.deliver(&deliver(&nameless, now(), WEBHOOK_SECRET)).await;
    let looked = world.look().await;
    assert_eq!((looked.ignored + looked.done, looked.refused, looked.again), (8, 0, 0), "{:?}", world.inbox_rows().await);

    // A customer who was deleted in Stripe's pages is known there no more.
    world.fake.alter(&customer, Some("customer.deleted"), |object| {
        *object = json!({ "id": object["id"], "object": "customer", "deleted": true });
    });
    world.deliver_all().await;
    assert_eq!(world.look().await, report(1, 0, 0, 0));
    assert_eq!(world.history("customer", "c").await.last().unwrap(), "customer_unlinked");
    world.stop().await;
}

#[tokio::test]
async fn objects_of_others_are_none_of_our_business() {
    let mut world = World::start().await;
    world.customer(Some(Card::Good)).await;
    world.payment("y").await;
    world.settle().await;
    let intent = world.fake.objects("payment_intent")[0]["id"].as_str().unwrap().to_owned();
    drop(world.fake.deliveries());
    // Somebody else uses the account too; and somebody has altered what the object says about itself.
    world.fake.alter(&intent, Some("payment_intent.succeeded"), |intent| intent["metadata"] = json!({ "order": "17" }));
    world.fake.alter(&intent, Some("payment_intent.succeeded"), |intent| {
        intent["metadata"] = json!({ "neuroops_tenant": "not-a-tenant", "neuroops_payment": "y" });
    });
    let nobody = fresh().to_string();
    for delivery in world.fake.deliveries() {
        world.deliver(&delivery).await;
    }
    assert_eq!(world.look().await, report(0, 2, 0, 0));
    world.fake.alter(&intent, Some("payment_intent.succeeded"), |intent| {
        intent["metadata"] = json!({ "neuroops_tenant": nobody, "neuroops_payment": "y" });
    });
    world.deliver_all().await;
    assert_eq!(world.look().await, report(0, 0, 1, 0), "no such tenant, or no such payment of it");
    let rows = world.inbox_rows().await;
    assert!(rows.iter().all(|(_, _, detail)| detail.is_some()), "{rows:?}");
    assert_eq!(world.history("payment", "y").await, ["payment_requested", "payment_captured"]);
    world.stop().await;
}

#[tokio::test]
async fn the_account_of_one_tenant_decides_for_no_other() {
    let mut world = World::start().await;
    world.customer(Some(Card::NeedsAction)).await;
    world.payment("y").await;
    world.settle().await;
    drop(world.fake.deliveries());
    let intent = world.fake.objects("payment_intent")[0]["id"].as_str().unwrap().to_owned();
    world.fake.confirm(&intent);
    world.deliver_all().await;
    world.options.tenant = Some(domain::kernel::TenantId(fresh()));
    assert_eq!(world.look().await, report(0, 1, 0, 0));
    assert_eq!(world.row("billing_payment_list", "y").await["status"], "action_required");
    world.stop().await;
}

#[tokio::test]
async fn while_stripe_is_away_events_wait() {
    let mut world = World::start().await;
    world.customer(Some(Card::NeedsAction)).await;
    world.payment("y").await;
    world.settle().await;
    drop(world.fake.deliveries());
    let intent = world.fake.objects("payment_intent")[0]["id"].as_str().unwrap().to_owned();
    world.fake.confirm(&intent);
    world.deliver_all().await;
    world.fake.go_wrong([Fault::Status(500)]);
    assert_eq!(world.look().await, report(0, 0, 0, 1));
    assert_eq!(world.look().await, report(0, 0, 0, 0), "not before its time");
    sqlx::query("UPDATE runtime.webhook_events SET next_at = now()").execute(&world.db.worker).await.unwrap();
    assert_eq!(world.look().await, report(1, 0, 0, 0));
    assert_eq!(world.row("billing_payment_list", "y").await["status"], "captured");

    // A key that is not accepted is for an operator to mend; meanwhile nothing is lost.
    world.options.secret_key = Some(Secret::new("sk_test_old"));
    world.fake.alter(&intent, Some("payment_intent.succeeded"), |_| {});
    world.deliver_all().await;
    assert_eq!(world.look().await, report(0, 0, 0, 1));
    world.options.secret_key = Some(Secret::new(SECRET_KEY));
    sqlx::query("UPDATE runtime.webhook_events SET next_at = now()").execute(&world.db.worker).await.unwrap();
    assert_eq!(world.look().await, report(1, 0, 0, 0));
    world.stop().await;
}

#[tokio::test]
async fn a_bank_demands_a_payment_back_and_the_dispute_ends() {
    for (outcome, expected) in [("won", "captured"), ("lost", "charged_back")] {
        let mut world = World::start().await;
        world.customer(Some(Card::Good)).await;
        world.payment("y").await;
        world.settle().await;
        drop(world.fake.deliveries());
        let intent = world.fake.objects("payment_intent")[0]["id"].as_str().unwrap().to_owned();
        let dispute = world.fake.dispute(&intent).unwrap();
        world.deliver_all().await;
        assert_eq!(world.look().await, report(1, 0, 0, 0));
        assert_eq!(world.row("billing_payment_list", "y").await["status"], "disputed");
        world.fake.alter(&dispute, Some("charge.dispute.closed"), |dispute| dispute["status"] = json!(outcome));
        world.deliver_all().await;
        assert_eq!(world.look().await, report(1, 0, 0, 0));
        assert_eq!(world.row("billing_payment_list", "y").await["status"], expected);
        world.stop().await;
    }
}

#[tokio::test]
async fn many_look_at_the_inbox_and_each_event_is_looked_at_by_one() {
    let mut world = World::start().await;
    world.customer(Some(Card::Good)).await;
    for number in 0..10 {
        world.payment(&format!("y{number}")).await;
    }
    let waiting = world.waiting().await;
    for charge in &waiting {
        // Killed before the commands are stored: what follows comes by the inbox alone.
        world.call(charge).await.unwrap();
    }
    world.deliver_all().await;
    world.projected().await;
    let inboxes: Vec<_> = (0..4).map(|_| world.inbox()).collect();
    let reports = futures::future::join_all(inboxes.iter().map(|inbox| async { inbox.turn().await.unwrap() })).await;
    let looked: u64 = reports.iter().map(|report| report.done + report.ignored).sum();
    assert_eq!(looked, world.inbox_rows().await.len() as u64, "{reports:?}");
    for number in 0..10 {
        assert_eq!(world.history("payment", &format!("y{number}")).await, ["payment_requested", "payment_captured"]);
    }
    world.stop().await;
}

#[tokio::test]
async fn money_that_moves_at_stripe_moves_on_the_invoice() {
    let mut world = World::start().await;
    world.customer(Some(Card::Good)).await;
    world.send("plan/growth/publish", crate::support::plan()).await;
    world.send("subscription/s/start", json!({ "customer_id": "c", "plan_id": "growth" })).await;
    world.process().await;
    world.settle().await;
    world.process().await;
    let intent = world.fake.objects("payment_intent")[0]["id"].as_str().unwrap().to_owned();
    let bill = world.events().await.into_iter().find(|event| event.event_type == "invoice_finalized").unwrap().aggregate_id;
    let invoice = |names: Vec<String>| names.into_iter().skip(2).collect::<Vec<_>>();
    assert_eq!(invoice(world.history("invoice", &bill).await), ["payment_recorded"]);
    // Somebody gives a part back in Stripe's pages, and it bounces.
    drop(world.fake.deliveries());
    let refund = world.fake.refund_by_hand(&intent, 900).unwrap();
    world.deliver_all().await;
    world.look().await;
    world.process().await;
    assert_eq!(invoice(world.history("invoice", &bill).await), ["payment_recorded", "payment_refunded"]);
    world.fake.alter(&refund, Some("refund.failed"), |refund| refund["status"] = json!("failed"));
    world.deliver_all().await;
    assert_eq!(world.look().await, report(1, 0, 0, 0));
    world.process().await;
    assert_eq!(invoice(world.history("invoice", &bill).await), ["payment_recorded", "payment_refunded", "payment_recorded"]);
    // The payer's bank takes it all.
    let dispute = world.fake.dispute(&intent).unwrap();
    world.fake.alter(&dispute, Some("charge.dispute.closed"), |dispute| dispute["status"] = json!("lost"));
    world.deliver_all().await;
    world.look().await;
    world.process().await;
    assert_eq!(world.history("invoice", &bill).await.last().unwrap(), "payment_refunded");
    world.stop().await;
}

#[tokio::test]
async fn what_stripe_bills_stands_in_the_books_once() {
    let mut world = World::start().await;
    world.customer(None).await;
    world.send("plan/growth/publish", crate::support::plan()).await;
    world.settle().await;
    world.send("checkout/k/open", json!({ "page": { "kind": "subscription", "plan_id": "growth" }, "customer_id": "c" })).await;
    world.settle().await;
    let session = world.row("billing_checkout_list", "k").await["external_id"].as_str().unwrap().to_owned();
    drop(world.fake.deliveries());
    let external = world.fake.complete_session(&session).unwrap();
    let paid = world.fake.deliveries();
    for delivery in &paid {
        world.deliver(delivery).await;
    }
    let report = world.look().await;
    assert_eq!((report.refused, report.again), (0, 0), "{:?}", world.inbox_rows().await);
    let first = world.fake.objects("invoice").remove(0);
    let id = first["id"].as_str().unwrap().to_owned();
    let expected = ["invoice_drafted", "invoice_finalized", "payment_recorded"];
    assert_eq!(world.history("invoice", &id).await, expected);
    // Stripe tells it again, under another event; and bills the next period.
    world.fake.alter(&id, Some("invoice.payment_succeeded"), |_| {});
    let next = world.fake.bill(&external).unwrap();
    world.deliver_all().await;
    let report = world.look().await;
    assert_eq!((report.refused, report.again), (0, 0), "{:?}", world.inbox_rows().await);
    assert_eq!(world.history("invoice", &id).await, expected);
    assert_eq!(world.history("invoice", &next).await, expected);
    let finalized = world.events().await.into_iter().find(|event| event.event_type == "invoice_finalized").unwrap();
    let finalized: Value = serde_json::from_str(&finalized.payload).unwrap();
    assert_eq!((&finalized["number"], &finalized["totals"]["gross"]["amount_minor"]), (&first["number"], &json!(4_900)));
    world.process().await;
    assert!(world.waiting().await.iter().all(|effect| effect.name != "stripe.charge"), "nobody asks for it again");
    world.stop().await;
}
