//! Event streams: the tenant's events as they are recorded, by server-sent events ([`sse`]) and WebSocket ([`ws`]).
//!
//! A stream is a task that brings events ahead of its client into a bounded queue: from the tenant's [`hub`], which reads the log once for
//! all of the tenant's streams, and from the log itself where it is behind that. Both read under row level security, so no stream can see
//! another tenant's events. What ends a stream is told to the client as its last message.

mod feed;
pub mod hub;
pub mod sse;
pub mod ws;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use domain::kernel::{EventFilter, PATTERNS_MAX};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::task::AbortOnDropHandle;

use crate::access::Permission;
use crate::auth::{Caller, require};
use crate::limits::Turn;
use crate::position::Token;
use crate::problem::Problem;
use crate::queries::{controls, no_others};
use crate::state::GatewayState;

/// Messages that wait for a client; one that takes none of them for a while is dropped.
const QUEUE_MAX: usize = 1024;
/// Bytes of messages that wait for a client; a larger message waits alone.
const QUEUE_BYTES_MAX: usize = 1 << 20;
/// One event for a client.
struct Message {
    /// Where to resume after it.
    id: String,
    /// The wire type.
    event_type: String,
    /// A `CloudEvent` as JSON, on one line.
    json: String,
    /// Its place in the queue, given back when the client has taken it.
    _room: OwnedSemaphorePermit,
}

/// Where a feed puts messages for its client.
struct Queue {
    messages: mpsc::Sender<Message>,
    room: Arc<Semaphore>,
}

impl Queue {
    fn new() -> (Self, mpsc::Receiver<Message>) {
        let (messages, receiver) = mpsc::channel(QUEUE_MAX);
        (Self { messages, room: Arc::new(Semaphore::new(QUEUE_BYTES_MAX)) }, receiver)
    }

    /// Waits for room and puts a message. An error says that the client has left.
    async fn put(&self, id: String, event_type: String, json: String) -> Result<(), Ending> {
        let bytes = u32::try_from(json.len().min(QUEUE_BYTES_MAX)).unwrap_or(u32::MAX);
        let room = self.room.clone().acquire_many_owned(bytes).await.map_err(|_| Ending::ClientLeft)?;
        self.messages.send(Message { id, event_type, json, _room: room }).await.map_err(|_| Ending::ClientLeft)
    }
}

/// Why a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// Nobody hears of this one.
    ClientLeft,
    SlowClient,
    TokenEnded,
    ShuttingDown,
    Unavailable,
}

impl Ending {
    fn code(self) -> &'static str {
        match self {
            Self::ClientLeft => "client_left",
            Self::SlowClient => "slow_client",
            Self::TokenEnded => "token_ended",
            Self::ShuttingDown => "shutting_down",
            Self::Unavailable => "unavailable",
        }
    }
}

/// An open stream.
struct Open {
    messages: mpsc::Receiver<Message>,
    ending: Arc<OnceLock<Ending>>,
    _reader: AbortOnDropHandle<()>,
    _turn: Turn,
}

impl Open {
    /// Why it ended, once `messages` is exhausted.
    fn ending(&self) -> Ending {
        self.ending.get().copied().unwrap_or(Ending::Unavailable)
    }
}

/// Opens a stream as the query string says; `last` is the id of the last event that the client has.
async fn open(state: &GatewayState, caller: &Arc<Caller>, pairs: Vec<(String, String)>, last: Option<String>) -> Result<Open, Problem> {
    let (lists, rest) = lists(pairs, ["context", "type", "subject"])?;
    let ([after, from, role], rest) = controls(rest, ["after", "from", "role"])?;
    no_others(&rest)?;
    let [contexts, types, subjects] = lists;
    let contexts = followed(state, caller, contexts, role)?;
    let filter = EventFilter { contexts: Vec::new(), types, subjects };
    check(&filter)?;
    let from_start = match from.as_deref() {
        None | Some("head") => false,
        Some("start") => true,
        Some(_) => return Err(Problem::bad_value("invalid_parameter", "from", "`start` or `head` is expected")),
    };
    let turn = state.streams().enter(caller.tenant_id, "open event streams")?;
    let resume = match (last, after) {
        (Some(text), _) => Some(("Last-Event-ID", text)),
        (None, after) => after.map(|text| ("after", text)),
    };
    let resume = match resume {
        Some((place, text)) => Resume { place, tokens: Token::list(&text, place, state.partition(caller.tenant_id))? },
        None => Resume { place: "after", tokens: Vec::new() },
    };
    // The hub first: it holds whatever comes after the positions.
    let hub = state.hubs().of(caller.tenant_id, state.partition(caller.tenant_id)).await;
    let positions = start(state, caller, &contexts, &resume, from_start).await?;
    let (queue, messages) = Queue::new();
    let ending = Arc::new(OnceLock::new());
    let feed = feed::Feed::new(state.clone(), caller.clone(), filter, positions, hub);
    let told = ending.clone();
    let reader = tokio::spawn(async move {
        let reason = feed.run(&queue).await;
        metrics::counter!("neuroops_streams_ended_total", "reason" => reason.code()).increment(1);
        // It is set here only, so it cannot be set already.
        let _ = told.set(reason);
    });
    Ok(Open { messages, ending, _reader: AbortOnDropHandle::new(reader), _turn: turn })
}

