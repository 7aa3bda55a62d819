//! Random sequences of commands against all aggregates of the context at once, while the clock runs, stands and jumps, through the same
//! run-time face that the command bus uses, with a log, guards and claims held in memory.
//!
//! What is proved: no sequence panics; a state equals the fold of its events; a command that was just accepted, decided again, does
//! nothing or is refused; of two decisions on one state only one is stored. No period of a subscription is billed twice, not even by a
//! writer that has forgotten what it has written; the lines of a bill add up to what is owed, and over all bills nothing is lost or made
//! up; what was used is billed once; no payment is captured twice or gives back more than it took.

mod choices;
mod ledger;
mod world;

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Value, json};

use self::choices::{Choices, aggregate_id};
use self::world::{Outcome, World};
use super::CONTEXT;
use crate::kernel::{AggregateType, RecordedEvent};

/// One command: which of [`commands`], to which of the aggregate's ids, and the choices that fill its body and move the clock.
type Step = (prop::sample::Index, u8, [u8; 12]);

/// Every command of the context; what makes the clock go round comes up more often.
fn commands() -> Vec<(&'static dyn AggregateType, &'static str)> {
    let aggregates = (CONTEXT.aggregates)();
    let all = aggregates.into_iter().flat_map(|aggregate| aggregate.commands().iter().map(move |def| (aggregate, def.name)));
    let weight = |name: &str| match name {
        "bill-period" => 12,
        "record" | "dun" | "resume" => 4,
        "change-plan" => 3,
        _ => 1,
    };
    all.flat_map(|command| std::iter::repeat_n(command, weight(command.1))).collect()
}

/// A world in which most commands find what they need.
fn populated() -> World {
    let mut world = World::default();
    let mut send = |aggregate: &str, name: &str, id: &str, body: Value| {
        let aggregate = CONTEXT.aggregate(aggregate).expect("the aggregate is of this context");
        assert_eq!(world.send(aggregate, name, id, &body), Outcome::Stored, "{name} {id}");
    };
    let charge = |unit_amount: &str| {
        json!([{
            "metric": "calls", "aggregation": "sum", "name": "Calls", "price": { "model": "standard", "unit_amount": unit_amount }
        }])
    };
    let plan = |minor: i64, unit: &str, trial: u16, rate: &str| {
        json!({
            "name": "Plan", "price": { "amount_minor": minor, "currency": "EUR" }, "interval": { "unit": unit }, "trial_days": trial,
            "charges": charge(rate), "entitlements": { "seats": 5 }
        })
    };
    for (id, body) in [
        ("p-0", plan(3_000, "month", 0, "2")),
        ("p-1", plan(9_000, "month", 0, "1")),
        ("p-2", plan(700, "week", 3, "2")),
        ("p-3", plan(30_000, "year", 0, "3")),
    ] {
        send("plan", "publish", id, body);
    }
    for n in 0..2 {
        send("customer", "register", &format!("c-{n}"), json!({ "name": "Acme" }));
    }
    for n in 0..3 {
        send("subscription", "start", &format!("s-{n}"), json!({ "customer_id": "c-0", "plan_id": format!("p-{n}") }));
        let amount = json!({ "amount_minor": 1_000, "currency": "EUR" });
        send(
            "payment",
            "request",
            &format!("y-{n}"),
            json!({ "customer_id": "c-0", "amount": amount, "subscription_id": format!("s-{n}") }),
        );
    }
    // One that will end, which is rarely taken back in time otherwise.
    send("subscription", "cancel", "s-1", json!({ "when": "period_end" }));
    world
}

fn run(world: &mut World, steps: &[Step]) -> BTreeMap<(&'static str, &'static str), usize> {
    let commands = commands();
    let mut accepted = BTreeMap::new();
    for (index, id, bytes) in steps {
        let (aggregate, name) = commands[index.index(commands.len())];
        let mut choices = Choices::new(*bytes);
        world.advance(&mut choices);
        let id = aggregate_id(aggregate.name(), *id);
        let body = choices.body(aggregate.name(), name, world.now());
        let outcome = if choices.rarely() { world.race(aggregate, name, &id, &body) } else { world.send(aggregate, name, &id, &body) };
        if outcome == Outcome::Stored {
            *accepted.entry((aggregate.name(), name)).or_default() += 1;
            let again = world.send(aggregate, name, &id, &body);
            // Where the clock was behind, the next period follows at once; the ledger sees to it that it is another one.
            assert!(again != Outcome::Stored || name == "bill-period", "{} {name} {id} {body} had an effect twice", aggregate.name());
        }
    }
    world.check();
    accepted
}

/// The events of random worlds, for those who follow them.
pub(crate) fn histories(worlds: usize) -> Vec<Vec<RecordedEvent>> {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let history = |_| {
        let steps = prop::collection::vec(step(), 300).new_tree(&mut runner).expect("steps are made").current();
        let mut world = populated();
        run(&mut world, &steps);
        world.log
    };
    (0..worlds).map(history).collect()
}

fn step() -> impl Strategy<Value = Step> {
    (any::<prop::sample::Index>(), 0..4_u8, any::<[u8; 12]>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_commands_keeps_the_rules(steps in prop::collection::vec(step(), 1..120), empty in any::<bool>()) {
        run(&mut if empty { World::default() } else { populated() }, &steps);
    }
}

/// 250 worlds of 420 steps each.
#[test]
fn in_a_hundred_thousand_steps_no_period_is_charged_twice_and_every_command_is_reached() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut reached, mut bills, mut steps_taken) = (BTreeMap::new(), 0, 0);
    for _ in 0..250 {
        let steps = prop::collection::vec(step(), 420).new_tree(&mut runner).expect("steps are made").current();
        let mut world = populated();
        for (command, times) in run(&mut world, &steps) {
            *reached.entry(command).or_insert(0) += times;
        }
        bills += world.ledger.bills();
        steps_taken += steps.len();
    }
    let missed: Vec<_> =
        commands().into_iter().map(|(aggregate, name)| (aggregate.name(), name)).filter(|key| !reached.contains_key(key)).collect();
    assert!(missed.is_empty(), "never accepted: {missed:?}");
    assert!(steps_taken >= 100_000 && bills > 5_000, "{steps_taken} steps, {bills} bills");
}
