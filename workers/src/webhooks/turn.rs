//! A lane's turn: its next events are posted in order, until one fails.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use commands::{CommandBus, CommandRequest};
use domain::kernel::{Actor, RecordedEvent, TenantId, webhook_event};
use platform::clock;
use platform::egress::Answer;
use platform::vault::{TenantSecret, VaultError};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::registry::Setting;
use super::store::{Attempted, EndpointKey, Lane, Report, Store};
use super::{Webhooks, sign};
use crate::sending::{self, Answer as Sent};

/// Events that are posted in one turn.
const EVENTS_MAX: i64 = 8;
/// How long a turn may go on: what is posted and not noted is posted again after a crash.
const TURN_MAX: Duration = Duration::from_secs(5);
/// When a lane is looked at again after a failure of our own.
const OWN_FAILURE: Duration = Duration::from_secs(5);
/// Opened secrets that are kept; beyond, all are opened anew.
const OPENED_MAX: usize = 10_000;
/// The subject that commands are sent as.
const ACTOR: &str = "webhooks";

/// What all turns share.
pub struct Courier {
    pub store: Store,
    pub webhooks: Webhooks,
    pub bus: Arc<CommandBus>,
    pub opened: Mutex<HashMap<(Uuid, Uuid), TenantSecret>>,
}

/// What became of a post.
struct Outcome {
    http_status: Option<u16>,
    /// Nothing where it was taken.
    reason: Option<&'static str>,
    detail: Option<String>,
    retry_after: Option<Duration>,
}

impl Courier {
    /// Takes a turn.
    pub async fn turn(self: Arc<Self>, setting: Arc<Setting>, lane: Lane, cancel: CancellationToken) -> Report {
        let mut report = Report {
            next: lane.next,
            attempts: lane.attempts,
            first_attempt_at: lane.first_attempt_at,
            pause: Duration::ZERO,
            attempted: Vec::new(),
            gone: false,
            trouble: None,
            lane,
        };
        if let Err(trouble) = self.go(&setting, &mut report, &cancel).await {
            (report.pause, report.trouble) = (OWN_FAILURE, Some(trouble));
        }
        report
    }

    async fn go(&self, setting: &Setting, report: &mut Report, cancel: &CancellationToken) -> Result<(), String> {
        let started = Instant::now();
        let events = self.store.events(&report.lane, setting.partition, EVENTS_MAX).await.map_err(|error| error.to_string())?;
        // The log holds every number of the range; should it not, there is nothing to wait for.
        if events.is_empty() {
            report.next = report.lane.until + 1;
        }
        let secrets = self.secrets(setting).await.map_err(|error| error.to_string())?;
        for event in &events {
            if cancel.is_cancelled() || started.elapsed() > TURN_MAX {
                return Ok(());
            }
            if self.is_for(setting, &report.lane, event) && !self.deliver(setting, &secrets, event, report).await? {
                return Ok(());
            }
            (report.next, report.attempts, report.first_attempt_at) = (event.sequence + 1, 0, None);
        }
        Ok(())
    }

    /// Whether the endpoint is to be told of the event. One that was asked for by itself is, if its context may be followed at all.
    fn is_for(&self, setting: &Setting, lane: &Lane, event: &RecordedEvent) -> bool {
        let may_follow = (self.webhooks.may_follow)(&setting.roles, &event.context);
        may_follow && (!lane.key.redelivery.is_empty() || setting.filter.matches(event))
    }

    /// The secrets that sign at the moment.
    async fn secrets(&self, setting: &Setting) -> Result<Vec<TenantSecret>, VaultError> {
        let (tenant, now) = (setting.key.tenant, clock::now());
        let mut found = Vec::new();
        for secret in setting.secrets.iter().filter(|secret| secret.until.is_none_or(|until| until > now)) {
            let key = (tenant, secret.id);
            let known = self.opened.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
            found.push(if let Some(known) = known {
                known
            } else {
                let mut connection = self.store.pool.acquire().await?;
                let opened = self.webhooks.vault.secret(&mut connection, tenant, secret.id).await?;
                let mut all = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
                if all.len() >= OPENED_MAX {
                    all.clear();
                }
                all.insert(key, opened.clone());
                opened
            });
        }
        Ok(found)
    }

