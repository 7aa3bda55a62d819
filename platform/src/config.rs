//! Configuration: read from the environment once, checked as a whole, and handed to those who need it.
//!
//! Nothing else reads environment variables (`clippy.toml` bans it). To add a variable: a field here, a line in
//! [`Config::load`], a line in `.env.example`, and a test of its limits in `config/tests.rs`.

mod read;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use thiserror::Error;
use uuid::Uuid;

use self::read::Reader;
use crate::egress::AddressRange;
use crate::embedded::{EmbeddedOptions, KAFKA_VERSION, KafkaOptions, PostgresOptions};
use crate::telemetry::LogFormat;
use crate::telemetry::otlp::OtlpOptions;

/// HS256 keys shorter than the hash are guessable (RFC 7518 §3.2).
pub const JWT_SECRET_BYTES_MIN: usize = 32;
/// Kafka's partitions cost memory and file handles in every broker and client.
pub const LOG_PARTITIONS_MAX: u64 = 1024;
/// Heap of the embedded Kafka; it starts with 128 and has never needed 400 here.
const KAFKA_HEAP_MB: u32 = 512;

/// A value that no log, error or trace may show.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the one call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// All that is wrong with the environment, a line each.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", .problems.join("\n"))]
pub struct ConfigError {
    /// One sentence per problem; each names its variable and says what to give. None quotes a secret.
    pub problems: Vec<String>,
}

/// The checked configuration. An empty variable counts as not set.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// `DATABASE_URL`: the application role, which owns nothing and sees one tenant at a time.
    pub database_url: Option<Secret>,
    /// `DATABASE_WORKER_URL`: the role of relay, projectors and other workers.
    pub database_worker_url: Option<Secret>,
    /// `DATABASE_ADMIN_URL`: the role that migrates and owns the tables.
    pub database_admin_url: Option<Secret>,
    /// `REDIS_URL`: shares answers between gateways; may hold a password.
    pub redis_url: Option<Secret>,
    /// `EXPORT_DIR`: where exports are written; shared by the workers that write them and the gateways that serve them.
    pub export_dir: Option<PathBuf>,
    /// `EXPORT_KEEP_DAYS`: how long exports can be fetched, in days.
    pub export_keep_days: u16,
    /// `KAFKA_BOOTSTRAP_SERVERS`: `host:port`, several with commas.
    pub kafka_bootstrap_servers: Option<String>,
    /// `KAFKA_TOPIC_PREFIX`: first part of each topic's and consumer group's name.
    pub kafka_topic_prefix: String,
    /// `HTTP_ADDR`: where the gateway listens.
    pub http_addr: SocketAddr,
    /// `METRICS_ADDR`: where a worker tells how it is; nowhere without it.
    pub metrics_addr: Option<SocketAddr>,
    /// `HTTP_BODY_BYTES_MAX`: largest request body, in bytes.
    pub http_body_bytes_max: usize,
    /// `HTTP_TIMEOUT_SECONDS`: after which a request is given up, in seconds.
    pub http_timeout_seconds: u64,
    /// `JWT_SECRET_KEY`: signs access tokens.
    pub jwt_secret_key: Option<Secret>,
    /// `SECRETS_KEY`: seals secrets that are stored, such as those of webhooks; the first seals, all of them open.
    pub secrets_keys: Vec<Secret>,
    /// `WEBHOOK_ALLOWED_RANGES`: networks besides the Internet that webhooks may go to.
    pub webhook_allowed_ranges: Vec<AddressRange>,
    /// `WEBHOOK_LOG_DAYS`: how long it is remembered what was delivered, in days.
    pub webhook_log_days: u16,
    /// `JWT_ACCESS_EXPIRY_DAYS`: how long an access token is good, in days.
    pub jwt_access_expiry_days: u32,
    /// `AUDIT_SIGNING_KEY`: sign checkpoints of the tenants' histories, the key in use first; several while one replaces another.
    pub audit_signing_keys: Vec<Secret>,
    /// `AUDIT_CHECKPOINT_SECONDS`: how often a history that has grown is signed, in seconds.
    pub audit_checkpoint_seconds: u64,
    /// `NEUROOPS_PARTITIONS`: log partitions per context; fixed when the log is made.
    pub log_partitions: Option<i32>,
    /// `NEUROOPS_LANES`: appends that may be under way at once in one gateway; as many as there are processors, within 2 and 8.
    pub appender_lanes: u32,
    /// `NEUROOPS_LOG_FORMAT`.
    pub log_format: LogFormat,
    /// `NEUROOPS_DIR`: the folder of the embedded servers.
    pub dir: PathBuf,
    /// `NEUROOPS_POSTGRES_PORT`: wanted port of the embedded Postgres; 0 is any.
    pub postgres_port: u16,
    /// `NEUROOPS_KAFKA_PORT`: wanted port of the embedded Kafka; 0 is any.
    pub kafka_port: u16,
    /// `OTEL_*`: where traces and metrics are exported to, if anywhere.
    pub otlp: Option<OtlpOptions>,
    /// `STRIPE_*`.
    pub stripe: Stripe,
    /// `LLM_*`, `OPENAI_API_KEY`, `EMBEDDING_MODEL`.
    pub ai: Ai,
    /// `AWS_*`, `S3_BUCKET_*`.
    pub aws: Aws,
    /// `BILLING_TENANT_ID`: the tenant that sells the platform to the others, and to whom the Stripe account belongs.
    pub billing_tenant_id: Option<Uuid>,
    /// `FRONTEND_URL`: where links in mails and redirects after payment lead.
    pub frontend_url: Option<String>,
    /// `SUPER_ADMIN_EMAIL`: who administers the platform itself.
    pub super_admin_email: Option<String>,
    caches: Vec<PathBuf>,
}

