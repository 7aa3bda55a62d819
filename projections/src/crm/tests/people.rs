//! Contacts and companies: merges, erasure, references.

use domain::crm::company::{
    CompaniesMerged, Company, CompanyErased, CompanyLinked, CompanyMergedAway, CompanyRegistered, CompanyUnlinked, CompanyUpdated,
};
use domain::crm::contact::{
    Contact, ContactErased, ContactLinked, ContactMergedAway, ContactRegistered, ContactUnlinked, ContactUpdated, ContactsMerged, Profile,
};
use domain::crm::values::Address;

use super::{Given, at, company, someone, text};
use crate::crm::company_list::{self, CompanyList};
use crate::crm::contact_list::{self, ContactList};

fn contacts() -> Given<ContactList> {
    Given::nothing(contact_list::fold)
}

fn companies() -> Given<CompanyList> {
    Given::nothing(company_list::fold)
}

fn registered(name: &str, company_id: Option<&str>) -> ContactRegistered {
    ContactRegistered { profile: someone(name), company_id: company_id.map(str::to_owned) }
}

fn merged(losers: &[&str], company_id: Option<&str>, choices: &[(&str, &str)]) -> ContactsMerged {
    ContactsMerged {
        losers: losers.iter().map(|id| (*id).to_owned()).collect(),
        choices: choices.iter().map(|(field, id)| ((*field).to_owned(), (*id).to_owned())).collect(),
        profile: someone("Ada"),
        company_id: company_id.map(str::to_owned),
    }
}

fn founded(name: &str, parent_id: Option<&str>) -> CompanyRegistered {
    CompanyRegistered { profile: company(name), parent_id: parent_id.map(str::to_owned) }
}

fn united(losers: &[&str], parent_id: Option<&str>) -> CompaniesMerged {
    CompaniesMerged {
        losers: losers.iter().map(|id| (*id).to_owned()).collect(),
        choices: std::collections::BTreeMap::new(),
        profile: company("Acme"),
        parent_id: parent_id.map(str::to_owned),
    }
}

#[test]
fn a_contact_is_listed_as_it_is_known() {
    let address = Address { city: Some(text("London")), country: Some(text("GB")), ..Address::default() };
    let profile = Profile { family_name: Some(text("Lovelace")), tags: vec![text("VIP")], address: Some(address), ..someone("Ada") };
    let given = contacts()
        .event::<Contact>("a", registered("Ada", None))
        .event::<Contact>("a", ContactUpdated { changed: vec![], profile })
        .event::<Contact>("a", ContactLinked { company_id: "c".into() });
    let row = given.row("a");
    assert_eq!((row.display_name.as_str(), row.sort_name.as_str()), ("Ada Lovelace", "lovelace ada"));
    assert_eq!(row.search, "ada lovelace london ada@x.io vip");
    assert_eq!((row.version, row.created_at, row.updated_at), (3, at(1), at(3)));
    assert_eq!((row.company_id.as_deref(), row.country.as_deref()), (Some("c"), Some("GB")));
    let given = given.event::<Contact>("a", ContactUnlinked { company_id: "c".into() });
    assert_eq!(given.row("a").company_id, None);
}

#[test]
fn a_merge_leaves_the_survivor_with_the_ids_of_all_losers() {
    let given = contacts()
        .event::<Contact>("a", registered("Ada", None))
        .event::<Contact>("b", registered("Bea", Some("c")))
        .event::<Contact>("d", registered("Dee", None))
        .event::<Contact>("b", merged(&["d"], Some("c"), &[]))
        .event::<Contact>("d", ContactMergedAway { into: "b".into() })
        .event::<Contact>("a", merged(&["b"], Some("c"), &[]))
        .event::<Contact>("b", ContactMergedAway { into: "a".into() });
    assert_eq!(given.ids(), ["a"]);
    assert_eq!(given.row("a").merged_ids, ["b", "d"]);
    assert_eq!((given.row("a").company_id.as_deref(), given.row("a").version), (Some("c"), 2));
}

#[test]
fn an_erased_contact_has_no_row() {
    let given = contacts().event::<Contact>("a", registered("Ada", None)).event::<Contact>("a", ContactErased { reason: text("asked") });
    assert_eq!(given.ids(), [""; 0]);
}

