//! The log as an event store of the `cqrs-es` framework.

use std::collections::HashMap;
use std::sync::Arc;

use cqrs_es::{AggregateContext, AggregateError, EventEnvelope, EventStore};
use domain::kernel::{Aggregate, AggregateType, CqrsError, EventSet, Metadata, TenantId, partition_of};
use platform::clock;
use platform::tenant_tx::TenantTx;
use sqlx::PgPool;

use crate::appender::Appender;
use crate::log::{Append, Check, NewEvent, Outcome};

/// A [`cqrs_es::EventStore`] for the aggregates of one tenant. It appends through the same lanes as the command bus.
///
/// It carries events only: claims and writes to other aggregates of a decision stay in the services that were passed to `handle`.
#[derive(Clone)]
pub struct LogEventStore {
    pool: PgPool,
    appender: Appender,
    tenant_id: TenantId,
    partitions: i32,
}

/// An aggregate between loading and committing.
pub struct LogContext<A> {
    /// The aggregate's id.
    pub aggregate_id: String,
    /// The number of its events so far.
    pub version: i64,
    aggregate: A,
}

impl<A: cqrs_es::Aggregate> AggregateContext<A> for LogContext<A> {
    fn aggregate(&mut self) -> &mut A {
        &mut self.aggregate
    }
}

impl LogEventStore {
    /// A store for `tenant_id`; `pool` is connected as the application role.
    pub fn new(pool: PgPool, appender: Appender, tenant_id: TenantId, partitions: i32) -> Self {
        Self { pool, appender, tenant_id, partitions }
    }

    fn partition(&self) -> i32 {
        partition_of(&self.tenant_id.partition_key(), self.partitions)
    }
}

fn connection<E: std::error::Error>(error: impl std::error::Error + Send + Sync + 'static) -> AggregateError<E> {
    AggregateError::DatabaseConnectionError(Box::new(error))
}

type StoredRow = (i64, String, String, String, String);

impl<A> EventStore<A> for LogEventStore
where
    A: Aggregate + cqrs_es::Aggregate<Event = <A as Aggregate>::Event, Error = CqrsError>,
    <A as Aggregate>::Event: cqrs_es::DomainEvent,
{
    type AC = LogContext<A>;

    async fn load_events(&self, aggregate_id: &str) -> Result<Vec<EventEnvelope<A>>, AggregateError<CqrsError>> {
        const QUERY: &str = "SELECT sequence, event_type, event_version, payload::text, metadata::text FROM log.events WHERE context = $1 \
            AND partition = $2 AND tenant_id = $3 AND aggregate_type = $4 AND aggregate_id = $5 ORDER BY sequence";
        let read = async {
            let mut tx = TenantTx::begin(&self.pool, self.tenant_id.0).await?;
            let query = sqlx::query_as(QUERY).bind(A::CONTEXT).bind(self.partition()).bind(self.tenant_id.0);
            let rows: Vec<StoredRow> = query.bind(<A as Aggregate>::TYPE).bind(aggregate_id).fetch_all(&mut *tx).await?;
            tx.commit().await?;
            Ok::<_, sqlx::Error>(rows)
        };
        let rows = read.await.map_err(connection)?;
        let envelope = |(sequence, name, version, payload, metadata): StoredRow| {
            let payload = <A as Aggregate>::Event::decode(&name, &version, &payload)
                .map_err(|error| AggregateError::DeserializationError(Box::new(error)))?;
            let metadata: HashMap<String, serde_json::Value> = serde_json::from_str(&metadata).unwrap_or_default();
            let text = |value: serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Ok(EventEnvelope {
                aggregate_id: aggregate_id.to_owned(),
                sequence: usize::try_from(sequence).unwrap_or(0),
                payload,
                metadata: metadata.into_iter().map(|(key, value)| (key, text(value))).collect(),
            })
        };
        rows.into_iter().map(envelope).collect()
    }

    async fn load_aggregate(&self, aggregate_id: &str) -> Result<LogContext<A>, AggregateError<CqrsError>> {
        let events = EventStore::<A>::load_events(self, aggregate_id).await?;
        let mut context = LogContext { aggregate_id: aggregate_id.to_owned(), version: 0, aggregate: A::default() };
        for event in events {
            context.version += 1;
            Aggregate::apply(&mut context.aggregate, &event.payload);
        }
        Ok(context)
    }

    async fn commit(
        &self,
        events: Vec<<A as Aggregate>::Event>,
        context: LogContext<A>,
        metadata: HashMap<String, String>,
    ) -> Result<Vec<EventEnvelope<A>>, AggregateError<CqrsError>> {
        let unexpected = |error: serde_json::Error| AggregateError::UnexpectedError(Box::new(error));
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let aggregate_type = <dyn AggregateType>::of::<A>().name();
        let mut stored = Vec::with_capacity(events.len());
        for (sequence, event) in (context.version + 1..).zip(&events) {
            stored.push(NewEvent {
                aggregate_type,
                aggregate_id: context.aggregate_id.clone(),
                sequence,
                event_id: clock::new_id(),
                event_type: event.def().name,
                event_version: event.def().version,
                payload: event.payload().map_err(unexpected)?,
            });
        }
        let version = context.version + i64::try_from(events.len()).unwrap_or(i64::MAX);
        let command_id = clock::new_id();
        let field = |name: &str| metadata.get(name).cloned();
        let recorded = Metadata {
            actor: field("actor").unwrap_or_default(),
            command_id,
            correlation_id: field("correlation_id").unwrap_or_else(|| command_id.to_string()),
            causation_id: field("causation_id"),
            traceparent: field("traceparent"),
        };
        let append = Append {
            tenant_id: self.tenant_id.0,
            context: A::CONTEXT,
            partition: self.partition(),
            idempotency: None,
            root: (aggregate_type, context.aggregate_id.clone(), version),
            checks: vec![Check {
                aggregate_type,
                aggregate_id: context.aggregate_id.clone(),
                expected: context.version,
                write: true,
                drawn: false,
            }],
            claims: Vec::new(),
            events: stored,
            metadata: serde_json::to_string(&recorded).map_err(unexpected)?,
        };
        match self.appender.append(append).await {
            Ok(Outcome::Accepted { .. }) => {}
            Ok(_) => return Err(AggregateError::AggregateConflict),
            Err(error) => return Err(connection(Arc::new(error))),
        }
        let envelope = |(sequence, payload)| EventEnvelope {
            aggregate_id: context.aggregate_id.clone(),
            sequence,
            payload,
            metadata: metadata.clone(),
        };
        let first = usize::try_from(context.version + 1).unwrap_or(1);
        Ok((first..).zip(events).map(envelope).collect())
    }
}
