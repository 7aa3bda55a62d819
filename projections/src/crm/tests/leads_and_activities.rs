//! Leads with their score, and the timeline of activities.

use std::collections::BTreeMap;

use domain::crm::activity::{
    About, Activity, ActivityCancelled, ActivityCompleted, ActivityKind, ActivityReassigned, ActivityRescheduled, ActivityScheduled,
};
use domain::crm::contact::{Contact, ContactErased, ContactsMerged};
use domain::crm::lead::{
    Lead, LeadAssigned, LeadCaptured, LeadConverted, LeadDisqualified, LeadErased, LeadProfile, LeadQualified, LeadRecycled, LeadUpdated,
};
use domain::kernel::{Currency, Money, When};

use super::{Given, at, someone, text};
use crate::crm::activity_timeline::{self, ActivityState, ActivityTimeline};
use crate::crm::lead_list::{self, LeadList, LeadStage};

fn profile() -> LeadProfile {
    LeadProfile { given_name: Some(text("Ada")), email: Some("ada@engines.io".into()), ..LeadProfile::default() }
}

fn leads() -> Given<LeadList> {
    Given::nothing(lead_list::fold).event::<Lead>("l", LeadCaptured { profile: profile(), owner: None })
}

fn scheduled(about: About) -> ActivityScheduled {
    ActivityScheduled {
        kind: ActivityKind::Call,
        subject: text("Demo"),
        due_at: When(at(60)),
        duration_minutes: Some(30),
        assignee: None,
        about,
        note: Some(text("about Ada")),
    }
}

fn about_lead() -> About {
    About { lead_id: Some("l".into()), ..About::default() }
}

fn about_contact() -> About {
    About { contact_id: Some("k".into()), ..About::default() }
}

fn converted() -> LeadConverted {
    LeadConverted {
        contact_id: "k".into(),
        contact_created: true,
        company_id: Some("c".into()),
        company_created: false,
        deal_id: Some("d".into()),
    }
}

fn merged_into_k2() -> ContactsMerged {
    ContactsMerged { losers: vec!["k".into()], choices: BTreeMap::new(), profile: someone("Ada"), company_id: None }
}

fn timeline() -> Given<ActivityTimeline> {
    Given::nothing(activity_timeline::fold)
}

#[test]
fn the_score_follows_what_is_known() {
    let given = leads();
    assert_eq!((given.row("l").score, given.row("l").status), (10, LeadStage::New));
    let profile = LeadProfile { job_title: Some(text("CTO")), phone: Some("+44".into()), ..profile() };
    let given = given.event::<Lead>("l", LeadUpdated { changed: vec![], profile });
    assert_eq!(given.row("l").score, 30);
    let given = given.event::<Activity>("a", scheduled(about_lead()));
    let row = given.row("l");
    assert_eq!((row.score, row.activities, row.last_activity_at, row.version), (33, 1, Some(at(3)), 2));
    assert_eq!(row.score_reasons.last().unwrap().because, "activities planned: 1");
    let value = Some(Money::new(500, Currency::EUR));
    let given = given.event::<Lead>("l", LeadQualified { note: Some(text("budget")), estimated_value: value });
    let row = given.row("l");
    assert_eq!((row.score, row.status_reason.as_deref(), row.estimated_value_minor), (43, Some("budget"), Some(500)));
    assert_eq!(row.score, row.score_reasons.iter().map(|reason| reason.points).sum::<i32>());
}

#[test]
fn a_lead_is_assigned_qualified_converted_recycled_or_disqualified() {
    let assigned = || LeadAssigned { from: None, owner: text("grace") };
    let given = leads().event::<Lead>("l", assigned());
    assert_eq!((given.row("l").status, given.row("l").status_changed_at), (LeadStage::Working, at(2)));
    let until = Some(domain::kernel::Day("2026-09-01".parse().unwrap()));
    let given = given.event::<Lead>("l", LeadRecycled { reason: text("next year"), until });
    assert_eq!((given.row("l").status, given.row("l").rest_until), (LeadStage::Recycled, until));
    let given = given.event::<Lead>("l", assigned()).event::<Lead>("l", LeadQualified { note: None, estimated_value: None });
    let given = given.event::<Lead>("l", assigned());
    assert_eq!((given.row("l").status, given.row("l").rest_until), (LeadStage::Qualified, None), "assigned again, it stays qualified");
    let given = given.event::<Lead>("l", converted());
    let given = given.event::<Contact>("k2", merged_into_k2());
    let row = given.row("l");
    assert_eq!((row.status, row.contact_id.as_deref(), row.deal_id.as_deref()), (LeadStage::Converted, Some("k2"), Some("d")));

    let given = leads().event::<Lead>("l", LeadDisqualified { reason: text("student") });
    assert_eq!((given.row("l").status, given.row("l").status_reason.as_deref()), (LeadStage::Disqualified, Some("student")));
    let given = given.event::<Lead>("l", LeadErased { reason: text("asked") });
    assert_eq!(given.ids(), [""; 0]);
}

#[test]
fn an_activity_stands_where_it_was_done() {
    let given = timeline()
        .event::<Activity>("a", scheduled(about_contact()))
        .event::<Activity>("a", ActivityRescheduled { from: When(at(60)), due_at: When(at(90)), duration_minutes: None })
        .event::<Activity>("a", ActivityReassigned { from: None, assignee: text("Grace") });
    let row = given.row("a");
    assert_eq!((row.at, row.due_at, row.duration_minutes, row.search.as_str()), (at(90), at(90), None, "demo grace"));
    let given = given.event::<Activity>("a", ActivityCompleted { outcome: Some(text("wants it")), completed_at: at(80) });
    let row = given.row("a");
    assert_eq!((row.status, row.at, row.due_at, row.version), (ActivityState::Completed, at(80), at(90), 4));
    let given =
        given.event::<Activity>("b", scheduled(about_contact())).event::<Activity>("b", ActivityCancelled { reason: Some(text("ill")) });
    assert_eq!((given.row("b").status, given.row("b").cancel_reason.as_deref()), (ActivityState::Cancelled, Some("ill")));
}

#[test]
fn activities_follow_merges_and_conversions() {
    let given = timeline()
        .event::<Activity>("a", scheduled(about_contact()))
        .event::<Activity>("b", scheduled(about_lead()))
        .event::<Lead>("l", converted());
    let row = given.row("b");
    assert_eq!((row.contact_id.as_deref(), row.company_id.as_deref(), row.deal_id.as_deref()), (Some("k"), Some("c"), Some("d")));
    let given = given.event::<Contact>("k2", merged_into_k2());
    assert_eq!((given.row("a").contact_id.as_deref(), given.row("b").contact_id.as_deref()), (Some("k2"), Some("k2")));
    assert!(given.row("a").note.is_some());
}

#[test]
fn erasure_takes_what_was_written_about_the_person() {
    let both = About { company_id: Some("c".into()), ..about_contact() };
    let given = timeline()
        .event::<Activity>("a", scheduled(about_contact()))
        .event::<Activity>("b", scheduled(both))
        .event::<Contact>("k", ContactErased { reason: text("asked") });
    assert_eq!(given.ids(), ["b"]);
    assert_eq!((&given.row("b").note, &given.row("b").contact_id, given.row("b").company_id.as_deref()), (&None, &None, Some("c")));
    let given = given.event::<Activity>("a", ActivityCompleted { outcome: None, completed_at: at(9) });
    assert_eq!(given.ids(), ["b"], "an activity without a row may still be completed");
}
