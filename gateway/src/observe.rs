//! The outermost layer: a span and metrics for every request, security headers, and the rendering of problems.

use std::any::Any;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use platform::telemetry::TraceParent;
use platform::telemetry::spans::ServerSpan;
use tracing::Instrument as _;

use crate::problem::Problem;
use crate::state::GatewayState;

/// The trace that a request belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Trace(pub TraceParent);

/// Gives the request a trace, a span and a label, and finishes the answer.
pub async fn observe(State(state): State<GatewayState>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let given = request.headers().get("traceparent").and_then(|value| value.to_str().ok()).and_then(TraceParent::parse);
    let (trace, exported) = ServerSpan::start(given);
    request.extensions_mut().insert(Trace(trace));
    let method = method_label(request.method());
    let versioned = request.uri().path().starts_with("/v1/");
    let route = route_label(&state, &request);
    let trace_id = trace.trace_id_hex();
    let span = tracing::info_span!("http", method, route, trace_id, status = tracing::field::Empty, tenant = tracing::field::Empty);
    let response = async {
        let response = finish(next.run(request).await, &trace_id, versioned);
        let status = response.status().as_u16();
        tracing::Span::current().record("status", status);
        let exported = exported.end(method, &route, status);
        if response.status().is_server_error() {
            tracing::warn!(status, "the request was not served");
        } else if trace.sampled && !exported {
            // One line where the request's trace begins here; the log, the relay and the projections have theirs.
            tracing::info!(trace_id, status, seconds = started.elapsed().as_secs_f64(), "served");
        }
        response
    };
    let response = response.instrument(span).await;
    let seconds = started.elapsed().as_secs_f64();
    let status = response.status().as_u16().to_string();
    metrics::counter!("neuroops_http_requests_total", "method" => method, "route" => route.clone(), "status" => status).increment(1);
    metrics::histogram!("neuroops_http_seconds", "route" => route).record(seconds);
    response
}

fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "OTHER",
    }
}

fn route_label(state: &GatewayState, request: &Request) -> String {
    let Some(matched) = request.extensions().get::<MatchedPath>() else { return "unmatched".to_owned() };
    let matched = matched.as_str();
    if !matched.starts_with("/v1/{") {
        return matched.to_owned();
    }
    let segments: Vec<&str> = request.uri().path().split('/').skip(2).collect();
    state.catalogue().label(request.method() == Method::POST, &segments).unwrap_or_else(|| matched.to_owned())
}

/// Renders problems, turns errors that libraries answered into problems, and adds the headers that every answer has.
fn finish(mut response: Response, trace_id: &str, versioned: bool) -> Response {
    if let Some(problem) = problem_of(&mut response) {
        let kept = std::mem::take(response.headers_mut());
        response = problem.render(trace_id);
        let headers = response.headers_mut();
        // What other layers had to say, such as CORS, goes along; what described the replaced body does not.
        for (name, value) in kept {
            if let Some(name) = name.filter(|name| name.as_str().starts_with("access-control-") || name == "vary") {
                headers.append(name, value);
            }
        }
    }
    let headers = response.headers_mut();
    default(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(headers, REFERRER_POLICY, "no-referrer");
    default(headers, X_FRAME_OPTIONS, "DENY");
    if versioned {
        default(headers, CACHE_CONTROL, "no-store");
    }
    response
}

fn problem_of(response: &mut Response) -> Option<Problem> {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        return Some(problem);
    }
    let status = response.status();
    let explained = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("json"));
    ((status.is_client_error() || status.is_server_error()) && !explained).then(|| Problem::from_status(status))
}

fn default(headers: &mut HeaderMap, name: axum::http::HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}

/// What a client sees of a panic.
#[expect(clippy::needless_pass_by_value, reason = "the layer gives the payload away")]
pub fn panicked(payload: Box<dyn Any + Send + 'static>) -> Response {
    let text = payload.downcast_ref::<String>().map(String::as_str).or_else(|| payload.downcast_ref::<&str>().copied());
    Problem::internal(&format!("a handler panicked: {}", text.unwrap_or("without a text"))).into_response()
}
