//! More than a hundred thousand random commands through the run-time face that the command bus uses, with a log and guards held in memory, and
//! a ledger kept beside it by other means.
//!
//! What is proved: after every accepted command the debits of all entries equal the credits in each currency; no limited account
//! is overdrawn, and it knows exactly what was posted to it and is reserved on it; no entry lies on a day that was closed when it was posted;
//! an entry is reversed at most once and a hold resolves at most once; a command that was just accepted, sent again, does
//! nothing or is refused; a state equals the fold of its stored events.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::{Value, json};
use uuid::Uuid;

use super::CONTEXT;
use super::account::Account;
use super::hold::Hold;
use super::journal_entry::{JournalEntry, JournalEntryPosted};
use super::period::Period;
use super::values::Side;
use crate::kernel::{
    Actor, Aggregate, AggregateKey, AggregateType, Context, DecideError, ErasedDecision, Loaded, LoadedState, Refusal, TenantId,
};

/// Random commands of one sequence.
const STEPS: usize = 10_000;
/// Sequences of a run, each with chances of its own: 120,000 commands.
const SEQUENCES: u32 = 12;

/// Whether the world changed.
#[derive(Debug, PartialEq)]
enum Outcome {
    Stored,
    Nothing,
    Refused(String),
}

/// The aggregates, and the ledger that is kept beside them.
struct World {
    aggregates: HashMap<AggregateKey, LoadedState>,
    /// Events of a few aggregates, to fold them again.
    stored: HashMap<AggregateKey, Vec<(&'static str, String, String)>>,
    types: HashMap<&'static str, &'static dyn AggregateType>,
    commands_sent: u128,
    /// Debits and credits by currency.
    totals: BTreeMap<String, (i128, i128)>,
    /// Debits and credits by account.
    accounts: BTreeMap<String, (i128, i128)>,
    /// What holds have reserved, by account.
    pending: BTreeMap<String, i128>,
    entries: Vec<String>,
    holds: Vec<String>,
}

impl World {
    fn new() -> Self {
        let types = (CONTEXT.aggregates)().into_iter().map(|aggregate| (aggregate.name(), aggregate)).collect();
        let mut world = Self {
            aggregates: HashMap::new(),
            stored: HashMap::new(),
            types,
            commands_sent: 0,
            totals: BTreeMap::new(),
            accounts: BTreeMap::new(),
            pending: BTreeMap::new(),
            entries: Vec::new(),
            holds: Vec::new(),
        };
        let mut open = |aggregate: &str, name: &str, id: &str, body: Value| {
            assert_eq!(world.send(aggregate, name, id, &body), Outcome::Stored, "{id}");
        };
        open("chart", "apply-template", "default", json!({ "template": "trading_company", "currency": "EUR" }));
        open("chart", "apply-template", "default", json!({ "template": "trading_company", "currency": "USD" }));
        let limit = |amount: i64| json!({ "amount_minor": amount, "currency": "EUR" });
        open("account", "open", "wallet", json!({ "name": "Wallet", "type": "liability", "currency": "EUR", "limit": limit(0) }));
        open("account", "open", "credit-line", json!({ "name": "Line", "type": "liability", "currency": "EUR", "limit": limit(500) }));
        open("account", "open", "box", json!({ "name": "Cash box", "type": "asset", "currency": "EUR", "limit": limit(0) }));
        open("account", "open", "8000", json!({ "name": "By hand", "type": "expense", "currency": "EUR" }));
        world
    }

    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        // Half a minute passes with each command.
        let seconds = i64::try_from(self.commands_sent).expect("few commands") * 30;
        chrono::DateTime::from_timestamp(1_772_366_400 + seconds, 0).expect("a time")
    }

    fn load(&self, key: &AggregateKey) -> LoadedState {
        let empty = || LoadedState { version: 0, state: self.types[key.aggregate_type].empty() };
        self.aggregates.get(key).cloned().unwrap_or_else(empty)
    }

