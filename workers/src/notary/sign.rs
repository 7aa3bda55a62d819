//! Checkpoints: the states of trees that have grown are signed, kept, and published to Kafka.

use std::time::Duration;

use domain::kernel::{TenantId, partition_of};
use futures::future::join_all;
use platform::kafka::{KafkaOptions, TopicError};
use platform::postgres::begin_worker;
use platform::proofs::checkpoint::Checkpoint;
use platform::proofs::merkle::{Frontier, Head};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use sqlx::PgPool;
use uuid::Uuid;

use super::NotaryOptions;

/// The topic's name behind the prefix. No context can have it.
pub const TOPIC: &str = "checkpoints";
/// What a checkpoint is called on the wire.
const WIRE_TYPE: &str = "audit.checkpoint_signed.v1";
/// Checkpoints that are signed or published at once at most.
const PAGE: i64 = 1000;
/// How long Kafka may take for a record.
const DELIVERY: Duration = Duration::from_secs(5);

/// Why checkpoints wait.
#[derive(Debug, thiserror::Error)]
pub(super) enum SignError {
    /// A statement failed.
    #[error("the notary's database failed")]
    Database(#[from] sqlx::Error),
    /// A tree's row does not hold together.
    #[error("the tree of tenant {0} is damaged: its peaks do not fit its size")]
    Damaged(Uuid),
    /// The topic is not as it must be.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// Kafka does not answer or does not take a record.
    #[error("Kafka does not take checkpoints: {0}")]
    Kafka(#[from] KafkaError),
}

/// Signs and publishes.
pub(super) struct Signer<'a> {
    pool: &'a PgPool,
    kafka: Option<&'a KafkaOptions>,
    partitions: i32,
    options: &'a NotaryOptions,
    /// Whether the public keys are on record.
    known: bool,
    producer: Option<FutureProducer>,
}

impl<'a> Signer<'a> {
    pub fn new(pool: &'a PgPool, kafka: Option<&'a KafkaOptions>, partitions: i32, options: &'a NotaryOptions) -> Self {
        Self { pool, kafka, partitions, options, known: false, producer: None }
    }

    /// Signs what has grown and publishes what is not published yet. What fails is done in the next round.
    pub async fn round(&mut self) -> Result<(), SignError> {
        if !self.known {
            self.record_keys().await?;
            self.known = true;
        }
        while self.sign_page().await? == PAGE.unsigned_abs() {}
        if let Some(kafka) = self.kafka {
            let published = self.publish(kafka).await;
            if published.is_err() {
                self.producer = None;
            }
            self.measure().await?;
            published?;
        }
        Ok(())
    }

