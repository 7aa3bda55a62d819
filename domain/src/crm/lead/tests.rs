//! Given / when / then.

use serde_json::{Value, json};

use super::*;
use crate::crm::company::{Company, CompanyProfile, CompanyRegistered};
use crate::crm::contact::{Contact, ContactRegistered, Profile};
use crate::crm::deal::{Deal, DealFacts, DealOpened};
use crate::crm::pipeline::Stage;
use crate::kernel::testing::{Given, Then, assert_examples_decode, given, given_nothing};
use crate::kernel::{ClaimAction, Currency};

fn text<const N: usize>(text: &str) -> Text<N> {
    text.to_owned().try_into().unwrap()
}

fn profile() -> LeadProfile {
    LeadProfile {
        given_name: Some(text("Ada")),
        email: Some("ada@acme.io".into()),
        phone: Some("+442071234567".into()),
        company_name: Some(text("Acme")),
        website: Some(text("https://www.acme.io")),
        ..LeadProfile::default()
    }
}

fn captured() -> LeadEvent {
    LeadCaptured { profile: profile(), owner: None }.into()
}

fn assigned() -> LeadEvent {
    LeadAssigned { from: None, owner: text("grace") }.into()
}

fn estimate() -> Money {
    Money::new(1000, Currency::EUR)
}

fn qualified() -> LeadEvent {
    LeadQualified { note: None, estimated_value: Some(estimate()) }.into()
}

fn recycled() -> LeadEvent {
    LeadRecycled { reason: text("later"), until: None }.into()
}

fn disqualified() -> LeadEvent {
    LeadDisqualified { reason: text("student") }.into()
}

fn converted() -> LeadEvent {
    let contact_id = "p-1".to_owned();
    LeadConverted { contact_id, contact_created: false, company_id: None, company_created: false, deal_id: None }.into()
}

fn ready() -> Given<Lead> {
    given([captured(), assigned(), qualified()])
}

fn contact(company_id: Option<&str>) -> [crate::crm::contact::ContactEvent; 1] {
    [ContactRegistered { profile: Profile::default(), company_id: company_id.map(str::to_owned) }.into()]
}

fn company() -> [crate::crm::company::CompanyEvent; 1] {
    [CompanyRegistered { profile: CompanyProfile::named(text("Acme")), parent_id: None }.into()]
}

/// Action, scope, key and holder of every claim.
fn claims(then: &Then<Lead>) -> Vec<(ClaimAction, &str, &str, Option<&str>)> {
    then.claims().iter().map(|claim| (claim.action, claim.scope, claim.key.as_str(), claim.holder.as_deref())).collect()
}

/// Type and event of every write to another aggregate.
fn others(then: &Then<Lead>) -> Vec<(&'static str, String, &'static str)> {
    then.others().into_iter().map(|(aggregate_type, id, event, _)| (aggregate_type, id, event)).collect()
}

#[test]
fn capturing_normalises_and_claims_the_address() {
    let body = json!({ "given_name": "Ada", "email": "ADA@acme.io", "phone": "020 7123 4567", "phone_region": "GB", "company_name": "Acme", "website": "https://www.acme.io" });
    let then = given_nothing::<Lead>().when_json("capture", &body);
    assert_eq!(claims(&then), [(ClaimAction::Take, LEAD_EMAIL_SCOPE, "ada@acme.io", None)]);
    then.then([captured()]);
    let shared = given_nothing::<Lead>().when_json("capture", &json!({ "email": "ada@acme.io", "allow_duplicate": true }));
    assert_eq!(shared.claims()[0].action, ClaimAction::TakeIfFree);
}

#[test]
fn a_lead_with_an_owner_is_in_work_at_once() {
    let given = given_nothing::<Lead>().when_json("capture", &json!({ "phone": "+442071234567", "owner": "grace" })).then_accepted();
    assert_eq!(given.state().status, LeadStatus::Working);
}

