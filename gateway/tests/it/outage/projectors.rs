//! A projector that fails or stands still: its read models age, say so, and catch up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use domain::kernel::RecordedEvent;
use platform::testing::outage;
use projections::runtime::{ApplyError, Projection};
use sqlx::{Connection as _, PgConnection};

use super::http::Reply;
use super::rig::{HEALED_MAX, Parts, Rig};
use crate::world::eventually;

const READ_MODEL: &str = "crm.contact_list";
const LIST: &str = "/v1/crm/contact-list";
const SHORT: Duration = Duration::from_secs(1);

/// Whether the projection of contacts fails at the moment.
static FAILS: AtomicBool = AtomicBool::new(false);

/// A projection whose statements fail when told to.
struct Failing(Box<dyn Projection>);

#[async_trait]
impl Projection for Failing {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn tables(&self) -> &'static [&'static str] {
        self.0.tables()
    }

    fn contexts(&self) -> &'static [&'static str] {
        self.0.contexts()
    }

    async fn apply(&self, connection: &mut PgConnection, version: i32, events: &[Arc<RecordedEvent>]) -> Result<(), ApplyError> {
        if self.name() == READ_MODEL && FAILS.load(Ordering::Relaxed) {
            return Err(ApplyError::Database(sqlx::Error::Protocol("told to fail".to_owned())));
        }
        self.0.apply(connection, version, events).await
    }
}

fn failing(projection: Box<dyn Projection>) -> Box<dyn Projection> {
    Box::new(Failing(projection))
}

/// Registers five contacts and reads the list: it answers, without them, and says that it lacks something.
async fn ages(rig: &Rig, round: &str) -> Reply {
    let before = rig.rows().await;
    for number in 0..5 {
        let registered = rig.caller.register(&format!("{round}-{number}")).await.expect("an answer");
        assert_eq!(registered.status, 200, "commands do not mind: {}", registered.body);
    }
    let list = rig.caller.get(LIST, &[]).await.expect("an answer");
    assert_eq!(list.status, 200, "{}", list.body);
    assert_eq!(list.json()["as_of"]["lag_events"], 5, "{}", list.body);
    assert_eq!((list.header("neuroops-lag-events"), rig.rows().await), ("5", before));
    // Other read models of the same events are not concerned.
    let other = rig.caller.get("/v1/crm/lead-list", &[]).await.expect("an answer");
    eventually("others follow", async || {
        let other = rig.caller.get("/v1/crm/lead-list", &[]).await.expect("an answer");
        (other.json()["as_of"]["lag_events"] == 0).then_some(())
    })
    .await;
    assert_eq!(other.status, 200);
    // Whoever must see what was just done is told to come back.
    let registered = rig.caller.register(&format!("{round}-wanted")).await.expect("an answer");
    let wanted = rig.caller.row(&format!("{round}-wanted"), &registered).await.expect("an answer");
    wanted.assert_unavailable();
    list
}

async fn lag_metric(rig: &Rig) -> f64 {
    let metrics = rig.caller.get("/metrics", &[]).await.expect("an answer").body;
    let line = metrics.lines().find(|line| line.starts_with("neuroops_projection_lag_events") && line.contains(READ_MODEL));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0.0)
}

async fn caught_up(rig: &Rig, what: &str, since: Instant) {
    eventually("the read model catches up", async || {
        let list = rig.caller.get(LIST, &[]).await.expect("an answer");
        (list.json()["as_of"]["lag_events"] == 0 && rig.rows().await == rig.log().await.len()).then_some(())
    })
    .await;
    println!("projector, {what}: caught up after {} ms", since.elapsed().as_millis());
    assert!(since.elapsed() <= HEALED_MAX, "{:?}", since.elapsed());
    eventually("health and metrics are well", async || {
        (rig.health().await["status"] == "ok" && lag_metric(rig).await.abs() < 0.5).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_model_that_is_not_followed_ages_says_so_and_catches_up() {
    let rig = Rig::start(Parts { wrap: Some(failing), ..Parts::default() }).await;
    FAILS.store(true, Ordering::Relaxed);
    ages(&rig, "failing").await;
    eventually("health names it", async || {
        let (status, message) = rig.health_of("projections").await;
        (status == "degraded" && message.contains(READ_MODEL)).then_some(())
    })
    .await;
    eventually("the metric shows it", async || (lag_metric(&rig).await > 5.0).then_some(())).await;
    tokio::time::sleep(outage(SHORT)).await;
    FAILS.store(false, Ordering::Relaxed);
    caught_up(&rig, "failing", Instant::now()).await;

    // It hangs: somebody holds what it needs, and it cannot say so itself.
    let mut holder = PgConnection::connect(&rig.db.admin_url).await.expect("a connection");
    let mut held = holder.begin().await.expect("a transaction");
    sqlx::query("SELECT FROM runtime.checkpoints WHERE projection = $1 FOR UPDATE")
        .bind(READ_MODEL)
        .execute(&mut *held)
        .await
        .expect("the checkpoints are held");
    ages(&rig, "hanging").await;
    eventually("health tells how far it is behind", async || {
        let (status, message) = rig.health_of("projections").await;
        (status == "degraded" && message.contains(&format!("{READ_MODEL}: 6 events behind"))).then_some(())
    })
    .await;
    held.rollback().await.expect("given back");
    caught_up(&rig, "hanging", Instant::now()).await;
    rig.stop().await;
}
