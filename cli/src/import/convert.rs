//! Turns the cells of a row into the fields of a command.

use domain::kernel::Currency;
use serde_json::{Map, Value, json};

use super::closing::{FollowUp, REASON};
use super::columns::{CURRENCY, Columns, ID, MINOR, ROW_CURRENCY, ROWS, Slot};
use super::dates::{self, Hints};
use super::numbers::{self, AmountFault, Decimal, Notation};
use super::schema::Kind;
use super::{columns, countries};

/// What a file's rows have in common.
pub struct Converter {
    /// The columns.
    pub columns: Columns,
    /// How numbers are written.
    pub notation: Notation,
    /// Region of telephone numbers whose row names no country.
    pub region: Option<String>,
    /// For each field, what the first rows say about the order of days and months.
    pub hints: Vec<Hints>,
    /// Today, for what cannot end in the future.
    pub today: String,
}

/// A row that can be sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapped {
    /// The record's id.
    pub id: Option<String>,
    /// The fields of the command that creates.
    pub body: Map<String, Value>,
    /// The command that follows it.
    pub follow_up: Option<FollowUp>,
    /// Cells that were left out.
    pub warnings: Vec<Remark>,
}

/// Why a row is refused, or a cell left out.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Remark {
    /// Stable code.
    pub code: String,
    /// One sentence.
    pub detail: String,
}

impl Remark {
    /// A remark.
    pub fn new(code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { code: code.into(), detail: detail.into() }
    }
}

/// What a cell holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Text, in which numbers are in the notation of the file.
    Text(String),
    /// A number of NDJSON, in the notation of JSON.
    Number(String),
    /// A value of NDJSON that is a list or an amount.
    Json(Value),
}

impl Cell {
    fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(text) => text.trim(),
            Self::Json(_) => "",
        }
    }

    fn is_blank(&self) -> bool {
        match self {
            Self::Text(text) | Self::Number(text) => text.trim().is_empty(),
            Self::Json(value) => value.as_array().is_some_and(Vec::is_empty),
        }
    }
}

/// The filled cells of a row, one for each field.
pub type Cells = Vec<Option<(usize, Cell)>>;

/// How deep the objects of a row may nest.
const DEPTH_MAX: usize = 4;

impl Converter {
    fn put(cells: &mut Cells, slot: Slot, cell: Cell) {
        if cells.len() <= slot.field {
            cells.resize(slot.field + 1, None);
        }
        let kept = &mut cells[slot.field];
        if !cell.is_blank() && kept.as_ref().is_none_or(|(rank, _)| slot.rank < *rank) {
            *kept = Some((slot.rank, cell));
        }
    }

    /// The cells of a CSV row under these headers and slots. A cell that holds an object is read as its members.
    pub fn csv_cells(&mut self, headers: &[String], slots: &[Option<Slot>], row: Vec<String>) -> Cells {
        let mut cells = Cells::new();
        for ((header, slot), cell) in headers.iter().zip(slots).zip(row) {
            match (object(&cell), slot) {
                (Some(object), Some(slot)) if self.takes_objects(slot.field) => {
                    Self::put(&mut cells, *slot, Cell::Json(Value::Object(object)));
                }
                (Some(object), _) => self.add_object(header, object, &mut cells, 1),
                (None, Some(slot)) => Self::put(&mut cells, *slot, Cell::Text(cell)),
                (None, None) => {}
            }
        }
        cells
    }

    /// The rows that a row stands for: one for each element of the list of objects that it holds, such as the lines of an invoice.
    pub fn rows(&mut self, mut cells: Cells) -> Vec<Cells> {
        let place = self.columns.fields.iter().position(|field| field.path == ROWS);
        let list = match place.and_then(|place| cells.get_mut(place)?.take()) {
            Some((_, Cell::Json(Value::Array(list)))) => list,
            Some((_, Cell::Text(text))) => serde_json::from_str(&text).unwrap_or_default(),
            _ => Vec::new(),
        };
        let mut rows = Vec::with_capacity(list.len());
        for element in list {
            if let Value::Object(element) = element {
                let mut row = cells.clone();
                self.add_object("", element, &mut row, 1);
                rows.push(row);
            }
        }
        if rows.is_empty() { vec![cells] } else { rows }
    }

    /// The cells of an NDJSON object; nested objects are read as dotted names.
    pub fn json_cells(&mut self, object: Map<String, Value>) -> Cells {
        let mut cells = Cells::new();
        self.add_object("", object, &mut cells, 0);
        cells
    }

