//! Random sequences of commands against all aggregates of the context at once, through the same run-time face that the
//! command bus uses, with a log, guards and claims held in memory.
//!
//! What is proved: no sequence panics; a state equals the fold of its events after they were stored and read back, and
//! survives a snapshot; a command that was just accepted, decided again, does nothing or is refused; companies form no
//! cycle; only records in use hold claims.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Value, json};
use uuid::Uuid;

use super::CONTEXT;
use super::company::Company;
use super::contact::{Contact, Status};
use super::lead::{Lead, LeadStatus};
use crate::kernel::{
    Actor, Aggregate, AggregateKey, AggregateType, ClaimAction, Context, DecideError, ErasedDecision, Loaded, LoadedState, Refusal,
    TenantId,
};

/// One command: which of [`commands`], to which of the aggregate's ids, and the choices that fill its body.
type Step = (prop::sample::Index, u8, [u8; 12]);

#[derive(Clone)]
struct Stored {
    /// Name, version and payload of every event, as the log would hold them.
    events: Vec<(&'static str, String, String)>,
    loaded: LoadedState,
}

#[derive(Default)]
struct World {
    aggregates: BTreeMap<AggregateKey, Stored>,
    claims: BTreeMap<(&'static str, String), String>,
    commands_sent: u128,
}

/// Whether the world changed.
#[derive(Debug, PartialEq)]
enum Outcome {
    Stored,
    Nothing,
    Refused(String),
}

impl World {
    fn load(&self, key: &AggregateKey, aggregate: &dyn AggregateType) -> LoadedState {
        self.aggregates.get(key).map_or_else(|| LoadedState { version: 0, state: aggregate.empty() }, |stored| stored.loaded.clone())
    }

    fn state<A: Aggregate>(&self, id: &str) -> Option<&A> {
        let key = AggregateKey { aggregate_type: A::TYPE, id: id.to_owned() };
        self.aggregates.get(&key).and_then(|stored| stored.loaded.state.downcast_ref::<A>())
    }

    /// Decides a command, loading what the decision asks for, and stores the result.
    fn send(&mut self, aggregate: &dyn AggregateType, name: &str, id: &str, body: &Value) -> Outcome {
        self.commands_sent += 1;
        let actor = Actor::default();
        let command_id = Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0000 + self.commands_sent * 0x1_0000_0000);
        let now = chrono::DateTime::from_timestamp(1_772_366_400 + i64::try_from(self.commands_sent).unwrap(), 0).unwrap();
        let own = AggregateKey { aggregate_type: aggregate.name(), id: id.to_owned() };
        let mut loaded = Loaded::new();
        loop {
            let context = Context::new(TenantId(Uuid::nil()), id, command_id, now, &actor, &loaded);
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
            let empty = Stored { events: Vec::new(), loaded: LoadedState { version: 0, state: aggregate.empty() } };
            let stored = self.aggregates.entry(write.key.clone()).or_insert(empty);
            assert_eq!(stored.loaded.version, write.expected, "{:?} has not changed since it was read", write.key);
            for event in &write.events {
                let def = event.def();
                let (version, payload) = (def.version.to_string(), event.payload().expect("an event serialises"));
                aggregate.apply_erased(&mut stored.loaded.state, &**event);
                stored.loaded.version += 1;
                stored.events.push((def.name, version, payload));
            }
            let folded = aggregate.snapshot(&stored.loaded.state).expect("a state serialises");
            assert_eq!(
                aggregate.snapshot(&write.state).expect("a state serialises"),
                folded,
                "the planned state is the fold of the events"
            );
        }
        Outcome::Stored
    }