#[test]
fn a_lead_needs_an_identity_and_valid_data() {
    let when = |body: Value| given_nothing::<Lead>().when_json("capture", &body);
    when(json!({})).then_rejected("crm.lead_without_identity");
    when(json!({ "email": "nobody" })).then_rejected("crm.invalid_email");
    when(json!({ "phone": "12" })).then_rejected("crm.invalid_phone");
    when(json!({ "given_name": "A", "website": "no website" })).then_rejected("crm.invalid_website");
    when(json!({ "given_name": "A", "custom": { "x": 1 } })).then_rejected("crm.custom_field_unknown");
}

#[test]
fn an_update_changes_only_what_it_names() {
    let body = json!({ "email": "ada@acme.com", "phone": null });
    let then = given::<Lead>([captured()]).when_json("update", &body);
    let actions: Vec<_> = then.claims().iter().map(|claim| (claim.action, claim.key.as_str())).collect();
    assert_eq!(actions, [(ClaimAction::Release, "ada@acme.io"), (ClaimAction::Take, "ada@acme.com")]);
    let after = LeadProfile { email: Some("ada@acme.com".into()), phone: None, ..profile() };
    then.then([LeadUpdated { changed: vec!["email".into(), "phone".into()], profile: after }.into()])
        .when_json("update", &body)
        .then_nothing();
    let given = given::<Lead>([captured(), disqualified()]).when_json("update", &body);
    assert_eq!(given.claims(), [], "a disqualified lead holds no address");
    self::given::<Lead>([captured(), converted()]).when_json("update", &body).then_rejected("crm.lead_converted");
}

#[test]
fn a_lead_is_assigned_and_assigned_again() {
    let body = json!({ "owner": "grace" });
    let given = given::<Lead>([captured()]).when_json("assign", &body).then([assigned()]).when_json("assign", &body).then_nothing();
    let other = LeadAssigned { from: Some(text("grace")), owner: text("alan") };
    let given = given.when_json("assign", &json!({ "owner": "alan" })).then([other.into()]);
    assert_eq!(given.state().status, LeadStatus::Working);
    let ready = ready().when_json("assign", &json!({ "owner": "alan" })).then_accepted();
    assert!(matches!(ready.state().status, LeadStatus::Qualified(_)), "a qualified lead stays qualified");
    let again = LeadAssigned { from: Some(text("grace")), owner: text("grace") };
    let given = self::given::<Lead>([captured(), assigned(), recycled()]);
    given.when_json("assign", &body).then([again.into()]);
}

#[test]
fn a_lead_in_work_is_qualified_and_the_estimate_can_be_replaced() {
    let body = json!({ "estimated_value": { "amount_minor": 1000, "currency": "EUR" } });
    let given = given::<Lead>([captured(), assigned()]).when_json("qualify", &body).then([qualified()]);
    let given = given.when_json("qualify", &body).then_nothing().when_json("qualify", &json!({})).then_accepted();
    assert_eq!(given.state().estimated_value, None);
    let negative = json!({ "estimated_value": { "amount_minor": -1, "currency": "EUR" } });
    given.when_json("qualify", &negative).then_rejected("crm.amount_out_of_range");
}

#[test]
fn a_lead_is_recycled_or_disqualified_once() {
    let body = json!({ "reason": "later" });
    ready().when_json("recycle", &body).then([recycled()]).when_json("recycle", &body).then_nothing();
    let body = json!({ "reason": "student" });
    let then = given::<Lead>([captured(), recycled()]).when_json("disqualify", &body);
    assert_eq!(claims(&then), [(ClaimAction::Release, LEAD_EMAIL_SCOPE, "ada@acme.io", None)]);
    let given = then.then([disqualified()]).when_json("disqualify", &body).then_nothing();
    given.when_json("disqualify", &json!({ "reason": "other" })).then_rejected("crm.lead_move_refused");
}

