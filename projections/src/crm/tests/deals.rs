//! Deals and their stays in stages.

use std::collections::BTreeMap;

use domain::crm::company::{CompaniesMerged, Company};
use domain::crm::contact::{Contact, ContactErased, ContactsMerged};
use domain::crm::custom_field::{CustomEntity, CustomField, CustomFieldDefined, CustomFieldRetired, CustomFieldUpdated, FieldType};
use domain::crm::deal::{
    self, Deal, DealAmountSet, DealFacts, DealLost, DealOpened, DealReopened, DealStageMoved, DealUpdated, DealWon, Loss,
};
use domain::crm::pipeline::{Pipeline, PipelineDefined, PipelineRenamed, Stage, StageRetired};
use domain::crm::values::CustomValues;
use domain::kernel::{Currency, Day, Money};

use super::{Given, at, company, someone, text};
use crate::crm::custom_field_list::{self, CustomFieldList};
use crate::crm::deal_list::{self, DealList, DealState};
use crate::crm::deal_stage_history::{self, DealStageHistory, Outcome};
use crate::crm::pipeline_list::{self, PipelineList};

fn stage(id: &str, probability_percent: u8) -> Stage {
    Stage { id: id.parse().unwrap(), name: text(&id.to_uppercase()), probability_percent }
}

fn facts(name: &str) -> DealFacts {
    DealFacts {
        name: text(name),
        contact_id: Some("k".into()),
        company_id: Some("c".into()),
        owner: None,
        expected_close: None,
        source: None,
        tags: vec![],
        note: None,
        custom: CustomValues::new(),
    }
}

fn euro(amount_minor: i64) -> Money {
    Money::new(amount_minor, Currency::EUR)
}

fn opened() -> DealOpened {
    DealOpened {
        facts: facts("Engine"),
        pipeline_id: "default".into(),
        stage: stage("proposal", 50),
        amount: Some(euro(101)),
        opened_at: at(1),
    }
}

fn moved(from: &Stage, to: &Stage, minutes: (i64, i64)) -> DealStageMoved {
    let (entered_at, moved_at) = (at(minutes.0), at(minutes.1));
    DealStageMoved { pipeline_id: "default".into(), from: from.clone(), entered_at, to: to.clone(), moved_at }
}

fn day(text: &str) -> Day {
    Day(text.parse().unwrap())
}

fn lost(from: &Stage, minutes: (i64, i64)) -> DealLost {
    let (entered_at, moved_at) = (at(minutes.0), at(minutes.1));
    let loss = Loss { reason: "price".into(), competitor: Some(text("Bolt")), note: None };
    let closed_on = day("2026-03-02");
    DealLost { from: from.clone(), entered_at, to: Stage::lost(), moved_at, closed_on, amount: None, loss }
}

fn won(from: &Stage, minutes: (i64, i64)) -> DealWon {
    let (entered_at, moved_at) = (at(minutes.0), at(minutes.1));
    let closed_on = day("2026-03-02");
    DealWon { from: from.clone(), entered_at, to: Stage::won(), moved_at, closed_on, amount: Some(euro(200)) }
}

fn reopened(to: &Stage, minutes: (i64, i64)) -> DealReopened {
    let (closed_at, moved_at) = (at(minutes.0), at(minutes.1));
    DealReopened { outcome: deal::Outcome::Lost, from: Stage::lost(), closed_at, to: to.clone(), moved_at }
}

fn deals() -> Given<DealList> {
    Given::nothing(deal_list::fold).event::<Deal>("d", opened())
}

#[test]
fn the_weighted_amount_follows_stage_and_amount_and_is_rounded_half_up() {
    let given = deals();
    assert_eq!((given.row("d").weighted_minor, given.row("d").currency.as_deref()), (Some(51), Some("EUR")));
    let given = given.event::<Deal>("d", moved(&stage("proposal", 50), &stage("negotiation", 80), (1, 2)));
    assert_eq!((given.row("d").weighted_minor, given.row("d").stage_name.as_ref()), (Some(81), "NEGOTIATION"));
    let given = given.event::<Deal>("d", DealAmountSet { from: None, to: Some(euro(9_000_000_000_000_000)) });
    assert_eq!(given.row("d").weighted_minor, Some(7_200_000_000_000_000));
    let given = given.event::<Deal>("d", DealAmountSet { from: None, to: None });
    assert_eq!((given.row("d").amount_minor, given.row("d").weighted_minor, &given.row("d").currency), (None, None, &None));
}

#[test]
fn a_deal_is_closed_and_opened_again() {
    let negotiation = stage("negotiation", 80);
    let given = deals().event::<Deal>("d", lost(&negotiation, (1, 3)));
    let row = given.row("d");
    assert_eq!((row.status, row.lost_reason.as_deref(), row.weighted_minor), (DealState::Lost, Some("price"), Some(0)));
    assert_eq!((row.closed_at, row.closed_on, row.stage_entered_at), (Some(at(3)), Some(day("2026-03-02")), at(3)));
    let given = given.event::<Deal>("d", reopened(&negotiation, (3, 4)));
    let row = given.row("d");
    assert_eq!((row.status, &row.lost_reason, &row.competitor, row.closed_at, row.closed_on), (DealState::Open, &None, &None, None, None));
    let given = given.event::<Deal>("d", won(&negotiation, (4, 5)));
    assert_eq!((given.row("d").status, given.row("d").weighted_minor, given.row("d").version), (DealState::Won, Some(101), 4));
}