    fn check(&self) {
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
        for ((scope, key), holder) in &self.claims {
            let in_use = match *scope {
                "contact.email" | "contact.phone" => self.state::<Contact>(holder).is_some_and(|contact| contact.status == Status::Active),
                "company.domain" => self.state::<Company>(holder).is_some_and(|company| company.status == Status::Active),
                "lead.email" => self.state::<Lead>(holder).is_some_and(|lead| {
                    !matches!(lead.status, LeadStatus::Converted(_) | LeadStatus::Disqualified(_) | LeadStatus::Erased)
                }),
                other => panic!("the scope {other} is not known"),
            };
            assert!(in_use, "{scope} {key} is held by {holder}");
        }
        for key in self.aggregates.keys().filter(|key| key.aggregate_type == "company") {
            let mut id = key.id.clone();
            let mut steps = 0;
            while let Some(company) = self.state::<Company>(&id) {
                let next = match &company.status {
                    Status::Merged { into } => Some(into.clone()),
                    _ => company.parent_id.clone(),
                };
                let Some(next) = next else { break };
                id = next;
                steps += 1;
                assert!(steps < 100, "the hierarchy above {} has a cycle", key.id);
            }
        }
    }
}

/// Every command of the context.
fn commands() -> Vec<(&'static dyn AggregateType, &'static str)> {
    let aggregates = (CONTEXT.aggregates)();
    aggregates.into_iter().flat_map(|aggregate| aggregate.commands().iter().map(move |def| (aggregate, def.name))).collect()
}

fn aggregate_id(aggregate: &str, choice: u8) -> String {
    match aggregate {
        "pipeline" => ["default", "partners"][usize::from(choice % 2)].to_owned(),
        "custom-field" => ["contact.tier", "company.tier", "deal.tier", "lead.tier"][usize::from(choice % 4)].to_owned(),
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

    fn id(&mut self, aggregate: &str) -> Value {
        json!(aggregate_id(aggregate, self.byte()))
    }

    fn flag(&mut self) -> bool {
        self.byte().is_multiple_of(2)
    }

    fn email(&mut self) -> Value {
        self.pick(&[json!("a@x.io"), json!("B@x.io"), json!("c@y.io"), json!("nobody")])
    }

    fn phone(&mut self) -> Value {
        self.pick(&[json!("+442071234567"), json!("+14155552671"), json!("12")])
    }

    fn site(&mut self) -> Value {
        self.pick(&[json!("https://www.x.io/a"), json!("y.io"), json!("facebook.com/x"), json!("none")])
    }

    fn stage(&mut self) -> Value {
        self.pick(&["prospecting", "proposal", "negotiation", "intro", "offer", "won"].map(Value::from))
    }

    fn money(&mut self) -> Value {
        let amount = self.pick(&[json!(0), json!(1000), json!(2500), json!(-1), json!(i64::MAX)]);
        json!({ "amount_minor": amount, "currency": "EUR" })
    }

    fn day(&mut self) -> Value {
        self.pick(&[json!("2026-02-20"), json!("2026-03-01"), json!("2027-01-01")])
    }

    fn reason(&mut self) -> Value {
        self.pick(&[json!("price"), json!("timing")])
    }

    fn losers(&mut self, aggregate: &str) -> Value {
        let ids: Vec<Value> = (0..=self.byte() % 3).map(|_| self.id(aggregate)).collect();
        json!(ids)
    }

    fn merge(&mut self, aggregate: &str, fields: &[&str]) -> Value {
        let field = self.pick(&fields.iter().copied().map(Value::from).collect::<Vec<_>>());
        let choices = if self.flag() { json!({ (field.as_str().unwrap()): self.id(aggregate) }) } else { json!({}) };
        json!({ "losers": self.losers(aggregate), "choices": choices })
    }

    fn stages(&mut self) -> Value {
        let stage = |id: &str, percent: u8| json!({ "id": id, "name": id, "probability_percent": percent });
        self.pick(&[stage("intro", 10), stage("offer", 60), stage("proposal", 50), stage("won", 99)])
    }

    /// Keeps some of the fields, and in a patch clears some of those.
    fn some(&mut self, fields: &Value, patch: bool) -> Value {
        let fields = fields.as_object().expect("the fields are an object").clone();
        let kept = fields.into_iter().filter_map(|(name, value)| match self.byte() % 4 {
            0 => None,
            1 if patch => Some((name, Value::Null)),
            _ => Some((name, value)),
        });
        Value::Object(kept.collect())
    }

    fn body(&mut self, aggregate: &str, command: &str) -> Value {
        match (aggregate, command) {
            ("contact", "register" | "update") | ("lead", "capture" | "update") => {
                let patch = command == "update";
                let fields = json!({
                    "email": self.email(), "phone": self.phone(), "company_name": "Acme", "family_name": "Doe",
                    "custom": { "tier": "gold" }
                });
                let mut body = self.some(&fields, patch);
                if body["custom"].is_null() {
                    body["custom"] = json!({});
                }
                body["allow_duplicate"] = json!(self.flag());
                body
            }
            ("company", "register" | "update") => {
                let fields = json!({ "website": self.site(), "domain": self.site(), "annual_revenue": self.money() });
                let mut body = self.some(&fields, command == "update");
                body["name"] = json!("Acme");
                body["allow_duplicate"] = json!(self.flag());
                if command == "register" && self.flag() {
                    body["parent_id"] = self.id("company");
                }
                body
            }
            ("contact", "link") => json!({ "company_id": self.id("company") }),
            ("company", "link") => json!({ "parent_id": self.id("company") }),
            ("contact", "merge") => self.merge("contact", &["email", "phone", "company_id", "age"]),
            ("company", "merge") => self.merge("company", &["domain", "name", "parent_id", "age"]),
            ("contact" | "company" | "lead", "erase") | ("activity", "cancel") | ("deal", "lose") => json!({ "reason": self.reason() }),
            ("lead", _) => self.lead_body(command),
            ("deal", _) => self.deal_body(command),
            ("activity", _) => self.activity_body(command),
            ("pipeline", _) => self.pipeline_body(command),
            ("custom-field", "define") => self.pick(&[
                json!({ "label": "Tier", "type": "text" }),
                json!({ "label": "Tier", "type": "select", "options": ["gold"] }),
                json!({ "label": "Tier", "type": "number" }),
            ]),
            ("custom-field", "update") => self.pick(&[json!({ "label": "Rank" }), json!({ "options": ["gold", "tin"] })]),
            _ => json!({}),
        }
    }

    fn lead_body(&mut self, command: &str) -> Value {
        match command {
            "assign" => json!({ "owner": self.pick(&[json!("ada"), json!("grace")]) }),
            "qualify" => {
                let fields = json!({ "estimated_value": self.money(), "note": "budget" });
                self.some(&fields, false)
            }
            "recycle" => json!({ "reason": self.reason(), "until": self.day() }),
            "disqualify" => json!({ "reason": self.reason() }),
            _ => {
                let deal = json!({ "deal_id": self.id("deal"), "stage": self.stage(), "amount": self.money() });
                let contact = self.pick(&[json!("contact_id"), json!("new_contact_id"), json!("create_company")]);
                let company = self.pick(&[json!("company_id"), json!("create_company"), json!("new_company_id")]);
                let mut body = json!({ "allow_duplicate": self.flag() });
                for (field, value) in [(contact, self.id("contact")), (company, self.id("company"))] {
                    let field = field.as_str().unwrap();
                    body[field] = if field == "create_company" { json!(true) } else { value };
                }
                if self.flag() {
                    body["deal"] = self.some(&deal, false);
                }
                body
            }
        }
    }

    fn deal_body(&mut self, command: &str) -> Value {
        match command {
            "open" | "update" => {
                let fields = json!({ "contact_id": self.id("contact"), "company_id": self.id("company"), "expected_close": self.day() });
                let mut body = self.some(&fields, command == "update");
                body["name"] = self.pick(&[json!("Engine"), json!("Loom")]);
                if command == "open" {
                    body["amount"] = self.money();
                    body["pipeline_id"] = self.id("pipeline");
                }
                body
            }
            "move-stage" if self.flag() => json!({ "stage": self.stage(), "pipeline_id": self.id("pipeline") }),
            "move-stage" => json!({ "stage": self.stage() }),
            "set-amount" => json!({ "amount": self.money() }),
            "win" if self.flag() => json!({ "closed_on": self.day() }),
            _ => json!({}),
        }
    }

    fn activity_body(&mut self, command: &str) -> Value {
        let due_at = self.pick(&[json!("2026-03-10T09:00:00Z"), json!("2026-03-11T09:00:00Z")]);
        match command {
            "schedule" => {
                let about = json!({
                    "contact_id": self.id("contact"), "company_id": self.id("company"), "deal_id": self.id("deal"), "lead_id": self.id("lead")
                });
                json!({ "kind": "call", "subject": "Demo", "due_at": due_at, "about": self.some(&about, true) })
            }
            "complete" if self.flag() => json!({ "outcome": self.reason() }),
            "complete" => json!({ "completed_at": self.pick(&[json!("2026-02-01T00:00:00Z"), json!("2030-01-01T00:00:00Z")]) }),
            "reschedule" => json!({ "due_at": due_at, "duration_minutes": self.pick(&[json!(0), json!(30)]) }),
            _ => json!({ "assignee": self.pick(&[json!("ada"), json!("grace")]) }),
        }
    }

    fn pipeline_body(&mut self, command: &str) -> Value {
        match command {
            "define" => {
                let stages: Vec<Value> = (0..=self.byte() % 3).map(|_| self.stages()).collect();
                json!({ "name": "Partners", "stages": stages })
            }
            "rename" => json!({ "name": self.pick(&[json!("Partners"), json!("Resellers")]) }),
            "reorder-stages" => json!({ "order": self.pick(&[json!(["offer", "intro"]), json!(["intro", "offer"]), json!(["offer"])]) }),
            "add-stage" => {
                let before = self.stages()["id"].clone();
                json!({ "stage": self.stages(), "before": self.pick(&[Value::Null, before]) })
            }
            "change-stage" => json!({ "stage_id": self.stages()["id"], "probability_percent": self.pick(&[json!(30), json!(101)]) }),
            _ => json!({ "stage_id": self.stages()["id"] }),
        }
    }
}

/// A world in which most commands find what they need.
fn populated() -> World {
    let mut world = World::default();
    let mut send = |aggregate: &str, name: &str, id: &str, body: Value| {
        let aggregate = CONTEXT.aggregate(aggregate).expect("the aggregate is of this context");
        assert_eq!(world.send(aggregate, name, id, &body), Outcome::Stored, "{name} {id}");
    };
    for n in 0..3 {
        send("company", "register", &format!("company-{n}"), json!({ "name": "Acme", "domain": format!("n{n}.io") }));
        send("contact", "register", &format!("contact-{n}"), json!({ "email": format!("n{n}@x.io") }));
        send("lead", "capture", &format!("lead-{n}"), json!({ "email": format!("l{n}@x.io"), "owner": "ada", "company_name": "Acme" }));
        send("deal", "open", &format!("deal-{n}"), json!({ "name": "Engine" }));
        let about = json!({ "deal_id": format!("deal-{n}") });
        send(
            "activity",
            "schedule",
            &format!("activity-{n}"),
            json!({ "kind": "task", "subject": "Offer", "due_at": "2026-03-10T09:00:00Z", "about": about }),
        );
    }
    send("lead", "qualify", "lead-0", json!({}));
    send("lead", "qualify", "lead-1", json!({}));
    let stage = |id: &str| json!({ "id": id, "name": id, "probability_percent": 50 });
    send("pipeline", "define", "partners", json!({ "name": "Partners", "stages": [stage("intro"), stage("offer")] }));
    world
}

fn run(world: &mut World, steps: &[Step]) -> BTreeMap<(&'static str, &'static str), usize> {
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
    }
    accepted
}

fn step() -> impl Strategy<Value = Step> {
    (any::<prop::sample::Index>(), 0..4_u8, any::<[u8; 12]>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_commands_keeps_the_rules(steps in prop::collection::vec(step(), 1..60), empty in any::<bool>()) {
        run(&mut if empty { World::default() } else { populated() }, &steps);
    }
}

#[test]
fn the_simulation_reaches_every_command() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut reached = BTreeMap::new();
    for _ in 0..100 {
        let steps = prop::collection::vec(step(), 60).new_tree(&mut runner).expect("steps are made").current();
        for (command, times) in run(&mut populated(), &steps) {
            *reached.entry(command).or_insert(0) += times;
        }
    }
    let missed: Vec<_> =
        commands().into_iter().map(|(aggregate, name)| (aggregate.name(), name)).filter(|key| !reached.contains_key(key)).collect();
    assert!(missed.is_empty(), "never accepted: {missed:?}");
}
