//! Errors as RFC 9457 problem details. Every error of the gateway is a [`Problem`], and this is the one place that turns the
//! errors of other crates into one.

use std::borrow::Cow;

use axum::http::header::{ALLOW, CONTENT_TYPE, ETAG, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use commands::CommandError;
use domain::kernel::{DecodeError, Rejection, RejectionKind};
use serde::Serialize;

/// The media type of problem details.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A part of the request that is at fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Path of the field in the body, or the name of the parameter or header.
    pub name: String,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// Another thing that the request collides with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// The id of the aggregate that holds the value.
    pub id: String,
    /// The field whose value it holds.
    pub field: String,
}

#[derive(Clone, Debug)]
struct Inner {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: String,
    fields: Vec<Fault>,
    candidates: Vec<Candidate>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// An error as the client sees it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{} {}: {}", .0.status, .0.code, .0.detail)]
pub struct Problem(Box<Inner>);

/// The body of a problem.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
    fields: &'a [Fault],
    #[serde(skip_serializing_if = "<[Candidate]>::is_empty")]
    candidates: &'a [Candidate],
    trace_id: &'a str,
}

impl Problem {
    /// A problem with a stable code and one sentence for people.
    pub fn new(status: StatusCode, code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            status,
            code: code.into(),
            detail: detail.into(),
            fields: Vec::new(),
            candidates: Vec::new(),
            headers: Vec::new(),
        }))
    }

    /// 400.
    pub fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 400 because of one parameter, header or field.
    pub fn bad_value(code: &'static str, name: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::bad_request(code, format!("`{name}`: {message}")).field(name, message)
    }

    /// 401.
    pub fn unauthorized(code: &'static str, detail: impl Into<String>) -> Self {
        let challenge = HeaderValue::from_static("Bearer realm=\"neuroops\", error=\"invalid_token\"");
        Self::new(StatusCode::UNAUTHORIZED, code, detail).header(WWW_AUTHENTICATE, challenge)
    }

    /// 403.
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// 404; `near` are names that the caller may have meant.
    pub fn unknown(code: &'static str, what: &str, near: &[&str]) -> Self {
        let mut detail = format!("There is no {what}.");
        if !near.is_empty() {
            let names: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
            detail = format!("{detail} Did you mean {}?", names.join(" or "));
        }
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// 405.
    pub fn method_not_allowed(allowed: &[&str]) -> Self {
        let list = allowed.join(", ");
        let problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", format!("This address answers to: {list}."));
        match HeaderValue::from_str(&list) {
            Ok(value) => problem.header(ALLOW, value),
            Err(_) => problem,
        }
    }

    /// 429.
    pub fn too_many(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail).retry_after(1)
    }

    /// 503 because a query was not answered within the time of a request.
    pub fn query_timeout() -> Self {
        let detail =
            "The query was not answered in time. Narrow its filters, or try again; /health/ready tells whether the database is away.";
        Self::unavailable("query_timeout", detail).retry_after(5)
    }

    /// 503.
    pub fn unavailable(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).retry_after(1)
    }

    /// 503 because it is not known whether the command was stored.
    pub fn outcome_unknown() -> Self {
        Self::unavailable(
            "outcome_unknown",
            "Whether the command was stored is not known. Send it again with the same Idempotency-Key: it takes effect at most once.",
        )
    }

    /// 500. What happened goes to the log and not to the client.
    pub fn internal(reason: &dyn std::fmt::Display) -> Self {
        tracing::error!(%reason, "a request failed because of a defect");
        Self::defect()
    }

    /// 500, where the reason is logged already.
    pub fn defect() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side. The trace id leads to the details.")
    }

    /// Names a part of the request that is at fault.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, message: impl Into<String>) -> Self {
        self.0.fields.push(Fault { name: name.into(), message: message.into() });
        self
    }

    /// Asks the client to come back in so many seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u16) -> Self {
        self.header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable code.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// One sentence for people.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The body.
    pub fn to_json(&self, trace_id: &str) -> String {
        let body = Body {
            kind: format!("urn:neuroops:problem:{}", self.0.code),
            title: self.0.status.canonical_reason().unwrap_or("Error"),
            status: self.0.status.as_u16(),
            detail: &self.0.detail,
            code: &self.0.code,
            fields: &self.0.fields,
            candidates: &self.0.candidates,
            trace_id,
        };
        serde_json::to_string(&body).unwrap_or_default()
    }

    /// The answer, complete with the id under which the logs speak of the request.
    pub fn render(self, trace_id: &str) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        let body = self.to_json(trace_id);
        headers.extend(self.0.headers.into_iter().map(|(name, value)| (Some(name), value)));
        (self.0.status, headers, body).into_response()
    }

    /// A problem for an answer that some library made of an error.
    pub fn from_status(status: StatusCode) -> Self {
        let (code, detail): (&'static str, &str) = match status {
            StatusCode::NOT_FOUND => ("unknown_route", "There is nothing at this address."),
            StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "This address does not answer to this method."),
            StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "The request is too large."),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => ("unsupported_media_type", "The media type of the body is not supported."),
            StatusCode::UPGRADE_REQUIRED => ("upgrade_required", "This address speaks WebSocket only."),
            StatusCode::REQUEST_TIMEOUT => ("request_timeout", "The request took too long to arrive."),
            status if status.is_server_error() => return Self::internal(&format!("an answer {status} without a problem")),
            _ => ("bad_request", "The request cannot be understood."),
        };
        Self::new(status, code, detail)
    }
}

