//! Forms as Stripe's clients write them: `metadata[order]=7&items[0][price]=price_1`.

use serde_json::{Map, Value};

/// The form as JSON: brackets make objects, and objects whose keys are 0, 1, 2 … are lists. All values are texts.
pub fn parse(text: &str) -> Value {
    let mut root = Value::Object(Map::new());
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name), decode(value));
        let mut parts = name.split('[').map(|part| part.trim_end_matches(']'));
        let mut place = &mut root;
        let first = parts.next().unwrap_or_default().to_owned();
        for part in std::iter::once(first).chain(parts.map(str::to_owned)) {
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            place = &mut place[part];
        }
        *place = Value::String(value);
    }
    lists(root)
}

fn lists(value: Value) -> Value {
    let Value::Object(object) = value else { return value };
    let numbered = !object.is_empty() && object.keys().enumerate().all(|(index, key)| *key == index.to_string());
    let mut members = object.into_iter().map(|(key, value)| (key, lists(value)));
    if numbered { Value::Array(members.map(|(_, value)| value).collect()) } else { Value::Object(members.by_ref().collect()) }
}

/// Undoes percent-encoding; a plus is a space.
fn decode(text: &str) -> String {
    let (bytes, mut out, mut at) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while at < bytes.len() {
        let hex =
            bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok()).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
                continue;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn brackets_make_objects_and_numbers_make_lists() {
        let form = parse("amount=100&metadata%5Border%5D=a+b%26c&items[0][price]=p&items[1][price]=q&empty=");
        let expected = json!({
            "amount": "100", "metadata": { "order": "a b&c" }, "items": [{ "price": "p" }, { "price": "q" }], "empty": ""
        });
        assert_eq!(form, expected);
        assert_eq!(parse(""), json!({}));
    }
}
