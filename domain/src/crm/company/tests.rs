//! Given / when / then.

use serde_json::{Value, json};

use super::*;
use crate::kernel::testing::{Given, ID, Then, assert_examples_decode, given, given_nothing};
use crate::kernel::{ClaimAction, Currency};

fn text<const N: usize>(text: &str) -> Text<N> {
    text.to_owned().try_into().unwrap()
}

fn profile(domain: Option<&str>) -> CompanyProfile {
    CompanyProfile { domain: domain.map(str::to_owned), ..CompanyProfile::named(text("Acme")) }
}

fn registered(domain: Option<&str>, parent_id: Option<&str>) -> CompanyEvent {
    CompanyRegistered { profile: profile(domain), parent_id: parent_id.map(str::to_owned) }.into()
}

fn acme() -> Given<Company> {
    given([registered(Some("acme.io"), None)])
}

fn claims(then: &Then<Company>) -> Vec<(ClaimAction, &str)> {
    then.claims().iter().map(|claim| (claim.action, claim.key.as_str())).collect()
}

fn merged_into(id: &str) -> [CompanyEvent; 2] {
    [registered(None, None), CompanyMergedAway { into: id.into() }.into()]
}

#[test]
fn registering_normalises_and_claims_the_domain() {
    let then = given_nothing::<Company>().when_json("register", &json!({ "name": "Acme", "domain": "https://www.ACME.io/" }));
    assert_eq!(claims(&then), [(ClaimAction::Take, "acme.io")]);
    then.then([registered(Some("acme.io"), None)]);
}

#[test]
fn without_a_domain_that_of_the_website_counts() {
    let when = |website: &str| given_nothing::<Company>().when_json("register", &json!({ "name": "Acme", "website": website }));
    assert_eq!(claims(&when("www.acme.io/about")), [(ClaimAction::Take, "acme.io")]);
    assert_eq!(claims(&when("https://facebook.com/acme")), []);
}

#[test]
fn an_explicit_override_registers_a_duplicate() {
    let body = json!({ "name": "Acme", "domain": "acme.io", "allow_duplicate": true });
    assert_eq!(claims(&given_nothing::<Company>().when_json("register", &body)), [(ClaimAction::TakeIfFree, "acme.io")]);
}

#[test]
fn registering_refuses_invalid_data() {
    let when = |field: &str, value: Value| given_nothing::<Company>().when_json("register", &json!({ "name": "Acme", field: value }));
    when("domain", json!("acme")).then_rejected("crm.invalid_domain");
    when("website", json!("no website")).then_rejected("crm.invalid_website");
    when("phone", json!("030 1234567")).then_rejected("crm.invalid_phone");
    when("annual_revenue", json!({ "amount_minor": -1, "currency": "EUR" })).then_rejected("crm.amount_out_of_range");
    when("parent_id", json!("none")).then_rejected("crm.company_unknown");
    when("custom", json!({ "size": 1 })).then_rejected("crm.custom_field_unknown");
    when("parent_id", json!(ID)).then_rejected("crm.company_cycle");
}

#[test]
fn an_update_changes_only_what_it_names() {
    let body =
        json!({ "name": "Acme Ltd", "domain": "acme.com", "employees": 12, "annual_revenue": { "amount_minor": 5, "currency": "EUR" } });
    let then = acme().when_json("update", &body);
    assert_eq!(claims(&then), [(ClaimAction::Release, "acme.io"), (ClaimAction::Take, "acme.com")]);
    let after = CompanyProfile {
        name: text("Acme Ltd"),
        employees: Some(12),
        annual_revenue: Some(Money::new(5, Currency::EUR)),
        ..profile(Some("acme.com"))
    };
    let changed = ["annual_revenue", "domain", "employees", "name"].map(str::to_owned).to_vec();
    let given = then.then([CompanyUpdated { changed, profile: after }.into()]).when_json("update", &body).then_nothing();
    let cleared = given.when_json("update", &json!({ "domain": null, "employees": null }));
    assert_eq!(claims(&cleared), [(ClaimAction::Release, "acme.com")]);
}

