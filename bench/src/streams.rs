//! Clients of the event stream: 1,000 that wait and 100 that are told of everything, on connections of their own. Beside them the same 100
//! alone, and what clients may hold at most.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use ::commands::{BusOptions, CommandBus};
use anyhow::{Context as _, Result, anyhow, ensure};
use chrono::{DateTime, Utc};
use gateway::{GatewayOptions, GatewayParts, GatewayState};
use hdrhistogram::Histogram;
use projections::contexts;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::commands::request;
use crate::report::Report;
use crate::setup::Bench;

const IDLE: usize = 1000;
/// Idle clients of one tenant.
const IDLE_OF_TENANT: usize = 20;
const BUSY: usize = 100;
/// Tenants of the busy clients: each event goes to twenty of them.
const BUSY_TENANTS: usize = 5;
/// Commands per second, over all of those tenants.
const RATE: u64 = 100;
const TIME: Duration = Duration::from_secs(10);
/// What a client may have waiting for it: a queue, a page of the log, and buffers of its connection.
const CLIENT_BYTES_MAX: u64 = (2 << 20) + (256 << 10);
const SECRET: &str = "a secret of the benchmarks that is long enough";

/// When the event of a message was recorded.
fn recorded_at(message: &[u8]) -> Option<DateTime<Utc>> {
    let text = std::str::from_utf8(message).ok()?;
    let (time, _) = text.split_once("\"time\":\"")?.1.split_once('"')?;
    time.parse().ok()
}

/// A client that reads messages and tells how old their events were, in microseconds.
async fn read(mut stream: TcpStream, ages: mpsc::UnboundedSender<u64>) {
    let mut buffer = vec![0; 16 << 10];
    let mut text = Vec::new();
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        text.extend_from_slice(&buffer[..count]);
        while let Some(end) = text.windows(2).position(|window| window == b"\n\n") {
            let age = recorded_at(&text[..end]).map(|at| (platform::clock::now() - at).num_microseconds().unwrap_or(i64::MAX));
            text.drain(..end + 2);
            if let Some(age) = age
                && ages.send(age.max(0).unsigned_abs()).is_err()
            {
                return;
            }
        }
    }
}

async fn connect(address: std::net::SocketAddr, tenant: Uuid) -> Result<TcpStream> {
    let token = gateway::issue(SECRET, tenant, "bench", &["member".to_owned()], platform::clock::new_id(), Duration::from_hours(1));
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("GET /v1/events HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\r\n").as_bytes()).await?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).await?;
    ensure!(&head == b"HTTP/1.1 200", "a stream was refused: {}", String::from_utf8_lossy(&head));
    Ok(stream)
}

/// Resident memory and processor time of this process: bytes and seconds.
fn usage() -> Result<(u64, f64)> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("the kernel tells of memory")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit_once(')').context("the kernel tells of time")?.1.split_whitespace().collect();
    // Fields 14 and 15 of the whole, in hundredths of a second.
    let ticks: u32 = fields[11].parse::<u32>()? + fields[12].parse::<u32>()?;
    Ok((kilobytes * 1024, f64::from(ticks) / 100.0))
}

/// A gateway with the clients of a measurement.
struct Hall {
    bus: Arc<CommandBus>,
    address: std::net::SocketAddr,
    shutdown: CancellationToken,
}

