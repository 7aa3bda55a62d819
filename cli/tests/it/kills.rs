//! Kill -9 of the platform, of Postgres and of Kafka while it works.

use std::sync::Arc;

use nix::sys::signal::Signal;
use tokio::sync::RwLock;

use crate::platform::{Load, Platform, goes_on};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_acknowledged_is_lost_repeated_or_out_of_order_when_anything_is_killed() {
    let platform = Arc::new(RwLock::new(Platform::start().await));
    let load = Load::start(&platform, 12);
    goes_on(&load, "the start").await;

    platform.write().await.kill_and_restart().await;
    println!("platform killed: commands are accepted again after {:?}", goes_on(&load, "the platform was killed").await);
    platform.read().await.signal_server("postgres", Signal::SIGKILL);
    println!("Postgres killed: commands are accepted again after {:?}", goes_on(&load, "Postgres was killed").await);
    platform.read().await.signal_server("kafka.Kafka", Signal::SIGKILL);
    println!("Kafka killed: commands are accepted again after {:?}", goes_on(&load, "Kafka was killed").await);
    goes_on(&load, "all of it").await;
    let acknowledged = load.stop().await;
    platform.read().await.assert_nothing_lost(&acknowledged).await;
    println!("{} commands", acknowledged.len());
}
