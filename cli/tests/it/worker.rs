//! Workers as a process of their own, beside a platform that has some already.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::Value;
use uuid::Uuid;

use crate::platform::Platform;

struct Worker {
    process: Child,
    url: String,
}

impl Worker {
    fn command(platform: &Platform, address: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_neuroops"));
        for name in ["DATABASE_URL", "DATABASE_ADMIN_URL", "DATABASE_WORKER_URL", "KAFKA_BOOTSTRAP_SERVERS", "METRICS_ADDR"] {
            command.env_remove(name);
        }
        command.args(["work", "--only", "relay,projectors", "--metrics-addr", address]).env("NEUROOPS_DIR", platform.path());
        command
    }

    fn start(platform: &Platform) -> Self {
        let mut process = Self::command(platform, "127.0.0.1:0").stdout(Stdio::piped()).spawn().expect("the binary runs");
        let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines().map(|line| line.expect("a line"));
        let url = lines.find_map(|line| Some(line.strip_prefix("health and metrics on ")?.to_owned())).expect("it tells its address");
        // It says more later, and ends where nobody reads.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, url }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// The processes that relay.
async fn relay_holders(platform: &Platform) -> HashSet<Uuid> {
    let mut admin = platform.admin().await;
    let rows: Result<Vec<Uuid>, _> =
        sqlx::query_scalar("SELECT DISTINCT holder FROM runtime.leases WHERE name LIKE 'relay/%'").fetch_all(&mut admin).await;
    rows.expect("the leases are read").into_iter().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_process_tells_how_it_is_and_what_it_does() {
    let platform = Platform::start().await;
    let holders = relay_holders(&platform).await;
    let worker = Worker::start(&platform);
    let get = async |path: &str| {
        let answer = platform.http.get(format!("{}{path}", worker.url)).send().await.expect("the worker answers");
        (answer.status().as_u16(), answer.text().await.expect("a body"))
    };
    assert_eq!(get("/health/live").await.0, 200);
    let (status, body) = get("/health/ready").await;
    let health: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((status, &health["status"]), (200, &Value::from("ok")), "{body}");
    assert!(["postgres", "kafka", "projections"].iter().all(|name| health["dependencies"][name]["status"] == "ok"), "{body}");
    assert_eq!(get("/v1/events").await.0, 404, "nothing else is served there");

    let address = worker.url.trim_start_matches("http://");
    let second = tokio::task::block_in_place(|| Worker::command(&platform, address).output()).expect("the binary runs");
    let told = String::from_utf8_lossy(&second.stderr);
    assert!(!second.status.success() && told.contains("METRICS_ADDR") && told.contains(address), "{told}");

    let measured = async |names: &[&str]| {
        let started = Instant::now();
        loop {
            let text = get("/metrics").await.1;
            if names.iter().all(|name| text.contains(name)) {
                return;
            }
            assert!(started.elapsed() < Duration::from_secs(30), "{names:?} are measured: {text}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    // Nothing has happened yet, and what there is to look at is told all the same.
    measured(&["neuroops_projection_lag_events", "neuroops_accounting_inconsistent{check=\"receivables_equal_documents\"} 0"]).await;
    let mut acknowledged = HashMap::from([("before".to_owned(), platform.register("before").await)]);
    // Frozen, the other process cannot renew its leases, and this one takes them over.
    platform.signal_platform(Signal::SIGSTOP);
    measured(&["neuroops_relay_lag_events"]).await;
    let started = Instant::now();
    while !relay_holders(&platform).await.is_disjoint(&holders) {
        assert!(started.elapsed() < Duration::from_mins(1), "all leases of the frozen process are taken over");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    platform.signal_platform(Signal::SIGCONT);
    acknowledged.insert("after".to_owned(), platform.register("after").await);
    measured(&["neuroops_relay_events_total", "neuroops_projection_events_total"]).await;
    platform.assert_nothing_lost(&acknowledged).await;
    assert!(platform.stop(), "the platform stops well");
}
