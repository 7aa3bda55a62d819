//! Given / when / then.

use serde_json::{Value, json};

use super::*;
use crate::crm::company::{CompanyProfile, CompanyRegistered};
use crate::crm::contact::{ContactRegistered, Profile};
use crate::crm::custom_field::{CustomEntity, CustomField, CustomFieldDefined, FieldType};
use crate::crm::pipeline::PipelineDefined;
use crate::kernel::testing::{Given, assert_examples_decode, given, given_nothing};
use crate::kernel::{Currency, EventSet};

const OPENED_AT: &str = "2026-02-01T09:00:00Z";
const NOW: &str = "2026-03-01T12:00:00Z";

fn text<const N: usize>(text: &str) -> crate::kernel::Text<N> {
    text.to_owned().try_into().unwrap()
}

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

fn day(day: &str) -> Day {
    Day(day.parse().unwrap())
}

fn euros(amount_minor: i64) -> Money {
    Money::new(amount_minor, Currency::EUR)
}

fn stage(id: &str) -> Stage {
    Pipeline::builtin().open_stage(id).unwrap().clone()
}

fn facts() -> DealFacts {
    DealFacts {
        name: text("Engine"),
        contact_id: None,
        company_id: None,
        owner: None,
        expected_close: None,
        source: None,
        tags: vec![],
        note: None,
        custom: CustomValues::new(),
    }
}

fn opened() -> Given<Deal> {
    let event = DealOpened {
        facts: facts(),
        pipeline_id: "default".into(),
        stage: stage("proposal"),
        amount: Some(euros(500)),
        opened_at: at(OPENED_AT),
    };
    given([event.into()])
}

fn won() -> DealWon {
    DealWon {
        from: stage("proposal"),
        entered_at: at(OPENED_AT),
        to: Stage::won(),
        moved_at: at(NOW),
        closed_on: day("2026-03-01"),
        amount: Some(euros(500)),
    }
}

fn lost() -> DealLost {
    DealLost {
        from: stage("proposal"),
        entered_at: at(OPENED_AT),
        to: Stage::lost(),
        moved_at: at(NOW),
        closed_on: day("2026-03-01"),
        amount: Some(euros(500)),
        loss: Loss { reason: "no_budget".into(), competitor: None, note: None },
    }
}

fn partner_pipeline() -> PipelineDefined {
    let intro = Stage { id: "intro".parse().unwrap(), name: text("Introduction"), probability_percent: 15 };
    PipelineDefined { name: text("Partners"), stages: vec![intro] }
}

#[test]
fn a_deal_opens_in_the_first_stage_of_the_default_pipeline() {
    let event = DealOpened { facts: facts(), pipeline_id: "default".into(), stage: stage("prospecting"), amount: None, opened_at: at(NOW) };
    given_nothing::<Deal>().when_json("open", &json!({ "name": "Engine" })).then([event.into()]);
}

#[test]
fn a_deal_opens_in_the_stage_and_with_the_parties_that_are_named() {
    let given = given_nothing::<Deal>()
        .and::<Pipeline>("partners", [partner_pipeline().into()])
        .and::<Contact>("p-1", [ContactRegistered { profile: Profile::default(), company_id: None }.into()])
        .and::<Company>("c-1", [CompanyRegistered { profile: CompanyProfile::named(text("Acme")), parent_id: None }.into()])
        .when_json(
            "open",
            &json!({ "name": "Engine", "pipeline_id": "partners", "stage": "INTRODUCTION", "contact_id": "p-1", "company_id": "c-1" }),
        )
        .then_accepted();
    let deal = given.state();
    assert_eq!(deal.position.as_ref().unwrap().stage.probability_percent, 15);
    let facts = deal.facts.as_ref().unwrap();
    assert_eq!((facts.contact_id.as_deref(), facts.company_id.as_deref()), (Some("p-1"), Some("c-1")));
}

