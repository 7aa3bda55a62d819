//! Projections whose table has one row for each thing: rows are loaded, changed in memory by the events of a batch, and written back,
//! each in one statement, however many events there are.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use domain::kernel::{Aggregate, RecordedEvent};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::{PgConnection, Row as _};
use tokio::sync::RwLock;
use uuid::Uuid;

use super::cells::Columns;
use super::projection::{ApplyError, Projection};

/// Names rows that an event changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowKey {
    /// The row with this id.
    Id(String),
    /// All rows of the tenant whose `text` column has one of these values.
    Where(&'static str, Vec<String>),
}

impl RowKey {
    /// The row with this id.
    pub fn id(id: impl Into<String>) -> Vec<Self> {
        vec![Self::Id(id.into())]
    }
}

/// The event as one of `A`'s, or `None` where it is another aggregate's. An event of `A` that this program does not know or cannot
/// read is an error, so that it is parked and not lost.
pub fn event_of<A: Aggregate>(event: &RecordedEvent) -> Result<Option<A::Event>, String> {
    domain::kernel::event_of::<A>(event).map_err(|error| match std::error::Error::source(&error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    })
}

/// A read model with one row for each thing.
pub trait RowModel: Send + Sync + 'static {
    /// The columns besides `tenant_id`, by name; has a field `id`.
    type Row: Serialize + DeserializeOwned + Clone + Send + Sync;
    /// The projection's name, `<context>.<read_model>`.
    const PROJECTION: &'static str;
    /// The table without version suffix, in a list of one.
    const TABLES: &'static [&'static str];
    /// The contexts that it reads.
    const CONTEXTS: &'static [&'static str];

    /// The rows that the event may change or needs to see; none for events that do not matter here.
    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String>;
    /// Changes the rows.
    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, Self::Row>) -> Result<(), String>;
}

/// The rows of one tenant that an event may see and change.
pub struct Rows<'a, R> {
    slots: &'a mut Slots<R>,
    tenant: Uuid,
    matched: Vec<String>,
}

impl<R: Clone> Rows<'_, R> {
    /// The row with this id. Only rows that `keys` named are found.
    pub fn get(&self, id: &str) -> Option<&R> {
        self.slots.rows.get(&(self.tenant, id.to_owned())).and_then(|slot| slot.row.as_ref())
    }

    /// The row with this id, to be changed.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut R> {
        let slot = self.slots.rows.get_mut(&(self.tenant, id.to_owned()))?;
        slot.dirty |= slot.row.is_some();
        slot.row.as_mut()
    }

    /// Adds or replaces the row with this id.
    pub fn put(&mut self, id: impl Into<String>, row: R) {
        self.slots.rows.insert((self.tenant, id.into()), Slot { row: Some(row), dirty: true });
    }

    /// Removes the row with this id.
    pub fn remove(&mut self, id: &str) {
        self.slots.rows.insert((self.tenant, id.to_owned()), Slot { row: None, dirty: true });
    }

    /// The ids of the rows that the event's [`RowKey::Where`] matched.
    pub fn matched(&self) -> Vec<String> {
        self.matched.clone()
    }
}

struct Slot<R> {
    row: Option<R>,
    dirty: bool,
}

struct Slots<R> {
    rows: HashMap<(Uuid, String), Slot<R>>,
}

/// The [`Projection`] of a [`RowModel`].
pub struct RowProjection<M> {
    /// The table's columns; read from the catalogue at first use.
    columns: RwLock<Option<Arc<Columns>>>,
    model: PhantomData<fn() -> M>,
}

impl<M: RowModel> RowProjection<M> {
    /// The projection, ready to be listed.
    pub fn boxed() -> Box<dyn Projection> {
        Box::new(Self { columns: RwLock::new(None), model: PhantomData })
    }

    fn table(version: i32) -> String {
        format!("{}_v{version}", M::TABLES[0])
    }

    async fn columns(&self, connection: &mut PgConnection, table: &str) -> Result<Arc<Columns>, sqlx::Error> {
        if let Some(columns) = self.columns.read().await.clone() {
            return Ok(columns);
        }
        let columns = Arc::new(Columns::read(connection, table).await?);
        *self.columns.write().await = Some(columns.clone());
        Ok(columns)
    }