impl IntoResponse for Problem {
    /// The answer without its body: the outermost layer knows the trace id and renders it.
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let status = match rejection.kind {
            RejectionKind::Rule => StatusCode::UNPROCESSABLE_ENTITY,
            RejectionKind::NotFound => StatusCode::NOT_FOUND,
            RejectionKind::Conflict => StatusCode::CONFLICT,
        };
        rejection.fields.iter().fold(Self::new(status, rejection.code, rejection.message), |problem, field| problem.field(*field, ""))
    }
}

impl From<DecodeError> for Problem {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::UnknownCommand(name) => Self::unknown("unknown_command", &format!("command `{name}`"), &[]),
            DecodeError::Syntax(message) => Self::bad_request("malformed_json", format!("The body is not valid JSON: {message}.")),
            DecodeError::Field { path, message } => {
                let place = if path.is_empty() { "The body".to_owned() } else { format!("`{path}`") };
                Self::bad_request("invalid_field", format!("{place}: {message}.")).field(path, message)
            }
        }
    }
}

/// The problem of a command to a context.
pub fn of_command(error: CommandError, context: &str) -> Problem {
    match error {
        CommandError::Unknown(what) => Problem::unknown("unknown_command", &what, &[]),
        CommandError::Decode(error) => error.into(),
        CommandError::Rejected(rejection) => rejection.into(),
        CommandError::Claimed { aggregate, held } => {
            let mut fields: Vec<&str> = held.iter().map(|(field, _)| *field).collect();
            fields.dedup();
            let detail = format!("Another {aggregate} has this {}.", fields.join(" and "));
            let mut problem = Problem::new(StatusCode::CONFLICT, format!("{context}.duplicate"), detail);
            for (field, claim) in held {
                let candidate = Candidate { id: claim.holder, field: field.to_owned() };
                if !problem.0.candidates.contains(&candidate) {
                    problem.0.candidates.push(candidate);
                }
            }
            fields.into_iter().fold(problem, |problem, field| problem.field(field, ""))
        }
        CommandError::Precondition { expected, actual } => {
            let detail = format!("The version is {actual}, and If-Match asks for {expected}.");
            let problem = Problem::new(StatusCode::PRECONDITION_FAILED, "version_mismatch", detail);
            match HeaderValue::from_str(&format!("\"{actual}\"")) {
                Ok(etag) => problem.header(ETAG, etag),
                Err(_) => problem,
            }
        }
        CommandError::KeyReused => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            "The Idempotency-Key was used for another command. Use a fresh key for each command.",
        ),
        CommandError::Contended => Problem::unavailable("contended", "The aggregate changes too often at the moment. Try again."),
        CommandError::Overloaded => Problem::too_many("Too many commands are waiting. Try again in a moment."),
        CommandError::Unavailable => Problem::unavailable("unavailable", "The event log cannot be reached. Nothing was stored."),
        CommandError::Unresolved => Problem::outcome_unknown(),
        CommandError::Internal(reason) => Problem::internal(&reason),
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error;
        let passing = match &error {
            // Classes 08 (connection), 40 (serialisation), 53 (resources), 57 (operator intervention).
            Error::Database(database) => {
                let code = database.code().unwrap_or_default();
                if code == "57014" {
                    return Self::query_timeout();
                }
                if code.starts_with("22") {
                    // Class 22 (data exception): a value passed the check of its type, and a statement found it out of range.
                    tracing::warn!(%error, "a value that a caller gave was out of range");
                    return Self::bad_request("invalid_parameter", "The value of a parameter is out of range.");
                }
                ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class))
            }
            Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed => true,
            _ => false,
        };
        if passing {
            tracing::warn!(%error, "Postgres did not answer");
            return Self::unavailable("unavailable", "The database cannot be reached.");
        }
        Self::internal(&error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_defect_says_nothing_of_its_reason() {
        let problem = of_command(CommandError::Internal("relation log.events is gone".to_owned()), "c");
        assert_eq!(problem.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!problem.to_json("t").contains("log.events"));
    }

    #[test]
    fn a_claim_names_each_holder_once() {
        let held = |key: &str| commands::log::HeldClaim { scope: "s".into(), key: key.into(), holder: "7".into() };
        let problem = of_command(CommandError::Claimed { aggregate: "thing", held: vec![("email", held("a")), ("email", held("b"))] }, "c");
        let body: serde_json::Value = serde_json::from_str(&problem.to_json("t")).unwrap();
        assert_eq!(body["code"], "c.duplicate");
        assert_eq!(body["candidates"], serde_json::json!([{ "id": "7", "field": "email" }]));
    }
}
