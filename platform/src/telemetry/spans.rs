//! Spans of recorded traces: exported where a collector is configured, else lines of the log, so that one request can be followed to its
//! row either way.

use std::borrow::Cow;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::Span;

use super::{TraceParent, otlp};

impl TraceParent {
    /// As the parent of spans.
    fn context(self) -> Context {
        let flags = if self.sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
        let (trace, span) = (TraceId::from(self.trace_id), SpanId::from(self.span_id));
        Context::new().with_remote_span_context(SpanContext::new(trace, span, flags, true, TraceState::default()))
    }
}

/// A request that is being served.
pub struct ServerSpan(Option<Span>);

impl ServerSpan {
    /// Begins, as part of the caller's trace or with a trace of its own.
    pub fn start(caller: Option<TraceParent>) -> (TraceParent, Self) {
        let Some(tracer) = otlp::tracer() else {
            return (caller.map_or_else(TraceParent::start, TraceParent::child), Self(None));
        };
        let parent = caller.map_or_else(Context::new, TraceParent::context);
        let span = SpanBuilder::from_name("request").with_kind(SpanKind::Server).start_with_context(tracer, &parent);
        let context = span.span_context();
        let trace = TraceParent {
            trace_id: u128::from_be_bytes(context.trace_id().to_bytes()),
            span_id: u64::from_be_bytes(context.span_id().to_bytes()),
            sampled: context.is_sampled(),
        };
        (trace, Self(Some(span)))
    }

    /// Ends with a status, named by method and route (semantic conventions of HTTP servers). Whether it is exported.
    pub fn end(self, method: &'static str, route: &str, status: u16) -> bool {
        let Some(mut span) = self.0.filter(opentelemetry::trace::Span::is_recording) else { return false };
        span.update_name(format!("{method} {route}"));
        span.set_attributes([
            KeyValue::new("http.request.method", method),
            KeyValue::new("http.route", route.to_owned()),
            KeyValue::new("http.response.status_code", i64::from(status)),
        ]);
        if status >= 500 {
            span.set_status(Status::error(""));
        }
        span.end();
        true
    }
}

/// A step of a trace after the request.
pub struct Step {
    /// What it is called: operation and destination.
    pub name: Cow<'static, str>,
    /// Which side of an exchange it is.
    pub kind: StepKind,
    /// When it began.
    pub started: DateTime<Utc>,
    /// What the semantic conventions ask for; the values must not be secrets.
    pub attributes: Vec<(&'static str, String)>,
}

/// Which side of an exchange a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Asks a server.
    Client,
    /// Sends a message.
    Producer,
    /// Processes a message.
    Consumer,
}

/// Exports a step that has just ended. Whether traces are exported at all.
pub fn export(parent: TraceParent, step: impl FnOnce() -> Step) -> bool {
    let Some(tracer) = otlp::tracer() else { return false };
    let step = step();
    let kind = match step.kind {
        StepKind::Client => SpanKind::Client,
        StepKind::Producer => SpanKind::Producer,
        StepKind::Consumer => SpanKind::Consumer,
    };
    SpanBuilder::from_name(step.name)
        .with_kind(kind)
        .with_start_time(SystemTime::from(step.started))
        .with_attributes(step.attributes.into_iter().map(|(name, value)| KeyValue::new(name, value)))
        .start_with_context(tracer, &parent.context())
        .end();
    true
}
