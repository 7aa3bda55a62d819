//! The HTTP client of the commands that talk to a running NeuroOps.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, IF_MATCH, RANGE, RETRY_AFTER};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// How long to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an answer may stand still.
const READ_TIMEOUT: Duration = Duration::from_mins(2);
/// The longest error body that is read, in bytes.
const ERROR_BYTES_MAX: usize = 1 << 16;

/// Why a request brought no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No connection, or one that broke.
    #[error("{base} cannot be reached: {reason}")]
    Unreachable {
        /// Where the server should be.
        base: String,
        /// The innermost reason.
        reason: String,
    },
    /// An answer that is an error.
    #[error("{problem}")]
    Refused {
        /// What the server says.
        problem: Box<Problem>,
        /// When to come back.
        retry_after: Option<Duration>,
    },
    /// An answer that is not what was asked for.
    #[error("{base} gave an answer that is not understood: {reason}")]
    Unreadable {
        /// Where the server is.
        base: String,
        /// What is wrong.
        reason: String,
    },
}

/// Problem details (RFC 9457), as the gateway writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// Stable code.
    pub code: String,
    /// One sentence for people. Registries of schemas call it `message`.
    #[serde(alias = "message")]
    pub detail: String,
    /// The fields at fault.
    pub fields: Vec<Fault>,
    /// Other records that the request collides with.
    pub candidates: Vec<Candidate>,
    /// The id under which the server's logs speak of the request.
    pub trace_id: String,
}

/// A field at fault.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Fault {
    /// Its path.
    pub name: String,
    /// What is wrong with it.
    pub message: String,
}

/// Another record that holds a unique value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Candidate {
    /// Its id.
    pub id: String,
    /// The field whose value it holds.
    pub field: String,
}

impl Problem {
    /// Whether the same command may succeed later.
    pub fn is_passing(&self) -> bool {
        matches!(self.status, 408 | 429 | 502 | 503 | 504)
    }

    /// The problem with a line for each field at fault and each record that the request collides with.
    pub fn explained(&self) -> String {
        let fields = self.fields.iter().map(|fault| format!("\n  {}: {}", fault.name, fault.message));
        let candidates = self.candidates.iter().map(|other| format!("\n  {} has the same {}", other.id, other.field));
        std::iter::once(self.to_string()).chain(fields).chain(candidates).collect()
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hint = match self.status {
            401 => " Give a valid token with --token or NEUROOPS_TOKEN.",
            403 => " The token's roles do not allow this.",
            _ => "",
        };
        write!(f, "{} ({} {}){hint}", self.detail, self.status, self.code)?;
        if self.status >= 500 && !self.trace_id.is_empty() {
            write!(f, " Trace {}.", self.trace_id)?;
        }
        Ok(())
    }
}

impl ClientError {
    /// Whether the same request may succeed later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { problem, .. } => problem.is_passing(),
            Self::Unreadable { .. } => false,
        }
    }

    /// When the server asks to come back.
    pub fn retry_after(&self) -> Option<Duration> {
        if let Self::Refused { retry_after, .. } = self { *retry_after } else { None }
    }
}

/// Talks to one server as one caller.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

