//! The custom fields that the tenant has defined, retired ones too: their values are still stored.

use chrono::{DateTime, Utc};
use domain::crm::custom_field::{CustomEntity, CustomField, CustomFieldDefined, CustomFieldEvent, FieldType};
use domain::crm::values::{Label, Name};
use domain::kernel::RecordedEvent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::Table;
use crate::model::ColumnKind::{Boolean, Integer, List, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};
use domain::kernel::is_of;

/// A custom field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomFieldRow {
    /// `<entity>.<key>`
    pub id: String,
    /// The records that have it.
    pub entity: CustomEntity,
    /// Its key among the values of a record.
    pub key: String,
    /// What people call it.
    pub label: Name,
    /// What values it takes.
    #[serde(rename = "type")]
    pub field_type: FieldType,
    /// The options of a select field.
    pub options: Vec<Label>,
    /// Whether it takes no new values.
    pub retired: bool,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When it was defined.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
}

impl CustomFieldRow {
    fn new(event: &RecordedEvent, e: CustomFieldDefined) -> Self {
        let CustomFieldDefined { entity, key, label, field_type, options } = e;
        let (id, version, at) = (event.aggregate_id.clone(), event.sequence, event.recorded_at);
        Self { id, entity, key, label, field_type, options, retired: false, version, created_at: at, updated_at: at }
    }
}

pub(super) fn fold(event: &RecordedEvent, table: &mut impl Table<CustomFieldRow>) -> Result<(), String> {
    let id = &event.aggregate_id;
    match event_of::<CustomField>(event)? {
        None => return Ok(()),
        Some(CustomFieldEvent::CustomFieldDefined(e)) => table.put(id, CustomFieldRow::new(event, e)),
        Some(CustomFieldEvent::CustomFieldUpdated(e)) => {
            let row = table.existing(id)?;
            (row.label, row.options) = (e.label, e.options);
        }
        Some(CustomFieldEvent::CustomFieldRetired(_)) => table.existing(id)?.retired = true,
    }
    let row = table.existing(id)?;
    row.version = event.sequence;
    row.updated_at = event.recorded_at;
    Ok(())
}

/// Fills the table.
pub struct CustomFieldList;

impl RowModel for CustomFieldList {
    type Row = CustomFieldRow;
    const PROJECTION: &'static str = "crm.custom_field_list";
    const TABLES: &'static [&'static str] = &["crm_custom_field_list"];
    const CONTEXTS: &'static [&'static str] = &["crm"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        Ok(if is_of::<CustomField>(event) { RowKey::id(&event.aggregate_id) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, CustomFieldRow>) -> Result<(), String> {
        fold(event, rows)
    }
}

/// `GET /v1/crm/custom-field-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "crm",
    name: "custom-field-list",
    summary: "Custom fields of contacts, companies, deals and leads.",
    table: "crm_custom_field_list",
    projection: CustomFieldList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("entity", Text),
        Column::new("key", Text),
        Column::new("label", Text),
        Column::new("type", Text),
        Column::new("options", List),
        Column::new("retired", Boolean),
        Column::new("version", Integer),
        Column::new("created_at", Timestamp),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("id", false),
    search: None,
    redirects: None,
    schema: |generator| CustomFieldRow::json_schema(generator),
};
