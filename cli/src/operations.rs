//! `neuroops projections …` and `neuroops kafka …`.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Subcommand;
use comfy_table::Table;
use domain::processes::PROCESSES;
use indicatif::{ProgressBar, ProgressStyle};
use platform::config::Config;
use platform::kafka::KafkaOptions;
use platform::postgres;
use projections::contexts;
use projections::runtime::{LogReader, Projection, parked_keys, rebuild, request_retry, seize};
use sqlx::PgPool;
use workers::processes::projection_name;

use crate::roles;

/// Parked keys that are shown at most.
const PARKED_SHOWN: i64 = 1_000;

/// `neuroops projections …`
#[derive(Subcommand)]
pub enum ProjectionsCommand {
    /// List the projections.
    List,
    /// Fill a projection anew from the log, beside the one that is read, and swap.
    Rebuild {
        /// Names such as `crm.contact_list`.
        #[arg(required_unless_present = "all")]
        names: Vec<String>,
        /// Every projection, one after the other.
        #[arg(long)]
        all: bool,
    },
    /// Show the keys whose events could not be applied.
    Parked {
        /// Only of this projection.
        projection: Option<String>,
    },
    /// Apply parked events again.
    Retry {
        /// The projection.
        projection: String,
        /// One key, as `parked` shows it, e.g. `contact/0197…`.
        #[arg(long)]
        key: Option<String>,
    },
}

/// `neuroops kafka …`
#[derive(Subcommand)]
pub enum KafkaCommand {
    /// Delete the topics of this platform and publish the whole log again, and the checkpoints of its histories.
    Refill {
        /// Only this context's topic.
        #[arg(long)]
        context: Option<String>,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

fn named(name: &str) -> Result<Box<dyn Projection>> {
    let known: Vec<&str> = contexts::projections().iter().map(|projection| projection.name()).collect();
    contexts::projections()
        .into_iter()
        .find(|projection| projection.name() == name)
        .ok_or_else(|| anyhow!("there is no projection `{name}`; there are {}", known.join(", ")))
}

/// `neuroops projections …`
pub async fn projections(config: &Config, command: ProjectionsCommand) -> Result<()> {
    let pool = postgres::pool(config.require_database_worker()?.expose(), 8)?;
    postgres::check(&pool).await?;
    match command {
        ProjectionsCommand::List => crate::status::run(config).await?,
        ProjectionsCommand::Rebuild { names, all } => {
            let names = if all { contexts::projections().iter().map(|projection| projection.name().to_owned()).collect() } else { names };
            let chosen = names.iter().map(|name| named(name)).collect::<Result<Vec<_>>>()?;
            for projection in chosen {
                rebuild_one(&pool, projection.as_ref()).await?;
            }
        }
        ProjectionsCommand::Parked { projection } => {
            let keys = parked_keys(&pool, projection.as_deref(), PARKED_SHOWN).await?;
            let more = i64::try_from(keys.len()).is_ok_and(|count| count == PARKED_SHOWN);
            if keys.is_empty() {
                println!("Nothing is parked.");
                return Ok(());
            }
            let mut table = Table::new();
            table.set_header(["projection", "tenant", "key", "events", "first", "since", "error"]);
            for key in keys {
                let since = key.parked_at.format("%Y-%m-%d %H:%M").to_string();
                table.add_row([key.projection, key.tenant_id.to_string(), key.key, key.events.to_string(), key.first, since, key.error]);
            }
            println!("{table}");
            if more {
                println!("These are the {PARKED_SHOWN} that were parked first; there may be more.");
            }
        }
        ProjectionsCommand::Retry { projection, key } => {
            // Processes park events too, under names that are no projections.
            if !PROCESSES.iter().any(|process| projection_name(process.name) == projection) {
                named(&projection)?;
            }
            let events = request_retry(&pool, &projection, key.as_deref()).await?;
            if events == 0 {
                bail!("nothing is parked under that name; `neuroops projections parked` shows what is");
            }
            println!(
                "{events} events will be applied again within a second; `neuroops projections parked {projection}` shows what is left."
            );
        }
    }
    Ok(())
}

async fn rebuild_one(pool: &PgPool, projection: &dyn Projection) -> Result<()> {
    let started = std::time::Instant::now();
    let bar = bar(projection.name());
    let report = rebuild::rebuild(pool, projection, |progress| {
        bar.set_length(progress.total.unsigned_abs());
        bar.set_position(progress.done.unsigned_abs());
    })
    .await?;
    bar.finish_and_clear();
    println!(
        "{}: {} events in {:.1} s; version {} is read now{}",
        projection.name(),
        report.events,
        started.elapsed().as_secs_f64(),
        report.version,
        if report.parked_keys > 0 { format!("; {} keys are parked", report.parked_keys) } else { String::new() }
    );
    Ok(())
}

fn bar(name: &str) -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{msg:24} {bar:32} {human_pos}/{human_len} events, {per_sec}, {eta} left") {
        bar.set_style(style);
    }
    bar.set_message(name.to_owned());
    bar
}

