//! The table of results.

use std::path::Path;

use anyhow::Result;
use comfy_table::Table;
use serde::Serialize;

/// One measurement beside its reference.
#[derive(Serialize)]
pub struct Line {
    /// What was measured.
    pub name: String,
    /// Unit of both figures.
    pub unit: &'static str,
    /// Our figure.
    pub ours: f64,
    /// The reference's figure.
    pub reference: f64,
    /// What the reference is.
    pub reference_name: String,
    /// Ours divided by the reference.
    pub ratio: f64,
    /// What the ratio must reach, for people.
    #[serde(skip)]
    pub target: String,
}

/// All measurements of a run.
#[derive(Default)]
pub struct Report {
    /// In the order of measurement.
    pub lines: Vec<Line>,
}

impl Report {
    /// Adds a measurement.
    pub fn add(
        &mut self,
        name: impl Into<String>,
        unit: &'static str,
        ours: f64,
        reference_name: impl Into<String>,
        reference: f64,
        target: impl Into<String>,
    ) {
        let line = Line {
            name: name.into(),
            unit,
            ours,
            reference,
            reference_name: reference_name.into(),
            ratio: ours / reference,
            target: target.into(),
        };
        println!("{}: {:.1} {} ({}: {:.1}, ratio {:.2})", line.name, line.ours, line.unit, line.reference_name, line.reference, line.ratio);
        self.lines.push(line);
    }

    /// Writes the table as JSON.
    pub fn write(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(std::fs::write(path, serde_json::to_string_pretty(&self.lines)?)?)
    }

    /// Prints the table.
    pub fn print(&self) {
        let mut table = Table::new();
        table.set_header(["measurement", "unit", "ours", "reference", "", "ratio", "target"]);
        for line in &self.lines {
            table.add_row([
                line.name.clone(),
                line.unit.to_owned(),
                format!("{:.1}", line.ours),
                line.reference_name.clone(),
                format!("{:.1}", line.reference),
                format!("{:.2}", line.ratio),
                line.target.clone(),
            ]);
        }
        println!("{table}");
    }
}
