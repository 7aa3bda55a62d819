//! Collecting amounts: once, whatever is killed, lost, declined or repeated.

use std::time::Duration;

use domain::kernel::TenantId;
use fake_stripe::{Card, Fault};
use neuroops_stripe::StripeOptions;
use serde_json::json;
use workers::processes::EffectError;

use crate::support::{World, euro, fresh};

#[tokio::test]
async fn a_payment_is_collected_from_the_customers_card() {
    let mut world = World::start().await;
    world.customer(Some(Card::Good)).await;
    world.payment("y").await;
    world.settle().await;
    assert_eq!(world.history("payment", "y").await, ["payment_requested", "payment_captured"]);
    let row = world.row("billing_payment_list", "y").await;
    assert_eq!((&row["status"], &row["captured_minor"], &row["method"]), (&json!("captured"), &json!(1_000), &json!("card")));
    let intent = world.fake.object(row["external_id"].as_str().unwrap()).unwrap();
    assert_eq!((&intent["metadata"]["neuroops_payment"], &intent["description"]), (&json!("y"), &json!("R-1")));
    world.stop().await;
}

#[tokio::test]
async fn a_kill_between_stripes_answer_and_the_command_charges_once() {
    let mut world = World::start().await;
    world.customer(Some(Card::Good)).await;
    world.payment("y").await;
    let waiting = world.waiting().await;
    let [charge] = &waiting[..] else { panic!("{waiting:?}") };
    for _ in 0..5 {
        // Stripe has charged; we are killed before any command is stored, and the step is taken again.
        world.call(charge).await.unwrap();
        assert_eq!(world.received(), [1_000]);
    }
    assert_eq!(world.history("payment", "y").await, ["payment_requested"]);
    let commands = world.call(charge).await.unwrap();
    world.follow(charge, commands.clone()).await;
    // Killed again after the commands were stored and before the step was: they are sent again.
    world.follow(charge, commands).await;
    assert_eq!(
        (world.history("payment", "y").await, world.received()),
        (vec!["payment_requested".into(), "payment_captured".into()], vec![1_000])
    );
    world.stop().await;
}

#[tokio::test]
async fn a_lost_answer_charges_once_even_when_dunning_comes_first() {
    let mut world = World::start().await;
    world.customer(Some(Card::Good)).await;
    world.payment("y").await;
    let first = world.waiting().await.remove(0);
    // The customer is read and the payments are searched; the answer to the charge itself is lost.
    world.fake.go_wrong([Fault::Slow(Duration::ZERO), Fault::Slow(Duration::ZERO), Fault::AnswerLost]);
    assert!(matches!(world.call(&first).await, Err(EffectError::Retry { .. })));
    assert_eq!(world.received(), [1_000]);
    // Nobody has heard of it, and the next step of dunning asks for the amount under another key.
    let mut second = first.clone();
    second.step.key = format!("process/billing.collect/{}/stripe.charge", fresh());
    second.step.body["attempt"] = json!(2);
    let commands = world.call(&second).await.unwrap();
    world.follow(&second, commands).await;
    assert_eq!(world.received(), [1_000], "the first charge was found");
    let commands = world.call(&first).await.unwrap();
    world.follow(&first, commands).await;
    assert_eq!(world.history("payment", "y").await, ["payment_requested", "payment_captured"]);
    world.stop().await;
}

#[tokio::test]
async fn a_declined_card_is_tried_again_on_the_same_payment() {
    let mut world = World::start().await;
    let customer = world.customer(Some(Card::Declined("insufficient_funds".into()))).await;
    world.send("payment/y/request", json!({ "customer_id": "c", "amount": euro(1_000) })).await;
    world.settle().await;
    let row = world.row("billing_payment_list", "y").await;
    assert_eq!((&row["status"], &row["error_code"], &row["overdue"]), (&json!("open"), &json!("insufficient_funds"), &json!(true)));
    world.fake.give_card(&customer, Card::Good);
    // The next attempt, as dunning would make it.
    let mut again = world.waiting().await;
    assert!(again.is_empty());
    let body = json!({
        "payment_id": "y", "attempt": 1, "customer_id": "c", "external_customer": customer, "external_id": row["external_id"],
        "amount": euro(1_000), "capture": "automatic"
    });
    let step = workers::processes::EffectStep { tenant_id: world.tenant, key: "process/billing.collect/2/stripe.charge".into(), body };
    again.push(crate::support::Effect { name: "stripe.charge", step });
    let commands = world.call(&again[0]).await.unwrap();
    world.follow(&again[0], commands).await;
    assert_eq!(world.history("payment", "y").await, ["payment_requested", "payment_failed", "payment_overdue", "payment_captured"]);
    assert_eq!(world.fake.objects("payment_intent").len(), 1, "one payment, one intent");
    world.stop().await;
}

