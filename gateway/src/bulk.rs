//! `POST /v1/commands`: many commands as NDJSON, one result line each, in order.
//!
//! Commands run side by side so that the log commits them in groups; those on one aggregate run one after the other, in the order
//! of the input. Memory is bounded by the number under way: a client that does not read its results is not read from either.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ::commands::{CommandRequest, Receipt};
use axum::Extension;
use axum::body::{Body, BodyDataStream, HttpBody as _};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures::future::{BoxFuture, FutureExt as _};
use futures::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::oneshot;

use crate::auth::Caller;
use crate::commands::{Found, Named, execute, id_required};
use crate::headers;
use crate::limits::{self, Turn};
use crate::observe::Trace;
use crate::problem::Problem;
use crate::state::GatewayState;

/// Results that are ready at the same time go out in one piece of at most this many lines.
const LINES_TOGETHER_MAX: usize = 64;
/// Aggregates that are remembered before those that are done with are forgotten.
const TAILS_MAX: usize = 1024;

/// One line of the input.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    context: String,
    aggregate: String,
    id: Option<String>,
    command: String,
    body: Option<Box<RawValue>>,
    idempotency_key: Option<String>,
    expected_version: Option<i64>,
}

/// One line of the output.
#[derive(Serialize)]
struct ResultLine<'a> {
    line: u64,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<&'a Receipt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Box<RawValue>>,
}

