//! All contexts at once, in memory, with the processes at work between them: what the runtime does, without its accidents.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::PROCESSES;
use crate::invoicing::customer_account::CustomerAccount;
use crate::invoicing::invoice::Invoice;
use crate::kernel::testing::recorded;
use crate::kernel::{
    Action, Actor, Aggregate, AggregateId, AggregateKey, AggregateType, ClaimAction, Context, ContextDef, DecideError, ErasedDecision,
    LANE_CHARS_MAX, Loaded, LoadedState, RecordedEvent, Refusal, SetupDef, StepCommand, TenantId,
};
use crate::{accounting, analytics, billing, crm, inventory, invoicing, scheduling};

static CONTEXTS: [&ContextDef; 7] = [
    &accounting::CONTEXT,
    &analytics::CONTEXT,
    &billing::CONTEXT,
    &crm::CONTEXT,
    &inventory::CONTEXT,
    &invoicing::CONTEXT,
    &scheduling::CONTEXT,
];

/// Names an aggregate among all contexts.
type Key = (&'static str, AggregateKey);

/// What became of the steps that send one command.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// How often the command was accepted.
    pub accepted: usize,
    /// The codes by which it was refused.
    pub refused: BTreeSet<String>,
}

/// Steps by process and command, such as `invoicing/invoice/draft`.
pub type TakenSteps = BTreeMap<(&'static str, String), Taken>;

/// Everything that there is.
pub struct Platform {
    aggregates: BTreeMap<Key, LoadedState>,
    claims: BTreeMap<(&'static str, &'static str, String), String>,
    commands_sent: u128,
    events: i64,
    now: DateTime<Utc>,
    waiting: VecDeque<RecordedEvent>,
    /// What became of steps.
    pub taken: TakenSteps,
    /// What the outside was asked for: the effect and its body.
    pub effects: Vec<(&'static str, Value)>,
    /// Balances of the journal by role or account and party, debits positive.
    pub ledger: BTreeMap<(String, String), i64>,
}

fn context_of(name: &str) -> &'static ContextDef {
    CONTEXTS.into_iter().find(|context| context.name == name).unwrap_or_else(|| panic!("there is no context {name}"))
}

impl Platform {
    /// A tenant that has just been set up.
    pub fn new(now: &str) -> Self {
        let mut platform = Self {
            aggregates: BTreeMap::new(),
            claims: BTreeMap::new(),
            commands_sent: 0,
            events: 0,
            now: now.parse().expect("a time"),
            waiting: VecDeque::new(),
            taken: BTreeMap::new(),
            effects: Vec::new(),
            ledger: BTreeMap::new(),
        };
        for context in CONTEXTS {
            for setup in context.setup {
                let body = serde_json::from_str(&setup.body.replace(SetupDef::CURRENCY, "EUR")).expect("a body");
                let answer = platform.decide(&Actor::default(), [context.name, setup.aggregate, setup.id, setup.command], &body);
                answer.expect("the set-up is accepted");
            }
        }
        platform.work();
        platform
    }

    /// Sets the clock.
    pub fn at(&mut self, now: &str) {
        self.now = now.parse().expect("a time");
    }

    /// The state of an aggregate.
    pub fn state<A: Aggregate>(&self, id: &str) -> &A {
        let key = (A::CONTEXT, AggregateKey { aggregate_type: A::TYPE, id: id.to_owned() });
        self.aggregates.get(&key).and_then(|found| found.state.downcast_ref()).unwrap_or_else(|| panic!("there is no {key:?}"))
    }

    /// All aggregates of a type, by their ids.
    pub fn all<A: Aggregate>(&self) -> impl Iterator<Item = (&str, &A)> {
        let of_type = self.aggregates.iter().filter(|((context, key), _)| *context == A::CONTEXT && key.aggregate_type == A::TYPE);
        of_type.filter_map(|((_, key), found)| Some((key.id.as_str(), found.state.downcast_ref::<A>()?)))
    }

    /// Sends a command, such as `billing/plan/p/publish`, and lets the processes do what follows: the code of the refusal, if it is refused.
    pub fn try_send(&mut self, command: &str, body: &Value) -> Result<(), String> {
        let path = <[&str; 4]>::try_from(command.split('/').collect::<Vec<_>>()).expect("four parts");
        let answer = self.decide(&Actor { subject: "tester".to_owned(), roles: vec!["service".to_owned()] }, path, body);
        self.work();
        answer
    }

    /// The same, for one that is accepted.
    #[track_caller]
    pub fn send(&mut self, command: &str, body: &Value) {
        if let Err(code) = self.try_send(command, body) {
            panic!("{command} {body}: {code}");
        }
    }

    /// Takes an event over as it happened elsewhere, and lets the processes do what follows.
    pub fn replay(&mut self, event: &RecordedEvent) {
        let context = context_of(&event.context);
        let aggregate = context.aggregate(&event.aggregate_type).expect("the aggregate exists");
        self.now = self.now.max(event.recorded_at);
        let key = (context.name, AggregateKey { aggregate_type: aggregate.name(), id: event.aggregate_id.clone() });
        let mut found = self.load(&key, aggregate);
        aggregate.apply(&mut found.state, &event.event_type, &event.event_version, &event.payload).expect("a stored event is read");
        found.version += 1;
        self.aggregates.insert(key, found);
        self.events += 1;
        let event_id = Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0000 | u128::from(self.events.unsigned_abs()));
        self.waiting.push_back(RecordedEvent { event_id, ..event.clone() });
        self.work();
    }

    fn load(&self, key: &Key, aggregate: &dyn AggregateType) -> LoadedState {
        self.aggregates.get(key).cloned().unwrap_or_else(|| LoadedState { version: 0, state: aggregate.empty() })
    }

    /// Decides a command, given as context, aggregate, id and name.
    fn decide(&mut self, actor: &Actor, [context, aggregate, id, name]: [&str; 4], body: &Value) -> Result<(), String> {
        let context = context_of(context);
        let aggregate = context.aggregate(aggregate).unwrap_or_else(|| panic!("{} has no aggregate {aggregate}", context.name));
        assert!(aggregate.commands().iter().any(|def| def.name == name), "{}/{} has no command {name}", context.name, aggregate.name());
        assert!(AggregateId::try_from(id.to_owned()).is_ok(), "{id} is no id");
        self.commands_sent += 1;
        let command_id = Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0000 + self.commands_sent * 0x1_0000_0000);
        let own = (context.name, AggregateKey { aggregate_type: aggregate.name(), id: id.to_owned() });
        let mut loaded = Loaded::new();
        let decision = loop {
            let given = Context::new(TenantId(Uuid::nil()), id, command_id, self.now, actor, &loaded);
            match aggregate.decide(&self.load(&own, aggregate), name, body.to_string().as_bytes(), given) {
                Ok(decision) => break decision,
                Err(DecideError::Refused(Refusal::Needs(key))) => {
                    let needed = context.aggregate(key.aggregate_type).expect("the needed aggregate is of the same context");
                    let found = self.load(&(context.name, key.clone()), needed);
                    assert!(loaded.insert(key, found).is_none(), "an aggregate is asked for once");
                }
                Err(DecideError::Refused(Refusal::Rejected(rejection))) => return Err(rejection.code),
                Err(DecideError::Decode(error)) => panic!("{}/{}/{name} {body}: {error}", context.name, aggregate.name()),
            }
        };
        self.claim(context.name, &decision)?;
        self.store(context, &decision);
        Ok(())
    }

    fn claim(&mut self, context: &'static str, decision: &ErasedDecision) -> Result<(), String> {
        if decision.claims.is_empty() || decision.writes.is_empty() {
            return Ok(());
        }
        let mut claims = self.claims.clone();
        for claim in &decision.claims {
            let holder = claim.holder.clone().unwrap_or_else(|| decision.writes[0].key.id.clone());
            let key = (context, claim.scope, claim.key.clone());
            match (claim.action, claims.get(&key)) {
                (ClaimAction::Take, Some(other)) if *other != holder => return Err("claim".to_owned()),
                (ClaimAction::Release, Some(other)) if *other == holder => drop(claims.remove(&key)),
                (ClaimAction::Take | ClaimAction::TakeIfFree, None) => drop(claims.insert(key, holder)),
                _ => {}
            }
        }
        self.claims = claims;
        Ok(())
    }

    fn store(&mut self, context: &'static ContextDef, decision: &ErasedDecision) {
        for write in &decision.writes {
            let aggregate = context.aggregate(write.key.aggregate_type).expect("the written aggregate is of the same context");
            let key = (context.name, write.key.clone());
            let mut found = self.load(&key, aggregate);
            for event in &write.events {
                aggregate.apply_erased(&mut found.state, &**event);
                found.version += 1;
                self.events += 1;
                self.waiting.push_back(recorded(context.name, &write.key, found.version, self.events, &**event, self.now));
            }
            self.aggregates.insert(key, found);
        }
    }

    fn work(&mut self) {
        while let Some(event) = self.waiting.pop_front() {
            let wire = format!("{}.{}", event.context, event.event_type);
            for process in PROCESSES.iter().filter(|process| process.reacts_to.contains(&wire.as_str())) {
                let steps = (process.react)(&event).unwrap_or_else(|error| panic!("{} cannot read {wire}: {error}", process.name));
                let names: BTreeSet<_> = steps.iter().map(|step| step.name).collect();
                assert_eq!(names.len(), steps.len(), "{}: the steps of {wire} are told apart", process.name);
                for step in steps {
                    assert!((1..=LANE_CHARS_MAX).contains(&step.lane.chars().count()), "{}: {}", process.name, step.lane);
                    match step.action {
                        Action::Command(command) => self.take(process.name, &command),
                        Action::Effect { name, body } => self.effects.push((name, body)),
                    }
                }
            }
        }
    }

    fn take(&mut self, process: &'static str, command: &StepCommand) {
        let StepCommand { context, aggregate, id, command, body } = command;
        let answer = self.decide(&Actor::of_process(process), [context, aggregate, id, command], body);
        let taken = self.taken.entry((process, format!("{context}/{aggregate}/{command}"))).or_default();
        match answer {
            Ok(()) => taken.accepted += 1,
            Err(code) => {
                taken.refused.insert(code);
                return;
            }
        }
        if (context.as_str(), command.as_str()) == ("accounting", "post") {
            self.post(body);
        }
    }

    fn post(&mut self, entry: &Value) {
        let mut sum = 0;
        for line in entry["lines"].as_array().expect("lines") {
            let amount = line["amount"]["amount_minor"].as_i64().expect("an amount");
            let signed = if line["side"] == "debit" { amount } else { -amount };
            let account = line["role"].as_str().or(line["account"].as_str()).expect("a role or an account");
            *self.ledger.entry((account.to_owned(), line["party"].as_str().unwrap_or("").to_owned())).or_default() += signed;
            sum += signed;
        }
        assert_eq!(sum, 0, "{entry} balances");
    }

    /// What the journal says of a role, over all parties.
    pub fn balance(&self, role: &str) -> i64 {
        self.ledger.iter().filter(|((found, _), _)| found == role).map(|(_, amount)| *amount).sum()
    }

    /// The steps that were refused, as process, command and code.
    pub fn refusals(&self) -> Vec<String> {
        let all = self
            .taken
            .iter()
            .flat_map(|((process, command), taken)| taken.refused.iter().map(move |code| format!("{process} {command}: {code}")));
        all.collect()
    }

    /// Debts and credit are in the journal what they are in the documents.
    #[track_caller]
    pub fn check(&self) {
        let open: i64 = self.all::<Invoice>().map(|(_, invoice)| invoice.open_minor).sum();
        let credit: i64 = self.all::<CustomerAccount>().flat_map(|(_, account)| account.credit.values()).sum();
        assert_eq!(
            (self.balance("accounts_receivable"), self.balance("customer_credit")),
            (open, -credit),
            "journal and documents differ: {:?}",
            self.ledger
        );
    }
}