/// Payments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stripe {
    /// `STRIPE_SECRET_KEY`.
    pub secret_key: Option<Secret>,
    /// `STRIPE_WEBHOOK_SECRET`: verify what Stripe sends; several while one is replaced by another.
    pub webhook_secrets: Vec<Secret>,
    /// `STRIPE_API_BASE`: where Stripe's interface is, if not at Stripe.
    pub api_base: Option<String>,
    /// `STRIPE_PRICE_<PLAN>`: plan in lower case and Stripe's id of its price.
    pub prices: Vec<(String, String)>,
}

/// Language models; used once the AI features are switched on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ai {
    /// `LLM_API_KEY`, else `OPENAI_API_KEY`.
    pub api_key: Option<Secret>,
    /// `LLM_MODEL`.
    pub llm_model: Option<String>,
    /// `EMBEDDING_MODEL`.
    pub embedding_model: Option<String>,
}

/// Object storage; used once exports to it are switched on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aws {
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: Option<Secret>,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: Option<Secret>,
    /// `AWS_REGION`.
    pub region: Option<String>,
    /// `S3_BUCKET_<PURPOSE>`: purpose in lower case and the bucket.
    pub buckets: Vec<(String, String)>,
}

/// The plans that may have a `STRIPE_PRICE_…`.
const PLANS: [&str; 4] = ["STARTER", "GROWTH", "PROFESSIONAL", "ENTERPRISE"];
/// The purposes that may have an `S3_BUCKET_…`.
const BUCKETS: [&str; 4] = ["EXPORTS", "UPLOADS", "BACKUPS", "MODELS"];

/// Lanes without a setting: more than there are processors only make batches smaller, and with one the processors wait for the disk.
pub fn lanes_default() -> u32 {
    std::thread::available_parallelism().map_or(2, |processors| u32::try_from(processors.get()).unwrap_or(8).clamp(2, 8))
}