/// The values of some parameters, and the other pairs of the query string.
type Lists<const N: usize> = ([Vec<String>; N], Vec<(String, String)>);

/// Parameters that may come several times, and as lists separated by commas.
fn lists<const N: usize>(pairs: Vec<(String, String)>, names: [&'static str; N]) -> Result<Lists<N>, Problem> {
    let mut found = [const { Vec::new() }; N];
    let mut rest = Vec::new();
    for (name, value) in pairs {
        match names.iter().position(|known| *known == name) {
            Some(index) => found[index].extend(value.split(',').map(|part| part.trim().to_owned())),
            None => rest.push((name, value)),
        }
    }
    for (name, values) in names.iter().zip(&found) {
        if values.len() > PATTERNS_MAX {
            return Err(Problem::bad_value("invalid_parameter", name, format!("there are more than {PATTERNS_MAX} values")));
        }
    }
    Ok((found, rest))
}

fn check(filter: &EventFilter) -> Result<(), Problem> {
    match filter.fault() {
        // The parameters are called after one of the values: `type=…&type=…`.
        Some(fault) => Err(Problem::bad_value("invalid_parameter", fault.list.trim_end_matches('s'), fault.expected)),
        None => Ok(()),
    }
}

/// The roles that a stream goes by: the caller's, or the one of them that it names.
fn roles(caller: &Caller, role: Option<String>) -> Result<Vec<String>, Problem> {
    match role {
        None => Ok(caller.actor.roles.clone()),
        Some(role) if caller.actor.roles.contains(&role) => Ok(vec![role]),
        Some(role) => {
            Err(Problem::forbidden("role_not_held", format!("The token does not have the role `{}`.", crate::catalogue::shown(&role))))
        }
    }
}

/// The contexts that the caller asks for and may follow; all that it may follow where it does not ask.
fn followed(state: &GatewayState, caller: &Caller, mut asked: Vec<String>, role: Option<String>) -> Result<Vec<&'static str>, Problem> {
    let roles = roles(caller, role)?;
    let may = |context: &'static str| require(&roles, Permission::History { context }).map(|()| context);
    let all = || state.catalogue().entries().iter().map(|entry| entry.name);
    if asked.is_empty() {
        let allowed: Vec<&str> = all().filter(|context| may(context).is_ok()).collect();
        return match (allowed.is_empty(), all().next()) {
            (true, Some(context)) => Err(may(context).err().unwrap_or_else(Problem::defect)),
            _ => Ok(allowed),
        };
    }
    asked.sort_unstable();
    asked.dedup();
    asked.iter().map(|name| may(state.catalogue().context(name)?.name)).collect()
}

/// Where a client says that it has come to.
struct Resume {
    /// The header or parameter that says it.
    place: &'static str,
    tokens: Vec<Token>,
}

/// The position after which each followed context is read.
async fn start(
    state: &GatewayState,
    caller: &Caller,
    contexts: &[&'static str],
    resume: &Resume,
    from_start: bool,
) -> Result<BTreeMap<&'static str, i64>, Problem> {
    let partition = state.partition(caller.tenant_id);
    // Asked of Postgres and not of the watch on the heads, which may be a moment behind.
    let heads: Vec<(String, i64)> = sqlx::query_as("SELECT context, position FROM log.heads WHERE partition = $1 AND context = ANY ($2)")
        .bind(partition)
        .bind(contexts)
        .fetch_all(state.pool())
        .await?;
    let mut positions = BTreeMap::new();
    for context in contexts {
        let head = heads.iter().find(|(name, _)| name == context).map_or(0, |(_, position)| *position);
        let position = match resume.tokens.iter().find(|token| token.context == *context) {
            Some(token) if token.position > head => {
                return Err(Problem::bad_value("position_unknown", resume.place, format!("the log has no position {token}")));
            }
            Some(token) => token.position,
            None if from_start => 0,
            None => head,
        };
        positions.insert(*context, position);
    }
    Ok(positions)
}