/// `neuroops kafka …`
pub async fn kafka(config: &Config, command: KafkaCommand) -> Result<()> {
    let KafkaCommand::Refill { context, yes } = command;
    let kafka = KafkaOptions { bootstrap: config.require_kafka()?.to_owned(), prefix: config.kafka_topic_prefix.clone() };
    let worker = config.require_database_worker()?.expose();
    let pool = postgres::pool(worker, 4)?;
    let partitions = postgres::check(&pool).await?;
    let all: Vec<String> = contexts::context_types().into_iter().map(|(name, _)| name).collect();
    let everything = context.is_none();
    let chosen: Vec<String> = match context {
        Some(name) if !all.contains(&name) => bail!("there is no context `{name}`; there are {}", all.join(", ")),
        Some(name) => vec![name],
        None => all,
    };
    if !yes {
        let topics: Vec<String> = chosen.iter().map(|context| kafka.topic(context)).collect();
        bail!(
            "this deletes {} and publishes the log again; readers that keep their own position by `ce_sequence` are not disturbed. Say --yes to do it",
            topics.join(", ")
        );
    }
    println!("Stopping the relays …");
    // A relay that published the next event into an empty topic would leave a hole before it.
    let relays = seize(&pool, "relay/").await?;
    for context in &chosen {
        empty_topic(&kafka, &kafka.topic(context), partitions).await?;
        sqlx::query("UPDATE runtime.relay SET position = 0 WHERE context = $1").bind(context).execute(&pool).await?;
    }
    if everything {
        // The notary publishes again what is not marked as published.
        empty_topic(&kafka, &kafka.topic(workers::notary::TOPIC), partitions).await?;
        sqlx::query("UPDATE audit.checkpoints SET published_at = NULL").execute(&pool).await?;
    }
    relays.give_back().await?;
    // A relay of our own, for the case that none is running; it shares the work with those that are.
    let workers = roles::start_relay(worker, kafka).await?;
    let watched = watch_refill(&pool, &chosen).await;
    workers.stop().await;
    watched
}

/// Deletes a topic and makes it again.
async fn empty_topic(kafka: &KafkaOptions, topic: &str, partitions: i32) -> Result<()> {
    let timeout = Duration::from_secs(10);
    kafka.delete_topic(topic, timeout).await?;
    let created = async {
        // The deletion takes effect a moment after it was accepted.
        while kafka.ensure_topic(topic, partitions, timeout).await.is_err() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), created)
        .await
        .with_context(|| format!("the topic {topic} was deleted but could not be made again; run the command again"))
}

async fn watch_refill(pool: &PgPool, contexts: &[String]) -> Result<()> {
    let bar = bar("refill");
    // What is appended meanwhile is not waited for: under load there would always be more of it.
    let heads = LogReader::new(pool.clone()).heads().await?;
    loop {
        let rows: Vec<(String, i32, i64)> =
            sqlx::query_as("SELECT context, partition, position FROM runtime.relay").fetch_all(pool).await?;
        let published: HashMap<(String, i32), i64> =
            rows.into_iter().map(|(context, partition, position)| ((context, partition), position)).collect();
        let (mut done, mut total) = (0, 0);
        for (place, head) in heads.iter().filter(|(place, _)| contexts.contains(&place.context)) {
            done += published.get(&(place.context.clone(), place.partition)).copied().unwrap_or(0).min(*head);
            total += head;
        }
        bar.set_length(total.unsigned_abs());
        bar.set_position(done.unsigned_abs());
        if done >= total {
            bar.finish_and_clear();
            println!("{total} events are in Kafka.");
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}
