//! Sends commands, and sends again what got no answer.

use std::time::Duration;

use anyhow::bail;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::client::{Client, ClientError, Problem};

/// How long to go on without a single answer before the import stops.
const PATIENCE: Duration = Duration::from_mins(5);
/// The shortest pause between two attempts.
const PAUSE_MIN: Duration = Duration::from_millis(500);
/// The longest pause between two attempts.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// How often a line that fails for a defect of the server is sent.
const DEFECT_ATTEMPTS_MAX: u32 = 3;

/// A command, as a line of `POST /v1/commands`.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// The context.
    pub context: &'static str,
    /// The aggregate's type.
    pub aggregate: &'static str,
    /// The record; a new one where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The command.
    pub command: &'static str,
    /// Its fields.
    pub body: Value,
    /// Under which the server remembers the answer.
    pub idempotency_key: String,
}

/// The answer to an accepted command.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Receipt {
    /// The record.
    pub id: String,
    /// What happened; nothing where the record was so already.
    pub events: Vec<serde::de::IgnoredAny>,
    /// Position token.
    pub position: String,
}

/// The answer to a command.
pub type Answer = Result<Receipt, Box<Problem>>;

#[derive(Deserialize)]
struct ResultLine {
    line: usize,
    status: u16,
    receipt: Option<Receipt>,
    problem: Option<Problem>,
}

/// Takes commands to where they are decided.
pub trait Sender: Send + Sync {
    /// The answers to these commands, in their order. An error stops the import.
    fn send(&self, lines: &[Line]) -> impl Future<Output = anyhow::Result<Vec<Answer>>> + Send;
}

/// Sends to a running NeuroOps.
pub struct HttpSender {
    client: Client,
    patience: Duration,
    /// Says what is going on.
    notice: Box<dyn Fn(&str) + Send + Sync>,
    /// Whether people know that the server is away; several chunks may notice at a time.
    away: Mutex<bool>,
}

impl HttpSender {
    /// Sends with this client.
    pub fn new(client: Client, notice: Box<dyn Fn(&str) + Send + Sync>) -> Self {
        Self { client, patience: PATIENCE, notice, away: Mutex::new(false) }
    }

    #[cfg(test)]
    pub(super) fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// One request for the lines that lack an answer.
    async fn attempt(&self, lines: &[Line], answers: &mut [Option<Answer>]) -> Result<(), ClientError> {
        let open: Vec<usize> = (0..lines.len()).filter(|index| answers[*index].is_none()).collect();
        let mut body = Vec::new();
        for index in &open {
            serde_json::to_writer(&mut body, &lines[*index]).map_err(|error| self.client.unreadable(error))?;
            body.push(b'\n');
        }
        let mut response = self.client.post_lines("/v1/commands", body).await?;
        let mut rest: Vec<u8> = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.client.broken(&error))? {
            rest.extend_from_slice(&chunk);
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = rest.drain(..=end).collect();
                let result: ResultLine = serde_json::from_slice(&line).map_err(|error| self.client.unreadable(error))?;
                let index = result.line.checked_sub(1).and_then(|line| open.get(line)).copied();
                let index = index.ok_or_else(|| self.client.unreadable(format!("there is no line {}", result.line)))?;
                answers[index] = Some(answer(result));
            }
        }
        Ok(())
    }

    async fn pause(&self, reason: &str, pause: Duration) {
        let mut away = self.away.lock().await;
        if !*away {
            *away = true;
            (self.notice)(&format!("{reason} Trying again for up to {} minutes.", self.patience.as_secs().div_ceil(60)));
        }
        drop(away);
        tokio::time::sleep(pause).await;
    }

    async fn back(&self) {
        let mut away = self.away.lock().await;
        if std::mem::take(&mut *away) {
            (self.notice)("The server answers again.");
        }
    }
}

fn answer(result: ResultLine) -> Answer {
    match (result.receipt, result.problem) {
        (Some(receipt), _) => Ok(receipt),
        (None, problem) => Err(Box::new(Problem { status: result.status, ..problem.unwrap_or_default() })),
    }
}

impl Sender for HttpSender {
    async fn send(&self, lines: &[Line]) -> anyhow::Result<Vec<Answer>> {
        let mut answers: Vec<Option<Answer>> = vec![None; lines.len()];
        let (mut since, mut pause, mut attempts) = (Instant::now(), PAUSE_MIN, 0);
        loop {
            attempts += 1;
            let before = answers.iter().flatten().count();
            let failure = self.attempt(lines, &mut answers).await.err();
            if let Some(error) = failure.as_ref().filter(|error| !error.is_passing()) {
                bail!("{error}");
            }
            let wait = failure.as_ref().and_then(ClientError::retry_after);
            if let Some(Err(denied)) = answers.iter().flatten().find(|answer| matches!(answer, Err(p) if matches!(p.status, 401 | 403))) {
                bail!("{denied}");
            }
            let mut reason = failure.map(|error| error.to_string());
            for open in &mut answers {
                if let Some(Err(problem)) = open
                    && (problem.is_passing() || problem.status == 500 && attempts < DEFECT_ATTEMPTS_MAX)
                {
                    reason.get_or_insert_with(|| problem.to_string());
                    *open = None;
                }
            }
            if answers.iter().all(Option::is_some) {
                self.back().await;
                return Ok(answers.into_iter().flatten().collect());
            }
            if answers.iter().flatten().count() > before {
                (since, pause) = (Instant::now(), PAUSE_MIN);
            }
            let reason = reason.unwrap_or_else(|| format!("{} ended its answer early.", self.client.base()));
            if since.elapsed() > self.patience {
                bail!("{reason}");
            }
            self.pause(&reason, wait.unwrap_or(pause).clamp(PAUSE_MIN, PAUSE_MAX)).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }
}
