//! Rows as the statement takes them that writes them: one array of texts for each column, however many rows there are.
//!
//! Postgres takes a column's values from an array some ten times as fast as it takes them out of JSON objects.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;
use serde_json::value::RawValue;
use sqlx::PgConnection;
use uuid::Uuid;

/// What a value becomes before Postgres reads it as its column's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// JSON as it is.
    Json,
    /// A JSON array becomes an array of Postgres.
    Array,
    /// A string becomes what is in it.
    Plain,
}

#[derive(Debug)]
struct Column {
    name: String,
    /// As Postgres names it.
    data_type: String,
    form: Form,
}

/// The columns of a table besides `tenant_id` and those that Postgres computes.
#[derive(Debug)]
pub struct Columns(Vec<Column>);

/// The values of a column, one for each row.
type Values<'a> = Vec<Option<Cow<'a, str>>>;

impl Columns {
    /// As the catalogue has them.
    pub async fn read(connection: &mut PgConnection, table: &str) -> Result<Self, sqlx::Error> {
        const QUERY: &str = "SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute \
            WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attname <> 'tenant_id' ORDER BY attnum";
        let columns: Vec<(String, String)> = sqlx::query_as(QUERY).bind(table).fetch_all(connection).await?;
        let column = |(name, data_type): (String, String)| {
            let form = match data_type.as_str() {
                "json" | "jsonb" => Form::Json,
                array if array.ends_with("[]") => Form::Array,
                _ => Form::Plain,
            };
            Column { name, data_type, form }
        };
        Ok(Self(columns.into_iter().map(column).collect()))
    }

    /// Writes rows, JSON objects, over those that have the same tenant and `id`.
    pub async fn upsert(&self, connection: &mut PgConnection, table: &str, tenants: Vec<Uuid>, rows: &[String]) -> Result<(), sqlx::Error> {
        let columns = self.values(rows).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
        let statement = self.statement(table);
        let mut query = sqlx::query(&statement).bind(tenants);
        for values in columns {
            query = query.bind(values);
        }
        query.execute(connection).await?;
        Ok(())
    }

    fn statement(&self, table: &str) -> String {
        let names: Vec<&str> = self.0.iter().map(|column| column.name.as_str()).collect();
        // In the select list, unnest hands over row by row; in FROM it would first write all rows to a work table.
        let values: Vec<String> =
            self.0.iter().zip(2..).map(|(column, number)| format!("unnest(${number}::text[])::{}", column.data_type)).collect();
        let sets: Vec<String> = names.iter().filter(|name| **name != "id").map(|name| format!("{name} = excluded.{name}")).collect();
        format!(
            "INSERT INTO {table} (tenant_id, {}) SELECT unnest($1::uuid[]), {} ON CONFLICT (tenant_id, id) DO UPDATE SET {}",
            names.join(", "),
            values.join(", "),
            sets.join(", ")
        )
    }

    /// The values of the rows, column by column; what a row does not have is NULL.
    fn values<'a>(&self, rows: &'a [String]) -> Result<Vec<Values<'a>>, serde_json::Error> {
        let mut columns: Vec<Values<'a>> = self.0.iter().map(|_| Vec::with_capacity(rows.len())).collect();
        for row in rows {
            let fields: HashMap<&str, &RawValue> = serde_json::from_str(row)?;
            for (column, values) in self.0.iter().zip(&mut columns) {
                values.push(fields.get(column.name.as_str()).map_or(Ok(None), |field| text(field.get(), column.form))?);
            }
        }
        Ok(columns)
    }
}

/// A value as Postgres reads it.
fn text(json: &str, form: Form) -> Result<Option<Cow<'_, str>>, serde_json::Error> {
    let quoted = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    Ok(match (quoted, form) {
        _ if json == "null" => None,
        (_, Form::Json) | (None, Form::Plain) => Some(json.into()),
        (Some(plain), _) if !plain.contains('\\') => Some(plain.into()),
        (Some(_), _) => Some(serde_json::from_str::<String>(json)?.into()),
        (None, Form::Array) => Some(array(&serde_json::from_str::<Vec<Value>>(json)?).into()),
    })
}

/// An array as Postgres writes it.
fn array(elements: &[Value]) -> String {
    let element = |value: &Value| match value {
        Value::Null => "NULL".to_owned(),
        Value::String(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        other => other.to_string(),
    };
    format!("{{{}}}", elements.iter().map(element).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_what_postgres_reads() {
        let read = |json, form| text(json, form).expect("JSON").map(Cow::into_owned);
        assert_eq!(read("null", Form::Plain), None);
        assert_eq!(read("null", Form::Json), None);
        assert_eq!(read("true", Form::Plain).as_deref(), Some("true"));
        assert_eq!(read("-12.50", Form::Plain).as_deref(), Some("-12.50"));
        assert_eq!(read(r#""Ada""#, Form::Plain).as_deref(), Some("Ada"));
        assert_eq!(read(r#""""#, Form::Plain).as_deref(), Some(""));
        assert_eq!(read(r#""a\"b\\c\u00e9\n""#, Form::Plain).as_deref(), Some("a\"b\\cé\n"));
        assert_eq!(read(r#""Ada""#, Form::Json).as_deref(), Some(r#""Ada""#));
        assert_eq!(read(r#"{"a":[1,"x"]}"#, Form::Json).as_deref(), Some(r#"{"a":[1,"x"]}"#));
        assert_eq!(read("[]", Form::Array).as_deref(), Some("{}"));
        assert_eq!(read(r#"["a","b,c","d\"\\",null,7,""]"#, Form::Array).as_deref(), Some(r#"{"a","b,c","d\"\\",NULL,7,""}"#));
        assert!(text(r#"["a""#, Form::Array).is_err());
    }

    #[test]
    fn columns_are_found_by_name_and_missing_ones_are_null() {
        let column = |name: &str, form| Column { name: name.to_owned(), data_type: "text".to_owned(), form };
        let columns = Columns(vec![column("id", Form::Plain), column("tags", Form::Array), column("note", Form::Plain)]);
        let rows = [r#"{"note":"n","id":"1","other":5,"tags":["x"]}"#.to_owned(), r#"{"id":"2"}"#.to_owned()];
        let values = columns.values(&rows).expect("JSON");
        let texts: Vec<Vec<Option<&str>>> = values.iter().map(|column| column.iter().map(Option::as_deref).collect()).collect();
        assert_eq!(texts, [[Some("1"), Some("2")], [Some(r#"{"x"}"#), None], [Some("n"), None]]);
    }
}
