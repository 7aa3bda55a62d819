//! Random sequences of commands against all aggregates of the context at once, through the same run-time face that the command bus uses,
//! with a log, guards and claims held in memory, and the processes of the context at work.
//!
//! What is proved: no sequence panics; pieces and value are conserved to the last minor unit, layers add up, and what events say about the
//! stock afterwards is true; the ledger's stock account is worth what the stock is worth after every event, and every entry balances; nothing
//! is promised that is not there; a reservation of several items agrees with what the items keep; a closed warehouse is empty; a state equals
//! the fold of its stored events; and a command that was just accepted, decided again, does nothing or is refused.

mod choices;
mod world;

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::json;

use self::choices::{Choices, STEPS};
use self::world::{Outcome, World};
use super::CONTEXT;
use crate::kernel::RecordedEvent;

/// One command: which of [`STEPS`], and the choices that name the aggregate and fill the body.
type Step = (prop::sample::Index, [u8; 12]);

/// A company with two products and three warehouses, two of which hold stock.
fn company() -> World {
    let mut world = World::default();
    let mut send = |aggregate: &str, name: &str, id: &str, body: serde_json::Value| {
        assert_eq!(world.send(aggregate, name, id, &body), Outcome::Stored, "{name} {id}");
    };
    let cost = json!({ "amount_minor": 333, "currency": "EUR" });
    for (id, valuation) in [("tea", "fifo"), ("cup", "moving_average")] {
        let body = json!({
            "name": id, "sku": id, "valuation": valuation, "cost": cost, "reorder_point": 6, "reorder_quantity": 10, "safety_stock": 1
        });
        send("product", "create", id, body);
    }
    for id in ["main", "annex", "van"] {
        send("warehouse", "open", id, json!({ "name": id }));
    }
    for id in ["main", "annex"] {
        for product in ["tea", "cup"] {
            let body = json!({ "movement_id": format!("first-{product}-{id}"), "quantity": 20 });
            send("stock-item", "receive", &format!("{product}:{id}"), body);
        }
    }
    world
}

fn run(world: &mut World, steps: &[Step]) -> BTreeMap<(&'static str, &'static str), usize> {
    let mut accepted = BTreeMap::new();
    for (index, bytes) in steps {
        let (aggregate, name) = *index.get(&STEPS);
        let mut choices = Choices::new(*bytes, world);
        world.pass(choices.seconds());
        let id = choices.id(aggregate, name);
        let body = choices.body(aggregate, name);
        if world.send(aggregate, name, &id, &body) == Outcome::Stored {
            *accepted.entry((aggregate, name)).or_default() += 1;
            let again = world.send(aggregate, name, &id, &body);
            assert_ne!(again, Outcome::Stored, "{aggregate} {name} {id} {body} had an effect twice");
        }
        world.check();
    }
    world.check_history();
    accepted
}

/// The events of random worlds, for those who follow them.
pub(crate) fn histories(worlds: usize) -> Vec<Vec<RecordedEvent>> {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let history = |_| {
        let steps = prop::collection::vec(step(), 120).new_tree(&mut runner).expect("steps are made").current();
        let mut world = company();
        run(&mut world, &steps);
        world.log
    };
    (0..worlds).map(history).collect()
}

fn step() -> impl Strategy<Value = Step> {
    (any::<prop::sample::Index>(), any::<[u8; 12]>())
}

proptest! {
    // 1,000 × 120 steps.
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_commands_conserves_stock_and_value(steps in prop::collection::vec(step(), 120)) {
        run(&mut company(), &steps);
    }

    #[test]
    fn any_other_sequence_of_commands_conserves_stock_and_value(steps in prop::collection::vec(step(), 120)) {
        run(&mut company(), &steps);
    }
}

#[test]
fn the_simulation_reaches_every_command() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut reached = BTreeMap::new();
    for _ in 0..60 {
        let steps = prop::collection::vec(step(), 120).new_tree(&mut runner).expect("steps are made").current();
        // Here every aggregate is loaded only when a decision asks for it, as the command bus does.
        let mut world = company();
        world.asks = true;
        for (command, times) in run(&mut world, &steps) {
            *reached.entry(command).or_insert(0) += times;
        }
    }
    let aggregates = (CONTEXT.aggregates)();
    let all = aggregates.iter().flat_map(|aggregate| aggregate.commands().iter().map(|def| (aggregate.name(), def.name)));
    let missed: Vec<_> = all.filter(|key| !reached.contains_key(key)).collect();
    assert!(missed.is_empty(), "never accepted: {missed:?}");
}
