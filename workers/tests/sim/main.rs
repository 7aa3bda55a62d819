//! Simulation of the protocols: the code of relay, tail, projector, leases and process managers, unchanged, on a log, a broker and tables that
//! are simulated, by a deterministic executor (docs/adr/0009-protocols-are-simulated.md).
//!
//! A seed decides everything that happens. `NEUROOPS_SIM_SEEDS=100000 cargo test -p workers --test sim` runs more seeds than usual, and
//! `NEUROOPS_SIM_SEED=7` one of them.

mod broker;
mod carry;
mod executor;
mod leases;
mod link;
mod log;
mod process;
mod steps;
mod store;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use projections::runtime::planted::{Bug, plant};

/// Seeds of a usual run.
const SEEDS: u64 = 2000;
/// Seeds within which a planted bug must be found.
const SEEDS_TO_FIND: u64 = 300;

#[expect(clippy::disallowed_methods, reason = "this is a test's own setting")]
fn setting(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is no number: {value}")))
}

type World = fn(u64) -> Result<(u64, u64), String>;

/// Runs a seed in a world; a panic is a broken promise as well.
fn run(world: World, seed: u64) -> Result<(u64, u64), String> {
    catch_unwind(AssertUnwindSafe(|| world(seed))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("a panic: {}", text.unwrap_or("without a message")))
    })
}

#[test]
fn the_protocols_keep_their_promises_for_every_seed() {
    let (first, last) =
        setting("NEUROOPS_SIM_SEED").map_or_else(|| (0, setting("NEUROOPS_SIM_SEEDS").unwrap_or(SEEDS)), |seed| (seed, seed + 1));
    let (next, steps, began) = (AtomicU64::new(first), AtomicU64::new(0), Instant::now());
    let broken = std::sync::Mutex::new(Vec::new());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= last || executor::lock(&broken).len() > 4 {
                return;
            }
            for (name, world) in [("carry", carry::run as World), ("process", process::run)] {
                match run(world, seed) {
                    Ok((polls, _)) => drop(steps.fetch_add(polls, Ordering::Relaxed)),
                    Err(what) => executor::lock(&broken).push(format!("NEUROOPS_SIM_SEED={seed} ({name}): {what}")),
                }
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let broken = broken.into_inner().expect("no thread panicked");
    assert!(broken.is_empty(), "broken promises:\n{}", broken.join("\n"));
    println!("{} seeds kept all promises in {} steps, {:?}", last - first, steps.into_inner(), began.elapsed());
}

#[test]
fn each_planted_bug_is_found() {
    let mut missed = Vec::new();
    for bug in Bug::ALL {
        let world: World = if bug == Bug::EffectWithoutKey { process::run } else { carry::run };
        plant(Some(bug));
        let found = (0..SEEDS_TO_FIND).find_map(|seed| Some((seed, run(world, seed).err()?)));
        plant(None);
        match found {
            Some((seed, what)) => println!("{bug:?} is found by seed {seed}: {what}"),
            None => missed.push(bug),
        }
    }
    assert!(missed.is_empty(), "these are not found within {SEEDS_TO_FIND} seeds: {missed:?}");
}

#[test]
fn a_seed_replays_exactly() {
    for seed in 0..10 {
        for world in [carry::run as World, process::run] {
            assert_eq!(run(world, seed), run(world, seed), "seed {seed}");
        }
    }
}
