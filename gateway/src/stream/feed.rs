//! Brings one stream its events.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::kernel::{EventFilter, RecordedEvent, cloud_event};

use super::hub::{After, Follower, RETRY, read};
use super::{Ending, Queue};
use crate::auth::Caller;
use crate::position::Token;
use crate::state::GatewayState;

/// How often the caller's token is looked at.
const CHECK: Duration = Duration::from_secs(1);

/// A reader of the log on behalf of a client.
pub struct Feed {
    state: GatewayState,
    caller: Arc<Caller>,
    filter: EventFilter,
    partition: i32,
    /// The last position that was looked at, by context.
    positions: BTreeMap<&'static str, i64>,
    hub: Follower,
}

impl Feed {
    /// A feed from these positions on.
    pub fn new(
        state: GatewayState,
        caller: Arc<Caller>,
        filter: EventFilter,
        positions: BTreeMap<&'static str, i64>,
        hub: Follower,
    ) -> Self {
        let partition = state.partition(caller.tenant_id);
        Self { state, caller, filter, partition, positions, hub }
    }

    /// Reads until something ends the stream.
    pub async fn run(mut self, queue: &Queue) -> Ending {
        let closing = self.state.closing().clone();
        let mut check = tokio::time::interval(CHECK);
        let mut told = self.hub.told();
        loop {
            told.borrow_and_update();
            let behind = self.behind();
            if behind.is_empty() {
                tokio::select! {
                    () = closing.cancelled() => return Ending::ShuttingDown,
                    () = queue.messages.closed() => return Ending::ClientLeft,
                    _ = check.tick() => {}
                    changed = told.changed() => if changed.is_err() { return Ending::Unavailable },
                }
            }
            if closing.is_cancelled() {
                return Ending::ShuttingDown;
            }
            if self.state.auth().check(&self.caller).await.is_err() {
                return Ending::TokenEnded;
            }
            for (context, after) in behind {
                let result = match after {
                    After::Events(events, seen) => self.send(queue, context, events.iter().map(AsRef::as_ref), seen).await,
                    After::Log(until) => self.catch_up(queue, context, until).await,
                };
                if let Err(ending) = result {
                    return ending;
                }
            }
        }
    }

    /// The contexts in which there is something after the positions.
    fn behind(&self) -> Vec<(&'static str, After)> {
        self.positions.iter().filter_map(|(context, position)| Some((*context, self.hub.after(context, *position)?))).collect()
    }

    /// Reads a page of the log itself.
    async fn catch_up(&mut self, queue: &Queue, context: &'static str, until: i64) -> Result<(), Ending> {
        let after = self.positions.get(context).copied().unwrap_or(0);
        match read(self.state.pool(), self.caller.tenant_id, context, self.partition, (after, until)).await {
            Ok((events, seen)) => self.send(queue, context, events.iter(), seen).await,
            Err(error) => {
                tracing::debug!(%error, "an event stream waits for Postgres");
                tokio::time::sleep(RETRY).await;
                Ok(())
            }
        }
    }

    /// Puts what the filter shows into the queue; afterwards everything up to `seen` was looked at.
    async fn send(
        &mut self,
        queue: &Queue,
        context: &'static str,
        events: impl Iterator<Item = &RecordedEvent> + Send,
        seen: i64,
    ) -> Result<(), Ending> {
        let (closing, stall_max) = (self.state.closing().clone(), self.state.options().stream_stall_max);
        for event in events {
            self.positions.insert(context, event.position);
            if !self.filter.matches(event) {
                continue;
            }
            let id = self.cursor();
            let json = cloud_event(event, &id).map_err(|error| {
                tracing::error!(%error, event_id = %event.event_id, "a stored event is not JSON");
                Ending::Unavailable
            })?;
            tokio::select! {
                put = tokio::time::timeout(stall_max, queue.put(id, event.wire_type(), json)) => put.unwrap_or(Err(Ending::SlowClient))?,
                () = closing.cancelled() => return Err(Ending::ShuttingDown),
            }
        }
        self.positions.insert(context, seen);
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
