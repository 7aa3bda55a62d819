//! A log, its guards and claims in memory, the ledger that the process keeps, and what must always hold.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::inventory::CONTEXT;
use crate::inventory::movement::{Kind, StockMovement};
use crate::inventory::product::{Product, Valuation};
use crate::inventory::reorder_suggestion::{ReorderSuggestion, SuggestionStatus};
use crate::inventory::reservation::{ReservationStatus, StockReservation};
use crate::inventory::stock::{Balance, RevaluationCause, StockItem, StockItemEvent, StockRevalued};
use crate::inventory::values::Quantity;
use crate::inventory::warehouse::Warehouse;
use crate::inventory::warehouse::section::WarehouseSection;
use crate::kernel::testing::recorded;
use crate::kernel::{
    Action, Actor, Aggregate, AggregateKey, AggregateType, ClaimAction, Context, DecideError, ErasedDecision, ErasedEvent, EventSet,
    Loaded, LoadedState, PlannedWrite, RecordedEvent, Refusal, StepCommand, TenantId,
};
use crate::processes::{inventory_ledger, inventory_reorder};

#[derive(Clone)]
struct Stored {
    /// Name, version and payload of every event, as the log would hold them.
    events: Vec<(&'static str, String, String)>,
    loaded: LoadedState,
}

/// Everything that there is.
#[derive(Default)]
pub struct World {
    /// Whether aggregates are loaded only when a decision asks for them; it is faster to have the usual ones at hand.
    pub asks: bool,
    aggregates: BTreeMap<AggregateKey, Stored>,
    claims: BTreeMap<(&'static str, String), String>,
    commands_sent: u128,
    passed_seconds: i64,
    /// Balance of each role in the ledger, debits positive.
    ledger: BTreeMap<String, i64>,
    /// What the events of stock add up to: pieces and value.
    flow: Balance,
    /// What was lost, found and set to another value, less what that took away.
    adjusted_minor: i64,
    /// The aggregates that were written since the last check.
    touched: BTreeSet<AggregateKey>,
    /// The items that were looked at since their product has changed.
    reviewed: BTreeSet<String>,
    /// All events in order.
    pub log: Vec<RecordedEvent>,
}

/// Whether the world changed.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    Stored,
    Nothing,
    Refused(String),
}

fn key<A: Aggregate>(id: &str) -> AggregateKey {
    AggregateKey { aggregate_type: A::TYPE, id: id.to_owned() }
}

impl World {
    /// Lets time pass.
    pub fn pass(&mut self, seconds: i64) {
        self.passed_seconds += seconds;
    }

