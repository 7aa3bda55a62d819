//! What clients saw. The judge compares it with what is stored.

use std::collections::BTreeSet;

use serde::Deserialize;

/// How a command ended, as far as its client can know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Acknowledged.
    Ok,
    /// Refused, or never sent: nothing may be stored.
    Fail,
    /// No answer, or one that says that it is not known.
    Unknown,
}

impl Outcome {
    /// What an answer with this status and problem code means.
    pub fn of(status: u16, code: &str) -> Self {
        match (status, code) {
            (200, _) => Self::Ok,
            // `outcome_unknown` says so itself; behind any other failure of the server may be a commit.
            (503, "outcome_unknown") | (500..=502 | 504.., _) => Self::Unknown,
            _ => Self::Fail,
        }
    }
}

/// The answer to an accepted command.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Receipt {
    /// The aggregate.
    pub id: String,
    /// Its version after the command.
    pub version: i64,
    /// What happened.
    pub events: Vec<ReceiptEvent>,
    /// Position token.
    pub position: String,
}

/// One event of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ReceiptEvent {
    /// Its position in the log partition.
    pub position: i64,
}

/// A command that a client sent; all copies under one key are one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Names the command in the log.
    pub marker: String,
    /// The tenant's id.
    pub tenant: String,
    /// The aggregate's type.
    pub aggregate: &'static str,
    /// The version that the client expected.
    pub expected: Option<i64>,
    /// How it ended.
    pub outcome: Outcome,
    /// The answer of one that was acknowledged.
    pub receipt: Option<Receipt>,
}

/// What was answered under one idempotency key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyUse {
    /// The key.
    pub key: String,
    /// How often it was sent.
    pub copies: usize,
    /// The different answers with status 200.
    pub answers: BTreeSet<String>,
    /// The status that another body was answered with under the same key.
    pub other_body: Option<u16>,
}

/// A query with a position token that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The row.
    pub row: String,
    /// The version of the row's aggregate at the position.
    pub wanted: i64,
    /// The version that was answered; nothing for 404.
    pub seen: Option<i64>,
}

/// What the clients of a round saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Commands.
    pub sent: Vec<Sent>,
    /// Keys.
    pub keys: Vec<KeyUse>,
    /// Queries with position tokens.
    pub reads: Vec<Read>,
    /// Answers that no client may ever get, such as 500.
    pub defects: Vec<String>,
    /// Requests of clients that retry on the other gateway, and did not get through in time.
    pub failed: Vec<String>,
    /// Attempts after the first one.
    pub retried: u64,
}

impl History {
    /// Adds what another client saw.
    pub fn extend(&mut self, other: Self) {
        self.sent.extend(other.sent);
        self.keys.extend(other.keys);
        self.reads.extend(other.reads);
        self.defects.extend(other.defects);
        self.failed.extend(other.failed);
        self.retried += other.retried;
    }

    /// How many commands ended in this way.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.sent.iter().filter(|sent| sent.outcome == outcome).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_server_cannot_know_is_unknown() {
        for (status, code, outcome) in [
            (200, "", Outcome::Ok),
            (412, "version_mismatch", Outcome::Fail),
            (429, "too_many_requests", Outcome::Fail),
            (503, "unavailable", Outcome::Fail),
            (503, "contended", Outcome::Fail),
            (503, "outcome_unknown", Outcome::Unknown),
            (500, "internal", Outcome::Unknown),
            (504, "", Outcome::Unknown),
        ] {
            assert_eq!(Outcome::of(status, code), outcome, "{status} {code}");
        }
    }
}
