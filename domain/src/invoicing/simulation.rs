//! Random sequences of commands against all aggregates of the context at once, through the same run-time face that the
//! command bus uses, with a log, guards and claims held in memory.
//!
//! What is proved: no sequence panics; a state equals the fold of its events after they were stored and read back, and survives a
//! snapshot; a command that was just accepted, decided again, does nothing or is refused; the numbers of each series have no gap; what is
//! open is what was asked for less what settled it, and never below nothing; nobody's credit is below nothing. The tests of the ledger
//! prove over the same sequences that its accounts say what the documents say.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Value, json};
use uuid::Uuid;

use super::CONTEXT;
use super::bill::{Bill, BillStatus};
use super::customer_account::CustomerAccount;
use super::invoice::{Invoice, InvoiceStatus};
use super::number_series::NumberSeries;
use crate::kernel::{
    Actor, Aggregate, AggregateKey, AggregateType, ClaimAction, Context, DecideError, ErasedDecision, Loaded, LoadedState, RecordedEvent,
    Refusal, TenantId,
};

/// One command: which of [`commands`], to which of the aggregate's ids, and the choices that fill its body.
pub(crate) type Step = (prop::sample::Index, u8, [u8; 12]);

#[derive(Clone)]
struct Stored {
    events: Vec<RecordedEvent>,
    loaded: LoadedState,
}

/// Everything that there is.
#[derive(Default)]
pub(crate) struct World {
    aggregates: BTreeMap<AggregateKey, Stored>,
    claims: BTreeMap<(&'static str, String), String>,
    commands_sent: u128,
    /// All events in order.
    pub log: Vec<RecordedEvent>,
}

/// Whether the world changed.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    Stored,
    Nothing,
    Refused(String),
}

impl World {
    fn load(&self, key: &AggregateKey, aggregate: &dyn AggregateType) -> LoadedState {
        self.aggregates.get(key).map_or_else(|| LoadedState { version: 0, state: aggregate.empty() }, |stored| stored.loaded.clone())
    }

    /// The states of one type, by id.
    pub(crate) fn all<A: Aggregate>(&self) -> impl Iterator<Item = (&str, &A)> {
        let of_type = self.aggregates.iter().filter(|(key, _)| key.aggregate_type == A::TYPE);
        of_type.filter_map(|(key, stored)| Some((key.id.as_str(), stored.loaded.state.downcast_ref::<A>()?)))
    }