#[test]
fn illegal_moves_are_refused() {
    let commands = [
        ("assign", json!({ "owner": "alan" })),
        ("qualify", json!({})),
        ("convert", json!({})),
        ("recycle", json!({ "reason": "other" })),
        ("disqualify", json!({ "reason": "other" })),
    ];
    let table: [(&[LeadEvent], [bool; 5], &str); 7] = [
        (&[captured()], [true, false, false, true, true], "crm.lead_move_refused"),
        (&[captured(), assigned()], [true, true, false, true, true], "crm.lead_move_refused"),
        (&[captured(), assigned(), qualified()], [true, true, true, true, true], "crm.lead_move_refused"),
        (&[captured(), recycled()], [true, false, false, false, true], "crm.lead_move_refused"),
        (&[captured(), disqualified()], [false; 5], "crm.lead_move_refused"),
        (&[captured(), converted()], [false; 5], "crm.lead_converted"),
        (&[captured(), LeadErased { reason: text("asked") }.into()], [false; 5], "crm.lead_erased"),
    ];
    for (history, legal, code) in table {
        for ((name, body), legal) in commands.iter().zip(legal) {
            let then = given::<Lead>(history.iter().cloned()).when_json(name, body);
            if legal {
                then.then_accepted();
            } else {
                then.then_rejected(code);
            }
        }
    }
}

#[test]
fn converting_makes_contact_company_and_deal_in_one_decision() {
    let then = ready().when_json(
        "convert",
        &json!({ "new_contact_id": "p-9", "create_company": true, "new_company_id": "c-9", "deal": { "deal_id": "d-9" } }),
    );
    assert_eq!(
        claims(&then),
        [
            (ClaimAction::Release, LEAD_EMAIL_SCOPE, "ada@acme.io", None),
            (ClaimAction::Take, "company.domain", "acme.io", Some("c-9")),
            (ClaimAction::Take, "contact.email", "ada@acme.io", Some("p-9")),
            (ClaimAction::Take, "contact.phone", "+442071234567", Some("p-9")),
        ]
    );
    let [company, contact, deal] = <[_; 3]>::try_from(then.others()).unwrap();
    assert_eq!((company.0, company.1.as_str(), company.2), ("company", "c-9", "company_registered"));
    assert_eq!((contact.0, contact.1.as_str(), contact.2), ("contact", "p-9", "contact_registered"));
    assert_eq!((deal.0, deal.1.as_str(), deal.2), ("deal", "d-9", "deal_opened"));
    let company: CompanyRegistered = serde_json::from_str(&company.3).unwrap();
    assert_eq!(company.profile.domain.as_deref(), Some("acme.io"));
    let contact: ContactRegistered = serde_json::from_str(&contact.3).unwrap();
    assert_eq!((contact.company_id.as_deref(), contact.profile.owner), (Some("c-9"), Some(text("grace"))));
    let deal: DealOpened = serde_json::from_str(&deal.3).unwrap();
    assert_eq!((deal.amount, deal.facts.name), (Some(estimate()), text("Acme")));
    assert_eq!((deal.facts.contact_id.as_deref(), deal.facts.company_id.as_deref()), (Some("p-9"), Some("c-9")));
    let converted = LeadConverted {
        contact_id: "p-9".into(),
        contact_created: true,
        company_id: Some("c-9".into()),
        company_created: true,
        deal_id: Some("d-9".into()),
    };
    then.then([converted.into()]).when_json("convert", &json!({})).then_rejected("crm.lead_converted");
}

#[test]
fn fresh_ids_are_given_where_none_are_named() {
    let then = ready().when_json("convert", &json!({ "create_company": true, "deal": {} }));
    let ids: Vec<String> = then.others().into_iter().map(|(_, id, ..)| id).collect();
    assert_eq!(ids.len(), 3);
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
}

