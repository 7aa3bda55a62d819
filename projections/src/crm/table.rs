//! What the read models of this context share: their view of a table, references that move, and searchable words.

use domain::crm::company::{Company, CompanyEvent};
use domain::crm::contact::{Contact, ContactEvent};
use domain::crm::lead::{Lead, LeadEvent};
use domain::crm::values::fold;
use domain::kernel::RecordedEvent;

use crate::runtime::{RowKey, Rows, event_of};
use domain::kernel::is_of;

/// What a read model needs of its table: in production [`Rows`], in tests a map.
pub(super) trait Table<R> {
    /// The row with this id.
    fn get(&self, id: &str) -> Option<&R>;
    /// The row with this id, to be changed.
    fn get_mut(&mut self, id: &str) -> Option<&mut R>;
    /// Adds or replaces a row.
    fn put(&mut self, id: &str, row: R);
    /// Removes a row.
    fn remove(&mut self, id: &str);
    /// The ids of the rows that the event's [`RowKey::Where`] matched.
    fn matched(&self) -> Vec<String>;

    /// The row with this id, which earlier events must have made.
    fn existing(&mut self, id: &str) -> Result<&mut R, String> {
        self.get_mut(id).ok_or_else(|| format!("there is no row `{id}`"))
    }
}

impl<R: Clone> Table<R> for Rows<'_, R> {
    fn get(&self, id: &str) -> Option<&R> {
        Rows::get(self, id)
    }

    fn get_mut(&mut self, id: &str) -> Option<&mut R> {
        Rows::get_mut(self, id)
    }

    fn put(&mut self, id: &str, row: R) {
        Rows::put(self, id, row);
    }

    fn remove(&mut self, id: &str) {
        Rows::remove(self, id);
    }

    fn matched(&self) -> Vec<String> {
        Rows::matched(self)
    }
}

/// The column of references to contacts.
pub(super) const CONTACT_ID: &str = "contact_id";
/// The column of references to companies.
pub(super) const COMPANY_ID: &str = "company_id";
/// The column of references to leads.
pub(super) const LEAD_ID: &str = "lead_id";

/// References that an event moves or ends.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Moved {
    /// The column that holds them.
    pub column: &'static str,
    /// The ids that are no longer referred to.
    pub from: Vec<String>,
    /// The survivor of a merge; `None` where the record was erased.
    pub to: Option<String>,
}

impl Moved {
    /// The rows that hold the references.
    pub fn key(self) -> RowKey {
        RowKey::Where(self.column, self.from)
    }
}

/// The references that the event moves or ends. Events of other kinds are not decoded.
pub(super) fn moved(event: &RecordedEvent) -> Result<Option<Moved>, String> {
    let own = || vec![event.aggregate_id.clone()];
    let survivor = || Some(event.aggregate_id.clone());
    let moved = |column, from, to| Ok(Some(Moved { column, from, to }));
    match event.event_type.as_str() {
        "contacts_merged" | "contact_erased" if is_of::<Contact>(event) => match event_of::<Contact>(event)? {
            Some(ContactEvent::ContactsMerged(e)) => moved(CONTACT_ID, e.losers, survivor()),
            Some(ContactEvent::ContactErased(_)) => moved(CONTACT_ID, own(), None),
            _ => Ok(None),
        },
        "companies_merged" | "company_erased" if is_of::<Company>(event) => match event_of::<Company>(event)? {
            Some(CompanyEvent::CompaniesMerged(e)) => moved(COMPANY_ID, e.losers, survivor()),
            Some(CompanyEvent::CompanyErased(_)) => moved(COMPANY_ID, own(), None),
            _ => Ok(None),
        },
        "lead_erased" if is_of::<Lead>(event) => match event_of::<Lead>(event)? {
            Some(LeadEvent::LeadErased(_)) => moved(LEAD_ID, own(), None),
            _ => Ok(None),
        },
        _ => Ok(None),
    }
}

/// Points a reference to the survivor, or to nothing, where it is one of those that moved. Whether it was.
pub(super) fn point(reference: &mut Option<String>, column: &str, moved: &Moved) -> bool {
    let hit = moved.column == column && reference.as_ref().is_some_and(|id| moved.from.contains(id));
    if hit {
        reference.clone_from(&moved.to);
    }
    hit
}

/// The words that a row is found by, folded and separated by single spaces.
pub(super) fn words<'a>(texts: impl IntoIterator<Item = Option<&'a str>>) -> String {
    fold(&texts.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

/// The tags as texts to be searched.
pub(super) fn tag_words<T: std::ops::Deref<Target = str>>(tags: &[T]) -> impl Iterator<Item = Option<&str>> {
    tags.iter().map(|tag| Some(&**tag))
}

/// What people call a person: the name, else whatever else is known.
pub(super) fn person(given: Option<&str>, family: Option<&str>, others: [Option<&str>; 3]) -> String {
    let name: Vec<&str> = [given, family].into_iter().flatten().collect();
    if name.is_empty() { others.into_iter().flatten().next().unwrap_or_default().to_owned() } else { name.join(" ") }
}

/// What a person is sorted by: the family name, then the given name, else whatever else is known; folded.
pub(super) fn person_sorted(given: Option<&str>, family: Option<&str>, others: [Option<&str>; 3]) -> String {
    fold(&person(family, given, others))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_called_by_name_or_else_by_address() {
        assert_eq!(person(Some("Ada"), Some("Lovelace"), [None; 3]), "Ada Lovelace");
        assert_eq!(person_sorted(Some("Ada"), Some("Lovelace"), [None; 3]), "lovelace ada");
        assert_eq!(person(None, None, [None, Some("a@b.io"), Some("+44")]), "a@b.io");
    }

    #[test]
    fn only_the_references_that_moved_are_pointed_elsewhere() {
        let moved = Moved { column: CONTACT_ID, from: vec!["b".into()], to: Some("a".into()) };
        let mut reference = Some("b".to_owned());
        assert!(!point(&mut reference, COMPANY_ID, &moved) && point(&mut reference, CONTACT_ID, &moved));
        assert_eq!(reference.as_deref(), Some("a"));
        assert!(!point(&mut reference, CONTACT_ID, &moved));
    }

    #[test]
    fn words_are_folded() {
        assert_eq!(words([Some("Ada  LOVELACE"), None, Some("Größe")]), "ada lovelace größe");
    }
}
