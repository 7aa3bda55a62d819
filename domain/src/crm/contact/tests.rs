//! Given / when / then.

use serde_json::json;

use super::*;
use crate::crm::company::{CompanyEvent, CompanyProfile, CompanyRegistered};
use crate::kernel::ClaimAction;
use crate::kernel::testing::{ID, assert_examples_decode, given, given_nothing};

fn text<const N: usize>(text: &str) -> crate::kernel::Text<N> {
    text.to_owned().try_into().unwrap()
}

fn registered(email: &str) -> ContactEvent {
    ContactRegistered { profile: Profile { email: Some(email.to_owned()), ..Profile::default() }, company_id: None }.into()
}

fn acme() -> CompanyEvent {
    CompanyRegistered { profile: CompanyProfile::named(text("Acme")), parent_id: None }.into()
}

#[test]
fn registering_normalises_and_claims() {
    let then = given_nothing::<Contact>()
        .when_json("register", &json!({ "email": " ADA@Example.com", "phone": "020 7123 4567", "phone_region": "gb" }));
    let claims: Vec<_> = then.claims().iter().map(|claim| (claim.action, claim.scope, claim.key.as_str())).collect();
    assert_eq!(claims, [(ClaimAction::Take, EMAIL_SCOPE, "ada@example.com"), (ClaimAction::Take, PHONE_SCOPE, "+442071234567")]);
    let profile = Profile { email: Some("ada@example.com".into()), phone: Some("+442071234567".into()), ..Profile::default() };
    then.then([ContactRegistered { profile, company_id: None }.into()]);
}

#[test]
fn an_explicit_override_registers_a_duplicate() {
    let then = given_nothing::<Contact>().when_json("register", &json!({ "email": "a@b.io", "allow_duplicate": true }));
    assert_eq!(then.claims()[0].action, ClaimAction::TakeIfFree);
}

#[test]
fn a_contact_needs_an_identity_and_valid_data() {
    let when = |body| given_nothing::<Contact>().when_json("register", &body);
    when(json!({})).then_rejected("crm.contact_without_identity");
    when(json!({ "email": "nobody" })).then_rejected("crm.invalid_email");
    when(json!({ "phone": "030 1234567" })).then_rejected("crm.invalid_phone");
    when(json!({ "given_name": "A", "company_id": "none" })).then_rejected("crm.company_unknown");
}

#[test]
fn an_update_changes_only_what_it_names() {
    let then = given::<Contact>([registered("a@b.io")]).when_json("update", &json!({ "email": "c@d.io", "given_name": "Ann" }));
    let actions: Vec<_> = then.claims().iter().map(|claim| (claim.action, claim.key.as_str())).collect();
    assert_eq!(actions, [(ClaimAction::Release, "a@b.io"), (ClaimAction::Take, "c@d.io")]);
    let profile = Profile { email: Some("c@d.io".into()), given_name: Some(text("Ann")), ..Profile::default() };
    then.then([ContactUpdated { changed: vec!["email".into(), "given_name".into()], profile }.into()])
        .when_json("update", &json!({ "email": "c@d.io" }))
        .then_nothing()
        .when_json("update", &json!({ "email": null, "given_name": null }))
        .then_rejected("crm.contact_without_identity");
}

#[test]
fn linking_needs_a_company_and_is_idempotent() {
    given::<Contact>([registered("a@b.io")])
        .and::<Company>("c-1", [acme()])
        .when_json("link", &json!({ "company_id": "c-1" }))
        .then([ContactLinked { company_id: "c-1".into() }.into()])
        .when_json("link", &json!({ "company_id": "c-1" }))
        .then_nothing()
        .when_json("unlink", &json!({}))
        .then([ContactUnlinked { company_id: "c-1".into() }.into()])
        .when_json("unlink", &json!({}))
        .then_nothing();
}

#[test]
fn a_merge_keeps_the_survivor_records_choices_and_redirects_the_losers() {
    let loser = ContactRegistered {
        profile: Profile { email: Some("x@y.io".into()), family_name: Some(text("Doe")), ..Profile::default() },
        company_id: Some("c-1".into()),
    };
    let then = given::<Contact>([registered("a@b.io")])
        .and::<Contact>("a-2", [loser.into()])
        .when_json("merge", &json!({ "losers": ["a-2", "a-2"], "choices": { "email": "a-2" } }));
    assert_eq!(then.others(), [("contact", "a-2".to_owned(), "contact_merged_away", json!({ "into": ID }).to_string())]);
    assert_eq!(then.claims().len(), 3, "both addresses are released and the chosen one is taken");
    let profile = Profile { email: Some("x@y.io".into()), family_name: Some(text("Doe")), ..Profile::default() };
    let given = then.then([ContactsMerged {
        losers: vec!["a-2".into()],
        choices: BTreeMap::from([("email".to_owned(), "a-2".to_owned())]),
        profile,
        company_id: Some("c-1".into()),
    }
    .into()]);
    given
        .and::<Contact>("a-2", [registered("x@y.io"), ContactMergedAway { into: ID.into() }.into()])
        .when_json("merge", &json!({ "losers": ["a-2"] }))
        .then_nothing();
}

