//! Which column of a file fills which field.

use std::collections::{BTreeSet, HashMap};

use domain::kernel::{AggregateType, Currency, ImportDef};

use super::closing::{self, ASIDE, Closing};
use super::schema::{Fields, Kind};
use super::usage;

/// The field of a record's id.
pub const ID: &str = "id";
/// What follows the path of an amount in the path of its currency.
pub const CURRENCY: &str = ".currency";
/// What follows the path of an amount in the path of the same amount in minor units, as exports of this platform have it.
pub const MINOR: &str = ".minor";
/// The currency of all amounts of a row that name none of their own.
pub const ROW_CURRENCY: &str = "@.currency";
/// The column that holds a list of objects, each of which is a row of its own.
pub const ROWS: &str = "@rows";
/// Names of ignored columns that are remembered for the list.
const IGNORED_MAX: usize = 500;

/// A field that a file can fill.
pub struct Field {
    /// Its path in the command.
    pub path: String,
    /// How its cells are read.
    pub kind: Kind,
    /// Whether a cell holds several values.
    pub list: bool,
}

/// Where the cells of a column go: a field, and the column's place among those that fill it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// Index into [`Columns::fields`].
    pub field: usize,
    /// The filled cell with the lowest rank wins.
    pub rank: usize,
}

/// The columns that an import understands.
pub struct Columns {
    /// The fields.
    pub fields: Vec<Field>,
    /// The rows' second commands.
    pub closing: Option<&'static Closing>,
    /// The names of fields without which no record can be created.
    pub required: Vec<String>,
    /// The currency of amounts whose row names none.
    pub currency: Option<Currency>,
    /// Fields that name another record which a row changes.
    pub in_order: &'static [&'static str],
    /// The list that each row adds an element to, where several rows make one record.
    pub list: Option<String>,
    by_header: HashMap<String, Slot>,
    mapped: HashMap<String, Slot>,
    known: HashMap<String, Option<Slot>>,
    filled: BTreeSet<usize>,
    ignored: BTreeSet<String>,
}