impl Hall {
    async fn open(bench: &Bench) -> Result<Self> {
        let bus = CommandBus::start(&contexts::domains(), &bench.app, BusOptions { partitions: bench.partitions, ..BusOptions::default() });
        let shutdown = CancellationToken::new();
        let options = GatewayOptions::new(SECRET);
        let limits = options.connection_limits();
        let state = GatewayState::start(GatewayParts {
            options,
            pool: bench.app.clone(),
            bus: bus.clone(),
            contexts: contexts::CONTEXTS,
            metrics: platform::telemetry::init_metrics(),
            probes: Vec::new(),
            features: None,
            receivers: Vec::new(),
            shutdown: shutdown.clone(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(gateway::serve(listener, gateway::router(state), limits, shutdown.clone()));
        Ok(Self { bus, address, shutdown })
    }

    /// Sends commands at the rate, each when it is its time, and gathers how old their events were when clients had them, in microseconds.
    async fn measure(&self, tenants: &[Uuid]) -> Result<Histogram<u64>> {
        let (ages, mut received) = mpsc::unbounded_channel();
        for tenant in tenants {
            for _ in 0..BUSY / BUSY_TENANTS {
                tokio::spawn(read(connect(self.address, *tenant).await?, ages.clone()));
            }
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut ticks = tokio::time::interval(Duration::from_micros(1_000_000 / RATE));
        let count = RATE * TIME.as_secs();
        for number in 0..count {
            ticks.tick().await;
            let tenant = tenants[usize::try_from(number)? % tenants.len()];
            self.bus.execute(request(tenant)).await.map_err(|error| anyhow!("{error}"))?;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut histogram = Histogram::new(3)?;
        while let Ok(age) = received.try_recv() {
            histogram.record(age.max(1))?;
        }
        let expected = count * u64::try_from(BUSY / BUSY_TENANTS)?;
        ensure!(histogram.len() == expected, "{} of {expected} events were received", histogram.len());
        Ok(histogram)
    }
}

/// Measures.
pub async fn run(bench: &Bench, report: &mut Report) -> Result<()> {
    #[expect(clippy::cast_precision_loss, reason = "figures of a benchmark")]
    let (milliseconds, megabytes) = (
        |histogram: &Histogram<u64>, quantile: f64| histogram.value_at_quantile(quantile) as f64 / 1000.0,
        |bytes: u64| bytes as f64 / f64::from(1 << 20),
    );
    // Before anything: memory that the reference leaves to be used again counts too.
    let (before, _) = usage()?;
    let busy: Vec<Uuid> = (0..BUSY_TENANTS).map(|_| platform::clock::new_id()).collect();
    let alone = Hall::open(bench).await?;
    let reference = alone.measure(&busy).await?;
    alone.shutdown.cancel();
    tokio::time::sleep(Duration::from_secs(1)).await;

    let hall = Hall::open(bench).await?;
    let (ages, _unheard) = mpsc::unbounded_channel();
    let tenants: Vec<Uuid> = (0..IDLE / IDLE_OF_TENANT).map(|_| platform::clock::new_id()).collect();
    for number in 0..IDLE {
        tokio::spawn(read(connect(hall.address, tenants[number / IDLE_OF_TENANT]).await?, ages.clone()));
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (idle_bytes, idle_time) = usage()?;
    tokio::time::sleep(TIME).await;
    let (_, after_time) = usage()?;
    let (peak, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let watch = tokio::spawn(watch_memory(peak.clone(), stop.clone()));
    let busy: Vec<Uuid> = (0..BUSY_TENANTS).map(|_| platform::clock::new_id()).collect();
    let measured = hall.measure(&busy).await?;
    stop.store(true, Ordering::Relaxed);
    watch.await?;
    let cores = std::thread::available_parallelism()?.get();
    let share = 100.0 * (after_time - idle_time) / TIME.as_secs_f64();
    report.add(
        format!("{IDLE} idle stream clients: processor"),
        "% of a core",
        share,
        "cores here, in %",
        100.0 * f64::from(u32::try_from(cores)?),
        "",
    );
    let bound = megabytes(CLIENT_BYTES_MAX * u64::try_from(IDLE)?);
    report.add(
        format!("{IDLE} idle stream clients: memory, both ends"),
        "MiB",
        megabytes(idle_bytes.saturating_sub(before)),
        "bound",
        bound,
        "≤ 1",
    );
    let (grown, bound) = (peak.load(Ordering::Relaxed).saturating_sub(before), megabytes(CLIENT_BYTES_MAX * u64::try_from(IDLE + BUSY)?));
    report.add(format!("{BUSY} busy besides: memory at the most"), "MiB", megabytes(grown), "bound", bound, "≤ 1");
    for (quantile, name) in [(0.5, "p50"), (0.99, "p99")] {
        let (ours, theirs) = (milliseconds(&measured, quantile), milliseconds(&reference, quantile));
        report.add(
            format!("recorded → received by {BUSY} busy clients, {name}"),
            "ms",
            ours,
            format!("without {IDLE} idle ones, {name}"),
            theirs,
            "≤ 2",
        );
    }
    hall.shutdown.cancel();
    Ok(())
}

async fn watch_memory(peak: Arc<AtomicU64>, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        if let Ok((bytes, _)) = usage() {
            peak.fetch_max(bytes, Ordering::Relaxed);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
