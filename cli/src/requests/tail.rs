//! `neuroops tail`: prints events as they are recorded, and goes on where it was when the connection is lost.

use std::io::Write;
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use super::sse::Messages;
use super::{Server, ended, explained, pause};
use crate::client::{Client, ClientError};

/// How often in a row it is tried to go on, about ten minutes long.
const TRIES: u32 = 40;
/// How soon to come back after the gateway has ended a stream.
const RETURN: Duration = Duration::from_secs(1);

/// `neuroops tail`
#[derive(Args)]
pub struct TailArgs {
    /// Only events of this context. Repeatable.
    #[arg(long, value_name = "CONTEXT")]
    context: Vec<String>,
    /// Only events of this wire type, or of all that begin so where a `*` follows: `crm.contact_*`. Repeatable.
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Only events of this `<aggregate>/<id>`. Repeatable.
    #[arg(long, value_name = "SUBJECT")]
    subject: Vec<String>,
    /// `head` for what happens from now on, `start` for all there is, or the `cursor` of the last event that is known.
    #[arg(long, default_value = "head")]
    from: String,
    /// Ends after so many events.
    #[arg(long, value_name = "NUMBER")]
    count: Option<u64>,
    #[command(flatten)]
    server: Server,
}

/// What is left to do.
struct Tail {
    path: String,
    /// The id of the last event that was printed.
    last: Option<String>,
    left: Option<u64>,
    failures: u32,
}

/// Follows until enough events are printed, the gateway refuses, or it stays away.
pub async fn run(args: &TailArgs) -> Result<()> {
    let client = args.server.client()?;
    let mut tail = Tail { path: path(args), last: None, left: args.count, failures: 0 };
    tail.run(&client, &mut std::io::stdout()).await
}

/// The address of the stream.
fn path(args: &TailArgs) -> String {
    let list = |name: &'static str, values: &[String]| (!values.is_empty()).then(|| (name, values.join(",")));
    let from = match args.from.as_str() {
        "head" | "start" => ("from", args.from.clone()),
        _ => ("after", args.from.clone()),
    };
    let lists = [list("context", &args.context), list("type", &args.types), list("subject", &args.subject)];
    let pairs: Vec<String> = lists.into_iter().flatten().chain([from]).map(|(name, value)| format!("{name}={}", encoded(&value))).collect();
    format!("/v1/events?{}", pairs.join("&"))
}

/// A value as it stands in a query string.
fn encoded(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~,/@*:".contains(&byte);
    value.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

impl Tail {
    async fn run(&mut self, client: &Client, out: &mut impl Write) -> Result<()> {
        while self.left != Some(0) {
            match self.follow(client, out).await {
                Ok(true) => return Ok(()),
                Ok(false) => tokio::time::sleep(RETURN).await,
                Err(error) => self.wait_after(error.downcast()?).await?,
            }
        }
        Ok(())
    }

    /// Prints the events of one connection until it ends; whether the reader of the output has ended it.
    async fn follow(&mut self, client: &Client, out: &mut impl Write) -> Result<bool> {
        let mut response = client.follow(&self.path, self.last.as_deref()).await?;
        let mut messages = Messages::default();
        while let Some(bytes) = response.chunk().await.map_err(|error| client.broken(&error))? {
            self.failures = 0;
            for message in messages.take(&bytes).map_err(|error| client.unreadable(error))? {
                if message.event == "closed" {
                    // Whatever the reason, the next connection goes on after the last event, or is told why it may not.
                    return Ok(false);
                }
                if ended(writeln!(out, "{}", message.data).and_then(|()| out.flush()))? {
                    return Ok(true);
                }
                self.last = message.id.or(self.last.take());
                self.left = self.left.map(|left| left - 1);
                if self.left == Some(0) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Waits before the next try, unless there is none.
    async fn wait_after(&mut self, error: ClientError) -> Result<()> {
        if !error.is_passing() || self.failures >= TRIES {
            return Err(explained(error));
        }
        self.failures += 1;
        if self.failures == 1 {
            eprintln!("The stream is interrupted ({error}); trying to go on.");
        }
        tokio::time::sleep(pause(&error, self.failures)).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: TailArgs,
    }

    #[test]
    fn the_stream_is_asked_for_what_is_wanted() {
        let of = |words: &[&str]| path(&Line::parse_from([&["tail"], words].concat()).args);
        assert_eq!(of(&[]), "/v1/events?from=head");
        assert_eq!(
            of(&["--context", "crm", "--context", "billing", "--type", "crm.contact_*", "--from", "start"]),
            "/v1/events?context=crm,billing&type=crm.contact_*&from=start"
        );
        assert_eq!(of(&["--subject", "contact/a&b", "--from", "crm/3@7"]), "/v1/events?subject=contact/a%26b&after=crm/3@7");
    }

    /// Answers each connection with its events and breaks off; what each of them asked for.
    async fn serve(listener: TcpListener, answers: [&str; 2]) -> Vec<String> {
        let mut asked = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            asked.push(String::from_utf8(head).unwrap().to_ascii_lowercase());
            let length = answer.len() + 100;
            let text = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{answer}");
            stream.write_all(text.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
        asked
    }

    #[tokio::test]
    async fn a_stream_that_breaks_goes_on_after_the_last_whole_event() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = Client::new(&format!("http://{}", listener.local_addr().unwrap()), Some("secret")).unwrap();
        let answers =
            ["id: crm/3@1\ndata: {\"n\":1}\n\nid: crm/3@2\ndata: {\"n\"", "id: crm/3@2\ndata: {\"n\":2}\n\nid: crm/3@3\ndata: 3\n\n"];
        let server = tokio::spawn(serve(listener, answers));
        let mut tail = Tail { path: "/v1/events?from=start".to_owned(), last: None, left: Some(2), failures: 0 };
        let mut out = Vec::new();
        tail.run(&client, &mut out).await.unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "{\"n\":1}\n{\"n\":2}\n");
        let asked = server.await.unwrap();
        assert!(!asked[0].contains("last-event-id") && asked[1].contains("last-event-id: crm/3@1\r\n"), "{asked:?}");
    }
}
