//! Logs, metrics and traces.

mod bridge;
pub mod otlp;
pub mod spans;

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// Starts logging to standard error. `filter` is in the syntax of `RUST_LOG`. A second call changes nothing.
pub fn init_logs(format: LogFormat, filter: &str) {
    let (filter, fault) = match EnvFilter::try_new(filter) {
        Ok(filter) => (filter, None),
        Err(fault) => (EnvFilter::new("info"), Some(fault)),
    };
    let registry = tracing_subscriber::registry().with(filter);
    let colours = std::io::stderr().is_terminal() && crate::config::variable("NO_COLOR").is_none();
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours);
    let done = match format {
        LogFormat::Text => registry.with(layer.with_target(false).compact()).try_init(),
        LogFormat::Json => registry.with(layer.json().flatten_event(true).with_current_span(true).with_span_list(false)).try_init(),
    };
    drop(done);
    if let Some(fault) = fault {
        tracing::warn!(%fault, "the log filter cannot be read, `info` stands in for it");
    }
}

/// The bounds of the buckets of a histogram.
fn buckets(name: &str) -> &'static [f64] {
    const SECONDS: [f64; 16] = [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.0, 2.0, 4.0, 8.0, 16.0];
    const COUNTS: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];
    if name.ends_with("_seconds") { &SECONDS } else { &COUNTS }
}

/// Starts collecting metrics; the handle renders them for `/metrics`. All calls in one process give the same handle.
pub fn init_metrics() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(collect_metrics).clone()
}

fn collect_metrics() -> PrometheusHandle {
    let with = |builder: PrometheusBuilder, suffix: &str| {
        let buckets = builder.set_buckets_for_metric(Matcher::Suffix(suffix.to_owned()), buckets(suffix));
        buckets.unwrap_or_else(|_| PrometheusBuilder::new())
    };
    let recorder = ["_seconds", "_batch_commands", "_batch_events"].into_iter().fold(PrometheusBuilder::new(), with).build_recorder();
    let handle = recorder.handle();
    if otlp::collect(recorder, buckets) {
        sum_up(handle.clone());
    }
    handle
}

/// Puts observations into their buckets from time to time. Otherwise each is kept until somebody asks for `/metrics`, which may be never.
fn sum_up(handle: PrometheusHandle) {
    const EVERY: Duration = Duration::from_secs(5);
    let started = std::thread::Builder::new().name("metrics".to_owned()).spawn(move || {
        loop {
            std::thread::sleep(EVERY);
            handle.run_upkeep();
        }
    });
    if let Err(error) = started {
        tracing::error!(%error, "no thread for the metrics; their memory grows until they are asked for");
    }
}

/// W3C trace context (`traceparent`, version 00).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    /// The trace.
    pub trace_id: u128,
    /// The span within the trace.
    pub span_id: u64,
    /// Whether the caller records the trace.
    pub sampled: bool,
}

impl TraceParent {
    /// Reads a header; `None` where it does not follow the standard.
    pub fn parse(header: &str) -> Option<Self> {
        let mut parts = header.trim().split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let lower_hex = |text: &str, length: usize| {
            text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        };
        let fits = lower_hex(version, 2) && version != "ff" && lower_hex(trace, 32) && lower_hex(span, 16) && lower_hex(flags, 2);
        if !fits || (version == "00" && parts.next().is_some()) {
            return None;
        }
        let trace_id = u128::from_str_radix(trace, 16).ok().filter(|id| *id != 0)?;
        let span_id = u64::from_str_radix(span, 16).ok().filter(|id| *id != 0)?;
        let sampled = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
        Some(Self { trace_id, span_id, sampled })
    }

    /// A new trace that nobody records.
    pub fn start() -> Self {
        let (trace_id, span_id) = (crate::clock::new_id().as_u128(), crate::clock::new_id().as_u64_pair().1);
        Self { trace_id, span_id, sampled: false }
    }

    /// The same trace, from a new span on.
    #[must_use]
    pub fn child(self) -> Self {
        Self { span_id: crate::clock::new_id().as_u64_pair().1, ..self }
    }

    /// The header's text.
    pub fn header(self) -> String {
        let mut header = String::with_capacity(55);
        // Writing to a String cannot fail.
        let _ = write!(header, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, u8::from(self.sampled));
        header
    }

    /// The trace's id as it stands in logs.
    pub fn trace_id_hex(self) -> String {
        format!("{:032x}", self.trace_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_context_is_read_and_written_as_the_standard_says() {
        let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(TraceParent::parse(header).map(TraceParent::header).as_deref(), Some(header));
        for bad in [
            "",
            "00-0-0-0",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        ] {
            assert_eq!(TraceParent::parse(bad), None, "{bad}");
        }
        let child = TraceParent::parse(header).unwrap().child();
        assert!(child.header() != header && child.header().starts_with("00-0af7651916cd43dd8448eb211c80319c-"));
    }
}