    fn add_object(&mut self, prefix: &str, object: Map<String, Value>, cells: &mut Cells, depth: usize) {
        for (name, value) in object {
            let name = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
            match value {
                Value::Object(nested) if nested.contains_key("amount_minor") || depth == DEPTH_MAX || self.holds_objects(&name) => {
                    self.add(&name, Cell::Json(Value::Object(nested)), cells);
                }
                Value::Object(nested) => self.add_object(&name, nested, cells, depth + 1),
                Value::Array(list) => self.add(&name, Cell::Json(Value::Array(list)), cells),
                Value::String(text) => self.add(&name, Cell::Text(text), cells),
                Value::Null => self.add(&name, Cell::Text(String::new()), cells),
                Value::Number(number) => self.add(&name, Cell::Number(number.to_string()), cells),
                Value::Bool(truth) => self.add(&name, Cell::Text(truth.to_string()), cells),
            }
        }
    }

    /// Whether an object is a value of the field, and not several fields.
    fn takes_objects(&self, field: usize) -> bool {
        self.columns.fields[field].kind == Kind::Object
    }

    fn holds_objects(&self, path: &str) -> bool {
        self.columns.fields.iter().any(|field| field.path == path && field.kind == Kind::Object)
    }

    fn add(&mut self, name: &str, cell: Cell, cells: &mut Cells) {
        if let Some(slot) = self.columns.slot(name) {
            Self::put(cells, slot, cell);
        }
    }

    /// Takes the cells of an early row into account for the order of days and months.
    pub fn learn(&mut self, cells: &Cells) {
        self.hints.resize(self.columns.fields.len(), Hints::default());
        for (index, cell) in cells.iter().enumerate() {
            if let Some((_, cell)) = cell
                && matches!(self.columns.fields[index].kind, Kind::Day | Kind::When)
            {
                self.hints[index].add(cell.text());
            }
        }
    }

    /// The command of a row; `None` for a row without any value.
    pub fn convert(&self, mut cells: Cells) -> Result<Option<Mapped>, Remark> {
        if cells.iter().all(Option::is_none) {
            return Ok(None);
        }
        cells.resize(self.columns.fields.len(), None);
        let mut mapped = Mapped::default();
        let mut reason = None;
        for (index, field) in self.columns.fields.iter().enumerate() {
            let Some((_, cell)) = &cells[index] else { continue };
            match field.path.as_str() {
                ID => mapped.id = Self::id(cell, &mut mapped.warnings),
                REASON => reason = Some(cell.text().to_owned()),
                path if path.ends_with(CURRENCY) || path == ROWS => {}
                path if path.ends_with(MINOR) => self.minor(path, cell, &cells, &mut mapped)?,
                path => {
                    if let Some(value) = self.value(index, cell, &cells, &mut mapped.warnings)? {
                        insert(&mut mapped.body, path, value);
                    }
                }
            }
        }
        if let Some(element) = self.columns.list.as_deref().and_then(|list| mapped.body.get_mut(list)).filter(|value| value.is_object()) {
            *element = Value::Array(vec![element.take()]);
        }
        self.set_region(&mut mapped);
        if let Some(missing) = self.columns.required.iter().find(|name| !mapped.body.contains_key(*name)) {
            return Err(Remark::new(format!("missing_{missing}"), format!("The row has no {}.", missing.replace('_', " "))));
        }
        if let Some(closing) = self.columns.closing {
            mapped.follow_up = closing.take(&mut mapped.body, reason.as_deref(), &self.today);
        }
        Ok(Some(mapped))
    }

    /// Whether a row goes on with the record of the row before it: it names the same record; or it names none, and says nothing about the
    /// record as a whole that the row before it does not say too.
    pub fn continues(&self, first: &Cells, row: &Cells) -> bool {
        if self.columns.list.is_none() {
            return false;
        }
        let text = |cells: &Cells, field: usize| cells.get(field).and_then(Option::as_ref).map(|(_, cell)| cell.text().to_owned());
        let same = |field: usize| text(row, field).is_none_or(|own| text(first, field).is_some_and(|known| known == own));
        let id = self.columns.fields.iter().position(|field| field.path == ID);
        if let Some(id) = id.filter(|id| text(row, *id).is_some()) {
            return same(id);
        }
        (0..self.columns.fields.len()).filter(|field| !self.columns.is_of_list(*field)).all(same)
    }

