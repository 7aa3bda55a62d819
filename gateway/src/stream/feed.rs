//! Reads the log for one stream.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::kernel::RecordedEvent;
use platform::tenant_tx::TenantTx;
use projections::runtime::{Place, read_event};

use super::{Ending, Filter, Queue, cloud_event};
use crate::auth::Caller;
use crate::bounded::{by_bytes, is_cut};
use crate::position::Token;
use crate::state::{GatewayState, Heads};

/// Events that are read at a time.
const PAGE: i64 = 500;
/// Bytes of payload that a page has before it is cut.
const PAGE_BYTES_MAX: usize = 1 << 20;
/// Positions that are looked through at a time: the events of many tenants share a log partition.
const SPAN: i64 = 50_000;
/// How often the caller's token is looked at.
const CHECK: Duration = Duration::from_secs(1);
/// How often the log is tried again while Postgres is away.
const RETRY: Duration = Duration::from_millis(500);

/// A reader of the log on behalf of a client.
pub struct Feed {
    state: GatewayState,
    caller: Arc<Caller>,
    filter: Filter,
    partition: i32,
    /// The last position that was looked at, by context.
    positions: BTreeMap<&'static str, i64>,
    heads: Heads,
}

impl Feed {
    /// A feed from these positions on.
    pub fn new(state: GatewayState, caller: Arc<Caller>, filter: Filter, positions: BTreeMap<&'static str, i64>) -> Self {
        let (partition, heads) = (state.partition(caller.tenant_id), state.heads());
        Self { state, caller, filter, partition, positions, heads }
    }

    /// Reads until something ends the stream.
    pub async fn run(mut self, queue: &Queue) -> Ending {
        let closing = self.state.closing().clone();
        let mut check = tokio::time::interval(CHECK);
        loop {
            let behind = self.behind();
            if behind.is_empty() {
                tokio::select! {
                    () = closing.cancelled() => return Ending::ShuttingDown,
                    () = queue.messages.closed() => return Ending::ClientLeft,
                    _ = check.tick() => {}
                    changed = self.heads.changed() => if changed.is_err() { return Ending::Unavailable },
                }
            }
            if closing.is_cancelled() {
                return Ending::ShuttingDown;
            }
            if self.state.auth().check(&self.caller).await.is_err() {
                return Ending::TokenEnded;
            }
            for (context, head) in behind {
                match self.read(context, head).await {
                    Ok((events, until)) => {
                        if let Err(ending) = self.send(queue, context, &events).await {
                            return ending;
                        }
                        self.positions.insert(context, until);
                    }
                    Err(error) => {
                        tracing::debug!(%error, "an event stream waits for Postgres");
                        tokio::time::sleep(RETRY).await;
                    }
                }
            }
        }
    }

    /// The contexts whose head has moved, and where it is.
    fn behind(&mut self) -> Vec<(&'static str, i64)> {
        let heads = self.heads.borrow_and_update().clone();
        let head =
            |context: &&'static str| heads.get(&Place { context: (*context).to_owned(), partition: self.partition }).copied().unwrap_or(0);
        let places = self.positions.iter().map(|(context, position)| (*context, *position, head(context)));
        places.filter(|(_, position, head)| head > position).map(|(context, _, head)| (context, head)).collect()
    }

    /// The next events of a context, and the position up to which there are no others.
    async fn read(&self, context: &'static str, head: i64) -> Result<(Vec<RecordedEvent>, i64), sqlx::Error> {
        const READ: &str = "SELECT context, partition, position, event_id, tenant_id, aggregate_type, aggregate_id, sequence, event_type, \
            event_version, payload::text AS payload, metadata::text AS metadata, recorded_at FROM log.events \
            WHERE context = $1 AND partition = $2 AND position > $3 AND position <= $4 AND tenant_id = $5 ORDER BY position LIMIT $6";
        let after = self.positions.get(context).copied().unwrap_or(0);
        let until = head.min(after.saturating_add(SPAN));
        let mut tx = TenantTx::begin(self.state.pool(), self.caller.tenant_id.0).await?;
        let statement = by_bytes(READ, "payload", PAGE_BYTES_MAX);
        let query =
            sqlx::query(&statement).bind(context).bind(self.partition).bind(after).bind(until).bind(self.caller.tenant_id.0).bind(PAGE);
        let rows = query.fetch_all(&mut *tx).await?;
        tx.commit().await?;
        let events = rows.iter().map(read_event).collect::<Result<Vec<_>, _>>()?;
        let full = i64::try_from(events.len()).unwrap_or(PAGE) >= PAGE;
        let more = full || is_cut(events.iter().map(|event| event.payload.len()), PAGE_BYTES_MAX);
        let looked_through = if more { events.last().map_or(until, |event| event.position) } else { until };
        Ok((events, looked_through))
    }

    async fn send(&mut self, queue: &Queue, context: &'static str, events: &[RecordedEvent]) -> Result<(), Ending> {
        let (closing, stall_max) = (self.state.closing().clone(), self.state.options().stream_stall_max);
        for event in events {
            self.positions.insert(context, event.position);
            if !self.filter.matches(event) {
                continue;
            }
            let id = self.cursor();
            let json = cloud_event::to_json(event, &id).map_err(|error| {
                tracing::error!(%error, event_id = %event.event_id, "a stored event is not JSON");
                Ending::Unavailable
            })?;
            tokio::select! {
                put = tokio::time::timeout(stall_max, queue.put(id, event.wire_type(), json)) => put.unwrap_or(Err(Ending::SlowClient))?,
                () = closing.cancelled() => return Err(Ending::ShuttingDown),
            }
        }
        Ok(())
    }

    /// Where to resume: a position for every context that is followed.
    fn cursor(&self) -> String {
        let token = |(context, position): (&&'static str, &i64)| {
            Token { context: (*context).to_owned(), partition: self.partition, position: *position }.to_string()
        };
        self.positions.iter().map(token).collect::<Vec<_>>().join(",")
    }
}