#[test]
fn references_follow_merges_even_when_a_later_event_repeats_the_old_id() {
    let contacts = ContactsMerged { losers: vec!["k".into()], choices: BTreeMap::new(), profile: someone("Ada"), company_id: None };
    let companies = CompaniesMerged { losers: vec!["c".into()], choices: BTreeMap::new(), profile: company("Acme"), parent_id: None };
    let given = deals().event::<Contact>("k2", contacts).event::<Company>("c2", companies);
    // The deal's own state still names the losers.
    let given = given.event::<Deal>("d", DealUpdated { changed: vec!["name".into()], facts: facts("Mill") });
    let row = given.row("d");
    assert_eq!((row.contact_id.as_deref(), row.company_id.as_deref(), &*row.name), (Some("k2"), Some("c2"), "Mill"));
    let relinked = DealFacts { contact_id: Some("k3".into()), ..facts("Mill") };
    let given = given.event::<Deal>("d", DealUpdated { changed: vec!["contact_id".into()], facts: relinked });
    assert_eq!((given.row("d").contact_id.as_deref(), given.row("d").company_id.as_deref()), (Some("k3"), Some("c2")));
    let given = given.event::<Contact>("k3", ContactErased { reason: text("asked") });
    assert_eq!(given.row("d").contact_id, None);
}

#[test]
fn every_stay_in_a_stage_is_kept_with_its_end() {
    let (proposal, negotiation) = (stage("proposal", 50), stage("negotiation", 80));
    let given: Given<DealStageHistory> = Given::nothing(deal_stage_history::fold)
        .event::<Deal>("d", opened())
        .event::<Deal>("d", moved(&proposal, &negotiation, (1, 3)))
        .event::<Deal>("d", moved(&negotiation, &proposal, (3, 4)))
        .event::<Deal>("d", DealAmountSet { from: None, to: None })
        .event::<Deal>("d", lost(&proposal, (4, 6)))
        .event::<Deal>("d", reopened(&proposal, (6, 7)))
        .event::<Deal>("d", won(&proposal, (7, 9)));
    let stays: Vec<_> = ["d:2", "d:3", "d:5", "d:6", "d:7", "d:current"]
        .map(|id| {
            let row = given.row(id);
            (row.number, row.stage_id.as_str(), row.seconds, row.outcome)
        })
        .into();
    assert_eq!(
        stays,
        [
            (1, "proposal", Some(120), Some(Outcome::Advanced)),
            (2, "negotiation", Some(60), Some(Outcome::Returned)),
            (3, "proposal", Some(120), Some(Outcome::Lost)),
            (4, "lost", Some(60), Some(Outcome::Reopened)),
            (5, "proposal", Some(120), Some(Outcome::Won)),
            (6, "won", None, None),
        ]
    );
    assert_eq!(given.ids().len(), 6);
    let row = given.row("d:3");
    assert_eq!((row.from_stage_id.as_deref(), row.to_stage_id.as_deref(), row.left_at), (Some("proposal"), Some("proposal"), Some(at(4))));
}

#[test]
fn the_built_in_pipeline_is_listed_until_it_is_defined() {
    let given: Given<PipelineList> = Given::nothing(pipeline_list::fold).event::<Deal>("d", opened());
    let row = given.row("default");
    assert_eq!((row.stages.len(), row.version, row.created_at), (4, 0, at(1)));
    let stages = vec![stage("intro", 10), stage("offer", 60)];
    let given = given
        .event::<Pipeline>("default", PipelineDefined { name: text("Ours"), stages })
        .event::<Pipeline>("default", PipelineRenamed { name: text("Sales") })
        .event::<Pipeline>("default", StageRetired { stage_id: "intro".parse().unwrap() });
    let row = given.row("default");
    assert_eq!((&*row.name, row.stages.as_slice(), row.version), ("Sales", &[stage("offer", 60)][..], 3));
    assert_eq!((row.retired_stages.len(), row.created_at, row.updated_at), (1, at(2), at(4)));
}

#[test]
fn custom_fields_are_listed_after_they_are_retired() {
    let defined = CustomFieldDefined {
        entity: CustomEntity::Deal,
        key: "tier".into(),
        label: text("Tier"),
        field_type: FieldType::Select,
        options: vec![text("gold")],
    };
    let given: Given<CustomFieldList> = Given::nothing(custom_field_list::fold)
        .event::<CustomField>("deal.tier", defined)
        .event::<CustomField>("deal.tier", CustomFieldUpdated { label: text("Level"), options: vec![text("gold"), text("tin")] })
        .event::<CustomField>("deal.tier", CustomFieldRetired {});
    let row = given.row("deal.tier");
    assert_eq!((&*row.label, row.options.len(), row.retired, row.version), ("Level", 2, true, 3));
}
