//! What is stored, read past the platform: the log and the read models as the database's superuser, Kafka by a consumer of its own.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use chrono::{DateTime, Utc};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use sqlx::{FromRow, PgConnection};

use crate::cluster::{Cluster, TOPIC_PREFIX};
use crate::judge::{LogEvent, Place, Record, Rows, Stored};

/// How long it may take until relay and projectors have nothing left to do.
const SETTLE_MAX: Duration = Duration::from_secs(90);
/// How long nothing may be appended before that counts as the end: requests that clients gave up may still be under way.
const QUIET: Duration = Duration::from_millis(700);
/// How long Kafka may take to hand out what is there.
const KAFKA_MAX: Duration = Duration::from_secs(45);
/// How long the consumer reads on behind the last record: one that is repeated would come there.
const KAFKA_MORE: Duration = Duration::from_millis(700);

#[derive(FromRow)]
struct EventRow {
    position: i64,
    event_id: String,
    tenant: String,
    aggregate_type: String,
    aggregate_id: String,
    sequence: i64,
    event_type: String,
    correlation: Option<String>,
    payload: String,
    recorded_at: DateTime<Utc>,
}

/// Reads on from where it was.
#[derive(Default)]
pub struct Facts {
    heads: HashMap<Place, i64>,
    kafka: KafkaReader,
}

impl Facts {
    /// What is new in the log and in Kafka, and the read models. Nothing may be under way any more.
    pub async fn read(&mut self, cluster: &Cluster) -> Result<Stored> {
        let mut admin = cluster.admin().await?;
        let events = self.events(&mut admin).await?;
        let bootstrap = cluster.setting("KAFKA_BOOTSTRAP_SERVERS");
        let records = tokio::task::block_in_place(|| self.kafka.read(bootstrap, &self.heads))?;
        let contacts = rows(&mut admin, "crm_contact_list").await?;
        let deals = rows(&mut admin, "crm_deal_list").await?;
        Ok(Stored { events, records, contacts, deals })
    }

    /// Kafka was emptied and is to be read from the beginning.
    pub fn forget_kafka(&mut self) {
        self.kafka = KafkaReader::default();
    }

    async fn events(&mut self, admin: &mut PgConnection) -> Result<Vec<LogEvent>> {
        const EVENTS: &str = "SELECT position, event_id::text AS event_id, tenant_id::text AS tenant, aggregate_type, aggregate_id, sequence, event_type, \
            metadata->>'correlation_id' AS correlation, payload::text AS payload, recorded_at FROM log.events \
            WHERE context = $1 AND partition = $2 AND position > $3 ORDER BY position";
        let heads: Vec<(String, i32, i64)> =
            sqlx::query_as("SELECT context, partition, position FROM log.heads ORDER BY 1, 2").fetch_all(&mut *admin).await?;
        let mut events = Vec::new();
        for (context, partition, head) in heads {
            let place = (context, partition);
            let last = self.heads.insert(place.clone(), head).unwrap_or(0);
            if last == head {
                continue;
            }
            let query = sqlx::query_as(EVENTS).bind(&place.0).bind(partition).bind(last);
            let rows: Vec<EventRow> = query.fetch_all(&mut *admin).await?;
            for row in rows {
                events.push(LogEvent {
                    place: place.clone(),
                    position: row.position,
                    event_id: row.event_id,
                    tenant: row.tenant,
                    aggregate: row.aggregate_type,
                    id: row.aggregate_id,
                    sequence: row.sequence,
                    event_type: row.event_type,
                    correlation: row.correlation.unwrap_or_default(),
                    payload: serde_json::from_str(&row.payload)?,
                    recorded_at: row.recorded_at,
                });
            }
        }
        Ok(events)
    }
}

async fn rows(admin: &mut PgConnection, model: &str) -> Result<Rows> {
    let query = format!("SELECT tenant_id::text, to_json(m)::text FROM {model} m");
    let rows: Vec<(String, String)> = sqlx::query_as(&query).fetch_all(admin).await?;
    rows.into_iter().map(|(tenant, row)| Ok((tenant, serde_json::from_str(&row)?))).collect()
}

/// A digest of every read model's rows, by name.
pub async fn digests(admin: &mut PgConnection) -> Result<Vec<(String, String)>> {
    let models: Vec<String> = sqlx::query_scalar("SELECT model FROM runtime.read_models ORDER BY model").fetch_all(&mut *admin).await?;
    let mut digests = Vec::new();
    for model in models {
        let query = format!(
            "SELECT count(*) || ' rows, ' || coalesce(md5(string_agg(row, E'\\n' ORDER BY row)), '') FROM (SELECT m::text AS row FROM {model} m) rows"
        );
        let digest = sqlx::query_scalar(&query).fetch_one(&mut *admin).await?;
        digests.push((model, digest));
    }
    Ok(digests)
}