#[test]
fn a_new_contact_takes_its_keys_only_if_free_where_duplicates_are_allowed() {
    let then = ready().when_json("convert", &json!({ "allow_duplicate": true }));
    assert!(then.claims()[1..].iter().all(|claim| claim.action == ClaimAction::TakeIfFree));
}

#[test]
fn converting_to_an_existing_contact_takes_no_keys() {
    let then = ready().and::<Contact>("p-1", contact(None)).when_json("convert", &json!({ "contact_id": "p-1" }));
    assert_eq!(claims(&then), [(ClaimAction::Release, LEAD_EMAIL_SCOPE, "ada@acme.io", None)]);
    assert_eq!(others(&then), []);
    then.then([converted()]);
}

#[test]
fn an_existing_contact_without_a_company_is_linked() {
    let body = json!({ "contact_id": "p-1", "company_id": "c-1" });
    let when = |own: Option<&str>| ready().and::<Contact>("p-1", contact(own)).and::<Company>("c-1", company()).when_json("convert", &body);
    assert_eq!(others(&when(None)), [("contact", "p-1".to_owned(), "contact_linked")]);
    assert_eq!(others(&when(Some("c-0"))), []);
}

#[test]
fn a_conversion_refuses_contradictions_and_what_does_not_exist() {
    let facts: DealFacts = serde_json::from_value(json!({ "name": "Engine" })).unwrap();
    let opened = DealOpened {
        facts,
        pipeline_id: "default".into(),
        stage: Stage::won(),
        amount: None,
        opened_at: "2026-03-01T12:00:00Z".parse().unwrap(),
    };
    let when = |body: Value| {
        ready()
            .and::<Contact>("p-1", contact(None))
            .and::<Company>("c-1", company())
            .and::<Deal>("d-1", [opened.clone().into()])
            .when_json("convert", &body)
    };
    when(json!({ "contact_id": "p-1", "new_contact_id": "p-2" })).then_rejected("crm.conversion_ambiguous");
    when(json!({ "company_id": "c-1", "create_company": true })).then_rejected("crm.conversion_ambiguous");
    when(json!({ "contact_id": "none" })).then_rejected("crm.contact_unknown");
    when(json!({ "company_id": "none" })).then_rejected("crm.company_unknown");
    when(json!({ "new_contact_id": "p-1" })).then_rejected("crm.conversion_id_taken");
    when(json!({ "new_company_id": "c-1" })).then_rejected("crm.conversion_id_taken");
    when(json!({ "deal": { "deal_id": "d-1" } })).then_rejected("crm.conversion_id_taken");
    when(json!({ "deal": { "stage": "none" } })).then_rejected("crm.stage_unknown");
    let nameless = LeadProfile { company_name: None, ..profile() };
    let given = given::<Lead>([LeadCaptured { profile: nameless, owner: None }.into(), assigned(), qualified()]);
    given.when_json("convert", &json!({ "create_company": true })).then_rejected("crm.company_name_missing");
    let firm = LeadProfile { company_name: Some(text("Acme")), ..LeadProfile::default() };
    let given = self::given::<Lead>([LeadCaptured { profile: firm, owner: None }.into(), assigned(), qualified()]);
    given.when_json("convert", &json!({})).then_rejected("crm.contact_without_identity");
}

#[test]
fn an_erased_lead_stays_erased() {
    let erase = json!({ "reason": "asked" });
    let then = ready().when_json("erase", &erase);
    assert_eq!(claims(&then), [(ClaimAction::Release, LEAD_EMAIL_SCOPE, "ada@acme.io", None)]);
    let erased = then.then([LeadErased { reason: text("asked") }.into()]).when_json("erase", &erase).then_nothing();
    assert_eq!(erased.state().profile, LeadProfile::default());
    erased.when_json("update", &json!({ "given_name": "Ada" })).then_rejected("crm.lead_erased");
}

#[test]
fn examples_decode() {
    assert_examples_decode::<Lead>();
}