    fn state<A: Aggregate>(&self, id: &str) -> Option<&A> {
        let key = AggregateKey { aggregate_type: A::TYPE, id: id.to_owned() };
        self.aggregates.get(&key).and_then(|loaded| loaded.state.downcast_ref::<A>())
    }

    /// Decides a command, loading what the decision asks for, and stores the result.
    fn send(&mut self, aggregate: &str, name: &str, id: &str, body: &Value) -> Outcome {
        self.commands_sent += 1;
        let aggregate = self.types[aggregate];
        let actor = Actor::default();
        let command_id = Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0000 + self.commands_sent * 0x1_0000_0000);
        let own = AggregateKey { aggregate_type: aggregate.name(), id: id.to_owned() };
        let (current, body, mut loaded) = (self.load(&own), body.to_string(), Loaded::new());
        loop {
            let context = Context::new(TenantId(Uuid::nil()), id, command_id, self.now(), &actor, &loaded);
            match aggregate.decide(&current, name, body.as_bytes(), context) {
                Ok(decision) => return self.store(decision),
                Err(DecideError::Refused(Refusal::Needs(key))) => {
                    let found = self.load(&key);
                    assert!(loaded.insert(key, found).is_none(), "an aggregate is asked for once");
                }
                Err(DecideError::Refused(Refusal::Rejected(rejection))) => return Outcome::Refused(rejection.code),
                Err(DecideError::Decode(error)) => panic!("{name} {body}: {error}"),
            }
        }
    }

    fn store(&mut self, decision: ErasedDecision) -> Outcome {
        if decision.writes.is_empty() {
            return Outcome::Nothing;
        }
        for (key, version) in &decision.guards {
            assert_eq!(self.load(key).version, *version, "a guard is what was read");
        }
        for write in decision.writes {
            let before = self.load(&write.key);
            assert_eq!(before.version, write.expected, "{:?} has not changed since it was read", write.key);
            for event in &write.events {
                let (def, payload) = (event.def(), event.payload().expect("an event serialises"));
                self.follow(&write.key.id, def.name, &payload);
                if write.key.aggregate_type != "journal-entry" || self.entries.len().is_multiple_of(16) {
                    self.stored.entry(write.key.clone()).or_default().push((def.name, def.version.to_string(), payload));
                }
            }
            let version = before.version + i64::try_from(write.events.len()).expect("few events");
            self.aggregates.insert(write.key, LoadedState { version, state: write.state });
        }
        Outcome::Stored
    }

    /// Keeps the other ledger.
    fn follow(&mut self, id: &str, event: &str, payload: &str) {
        let payload: Value = serde_json::from_str(payload).expect("a payload is JSON");
        let amount = |money: &Value| i128::from(money["amount_minor"].as_i64().expect("an amount"));
        match event {
            "journal_entry_posted" => {
                self.entries.push(id.to_owned());
                for line in payload["lines"].as_array().expect("lines") {
                    let (currency, account) =
                        (line["amount"]["currency"].as_str().expect("a currency"), line["account"].as_str().expect("a code"));
                    let debit = line["side"] == "debit";
                    for sums in [self.totals.entry(currency.to_owned()).or_default(), self.accounts.entry(account.to_owned()).or_default()]
                    {
                        *(if debit { &mut sums.0 } else { &mut sums.1 }) += amount(&line["amount"]);
                    }
                }
                let closed = self.state::<Period>("default").and_then(|period| period.closed_through);
                let date: JournalEntryPosted = serde_json::from_value(payload).expect("an entry");
                assert!(closed.is_none_or(|closed| date.date > closed), "{id} lies on a closed day");
            }
            "hold_reserved" => {
                self.holds.push(id.to_owned());
                *self.pending.entry(payload["account"].as_str().expect("a code").to_owned()).or_default() += amount(&payload["amount"]);
            }
            "hold_posted" | "hold_voided" | "hold_expired" => {
                let hold = self.state::<Hold>(id).expect("the hold was reserved");
                assert_eq!(hold.resolution, None, "a hold resolves once");
                let reserved = hold.reserved.clone().expect("the hold was reserved");
                *self.pending.get_mut(reserved.account.as_str()).expect("it is pending") -= i128::from(reserved.amount.amount_minor);
            }
            "journal_entry_reversed" => {
                let entry = self.state::<JournalEntry>(id).expect("the entry was posted");
                assert_eq!(entry.reversed_by, None, "an entry is reversed once");
            }
            _ => {}
        }
    }

    fn check(&self) {
        for (currency, (debit, credit)) in &self.totals {
            assert_eq!(debit, credit, "{currency}");
        }
        for code in ["wallet", "credit-line", "box"] {
            let account = self.state::<Account>(code).expect("it is open");
            let (sums, terms) = (account.sums.expect("it is limited"), account.terms.expect("it is open"));
            let (debit, credit) = self.accounts.get(code).copied().unwrap_or_default();
            let pending = self.pending.get(code).copied().unwrap_or_default();
            assert_eq!((sums.debit_minor.into(), sums.credit_minor.into(), sums.pending_minor.into()), (debit, credit, pending), "{code}");
            let balance = if terms.normal_side == Side::Credit { credit - debit } else { debit - credit };
            assert!(balance - pending + 500 >= 0, "{code} is overdrawn: {balance} with {pending} pending");
            if code != "credit-line" {
                assert!(balance - pending >= 0, "{code} is overdrawn: {balance} with {pending} pending");
            }
        }
    }

    /// Folds what was stored again.
    fn refold(&self) {
        for (key, events) in &self.stored {
            let (aggregate, loaded) = (self.types[key.aggregate_type], &self.aggregates[key]);
            if i64::try_from(events.len()).expect("few events") != loaded.version {
                continue;
            }
            let mut refolded = aggregate.empty();
            for (name, version, payload) in events {
                aggregate.apply(&mut refolded, name, version, payload).expect("a stored event is read back");
            }
            let snapshot = aggregate.snapshot(&loaded.state).expect("a state serialises");
            assert_eq!(aggregate.snapshot(&refolded).expect("a state serialises"), snapshot, "{key:?}");
            let restored = aggregate.restore(&snapshot).expect("a snapshot is read back");
            assert_eq!(aggregate.snapshot(&restored).expect("a state serialises"), snapshot, "{key:?}");
        }
    }
}

