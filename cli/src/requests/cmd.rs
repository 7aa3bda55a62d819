//! `neuroops cmd`: sends one command and prints its receipt.

use std::io::Read as _;

use anyhow::{Context as _, Result};
use clap::Args;
use platform::clock;

use super::{Server, explained, pause};
use crate::import::usage;

/// How often a command is sent while the server is away or busy.
const TRIES: u32 = 5;
/// The largest body that is read from a file or the standard input, in bytes; gateways take less.
const BODY_BYTES_MAX: u64 = 16 << 20;

/// `neuroops cmd`
#[derive(Args)]
pub struct CmdArgs {
    /// `<context>/<aggregate>/<id>/<command>`, such as `crm/contact/c-1/rename`; without the id to have one made.
    command: String,
    /// The command's fields as a JSON object, `@file` to read them from a file, or `-` from the standard input.
    #[arg(default_value = "{}")]
    body: String,
    /// A key under which the command takes effect once, however often it is sent; a fresh one where it is left out.
    #[arg(long)]
    key: Option<String>,
    /// The version that the command builds on; it is refused if the aggregate has another.
    #[arg(long, value_name = "VERSION")]
    if_match: Option<u64>,
    #[command(flatten)]
    server: Server,
}

/// Sends the command, several times under the same key if need be, and answers its receipt.
pub async fn run(args: &CmdArgs) -> Result<String> {
    let path = path(&args.command)?;
    let body = body(&args.body)?;
    let key = args.key.clone().unwrap_or_else(|| clock::new_id().to_string());
    let client = args.server.client()?;
    let mut attempt = 1;
    loop {
        match client.command_text(&path, &key, args.if_match, body.clone()).await {
            Ok(receipt) => return Ok(receipt),
            Err(error) if error.is_passing() && attempt < TRIES => tokio::time::sleep(pause(&error, attempt)).await,
            Err(error) if error.is_passing() => {
                let note = format!("the command may have been stored; `--key {key}` sends the same one again without a second effect");
                return Err(explained(error).context(note));
            }
            Err(error) => return Err(explained(error)),
        }
        attempt += 1;
    }
}

/// The address of a command.
fn path(command: &str) -> Result<String> {
    let named = command.trim_start_matches('/');
    let named = named.strip_prefix("v1/").unwrap_or(named);
    let parts: Vec<&str> = named.split('/').collect();
    let plain = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._~:-".contains(&byte));
    if !matches!(parts.len(), 3 | 4) || !parts.iter().all(plain) || parts.iter().any(|part| matches!(*part, "." | "..")) {
        let example = "`<context>/<aggregate>/<id>/<command>`, such as `crm/contact/c-1/rename`, or without the id to have one made";
        return Err(usage(format!("`{command}` is not a command; write {example}")));
    }
    Ok(format!("/v1/{named}"))
}

/// The fields of a command, as they are written.
fn body(source: &str) -> Result<String> {
    let read = |input: &mut dyn std::io::Read| {
        let mut text = String::new();
        input.take(BODY_BYTES_MAX).read_to_string(&mut text).map(|_| text)
    };
    let text = match source.strip_prefix('@') {
        Some(file) => std::fs::File::open(file).and_then(|mut file| read(&mut file)).with_context(|| format!("{file} cannot be read"))?,
        None if source == "-" => read(&mut std::io::stdin().lock()).context("the standard input cannot be read")?,
        None => source.to_owned(),
    };
    serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text)
        .map_err(|error| usage(format!("the fields of a command are a JSON object: {error}")))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_named_with_or_without_an_id() {
        for good in ["crm/contact/c-1/rename", "/crm/contact/c-1/rename", "/v1/crm/contact/c-1/rename", "v1/crm/contact/c-1/rename"] {
            assert_eq!(path(good).unwrap(), "/v1/crm/contact/c-1/rename", "{good}");
        }
        assert_eq!(path("crm/contact/register").unwrap(), "/v1/crm/contact/register");
        for bad in ["", "crm", "crm/contact", "crm//c-1/rename", "crm/contact/../rename", "a/b/c/d/e", "crm/contact/a b/rename", "a/b/c?d"]
        {
            assert!(path(bad).unwrap_err().to_string().contains("<context>/<aggregate>"), "{bad}");
        }
    }

    #[test]
    fn fields_are_an_object_from_the_command_line_or_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "{\"a\": 1.50}\n").unwrap();
        assert_eq!(body(&format!("@{}", file.path().display())).unwrap(), "{\"a\": 1.50}\n");
        assert_eq!(body("{}").unwrap(), "{}");
        for bad in ["", "[]", "{a:1}", "{} {}"] {
            assert!(body(bad).unwrap_err().to_string().contains("JSON object"), "{bad}");
        }
        assert!(body("@/nowhere/x.json").unwrap_err().to_string().contains("/nowhere/x.json"));
    }
}