    /// Adds a row that goes on with a record to what the rows before it say.
    pub fn extend(&self, first: &Cells, row: Cells, mapped: &mut Mapped) -> Result<(), Remark> {
        let Some(list) = self.columns.list.as_deref() else { return Ok(()) };
        let mut cells: Cells = first.clone();
        cells.resize(self.columns.fields.len(), None);
        // A row without an element, such as an empty one between two lines, adds nothing.
        if !row.iter().enumerate().any(|(field, cell)| cell.is_some() && self.columns.is_of_list(field)) {
            return Ok(());
        }
        let mut row = row.into_iter();
        for (field, cell) in cells.iter_mut().enumerate() {
            let own = row.next().flatten();
            // The currency is mostly named in the first row only.
            let inherits = own.is_none() && self.columns.fields[field].path.ends_with(CURRENCY);
            if self.columns.is_of_list(field) && !inherits {
                *cell = own;
            }
        }
        let Some(mut more) = self.convert(cells)? else { return Ok(()) };
        if let (Some(Value::Array(elements)), Some(Value::Array(added))) = (mapped.body.get_mut(list), more.body.remove(list)) {
            elements.extend(added);
        }
        mapped.warnings.append(&mut more.warnings);
        Ok(())
    }

    fn id(cell: &Cell, warnings: &mut Vec<Remark>) -> Option<String> {
        match domain::kernel::AggregateId::try_from(cell.text().to_owned()) {
            Ok(id) => Some(id.into()),
            Err(error) => {
                let text: String = cell.text().chars().take(40).collect();
                warnings.push(Remark::new("invalid_id", format!("`{text}` cannot be the record's id ({error}); it gets a new one.")));
                None
            }
        }
    }

    /// The value of a cell; `None` where it is left out with a warning.
    fn value(&self, index: usize, cell: &Cell, cells: &Cells, warnings: &mut Vec<Remark>) -> Result<Option<Value>, Remark> {
        let field = &self.columns.fields[index];
        let order = self.hints.get(index).copied().unwrap_or_default().order();
        let text = match cell {
            Cell::Json(list @ Value::Array(_)) if field.list => return Ok(Some(list.clone())),
            Cell::Json(value) if matches!(field.kind, Kind::Money | Kind::Object) => return Ok(Some(value.clone())),
            Cell::Json(other) => other.to_string(),
            Cell::Text(text) | Cell::Number(text) => text.trim().to_owned(),
        };
        let notation = if matches!(cell, Cell::Number(_)) { Notation::Point } else { self.notation };
        let number = || Decimal::read(&text, notation);
        let value = match field.kind {
            _ if field.list => Some(list(&text)),
            Kind::Text | Kind::List => Some(Value::String(text.clone())),
            Kind::Integer => number().and_then(|number| number.scaled(0)).map(Value::from),
            Kind::Number => number().and_then(|number| number.to_json()),
            Kind::Decimal => number().map(|number| Value::String(number.to_string())),
            Kind::Boolean => boolean(&text).map(Value::Bool),
            Kind::Object => None,
            Kind::Day => dates::day(&text, order).map(|day| json!(day.to_string())),
            Kind::When => dates::when(&text, order).map(Value::String),
            Kind::Money => return self.money(&field.path, (&text, notation), cells, warnings),
        };
        if value.is_none() {
            warnings.push(unreadable(&field.path, &text));
        }
        Ok(value)
    }

    /// An amount. Where the row names a currency, the amount is meant to count, and a record without it would falsify sums in
    /// silence: such a row is refused. Otherwise an unreadable amount is left out like other cells.
    fn money(
        &self,
        path: &str,
        (text, notation): (&str, Notation),
        cells: &Cells,
        warnings: &mut Vec<Remark>,
    ) -> Result<Option<Value>, Remark> {
        let currency = self.currency(path, cells)?;
        match numbers::amount(text, currency, self.columns.currency, notation) {
            Ok(money) => Ok(Some(json!(money))),
            Err(AmountFault::Unreadable) if currency.is_some() => Err(unreadable(path, text)),
            Err(AmountFault::Unreadable) => {
                warnings.push(unreadable(path, text));
                Ok(None)
            }
            Err(AmountFault::NoCurrency) => {
                warnings.push(Remark::new("no_currency", format!("Nothing says in which currency `{path}` is; give --currency.")));
                Ok(None)
            }
        }
    }

