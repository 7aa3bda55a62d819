//! One aggregate is one register: with `expected_version` its versions are taken one at a time, over all gateways.

use std::collections::{BTreeMap, HashMap};

use commands::{CommandError, CommandRequest};
use platform::clock;
use serde_json::json;

use crate::support::{Dice, assert_sound, bus, database, request};

const CLIENTS: u64 = 32;
const AGGREGATES: u64 = 8;
const SUCCESSES: usize = 15;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_clients_that_expect_a_version_each_version_has_exactly_one_winner() {
    let db = database().await;
    let tenant = clock::new_id();
    let buses = [bus(&db), bus(&db), bus(&db)];
    let mut dice = Dice::seeded("consistency");
    let clients = (0..CLIENTS).map(|client| {
        let bus = buses[usize::try_from(client % 3).expect("small")].clone();
        let mut dice = Dice(dice.roll());
        tokio::spawn(async move {
            let mut known: HashMap<u64, i64> = HashMap::new();
            let (mut won, mut lost) = (Vec::new(), 0_u64);
            while won.len() < SUCCESSES {
                let aggregate = dice.below(AGGREGATES);
                let expected = known.get(&aggregate).copied().unwrap_or(0);
                let token = format!("{client}.{}", won.len());
                let command = request(tenant, &format!("a{aggregate}"), "count", &json!({ "token": token }));
                match bus.execute(CommandRequest { expected_version: Some(expected), ..command }).await {
                    Ok(receipt) => {
                        assert_eq!(receipt.version, expected + 1, "a winner moves the version by one");
                        known.insert(aggregate, receipt.version);
                        won.push((aggregate, receipt.version, token));
                    }
                    Err(CommandError::Precondition { actual, .. }) => {
                        assert!(actual > expected, "a version that was seen does not go away");
                        known.insert(aggregate, actual);
                        lost += 1;
                    }
                    Err(other) => panic!("{other:?}"),
                }
            }
            (won, lost)
        })
    });
    let mut winners: BTreeMap<(u64, i64), String> = BTreeMap::new();
    let mut lost = 0;
    for answer in futures::future::join_all(clients).await {
        let (won, losses) = answer.expect("no panic");
        lost += losses;
        for (aggregate, version, token) in won {
            assert_eq!(winners.insert((aggregate, version), token), None, "a{aggregate} version {version} was won twice");
        }
    }
    let total = usize::try_from(CLIENTS).expect("small") * SUCCESSES;
    assert_eq!(usize::try_from(assert_sound(&db).await).expect("positive"), total);
    let stored: Vec<(String, i64, String)> =
        sqlx::query_as("SELECT aggregate_id, sequence, payload->>'token' FROM log.events").fetch_all(&db.worker).await.expect("events");
    for (id, sequence, token) in stored {
        let aggregate = id[1..].parse().expect("a number");
        assert_eq!(winners.get(&(aggregate, sequence)), Some(&token), "{id} version {sequence}");
    }
    assert!(lost > 0, "without races nothing is shown");
    println!("{total} updates won, {lost} races lost, 0 updates lost");
    db.drop().await;
}