#[tokio::test]
async fn without_a_method_or_a_customer_the_attempt_fails_and_says_why() {
    let mut world = World::start().await;
    let customer = world.customer(None).await;
    world.payment("y").await;
    world.settle().await;
    assert_eq!(world.row("billing_payment_list", "y").await["error_code"], "no_payment_method");
    world.fake.alter(&customer, None, |customer| *customer = json!({ "id": customer["id"], "object": "customer", "deleted": true }));
    world.payment("z").await;
    world.settle().await;
    assert_eq!(world.row("billing_payment_list", "z").await["error_code"], "customer_missing");
    assert_eq!(world.row("billing_customer_list", "c").await["external_id"], json!(null));
    world.stop().await;
}

#[tokio::test]
async fn an_amount_is_held_captured_and_given_back() {
    let mut world = World::start().await;
    world.customer(Some(Card::Good)).await;
    world.send("payment/y/request", json!({ "customer_id": "c", "amount": euro(1_000), "capture": "manual" })).await;
    world.settle().await;
    assert_eq!(world.row("billing_payment_list", "y").await["status"], "authorized");
    world.send("payment/y/request-capture", json!({ "amount": euro(600) })).await;
    world.settle().await;
    assert_eq!(world.row("billing_payment_list", "y").await["captured_minor"], 600);
    world.send("payment/y/refund", json!({ "refund_id": "r-1", "amount": euro(200) })).await;
    let refund = world.waiting().await.remove(0);
    for _ in 0..3 {
        world.call(&refund).await.unwrap();
    }
    assert_eq!(world.fake.objects("refund").len(), 1, "given back once, however often it is asked for");
    world.settle().await;
    assert_eq!(world.row("billing_payment_list", "y").await["status"], "partially_refunded");
    // Somebody has given the rest back in Stripe's pages: ours cannot be.
    let intent = world.fake.objects("payment_intent")[0]["id"].as_str().unwrap().to_owned();
    world.fake.refund_by_hand(&intent, 400).unwrap();
    world.send("payment/y/refund", json!({ "refund_id": "r-2", "amount": euro(400) })).await;
    world.settle().await;
    assert_eq!(world.history("payment", "y").await.last().unwrap(), "refund_failed");
    world.stop().await;
}

#[tokio::test]
async fn what_is_called_off_is_called_off_there_and_a_late_success_goes_back() {
    let mut world = World::start().await;
    world.customer(Some(Card::NeedsAction)).await;
    world.payment("y").await;
    world.settle().await;
    let row = world.row("billing_payment_list", "y").await;
    assert!(row["action_url"].as_str().unwrap().contains("/confirm/"), "{row}");
    // The payer confirms while we call it off.
    let intent = row["external_id"].as_str().unwrap().to_owned();
    world.fake.confirm(&intent);
    world.send("payment/y/void", json!({ "reason": "The invoice was voided." })).await;
    world.settle().await;
    let history = world.history("payment", "y").await;
    let expected =
        ["payment_requested", "payment_action_required", "payment_voided", "payment_captured", "refund_requested", "refund_completed"];
    assert_eq!(history, expected);
    assert_eq!(world.fake.objects("refund")[0]["amount"], 1_000);
    world.stop().await;
}