impl Client {
    /// A client of the server at `base`, such as `https://neuroops.example.com`.
    pub fn new(base: &str, token: Option<&str>) -> anyhow::Result<Self> {
        let base = base.trim_end_matches('/').to_owned();
        let url = reqwest::Url::parse(&base).with_context(|| format!("`{base}` is not the address of a server"))?;
        anyhow::ensure!(matches!(url.scheme(), "http" | "https") && url.has_host(), "`{base}` is not the address of a server");
        // Another part of the process may have chosen a provider already, which serves as well.
        drop(rustls::crypto::ring::default_provider().install_default());
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the client of the command line, which talks to the address that its user gives"
        )]
        let builder = reqwest::Client::builder();
        let builder = builder.connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT);
        let builder = builder.user_agent(concat!("neuroops/", env!("CARGO_PKG_VERSION"))).redirect(reqwest::redirect::Policy::none());
        let http = builder.build().context("cannot set up the HTTP client")?;
        Ok(Self { http, base, token: token.map(str::to_owned) })
    }

    /// Where the server is.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// What an error of the connection means to people.
    pub fn broken(&self, error: &reqwest::Error) -> ClientError {
        let mut reason: &dyn std::error::Error = error;
        while let Some(inner) = reason.source() {
            reason = inner;
        }
        let reason = if error.is_timeout() { "no answer in time".to_owned() } else { reason.to_string() };
        ClientError::Unreachable { base: self.base.clone(), reason }
    }

    /// An answer that is not what was asked for.
    pub fn unreadable(&self, reason: impl std::fmt::Display) -> ClientError {
        ClientError::Unreadable { base: self.base.clone(), reason: reason.to_string() }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<reqwest::Response, ClientError> {
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let response = request.send().await.map_err(|error| self.broken(&error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let (status, retry_after) = (response.status(), retry_after(response.headers()));
        let body = self.start_of(response).await;
        let mut problem: Problem = serde_json::from_slice(&body).unwrap_or_default();
        if problem.detail.is_empty() {
            problem.detail = format!("{} answers {status}.", self.base);
        }
        problem.status = status.as_u16();
        Err(ClientError::Refused { problem: Box::new(problem), retry_after })
    }

    async fn start_of(&self, mut response: reqwest::Response) -> Vec<u8> {
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() > ERROR_BYTES_MAX {
                break;
            }
        }
        body
    }

    async fn json<T: DeserializeOwned>(&self, response: reqwest::Response) -> Result<T, ClientError> {
        let body = response.bytes().await.map_err(|error| self.broken(&error))?;
        serde_json::from_slice(&body).map_err(|error| self.unreadable(error))
    }

    /// Reads JSON. `path` starts with `/`.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let response = self.send(self.http.get(format!("{}{path}", self.base)).header(ACCEPT, "application/json")).await?;
        self.json(response).await
    }

    /// Opens an answer of this media type, which includes the effect of the commands that answered these position tokens.
    pub async fn read(&self, path: &str, media_type: &str, positions: Option<&str>) -> Result<reqwest::Response, ClientError> {
        let request = self.http.get(format!("{}{path}", self.base)).header(ACCEPT, media_type);
        let request = match positions {
            Some(positions) => request.header("NeuroOps-Wait-For", positions),
            None => request,
        };
        self.send(request).await
    }

    /// Reads JSON that includes the effect of the command which answered this position token.
    pub async fn get_after<T: DeserializeOwned>(&self, path: &str, position: &str) -> Result<T, ClientError> {
        let response = self.read(path, "application/json", Some(position)).await?;
        self.json(response).await
    }

    /// Reads a table as CSV that includes the effect of the commands which answered these position tokens.
    pub async fn table_after(&self, path: &str, position: &str) -> Result<String, ClientError> {
        self.read(path, "text/csv", Some(position)).await?.text().await.map_err(|error| self.broken(&error))
    }

    /// Opens a stream of server-sent events that goes on after the message with this id.
    pub async fn follow(&self, path: &str, last: Option<&str>) -> Result<reqwest::Response, ClientError> {
        let request = self.http.get(format!("{}{path}", self.base)).header(ACCEPT, "text/event-stream");
        self.send(if let Some(id) = last { request.header("Last-Event-ID", id) } else { request }).await
    }

    /// Sends a command and reads its receipt. The key keeps a second try from taking effect twice.
    pub async fn command<T: DeserializeOwned>(&self, path: &str, key: &str, body: &serde_json::Value) -> Result<T, ClientError> {
        let request = self.http.post(format!("{}{path}", self.base)).header(ACCEPT, "application/json").header("Idempotency-Key", key);
        let response = self.send(request.json(body)).await?;
        self.json(response).await
    }

    /// Sends a command as it is written and reads its receipt as it is written. `version` is the one that the command builds on.
    pub async fn command_text(&self, path: &str, key: &str, version: Option<u64>, body: String) -> Result<String, ClientError> {
        let request = self.http.post(format!("{}{path}", self.base)).header(ACCEPT, "application/json").header("Idempotency-Key", key);
        let request = if let Some(version) = version { request.header(IF_MATCH, format!("\"{version}\"")) } else { request };
        let response = self.send(request.header(CONTENT_TYPE, "application/json").body(body)).await?;
        response.text().await.map_err(|error| self.broken(&error))
    }

    /// Sends JSON under this media type to a server that is not NeuroOps, and reads what it answers.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        media_type: &str,
        login: Option<(&str, &str)>,
        body: &serde_json::Value,
    ) -> Result<T, ClientError> {
        let request = self.http.post(format!("{}{path}", self.base)).header(CONTENT_TYPE, media_type).header(ACCEPT, media_type);
        let request = match login {
            Some((user, password)) => request.basic_auth(user, Some(password)),
            None => request,
        };
        self.json(self.send(request.body(body.to_string())).await?).await
    }

    /// Opens a file from a byte on; the answer streams the rest of it.
    pub async fn open(&self, path: &str, from: u64) -> Result<reqwest::Response, ClientError> {
        let request = self.http.get(format!("{}{path}", self.base));
        let request = if from > 0 { request.header(RANGE, format!("bytes={from}-")) } else { request };
        self.send(request).await
    }

    /// Sends lines of JSON; the answer streams lines back.
    pub async fn post_lines(&self, path: &str, body: Vec<u8>) -> Result<reqwest::Response, ClientError> {
        let request = self.http.post(format!("{}{path}", self.base)).header(CONTENT_TYPE, "application/x-ndjson");
        self.send(request.header(ACCEPT, "application/x-ndjson").body(body)).await
    }
}

