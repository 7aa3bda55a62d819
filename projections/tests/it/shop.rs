//! A read model for the tests: what each item of a shop adds up to.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};

use domain::kernel::RecordedEvent;
use projections::runtime::{Projection, RowKey, RowModel, RowProjection, Rows};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The projection's table, to be run by the owner of all objects.
pub const MIGRATION: &str = "
    CREATE TABLE shop_item_v1 (
        tenant_id uuid NOT NULL,
        id text NOT NULL,
        events bigint NOT NULL,
        total bigint NOT NULL,
        digest bigint NOT NULL,
        position bigint NOT NULL,
        PRIMARY KEY (tenant_id, id)
    );
    SELECT runtime.declare_read_model('shop_item', 'shop.item');";

/// Tenants whose events with `\"poison\"` can be applied by now.
static CURED: LazyLock<Mutex<HashSet<Uuid>>> = LazyLock::new(Mutex::default);

/// Fixes the cause that keeps a tenant's poisoned events from being applied.
pub fn cure(tenant: Uuid) {
    CURED.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant);
}

/// A row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Item {
    /// The item.
    pub id: String,
    /// How many events it has seen.
    pub events: i64,
    /// The sum of what they added.
    pub total: i64,
    /// Depends on all that was added and on the order.
    pub digest: i64,
    /// The position of the last event.
    pub position: i64,
}

/// What an event adds.
#[derive(Deserialize)]
struct Added {
    add: i64,
    #[serde(default)]
    poison: bool,
}

/// The digest after another event.
pub fn digest(before: i64, add: i64) -> i64 {
    (before * 31 + add) % 1_000_003
}

/// The read model.
pub struct Items;

impl RowModel for Items {
    type Row = Item;
    const PROJECTION: &'static str = "shop.item";
    const TABLES: &'static [&'static str] = &["shop_item"];
    const CONTEXTS: &'static [&'static str] = &["shop"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        Ok(RowKey::id(&event.aggregate_id))
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, Item>) -> Result<(), String> {
        let added: Added = serde_json::from_str(&event.payload).map_err(|error| error.to_string())?;
        if added.poison && !CURED.lock().unwrap_or_else(PoisonError::into_inner).contains(&event.tenant_id.0) {
            return Err("poisoned".to_owned());
        }
        let id = &event.aggregate_id;
        let mut row = rows.get(id).cloned().unwrap_or(Item { id: id.clone(), events: 0, total: 0, digest: 0, position: 0 });
        row.events += 1;
        row.total += added.add;
        row.digest = digest(row.digest, added.add);
        row.position = event.position;
        rows.put(id.clone(), row);
        Ok(())
    }
}

/// The projection.
pub fn projection() -> Box<dyn Projection> {
    RowProjection::<Items>::boxed()
}