impl Config {
    /// Reads this process's environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        Self::load(|name| std::env::var(name).ok())
    }

    /// Reads through `lookup`, and reports every problem at once.
    pub fn load(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut read = Reader::new(&lookup);
        let config = Self {
            database_url: read.database("DATABASE_URL"),
            database_worker_url: read.database("DATABASE_WORKER_URL"),
            database_admin_url: read.database("DATABASE_ADMIN_URL"),
            redis_url: read.redis("REDIS_URL"),
            export_dir: read.text("EXPORT_DIR").map(PathBuf::from),
            export_keep_days: read.number("EXPORT_KEEP_DAYS", 7, 1..=365),
            kafka_bootstrap_servers: read.bootstrap_servers("KAFKA_BOOTSTRAP_SERVERS"),
            kafka_topic_prefix: read.topic_prefix("KAFKA_TOPIC_PREFIX").unwrap_or_else(|| "neuroops".to_owned()),
            http_addr: read.socket("HTTP_ADDR", "127.0.0.1:8080").unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            metrics_addr: read.socket("METRICS_ADDR", "127.0.0.1:9090"),
            http_body_bytes_max: read.number("HTTP_BODY_BYTES_MAX", 1024 * 1024, 1024..=64 * 1024 * 1024),
            http_timeout_seconds: read.number("HTTP_TIMEOUT_SECONDS", 30, 1..=600),
            jwt_secret_key: read.jwt_secret("JWT_SECRET_KEY"),
            secrets_keys: read.sealing_keys("SECRETS_KEY"),
            webhook_allowed_ranges: read.address_ranges("WEBHOOK_ALLOWED_RANGES"),
            webhook_log_days: read.number("WEBHOOK_LOG_DAYS", 7, 4..=90),
            jwt_access_expiry_days: read.number("JWT_ACCESS_EXPIRY_DAYS", 7, 1..=365),
            audit_signing_keys: read.signing_keys("AUDIT_SIGNING_KEY"),
            audit_checkpoint_seconds: read.number("AUDIT_CHECKPOINT_SECONDS", 5, 1..=3600),
            log_partitions: read.text("NEUROOPS_PARTITIONS").map(|_| read.number("NEUROOPS_PARTITIONS", 16, 1..=LOG_PARTITIONS_MAX)),
            appender_lanes: read.number("NEUROOPS_LANES", u64::from(lanes_default()), 1..=64),
            log_format: read.log_format("NEUROOPS_LOG_FORMAT"),
            dir: PathBuf::from(read.text("NEUROOPS_DIR").unwrap_or_else(|| ".neuroops".to_owned())),
            postgres_port: read.number("NEUROOPS_POSTGRES_PORT", 54329, 0..=u64::from(u16::MAX)),
            kafka_port: read.number("NEUROOPS_KAFKA_PORT", 19092, 0..=u64::from(u16::MAX)),
            otlp: read.otlp(),
            stripe: Stripe {
                secret_key: read.secret_with_prefix("STRIPE_SECRET_KEY", &["sk_", "rk_"]),
                webhook_secrets: read.secrets_with_prefix("STRIPE_WEBHOOK_SECRET", "whsec_"),
                api_base: read.web_address("STRIPE_API_BASE"),
                prices: read.family("STRIPE_PRICE_", &PLANS),
            },
            ai: Ai {
                api_key: read.secret("LLM_API_KEY").or_else(|| read.secret("OPENAI_API_KEY")),
                llm_model: read.text("LLM_MODEL"),
                embedding_model: read.text("EMBEDDING_MODEL"),
            },
            aws: Aws {
                access_key_id: read.secret("AWS_ACCESS_KEY_ID"),
                secret_access_key: read.secret("AWS_SECRET_ACCESS_KEY"),
                region: read.text("AWS_REGION"),
                buckets: read.family("S3_BUCKET_", &BUCKETS),
            },
            billing_tenant_id: read.uuid("BILLING_TENANT_ID"),
            frontend_url: read.web_address("FRONTEND_URL"),
            super_admin_email: read.email("SUPER_ADMIN_EMAIL"),
            caches: read.caches(),
        };
        if config.aws.access_key_id.is_some() != config.aws.secret_access_key.is_some() {
            read.problem("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together: set both or neither.".to_owned());
        }
        read.finish(config)
    }

    /// The application role's connection string, for `serve`.
    pub fn require_database(&self) -> Result<&Secret, ConfigError> {
        require(
            self.database_url.as_ref(),
            "DATABASE_URL is not set. Give the application role's connection string (postgres://neuroops_app:…@host:5432/neuroops), \
             or run `neuroops up`, which brings its own server.",
        )
    }

    /// The worker role's connection string, for `work`.
    pub fn require_database_worker(&self) -> Result<&Secret, ConfigError> {
        require(
            self.database_worker_url.as_ref(),
            "DATABASE_WORKER_URL is not set. Give the worker role's connection string \
             (postgres://neuroops_worker:…@host:5432/neuroops), or run `neuroops up`, which brings its own server.",
        )
    }

    /// The owner role's connection string, for `migrate`.
    pub fn require_database_admin(&self) -> Result<&Secret, ConfigError> {
        require(
            self.database_admin_url.as_ref(),
            "DATABASE_ADMIN_URL is not set. Give the connection string of a role that may create tables and roles \
             (postgres://postgres:…@host:5432/neuroops), or run `neuroops up`, which brings its own server.",
        )
    }

    /// The folder of exports, for `work --only exports`.
    pub fn require_export_dir(&self) -> Result<&PathBuf, ConfigError> {
        require(
            self.export_dir.as_ref(),
            "EXPORT_DIR is not set. Give a folder that the workers can write and the gateways can read, \
             or run `neuroops up`, which keeps exports in its own folder.",
        )
    }

    /// The keys that sign checkpoints, for `work --only notary`.
    pub fn require_audit_signing_keys(&self) -> Result<&[Secret], ConfigError> {
        let keys = Some(self.audit_signing_keys.as_slice()).filter(|keys| !keys.is_empty());
        require(
            keys,
            "AUDIT_SIGNING_KEY is not set. Give 32 random bytes in hexadecimal (openssl rand -hex 32), the same to every worker, \
             or run `neuroops up`, which makes its own.",
        )
    }

    /// The brokers, for `work`.
    pub fn require_kafka(&self) -> Result<&str, ConfigError> {
        require(
            self.kafka_bootstrap_servers.as_deref(),
            "KAFKA_BOOTSTRAP_SERVERS is not set. Give the brokers (host:9092, several with commas), \
             or run `neuroops up`, which brings its own broker.",
        )
    }

    /// The key that signs access tokens, for `serve`.
    pub fn require_jwt_secret(&self) -> Result<&Secret, ConfigError> {
        require(
            self.jwt_secret_key.as_ref(),
            "JWT_SECRET_KEY is not set. Give at least 32 random bytes (openssl rand -hex 32), the same to every gateway, \
             or run `neuroops up`, which makes its own.",
        )
    }

    /// The keys that seal secrets, for `work --only webhooks`.
    pub fn require_secrets_keys(&self) -> Result<&[Secret], ConfigError> {
        let keys = Some(self.secrets_keys.as_slice()).filter(|keys| !keys.is_empty());
        require(
            keys,
            "SECRETS_KEY is not set. Give 64 random hexadecimal digits (openssl rand -hex 32), the same to every gateway and worker, \
             or run `neuroops up`, which makes its own.",
        )
    }

    /// Folders that may hold the jars of the embedded Kafka, best first.
    pub fn kafka_jar_dirs(&self) -> Vec<PathBuf> {
        self.cached(&format!("kafka-{KAFKA_VERSION}"))
    }

    /// Where something that scripts/setup fetches may be, best first.
    pub fn cached(&self, name: &str) -> Vec<PathBuf> {
        self.caches.iter().map(|cache| cache.join(name)).collect()
    }

    /// The servers that `up` brings: those that no variable names outside ones for.
    pub fn embedded_options(&self) -> EmbeddedOptions {
        EmbeddedOptions {
            dir: self.dir.clone(),
            postgres: self.database_url.is_none().then_some(PostgresOptions { port: self.postgres_port }),
            kafka: self.kafka_bootstrap_servers.is_none().then(|| KafkaOptions {
                port: self.kafka_port,
                heap_mb: KAFKA_HEAP_MB,
                jar_dirs: self.kafka_jar_dirs(),
                proxied: false,
            }),
        }
    }
}

fn require<'a, T: ?Sized>(value: Option<&'a T>, problem: &str) -> Result<&'a T, ConfigError> {
    value.ok_or_else(|| ConfigError { problems: vec![problem.to_owned()] })
}

/// One variable of this process's environment; empty counts as unset.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