/// The seconds that an answer asks to wait (RFC 9110 §10.2.3; dates are not used by the gateway).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_no_server_is_refused() {
        assert!(Client::new("http://127.0.0.1:8080/", None).is_ok_and(|client| client.base() == "http://127.0.0.1:8080"));
        for bad in ["", "localhost:8080", "ftp://x", "/x"] {
            assert!(Client::new(bad, None).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_problem_tells_people_what_to_do() {
        let problem =
            Problem { status: 401, code: "token_expired".to_owned(), detail: "The token has expired.".to_owned(), ..Problem::default() };
        assert_eq!(problem.to_string(), "The token has expired. (401 token_expired) Give a valid token with --token or NEUROOPS_TOKEN.");
    }

    #[test]
    fn an_explained_problem_names_fields_and_other_records() {
        let problem = Problem {
            status: 409,
            code: "crm.duplicate".to_owned(),
            detail: "There is such a contact.".to_owned(),
            fields: vec![Fault { name: "email".to_owned(), message: "taken".to_owned() }],
            candidates: vec![Candidate { id: "c-1".to_owned(), field: "email".to_owned() }],
            ..Problem::default()
        };
        assert_eq!(problem.explained(), "There is such a contact. (409 crm.duplicate)\n  email: taken\n  c-1 has the same email");
    }

    #[test]
    fn errors_that_pass_are_told_from_those_that_stay() {
        let refused = |status| ClientError::Refused {
            problem: Box::new(Problem { status, ..Problem::default() }),
            retry_after: Some(Duration::from_secs(2)),
        };
        assert!(refused(503).is_passing() && !refused(422).is_passing());
        assert_eq!(refused(503).retry_after(), Some(Duration::from_secs(2)));
        assert!(ClientError::Unreachable { base: String::new(), reason: String::new() }.is_passing());
    }
}