#[test]
fn contacts_follow_merges_of_their_company_and_outlive_its_erasure() {
    let given = contacts()
        .event::<Contact>("a", registered("Ada", Some("old")))
        .event::<Contact>("b", registered("Bea", Some("other")))
        .event::<Company>("new", united(&["old"], None));
    assert_eq!(given.row("a").company_id.as_deref(), Some("new"));
    assert_eq!((given.row("a").version, given.row("a").updated_at), (1, at(3)));
    assert_eq!(given.row("b").company_id.as_deref(), Some("other"));
    let given = given.event::<Company>("new", CompanyErased { reason: text("asked") });
    assert_eq!(given.row("a").company_id, None);
}

#[test]
fn a_merged_contact_belongs_to_the_company_that_its_event_means_today() {
    let given = || {
        contacts()
            .event::<Contact>("a", registered("Ada", Some("x")))
            .event::<Contact>("b", registered("Bea", Some("old")))
            .event::<Company>("new", united(&["old"], None))
    };
    // The aggregate of the loser still says `old`.
    let chosen = given().event::<Contact>("a", merged(&["b"], Some("old"), &[("company_id", "b")]));
    assert_eq!(chosen.row("a").company_id.as_deref(), Some("new"));
    let own = given().event::<Contact>("a", merged(&["b"], Some("x"), &[]));
    assert_eq!(own.row("a").company_id.as_deref(), Some("x"));
    let none = given().event::<Contact>("a", merged(&["b"], None, &[]));
    assert_eq!(none.row("a").company_id, None);
}

#[test]
fn events_that_cannot_be_applied_are_errors() {
    let mut given = contacts();
    let profile = someone("Ada");
    let mut event = given.record::<Contact>("a", &ContactUpdated { changed: vec![], profile }.into());
    assert_eq!(given.apply(&event), Err("there is no row `a`".to_owned()));
    event.event_type = "contact_cloned".to_owned();
    assert!(given.apply(&event).unwrap_err().contains("contact_cloned"));
    event.context = "external".to_owned();
    assert_eq!(given.apply(&event), Ok(()), "events of other contexts are none of its business");
}

#[test]
fn daughters_follow_the_merge_of_their_parents() {
    let given = companies()
        .event::<Company>("p", founded("Parent", None))
        .event::<Company>("a", founded("Acme", None))
        .event::<Company>("b", founded("Bolt", Some("p")))
        .event::<Company>("d", founded("Daughter", Some("b")))
        .event::<Company>("a", united(&["b"], Some("p")))
        .event::<Company>("b", CompanyMergedAway { into: "a".into() });
    assert_eq!(given.ids(), ["a", "d", "p"]);
    assert_eq!((given.row("a").merged_ids.as_slice(), given.row("a").parent_id.as_deref()), (&["b".to_owned()][..], Some("p")));
    assert_eq!((given.row("d").parent_id.as_deref(), given.row("d").version), (Some("a"), 1));
    let given = given.event::<Company>("a", CompanyErased { reason: text("asked") });
    assert_eq!((given.ids(), &given.row("d").parent_id), (vec!["d", "p"], &None));
}

#[test]
fn a_merge_of_mother_and_daughter_makes_no_cycle() {
    let given = companies()
        .event::<Company>("m", founded("Mother", None))
        .event::<Company>("d", founded("Daughter", Some("m")))
        .event::<Company>("d", united(&["m"], None));
    assert_eq!((given.ids(), &given.row("d").parent_id), (vec!["d"], &None));
}

#[test]
fn the_parent_of_a_merged_company_is_the_one_that_its_event_means_today() {
    let given = companies()
        .event::<Company>("q", founded("Old parent", None))
        .event::<Company>("p", founded("Parent", None))
        .event::<Company>("a", founded("Acme", None))
        .event::<Company>("b", founded("Bolt", Some("q")))
        .event::<Company>("p", united(&["q"], None))
        .event::<Company>("a", united(&["b"], Some("q")));
    assert_eq!(given.row("a").parent_id.as_deref(), Some("p"));
}

#[test]
fn a_company_is_listed_as_it_is_known() {
    let given = companies()
        .event::<Company>("a", founded("ACME", None))
        .event::<Company>("a", CompanyUpdated { changed: vec![], profile: company("Acme & Sons") })
        .event::<Company>("a", CompanyLinked { parent_id: "p".into() });
    assert_eq!((given.row("a").sort_name.as_str(), given.row("a").version), ("acme & sons", 3));
    let given = given.event::<Company>("a", CompanyUnlinked { parent_id: "p".into() });
    assert_eq!(given.row("a").parent_id, None);
}