#[test]
fn a_deal_needs_a_known_pipeline_stage_and_parties() {
    let when = |body: Value| given_nothing::<Deal>().when_json("open", &body);
    when(json!({ "name": "x", "pipeline_id": "none" })).then_rejected("crm.pipeline_unknown");
    when(json!({ "name": "x", "stage": "none" })).then_rejected("crm.stage_unknown");
    when(json!({ "name": "x", "stage": "won" })).then_rejected("crm.stage_reserved");
    when(json!({ "name": "x", "contact_id": "none" })).then_rejected("crm.contact_unknown");
    when(json!({ "name": "x", "company_id": "none" })).then_rejected("crm.company_unknown");
    when(json!({ "name": "x", "amount": { "amount_minor": -1, "currency": "EUR" } })).then_rejected("crm.amount_out_of_range");
    when(json!({ "name": "x", "custom": { "size": 1 } })).then_rejected("crm.custom_field_unknown");
    let tags: Vec<String> = (0..51).map(|n| n.to_string()).collect();
    when(json!({ "name": "x", "tags": tags })).then_rejected("crm.too_many_tags");
}

#[test]
fn an_update_changes_only_what_it_names() {
    let body = json!({ "owner": "grace", "expected_close": "2026-06-30", "custom": { "size": 3 } });
    let size = CustomFieldDefined {
        entity: CustomEntity::Deal,
        key: "size".into(),
        label: text("Size"),
        field_type: FieldType::Number,
        options: vec![],
    };
    let after = DealFacts {
        owner: Some(text("grace")),
        expected_close: Some(day("2026-06-30")),
        custom: CustomValues::from([("size".to_owned(), json!(3))]),
        ..facts()
    };
    let changed = vec!["custom".into(), "expected_close".into(), "owner".into()];
    opened()
        .and::<CustomField>("deal.size", [size.into()])
        .when_json("update", &body)
        .then([DealUpdated { changed, facts: after }.into()])
        .when_json("update", &body)
        .then_nothing()
        .when_json("update", &json!({ "contact_id": "none" }))
        .then_rejected("crm.contact_unknown");
}

#[test]
fn a_move_says_when_the_stage_that_is_left_was_entered() {
    let moved = |from: &str, entered_at: &str, to: &str, moved_at: &str| DealStageMoved {
        pipeline_id: "default".into(),
        from: stage(from),
        entered_at: at(entered_at),
        to: stage(to),
        moved_at: at(moved_at),
    };
    opened()
        .when_json("move-stage", &json!({ "stage": "negotiation" }))
        .then([moved("proposal", OPENED_AT, "negotiation", NOW).into()])
        .when_json("move-stage", &json!({ "stage": "negotiation" }))
        .then_nothing()
        .at("2026-03-05T12:00:00Z")
        .when_json("move-stage", &json!({ "stage": "Proposal" }))
        .then([moved("negotiation", NOW, "proposal", "2026-03-05T12:00:00Z").into()])
        .when_json("move-stage", &json!({ "stage": "nowhere" }))
        .then_rejected("crm.stage_unknown");
}

#[test]
fn a_deal_can_move_to_another_pipeline() {
    let body = json!({ "stage": "intro", "pipeline_id": "partners" });
    let given = opened().and::<Pipeline>("partners", [partner_pipeline().into()]).when_json("move-stage", &body).then_accepted();
    assert_eq!(given.state().pipeline_id, "partners");
    given.when_json("move-stage", &body).then_nothing();
    opened().when_json("move-stage", &body).then_rejected("crm.pipeline_unknown");
}

#[test]
fn an_amount_is_set_once() {
    let body = json!({ "amount": { "amount_minor": 700, "currency": "EUR" } });
    opened()
        .when_json("set-amount", &body)
        .then([DealAmountSet { from: Some(euros(500)), to: Some(euros(700)) }.into()])
        .when_json("set-amount", &body)
        .then_nothing()
        .when_json("set-amount", &json!({ "amount": null }))
        .then([DealAmountSet { from: Some(euros(700)), to: None }.into()]);
    let absurd = json!({ "amount": { "amount_minor": i64::MAX, "currency": "EUR" } });
    opened().when_json("set-amount", &absurd).then_rejected("crm.amount_out_of_range");
}