    /// Two commands an hour; a simulated day is over after 48 of them.
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_772_366_400 + i64::try_from(self.commands_sent).unwrap() * 1_800, 0).unwrap()
    }

    /// Decides a command, loading what the decision asks for, and stores the result.
    pub(crate) fn send(&mut self, aggregate: &dyn AggregateType, name: &str, id: &str, body: &Value) -> Outcome {
        self.commands_sent += 1;
        let actor = Actor::default();
        let command_id = Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0000 + self.commands_sent * 0x1_0000_0000);
        let own = AggregateKey { aggregate_type: aggregate.name(), id: id.to_owned() };
        let mut loaded = Loaded::new();
        loop {
            let context = Context::new(TenantId(Uuid::nil()), id, command_id, self.now(), &actor, &loaded);
            match aggregate.decide(&self.load(&own, aggregate), name, body.to_string().as_bytes(), context) {
                Ok(decision) => return self.store(&decision),
                Err(DecideError::Refused(Refusal::Needs(key))) => {
                    let needed = CONTEXT.aggregate(key.aggregate_type).expect("the needed aggregate is of this context");
                    let found = self.load(&key, needed);
                    assert!(loaded.insert(key, found).is_none(), "an aggregate is asked for once");
                    assert!(loaded.len() < 100, "a decision reads a bounded number of aggregates");
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
        let mut claims = self.claims.clone();
        for claim in &decision.claims {
            let holder = claim.holder.clone().unwrap_or_else(|| decision.writes[0].key.id.clone());
            let key = (claim.scope, claim.key.clone());
            match (claim.action, claims.get(&key)) {
                (ClaimAction::Take, Some(other)) if *other != holder => return Outcome::Refused("claim".to_owned()),
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
        for write in &decision.writes {
            let aggregate = CONTEXT.aggregate(write.key.aggregate_type).expect("the written aggregate is of this context");
            let recorded_at = self.now();
            let empty = Stored { events: Vec::new(), loaded: LoadedState { version: 0, state: aggregate.empty() } };
            let stored = self.aggregates.entry(write.key.clone()).or_insert(empty);
            assert_eq!(stored.loaded.version, write.expected, "{:?} has not changed since it was read", write.key);
            for event in &write.events {
                aggregate.apply_erased(&mut stored.loaded.state, &**event);
                stored.loaded.version += 1;
                let position = i64::try_from(self.log.len()).unwrap() + 1;
                let recorded = RecordedEvent {
                    context: CONTEXT.name.to_owned(),
                    partition: 0,
                    position,
                    event_id: Uuid::from_u128(u128::try_from(position).unwrap()),
                    tenant_id: TenantId(Uuid::nil()),
                    aggregate_type: write.key.aggregate_type.to_owned(),
                    aggregate_id: write.key.id.clone(),
                    sequence: stored.loaded.version,
                    event_type: event.def().name.to_owned(),
                    event_version: event.def().version.to_string(),
                    payload: event.payload().expect("an event serialises"),
                    metadata: "{}".to_owned(),
                    recorded_at,
                };
                stored.events.push(recorded.clone());
                self.log.push(recorded);
            }
            let folded = aggregate.snapshot(&stored.loaded.state).expect("a state serialises");
            let planned = aggregate.snapshot(&write.state).expect("a state serialises");
            assert_eq!(planned, folded, "the planned state is the fold of the events");
        }
        Outcome::Stored
    }

    fn check(&self) {
        for (key, stored) in &self.aggregates {
            let aggregate = CONTEXT.aggregate(key.aggregate_type).expect("the aggregate is of this context");
            let mut refolded = aggregate.empty();
            for event in &stored.events {
                aggregate
                    .apply(&mut refolded, &event.event_type, &event.event_version, &event.payload)
                    .expect("a stored event is read back");
            }
            let snapshot = aggregate.snapshot(&stored.loaded.state).expect("a state serialises");
            assert_eq!(aggregate.snapshot(&refolded).expect("a state serialises"), snapshot, "{key:?}");
            let restored = aggregate.restore(&snapshot).expect("a snapshot is read back");
            assert_eq!(aggregate.snapshot(&restored).expect("a state serialises"), snapshot, "{key:?}");
        }
        self.check_numbers();
        self.check_debts();
        for (id, account) in self.all::<CustomerAccount>() {
            assert!(account.credit.values().all(|credit| *credit >= 0), "{id} has a credit below nothing: {:?}", account.credit);
        }
    }

    /// Every number of a series follows on the one before, and no number stands on two documents.
    fn check_numbers(&self) {
        let mut numbers = BTreeSet::new();
        let mut counts: BTreeMap<(String, i64), u64> = BTreeMap::new();
        for event in self.log.iter().filter(|event| event.event_type == "number_taken") {
            let taken: Value = serde_json::from_str(&event.payload).unwrap();
            let count = counts.entry((event.aggregate_id.clone(), taken["year"].as_i64().unwrap())).or_insert(0);
            *count += 1;
            assert_eq!(taken["sequence"].as_u64(), Some(*count), "{} has a gap", event.aggregate_id);
            assert!(numbers.insert(taken["number"].as_str().unwrap().to_owned()), "{} is taken twice", taken["number"]);
        }
        let taken: u64 = self.all::<NumberSeries>().map(|(_, series)| series.last.values().sum::<u64>()).sum();
        assert_eq!(taken, numbers.len() as u64, "each number that was taken stands on a document");
    }

    fn check_debts(&self) {
        for (id, invoice) in self.all::<Invoice>() {
            let total = invoice.totals.as_ref().map_or(0, |totals| totals.gross.amount_minor);
            let settled: i64 = invoice.payments.iter().filter(|payment| !payment.reversed).map(|p| p.settlement.applied.amount_minor).sum();
            let applied: i64 = invoice.credit_applied.values().map(|amount| amount.amount_minor).sum();
            let credited: i64 = invoice.credited.values().map(|(net, tax)| net + tax).sum();
            assert!(invoice.received_minor() >= 0, "{id}: more went back than came in");
            assert!(invoice.open_minor >= 0 && invoice.written_off_minor >= 0 && invoice.excess_minor >= 0, "{id}: {invoice:?}");
            assert!(invoice.issued.is_none() || credited <= total, "{id} is credited beyond its total");
            match invoice.status {
                InvoiceStatus::Finalized | InvoiceStatus::Credited => {
                    assert!(invoice.open_minor >= total - settled - applied - credited, "{id}: {invoice:?}");
                }
                InvoiceStatus::Draft | InvoiceStatus::Discarded => assert_eq!(invoice.open_minor, 0, "{id}"),
                InvoiceStatus::Voided => {
                    let back: i64 = invoice.refunds.values().map(|refund| refund.settlement.applied.amount_minor).sum();
                    assert!(invoice.open_minor <= back, "{id} is void, and owed only as far as money for it went back");
                }
                InvoiceStatus::WrittenOff => {}
            }
        }
        for (id, bill) in self.all::<Bill>().filter(|(_, bill)| bill.status == BillStatus::Approved) {
            let total = bill.totals.as_ref().map_or(0, |totals| totals.gross.amount_minor);
            let credited: i64 = bill.credit_notes.values().map(|amount| amount.amount_minor).sum();
            assert_eq!(bill.open_minor, total - bill.paid_minor - credited, "{id}: {bill:?}");
        }
    }
}

/// Every command of the context.
pub(crate) fn commands() -> Vec<(&'static dyn AggregateType, &'static str)> {
    let aggregates = (CONTEXT.aggregates)();
    aggregates.into_iter().flat_map(|aggregate| aggregate.commands().iter().map(move |def| (aggregate, def.name))).collect()
}

fn aggregate_id(aggregate: &str, choice: u8) -> String {
    match aggregate {
        "issuer" => "default".to_owned(),
        "number-series" => ["default", "credit-note", "yearly"][usize::from(choice % 3)].to_owned(),
        "customer-account" => format!("customer-{}", choice % 2),
        _ => format!("{aggregate}-{}", choice % 4),
    }
}

/// Fills bodies from a handful of values, so that commands meet each other.
struct Choices {
    bytes: [u8; 12],
    next: usize,
}

impl Choices {
    fn byte(&mut self) -> u8 {
        self.next += 1;
        self.bytes[(self.next - 1) % self.bytes.len()].wrapping_add(u8::try_from(self.next % 200).unwrap_or(0))
    }

    fn pick(&mut self, values: &[Value]) -> Value {
        values[usize::from(self.byte()) % values.len()].clone()
    }

    fn flag(&mut self) -> bool {
        self.byte().is_multiple_of(2)
    }

    fn id(&mut self, aggregate: &str) -> Value {
        json!(aggregate_id(aggregate, self.byte()))
    }

    fn euros(&mut self) -> Value {
        let amount = self.pick(&[json!(1), json!(500), json!(11_900), json!(23_000), json!(100_000), json!(0)]);
        json!({ "amount_minor": amount, "currency": "EUR" })
    }

    fn day(&mut self) -> Value {
        self.pick(&[json!("2026-02-20"), json!("2026-03-01"), json!("2025-12-31"), json!("2027-01-01")])
    }

    fn reference(&mut self) -> Value {
        self.pick(&[json!("r-1"), json!("r-2"), json!("r-3"), json!("r-4"), json!("r-5")])
    }

    fn line(&mut self, id: Option<&str>) -> Value {
        let price = self.pick(&[json!(10_000), json!("33.333"), json!(-500), json!(4_950)]);
        let mut line = json!({
            "description": "x", "quantity": self.pick(&[json!(1), json!("2.5"), json!(3)]), "unit_price": { "amount_minor": price, "currency": "EUR" },
            "tax_rate_percent": self.pick(&[json!(19), json!(7), json!(0), json!("8.875")])
        });
        if self.flag() {
            line["account"] = json!("4711");
        }
        if self.flag() {
            line["discount"] = json!({ "percent": 10 });
        }
        if let Some(id) = id {
            line["line_id"] = json!(id);
        }
        line
    }

    fn lines(&mut self) -> Vec<Value> {
        (0..self.byte() % 4).map(|_| self.line(None)).collect()
    }

    fn body(&mut self, aggregate: &str, command: &str) -> Value {
        match (aggregate, command) {
            ("invoice", _) => self.invoice_body(command),
            ("bill", _) => self.bill_body(command),
            ("customer-account" | "customer-payment", "erase-customer") => json!({ "reason": "x" }),
            ("customer-payment", _) => self.payment_body(command),
            ("customer-account", _) => json!({ "amount": self.euros(), "reference": self.reference() }),
            ("number-series", "define") => {
                let mut body = json!({ "prefix": self.pick(&[json!("INV-"), json!("Y-"), json!("Z-")]) });
                if self.flag() {
                    body["yearly"] = json!(true);
                }
                body
            }
            ("issuer", _) => json!({ "name": "Engines", "reminder_days": self.pick(&[json!([1, 2]), json!([]), json!([5])]) }),
            _ => json!({}),
        }
    }

    fn invoice_body(&mut self, command: &str) -> Value {
        match command {
            "draft" => {
                let mut body = json!({
                    "customer_id": self.id("customer-account"), "customer_name": "Ada", "currency": "EUR", "lines": self.lines(),
                    "payment_terms_days": self.pick(&[json!(0), json!(1), json!(30)]), "tax_mode": self.pick(&[json!("exclusive"), json!("inclusive")])
                });
                if self.byte().is_multiple_of(4) {
                    body["number"] = self.pick(&[json!("K-1"), json!("K-2")]);
                }
                if self.byte().is_multiple_of(3) {
                    body["series"] = json!("yearly");
                }
                body
            }
            "import-line" => {
                let mut line = self.line(None);
                line["number"] = self.pick(&[json!("K-1"), json!("K-3")]);
                line["customer_name"] = json!("Ada");
                line
            }
            "update" => {
                json!({ "tax_mode": self.pick(&[json!("exclusive"), json!("inclusive")]), "note": self.pick(&[Value::Null, json!("x")]) })
            }
            "add-line" => self.line(Some("extra")),
            "remove-line" => json!({ "line_id": self.pick(&[json!("extra"), json!("1")]) }),
            "finalize" if self.flag() => json!({ "date": self.day() }),
            "record-payment" => {
                json!({ "amount": self.euros(), "reference": self.reference(), "method": self.pick(&[json!("card"), json!("cash")]) })
            }
            "reverse-payment" => json!({ "reference": self.reference(), "reason": "bounced" }),
            "refund-payment" => json!({ "amount": self.euros(), "reference": self.reference(), "reason": "goodwill" }),
            "apply-credit" if self.flag() => json!({ "reference": self.reference(), "amount": self.euros() }),
            "apply-credit" => json!({ "reference": self.reference() }),
            "credit" => {
                let mut body = json!({ "reference": self.reference(), "reason": "damaged" });
                match self.byte() % 3 {
                    0 => body["amount"] = self.euros(),
                    1 => body["lines"] = json!([{ "line_id": "1" }]),
                    _ => {}
                }
                body
            }
            "void" | "write-off" | "erase-customer" => json!({ "reason": "x" }),
            _ => json!({}),
        }
    }

    fn bill_body(&mut self, command: &str) -> Value {
        match command {
            "enter" => json!({
                "supplier_id": self.pick(&[json!("supplier-0"), json!("supplier-1")]), "supplier_name": "Brass", "supplier_number": self.reference(),
                "date": "2026-02-20", "currency": "EUR", "lines": self.lines(), "tax_mode": self.pick(&[json!("exclusive"), json!("inclusive")])
            }),
            "import-line" => {
                let mut line = self.line(None);
                line["supplier_name"] = json!("Brass");
                line["date"] = json!("2026-02-20");
                line
            }
            "update" => json!({ "supplier_number": self.reference(), "tax_mode": self.pick(&[json!("exclusive"), json!("inclusive")]) }),
            "add-line" => self.line(Some("extra")),
            "remove-line" => json!({ "line_id": self.pick(&[json!("extra"), json!("1")]) }),
            "dispute" => json!({ "reason": self.pick(&[json!("short"), json!("late")]) }),
            "record-payment" | "record-refund" => json!({ "amount": self.euros(), "reference": self.reference() }),
            "reverse-payment" => json!({ "reference": self.reference(), "reason": "closed" }),
            "credit" if self.flag() => json!({ "reference": self.reference(), "amount": self.euros() }),
            "credit" => json!({ "reference": self.reference() }),
            "void" | "erase-supplier" => json!({ "reason": "x" }),
            _ => json!({}),
        }
    }

    fn payment_body(&mut self, command: &str) -> Value {
        match command {
            "receive" => {
                let mut body = json!({ "amount": self.euros(), "reference": self.reference() });
                let mut parts = Vec::new();
                for _ in 0..self.byte() % 3 {
                    parts.push(json!({ "invoice_id": self.id("invoice") }));
                }
                if parts.is_empty() || self.flag() {
                    body["customer_id"] = self.id("customer-account");
                    body["customer_name"] = json!("Ada");
                }
                body["allocations"] = json!(parts);
                body
            }
            "allocate" => json!({ "invoice_id": self.id("invoice") }),
            "refund" if self.flag() => json!({ "reference": self.reference(), "amount": self.euros() }),
            "refund" => json!({ "reference": self.reference() }),
            _ => json!({ "reason": "bounced" }),
        }
    }
}

/// A world in which most commands find what they need.
pub(crate) fn populated() -> World {
    let mut world = World::default();
    let mut send = |aggregate: &str, name: &str, id: &str, body: Value| {
        let aggregate = CONTEXT.aggregate(aggregate).expect("the aggregate is of this context");
        assert_eq!(world.send(aggregate, name, id, &body), Outcome::Stored, "{name} {id}");
    };
    send("number-series", "define", "yearly", json!({ "prefix": "Y-", "yearly": true }));
    let line = json!({ "description": "Engine", "unit_price": { "amount_minor": 10_000, "currency": "EUR" }, "tax_rate_percent": 19 });
    for n in 0..3 {
        let customer = format!("customer-{}", n % 2);
        let draft =
            json!({ "customer_id": customer, "customer_name": "Ada", "currency": "EUR", "lines": [line, line], "payment_terms_days": 0 });
        send("invoice", "draft", &format!("invoice-{n}"), draft);
        let bill = json!({
            "supplier_id": "supplier-0", "supplier_name": "Brass", "supplier_number": format!("b-{n}"), "date": "2026-02-20", "currency": "EUR", "lines": [line]
        });
        send("bill", "enter", &format!("bill-{n}"), bill);
    }
    for n in 0..2 {
        send("invoice", "finalize", &format!("invoice-{n}"), json!({}));
        send("bill", "approve", &format!("bill-{n}"), json!({}));
        let payment = json!({
            "customer_id": format!("customer-{n}"), "customer_name": "Ada", "amount": { "amount_minor": 30_000, "currency": "EUR" }, "reference": "first"
        });
        send("customer-payment", "receive", &format!("customer-payment-{n}"), payment);
    }
    let settled = |amount: i64| json!({ "amount": { "amount_minor": amount, "currency": "EUR" }, "reference": "r-1" });
    send("invoice", "record-payment", "invoice-1", settled(25_000));
    send("bill", "record-payment", "bill-1", settled(5_000));
    world
}

/// Sends the commands of the steps, each accepted one twice; `look` sees the world after each. Tells how often each was accepted.
pub(crate) fn run(world: &mut World, steps: &[Step], mut look: impl FnMut(&World)) -> BTreeMap<(&'static str, &'static str), usize> {
    let commands = commands();
    let mut accepted = BTreeMap::new();
    for (index, id, bytes) in steps {
        let (aggregate, name) = commands[index.index(commands.len())];
        let id = aggregate_id(aggregate.name(), *id);
        let body = Choices { bytes: *bytes, next: 0 }.body(aggregate.name(), name);
        if world.send(aggregate, name, &id, &body) == Outcome::Stored {
            *accepted.entry((aggregate.name(), name)).or_default() += 1;
            let again = world.send(aggregate, name, &id, &body);
            assert_ne!(again, Outcome::Stored, "{} {name} {id} {body} had an effect twice", aggregate.name());
        }
        world.check();
        look(world);
    }
    accepted
}

/// The events of random worlds, for those who follow them.
pub(crate) fn histories(worlds: usize) -> Vec<Vec<RecordedEvent>> {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let history = |_| {
        let steps = prop::collection::vec(step(), 150).new_tree(&mut runner).expect("steps are made").current();
        let mut world = populated();
        run(&mut world, &steps, |_| {});
        world.log
    };
    (0..worlds).map(history).collect()
}

/// Any step.
pub(crate) fn step() -> impl Strategy<Value = Step> {
    (any::<prop::sample::Index>(), 0..4_u8, any::<[u8; 12]>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_commands_keeps_the_rules(steps in prop::collection::vec(step(), 1..60), empty in any::<bool>()) {
        run(&mut if empty { World::default() } else { populated() }, &steps, |_| {});
    }
}

#[test]
fn the_simulation_reaches_every_command() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut reached = BTreeMap::new();
    for _ in 0..150 {
        let steps = prop::collection::vec(step(), 80).new_tree(&mut runner).expect("steps are made").current();
        for (command, times) in run(&mut populated(), &steps, |_| {}) {
            *reached.entry(command).or_insert(0) += times;
        }
    }
    let missed: Vec<_> =
        commands().into_iter().map(|(aggregate, name)| (aggregate.name(), name)).filter(|key| !reached.contains_key(key)).collect();
    assert!(missed.is_empty(), "never accepted: {missed:?}");
}