#[tokio::test]
async fn errors_that_pass_are_tried_again_and_after_five_stripe_is_left_alone() {
    let mut world = World::start().await;
    world.customer(Some(Card::Good)).await;
    world.payment("y").await;
    let charge = world.waiting().await.remove(0);
    for status in [429, 500, 502, 503, 500] {
        world.fake.go_wrong([Fault::Status(status)]);
        assert!(matches!(world.call(&charge).await, Err(EffectError::Retry { .. })), "{status}");
    }
    let before = world.fake.requests().len();
    let Err(EffectError::Retry { after: Some(after), .. }) = world.call(&charge).await else { panic!("the breaker is open") };
    assert!(after <= Duration::from_secs(30) && after > Duration::from_secs(20), "{after:?}");
    assert_eq!(world.fake.requests().len(), before, "Stripe is not called");
    world.stop().await;
}

#[tokio::test]
async fn a_customer_is_made_once_and_forgotten_on_erasure() {
    let mut world = World::start().await;
    world.send("customer/c/register", json!({ "name": "Acme" })).await;
    world.projected().await;
    let register = world.waiting().await.remove(0);
    for _ in 0..3 {
        world.call(&register).await.unwrap();
    }
    assert_eq!(world.fake.objects("customer").len(), 1);
    world.settle().await;
    world.send("customer/c/update", json!({ "name": "Acme & Co" })).await;
    world.settle().await;
    assert_eq!(world.fake.objects("customer")[0]["name"], "Acme & Co");
    world.send("customer/c/erase", json!({ "reason": "request" })).await;
    world.settle().await;
    assert_eq!(world.fake.objects("customer")[0]["deleted"], true);
    assert_eq!(world.history("customer", "c").await.last().unwrap(), "customer_unlinked");
    world.stop().await;
}

#[tokio::test]
async fn without_a_key_payments_stay_open_and_pages_say_so() {
    let mut world = World::start_with(|options| StripeOptions { secret_key: None, ..options }).await;
    assert!(world.options.describe().starts_with("local mode"));
    world.send("customer/c/register", json!({ "name": "Acme" })).await;
    world.payment("y").await;
    world.send("checkout/k/open", json!({ "page": { "kind": "portal" }, "customer_id": "c" })).await;
    world.settle().await;
    assert_eq!(world.history("payment", "y").await, ["payment_requested"]);
    assert_eq!(world.row("billing_checkout_list", "k").await["error_code"], "not_configured");
    assert!(world.fake.requests().is_empty());
    world.stop().await;
}

#[tokio::test]
async fn the_account_serves_the_tenant_that_owns_it_and_no_other() {
    let owner = TenantId(fresh());
    let mut world = World::start_with(|options| StripeOptions { tenant: Some(owner), ..options }).await;
    world.send("customer/c/register", json!({ "name": "Acme" })).await;
    world.payment("y").await;
    world.settle().await;
    assert!(world.fake.requests().is_empty(), "another tenant's customers are none of Stripe's business");
    world.stop().await;
}

#[tokio::test]
async fn a_payment_that_nobody_waits_for_is_not_charged_however_late_the_step_comes() {
    let mut world = World::start().await;
    world.customer(Some(Card::Good)).await;
    world.payment("y").await;
    let charge = world.waiting().await.remove(0);
    // Stripe was away; meanwhile the payment is called off.
    world.send("payment/y/void", json!({ "reason": "The invoice was voided." })).await;
    assert_eq!(world.call(&charge).await.unwrap(), Vec::new());
    world.settle().await;
    assert_eq!(world.received(), Vec::<i64>::new());
    assert!(world.fake.objects("payment_intent").is_empty());
    world.stop().await;
}

#[tokio::test]
async fn an_attempt_that_nobody_has_heard_of_is_called_off_too() {
    let mut world = World::start().await;
    world.customer(Some(Card::NeedsAction)).await;
    world.payment("y").await;
    let charge = world.waiting().await.remove(0);
    // The answer is lost, and the step is given up: the payment has no id of Stripe here.
    world.call(&charge).await.unwrap();
    world.follow(&charge, Vec::new()).await;
    world.send("payment/y/void", json!({})).await;
    world.settle().await;
    assert_eq!(world.fake.objects("payment_intent")[0]["status"], "canceled");
    world.stop().await;
}