#[test]
fn what_was_merged_through_another_contact_is_merged_already() {
    given::<Contact>([registered("a@b.io")])
        .and::<Contact>("a-2", [registered("x@y.io"), ContactMergedAway { into: "a-3".into() }.into()])
        .and::<Contact>("a-3", [registered("x@y.io"), ContactMergedAway { into: ID.into() }.into()])
        .when_json("merge", &json!({ "losers": ["a-2"] }))
        .then_nothing();
}

#[test]
fn a_merge_refuses_strangers_itself_and_the_erased() {
    let when = |body| {
        given::<Contact>([registered("a@b.io")])
            .and::<Contact>("gone", [registered("g@b.io"), ContactErased { reason: text("asked") }.into()])
            .and::<Contact>("away", [registered("w@b.io"), ContactMergedAway { into: "other".into() }.into()])
            .and::<Contact>("fine", [registered("f@b.io")])
            .when_json("merge", &body)
    };
    when(json!({ "losers": [] })).then_rejected("crm.merge_count");
    when(json!({ "losers": [ID] })).then_rejected("crm.merge_with_itself");
    when(json!({ "losers": ["nobody"] })).then_rejected("crm.contact_unknown");
    when(json!({ "losers": ["gone"] })).then_rejected("crm.loser_erased");
    when(json!({ "losers": ["away"] })).then_rejected("crm.loser_merged_elsewhere");
    when(json!({ "losers": ["fine"], "choices": { "shoe_size": "fine" } })).then_rejected("crm.merge_field_unknown");
    when(json!({ "losers": ["fine"], "choices": { "email": "gone" } })).then_rejected("crm.merge_choice_not_merged");
}

#[test]
fn a_merged_contact_names_its_survivor_and_an_erased_one_stays_erased() {
    given::<Contact>([registered("a@b.io"), ContactMergedAway { into: "a-9".into() }.into()])
        .when_json("update", &json!({ "given_name": "Ann" }))
        .then_rejected("crm.contact_merged");
    let erase = json!({ "reason": "asked" });
    let erased = given::<Contact>([registered("a@b.io")]).when_json("erase", &erase);
    assert_eq!(erased.claims()[0].action, ClaimAction::Release);
    let erased = erased.then([ContactErased { reason: text("asked") }.into()]).when_json("erase", &erase).then_nothing();
    assert_eq!(erased.state().profile, Profile::default());
    erased.when_json("update", &json!({ "given_name": "Ann" })).then_rejected("crm.contact_erased");
}

#[test]
fn erasing_reaches_the_contacts_that_were_merged_and_keeps_their_redirects() {
    let merged = |losers: &[&str]| ContactsMerged {
        losers: losers.iter().map(ToString::to_string).collect(),
        choices: BTreeMap::new(),
        profile: Profile::default(),
        company_id: None,
    };
    let away = |into: &str| ContactMergedAway { into: into.into() };
    let erase = json!({ "reason": "asked" });
    let then = given::<Contact>([registered("a@b.io"), merged(&["a-2"]).into()])
        .and::<Contact>("a-2", [registered("x@y.io"), merged(&["a-3"]).into(), away(ID).into()])
        .and::<Contact>("a-3", [registered("z@y.io"), away("a-2").into()])
        .when_json("erase", &erase);
    let erased: Vec<_> = then.others().into_iter().map(|(_, id, event, _)| (id, event)).collect();
    assert_eq!(erased, [("a-2".to_owned(), "contact_erased"), ("a-3".to_owned(), "contact_erased")]);
    let loser = given::<Contact>([registered("x@y.io"), away(ID).into(), ContactErased { reason: text("asked") }.into()]);
    assert_eq!((&loser.state().status, &loser.state().profile), (&Status::Merged { into: ID.into() }, &Profile::default()));
    loser.when_json("erase", &erase).then_rejected("crm.contact_merged");
}

#[test]
fn examples_decode() {
    assert_examples_decode::<Contact>();
}
