//! Documents to be printed, as contexts describe them: what stands on them, not where. The gateway lays them out.

use chrono::NaiveDate;

/// On which side the cells of a column stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Texts.
    Left,
    /// Numbers.
    Right,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableColumn {
    /// Its title.
    pub title: String,
    /// Where its cells stand.
    pub align: Align,
    /// Its share of the table's width, in relation to those of the others.
    pub weight: u16,
}

/// A table that may flow over pages; its titles are repeated on each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Its columns.
    pub columns: Vec<TableColumn>,
    /// Its rows, a text for each column. Line ends begin a new line.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows, of columns given as title, alignment and weight.
    pub fn new(columns: &[(&str, Align, u16)]) -> Self {
        let column =
            |(title, align, weight): &(&str, Align, u16)| TableColumn { title: (*title).to_owned(), align: *align, weight: *weight };
        Self { columns: columns.iter().map(column).collect(), rows: Vec::new() }
    }
}

/// A sum below a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Sum {
    /// What it is the sum of.
    pub label: String,
    /// The sum.
    pub value: String,
    /// Whether it is the one that matters.
    pub strong: bool,
}

/// What stands on a document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// What it is and its number: `Invoice INV-0001`.
    pub title: String,
    /// A word across its state, such as `DRAFT` or `VOID`, where it is not what it would look like.
    pub mark: Option<String>,
    /// The name of its file, without ending.
    pub file_name: String,
    /// Its date, which becomes that of the file, so that the same document is always the same file.
    pub date: Option<NaiveDate>,
    /// Who sends it: the name, then further lines.
    pub sender: Vec<String>,
    /// Who receives it, as on an envelope.
    pub recipient: Vec<String>,
    /// What is said of it, as label and value.
    pub facts: Vec<(String, String)>,
    /// What stands above the table.
    pub introduction: Option<String>,
    /// What it is about.
    pub table: Table,
    /// The sums of the table.
    pub sums: Vec<Sum>,
    /// A smaller table below, such as one of taxes, and its title.
    pub summary: Option<(String, Table)>,
    /// What stands below, as title and text.
    pub notes: Vec<(String, String)>,
    /// What stands at the foot of each page.
    pub footer: Vec<String>,
}