#[tokio::test]
async fn what_was_paid_by_transfer_is_not_collected_as_well_and_goes_back_if_it_was() {
    for confirms in [false, true] {
        let mut world = World::start().await;
        world.customer(Some(Card::NeedsAction)).await;
        world.payment("y").await;
        world.settle().await;
        let intent = world.fake.objects("payment_intent")[0]["id"].as_str().unwrap().to_owned();
        world.send("payment/y/capture", json!({ "method": "invoice", "recorded": true })).await;
        if confirms {
            world.fake.confirm(&intent);
        }
        world.settle().await;
        let (expected, status): (&[&str], _) =
            if confirms { (&["payment_captured_again", "refund_requested", "refund_completed"], "succeeded") } else { (&[], "canceled") };
        let history = world.history("payment", "y").await;
        assert_eq!(history[..3], ["payment_requested", "payment_action_required", "payment_captured"]);
        assert_eq!(&history[3..], expected);
        assert_eq!(world.fake.object(&intent).unwrap()["status"], status);
        // What Stripe tells of it later says nothing new.
        world.deliver_all().await;
        world.look().await;
        assert_eq!(world.history("payment", "y").await, history);
        world.stop().await;
    }
}

#[tokio::test]
async fn another_amount_is_asked_for_where_an_attempt_is_under_way() {
    let mut world = World::start().await;
    let customer = world.customer(Some(Card::Declined("insufficient_funds".into()))).await;
    world.payment("y").await;
    world.settle().await;
    world.send("payment/y/adjust", json!({ "amount": euro(400), "reason": "The invoice was credited." })).await;
    world.settle().await;
    let intent = world.fake.objects("payment_intent").remove(0);
    assert_eq!((&intent["amount"], &intent["status"]), (&json!(400), &json!("requires_payment_method")));
    world.send("payment/y/adjust", json!({ "amount": euro(300) })).await;
    world.fake.give_card(&customer, Card::Good);
    // The next attempt comes before Stripe was told.
    let body = json!({
        "payment_id": "y", "attempt": 1, "customer_id": "c", "external_customer": customer, "external_id": intent["id"],
        "amount": euro(1_000), "capture": "automatic"
    });
    let step = workers::processes::EffectStep { tenant_id: world.tenant, key: "process/billing.collect/2/stripe.charge".into(), body };
    let again = crate::support::Effect { name: "stripe.charge", step };
    let commands = world.call(&again).await.unwrap();
    world.follow(&again, commands).await;
    assert_eq!(world.received(), [300], "what is owed by now");
    assert_eq!(world.row("billing_payment_list", "y").await["captured_minor"], 300);
    world.stop().await;
}

#[tokio::test]
async fn what_is_called_off_at_stripe_is_dunned_and_tried_again_by_another_payment_there() {
    let mut world = World::start().await;
    let customer = world.customer(Some(Card::NeedsAction)).await;
    world.payment("y").await;
    world.settle().await;
    drop(world.fake.deliveries());
    let intent = world.fake.objects("payment_intent")[0]["id"].as_str().unwrap().to_owned();
    world.fake.alter(&intent, Some("payment_intent.canceled"), |intent| intent["status"] = json!("canceled"));
    world.deliver_all().await;
    assert_eq!(world.look().await.done, 1);
    let row = world.row("billing_payment_list", "y").await;
    assert_eq!((&row["status"], &row["error_code"], &row["overdue"]), (&json!("open"), &json!("canceled"), &json!(true)));
    world.fake.give_card(&customer, Card::Good);
    let body = json!({
        "payment_id": "y", "attempt": 1, "customer_id": "c", "external_customer": customer, "external_id": intent,
        "amount": euro(1_000), "capture": "automatic"
    });
    let step = workers::processes::EffectStep { tenant_id: world.tenant, key: "process/billing.collect/2/stripe.charge".into(), body };
    let again = crate::support::Effect { name: "stripe.charge", step };
    for _ in 0..3 {
        world.call(&again).await.unwrap();
    }
    let commands = world.call(&again).await.unwrap();
    world.follow(&again, commands).await;
    assert_eq!((world.received(), world.fake.objects("payment_intent").len()), (vec![1_000], 2), "charged once, by another");
    assert_eq!(world.row("billing_payment_list", "y").await["status"], "captured");
    world.stop().await;
}