    pub fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_772_366_400, 0).unwrap_or_default() + TimeDelta::seconds(self.passed_seconds)
    }

    /// The ids of all movements, and a new one.
    pub fn movements(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.of::<StockMovement>().map(|(id, _)| id.to_owned()).filter(|id| id.starts_with('m')).collect();
        ids.sort_by_key(|id| (id.len(), id.clone()));
        ids.push(format!("m-{}", self.commands_sent));
        ids
    }

    /// The ids of all suggestions, and one that is not there.
    pub fn suggestions(&self) -> Vec<String> {
        self.of::<ReorderSuggestion>().map(|(id, _)| id.to_owned()).chain(["none".to_owned()]).collect()
    }

    fn of<A: Aggregate>(&self) -> impl Iterator<Item = (&str, &A)> {
        let range = self.aggregates.range(key::<A>("")..);
        let of_type = range.take_while(|(key, _)| key.aggregate_type == A::TYPE);
        of_type.filter_map(|(key, stored)| Some((key.id.as_str(), stored.loaded.state.downcast_ref::<A>()?)))
    }

    fn state<A: Aggregate>(&self, id: &str) -> Option<&A> {
        self.aggregates.get(&key::<A>(id)).and_then(|stored| stored.loaded.state.downcast_ref::<A>())
    }

    fn load(&self, key: &AggregateKey, aggregate: &dyn AggregateType) -> LoadedState {
        self.aggregates.get(key).map_or_else(|| LoadedState { version: 0, state: aggregate.empty() }, |stored| stored.loaded.clone())
    }

    fn at_hand(&self, own: &AggregateKey) -> Loaded {
        let usual = |key: &AggregateKey| key.aggregate_type != StockMovement::TYPE && key.aggregate_type != StockReservation::TYPE;
        let all = self.aggregates.iter().filter(|(key, _)| !self.asks && usual(key) && *key != own);
        all.map(|(key, stored)| (key.clone(), stored.loaded.clone())).collect()
    }

    /// Decides a command, loading what the decision asks for, and stores the result.
    pub fn send(&mut self, aggregate: &str, name: &str, id: &str, body: &Value) -> Outcome {
        self.commands_sent += 1;
        let aggregate = CONTEXT.aggregate(aggregate).expect("the aggregate is of this context");
        let actor = Actor::default();
        let command_id = Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0000 + self.commands_sent * 0x1_0000_0000);
        let own = AggregateKey { aggregate_type: aggregate.name(), id: id.to_owned() };
        let mut loaded = self.at_hand(&own);
        loop {
            let context = Context::new(TenantId(Uuid::nil()), id, command_id, self.now(), &actor, &loaded);
            match aggregate.decide(&self.load(&own, aggregate), name, body.to_string().as_bytes(), context) {
                Ok(decision) => {
                    if name == "review-reorder" {
                        self.reviewed.insert(id.to_owned());
                    }
                    return self.store(&decision);
                }
                Err(DecideError::Refused(Refusal::Needs(key))) => {
                    let needed = CONTEXT.aggregate(key.aggregate_type).expect("the needed aggregate is of this context");
                    let found = self.load(&key, needed);
                    assert!(key != own && loaded.insert(key, found).is_none(), "another aggregate is asked for once");
                    assert!(loaded.len() < 256, "a decision reads a bounded number of aggregates");
                }
                Err(DecideError::Refused(Refusal::Rejected(rejection))) => return Outcome::Refused(rejection.code),
                Err(DecideError::Decode(error)) => panic!("{name} {body}: {error}"),
            }
        }
    }

    fn store(&mut self, decision: &ErasedDecision) -> Outcome {
        if decision.writes.is_empty() {
            return Outcome::Nothing;
        }
        if let Err(refused) = self.claim(decision) {
            return refused;
        }
        for (key, version) in &decision.guards {
            assert_eq!(self.aggregates.get(key).map_or(0, |stored| stored.loaded.version), *version, "{key:?} is guarded as it is");
        }
        let mut followed = Vec::new();
        for write in &decision.writes {
            self.write(write, &mut followed);
            if write.key.aggregate_type == Product::TYPE {
                let prefix = format!("{}:", write.key.id);
                self.reviewed.retain(|item| !item.starts_with(&prefix));
            }
            self.touched.insert(write.key.clone());
        }
        for command in followed {
            let outcome = self.send(&command.aggregate, &command.command, &command.id, &command.body);
            let by_hand = Outcome::Refused("claim".to_owned());
            assert!(outcome != Outcome::Refused("inventory.suggestion_decided".to_owned()), "{command:?}");
            assert!(matches!(outcome, Outcome::Stored | Outcome::Nothing) || outcome == by_hand, "{command:?}: {outcome:?}");
        }
        Outcome::Stored
    }

    fn claim(&mut self, decision: &ErasedDecision) -> Result<(), Outcome> {
        let mut claims = self.claims.clone();
        for claim in &decision.claims {
            let holder = claim.holder.clone().unwrap_or_else(|| decision.writes[0].key.id.clone());
            let key = (claim.scope, claim.key.clone());
            match (claim.action, claims.get(&key)) {
                (ClaimAction::Take, Some(other)) if *other != holder => return Err(Outcome::Refused("claim".to_owned())),
                (ClaimAction::Release, Some(other)) if *other == holder => {
                    claims.remove(&key);
                }
                (ClaimAction::Take | ClaimAction::TakeIfFree, None) => {
                    claims.insert(key, holder);
                }
                _ => {}
            }
        }
        self.claims = claims;
        Ok(())
    }

    fn write(&mut self, write: &PlannedWrite, followed: &mut Vec<StepCommand>) {
        let aggregate = CONTEXT.aggregate(write.key.aggregate_type).expect("the written aggregate is of this context");
        let empty = Stored { events: Vec::new(), loaded: LoadedState { version: 0, state: aggregate.empty() } };
        let mut stored = self.aggregates.remove(&write.key).unwrap_or(empty);
        assert_eq!(stored.loaded.version, write.expected, "{:?} has not changed since it was read", write.key);
        for event in &write.events {
            let allocated = stored.loaded.state.downcast_ref::<StockItem>().map_or(0, StockItem::allocated);
            aggregate.apply_erased(&mut stored.loaded.state, &**event);
            stored.loaded.version += 1;
            let payload = event.payload().expect("an event serialises");
            let position = i64::try_from(self.log.len()).unwrap_or(i64::MAX) + 1;
            self.log.push(recorded(CONTEXT.name, &write.key, stored.loaded.version, position, &**event, self.now()));
            if let Some(event) = event.as_any().downcast_ref::<StockItemEvent>() {
                let item = stored.loaded.state.downcast_ref::<StockItem>().expect("a stock item");
                self.promise(&write.key.id, item, allocated, event);
                self.account(&write.key.id, stored.loaded.version, item, event, followed);
            }
            stored.events.push((event.def().name, event.def().version.to_string(), payload));
        }
        self.aggregates.insert(write.key.clone(), stored);
    }

    /// Looks at an event of stock, with the item as it is afterwards, and lets the processes do their work.
    fn account(&mut self, id: &str, sequence: i64, item: &StockItem, event: &StockItemEvent, followed: &mut Vec<StepCommand>) {
        let (quantity, value, after) = match event {
            StockItemEvent::StockReceived(e) => (e.quantity, e.value, e.after),
            StockItemEvent::StockReturned(e) => (e.quantity, e.value, e.after),
            StockItemEvent::StockAdjusted(e) => (e.quantity, e.value, e.after),
            StockItemEvent::StockShipped(e) => (-e.quantity, e.value, e.after),
            StockItemEvent::StockTransferredOut(e) => (-e.quantity, e.value, e.after),
            StockItemEvent::StockTransferredIn(e) => (e.quantity, e.value, e.after),
            StockItemEvent::StockRevalued(e) => (0, e.value, e.after),
            _ => {
                followed.extend(steps(inventory_reorder::PROCESS.react, id, sequence, event));
                return;
            }
        };
        assert_eq!(after, Balance { on_hand: item.stock.on_hand, value_minor: item.stock.value_minor }, "{event:?} tells the truth");
        self.flow.on_hand += quantity;
        self.flow.value_minor += value.amount_minor;
        let set = |e: &StockRevalued| e.cause == RevaluationCause::Revaluation;
        if matches!(event, StockItemEvent::StockAdjusted(_)) || matches!(event, StockItemEvent::StockRevalued(e) if set(e)) {
            self.adjusted_minor += value.amount_minor;
        }
        for entry in steps(inventory_ledger::PROCESS.react, id, sequence, event) {
            let mut sum = 0;
            for line in entry.body["lines"].as_array().expect("an entry has lines") {
                let amount = line["amount"]["amount_minor"].as_i64().expect("an amount");
                assert!(amount > 0, "{entry:?}");
                let signed = if line["side"] == "debit" { amount } else { -amount };
                sum += signed;
                *self.ledger.entry(line["role"].as_str().expect("a role").to_owned()).or_default() += signed;
            }
            assert_eq!(sum, 0, "{entry:?}");
        }
    }

    /// Nothing is promised that is not there, and events tell what is kept.
    fn promise(&self, id: &str, item: &StockItem, allocated_before: i64, event: &StockItemEvent) {
        let kept = match event {
            StockItemEvent::StockReserved(e) => {
                let product = id.split(':').next().and_then(|product| self.state::<Product>(product)).expect("the product exists");
                assert!(item.available(self.now(), product.safety_stock()) >= 0, "{event:?}");
                e.kept
            }
            StockItemEvent::StockAllocated(e) => {
                assert!(item.allocated() <= allocated_before || item.level() >= 0, "{event:?}");
                e.kept
            }
            StockItemEvent::StockReleased(e) => e.kept,
            StockItemEvent::StockReservationExpired(e) => e.kept,
            StockItemEvent::StockShipped(e) => e.kept,
            _ => return,
        };
        let held: i64 = item.holds.values().map(|hold| hold.quantity).sum();
        assert_eq!((kept.allocated, kept.reserved), (item.allocated(), held - item.allocated()), "{event:?} tells the truth");
    }

    /// What must hold after every command.
    pub fn check(&mut self) {
        for key in std::mem::take(&mut self.touched) {
            match key.aggregate_type {
                StockItem::TYPE => self.check_item(&key.id),
                StockReservation::TYPE => self.check_reservation(&key.id),
                StockMovement::TYPE => {
                    let movement = self.state::<StockMovement>(&key.id).expect("the movement exists");
                    let shipment = movement.kind == Some(Kind::Shipment);
                    assert!(movement.returned == 0 || shipment && movement.returned <= movement.asked, "{movement:?}");
                    let all_back = shipment && movement.returned == movement.asked;
                    assert!(!all_back || movement.returned_minor == movement.value_minor, "{movement:?}");
                }
                _ => {}
            }
        }
        let (mut on_hand, mut value_minor) = (0, 0);
        for (_, item) in self.of::<StockItem>() {
            (on_hand, value_minor) = (on_hand + item.stock.on_hand, value_minor + item.stock.value_minor);
        }
        assert_eq!(Balance { on_hand, value_minor }, self.flow, "pieces and value are conserved");
        assert_eq!(self.ledger.get("inventory").copied().unwrap_or(0), value_minor, "the ledger is worth what the stock is worth");
        self.check_profit(value_minor);
        self.check_reorder();
        for (id, warehouse) in self.of::<Warehouse>() {
            let here = |other: &str| other.split(':').nth(1) == Some(id);
            let stocked = self.of::<StockItem>().filter(|(item, state)| here(item) && state.stock.on_hand > 0).count();
            let told: i64 =
                self.of::<WarehouseSection>().filter(|(section, _)| section.split(':').next() == Some(id)).map(|(_, s)| s.stocked).sum();
            assert_eq!(i64::try_from(stocked), Ok(told), "{id}");
            assert!(!warehouse.closed || stocked == 0, "{id} is closed with stock");
        }
        for ((scope, key), holder) in &self.claims {
            let in_use = match *scope {
                "product.sku" => self.state::<Product>(holder).is_some(),
                "reorder.item" => self
                    .state::<ReorderSuggestion>(holder)
                    .is_some_and(|suggestion| suggestion.item_id == *key && suggestion.status == SuggestionStatus::Open),
                other => panic!("the scope {other} is not known"),
            };
            assert!(in_use, "{scope} {key} is held by {holder}");
        }
    }

    /// Goods cost what their receipts say by now, whenever that became known: the bills that come for them, the stock, what was adjusted,
    /// and for the rest the cost of what was sold. No entry of the ledger is looked at to tell what it should hold.
    fn check_profit(&self, stock_minor: i64) {
        let cost_of = |kind: Kind| -> i64 {
            self.of::<StockMovement>().filter(|(_, movement)| movement.kind == Some(kind)).map(|(_, movement)| movement.value_minor).sum()
        };
        let (bought, taken_over) = (cost_of(Kind::Receipt), cost_of(Kind::Opening));
        let expected = [
            ("goods_received_not_invoiced", -bought),
            ("opening_balance", -taken_over),
            ("inventory_adjustment", -self.adjusted_minor),
            ("cost_of_goods_sold", bought + taken_over + self.adjusted_minor - stock_minor),
        ];
        for (role, minor) in expected {
            assert_eq!(self.ledger.get(role).copied().unwrap_or(0), minor, "{role}");
        }
    }

    /// What was looked at last with its product as it is now is told to be low just when it is.
    fn check_reorder(&self) {
        for (id, item) in self.of::<StockItem>().filter(|(id, _)| self.reviewed.contains(*id)) {
            let product = id.split(':').next().and_then(|product| self.state::<Product>(product)).expect("the product exists");
            let point = product.facts.reorder_point.map(Quantity::get).filter(|_| !product.discontinued);
            assert_eq!(item.below.is_some(), point.is_some_and(|point| item.level() < point), "{id}");
        }
    }

    fn check_item(&self, id: &str) {
        let item = self.state::<StockItem>(id).expect("the item exists");
        let stock = &item.stock;
        assert!(stock.on_hand >= 0 && stock.value_minor >= 0, "{id}: {stock:?}");
        assert!(
            stock.layers.iter().all(|layer| layer.quantity > 0 && layer.quantity <= layer.received && layer.value_minor >= 0),
            "{stock:?}"
        );
        assert!(stock.layers.is_sorted_by_key(|layer| layer.received_on), "{stock:?}");
        assert_eq!(stock.layers.iter().map(|layer| layer.quantity).sum::<i64>(), stock.on_hand, "{id}");
        let value: i64 = stock.layers.iter().map(|layer| layer.value_minor).sum();
        let expected = if stock.valuation == Valuation::Fifo { stock.value_minor } else { 0 };
        assert_eq!(value, expected, "{id}: layers add up");
        assert!(stock.on_hand > 0 || stock.value_minor == 0, "{id}: nothing is worth nothing");
        assert!(stock.spent.iter().all(|layer| layer.quantity == 0 && layer.value_minor == 0), "{stock:?}");
        assert!(item.holds.values().all(|hold| hold.quantity > 0), "{id}: {:?}", item.holds);
        for (reservation, hold) in item.holds.iter().filter(|(_, hold)| hold.joint) {
            let found = self.state::<StockReservation>(reservation).expect("a joint reservation exists");
            let line = found.lines.iter().find(|line| line.line.item_id == id).expect("it covers the item");
            assert_eq!(line.line.quantity - line.shipped, hold.quantity, "{reservation} and {id} agree");
            let status = if hold.expires_at.is_some() { ReservationStatus::Reserved } else { ReservationStatus::Allocated };
            assert_eq!((found.status, found.expires_at), (status, hold.expires_at), "{reservation}");
        }
    }

    fn check_reservation(&self, id: &str) {
        let reservation = self.state::<StockReservation>(id).expect("the reservation exists");
        for line in &reservation.lines {
            let item = self.state::<StockItem>(&line.line.item_id).expect("the item exists");
            let open = matches!(reservation.status, ReservationStatus::Reserved | ReservationStatus::Allocated);
            let rest = if open { line.line.quantity - line.shipped } else { 0 };
            assert_eq!(item.holds.get(id).map_or(0, |hold| hold.quantity), rest, "{id} and {} agree", line.line.item_id);
        }
    }

    /// Every state is the fold of its stored events, and survives a snapshot.
    pub fn check_history(&self) {
        for (key, stored) in &self.aggregates {
            let aggregate = CONTEXT.aggregate(key.aggregate_type).expect("the aggregate is of this context");
            let mut refolded = aggregate.empty();
            for (name, version, payload) in &stored.events {
                aggregate.apply(&mut refolded, name, version, payload).expect("a stored event is read back");
            }
            let snapshot = aggregate.snapshot(&stored.loaded.state).expect("a state serialises");
            assert_eq!(aggregate.snapshot(&refolded).expect("a state serialises"), snapshot, "{key:?}");
            let restored = aggregate.restore(&snapshot).expect("a snapshot is read back");
            assert_eq!(aggregate.snapshot(&restored).expect("a state serialises"), snapshot, "{key:?}");
        }
    }
}

/// The commands that follow from an event of an item.
fn steps(
    react: fn(&RecordedEvent) -> Result<Vec<crate::kernel::Step>, crate::kernel::DecodeEventError>,
    id: &str,
    sequence: i64,
    event: &StockItemEvent,
) -> Vec<StepCommand> {
    let recorded = RecordedEvent {
        context: StockItem::CONTEXT.to_owned(),
        partition: 0,
        position: sequence,
        event_id: Uuid::nil(),
        tenant_id: TenantId(Uuid::nil()),
        aggregate_type: StockItem::TYPE.to_owned(),
        aggregate_id: id.to_owned(),
        sequence,
        event_type: EventSet::def(event).name.to_owned(),
        event_version: EventSet::def(event).version.to_string(),
        payload: ErasedEvent::payload(event).expect("an event serialises"),
        metadata: "{}".to_owned(),
        recorded_at: DateTime::default(),
    };
    let steps = react(&recorded).expect("an event that was just made is read");
    let commands = steps.into_iter().map(|step| match step.action {
        Action::Command(command) => command,
        Action::Effect { name, .. } => panic!("inventory has no effect {name}"),
    });
    commands.collect()
}