    /// The currency that a row names for an amount.
    fn currency(&self, path: &str, cells: &Cells) -> Result<Option<Currency>, Remark> {
        let fields = &self.columns.fields;
        let filled = |at: &usize| cells[*at].is_some();
        let own = fields.iter().position(|field| field.path.strip_suffix(CURRENCY) == Some(path)).filter(filled);
        // A file with several amounts in a row mostly names their currency once.
        let of_row = || fields.iter().position(|field| field.path == ROW_CURRENCY).filter(filled);
        let at = own.or_else(of_row).or_else(|| (0..fields.len()).find(|at| fields[*at].path.ends_with(CURRENCY) && filled(at)));
        let Some((_, code)) = at.and_then(|at| cells[at].as_ref()) else { return Ok(None) };
        let unknown = || {
            let code: String = code.text().chars().take(16).collect();
            Remark::new("unknown_currency", format!("`{code}` is not an ISO 4217 currency code such as EUR."))
        };
        numbers::currency(code.text()).map(Some).ok_or_else(unknown)
    }

    /// An amount in minor units, unless the row has it in major units too.
    fn minor(&self, path: &str, cell: &Cell, cells: &Cells, mapped: &mut Mapped) -> Result<(), Remark> {
        let amount = path.strip_suffix(MINOR).unwrap_or(path);
        let fields = &self.columns.fields;
        if fields.iter().position(|field| field.path == amount).is_some_and(|at| cells[at].is_some()) {
            return Ok(());
        }
        let number = Decimal::read(cell.text(), Notation::Point).and_then(|number| number.scaled(0));
        let minor = number.ok_or_else(|| unreadable(path, cell.text()))?;
        if let Some(currency) = self.currency(amount, cells)?.or(self.columns.currency) {
            insert(&mut mapped.body, amount, json!({ "amount_minor": minor, "currency": currency }));
        } else {
            let remark = Remark::new("no_currency", format!("Nothing says in which currency `{amount}` is; give --currency."));
            mapped.warnings.push(remark);
        }
        Ok(())
    }

    /// Says in which country a national telephone number is read: that of the row, or else that of `--region`.
    fn set_region(&self, mapped: &mut Mapped) {
        const REGION: &str = "phone_region";
        let given = mapped.body.remove(REGION).and_then(|value| value.as_str().map(str::to_owned));
        let Some(phone) = mapped.body.get("phone").and_then(Value::as_str) else { return };
        let national = !phone.starts_with('+') && !phone.starts_with("00");
        if !national || !self.columns.fields.iter().any(|field| field.path == REGION) {
            return;
        }
        let country = mapped.body.get("address").and_then(|address| address["country"].as_str());
        let region = given.as_deref().and_then(countries::region).or_else(|| country.and_then(countries::region));
        if let Some(region) = region.or_else(|| self.region.clone()) {
            mapped.body.insert(REGION.to_owned(), Value::String(region));
        }
    }
}

/// The object that a cell holds, as JSON.
fn object(cell: &str) -> Option<Map<String, Value>> {
    let text = cell.trim();
    (text.starts_with('{') && text.ends_with('}')).then(|| serde_json::from_str(text).ok()).flatten()
}

fn unreadable(path: &str, text: &str) -> Remark {
    let text: String = text.chars().take(40).collect();
    Remark::new(format!("unreadable_{}", columns::normalise(path).replace(' ', "_")), format!("`{path}` cannot be read: `{text}`."))
}

fn insert(body: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            body.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            if let Value::Object(nested) = body.entry(first).or_insert_with(|| Value::Object(Map::new())) {
                insert(nested, rest, value);
            }
        }
    }
}

