//! Connections are cut under load. Afterwards: ok ⊆ log ⊆ ok ∪ unknown, what failed is not there, and nothing stands twice.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use commands::{CommandBus, CommandError, CommandRequest};
use platform::clock;
use serde_json::json;
use uuid::Uuid;

use crate::support::{Dice, assert_sound, bus, database, request};

const CLIENTS: u64 = 24;
const COMMANDS: u64 = 40;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Ok,
    Unknown,
    Failed,
}

async fn send(bus: &CommandBus, command: CommandRequest) -> End {
    match bus.execute(command).await {
        Ok(_) => End::Ok,
        Err(CommandError::Unresolved) => End::Unknown,
        Err(CommandError::Unavailable | CommandError::Contended | CommandError::Overloaded) => End::Failed,
        Err(other) => panic!("a lost connection is not {other:?}"),
    }
}

/// A client whose commands are partly keyed; keyed ones are sent again until they are answered.
async fn client(bus: Arc<CommandBus>, tenant: Uuid, number: u64, mut dice: Dice) -> Vec<(String, End, bool)> {
    let mut ends = Vec::new();
    for index in 0..COMMANDS {
        let token = format!("{number}.{index}");
        let command = request(tenant, &format!("a{}", dice.below(12)), "count", &json!({ "token": token, "times": 2 }));
        // Some count on a tally of their own, whose id is drawn.
        let (keyed, own) = (dice.below(2) == 0, dice.below(3) == 0);
        let id = command.id.clone().filter(|_| !own);
        let command = CommandRequest { id, idempotency_key: keyed.then(|| token.clone()), ..command };
        let mut end = send(&bus, command.clone()).await;
        while keyed && end != End::Ok {
            end = send(&bus, command.clone()).await;
        }
        ends.push((token, end, keyed));
    }
    ends
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_connections_lose_and_repeat_nothing() {
    let db = database().await;
    let mut dice = Dice::seeded("connection loss");
    let buses = [bus(&db), bus(&db), bus(&db)];
    let tenants = [clock::new_id(), clock::new_id(), clock::new_id()];
    let (over, cuts) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let cutter = {
        let (over, cuts, mut admin) = (over.clone(), cuts.clone(), db.admin().await);
        tokio::spawn(async move {
            // Half of the application's connections at a time, busy or idle.
            const CUT: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                WHERE datname = current_database() AND usename = 'neuroops_app' AND random() < 0.5";
            while !over.load(Ordering::Relaxed) {
                let cut: i64 = sqlx::query_scalar(CUT).fetch_one(&mut admin).await.expect("cut");
                cuts.fetch_add(cut.unsigned_abs(), Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(40)).await;
            }
        })
    };
    let clients = (0..CLIENTS).map(|number| {
        let (bus, tenant) =
            (buses[usize::try_from(number % 3).expect("small")].clone(), tenants[usize::try_from(number / 3 % 3).expect("small")]);
        tokio::spawn(client(bus, tenant, number, Dice(dice.roll())))
    });
    let mut ends = Vec::new();
    for done in futures::future::join_all(clients).await {
        ends.extend(done.expect("no panic"));
    }
    over.store(true, Ordering::Relaxed);
    cutter.await.expect("no panic");

    assert_sound(&db).await;
    let stored: Vec<(String, i64)> =
        sqlx::query_as("SELECT payload->>'token', count(*) FROM log.events GROUP BY 1").fetch_all(&db.worker).await.expect("tokens");
    let stored: HashMap<String, i64> = stored.into_iter().collect();
    let (mut counts, known) = ([0_u64; 3], ends.len());
    for (token, end, keyed) in &ends {
        let times = stored.get(token).copied().unwrap_or(0);
        match end {
            End::Ok => assert_eq!(times, 2, "{token} (keyed: {keyed}) was acknowledged"),
            End::Failed => assert_eq!(times, 0, "{token} was refused"),
            End::Unknown => assert!(times == 0 || times == 2, "{token} stands by half or twice: {times} events"),
        }
        counts[*end as usize] += 1;
    }
    assert!(stored.keys().all(|token| ends.iter().any(|(known, ..)| known == token)));
    let cuts = cuts.load(Ordering::Relaxed);
    println!("{known} commands over {cuts} cut connections: {} ok, {} unknown, {} failed", counts[0], counts[1], counts[2]);
    assert!(cuts > 50, "the test cuts connections");
    db.drop().await;
}
