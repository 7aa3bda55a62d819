//! `neuroops cmd`, `get` and `tail`: every operation of the HTTP interface that a user needs, from a shell.
//!
//! What the gateway answers goes to the standard output as it is; what it refuses is explained on the standard error.

pub mod cmd;
pub mod get;
mod sse;
pub mod tail;

use std::time::Duration;

use anyhow::{Result, anyhow};
use clap::Args;
use platform::clock;
use workers::processes::Backoff;

use crate::client::{Client, ClientError};
use crate::import::usage;
use crate::settings;

/// How long to wait before another try, where the server does not say.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(250), longest: Duration::from_secs(15) };
/// The longest that the server may ask to wait.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Where the gateway is, and who calls.
#[derive(Args)]
pub struct Server {
    /// Address of the gateway.
    #[arg(long, env = "NEUROOPS_URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// Access token.
    #[arg(long, env = "NEUROOPS_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

impl Server {
    /// A client; without a token of its own, of the platform that `up` runs here.
    fn client(&self) -> Result<Client> {
        let left = |name| if self.token.is_none() { settings::client_setting(name) } else { None };
        let (url, token) = (left("NEUROOPS_URL"), left("NEUROOPS_TOKEN"));
        let client = Client::new(url.as_ref().unwrap_or(&self.url), self.token.as_deref().or(token.as_deref()));
        client.map_err(|error| usage(format!("{error:#}")))
    }
}

/// What an error says to people, with all that the server tells of it.
fn explained(error: ClientError) -> anyhow::Error {
    match error {
        ClientError::Refused { problem, .. } => anyhow!("{}", problem.explained()),
        other => other.into(),
    }
}

/// How long to wait after the failed try with this number (from 1).
fn pause(error: &ClientError, attempt: u32) -> Duration {
    error.retry_after().map_or_else(|| BACKOFF.after(attempt, clock::new_id()), |asked| asked.min(PAUSE_MAX))
}

/// Whether the reader of the output has seen enough, which is no error.
fn ended(written: std::io::Result<()>) -> Result<bool> {
    match written {
        Ok(()) => Ok(false),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(true),
        Err(error) => Err(error.into()),
    }
}
