//! A client that speaks HTTP over a connection of its own for each request, so that nothing is retried behind the test's back.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// An answer, and how long it took.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
    pub took: Duration,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    /// A header's value; nothing where there is none.
    pub fn header(&self, name: &str) -> &str {
        let find = |line: &&str| line.split_once(':').is_some_and(|(found, _)| found.eq_ignore_ascii_case(name));
        self.head.lines().find(find).and_then(|line| line.split_once(':')).map_or("", |(_, value)| value.trim())
    }

    /// What everybody is told who cannot be served at the moment.
    #[track_caller]
    pub fn assert_unavailable(&self) {
        assert_eq!((self.status, self.header("content-type")), (503, "application/problem+json"), "{} {}", self.head, self.body);
        assert!(self.header("retry-after").parse::<u32>().is_ok(), "{}", self.head);
        let problem = self.json();
        assert!(problem["code"].is_string() && problem["detail"].is_string(), "{problem}");
    }
}

/// A caller with a token.
#[derive(Clone)]
pub struct Caller {
    pub address: SocketAddr,
    pub token: String,
}

impl Caller {
    /// The same caller over another way.
    pub fn by(&self, address: SocketAddr) -> Self {
        Self { address, token: self.token.clone() }
    }

    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> io::Result<Reply> {
        self.send("GET", path, headers, "").await
    }

    /// Registers the contact `key` under the key of the same name.
    pub async fn register(&self, key: &str) -> io::Result<Reply> {
        let (path, body) = (format!("/v1/crm/contact/{key}/register"), format!("{{\"given_name\":\"{key}\"}}"));
        self.send("POST", &path, &[("content-type", "application/json"), ("idempotency-key", key)], &body).await
    }

    /// The contact's row, once the read model includes the answer to its command.
    pub async fn row(&self, key: &str, registered: &Reply) -> io::Result<Reply> {
        let position = registered.json()["position"].as_str().expect("a position").to_owned();
        self.get(&format!("/v1/crm/contact-list/{key}"), &[("neuroops-wait-for", &position)]).await
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> io::Result<Reply> {
        let began = Instant::now();
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n",
            self.address,
            self.token,
            body.len()
        );
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut connection = TcpStream::connect(self.address).await?;
        connection.write_all(format!("{request}\r\n{body}").as_bytes()).await?;
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).await?;
        let answer = String::from_utf8(answer).map_err(io::Error::other)?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse::<usize>().ok());
        if length.is_some_and(|length| length != body.len()) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Reply { status, head: head.to_owned(), body: body.to_owned(), took: began.elapsed() })
    }
}