/// Fills commands from a handful of values, so that they meet each other.
struct Choices(TestRng);

impl Choices {
    fn below(&mut self, bound: usize) -> usize {
        (self.0.next_u32() as usize) % bound
    }

    fn pick<'a>(&mut self, values: &[&'a str]) -> &'a str {
        values[self.below(values.len())]
    }

    fn account(&mut self) -> &'static str {
        self.pick(&["1100", "1200", "2000", "4000", "6100", "8000", "wallet", "wallet", "credit-line", "box", "1100-USD", "nowhere"])
    }

    fn money(&mut self, currency: &str) -> Value {
        let amount = [1, 2, 50, 100, 250, 1_000][self.below(6)];
        json!({ "amount_minor": amount, "currency": currency })
    }

    fn day(&mut self) -> &'static str {
        self.pick(&["2026-02-20", "2026-02-27", "2026-02-28", "2026-03-01", "2026-03-01", "2026-03-02", "2030-01-01"])
    }

    fn entry(&mut self) -> Value {
        let currency = if self.below(10) == 0 { "USD" } else { "EUR" };
        let amount = self.money(currency);
        let account = |choices: &mut Self| if currency == "USD" { "1100-USD" } else { choices.account() };
        let debit = json!({ "account": account(self), "side": "debit", "amount": amount });
        let mut lines = match self.below(4) {
            0 => vec![debit, json!({ "role": "bank", "side": "credit", "amount": amount })],
            _ => vec![debit, json!({ "account": account(self), "side": "credit", "amount": amount })],
        };
        if self.below(3) == 0 {
            let more = self.money(currency);
            lines.push(json!({ "account": account(self), "side": "credit", "amount": more }));
            if self.below(8) != 0 {
                lines.push(json!({ "account": account(self), "side": "debit", "amount": more }));
            }
        }
        json!({ "date": self.day(), "party": "c-1", "lines": lines })
    }

    fn step(&mut self, world: &World) -> (&'static str, &'static str, String, Value) {
        let number = world.commands_sent;
        let some = |choices: &mut Self, known: &[String]| {
            // Mostly one of the last.
            let back = choices.below(8) + 1;
            known.len().checked_sub(back).map_or_else(|| "none".to_owned(), |at| known[at].clone())
        };
        match self.below(100) {
            0..55 => ("journal-entry", "post", format!("e-{number}"), self.entry()),
            55..65 => ("journal-entry", "reverse", some(self, &world.entries), json!({ "date": self.day() })),
            65..78 => {
                let body = json!({ "account": self.account(), "amount": self.money("EUR"), "timeout_seconds": 1 + self.below(600) });
                ("hold", "reserve", format!("h-{number}"), body)
            }
            78..86 => {
                let body = match self.below(2) {
                    0 => json!({ "account": self.account() }),
                    _ => json!({ "role": "bank", "amount": self.money("EUR"), "date": self.day() }),
                };
                ("hold", "post", some(self, &world.holds), body)
            }
            86..89 => ("hold", "void", some(self, &world.holds), json!({})),
            89..92 => ("hold", "expire", some(self, &world.holds), json!({})),
            92..94 => ("account", "close", self.account().to_owned(), json!({})),
            94..97 => ("account", "reopen", self.account().to_owned(), json!({})),
            97 => ("period", "close-through", "default".to_owned(), json!({ "date": self.day() })),
            98 => ("period", "reopen", "default".to_owned(), json!({ "from": self.day(), "reason": "late" })),
            _ => {
                let role = self.pick(&["bank", "rounding"]);
                ("posting-profile", "set-role", "default".to_owned(), json!({ "role": role, "account": self.account() }))
            }
        }
    }
}

