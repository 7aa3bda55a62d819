//! A small context to test with: samples, which carry a label and perhaps a code that is unique.

use std::sync::Arc;

use async_trait::async_trait;
use domain::kernel::{Aggregate, AggregateType, Context, ContextDef, Decision, RecordedEvent, Refusal, Text};
use domain::{commands, cqrs_aggregate, events, rejections};
use projections::contexts::ContextEntry;
use projections::document::Document;
use projections::model::ColumnKind::{Boolean, Date, Integer, Json, List, Number, Timestamp};
use projections::model::{Column, ColumnKind, DocumentDef, Parameter, Printed, ReadModelDef, ReportDef};
use projections::runtime::{ApplyError, Projection};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SampleTaken {
    pub label: Text<50>,
    pub code: Option<Text<20>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text<500_000>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SampleRelabelled {
    pub label: Text<50>,
}

events! {
    /// What happens to a sample.
    pub enum SampleEvent {
        SampleTaken = "sample_taken" 1,
        SampleRelabelled = "sample_relabelled" 1,
    }
}

/// A sample.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sample {
    /// The label.
    pub label: String,
}

/// Takes a sample. It has a label.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeSample {
    /// The label.
    pub label: Text<50>,
    /// Unique within the tenant.
    pub code: Option<Text<20>>,
    /// A remark, perhaps a long one.
    pub note: Option<Text<500_000>>,
}

/// Gives a sample another label.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Relabel {
    /// The label.
    pub label: Text<50>,
}

/// Fails by a defect.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Explode {}

commands! {
    /// What can be asked of a sample.
    pub enum SampleCommand {
        creates "take" => TakeSample { "label": "blood" },
        "relabel" => Relabel { "label": "plasma" },
        "explode" => Explode {},
    }
}

rejections! {
    /// Why a sample refuses.
    pub enum SampleRejection in "lab" {
        /// Glass.
        #[error("The sample is fragile.")]
        Fragile => "fragile" ["label"],
    }
}

impl Aggregate for Sample {
    const CONTEXT: &'static str = "lab";
    const TYPE: &'static str = "sample";
    type Command = SampleCommand;
    type Event = SampleEvent;

    fn apply(&mut self, event: &SampleEvent) {
        match event {
            SampleEvent::SampleTaken(e) => self.label = e.label.to_string(),
            SampleEvent::SampleRelabelled(e) => self.label = e.label.to_string(),
        }
    }

    fn handle(&self, command: SampleCommand, _: &Context<'_>) -> Result<Decision<SampleEvent>, Refusal> {
        match command {
            SampleCommand::TakeSample(c) => {
                let code = c.code.clone();
                let decision = Decision::event(SampleTaken { label: c.label, code: c.code, note: c.note });
                Ok(match code {
                    Some(code) => decision.claim("sample.code", code.to_string(), "code"),
                    None => decision,
                })
            }
            SampleCommand::Relabel(c) if &*c.label == "glass" => Err(SampleRejection::Fragile.into()),
            SampleCommand::Relabel(c) if *c.label == self.label => Ok(Decision::nothing()),
            SampleCommand::Relabel(c) => Ok(Decision::event(SampleRelabelled { label: c.label })),
            SampleCommand::Explode(_) => panic!("a defect with a secret"),
        }
    }
}

cqrs_aggregate!(Sample);

/// The read model is filled by the tests themselves, so that they decide how far it has come.
struct ByHand;

#[async_trait]
impl Projection for ByHand {
    fn name(&self) -> &'static str {
        "lab.samples"
    }

    fn tables(&self) -> &'static [&'static str] {
        &["lab_samples"]
    }

    fn contexts(&self) -> &'static [&'static str] {
        &["lab"]
    }

    async fn apply(&self, _: &mut sqlx::PgConnection, _: i32, _: &[Arc<RecordedEvent>]) -> Result<(), ApplyError> {
        Ok(())
    }
}

/// A sample, as it is listed.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct Row {
    id: String,
    label: Option<String>,
}

pub const TABLE: &str = "CREATE TABLE lab_samples_v1 (tenant_id uuid NOT NULL, id text NOT NULL, label text, amount bigint, weight double precision, \
    fresh boolean, taken_at timestamptz, day date, tags text[] NOT NULL DEFAULT '{}', more jsonb, merged_ids text[] NOT NULL DEFAULT '{}', \
    search text NOT NULL DEFAULT '', PRIMARY KEY (tenant_id, id)); SELECT runtime.declare_read_model('lab_samples', 'lab.samples')";

static SAMPLES: ReadModelDef = ReadModelDef {
    context: "lab",
    name: "samples",
    summary: "Samples.",
    table: "lab_samples",
    projection: "lab.samples",
    columns: &[
        Column::sorted("id", ColumnKind::Text),
        Column::sorted("label", ColumnKind::Text),
        Column::sorted("amount", Integer),
        Column::sorted("weight", Number),
        Column::new("fresh", Boolean),
        Column::sorted("taken_at", Timestamp),
        Column::new("day", Date),
        Column::new("tags", List),
        Column::new("more", Json),
    ],
    default_sort: ("taken_at", true),
    search: Some("search"),
    redirects: Some("merged_ids"),
    schema: |generator| Row::json_schema(generator),
};

/// Samples by label.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct Count {
    label: String,
    samples: i64,
}

/// A sheet about a sample.
static SHEET: DocumentDef = DocumentDef {
    context: "lab",
    name: "sheet",
    summary: "A sheet about a sample.",
    source: Printed::Row {
        model: &SAMPLES,
        describe: |row| {
            let row: serde_json::Value = serde_json::from_str(row)?;
            let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            Ok(Document { title: format!("Sample {}", text("label")), file_name: text("id"), ..Document::default() })
        },
    },
};

static DOMAIN: ContextDef = ContextDef {
    name: "lab",
    summary: "A laboratory.",
    aggregates: || vec![<dyn AggregateType>::of::<Sample>()],
    imports: &[],
    due: &[],
    setup: &[],
};

pub static CONTEXTS: &[ContextEntry] = &[ContextEntry {
    documents: &[&SHEET],
    domain: &DOMAIN,
    projections: || vec![Box::new(ByHand)],
    read_models: &[&SAMPLES],
    reports: &[ReportDef {
        context: "lab",
        name: "label-counts",
        summary: "Samples by label.",
        projections: &["lab.samples"],
        parameters: &[
            Parameter::optional("min", Integer, "The least number.").or("1"),
            Parameter::optional("label", ColumnKind::Text, "One label."),
        ],
        sql: "SELECT jsonb_build_object('label', label, 'samples', count(*)) FROM lab_samples WHERE $2 IS NULL OR label = $2 \
            GROUP BY label HAVING count(*) >= $1::bigint ORDER BY label",
        schema: |generator| Count::json_schema(generator),
        not_found_if_empty: false,
    }],
}];
