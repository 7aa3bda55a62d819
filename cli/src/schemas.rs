//! `neuroops schemas …`: the description of the HTTP interface, from which clients are generated.

use anyhow::Result;
use clap::Subcommand;
use projections::contexts::CONTEXTS;
use serde_json::Value;

/// `neuroops schemas …`
#[derive(Subcommand)]
pub enum SchemasCommand {
    /// Print the OpenAPI document, a line for each operation and each schema.
    Openapi,
}

/// Prints it.
pub fn run(command: &SchemasCommand) -> Result<()> {
    match command {
        SchemasCommand::Openapi => print!("{}", by_lines(&gateway::openapi_document(CONTEXTS), 3)),
    }
    Ok(())
}

/// JSON with a line for each member down to this depth: differences can be read, and the file stays small.
fn by_lines(value: &Value, depth: usize) -> String {
    fn write(value: &Value, depth: usize, indent: usize, out: &mut String) {
        let Value::Object(members) = value else {
            out.push_str(&value.to_string());
            return;
        };
        if depth == 0 || members.is_empty() {
            out.push_str(&value.to_string());
            return;
        }
        out.push('{');
        for (number, (name, member)) in members.iter().enumerate() {
            out.push_str(if number == 0 { "\n" } else { ",\n" });
            out.extend(std::iter::repeat_n(' ', indent + 1));
            out.push_str(&Value::String(name.clone()).to_string());
            out.push_str(": ");
            write(member, depth - 1, indent + 1, out);
        }
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', indent));
        out.push('}');
    }
    let mut out = String::new();
    write(value, depth, 0, &mut out);
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_have_lines_of_their_own_down_to_a_depth() {
        let value = json!({ "a": { "b": { "c": { "d": 1 } } }, "e": [1, { "f": 2 }], "g": {} });
        let text = by_lines(&value, 2);
        assert_eq!(text, "{\n \"a\": {\n  \"b\": {\"c\":{\"d\":1}}\n },\n \"e\": [1,{\"f\":2}],\n \"g\": {}\n}\n");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn the_committed_description_is_what_is_served() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/openapi.json");
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        let mend = "run `make clients`";
        let served = by_lines(&gateway::openapi_document(CONTEXTS), 3);
        let differs = committed.lines().zip(served.lines()).find(|(old, new)| old != new);
        let shown = differs.map_or("its end", |(_, new)| &new[..new.floor_char_boundary(200)]);
        assert!(committed == served, "schemas/openapi.json is out of date at {shown}\n{mend}");
    }
}