/// The read models that differ.
pub fn differing(before: &[(String, String)], after: &[(String, String)]) -> Vec<String> {
    let after: HashMap<&String, &String> = after.iter().map(|(model, digest)| (model, digest)).collect();
    let differs = |(model, digest): &&(String, String)| after.get(model) != Some(&digest);
    before.iter().filter(differs).map(|(model, digest)| format!("{model}: {digest} before, {:?} after", after.get(model))).collect()
}

/// Waits until nothing is under way: the log stands still, Kafka has all of it, and so have the projections.
pub async fn settled(cluster: &Cluster) -> Result<()> {
    const BEHIND: &str = "SELECT \
        coalesce((SELECT sum(h.position - coalesce(c.position, 0)) FROM log.heads h JOIN runtime.checkpoints c USING (context, partition) \
            JOIN runtime.projections p ON p.projection = c.projection AND p.active_version = c.version), 0)::bigint, \
        coalesce((SELECT sum(h.position - coalesce(r.position, 0)) FROM log.heads h LEFT JOIN runtime.relay r USING (context, partition)), 0)::bigint, \
        coalesce((SELECT sum(position) FROM log.heads), 0)::bigint";
    let started = Instant::now();
    let mut admin = cluster.admin().await?;
    let mut still_since: Option<(i64, Instant)> = None;
    loop {
        let (projections, relay, head): (i64, i64, i64) = sqlx::query_as(BEHIND).fetch_one(&mut admin).await?;
        let (last, since) = still_since.unwrap_or((head, Instant::now()));
        let since = if last == head { since } else { Instant::now() };
        still_since = Some((head, since));
        if projections == 0 && relay == 0 && since.elapsed() > QUIET {
            return Ok(());
        }
        if started.elapsed() > SETTLE_MAX {
            bail!("after {SETTLE_MAX:?} the projections lack {projections} events and Kafka {relay}");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Reads Kafka with a consumer that nobody else knows of. Each reading has one of its own: a client that was connected while the broker was
/// frozen may stall for long, and it is not the client that is judged.
#[derive(Default)]
struct KafkaReader {
    /// The offsets behind what was read.
    next: HashMap<Place, i64>,
    last: HashMap<Place, i64>,
}

impl KafkaReader {
    /// Reads until everything up to these positions is there, and a little longer.
    fn read(&mut self, bootstrap: &str, heads: &HashMap<Place, i64>) -> Result<Vec<Record>> {
        let consumer = self.consumer(bootstrap, heads.keys())?;
        let (mut records, started, mut idle_since) = (Vec::new(), Instant::now(), Instant::now());
        loop {
            let complete = heads.iter().all(|(place, head)| self.last.get(place).copied().unwrap_or(0) >= *head);
            // What does not come is for the judge to say.
            if (complete && idle_since.elapsed() > KAFKA_MORE) || started.elapsed() > KAFKA_MAX {
                return Ok(records);
            }
            // Errors are about connections, which the client makes anew.
            let Some(Ok(message)) = consumer.poll(Duration::from_millis(50)) else { continue };
            let record = record(&message)?;
            let last = self.last.entry(record.place.clone()).or_default();
            *last = record.position.max(*last);
            self.next.insert(record.place.clone(), message.offset() + 1);
            records.push(record);
            idle_since = Instant::now();
        }
    }

    fn consumer<'a>(&self, bootstrap: &str, places: impl Iterator<Item = &'a Place>) -> Result<BaseConsumer> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", bootstrap).set("group.id", "judge").set("enable.auto.commit", "false");
        // Where records that were read are gone, everything is read again.
        config.set("auto.offset.reset", "earliest");
        let consumer: BaseConsumer = config.create()?;
        let mut assignment = TopicPartitionList::new();
        for (context, partition) in places {
            let place = (context.clone(), *partition);
            let offset = self.next.get(&place).map_or(Offset::Beginning, |next| Offset::Offset(*next));
            assignment.add_partition_offset(&format!("{TOPIC_PREFIX}.{context}"), *partition, offset)?;
        }
        consumer.assign(&assignment)?;
        Ok(consumer)
    }
}

fn record(message: &BorrowedMessage<'_>) -> Result<Record> {
    let headers = message.headers().context("a record has headers")?;
    let header = |name: &str| -> Result<String> {
        let header = headers.iter().find(|header| header.key == name).with_context(|| format!("a record has {name}"))?;
        Ok(String::from_utf8(header.value.unwrap_or_default().to_vec())?)
    };
    let context = message.topic().strip_prefix(TOPIC_PREFIX).and_then(|rest| rest.strip_prefix('.')).context("a topic of the platform")?;
    let place = (context.to_owned(), message.partition());
    Ok(Record { place, position: header("ce_sequence")?.parse()?, event_id: header("ce_id")? })
}
