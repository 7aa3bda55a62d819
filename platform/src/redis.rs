//! Redis, as a place for what may be lost at any time.
//!
//! Nothing correct may depend on it: reading answers nothing where Redis is away or slow, writing is tried and forgotten, and neither
//! keeps a request waiting for longer than [`OPERATION_MAX`]. One task keeps the connection. An operation that fails puts the
//! connection in doubt, and it is not used again before Redis has answered a ping; so a Redis that hangs costs one request its
//! patience, not all of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, RedisError};
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::task::AbortOnDropHandle;

use crate::config::Secret;

/// The longest that an operation may take.
pub const OPERATION_MAX: Duration = Duration::from_millis(50);
/// The longest that connecting and a ping may take.
const CONNECT_MAX: Duration = Duration::from_secs(1);
/// How often an idle connection is asked whether it still works.
const PING_EVERY: Duration = Duration::from_secs(1);
/// Pauses between attempts to connect.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// Values that wait to be written; further ones are dropped.
const WRITES_MAX: usize = 256;

/// What is known of the connection.
#[derive(Clone)]
enum Link {
    /// It works.
    Up(MultiplexedConnection),
    /// An operation on it has failed.
    Doubted,
    /// There is none, and why.
    Away(String),
}

/// A value to be written.
struct Write {
    key: String,
    value: Vec<u8>,
    lasts: Duration,
}

struct Inner {
    link: Arc<watch::Sender<Link>>,
    doubt: Arc<Notify>,
    writes: mpsc::Sender<Write>,
    _keeper: AbortOnDropHandle<()>,
    _writer: AbortOnDropHandle<()>,
}

/// A connection to Redis that mends itself; cheap to clone.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

impl Redis {
    /// Starts to connect; Redis need not be there. The error is that of an address that cannot be read, and does not quote it.
    pub fn start(url: &Secret) -> Result<Self, RedisError> {
        let client = Client::open(url.expose())?;
        let link = Arc::new(watch::Sender::new(Link::Away("not connected yet".to_owned())));
        let doubt = Arc::new(Notify::new());
        let (writes, waiting) = mpsc::channel(WRITES_MAX);
        let keeping = tokio::spawn(keep(client, link.clone(), doubt.clone()));
        let drain = tokio::spawn(write(waiting, link.clone(), doubt.clone()));
        Ok(Self(Arc::new(Inner { link, doubt, writes, _keeper: AbortOnDropHandle::new(keeping), _writer: AbortOnDropHandle::new(drain) })))
    }

    /// The value of a key; nothing where there is none, or where Redis does not answer in time.
    pub async fn get(&self, key: &str) -> Option<Vec<u8>> {
        run(&self.0.link, &self.0.doubt, redis::cmd("GET").arg(key)).await?
    }

    /// Writes a value in the background, if Redis is there.
    pub fn set(&self, key: String, value: Vec<u8>, lasts: Duration) {
        if self.is_up() && self.0.writes.try_send(Write { key, value, lasts }).is_err() {
            metrics::counter!("neuroops_redis_writes_dropped_total").increment(1);
        }
    }

    /// Whether it answers, as far as is known.
    pub fn is_up(&self) -> bool {
        matches!(&*self.0.link.borrow(), Link::Up(_))
    }

    /// What is wrong, if something is.
    pub fn trouble(&self) -> Option<String> {
        match &*self.0.link.borrow() {
            Link::Up(_) => None,
            Link::Doubted => Some("Redis did not answer in time".to_owned()),
            Link::Away(reason) => Some(reason.clone()),
        }
    }
}

/// Runs a command on the connection, if there is one that is trusted.
async fn run<T: FromRedisValue>(link: &watch::Sender<Link>, doubt: &Notify, command: &Cmd) -> Option<T> {
    let Link::Up(mut connection) = link.borrow().clone() else { return None };
    match tokio::time::timeout(OPERATION_MAX, command.query_async(&mut connection)).await {
        Ok(Ok(value)) => Some(value),
        failed => {
            let reason = failed.map_or_else(|_| "no answer in time".to_owned(), |failed: Result<T, _>| why(failed.err().as_ref()));
            tracing::debug!(reason, "Redis failed");
            metrics::counter!("neuroops_redis_failures_total").increment(1);
            link.send_if_modified(|link| {
                let up = matches!(link, Link::Up(_));
                if up {
                    *link = Link::Doubted;
                }
                up
            });
            doubt.notify_one();
            None
        }
    }
}

/// What an error means to operators. The text of the library may quote addresses.
fn why(error: Option<&RedisError>) -> String {
    match error {
        Some(error) if error.is_timeout() => "Redis does not answer in time".to_owned(),
        Some(error) if error.is_connection_refusal() || error.is_io_error() || error.is_connection_dropped() => {
            "Redis cannot be reached".to_owned()
        }
        Some(error) => format!("Redis refuses: {}", error.category()),
        None => "Redis does not answer in time".to_owned(),
    }
}

/// Keeps the connection.
async fn keep(client: Client, link: Arc<watch::Sender<Link>>, doubt: Arc<Notify>) {
    let mut pause = PAUSE_MIN;
    loop {
        let reason = match connect(&client).await {
            Ok(connection) => {
                tracing::info!("connected to Redis");
                pause = PAUSE_MIN;
                watch_over(connection, &link, &doubt).await
            }
            Err(reason) => reason,
        };
        let told = link.send_if_modified(|link| {
            let news = !matches!(link, Link::Away(known) if *known == reason);
            *link = Link::Away(reason.clone());
            news
        });
        if told {
            tracing::warn!(reason, "Redis is away; limits and caches are those of this process until it is back");
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

async fn connect(client: &Client) -> Result<MultiplexedConnection, String> {
    let config = AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT_MAX)).set_response_timeout(Some(CONNECT_MAX));
    let connecting = async {
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        ping(&mut connection).await?;
        Ok(connection)
    };
    match tokio::time::timeout(2 * CONNECT_MAX, connecting).await {
        Ok(connected) => connected.map_err(|error: RedisError| why(Some(&error))),
        Err(_) => Err(why(None)),
    }
}

async fn ping(connection: &mut MultiplexedConnection) -> Result<(), RedisError> {
    redis::cmd("PING").query_async(connection).await
}

/// Pings from time to time, and when an operation has failed; ends when the connection does not work, with the reason.
async fn watch_over(mut connection: MultiplexedConnection, link: &watch::Sender<Link>, doubt: &Notify) -> String {
    loop {
        let asked = Instant::now();
        match tokio::time::timeout(CONNECT_MAX, ping(&mut connection)).await {
            // One that answers later than anybody waits for it would cost every request its patience.
            Ok(Ok(())) => link.send_replace(if asked.elapsed() <= OPERATION_MAX { Link::Up(connection.clone()) } else { Link::Doubted }),
            Ok(Err(error)) => return why(Some(&error)),
            Err(_) => return why(None),
        };
        drop(tokio::time::timeout(PING_EVERY, doubt.notified()).await);
    }
}

/// Writes what is handed over, one after the other.
async fn write(mut waiting: mpsc::Receiver<Write>, link: Arc<watch::Sender<Link>>, doubt: Arc<Notify>) {
    while let Some(Write { key, value, lasts }) = waiting.recv().await {
        let lasts_ms = u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX).max(1);
        let mut command = redis::cmd("SET");
        command.arg(key).arg(value).arg("PX").arg(lasts_ms);
        let _: Option<()> = run(&link, &doubt, &command).await;
    }
}