/// Sends random commands; counts what was accepted, by command, and what was refused, by code.
fn run(seed: &[u8; 32], steps: usize) -> (World, BTreeMap<String, usize>) {
    let mut choices = Choices(TestRng::from_seed(RngAlgorithm::ChaCha, seed));
    let (mut world, mut outcomes) = (World::new(), BTreeMap::new());
    for step in 0..steps {
        let (aggregate, name, id, body) = choices.step(&world);
        let outcome = world.send(aggregate, name, &id, &body);
        world.check();
        if outcome == Outcome::Stored && step % 8 == 0 {
            let again = world.send(aggregate, name, &id, &body);
            assert_ne!(again, Outcome::Stored, "{aggregate} {name} {id} {body} had an effect twice");
        }
        let key = match outcome {
            Outcome::Stored => name.to_owned(),
            Outcome::Nothing => "nothing".to_owned(),
            Outcome::Refused(code) => code,
        };
        *outcomes.entry(key).or_insert(0) += 1;
    }
    world.refold();
    (world, outcomes)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: SEQUENCES, failure_persistence: None, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn random_commands_never_unbalance_the_ledger(seed in any::<[u8; 32]>()) {
        let (world, outcomes) = run(&seed, STEPS);
        prop_assert!(world.entries.len() > STEPS / 20, "most of the time nothing is posted: {:?}", outcomes);
    }
}

#[test]
fn the_simulation_reaches_every_command_and_most_rejections() {
    let (_, outcomes) = run(&[7; 32], STEPS);
    let expected = "post reverse reserve void expire close reopen close-through set-role nothing accounting.unbalanced accounting.account_unknown \
        accounting.account_closed accounting.currency_mismatch accounting.period_closed accounting.future_date accounting.limit_exceeded \
        accounting.already_reversed accounting.hold_resolved accounting.hold_expired accounting.hold_exceeded";
    let missed: Vec<&str> = expected.split_whitespace().filter(|name| !outcomes.contains_key(*name)).collect();
    assert!(missed.is_empty(), "never reached: {missed:?}; {outcomes:?}");
}