    /// Posts an event and notes the attempt. Whether the lane may go on.
    async fn deliver(
        &self,
        setting: &Setting,
        secrets: &[TenantSecret],
        event: &RecordedEvent,
        report: &mut Report,
    ) -> Result<bool, String> {
        let (at, started) = (clock::now(), Instant::now());
        let outcome = self.post(setting, secrets, event).await?;
        let first_at = report.first_attempt_at.unwrap_or(at);
        let mut attempted = Attempted {
            event_id: event.event_id,
            partition: event.partition,
            position: event.position,
            event_type: event.wire_type(),
            status: "delivered",
            at,
            first_at,
            next_at: None,
            http_status: outcome.http_status,
            reason: outcome.reason,
            detail: outcome.detail,
            duration: started.elapsed(),
        };
        let label = outcome.reason.unwrap_or("delivered");
        metrics::counter!("neuroops_webhook_attempts_total", "outcome" => label).increment(1);
        let Some(reason) = outcome.reason else {
            report.attempted.push(attempted);
            return Ok(true);
        };
        if reason == "gone" {
            self.disable(&setting.key, event).await?;
            report.gone = true;
        }
        report.attempts += 1;
        report.first_attempt_at = Some(first_at);
        let since_first = (clock::now() - first_at).to_std().unwrap_or_default();
        let pause = self.webhooks.options.schedule.after(report.attempts, since_first, outcome.retry_after);
        attempted.status = if pause.is_some() { "retrying" } else { "failed" };
        attempted.next_at = pause.and_then(|pause| Some(clock::now() + chrono::TimeDelta::from_std(pause).ok()?));
        report.attempted.push(attempted);
        match pause {
            Some(pause) => report.pause = pause,
            None => metrics::counter!("neuroops_webhook_deliveries_failed_total").increment(1),
        }
        // After the last attempt the subject's later events are delivered: the failed one can be asked for again by itself.
        Ok(pause.is_none() && !report.gone)
    }

    async fn post(&self, setting: &Setting, secrets: &[TenantSecret], event: &RecordedEvent) -> Result<Outcome, String> {
        let place = format!("{}/{}@{}", event.context, event.partition, event.position);
        let body = webhook_event(event, &place).map_err(|error| format!("the event at {place} is not JSON: {error}"))?;
        let keys: Vec<&[u8]> = secrets.iter().map(TenantSecret::expose).collect();
        let (id, timestamp) = (event.event_id.to_string(), clock::now().timestamp());
        let signature = sign(&keys, &id, timestamp, body.as_bytes());
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in [("webhook-id", id), ("webhook-timestamp", timestamp.to_string()), ("webhook-signature", signature)] {
            let value = HeaderValue::from_str(&value).map_err(|error| error.to_string())?;
            headers.insert(HeaderName::from_static(name), value);
        }
        let result = self.webhooks.egress.post(&setting.url, headers, Bytes::from(body)).await;
        let failed =
            |http_status, reason, detail: String| Outcome { http_status, reason: Some(reason), detail: Some(detail), retry_after: None };
        Ok(match result {
            Ok(Answer { status, .. }) if (200..300).contains(&status) => {
                Outcome { http_status: Some(status), reason: None, detail: None, retry_after: None }
            }
            Ok(Answer { status, .. }) if (300..400).contains(&status) => {
                failed(Some(status), "redirect", "the receiver redirects, which is not followed".to_owned())
            }
            Ok(Answer { status: 410, .. }) => failed(Some(410), "gone", "the receiver says that it is gone".to_owned()),
            Ok(Answer { status, retry_after }) => {
                Outcome { retry_after, ..failed(Some(status), "http_status", format!("the receiver answers {status}")) }
            }
            Err(error) => failed(None, error.code(), error.to_string()),
        })
    }

    /// Disables an endpoint that says that it is gone.
    async fn disable(&self, key: &EndpointKey, event: &RecordedEvent) -> Result<(), String> {
        let def = self.webhooks.def;
        let body = serde_json::json!({ "cause": def.gone, "detail": format!("410 Gone was the answer to the event {}", event.event_id) });
        let id = key.id.parse().map_err(|_| "the endpoint has an id that is none".to_owned())?;
        let request = CommandRequest {
            tenant_id: TenantId(key.tenant),
            actor: Actor { subject: ACTOR.to_owned(), roles: vec!["service".to_owned()] },
            context: def.context.to_owned(),
            aggregate: def.aggregate.to_owned(),
            id: Some(id),
            command: def.disable.to_owned(),
            body: Bytes::from(body.to_string()),
            expected_version: None,
            // The command changes nothing where it comes twice; a key would answer it from memory after the endpoint was enabled again.
            idempotency_key: None,
            correlation_id: None,
            causation_id: Some(event.event_id.to_string()),
            traceparent: None,
        };
        match sending::answer_of(self.bus.execute(request).await, def.context) {
            Sent::Done { .. } | Sent::Refused { .. } => Ok(()),
            Sent::Passing { detail, .. } => Err(format!("an endpoint that is gone could not be disabled: {detail}")),
        }
    }
}
