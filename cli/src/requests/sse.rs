//! Server-sent events (WHATWG HTML §9.2.6), cut out of a stream of bytes.

/// The longest message that is waited for, in bytes.
const MESSAGE_BYTES_MAX: usize = 32 << 20;

/// A message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Where to resume after it.
    pub id: Option<String>,
    /// What kind it is.
    pub event: String,
    /// What it says.
    pub data: String,
}

/// Collects bytes until they are messages.
#[derive(Default)]
pub struct Messages {
    bytes: Vec<u8>,
    /// How many of them are known to hold no end of a line.
    searched: usize,
    next: Message,
}

/// A message is longer than any that the gateway sends.
#[derive(Debug, thiserror::Error)]
#[error("a message of more than {} bytes", MESSAGE_BYTES_MAX)]
pub struct TooLong;

impl Messages {
    /// Takes the next bytes, and answers the messages that they complete.
    pub fn take(&mut self, bytes: &[u8]) -> Result<Vec<Message>, TooLong> {
        self.bytes.extend_from_slice(bytes);
        let mut done = Vec::new();
        while let Some(found) = self.bytes[self.searched..].iter().position(|byte| *byte == b'\n') {
            let end = self.searched + found;
            self.searched = 0;
            let line: Vec<u8> = self.bytes.drain(..=end).collect();
            let line = String::from_utf8_lossy(line[..end].strip_suffix(b"\r").unwrap_or(&line[..end])).into_owned();
            done.extend(self.line(&line));
        }
        self.searched = self.bytes.len();
        if self.bytes.len() + self.next.data.len() > MESSAGE_BYTES_MAX { Err(TooLong) } else { Ok(done) }
    }

    /// A line; an empty one ends a message. Messages without data are none, by the standard.
    fn line(&mut self, line: &str) -> Option<Message> {
        if line.is_empty() {
            let mut message = std::mem::take(&mut self.next);
            // Every line of data ends with a line break, the last one's is not part of it.
            return message.data.pop().map(|_| message);
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "id" => self.next.id = Some(value.to_owned()),
            "event" => value.clone_into(&mut self.next.event),
            "data" => self.next.data.extend([value, "\n"]),
            // Comments keep the connection alive.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_found_however_the_bytes_are_cut() {
        let stream = ": open\nretry: 1000\n\nid: crm/3@1\nevent: crm.contact_registered.v1\ndata: {\"a\":\"ü\"}\n\n: keep-alive\n\nevent:closed\r\ndata:{\ndata: }\r\n\r\nid: x\n\n";
        let first =
            Message { id: Some("crm/3@1".to_owned()), event: "crm.contact_registered.v1".to_owned(), data: "{\"a\":\"ü\"}".to_owned() };
        let last = Message { id: None, event: "closed".to_owned(), data: "{\n}".to_owned() };
        for size in [1, 2, 7, stream.len()] {
            let mut messages = Messages::default();
            let found: Vec<Message> = stream.as_bytes().chunks(size).flat_map(|bytes| messages.take(bytes).unwrap()).collect();
            assert_eq!(found, [first.clone(), last.clone()], "by {size}");
        }
    }

    #[test]
    fn a_message_without_end_is_refused() {
        let mut messages = Messages::default();
        let mut last = Ok(Vec::new());
        for _ in 0..33 {
            last = messages.take(&vec![b'x'; 1 << 20]);
        }
        assert!(last.is_err());
    }
}
