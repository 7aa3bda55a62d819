//! One request to one gateway, and what can be known of its end.

use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::Value;

use crate::history::{Outcome, Receipt};

/// How long a client waits for an answer: longer than a gateway waits for a read model.
const PATIENCE: Duration = Duration::from_secs(7);

/// A tenant and its owner's token.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Its id.
    pub id: String,
    /// The token.
    pub token: String,
}

/// A request.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// What comes after `/v1/`.
    pub path: String,
    /// The body of a POST; a GET has none.
    pub body: Option<String>,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
}

impl Request {
    /// A command under its marker.
    pub fn command(path: String, body: &Value, marker: &str) -> Self {
        let headers = vec![("content-type", "application/json".to_owned()), ("x-correlation-id", marker.to_owned())];
        Self { path, body: Some(body.to_string()), headers }
    }

    /// A query that waits for a position.
    pub fn query(path: String, position: &str) -> Self {
        Self { path, body: None, headers: vec![("neuroops-wait-for", position.to_owned())] }
    }

    /// With a header more.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// No connection was made: the request was not sent.
    NotSent,
    /// The connection broke, or the client lost patience.
    Broken,
    /// An answer; its body may have been cut.
    Answer {
        /// The status.
        status: u16,
        /// The body as far as it came.
        body: String,
        /// Whether all of it came.
        whole: bool,
        /// The version in `ETag`.
        version: Option<i64>,
        /// The position in `NeuroOps-Position`.
        position: String,
    },
}

impl Reply {
    /// The status, if there is an answer.
    pub fn status(&self) -> Option<u16> {
        if let Self::Answer { status, .. } = self { Some(*status) } else { None }
    }

    /// The body of an answer with status 200 that came as a whole.
    pub fn accepted(&self) -> Option<&str> {
        match self {
            Self::Answer { status: 200, body, whole: true, .. } => Some(body),
            _ => None,
        }
    }

    /// The receipt of an accepted command.
    pub fn receipt(&self) -> Option<Receipt> {
        serde_json::from_str(self.accepted()?).ok()
    }

    /// How the command ended.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::NotSent => Outcome::Fail,
            Self::Broken | Self::Answer { status: 200, whole: false, .. } => Outcome::Unknown,
            Self::Answer { status, body, .. } => Outcome::of(*status, &code(body)),
        }
    }

    /// Whether another attempt may help.
    pub fn passing(&self) -> bool {
        match self {
            Self::NotSent | Self::Broken => true,
            Self::Answer { status, whole, .. } => matches!(status, 429 | 503) || (*status == 200 && !whole),
        }
    }

    /// What no client may ever be answered.
    pub fn defect(&self) -> Option<String> {
        match self {
            Self::Answer { status, body, .. } if *status >= 500 && *status != 503 => Some(format!("{status}: {body}")),
            Self::Answer { status: 401 | 403, body, .. } => Some(format!("a good token is refused: {body}")),
            _ => None,
        }
    }
}

/// The stable code of a problem.
fn code(body: &str) -> String {
    let problem: Value = serde_json::from_str(body).unwrap_or_default();
    problem["code"].as_str().unwrap_or_default().to_owned()
}

/// A client that waits so long for an answer.
pub fn http(patience: Duration) -> Result<reqwest::Client> {
    // An error here says that somebody else has installed it, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    #[expect(clippy::disallowed_methods, reason = "the harness talks to its own processes")]
    let builder = reqwest::Client::builder();
    Ok(builder.timeout(patience).connect_timeout(Duration::from_secs(2)).build()?)
}

/// Sends requests to the gateways.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    gateways: Vec<String>,
}

impl Client {
    /// A client of these gateways.
    pub fn new(gateways: Vec<String>) -> Result<Self> {
        if gateways.is_empty() {
            bail!("there is no gateway");
        }
        let http = http(PATIENCE)?;
        Ok(Self { http, gateways })
    }

    /// How many gateways there are.
    pub fn gateways(&self) -> usize {
        self.gateways.len()
    }

    /// One attempt at one gateway.
    pub async fn send(&self, gateway: usize, tenant: &Tenant, request: &Request) -> Reply {
        let url = format!("{}/v1/{}", self.gateways[gateway % self.gateways.len()], request.path);
        let mut builder = match &request.body {
            Some(body) => self.http.post(url).body(body.clone()),
            None => self.http.get(url),
        };
        builder = builder.bearer_auth(&tenant.token);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let mut response = match builder.send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() => return Reply::NotSent,
            Err(_) => return Reply::Broken,
        };
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let (version, position) = (header("etag").trim_matches('"').parse().ok(), header("neuroops-position"));
        let status = response.status().as_u16();
        let mut bytes = Vec::new();
        let whole = loop {
            match response.chunk().await {
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => break true,
                Err(_) => break false,
            }
        };
        Reply::Answer { status, body: String::from_utf8_lossy(&bytes).into_owned(), whole, version, position }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str, whole: bool) -> Reply {
        Reply::Answer { status, body: body.to_owned(), whole, version: None, position: String::new() }
    }

    #[test]
    fn an_answer_that_was_cut_is_not_an_acknowledgement() {
        let receipt = r#"{"id":"a","version":1,"events":[{"type":"x","position":3}],"position":"crm/0@3"}"#;
        assert_eq!(answer(200, receipt, true).outcome(), Outcome::Ok);
        assert_eq!(answer(200, receipt, true).receipt().map(|receipt| receipt.events[0].position), Some(3));
        assert_eq!((answer(200, &receipt[..20], false).outcome(), answer(200, "", false).receipt()), (Outcome::Unknown, None));
        assert_eq!((Reply::NotSent.outcome(), Reply::Broken.outcome()), (Outcome::Fail, Outcome::Unknown));
        assert_eq!(answer(503, r#"{"code":"outcome_unknown"}"#, true).outcome(), Outcome::Unknown);
        assert!(answer(500, "{}", true).defect().is_some() && answer(503, "{}", true).defect().is_none());
    }
}