/// Runs the commands of a stream.
pub async fn run(
    State(state): State<GatewayState>,
    Extension(caller): Extension<Arc<Caller>>,
    Extension(trace): Extension<Trace>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    limits::check_media_type(&headers, &["application/x-ndjson", "application/ndjson", "application/jsonl", "application/json"])?;
    state.auth().may_command(&caller).await?;
    let (correlation_id, _) = headers::correlation(&headers)?;
    let options = state.options();
    let in_flight_max = options.bulk_in_flight_max.max(1);
    if body.is_end_stream() {
        return Err(Problem::bad_request("empty_body", "The body holds no commands: send one JSON object a line."));
    }
    let lines = Lines::new(body, options.bulk_line_bytes_max, options.request_timeout);
    let turn = state.requests().enter(caller.tenant_id, "requests under way")?;
    let trace_id = trace.0.trace_id_hex();
    let mut runner = Runner { state, caller, trace, correlation_id, tails: HashMap::new(), _turn: turn };
    let results = stream::unfold(lines, |mut lines| async move { lines.next().await.map(|line| (line, lines)) })
        .map(move |(number, line)| {
            let result = runner.start(line);
            async move { (number, result.await) }
        })
        .buffered(in_flight_max)
        .map(move |(number, result)| result_line(number, &result, &trace_id))
        .ready_chunks(LINES_TOGETHER_MAX)
        .map(|lines| Ok::<_, std::convert::Infallible>(Bytes::from(lines.concat())));
    let mut response = Body::from_stream(results).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    // Proxies that collect answers would hold results back.
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

fn result_line(line: u64, result: &Result<Receipt, Problem>, trace_id: &str) -> Vec<u8> {
    let line = match result {
        Ok(receipt) => ResultLine { line, status: StatusCode::OK.as_u16(), receipt: Some(receipt), problem: None },
        Err(problem) => {
            let body = RawValue::from_string(problem.to_json(trace_id)).ok();
            ResultLine { line, status: problem.status().as_u16(), receipt: None, problem: body }
        }
    };
    let mut bytes = serde_json::to_vec(&line).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// Starts commands, and keeps those on one aggregate in order.
struct Runner {
    state: GatewayState,
    caller: Arc<Caller>,
    trace: Trace,
    correlation_id: Option<String>,
    /// For each aggregate, the end of its last command.
    tails: HashMap<(String, String, String), oneshot::Receiver<()>>,
    _turn: Turn,
}

impl Runner {
    fn start(&mut self, line: Result<Bytes, Problem>) -> BoxFuture<'static, Result<Receipt, Problem>> {
        let (found, request) = match line.and_then(|line| self.read(&line)) {
            Ok(read) => read,
            Err(problem) => return futures::future::ready(Err(problem)).boxed(),
        };
        let (done, tail) = oneshot::channel::<()>();
        let before = request.id.as_ref().and_then(|id| {
            let key = (request.context.clone(), request.aggregate.clone(), id.to_string());
            self.tails.insert(key, tail)
        });
        if self.tails.len() > TAILS_MAX {
            self.tails.retain(|_, tail| matches!(tail.try_recv(), Err(oneshot::error::TryRecvError::Empty)));
        }
        let (state, caller) = (self.state.clone(), self.caller.clone());
        // A task of its own: commands use all cores, and a defect in one does not take the others down.
        let task = tokio::spawn(async move {
            if let Some(before) = before {
                // The command before this one ends by dropping its side, whatever became of it.
                drop(before.await);
            }
            let result = async {
                // A stream may outlive the token that opened it.
                state.auth().check(&caller).await?;
                state.auth().may_command(&caller).await?;
                state.features().require(caller.tenant_id, found.context).await?;
                execute(&state, &caller, &found, request, true).await
            };
            let result = result.await;
            drop(done);
            result
        });
        async move { task.await.unwrap_or_else(|error| Err(Problem::internal(&error))) }.boxed()
    }

    fn read(&self, bytes: &[u8]) -> Result<(Found, CommandRequest), Problem> {
        limits::check_json(bytes, self.state.options().json_depth_max)?;
        let line: Line = domain::kernel::decode_json(bytes)?;
        let named = Named { context: &line.context, aggregate: &line.aggregate, command: &line.command };
        let found = named.find(&self.state)?;
        self.caller.require(found.permission())?;
        if line.id.is_none() && !found.makes_id {
            return Err(id_required(&found));
        }
        if line.expected_version.is_some_and(|version| version < 0) {
            return Err(Problem::bad_value("invalid_field", "expected_version", "the version is 0 or more"));
        }
        let body = line.body.map(|raw| Bytes::copy_from_slice(raw.get().as_bytes())).unwrap_or_default();
        let request = CommandRequest {
            tenant_id: self.caller.tenant_id,
            actor: self.caller.actor.clone(),
            context: line.context,
            aggregate: line.aggregate,
            id: line.id.map(headers::aggregate_id).transpose()?,
            command: line.command,
            body,
            expected_version: line.expected_version,
            idempotency_key: line.idempotency_key.as_deref().map(headers::check_idempotency_key).transpose()?,
            correlation_id: self.correlation_id.clone(),
            causation_id: None,
            traceparent: Some(self.trace.0.header()),
        };
        Ok((found, request))
    }
}

/// The lines of a body, as they arrive. Blank lines count and are left out.
struct Lines {
    body: BodyDataStream,
    buffer: BytesMut,
    /// How much of the buffer is known to hold no line end.
    scanned: usize,
    number: u64,
    /// Within a line that was refused for its length.
    skipping: bool,
    ended: bool,
    line_bytes_max: usize,
    stall_max: Duration,
}

impl Lines {
    fn new(body: Body, line_bytes_max: usize, stall_max: Duration) -> Self {
        let body = body.into_data_stream();
        Self { body, buffer: BytesMut::new(), scanned: 0, number: 0, skipping: false, ended: false, line_bytes_max, stall_max }
    }

    async fn next(&mut self) -> Option<(u64, Result<Bytes, Problem>)> {
        loop {
            if let Some(end) = self.buffer[self.scanned..].iter().position(|byte| *byte == b'\n') {
                let line = self.buffer.split_to(self.scanned + end + 1).freeze();
                self.scanned = 0;
                if let Some(found) = self.found(line) {
                    return Some(found);
                }
                continue;
            }
            if self.skipping {
                self.buffer.clear();
            }
            self.scanned = self.buffer.len();
            if self.scanned > self.line_bytes_max {
                self.skipping = true;
                return Some((self.number + 1, Err(self.too_long())));
            }
            if self.ended {
                let rest = self.buffer.split().freeze();
                self.scanned = 0;
                return if rest.is_empty() { None } else { self.found(rest) };
            }
            if let Err(problem) = self.fill().await {
                self.ended = true;
                self.buffer.clear();
                self.scanned = 0;
                return Some((self.number + 1, Err(problem)));
            }
        }
    }

    /// A whole line, unless it is blank or the end of one that was refused.
    fn found(&mut self, line: Bytes) -> Option<(u64, Result<Bytes, Problem>)> {
        self.number += 1;
        if std::mem::take(&mut self.skipping) || line.trim_ascii().is_empty() {
            return None;
        }
        let result = if line.len() > self.line_bytes_max { Err(self.too_long()) } else { Ok(line) };
        Some((self.number, result))
    }

    fn too_long(&self) -> Problem {
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("The line is longer than {} bytes.", self.line_bytes_max))
    }

    async fn fill(&mut self) -> Result<(), Problem> {
        match tokio::time::timeout(self.stall_max, self.body.next()).await {
            Ok(Some(Ok(chunk))) => self.buffer.extend_from_slice(&chunk),
            Ok(Some(Err(_))) => return Err(Problem::bad_request("incomplete_body", "The body ended before it was complete.")),
            Ok(None) => self.ended = true,
            Err(_) => return Err(limits::body_timed_out(self.stall_max)),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(chunks: &[&'static str], line_bytes_max: usize) -> Vec<(u64, Result<String, u16>)> {
        let chunks: Vec<Result<&'static str, std::io::Error>> = chunks.iter().map(|chunk| Ok(*chunk)).collect();
        let mut lines = Lines::new(Body::from_stream(stream::iter(chunks)), line_bytes_max, Duration::from_secs(5));
        let mut all = Vec::new();
        while let Some((number, line)) = lines.next().await {
            let line = line.map(|bytes| String::from_utf8_lossy(bytes.trim_ascii()).into_owned());
            all.push((number, line.map_err(|problem| problem.status().as_u16())));
        }
        all
    }

    #[tokio::test]
    async fn lines_are_found_however_the_body_is_cut() {
        let expected = vec![(1, Ok("one".to_owned())), (3, Ok("two".to_owned())), (4, Ok("three".to_owned()))];
        assert_eq!(lines(&["one\n\ntwo\r\nthree"], 10).await, expected);
        assert_eq!(lines(&["o", "ne", "\n", "\nt", "wo\r\nth", "ree", "\n"], 10).await, expected);
        assert_eq!(lines(&[], 10).await, []);
    }

    #[tokio::test]
    async fn a_line_too_long_is_refused_once_and_the_next_is_read() {
        let expected = vec![(1, Err(413)), (2, Ok("ok".to_owned()))];
        assert_eq!(lines(&["0123456789", "0123456789", "0123", "456789\nok"], 8).await, expected);
        assert_eq!(lines(&["0123456789\nok\n"], 8).await, expected);
        assert_eq!(lines(&["0123456789"], 8).await, vec![(1, Err(413))]);
    }
}
