//! Export by OTLP, where a collector is configured: traces as spans, and the same metrics that `/metrics` shows.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use metrics_util::layers::FanoutBuilder;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{MetricExporter, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};

use super::bridge::Bridge;
use crate::config::Secret;

/// How often metrics are sent.
const METRICS_EVERY: Duration = Duration::from_secs(15);
/// How long the collector may take for an answer, and how long the end of the process waits for what is still to be sent.
const EXPORT_MAX: Duration = Duration::from_secs(5);
/// The instrumentation scope.
const SCOPE: &str = "neuroops";

/// Where traces and metrics go.
#[derive(Clone, Debug, PartialEq)]
pub struct OtlpOptions {
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: the collector's base address; OTLP over HTTP with protobuf.
    pub endpoint: String,
    /// `OTEL_EXPORTER_OTLP_HEADERS`: sent along, such as a key of the collector's; `name=value`, several with commas.
    pub headers: Option<Secret>,
    /// `OTEL_SERVICE_NAME`: what the process is called there.
    pub service_name: String,
    /// `OTEL_TRACES_SAMPLER_ARG`: the share of traces that is recorded where the caller has not decided, from 0 to 1.
    pub sampled_share: f64,
}

/// Why nothing can be exported.
#[derive(Debug, thiserror::Error)]
#[error("traces and metrics cannot be exported to OTEL_EXPORTER_OTLP_ENDPOINT: {0}")]
pub struct OtlpError(String);

static TRACER: OnceLock<SdkTracer> = OnceLock::new();
static METERS: OnceLock<SdkMeterProvider> = OnceLock::new();

/// What makes spans, where they are exported.
pub(super) fn tracer() -> Option<&'static SdkTracer> {
    TRACER.get()
}

/// Exports until it is dropped, which sends what is left.
pub struct Otlp {
    traces: SdkTracerProvider,
    meters: SdkMeterProvider,
}

impl Otlp {
    /// Starts to export. To be called before metrics are collected, once in a process.
    pub fn start(options: &OtlpOptions) -> Result<Self, OtlpError> {
        // Another part of the process may have chosen a provider of TLS already, which serves as well.
        drop(rustls::crypto::ring::default_provider().install_default());
        let headers = options.headers.as_ref().and_then(|text| headers(text.expose())).unwrap_or_default();
        let address = |signal: &str| format!("{}/v1/{signal}", options.endpoint.trim_end_matches('/'));
        let failed = |error: &dyn std::error::Error| OtlpError(error.to_string());
        let spans = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(address("traces"))
            .with_headers(headers.clone())
            .with_timeout(EXPORT_MAX)
            .build()
            .map_err(|error| failed(&error))?;
        let metrics = MetricExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(address("metrics"))
            .with_headers(headers)
            .with_timeout(EXPORT_MAX)
            .build()
            .map_err(|error| failed(&error))?;
        let resource = Resource::builder()
            .with_service_name(options.service_name.clone())
            .with_attribute(opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .with_attribute(opentelemetry::KeyValue::new("service.instance.id", crate::clock::new_id().to_string()))
            .build();
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(options.sampled_share)));
        let traces = SdkTracerProvider::builder().with_batch_exporter(spans).with_sampler(sampler).with_resource(resource.clone()).build();
        let reader = PeriodicReader::builder(metrics).with_interval(METRICS_EVERY).build();
        let meters = SdkMeterProvider::builder().with_reader(reader).with_resource(resource).build();
        let first = TRACER.set(traces.tracer(SCOPE)).is_ok() && METERS.set(meters.clone()).is_ok();
        if first { Ok(Self { traces, meters }) } else { Err(OtlpError("this process exports already".to_owned())) }
    }
}

impl Drop for Otlp {
    fn drop(&mut self) {
        let ended = [self.traces.shutdown_with_timeout(EXPORT_MAX), self.meters.shutdown_with_timeout(EXPORT_MAX)];
        for error in ended.into_iter().filter_map(Result::err) {
            tracing::warn!(%error, "the last traces and metrics were not exported");
        }
    }
}

/// Collects metrics with this recorder, and exports them besides where that is wanted. Whether it is the first of the process.
pub(super) fn collect(recorder: metrics_exporter_prometheus::PrometheusRecorder, buckets: super::bridge::Buckets) -> bool {
    match METERS.get() {
        Some(meters) => {
            let bridge = Bridge::new(meters.meter(SCOPE), buckets);
            metrics::set_global_recorder(FanoutBuilder::default().add_recorder(recorder).add_recorder(bridge).build()).is_ok()
        }
        None => metrics::set_global_recorder(recorder).is_ok(),
    }
}

/// Reads a list of headers; `None` where one of them has no name.
pub fn headers(text: &str) -> Option<HashMap<String, String>> {
    let pair = |header: &str| header.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
    text.split(',').map(|header| pair(header).filter(|(name, _)| !name.is_empty())).collect()
}