/// A header as it is compared: lower case, runs of anything but letters and digits as one space.
pub fn normalise(header: &str) -> String {
    let spaced: String = header.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Columns {
    /// The columns of an import, with the assignments of `--map`.
    pub fn new(def: &ImportDef, aggregate: &dyn AggregateType, map: &[String]) -> anyhow::Result<Self> {
        let fields = Fields::of(aggregate, def.create)?;
        let mut columns = Self {
            fields: Vec::new(),
            closing: closing::of(aggregate.context(), def.name),
            required: fields.required(),
            currency: None,
            in_order: def.in_order,
            list: def.columns.iter().find_map(|column| fields.list_of(column.field)),
            by_header: HashMap::new(),
            mapped: HashMap::new(),
            known: HashMap::new(),
            filled: BTreeSet::new(),
            ignored: BTreeSet::new(),
        };
        let aside = columns.closing.map_or(&[][..], |closing| closing.columns);
        for column in def.columns.iter().chain(aside) {
            let field = columns.field(column.field, &fields, def.lists)?;
            let own = (column.field == ID).then_some(ID);
            for (rank, header) in column.headers.iter().copied().chain(own).enumerate() {
                // Rank 0 is for --map, 1 for the name of the field.
                columns.by_header.entry(header.to_owned()).or_insert(Slot { field, rank: rank + 2 });
            }
        }
        columns.take_exports(def, &fields)?;
        for assignment in map {
            let (header, path) = assignment.rsplit_once('=').map(|(header, path)| (header.trim(), path.trim())).unwrap_or_default();
            if header.is_empty() || path.is_empty() {
                return Err(usage(format!("--map `{assignment}`: write it as \"Column=field\", such as \"E-Mail 2=email\"")));
            }
            let field = columns.field(path, &fields, def.lists).map_err(|_| {
                let known: Vec<&str> = def.columns.iter().map(|column| column.field).collect();
                usage(format!("--map `{assignment}`: there is no field `{path}`; fields are {}", known.join(", ")))
            })?;
            columns.mapped.insert(normalise(header), Slot { field, rank: 0 });
        }
        Ok(columns)
    }

    /// Lets the columns be read that exports of this platform have for amounts: `price_minor` and `price_currency`.
    fn take_exports(&mut self, def: &ImportDef, fields: &Fields) -> anyhow::Result<()> {
        let amounts =
            |column: &&domain::kernel::ImportColumn| fields.kind(column.field) == Some(Kind::Money) && !column.field.contains('.');
        for column in def.columns.iter().filter(amounts) {
            for aside in [MINOR, CURRENCY] {
                let field = self.field(&format!("{}{aside}", column.field), fields, def.lists)?;
                let header = normalise(&format!("{}{aside}", column.field));
                self.by_header.entry(header).or_insert(Slot { field, rank: 2 });
            }
        }
        let own = |slot: &&Slot| self.fields[slot.field].path.split_once('.').is_some_and(|(_, rest)| rest == &CURRENCY[1..]);
        if self.by_header.get("currency").as_ref().is_some_and(own) {
            let field = self.field(ROW_CURRENCY, fields, def.lists)?;
            self.by_header.insert("currency".to_owned(), Slot { field, rank: 2 });
        }
        Ok(())
    }

    fn field(&mut self, path: &str, fields: &Fields, lists: &[&str]) -> anyhow::Result<usize> {
        if let Some(found) = self.fields.iter().position(|field| field.path == path) {
            return Ok(found);
        }
        let plain = path == ID || path.starts_with(ASIDE) || path.ends_with(CURRENCY) || path.ends_with(MINOR);
        let kind = if plain { Some(Kind::Text) } else { fields.kind(path) };
        let kind = kind.ok_or_else(|| anyhow::anyhow!("there is no field `{path}`"))?;
        self.fields.push(Field { path: path.to_owned(), kind, list: lists.contains(&path) || kind == Kind::List });
        Ok(self.fields.len() - 1)
    }

    /// Whether the field belongs to the elements of the list, and not to the record as a whole.
    pub fn is_of_list(&self, field: usize) -> bool {
        let path = self.fields[field].path.as_str();
        self.list.as_deref().is_some_and(|list| path.strip_prefix(list).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    }

    /// Where the cells under a header go, if anywhere.
    pub fn slot(&mut self, header: &str) -> Option<Slot> {
        if let Some(known) = self.known.get(header) {
            return *known;
        }
        let normal = normalise(header);
        // An id may stand under other names too, of which the better ones come first.
        let named = self.fields.iter().position(|field| !field.path.starts_with(ASIDE) && field.path != ID && field.path == header.trim());
        let named = named.map(|field| Slot { field, rank: 1 });
        let slot = self.mapped.get(&normal).copied().or(named).or_else(|| self.by_header.get(&normal).copied());
        match slot {
            Some(slot) => {
                self.filled.insert(slot.field);
            }
            None if self.ignored.len() < IGNORED_MAX && !normal.is_empty() => {
                self.ignored.insert(header.trim().to_owned());
            }
            None => {}
        }
        if self.known.len() < IGNORED_MAX {
            self.known.insert(header.to_owned(), slot);
        }
        slot
    }

    /// The columns that fill nothing.
    pub fn ignored(&self) -> Vec<String> {
        self.ignored.iter().cloned().collect()
    }

    /// Fails where the file cannot fill what every record needs, and says what was found and what is understood.
    pub fn check(&self, found: &[String]) -> anyhow::Result<()> {
        let fills = |name: &str| self.filled.iter().any(|field| self.fields[*field].path.split('.').next() == Some(name));
        let missing: Vec<&str> = self.required.iter().map(String::as_str).filter(|name| !fills(name)).collect();
        let nothing = !self.filled.iter().any(|field| self.fields[*field].path != ID);
        if missing.is_empty() && !nothing {
            return Ok(());
        }
        let what = if missing.is_empty() {
            "no column of the file is understood".to_owned()
        } else {
            format!("no column of the file gives `{}`, which every row needs", missing.join("` and `"))
        };
        let mut lines = vec![format!("{what}.\nThe file has: {}.\nUnderstood are:", found.join(", "))];
        for (index, field) in self.fields.iter().enumerate() {
            let mut headers: Vec<(usize, &str)> =
                self.by_header.iter().filter(|(_, slot)| slot.field == index).map(|(header, slot)| (slot.rank, header.as_str())).collect();
            headers.sort_unstable();
            let headers: Vec<&str> = headers.into_iter().map(|(_, header)| header).take(4).collect();
            lines.push(format!("  {:<24} {}", field.path, headers.join(", ")));
        }
        lines.push("Name others with --map \"Column=field\".".to_owned());
        Err(usage(lines.join("\n")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(import: &str, map: &[&str]) -> anyhow::Result<Columns> {
        let context = &domain::crm::CONTEXT;
        let def = context.imports.iter().find(|def| def.name == import).unwrap();
        let map: Vec<String> = map.iter().map(|text| (*text).to_owned()).collect();
        Columns::new(def, context.aggregate(def.aggregate).unwrap(), &map)
    }

    #[test]
    fn import_matches_headers_however_they_are_written() {
        let mut columns = columns("contacts", &[]).unwrap();
        let mut path = |header: &str| columns.slot(header).map(|slot| columns.fields[slot.field].path.clone());
        assert_eq!(path("E-mail").as_deref(), Some("email"));
        assert_eq!(path(" FIRST_NAME ").as_deref(), Some("given_name"));
        assert_eq!(path("State/Region").as_deref(), Some("address.region"));
        assert_eq!(path("address.city").as_deref(), Some("address.city"));
        assert_eq!(path("Shoe size"), None);
        assert_eq!(columns.ignored(), ["Shoe size"]);
    }

    #[test]
    fn import_prefers_assigned_columns_over_others() {
        let mut columns = columns("contacts", &["Private Mail=email", "Tier=custom.tier"]).unwrap();
        let private = columns.slot("private mail").unwrap();
        assert!(private < columns.slot("Email").unwrap());
        let tier = columns.slot("Tier").unwrap();
        assert_eq!(columns.fields[tier.field].path, "custom.tier");
        assert!(super::Columns::check(&columns, &[]).is_ok());
        for bad in ["Email", "=email", "Email=", "Email=mail_address"] {
            assert!(self::columns("contacts", &[bad]).is_err(), "{bad}");
        }
    }

    #[test]
    fn import_says_which_columns_are_missing() {
        let mut columns = columns("deals", &[]).unwrap();
        columns.slot("Amount");
        columns.slot("Foo");
        let error = columns.check(&["Amount".to_owned(), "Foo".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("`name`") && error.contains("Amount, Foo") && error.contains("deal name"), "{error}");
    }
}
