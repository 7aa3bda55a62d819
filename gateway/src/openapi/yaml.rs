//! JSON values as YAML 1.2, in block style.

use serde_json::Value;

/// The value as a document.
pub fn text(value: &Value) -> String {
    let mut out = String::new();
    block(value, 0, &mut out);
    out
}

fn block(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            let mut members: Vec<_> = map.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            for (name, value) in members {
                out.push_str(&" ".repeat(indent));
                out.push_str(&string(name));
                out.push(':');
                if is_block(value) {
                    out.push('\n');
                    block(value, indent + 2, out);
                } else {
                    out.push(' ');
                    block(value, 0, out);
                }
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                let mut nested = String::new();
                block(item, indent + 2, &mut nested);
                out.push_str(&" ".repeat(indent));
                out.push_str("- ");
                out.push_str(nested.trim_start());
            }
        }
        Value::String(text) => line(&string(text), out),
        scalar => line(&scalar.to_string(), out),
    }
}

fn line(text: &str, out: &mut String) {
    out.push_str(text);
    out.push('\n');
}

fn is_block(value: &Value) -> bool {
    match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    }
}

/// Texts that are nothing but words are plain; others are quoted as in JSON, whose strings are YAML's double-quoted ones.
fn string(text: &str) -> String {
    const OTHERS: [&str; 10] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf"];
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " _-./".contains(c))
        && !text.ends_with(' ')
        && !OTHERS.contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::text;

    #[test]
    fn values_become_blocks_and_doubtful_texts_are_quoted() {
        let value = json!({
            "a": { "list": [1, { "x": true, "y": [] }, ["in", "ner"]], "none": null },
            "$ref": "#/a", "no": "no", "say": "it: \"now\"\n", "plain": "neuroops.crm v1", "version": "1.0", "empty": {}
        });
        let lines = [
            r##""$ref": "#/a""##,
            "a:",
            "  list:",
            "    - 1",
            "    - x: true",
            r#"      "y": []"#,
            "    - - in",
            "      - ner",
            "  none: null",
            "empty: {}",
            r#""no": "no""#,
            "plain: neuroops.crm v1",
            r#"say: "it: \"now\"\n""#,
            r#"version: "1.0""#,
            "",
        ];
        assert_eq!(text(&value), lines.join("\n"));
    }
}
