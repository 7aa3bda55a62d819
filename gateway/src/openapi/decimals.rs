//! Decimal numbers in schemas. `rust_decimal` is read from texts alone here, so that no digit is lost on the way; `schemars` describes it as a
//! text or a number, as it is read elsewhere.

use serde_json::{Value, json};

/// By what the description of a decimal number is known (schemars 1, `rust_decimal1`).
const THEIRS: &str = r"^-?\d+(\.\d+)?([eE]\d+)?$";
/// What such a text looks like: `-12.50`.
const OURS: &str = r"^-?[0-9]+(\.[0-9]+)?$";

/// Describes every decimal number within a schema or a document as the text that it is.
pub fn describe_as_texts(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.get("pattern").and_then(Value::as_str) == Some(THEIRS) {
                let nullable = map.get("type").and_then(Value::as_array).is_some_and(|kinds| kinds.iter().any(|kind| kind == "null"));
                map.insert("type".to_owned(), if nullable { json!(["string", "null"]) } else { json!("string") });
                map.insert("pattern".to_owned(), json!(OURS));
                // Bounds are those of numbers; the description tells them.
                for bound in ["minimum", "maximum"] {
                    map.remove(bound);
                }
            }
            map.values_mut().for_each(describe_as_texts);
        }
        Value::Array(items) => items.iter_mut().for_each(describe_as_texts),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_number_is_a_text_wherever_it_stands() {
        let theirs = json!({ "type": ["string", "number"], "pattern": THEIRS });
        let nullable = json!({ "type": ["string", "number", "null"], "pattern": THEIRS, "minimum": 0 });
        let other = json!({ "type": ["string", "number"], "pattern": "^[a-z]*$" });
        let mut schema = json!({ "properties": { "a": theirs, "b": nullable, "c": { "items": theirs }, "d": other } });
        describe_as_texts(&mut schema);
        let text = json!({ "type": "string", "pattern": OURS });
        let expected = json!({ "a": text, "b": { "type": ["string", "null"], "pattern": OURS }, "c": { "items": text }, "d": other });
        assert_eq!(schema["properties"], expected);
    }
}
