//! A history of commands, decided by the domain and stored in the log. What happens depends on a seed.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use commands::log::{self, Append, Check, NewEvent, Outcome};
use domain::crm::CONTEXT;
use domain::kernel::{Actor, AggregateKey, AggregateType, Context, DecideError, ErasedDecision, Loaded, LoadedState, Refusal, TenantId};
use platform::clock;
use platform::testing::TestDatabase;
use projections::runtime::Place;
use serde_json::{Value, json};
use uuid::Uuid;

const OWNERS: [&str; 3] = ["alan", "grace", "linus"];
const GIVEN: [&str; 5] = ["Ada", "Bea", "Cem", "Dee", "Eva"];
const FAMILY: [&str; 4] = ["Lovelace", "Hopper", "Noether", "Curie"];
const REASONS: [&str; 3] = ["price", "no_budget", "competitor"];

pub struct World<'a> {
    db: &'a TestDatabase,
    tenant: Uuid,
    place: Place,
    states: HashMap<AggregateKey, LoadedState>,
    now: DateTime<Utc>,
    chance: u64,
}

impl<'a> World<'a> {
    pub fn new(db: &'a TestDatabase, tenant: Uuid, seed: u64) -> Self {
        let place = Place { context: "crm".to_owned(), ..crate::support::place(db, tenant) };
        let now = "2026-01-05T08:00:00.000125Z".parse().expect("a time");
        Self { db, tenant, place, states: HashMap::new(), now, chance: seed }
    }

