//! The read model `invoicing_invoice_list`: one row for each `invoice`.

use chrono::{DateTime, Utc};
use domain::invoicing::invoice::{Invoice, InvoiceEvent};
use domain::kernel::{Aggregate, EventSet, RecordedEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{Column, ColumnKind, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows};

/// What may be asked of it.
pub static READ_MODEL: ReadModelDef = ReadModelDef {
    context: "invoicing",
    name: "invoice-list",
    summary: "One row for each invoice.",
    table: "invoicing_invoice_list",
    projection: "invoicing.invoice_list",
    columns: &[
        Column::new("id", ColumnKind::Text),
        Column::new("version", ColumnKind::Integer),
        Column::sorted("name", ColumnKind::Text),
        Column::new("retired", ColumnKind::Boolean),
        Column::new("created_at", ColumnKind::Timestamp),
    ],
    default_sort: ("name", false),
    search: None,
    redirects: None,
    schema: |generator| <Row as JsonSchema>::json_schema(generator),
};

/// A row, as it is stored and answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// The aggregate's id.
    pub id: String,
    /// The number of its events.
    pub version: i64,
    /// What people call it.
    pub name: String,
    /// Whether it is out of use.
    pub retired: bool,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

/// Turns events into rows.
pub struct InvoiceList;

impl RowModel for InvoiceList {
    type Row = Row;
    const PROJECTION: &'static str = READ_MODEL.projection;
    const TABLES: &'static [&'static str] = &[READ_MODEL.table];
    const CONTEXTS: &'static [&'static str] = &[Invoice::CONTEXT];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        Ok(if event.aggregate_type == Invoice::TYPE { RowKey::id(event.aggregate_id.clone()) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, Row>) -> Result<(), String> {
        let decoded = InvoiceEvent::decode(&event.event_type, &event.event_version, &event.payload).map_err(|error| error.to_string())?;
        let id = &event.aggregate_id;
        if let InvoiceEvent::InvoiceCreated(created) = decoded {
            let (name, created_at) = (created.name.into(), event.recorded_at);
            rows.put(id, Row { id: id.clone(), version: event.sequence, name, retired: false, created_at });
            return Ok(());
        }
        let Some(row) = rows.get_mut(id) else { return Err(format!("there is no row for `{id}`")) };
        row.version = event.sequence;
        match decoded {
            InvoiceEvent::InvoiceCreated(_) => {}
            InvoiceEvent::InvoiceRenamed(renamed) => row.name = renamed.name.into(),
            InvoiceEvent::InvoiceRetired(_) => row.retired = true,
        }
        Ok(())
    }
}