#[test]
fn a_new_website_brings_its_domain_along_unless_the_domain_was_given() {
    let domain = |given: &Given<Company>| given.state().profile.as_ref().unwrap().domain.clone();
    let fresh = given::<Company>([registered(None, None)]).when_json("update", &json!({ "website": "https://acme.io" })).then_accepted();
    assert_eq!(domain(&fresh).as_deref(), Some("acme.io"));
    let moved = fresh.when_json("update", &json!({ "website": "https://acme.com" })).then_accepted();
    assert_eq!(domain(&moved).as_deref(), Some("acme.com"));
    let own = moved.when_json("update", &json!({ "domain": "acme.org" })).then_accepted();
    let kept = own.when_json("update", &json!({ "website": "https://shop.example" })).then_accepted();
    assert_eq!(domain(&kept).as_deref(), Some("acme.org"));
}

#[test]
fn linking_needs_a_parent_and_is_idempotent() {
    let body = json!({ "parent_id": "old" });
    acme()
        .and::<Company>("old", merged_into("p-1"))
        .and::<Company>("p-1", [registered(None, None)])
        .when_json("link", &body)
        .then([CompanyLinked { parent_id: "p-1".into() }.into()])
        .when_json("link", &body)
        .then_nothing()
        .when_json("unlink", &json!({}))
        .then([CompanyUnlinked { parent_id: "p-1".into() }.into()])
        .when_json("unlink", &json!({}))
        .then_nothing()
        .when_json("link", &json!({ "parent_id": "none" }))
        .then_rejected("crm.company_unknown");
}

#[test]
fn a_company_is_never_above_itself() {
    acme().when_json("link", &json!({ "parent_id": ID })).then_rejected("crm.company_cycle");
    let grandchild = acme()
        .and::<Company>("child", [registered(None, Some("was-me"))])
        .and::<Company>("was-me", merged_into(ID))
        .and::<Company>("grandchild", [registered(None, Some("child"))]);
    grandchild.when_json("link", &json!({ "parent_id": "grandchild" })).then_rejected("crm.company_cycle");
}

#[test]
fn a_hierarchy_has_an_end() {
    let chain = (0..60).fold(acme(), |given, n| given.and::<Company>(&format!("c-{n}"), [registered(None, Some(&format!("c-{}", n + 1)))]));
    chain.when_json("link", &json!({ "parent_id": "c-0" })).then_rejected("crm.company_hierarchy_too_deep");
}

#[test]
fn a_merge_keeps_the_survivor_records_choices_and_redirects_the_losers() {
    let loser = CompanyProfile { industry: Some(text("Mining")), ..profile(Some("acme.com")) };
    let then = acme()
        .and::<Company>("a-2", [CompanyRegistered { profile: loser.clone(), parent_id: None }.into()])
        .when_json("merge", &json!({ "losers": ["a-2", "a-2"], "choices": { "domain": "a-2" } }));
    assert_eq!(then.others(), [("company", "a-2".to_owned(), "company_merged_away", json!({ "into": ID }).to_string())]);
    let expected = [(ClaimAction::Release, "acme.io"), (ClaimAction::Release, "acme.com"), (ClaimAction::TakeIfFree, "acme.com")];
    assert_eq!(claims(&then), expected);
    let given = then.then([CompaniesMerged {
        losers: vec!["a-2".into()],
        choices: BTreeMap::from([("domain".to_owned(), "a-2".to_owned())]),
        profile: loser,
        parent_id: None,
    }
    .into()]);
    given.and::<Company>("a-2", merged_into(ID)).when_json("merge", &json!({ "losers": ["a-2"] })).then_nothing();
}