    /// A number below `end` (a linear congruential generator; the constants are Knuth's).
    fn below(&mut self, end: usize) -> usize {
        self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.chance >> 33).expect("31 bits") % end
    }

    fn one<'v, T: ?Sized>(&mut self, of: &[&'v T]) -> &'v T {
        of[self.below(of.len())]
    }

    /// In about one of `n` cases.
    fn rarely(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// Sends a command half an hour or so after the one before. A rule that refuses it is no failure: chance asks for many things.
    async fn send(&mut self, aggregate: &str, id: &str, command: &str, body: Value) -> bool {
        let minutes = 25 + self.below(300);
        self.now += TimeDelta::minutes(i64::try_from(minutes).expect("small"));
        let aggregate = CONTEXT.aggregate(aggregate).expect("an aggregate of the context");
        let (actor, mut loaded) = (Actor::default(), Loaded::new());
        let own = AggregateKey { aggregate_type: aggregate.name(), id: id.to_owned() };
        loop {
            let context = Context::new(TenantId(self.tenant), id, clock::new_id(), self.now, &actor, &loaded);
            match aggregate.decide(&self.state(&own, aggregate), command, body.to_string().as_bytes(), context) {
                Ok(decision) => return self.store(&own, decision).await,
                Err(DecideError::Refused(Refusal::Needs(key))) => {
                    let needed = CONTEXT.aggregate(key.aggregate_type).expect("an aggregate of the context");
                    let state = self.state(&key, needed);
                    loaded.insert(key, state);
                }
                Err(DecideError::Refused(Refusal::Rejected(_))) => return false,
                Err(DecideError::Decode(error)) => panic!("{command} {body}: {error}"),
            }
        }
    }

    fn state(&self, key: &AggregateKey, aggregate: &'static dyn AggregateType) -> LoadedState {
        self.states.get(key).cloned().unwrap_or_else(|| LoadedState { version: 0, state: aggregate.empty() })
    }

    /// Stores a decision without its claims, so that duplicates can come into being.
    async fn store(&mut self, own: &AggregateKey, decision: ErasedDecision) -> bool {
        if decision.writes.is_empty() {
            return false;
        }
        let (mut events, mut checks) = (Vec::new(), Vec::new());
        for write in decision.writes {
            let aggregate_id = write.key.id.clone();
            checks.push(Check {
                aggregate_type: write.key.aggregate_type,
                aggregate_id,
                expected: write.expected,
                write: true,
                drawn: false,
            });
            let mut version = write.expected;
            for event in &write.events {
                version += 1;
                events.push(NewEvent {
                    aggregate_type: write.key.aggregate_type,
                    aggregate_id: write.key.id.clone(),
                    sequence: version,
                    event_id: clock::new_id(),
                    event_type: event.def().name,
                    event_version: event.def().version,
                    payload: event.payload().expect("an event serialises"),
                });
            }
            self.states.insert(write.key, LoadedState { version, state: write.state });
        }
        let append = Append {
            tenant_id: self.tenant,
            context: "crm",
            partition: self.place.partition,
            idempotency: None,
            root: (own.aggregate_type, own.id.clone(), 0),
            checks,
            claims: Vec::new(),
            events,
            metadata: "{}".to_owned(),
        };
        let outcomes = log::append(&self.db.app, &[append]).await.expect("appended");
        assert!(matches!(outcomes[..], [Outcome::Accepted { .. }]), "{outcomes:?}");
        true
    }

    /// Companies, people, `deals` deals, leads and activities, and in between merges and erasures.
    pub async fn live(mut self, deals: usize) {
        let stages = json!([
            { "id": "intro", "name": "Introduction", "probability_percent": 15 },
            { "id": "pilot", "name": "Pilot", "probability_percent": 40 },
            { "id": "offer", "name": "Offer", "probability_percent": 65 }
        ]);
        self.send("pipeline", "partners", "define", json!({ "name": "Partners", "stages": stages })).await;
        self.send("custom-field", "deal.size", "define", json!({ "label": "Size", "type": "number" })).await;
        for number in 0..14 {
            self.company(number).await;
        }
        for number in 0..40 {
            self.person(number).await;
        }
        for number in 0..deals / 2 {
            self.deal(number).await;
        }
        for number in 0..40 {
            self.activity(number).await;
        }
        for number in 0..12 {
            self.lead(number).await;
        }
        self.changes_of_people().await;
        self.send("pipeline", "partners", "retire-stage", json!({ "stage_id": "pilot" })).await;
        for number in deals / 2..deals {
            self.deal(number).await;
        }
        for number in 0..deals {
            self.further(number).await;
        }
        for number in 40..60 {
            self.activity(number).await;
        }
    }

    async fn company(&mut self, number: usize) {
        let name = self.one(&["Acme", "Bolt", "Cog", "Dynamo", "Engine", "Flow", "Gear"]);
        let mut body = json!({ "name": name, "employees": number });
        if !self.rarely(3) {
            body["domain"] = json!(format!("{}.example", self.one(&["acme", "bolt", "cog", "dynamo"])));
        }
        if number > 4 && self.rarely(2) {
            body["parent_id"] = json!(format!("c-{}", self.below(5)));
        }
        self.send("company", &format!("c-{number}"), "register", body).await;
    }

    async fn person(&mut self, number: usize) {
        let (given, family) = (self.one(&GIVEN), self.one(&FAMILY));
        let mut body = json!({ "given_name": given, "tags": ["all"] });
        if !self.rarely(5) {
            body["family_name"] = json!(family);
        }
        if !self.rarely(3) {
            body["email"] = json!(format!("{given}{}@people.example", self.below(4)));
        }
        if self.rarely(2) {
            body["phone"] = json!(format!("+4930123456{}", self.below(9)));
        }
        match self.below(3) {
            0 => body["company_id"] = json!(format!("c-{}", self.below(14))),
            1 => body["company_name"] = json!(self.one(&["ACME", "acme", "Bolt"])),
            _ => {}
        }
        self.send("contact", &format!("p-{number}"), "register", body).await;
    }

    async fn deal(&mut self, number: usize) {
        let mut body = json!({ "name": format!("Deal {number}") });
        match self.below(5) {
            0 => {}
            1 => body["amount"] = json!({ "amount_minor": self.below(1_000_000), "currency": "USD" }),
            _ => body["amount"] = json!({ "amount_minor": self.below(1_000_000), "currency": "EUR" }),
        }
        if self.rarely(3) {
            (body["pipeline_id"], body["stage"]) = (json!("partners"), json!(self.one(&["intro", "pilot", "offer"])));
        }
        if !self.rarely(4) {
            body["owner"] = json!(self.one(&OWNERS));
        }
        if !self.rarely(5) {
            body["expected_close"] = json!(format!("2026-{:02}-{:02}", 1 + self.below(12), 1 + self.below(28)));
        }
        if !self.rarely(3) {
            body["contact_id"] = json!(format!("p-{}", self.below(40)));
        }
        if !self.rarely(3) {
            body["company_id"] = json!(format!("c-{}", self.below(14)));
        }
        self.send("deal", &format!("d-{number}"), "open", body).await;
    }

    /// What happens to a deal after it was opened.
    async fn further(&mut self, number: usize) {
        let id = format!("d-{number}");
        for _ in 0..self.below(6) {
            let stage = self.one(&["prospecting", "qualification", "proposal", "negotiation", "intro", "offer"]);
            match self.below(8) {
                0 => self.send("deal", &id, "win", json!({})).await,
                1 => {
                    let mut body = json!({ "reason": self.one(&REASONS) });
                    if self.rarely(2) {
                        body["competitor"] = json!("Babbage & Sons");
                    }
                    self.send("deal", &id, "lose", body).await
                }
                2 => self.send("deal", &id, "reopen", json!({})).await,
                3 => {
                    let amount = json!({ "amount_minor": self.below(500_000), "currency": "EUR" });
                    self.send("deal", &id, "set-amount", json!({ "amount": amount })).await
                }
                4 => {
                    let body = json!({ "owner": self.one(&OWNERS), "custom": { "size": number } });
                    self.send("deal", &id, "update", body).await
                }
                5 => self.send("deal", &id, "move-stage", json!({ "stage": "offer", "pipeline_id": "partners" })).await,
                _ => self.send("deal", &id, "move-stage", json!({ "stage": stage })).await,
            };
        }
    }

    async fn activity(&mut self, number: usize) {
        let id = format!("a-{number}");
        let about = match self.below(4) {
            0 => json!({ "contact_id": format!("p-{}", self.below(40)) }),
            1 => json!({ "company_id": format!("c-{}", self.below(14)) }),
            2 => json!({ "deal_id": format!("d-{}", self.below(5)) }),
            _ => json!({ "contact_id": format!("p-{}", self.below(40)), "deal_id": format!("d-{}", self.below(5)) }),
        };
        let due_at = self.now + TimeDelta::hours(i64::try_from(self.below(500)).expect("small"));
        let body = json!({ "kind": "call", "subject": format!("Call {number}"), "due_at": due_at, "about": about, "note": "n" });
        self.send("activity", &id, "schedule", body).await;
        match self.below(4) {
            0 => self.send("activity", &id, "complete", json!({ "outcome": "talked" })).await,
            1 => self.send("activity", &id, "cancel", json!({})).await,
            _ => false,
        };
    }

    async fn lead(&mut self, number: usize) {
        let id = format!("l-{number}");
        let body = json!({ "given_name": self.one(&GIVEN), "company_name": "Acme", "source": "webinar", "owner": "grace" });
        self.send("lead", &id, "capture", body).await;
        if self.rarely(2) {
            self.send("lead", &id, "qualify", json!({ "estimated_value": { "amount_minor": 5000, "currency": "EUR" } })).await;
            let body = json!({ "new_contact_id": format!("p-l{number}"), "deal": { "deal_id": format!("d-l{number}") } });
            self.send("lead", &id, "convert", body).await;
        }
    }

    /// Merges, also of what was merged before, links, updates and erasures.
    async fn changes_of_people(&mut self) {
        for _ in 0..8 {
            let (survivor, loser) = (self.below(40), self.below(40));
            self.send("contact", &format!("p-{survivor}"), "merge", json!({ "losers": [format!("p-{loser}")] })).await;
        }
        for _ in 0..4 {
            let (survivor, loser) = (self.below(14), self.below(14));
            self.send("company", &format!("c-{survivor}"), "merge", json!({ "losers": [format!("c-{loser}")] })).await;
        }
        for number in [3, 17, 31] {
            self.send("contact", &format!("p-{number}"), "update", json!({ "job_title": "Director", "phone": null })).await;
            let link = json!({ "company_id": format!("c-{}", self.below(14)) });
            self.send("contact", &format!("p-{}", number + 1), "link", link).await;
        }
        for _ in 0..2 {
            let (person, company) = (self.below(40), self.below(14));
            self.send("contact", &format!("p-{person}"), "erase", json!({ "reason": "asked" })).await;
            self.send("company", &format!("c-{company}"), "erase", json!({ "reason": "asked" })).await;
        }
    }
}
