//! Leases: each piece of work has one holder, everybody gets a fair share, and what a dead process held is taken over.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use platform::testing::TestDatabase;
use projections::runtime::Leases;
use tokio_util::sync::CancellationToken;

use crate::support::{database, eventually};

fn names() -> Vec<String> {
    (0..10).map(|index| format!("work/{index}")).collect()
}

fn held(leases: &Leases) -> BTreeSet<String> {
    names().into_iter().filter(|name| leases.get(name).is_some()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_work_lies_idle_while_two_versions_know_different_work() {
    let db = database().await;
    let cancel = CancellationToken::new();
    let old = start(&db, &cancel);
    eventually("a lone process holds everything", async || (held(&old).len() == 10).then_some(())).await;
    // Half of ten, and half of twelve of which two are new: the shares leave one of the ten to nobody.
    let all: Vec<String> = ["work/+", "work/-"].into_iter().map(str::to_owned).chain(names()).collect();
    let new = Leases::start(db.worker.clone(), "test", all.clone(), cancel.clone());
    eventually("everything has a holder", async || {
        let holders = |name: &String| [&old, &new].into_iter().filter(|leases| leases.get(name).is_some()).count();
        let counts: Vec<usize> = all.iter().map(holders).collect();
        assert!(counts.iter().all(|count| *count <= 1), "no piece of work has two holders");
        (counts == [1; 12]).then_some(())
    })
    .await;
    cancel.cancel();
    eventually("everything is given back", async || (held(&old).is_empty() && held(&new).is_empty()).then_some(())).await;
    db.drop().await;
}

fn start(db: &TestDatabase, cancel: &CancellationToken) -> Leases {
    Leases::start(db.worker.clone(), "test", names(), cancel.clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_the_work_and_never_hold_the_same() {
    let db = database().await;
    let (first_cancel, second_cancel) = (CancellationToken::new(), CancellationToken::new());
    let first = start(&db, &first_cancel);
    eventually("a lone process holds everything", async || (held(&first).len() == 10).then_some(())).await;
    let epochs = |leases: &Leases| names().iter().filter_map(|name| leases.get(name)).map(|lease| lease.epoch).collect::<Vec<_>>();
    assert_eq!(epochs(&first), [1; 10]);

    let second = start(&db, &second_cancel);
    let both = std::cell::Cell::new(0);
    eventually("both hold their half", async || {
        let (a, b) = (held(&first), held(&second));
        both.set(both.get() + a.intersection(&b).count());
        (a.len() == 5 && b.len() == 5).then_some(())
    })
    .await;
    assert_eq!(both.get(), 0, "no piece of work had two holders at any look");
    assert_eq!(epochs(&second), [2; 5], "the epoch grows when the work changes hands");

    // What is given back is taken over at once, without waiting for the term.
    let begun = Instant::now();
    second_cancel.cancel();
    eventually("the first takes it back", async || (held(&first).len() == 10).then_some(())).await;
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    first_cancel.cancel();
    eventually("everything is given back", async || held(&first).is_empty().then_some(())).await;
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_process_held_is_taken_over_when_its_term_ends() {
    let db = database().await;
    // A process that died: its runtime is gone, and nothing is given back.
    let dead = std::thread::spawn({
        let url = db.worker_url.clone();
        move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let pool = platform::postgres::pool(&url, 2).expect("a valid URL");
                let leases = Leases::start(pool, "test", names(), CancellationToken::new());
                eventually("it holds everything", async || (held(&leases).len() == 10).then_some(())).await;
                leases
            })
        }
    })
    .join()
    .expect("no panic");
    let died = Instant::now();
    let cancel = CancellationToken::new();
    let heir = start(&db, &cancel);
    eventually("the heir holds everything", async || {
        let (old, new) = (held(&dead), held(&heir));
        assert!(old.is_disjoint(&new), "the dead process's own clock ends its leases first");
        (new.len() == 10).then_some(())
    })
    .await;
    assert!(died.elapsed() < Duration::from_secs(10), "{:?}", died.elapsed());
    assert!(names().iter().all(|name| heir.get(name).is_some_and(|lease| lease.epoch == 2)));
    println!("taken over after {:?}", died.elapsed());
    cancel.cancel();
    eventually("everything is given back", async || held(&heir).is_empty().then_some(())).await;
    db.drop().await;
}
