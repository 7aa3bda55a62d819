//! Read models folded in memory.

mod payments;
mod subscriptions;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use domain::billing::customer::{BillingProfile, Customer, CustomerErased, CustomerEvent, CustomerLinked, CustomerRegistered};
use domain::billing::plan::{PlanVersion, Terms};
use domain::kernel::{Aggregate, Currency, EventSet, Money, RecordedEvent, TenantId, Text};
use serde_json::{Value, json};
use uuid::Uuid;

use super::table::Table;
use crate::billing::customer_list::{self, CustomerList};
use crate::runtime::{RowKey, RowModel};

/// A table in memory that shows an event only the rows that it named.
pub struct Memory<R> {
    rows: BTreeMap<String, R>,
    named: BTreeSet<String>,
    matched: Vec<String>,
}

impl<R> Table<R> for Memory<R> {
    fn get_mut(&mut self, id: &str) -> Option<&mut R> {
        assert!(self.named.contains(id), "the event did not name the row {id}");
        self.rows.get_mut(id)
    }

    fn put(&mut self, id: &str, row: R) {
        assert!(self.named.contains(id), "the event did not name the row {id}");
        self.rows.insert(id.to_owned(), row);
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

    /// Records an event, which must apply; a row that is stored and read back is the same row.
    #[track_caller]
    pub fn event<A: Aggregate>(mut self, id: &str, event: impl Into<A::Event>) -> Self {
        let event = self.record::<A>(id, &event.into());
        (self.table.named, self.table.matched) = (BTreeSet::new(), Vec::new());
        for key in M::keys(&event).unwrap() {
            match key {
                RowKey::Id(id) => drop(self.table.named.insert(id)),
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
        (self.fold)(&event, &mut self.table).unwrap();
        for row in self.table.rows.values() {
            let stored = serde_json::to_string(row).unwrap();
            assert_eq!(&serde_json::from_str::<M::Row>(&stored).unwrap(), row, "storing and reading a row changes nothing");
        }
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
            recorded_at: recorded(self.position),
        }
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
pub fn recorded(position: i64) -> DateTime<Utc> {
    day("2026-03-01") + TimeDelta::minutes(position)
}

pub fn text<const N: usize>(text: &str) -> Text<N> {
    text.to_owned().try_into().unwrap()
}

/// Midnight of a day.
pub fn day(text: &str) -> DateTime<Utc> {
    format!("{text}T00:00:00Z").parse().unwrap()
}

pub fn euro(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

/// A monthly plan of this price.
pub fn plan(id: &str, minor: i64) -> PlanVersion {
    let terms: Terms = serde_json::from_value(terms(minor)).unwrap();
    PlanVersion { id: id.to_owned(), version: 1, terms }
}

pub fn terms(minor: i64) -> Value {
    json!({
        "name": "Plan", "interval": { "unit": "month", "count": 1 }, "price": { "amount_minor": minor, "currency": "EUR" },
        "trial_days": 0, "entitlements": { "seats": 5 }, "tax_rate_percent": "19.5"
    })
}

/// The event that erases a customer.
pub fn erased() -> CustomerEvent {
    CustomerErased { reason: text("request"), external_ids: BTreeMap::new() }.into()
}

#[test]
fn a_customer_is_listed_until_nothing_personal_is_left() {
    let profile = BillingProfile {
        name: text("Acme"),
        email: Some("a@b.io".into()),
        address: None,
        country: Some("GB".into()),
        tax_id: Some(text("GB1")),
        tax_exempt: false,
    };
    let linked = CustomerLinked { provider: "stripe".to_owned().try_into().unwrap(), external_id: text("cus_1") };
    let given: Given<CustomerList> =
        Given::nothing(customer_list::fold).event::<Customer>("c", CustomerRegistered { profile }).event::<Customer>("c", linked);
    let row = given.row("c");
    assert_eq!((row.name.as_deref(), row.external_id.as_deref(), row.version), (Some("Acme"), Some("cus_1"), 2));
    let given = given.event::<Customer>("c", erased());
    let row = given.row("c");
    assert_eq!((&row.name, &row.email, &row.tax_id, row.erased), (&None, &None, &None, true));
}