    async fn load_ids(
        connection: &mut PgConnection,
        version: i32,
        slots: &mut Slots<M::Row>,
        wanted: &BTreeSet<(Uuid, String)>,
    ) -> Result<(), ApplyError> {
        let missing: Vec<_> = wanted.iter().filter(|key| !slots.rows.contains_key(*key)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let tenants: Vec<Uuid> = missing.iter().map(|(tenant, _)| *tenant).collect();
        let ids: Vec<&str> = missing.iter().map(|(_, id)| id.as_str()).collect();
        let statement = format!(
            "SELECT t.tenant_id, t.id, row_to_json(t)::text AS row FROM unnest($1::uuid[], $2::text[]) AS k (tenant, id) \
             JOIN {} t ON t.tenant_id = k.tenant AND t.id = k.id",
            Self::table(version)
        );
        let rows = sqlx::query(&statement).bind(tenants).bind(ids).fetch_all(connection).await?;
        for key in missing {
            slots.rows.insert(key.clone(), Slot { row: None, dirty: false });
        }
        Self::keep(slots, &rows)?;
        Ok(())
    }

    /// Loads the rows of a tenant by another column. What is in memory must have been written before, so that it is found.
    async fn load_where(
        connection: &mut PgConnection,
        version: i32,
        slots: &mut Slots<M::Row>,
        tenant: Uuid,
        column: &str,
        values: &[String],
    ) -> Result<Vec<String>, ApplyError> {
        let statement = format!(
            "SELECT t.tenant_id, t.id, row_to_json(t)::text AS row FROM {} t WHERE t.tenant_id = $1 AND t.{column} = ANY ($2)",
            Self::table(version)
        );
        let rows = sqlx::query(&statement).bind(tenant).bind(values).fetch_all(connection).await?;
        Ok(Self::keep(slots, &rows)?)
    }

    fn keep(slots: &mut Slots<M::Row>, rows: &[sqlx::postgres::PgRow]) -> Result<Vec<String>, sqlx::Error> {
        let mut ids = Vec::with_capacity(rows.len());
        for row in rows {
            let (tenant, id): (Uuid, String) = (row.try_get("tenant_id")?, row.try_get("id")?);
            let json: String = row.try_get("row")?;
            let parsed = serde_json::from_str(&json).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
            slots.rows.insert((tenant, id.clone()), Slot { row: Some(parsed), dirty: false });
            ids.push(id);
        }
        Ok(ids)
    }

    /// Writes what has changed and forgets nothing.
    async fn write(&self, connection: &mut PgConnection, version: i32, slots: &mut Slots<M::Row>) -> Result<(), ApplyError> {
        // In order of the key: index pages are visited once, and concurrent writers cannot deadlock.
        let mut dirty: BTreeMap<&(Uuid, String), &mut Slot<M::Row>> = slots.rows.iter_mut().filter(|(_, slot)| slot.dirty).collect();
        if dirty.is_empty() {
            return Ok(());
        }
        let (mut kept, mut gone) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
        for (key, slot) in &mut dirty {
            slot.dirty = false;
            if let Some(row) = &slot.row {
                kept.0.push(key.0);
                kept.1.push(serde_json::to_string(row).map_err(|error| sqlx::Error::Encode(Box::new(error)))?);
            } else {
                gone.0.push(key.0);
                gone.1.push(key.1.as_str());
            }
        }
        let table = Self::table(version);
        if !gone.0.is_empty() {
            let statement = format!(
                "DELETE FROM {table} t USING unnest($1::uuid[], $2::text[]) AS k (tenant, id) WHERE t.tenant_id = k.tenant AND t.id = k.id"
            );
            sqlx::query(&statement).bind(gone.0).bind(gone.1).execute(&mut *connection).await?;
        }
        if !kept.0.is_empty() {
            self.columns(connection, &table).await?.upsert(connection, &table, kept.0, &kept.1).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl<M: RowModel> Projection for RowProjection<M> {
    fn name(&self) -> &'static str {
        M::PROJECTION
    }

    fn tables(&self) -> &'static [&'static str] {
        M::TABLES
    }

    fn contexts(&self) -> &'static [&'static str] {
        M::CONTEXTS
    }

    fn concerns(&self, event: &RecordedEvent) -> bool {
        M::keys(event).map_or(true, |keys| !keys.is_empty())
    }

    async fn apply(&self, connection: &mut PgConnection, version: i32, events: &[Arc<RecordedEvent>]) -> Result<(), ApplyError> {
        let mut keys = Vec::with_capacity(events.len());
        let mut ids = BTreeSet::new();
        for (index, event) in events.iter().enumerate() {
            let wanted = M::keys(event).map_err(|reason| ApplyError::Event { index, reason })?;
            for key in &wanted {
                if let RowKey::Id(id) = key {
                    ids.insert((event.tenant_id.0, id.clone()));
                }
            }
            keys.push(wanted);
        }
        let mut slots = Slots { rows: HashMap::new() };
        Self::load_ids(connection, version, &mut slots, &ids).await?;
        for (index, (event, keys)) in events.iter().zip(keys).enumerate() {
            if keys.is_empty() {
                continue;
            }
            let tenant = event.tenant_id.0;
            let mut matched = Vec::new();
            for key in keys {
                if let RowKey::Where(column, values) = key {
                    self.write(connection, version, &mut slots).await?;
                    matched.extend(Self::load_where(connection, version, &mut slots, tenant, column, &values).await?);
                }
            }
            let mut rows = Rows { slots: &mut slots, tenant, matched };
            M::apply(event, &mut rows).map_err(|reason| ApplyError::Event { index, reason })?;
        }
        self.write(connection, version, &mut slots).await
    }
}
