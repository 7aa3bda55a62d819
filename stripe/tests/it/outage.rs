//! Stripe away, failing, slow, half-open: work waits and is done once when Stripe is back (`docs/outages.md`).

use std::time::{Duration, Instant};

use domain::processes::PROCESSES;
use fake_stripe::{Card, Fault as StripeFault};
use neuroops_stripe::{Patience, Stripe, StripeOptions};
use platform::breaker::BreakerOptions;
use platform::testing::{Fault, FaultProxy, outage};
use workers::processes::{Backoff, Effects, ProcessOptions};
use workers::{Automation, Roles, WorkerOptions, Workers};

use crate::support::World;

const MS: Duration = Duration::from_millis(1);
const SHORT: Duration = Duration::from_secs(1);
/// How long Stripe is left alone here.
const OPEN_FOR: Duration = Duration::from_secs(1);
/// How long a call may take here.
const CALL_MAX: Duration = Duration::from_millis(700);
const PAYMENTS: usize = 8;

async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(started.elapsed() < Duration::from_secs(40), "{what}: not in time");
        tokio::time::sleep(20 * MS).await;
    }
}

/// Billing whose processes run by themselves and reach Stripe by a way that a test may break.
struct Running {
    world: World,
    way: FaultProxy,
    stripe: Stripe,
    workers: Workers,
}

impl Running {
    async fn start() -> Self {
        let mut world = World::start().await;
        world.customer(Some(Card::Good)).await;
        let way = FaultProxy::start(world.fake.address).await;
        let patience = Patience { call_max: CALL_MAX, breaker: BreakerOptions { open_for: OPEN_FOR, ..BreakerOptions::default() } };
        let options = StripeOptions { api_base: Some(format!("http://{}", way.address())), patience, ..world.options.clone() };
        let stripe = Stripe::new(options).expect("set up");
        let of_billing: Vec<_> = PROCESSES.iter().copied().filter(|process| process.name.starts_with("billing.")).collect();
        let effects = Effects::new(stripe.handlers(&world.db.worker));
        let backoff = Backoff { first: 50 * MS, longest: 500 * MS };
        let automation = Automation {
            process_options: ProcessOptions { backoff, ..ProcessOptions::default() },
            ..Automation::new(world.bus.clone(), &[], &of_billing, effects)
        };
        let workers = Workers::start(WorkerOptions {
            pool: world.db.worker.clone(),
            kafka: None,
            contexts: vec!["billing".to_owned(), "invoicing".to_owned()],
            projections: Vec::new(),
            partitions: world.db.partitions,
            automation: Some(automation),
            notary: None,
            roles: Roles { processes: true, ..Roles::NONE },
        })
        .await
        .expect("Postgres is there");
        Self { world, way, stripe, workers }
    }

    /// Asks for payments of 10 euros; commands do not mind that Stripe is away.
    async fn request(&self, round: &str) {
        for number in 0..PAYMENTS {
            self.world.payment(&format!("{round}-{number}")).await;
        }
    }

    /// Payments whose money is here, and how much came in at Stripe.
    async fn captured(&self, round: &str) -> usize {
        let events = self.world.events().await;
        events.iter().filter(|event| event.event_type == "payment_captured" && event.aggregate_id.starts_with(round)).count()
    }

    async fn endure(&self, round: &str, what: &str, breaks: impl FnOnce(), mends: impl FnOnce()) {
        let charged = self.world.received().len();
        breaks();
        self.request(round).await;
        eventually("the breaker opens", async || (!self.stripe.is_reachable()).then_some(())).await;
        let tried = || self.way.traffic().connections + self.world.fake.arrived();
        let (before, opened) = (tried(), Instant::now());
        tokio::time::sleep(outage(SHORT)).await;
        // While it is open one call at a time tries, once in OPEN_FOR, perhaps over a new connection; those that were under way come to
        // their end.
        let tries = tried() - before;
        let expected = 2 * (opened.elapsed().as_secs() / OPEN_FOR.as_secs() + 1) + PAYMENTS as u64;
        assert!(tries <= expected, "{what}: Stripe is left alone: {tries} calls");
        let waiting = PAYMENTS - self.captured(round).await;
        assert!(waiting > 0, "{what}: somebody waits");
        mends();
        let back = Instant::now();
        eventually("all payments are made", async || (self.captured(round).await == PAYMENTS).then_some(())).await;
        let took = back.elapsed();
        eventually("the breaker closes", async || self.stripe.is_reachable().then_some(())).await;
        println!("Stripe, {what}: {waiting} payments waited, {tries} tries meanwhile, all made {} ms after its return", took.as_millis());
        // The breaker may have opened again just before.
        assert!(took <= OPEN_FOR + Duration::from_secs(5), "{what}: {took:?}");
        let received = self.world.received();
        assert_eq!((received.len(), received.iter().all(|amount| *amount == 1_000)), (charged + PAYMENTS, true), "{what}: once each");
        for number in 0..PAYMENTS {
            let history = self.world.history("payment", &format!("{round}-{number}")).await;
            assert_eq!(history, ["payment_requested", "payment_captured"], "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_stripe_is_of_no_use_payments_wait_and_afterwards_each_is_made_once() {
    let running = Running::start().await;
    let way = |fault| {
        let way = &running.way;
        move || way.set(fault)
    };
    let nothing = || way(Fault::Nothing);
    running.endure("away", "away", way(Fault::Away), nothing()).await;
    running.endure("reset", "resets", way(Fault::Reset), nothing()).await;
    running.endure("half", "half-open", way(Fault::HalfOpen { there: true, back: true }), nothing()).await;
    // It has its effect, and the answer is lost.
    running.endure("lost", "answers lost", way(Fault::HalfOpen { there: false, back: true }), nothing()).await;
    running.endure("slow", "slow", way(Fault::Latency { there: 500 * MS, back: 500 * MS }), nothing()).await;
    // It answers, and serves nobody.
    let errors = || running.world.fake.go_wrong((0..10_000).map(|number| StripeFault::Status([500, 502, 503, 429][number % 4])));
    running.endure("errors", "errors", errors, || running.world.fake.go_right()).await;
    let Running { world, workers, .. } = running;
    workers.stop().await;
    world.stop().await;
}