#[test]
fn what_was_merged_through_another_company_is_merged_already() {
    acme()
        .and::<Company>("a-2", merged_into("a-3"))
        .and::<Company>("a-3", merged_into(ID))
        .when_json("merge", &json!({ "losers": ["a-2"] }))
        .then_nothing();
}

#[test]
fn a_merge_with_the_own_parent_takes_the_grandparent() {
    let when = |body: Value| {
        given::<Company>([registered(None, Some("middle"))])
            .and::<Company>("middle", [registered(None, Some("top"))])
            .and::<Company>("top", [registered(None, Some("holding"))])
            .and::<Company>("holding", [registered(None, None)])
            .when_json("merge", &body)
    };
    let parent = |then: Then<Company>| then.then_accepted().state().parent_id.clone();
    assert_eq!(parent(when(json!({ "losers": ["middle"] }))).as_deref(), Some("top"));
    assert_eq!(parent(when(json!({ "losers": ["top"] }))).as_deref(), Some("holding"));
    when(json!({ "losers": ["top"], "choices": { "parent_id": ID } })).then_rejected("crm.company_cycle");
}

#[test]
fn a_merge_refuses_strangers_itself_and_the_erased() {
    let when = |body: Value| {
        acme()
            .and::<Company>("gone", [registered(None, None), CompanyErased { reason: text("asked") }.into()])
            .and::<Company>("away", merged_into("other"))
            .and::<Company>("fine", [registered(None, None)])
            .when_json("merge", &body)
    };
    when(json!({ "losers": [] })).then_rejected("crm.merge_count");
    when(json!({ "losers": [ID] })).then_rejected("crm.merge_with_itself");
    when(json!({ "losers": ["nobody"] })).then_rejected("crm.company_unknown");
    when(json!({ "losers": ["gone"] })).then_rejected("crm.loser_erased");
    when(json!({ "losers": ["away"] })).then_rejected("crm.loser_merged_elsewhere");
    when(json!({ "losers": ["fine"], "choices": { "shoe_size": "fine" } })).then_rejected("crm.merge_field_unknown");
    when(json!({ "losers": ["fine"], "choices": { "name": "gone" } })).then_rejected("crm.merge_choice_not_merged");
}

#[test]
fn a_merged_company_names_its_survivor_and_an_erased_one_stays_erased() {
    given::<Company>(merged_into("a-9")).when_json("update", &json!({ "employees": 3 })).then_rejected("crm.company_merged");
    let erase = json!({ "reason": "asked" });
    let then = acme().when_json("erase", &erase);
    assert_eq!(claims(&then), [(ClaimAction::Release, "acme.io")]);
    let erased = then.then([CompanyErased { reason: text("asked") }.into()]).when_json("erase", &erase).then_nothing();
    assert_eq!(erased.state().profile, None);
    erased.when_json("update", &json!({ "employees": 3 })).then_rejected("crm.company_erased");
}

#[test]
fn erasing_reaches_the_companies_that_were_merged_and_keeps_their_redirects() {
    let merged = CompaniesMerged { losers: vec!["a-2".into()], choices: BTreeMap::new(), profile: profile(None), parent_id: None };
    let then = given::<Company>([registered(None, None), merged.into()])
        .and::<Company>("a-2", merged_into(ID))
        .when_json("erase", &json!({ "reason": "asked" }));
    let erased: Vec<_> = then.others().into_iter().map(|(_, id, event, _)| (id, event)).collect();
    assert_eq!(erased, [("a-2".to_owned(), "company_erased")]);
    let loser = given::<Company>(merged_into(ID).into_iter().chain([CompanyErased { reason: text("asked") }.into()]));
    assert_eq!((&loser.state().status, &loser.state().profile), (&Status::Merged { into: ID.into() }, &None));
    loser.when_json("erase", &json!({ "reason": "asked" })).then_rejected("crm.company_merged");
}

#[test]
fn examples_decode() {
    assert_examples_decode::<Company>();
}