fn reopened(outcome: Outcome, from: Stage) -> DealReopened {
    DealReopened { outcome, from, closed_at: at(NOW), to: stage("proposal"), moved_at: at("2026-03-02T12:00:00Z") }
}

#[test]
fn a_reopening_of_version_1_tells_how_and_when_the_deal_had_been_closed() {
    for (outcome, from) in [(Outcome::Won, Stage::won()), (Outcome::Lost, Stage::lost())] {
        let stored = json!({ "from": from, "entered_at": NOW, "to": stage("proposal"), "moved_at": "2026-03-02T12:00:00Z" }).to_string();
        let read = DealEvent::decode("deal_reopened", "1", &stored).unwrap();
        assert_eq!(read, reopened(outcome, from).into());
        let written = (EventSet::def(&read).version, EventSet::payload(&read).unwrap());
        assert_eq!(DealEvent::decode("deal_reopened", &written.0.to_string(), &written.1).unwrap(), read);
        assert!(DealEvent::decode("deal_reopened", "2", &stored).is_err(), "version 2 asks for more");
    }
}

#[test]
fn a_won_deal_stays_won_until_it_is_reopened_in_its_last_open_stage() {
    let given = opened().when_json("win", &json!({})).then([won().into()]).when_json("win", &json!({})).then_nothing();
    let given = given.when_json("win", &json!({ "closed_on": "2026-03-01" })).then_nothing();
    let reopened = reopened(Outcome::Won, Stage::won());
    let given = given.at("2026-03-02T12:00:00Z").when_json("reopen", &json!({})).then([reopened.into()]);
    assert_eq!(given.state().status, DealStatus::Open);
    given.when_json("reopen", &json!({})).then_nothing();
}

#[test]
fn a_lost_deal_says_why() {
    let body = json!({ "reason": "No  Budget" });
    let given = opened().when_json("lose", &body).then([lost().into()]).when_json("lose", &body).then_nothing();
    let position = given.state().position.as_ref().unwrap();
    assert_eq!((&position.stage, &position.last_open), (&Stage::lost(), &stage("proposal")));
    opened().when_json("lose", &json!({ "reason": "_-_" })).then_rejected("crm.loss_reason_missing");
}

#[test]
fn a_closed_deal_refuses_what_is_for_open_ones() {
    let closed = || opened().when_json("win", &json!({})).then_accepted();
    closed().when_json("move-stage", &json!({ "stage": "proposal" })).then_rejected("crm.deal_closed");
    closed().when_json("set-amount", &json!({ "amount": null })).then_rejected("crm.deal_closed");
    closed().when_json("lose", &json!({ "reason": "price" })).then_rejected("crm.deal_closed");
    closed().when_json("win", &json!({ "closed_on": "2026-02-20" })).then_rejected("crm.deal_closed");
    let lost = opened().when_json("lose", &json!({ "reason": "price" })).then_accepted();
    lost.when_json("win", &json!({})).then_rejected("crm.deal_closed");
    closed().when_json("update", &json!({ "owner": "grace" })).then_accepted();
}

#[test]
fn a_deal_is_not_closed_in_the_future() {
    opened().when_json("win", &json!({ "closed_on": "2026-03-03" })).then_rejected("crm.closing_day_in_future");
    let body = json!({ "reason": "price", "closed_on": "2026-03-03" });
    opened().when_json("lose", &body).then_rejected("crm.closing_day_in_future");
    opened().when_json("win", &json!({ "closed_on": "2026-03-02" })).then_accepted();
}

#[test]
fn nothing_happens_to_a_deal_that_was_never_opened() {
    given_nothing::<Deal>().when_json("win", &json!({})).then_rejected("crm.deal_not_opened");
    given_nothing::<Deal>().when_json("reopen", &json!({})).then_rejected("crm.deal_not_opened");
}

#[test]
fn examples_decode() {
    assert_examples_decode::<Deal>();
}
