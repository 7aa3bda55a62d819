//! Answers as tables: CSV, NDJSON, Parquet and Arrow, in the answer itself or, when there is much of it, in files that a worker writes.
//!
//! [`columns`] says which columns an answer has and of which type, [`cells`] reads rows as values of those types, and [`encode`] writes
//! them. [`stream`] answers requests with that; [`exporter`] writes the files of exports into a [`store`], from where [`files`] serves
//! them. An answer is never cut without saying so.

mod batch;
mod cells;
mod columns;
mod encode;
mod exporter;
mod files;
mod job;
mod manifest;
mod plan;
mod store;
mod stream;

pub use cells::Rows;
pub use columns::{TableColumn, of_model as columns_of_model, of_report as columns_of_report};
pub use encode::{Encoder, TableFormat, whole};
pub use exporter::{Exporter, ExporterOptions};
pub use files::{file, not_set_up, overview};
pub use plan::Plan;
pub use store::{ExportStore, FileStore, FileWriter, Opened, Place};
pub use stream::{stream_model, whole_report};