    /// Puts the public keys on record, and notes which are not used any more.
    async fn record_keys(&self) -> Result<(), SignError> {
        const ADD: &str =
            "INSERT INTO audit.keys (public_key) SELECT unnest($1::bytea[]) ON CONFLICT (public_key) DO UPDATE SET retired_at = NULL";
        const RETIRE: &str = "UPDATE audit.keys SET retired_at = now() WHERE retired_at IS NULL AND public_key <> ALL ($1)";
        let keys: Vec<Vec<u8>> = self.options.keys.iter().map(|key| key.public().0.to_vec()).collect();
        let mut tx = begin_worker(self.pool).await?;
        sqlx::query(ADD).bind(&keys).execute(&mut *tx).await?;
        sqlx::query(RETIRE).bind(&keys).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Signs the states of some trees; answers how many.
    async fn sign_page(&self) -> Result<u64, SignError> {
        const READ: &str = "SELECT tenant_id, size, peaks FROM audit.trees WHERE size > signed_size ORDER BY tenant_id LIMIT $1";
        const KEEP: &str = "INSERT INTO audit.checkpoints (tenant_id, size, note) SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[]) \
            ON CONFLICT (tenant_id, size) DO NOTHING";
        const NOTE: &str = "WITH k AS (SELECT t.tenant_id, k.size FROM unnest($1::uuid[], $2::bigint[]) AS k (tenant, size) \
                JOIN audit.trees t ON t.tenant_id = k.tenant ORDER BY t.tenant_id FOR NO KEY UPDATE OF t) \
            UPDATE audit.trees t SET signed_size = greatest(t.signed_size, k.size) FROM k WHERE t.tenant_id = k.tenant_id";
        let rows: Vec<(Uuid, i64, Vec<u8>)> = sqlx::query_as(READ).bind(PAGE).fetch_all(self.pool).await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let (mut tenants, mut sizes, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        for (tenant_id, size, peaks) in rows {
            let tree = Frontier::from_bytes(size.unsigned_abs(), &peaks).ok_or(SignError::Damaged(tenant_id))?;
            let checkpoint = Checkpoint { tenant_id, head: Head { size: tree.size(), root: tree.root() } };
            tenants.push(tenant_id);
            sizes.push(size);
            notes.push(checkpoint.sign(&self.options.keys));
        }
        let mut tx = begin_worker(self.pool).await?;
        sqlx::query(KEEP).bind(&tenants).bind(&sizes).bind(&notes).execute(&mut *tx).await?;
        sqlx::query(NOTE).bind(&tenants).bind(&sizes).execute(&mut *tx).await?;
        tx.commit().await?;
        metrics::counter!("neuroops_notary_checkpoints_total").increment(tenants.len() as u64);
        Ok(tenants.len() as u64)
    }

    /// Tells how long the oldest checkpoint has waited to be published.
    async fn measure(&self) -> Result<(), SignError> {
        const READ: &str =
            "SELECT coalesce(extract(epoch FROM now() - min(signed_at)), 0)::float8 FROM audit.checkpoints WHERE published_at IS NULL";
        let seconds: f64 = sqlx::query_scalar(READ).fetch_one(self.pool).await?;
        metrics::gauge!("neuroops_checkpoints_unpublished_seconds").set(seconds);
        Ok(())
    }

    async fn publish(&mut self, kafka: &KafkaOptions) -> Result<(), SignError> {
        const READ: &str =
            "SELECT tenant_id, size, note FROM audit.checkpoints WHERE published_at IS NULL ORDER BY signed_at, size LIMIT $1";
        const NOTE: &str = "UPDATE audit.checkpoints c SET published_at = now() \
            FROM unnest($1::uuid[], $2::bigint[]) AS k (tenant, size) WHERE c.tenant_id = k.tenant AND c.size = k.size";
        let topic = kafka.topic(TOPIC);
        loop {
            let rows: Vec<(Uuid, i64, String)> = sqlx::query_as(READ).bind(PAGE).fetch_all(self.pool).await?;
            if rows.is_empty() {
                return Ok(());
            }
            let producer = if let Some(producer) = &self.producer {
                producer
            } else {
                kafka.ensure_topic(&topic, self.partitions, DELIVERY).await?;
                self.producer.insert(kafka.producer(DELIVERY).create()?)
            };
            let deliveries = rows.iter().map(|(tenant, size, note)| self::publish(producer, &topic, self.partitions, *tenant, *size, note));
            join_all(deliveries).await.into_iter().collect::<Result<(), _>>()?;
            let (tenants, sizes): (Vec<Uuid>, Vec<i64>) = rows.iter().map(|(tenant, size, _)| (*tenant, *size)).unzip();
            sqlx::query(NOTE).bind(tenants).bind(sizes).execute(self.pool).await?;
        }
    }
}

/// Publishes one checkpoint as a `CloudEvent` in binary mode.
async fn publish(producer: &FutureProducer, topic: &str, partitions: i32, tenant: Uuid, size: i64, note: &str) -> Result<(), KafkaError> {
    let key = TenantId(tenant).partition_key();
    let headers = [
        ("ce_specversion", "1.0"),
        ("ce_id", &format!("{tenant}/{size}")),
        ("ce_type", WIRE_TYPE),
        ("ce_source", "/neuroops/audit"),
        ("ce_subject", &format!("checkpoint/{size}")),
        ("ce_tenantid", &tenant.to_string()),
        ("content-type", "text/plain; charset=utf-8"),
    ];
    let headers = headers
        .iter()
        .fold(OwnedHeaders::new_with_capacity(headers.len()), |all, (key, value)| all.insert(Header { key, value: Some(*value) }));
    let record = FutureRecord::to(topic).partition(partition_of(&key, partitions)).key(&key).payload(note).headers(headers);
    producer.send(record, DELIVERY).await.map(drop).map_err(|(error, _)| error)
}