fn list(text: &str) -> Value {
    text.split([';', ',']).map(str::trim).filter(|item| !item.is_empty()).map(|item| Value::String(item.to_owned())).collect()
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "y" | "1" | "x" | "ja" | "oui" | "on" => Some(true),
        "false" | "no" | "n" | "0" | "nein" | "non" | "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converter(import: &str) -> Converter {
        let context = &domain::crm::CONTEXT;
        let def = context.imports.iter().find(|def| def.name == import).unwrap();
        let columns = Columns::new(def, context.aggregate(def.aggregate).unwrap(), &[]).unwrap();
        let today = "2026-03-01".to_owned();
        Converter { columns, notation: Notation::Point, region: Some("FR".to_owned()), hints: Vec::new(), today }
    }

    fn convert(import: &str, row: Value) -> Result<Option<Mapped>, Remark> {
        let mut converter = converter(import);
        let Value::Object(row) = row else { panic!("an object") };
        let cells = converter.json_cells(row);
        converter.convert(cells)
    }

    #[test]
    fn import_nests_fields_and_splits_lists() {
        let row = json!({ "Record ID": 17, "First Name": "Ada ", "Tags": "a; b,c ;", "City": "Köln", "address": { "postal_code": "50667" }, "Note": null });
        let mapped = convert("contacts", row).unwrap().unwrap();
        assert_eq!(mapped.id.as_deref(), Some("17"));
        let expected = json!({ "given_name": "Ada", "tags": ["a", "b", "c"], "address": { "city": "Köln", "postal_code": "50667" } });
        assert_eq!(Value::Object(mapped.body), expected);
        assert_eq!(convert("contacts", json!({ "First Name": " ", "Email": "" })), Ok(None));
    }

    #[test]
    fn import_takes_the_first_filled_column_of_a_field() {
        let phone = |row: Value| convert("contacts", row).unwrap().unwrap().body["phone"].clone();
        assert_eq!(phone(json!({ "Mobile Phone Number": "+2", "Phone Number": "+1" })), "+1");
        assert_eq!(phone(json!({ "Mobile Phone Number": "+2", "Phone Number": "  " })), "+2");
    }

    #[test]
    fn import_reads_national_numbers_in_the_country_of_the_row() {
        let region = |row: Value| convert("contacts", row).unwrap().unwrap().body.get("phone_region").cloned();
        assert_eq!(region(json!({ "Phone": "030 1", "Country": "Deutschland" })), Some(json!("DE")));
        assert_eq!(region(json!({ "Phone": "030 1", "Country": "Deutschland", "Phone Country": "Austria" })), Some(json!("AT")));
        assert_eq!(region(json!({ "Phone": "030 1" })), Some(json!("FR")));
        assert_eq!(region(json!({ "Phone": "+49 30 1", "Country": "Germany" })), None);
    }

    #[test]
    fn import_refuses_deals_whose_amount_cannot_be_read() {
        let deal = |value: Value, currency: &str| {
            convert("deals", json!({ "Title": "x", "Value": value, "Currency": currency }))
                .map(|mapped| mapped.unwrap().body["amount"]["amount_minor"].clone())
                .map_err(|remark| remark.code)
        };
        assert_eq!(deal(json!("9,888.50"), "eur"), Ok(json!(988_850)));
        assert_eq!(deal(json!(55499.0), "JPY"), Ok(json!(55_499)));
        assert_eq!(deal(json!({ "amount_minor": 5, "currency": "EUR" }), "EUR"), Ok(json!(5)));
        assert_eq!(deal(json!("TBD"), "EUR"), Err("unreadable_amount".to_owned()));
        assert_eq!(deal(json!("5"), "EURO"), Err("unknown_currency".to_owned()));
        assert_eq!(convert("deals", json!({ "Value": 5 })).map_err(|remark| remark.code), Err("missing_name".to_owned()));
    }

    #[test]
    fn import_reads_numbers_of_json_as_json_writes_them() {
        let mut converter = Converter { notation: Notation::Comma, ..converter("deals") };
        let mut amount = |value: Value| {
            let Value::Object(row) = json!({ "Title": "x", "Value": value, "Currency": "KWD" }) else { panic!("an object") };
            let cells = converter.json_cells(row);
            converter.convert(cells).unwrap().unwrap().body["amount"]["amount_minor"].clone()
        };
        assert_eq!(
            (amount(json!(12.345)), amount(json!("12,345")), amount(json!("12.345"))),
            (json!(12_345), json!(12_345), json!(12_345_000))
        );
    }

    #[test]
    fn import_leaves_out_optional_cells_that_it_cannot_read() {
        let row = json!({ "Account Name": "x", "Account ID": "a/b", "Employees": "51-200", "Annual Revenue": "1.2M" });
        let mapped = convert("companies", row).unwrap().unwrap();
        assert_eq!((mapped.id, Value::Object(mapped.body)), (None, json!({ "name": "x" })));
        let codes: Vec<&str> = mapped.warnings.iter().map(|warning| warning.code.as_str()).collect();
        assert_eq!(codes, ["invalid_id", "unreadable_employees", "unreadable_annual_revenue"]);
    }
}
