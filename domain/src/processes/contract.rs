//! Every command that a process sends is one that its context has, with fields that it takes, and accepts at least now and then: over all
//! events that the simulations of the contexts produce.

use super::platform::{Platform, TakenSteps};
use super::{PROCESSES, money_tests};
use crate::kernel::RecordedEvent;
use crate::{billing, inventory, invoicing};

/// Users say what timers and schedules send; their own tests do.
const SENT_FOR_USERS: &[&str] = &["scheduling.fire", "analytics.scheduled"];
/// They only call the outside.
const CALL_THE_OUTSIDE: &[&str] = &["billing.collect", "billing.provider", "invoicing.allocate"];

fn follow(log: &[RecordedEvent], all: &mut TakenSteps) {
    let mut platform = Platform::new("2025-01-01T00:00:00Z");
    for event in log {
        platform.replay(event);
    }
    merge(all, platform.taken);
}

fn merge(all: &mut TakenSteps, taken: TakenSteps) {
    for (key, taken) in taken {
        let sum = all.entry(key).or_default();
        sum.accepted += taken.accepted;
        sum.refused.extend(taken.refused);
    }
}

#[test]
fn every_step_of_every_process_is_a_command_that_its_context_takes() {
    let mut all = TakenSteps::new();
    let logs = [billing::simulation::histories(4), invoicing::simulation::histories(4), inventory::simulation::histories(4)];
    for log in logs.iter().flatten() {
        follow(log, &mut all);
    }
    for story in money_tests::stories() {
        merge(&mut all, story.taken);
    }
    let silent: Vec<_> = PROCESSES
        .iter()
        .map(|process| process.name)
        .filter(|name| !SENT_FOR_USERS.contains(name) && !CALL_THE_OUTSIDE.contains(name))
        .filter(|name| !all.keys().any(|(process, _)| process == name))
        .collect();
    assert!(silent.is_empty(), "never sent a command: {silent:?}");
    let refused: Vec<_> = all.iter().filter(|(_, taken)| taken.accepted == 0).collect();
    assert!(refused.is_empty(), "never accepted: {refused:?}");
}
