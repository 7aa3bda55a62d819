//! Clients on a slow line: they hold what is theirs for a while, and nothing of anybody else's.

use std::time::{Duration, Instant};

use gateway::ConnectionLimits;
use platform::clock;
use platform::testing::{Fault, FaultProxy};
use tokio_util::sync::CancellationToken;

use super::http::Caller;
use crate::harness::{Gateway, SECRET};
use crate::lab;
use crate::world::eventually;

/// Slow clients at a time.
const SLOW: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_on_a_slow_line_are_dropped_in_time_and_nobody_else_waits_for_them() {
    let gateway = Gateway::start(lab::CONTEXTS, |options| options).await;
    let limits = ConnectionLimits {
        count_max: 200,
        idle_max: Duration::from_secs(5),
        request_max: Duration::from_millis(1500),
        stall_max: Duration::from_millis(1500),
    };
    let (listener, shutdown) = (tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap(), CancellationToken::new());
    let address = listener.local_addr().unwrap();
    tokio::spawn(gateway::serve(listener, gateway.router.clone(), limits, shutdown.clone()));
    let tenant = gateway.db.create_tenant("test").await;
    let token = gateway::issue(SECRET, tenant, "tester", &["member".to_owned()], clock::new_id(), Duration::from_mins(10));
    let quick = Caller { address, token };
    let line = FaultProxy::start(address).await;
    let list = "/v1/lab/samples";
    let fastest = quick.get(list, &[]).await.unwrap();
    assert_eq!(fastest.status, 200, "{}", fastest.body);

    // A request of some 600 bytes takes half a minute on this line.
    line.set(Fault::Trickle(20));
    let began = Instant::now();
    let slow: Vec<_> = (0..SLOW)
        .map(|_| {
            let slow = quick.by(line.address());
            tokio::spawn(async move { slow.get(list, &[]).await })
        })
        .collect();
    eventually("they are connected", async || (line.traffic().open == SLOW as u64).then_some(())).await;
    let mut times = Vec::new();
    while began.elapsed() < Duration::from_millis(1200) {
        let reply = quick.get(list, &[]).await.unwrap();
        assert_eq!(reply.status, 200, "{}", reply.body);
        times.push(reply.took);
    }
    assert_eq!(line.traffic().open, SLOW as u64, "the slow clients were there all the time");
    for client in slow {
        assert!(client.await.unwrap().is_err(), "nobody is served that slowly");
    }
    let dropped = began.elapsed();
    times.sort();
    println!("{SLOW} slow clients: dropped after {dropped:?}; p99 of the others {:?} of {}", times[times.len() * 99 / 100], times.len());
    assert!(dropped >= limits.request_max && dropped < limits.request_max + Duration::from_secs(2), "{dropped:?}");
    assert!(times[times.len() * 99 / 100] < Duration::from_millis(500), "{times:?}");
    shutdown.cancel();
    gateway.stop().await;
}
