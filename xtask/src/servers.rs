//! Servers for tests and benchmarks: a Postgres and a Kafka of their own on free ports, gone afterwards.

use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};
use platform::config::Config;
use platform::embedded::{Embedded, EmbeddedOptions, KafkaOptions, PostgresOptions};

/// The servers of one run.
pub struct Servers {
    embedded: Embedded,
    dir: std::path::PathBuf,
}

impl Servers {
    /// Starts them in a temporary folder.
    pub fn start(purpose: &str) -> Result<Self> {
        let dir = std::env::temp_dir().join(format!("neuroops-{purpose}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).with_context(|| format!("{} cannot be made", dir.display()))?;
        let jar_dirs = Config::from_env()?.kafka_jar_dirs();
        let options = EmbeddedOptions {
            dir: dir.clone(),
            postgres: Some(PostgresOptions { port: 0 }),
            kafka: Some(KafkaOptions { port: 0, heap_mb: 512, jar_dirs, proxied: true }),
        };
        let embedded = Embedded::start(&options)?;
        for notice in embedded.notices() {
            eprintln!("note: {notice}");
        }
        Ok(Self { embedded, dir })
    }

    /// Connection string of the superuser.
    pub fn admin_url(&self) -> &str {
        self.embedded.postgres().map_or("", |postgres| &postgres.admin_url)
    }

    /// Kafka's address.
    pub fn bootstrap(&self) -> &str {
        self.embedded.kafka().map_or("", |kafka| &kafka.bootstrap)
    }

    /// The address of Kafka's listener that is meant for a proxy, where there is one.
    pub fn proxied(&self) -> &str {
        self.embedded.kafka().and_then(|kafka| kafka.proxied.as_deref()).unwrap_or_default()
    }

    /// Runs a command to its end, then stops the servers.
    pub fn run(mut self, command: &mut Command) -> Result<ExitCode> {
        let status = command.status().with_context(|| format!("{} cannot be run", command.get_program().display()));
        self.embedded.stop();
        // What is left of a temporary folder harms nobody.
        drop(std::fs::remove_dir_all(&self.dir));
        Ok(if status?.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
