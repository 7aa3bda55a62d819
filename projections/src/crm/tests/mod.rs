//! Read models folded in memory, and what their declarations promise about tables.

mod deals;
mod definitions;
mod leads_and_activities;
mod people;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use domain::crm::company::CompanyProfile;
use domain::crm::contact::Profile;
use domain::kernel::{Aggregate, EventSet, RecordedEvent, TenantId, Text};
use uuid::Uuid;

use super::table::Table;
use crate::runtime::{RowKey, RowModel};

/// A table in memory that shows an event only the rows that it named.
pub struct Memory<R> {
    rows: BTreeMap<String, R>,
    named: BTreeSet<String>,
    matched: Vec<String>,
}

impl<R> Table<R> for Memory<R> {
    fn get(&self, id: &str) -> Option<&R> {
        assert!(self.named.contains(id), "the event did not name the row {id}");
        self.rows.get(id)
    }

    fn get_mut(&mut self, id: &str) -> Option<&mut R> {
        assert!(self.named.contains(id), "the event did not name the row {id}");
        self.rows.get_mut(id)
    }

    fn put(&mut self, id: &str, row: R) {
        self.named.insert(id.to_owned());
        self.rows.insert(id.to_owned(), row);
    }

    fn remove(&mut self, id: &str) {
        self.rows.remove(id);
    }

    fn matched(&self) -> Vec<String> {
        self.matched.clone()
    }
}

type FoldFn<R> = fn(&RecordedEvent, &mut Memory<R>) -> Result<(), String>;

/// A read model that events are recorded into, one by one.
pub struct Given<M: RowModel> {
    table: Memory<M::Row>,
    fold: FoldFn<M::Row>,
    sequences: HashMap<(&'static str, String), i64>,
    position: i64,
}

impl<M: RowModel> Given<M>
where
    M::Row: PartialEq + std::fmt::Debug,
{
    pub fn nothing(fold: FoldFn<M::Row>) -> Self {
        let table = Memory { rows: BTreeMap::new(), named: BTreeSet::new(), matched: Vec::new() };
        Self { table, fold, sequences: HashMap::new(), position: 0 }
    }

    /// Records an event, which must apply.
    #[track_caller]
    pub fn event<A: Aggregate>(mut self, id: &str, event: impl Into<A::Event>) -> Self {
        let event = self.record::<A>(id, &event.into());
        self.apply(&event).unwrap();
        self
    }

    fn record<A: Aggregate>(&mut self, id: &str, event: &A::Event) -> RecordedEvent {
        self.position += 1;
        let sequence = self.sequences.entry((A::TYPE, id.to_owned())).or_default();
        *sequence += 1;
        RecordedEvent {
            context: A::CONTEXT.to_owned(),
            partition: 0,
            position: self.position,
            event_id: Uuid::from_u128(1),
            tenant_id: TenantId(Uuid::from_u128(7)),
            aggregate_type: A::TYPE.to_owned(),
            aggregate_id: id.to_owned(),
            sequence: *sequence,
            event_type: event.def().name.to_owned(),
            event_version: event.def().version.to_string(),
            payload: event.payload().unwrap(),
            metadata: "{}".to_owned(),
            recorded_at: at(self.position),
        }
    }

    /// Does as the runtime does: names rows, changes them, and stores them as JSON.
    pub fn apply(&mut self, event: &RecordedEvent) -> Result<(), String> {
        let keys = M::keys(event)?;
        if keys.is_empty() {
            return Ok(());
        }
        (self.table.named, self.table.matched) = (BTreeSet::new(), Vec::new());
        for key in keys {
            match key {
                RowKey::Id(id) => {
                    self.table.named.insert(id);
                }
                RowKey::Where(column, values) => {
                    let holds = |row: &M::Row| {
                        let row = serde_json::to_value(row).unwrap();
                        row.get(column)
                            .expect("the column exists")
                            .as_str()
                            .is_some_and(|value| values.iter().any(|wanted| wanted == value))
                    };
                    self.table.matched.extend(self.table.rows.iter().filter(|(_, row)| holds(row)).map(|(id, _)| id.clone()));
                }
            }
        }
        self.table.named.extend(self.table.matched.iter().cloned());
        (self.fold)(event, &mut self.table)?;
        for row in self.table.rows.values() {
            let stored = serde_json::to_string(row).unwrap();
            assert_eq!(&serde_json::from_str::<M::Row>(&stored).unwrap(), row, "storing and reading a row changes nothing");
        }
        Ok(())
    }

    /// The ids of all rows.
    pub fn ids(&self) -> Vec<&str> {
        self.table.rows.keys().map(String::as_str).collect()
    }

    /// The row with this id.
    #[track_caller]
    pub fn row(&self, id: &str) -> &M::Row {
        &self.table.rows[id]
    }
}

/// When the event at a position was recorded.
pub fn at(position: i64) -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(position)
}

pub fn text<const N: usize>(text: &str) -> Text<N> {
    text.to_owned().try_into().unwrap()
}

/// A person of whom the given name and the email address are known.
pub fn someone(given_name: &str) -> Profile {
    Profile { given_name: Some(text(given_name)), email: Some(format!("{given_name}@x.io").to_lowercase()), ..Profile::default() }
}

pub fn company(name: &str) -> CompanyProfile {
    CompanyProfile::named(text(name))
}
