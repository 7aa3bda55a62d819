//! Hands the metrics of the `metrics` crate to OpenTelemetry.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use metrics::{CounterFn, GaugeFn, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter};

/// The bounds of the buckets of a histogram, by its name.
pub(super) type Buckets = fn(&str) -> &'static [f64];

/// A recorder that hands everything on. Each series is looked up once a use, and made at its first.
pub(super) struct Bridge {
    meter: Meter,
    buckets: Buckets,
    counters: RwLock<HashMap<Key, Arc<CounterSeries>>>,
    gauges: RwLock<HashMap<Key, Arc<GaugeSeries>>>,
    histograms: RwLock<HashMap<Key, Arc<HistogramSeries>>>,
}

struct CounterSeries(Counter<u64>, Vec<KeyValue>);

struct GaugeSeries {
    gauge: Gauge<f64>,
    labels: Vec<KeyValue>,
    /// The value's bits.
    value: AtomicU64,
}

struct HistogramSeries(Histogram<f64>, Vec<KeyValue>);

impl CounterFn for CounterSeries {
    fn increment(&self, value: u64) {
        self.0.add(value, &self.1);
    }

    /// Totals that are counted elsewhere: there are none here, and OpenTelemetry's counters only grow.
    fn absolute(&self, _: u64) {}
}

impl GaugeSeries {
    fn change(&self, change: impl Fn(f64) -> f64) {
        let bits = |old| Some(change(f64::from_bits(old)).to_bits());
        let old = self.value.fetch_update(Ordering::AcqRel, Ordering::Acquire, bits).unwrap_or_else(|old| old);
        self.gauge.record(change(f64::from_bits(old)), &self.labels);
    }
}

impl GaugeFn for GaugeSeries {
    fn increment(&self, value: f64) {
        self.change(|old| old + value);
    }

    fn decrement(&self, value: f64) {
        self.change(|old| old - value);
    }

    fn set(&self, value: f64) {
        self.change(|_| value);
    }
}

impl HistogramFn for HistogramSeries {
    fn record(&self, value: f64) {
        self.0.record(value, &self.1);
    }
}

fn labels(key: &Key) -> Vec<KeyValue> {
    key.labels().map(|label| KeyValue::new(label.key().to_owned(), label.value().to_owned())).collect()
}

fn series<T>(known: &RwLock<HashMap<Key, Arc<T>>>, key: &Key, make: impl FnOnce() -> T) -> Arc<T> {
    if let Some(found) = known.read().unwrap_or_else(PoisonError::into_inner).get(key) {
        return found.clone();
    }
    known.write().unwrap_or_else(PoisonError::into_inner).entry(key.clone()).or_insert_with(|| Arc::new(make())).clone()
}

impl Bridge {
    pub(super) fn new(meter: Meter, buckets: Buckets) -> Self {
        Self { meter, buckets, counters: RwLock::default(), gauges: RwLock::default(), histograms: RwLock::default() }
    }
}

impl Recorder for Bridge {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> metrics::Counter {
        let make = || CounterSeries(self.meter.u64_counter(key.name().to_owned()).build(), labels(key));
        metrics::Counter::from_arc(series(&self.counters, key, make))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> metrics::Gauge {
        let make = || GaugeSeries {
            gauge: self.meter.f64_gauge(key.name().to_owned()).build(),
            labels: labels(key),
            value: AtomicU64::new(0f64.to_bits()),
        };
        metrics::Gauge::from_arc(series(&self.gauges, key, make))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> metrics::Histogram {
        let make = || {
            let histogram = self.meter.f64_histogram(key.name().to_owned()).with_boundaries((self.buckets)(key.name()).to_vec());
            HistogramSeries(histogram.build(), labels(key))
        };
        metrics::Histogram::from_arc(series(&self.histograms, key, make))
    }
}
