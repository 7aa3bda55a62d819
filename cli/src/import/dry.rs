//! Stands in for the server in a dry run: decides with the domain, and knows only what came earlier in the file.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::judge::{Judge, Key};
use super::send::{Answer, Line, Receipt, Sender};
use crate::client::{Candidate, Problem};

/// Unique keys that are remembered; duplicates of later rows are not found.
const KEYS_MAX: usize = 5_000_000;

/// Decides without a server.
pub struct DrySender {
    judge: Judge,
    create: &'static str,
    /// Who holds each unique key: hash of the key to the record's id.
    held: Mutex<HashMap<u64, Box<str>>>,
}

impl DrySender {
    /// Decides creating commands with this judge; all others are accepted.
    pub fn new(judge: Judge, create: &'static str) -> Self {
        Self { judge, create, held: Mutex::default() }
    }

    fn decide(&self, line: &Line) -> Answer {
        let id = line.id.clone().unwrap_or_else(|| line.idempotency_key.clone());
        let accepted = Receipt { id: id.clone(), events: vec![serde::de::IgnoredAny], position: String::new() };
        let Some(fields) = line.body.as_object().filter(|_| line.command == self.create) else { return Ok(accepted) };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let own = self.judge.id_key(&id);
        let refusal = |status, code: &str, detail: String, candidates| {
            Box::new(Problem { status, code: code.to_owned(), detail, candidates, ..Problem::default() })
        };
        if held.contains_key(&own.hash) {
            return Err(refusal(409, "already_exists", format!("An earlier row has the id `{id}`."), Vec::new()));
        }
        let keys = self.judge.judge(fields).map_err(|remark| refusal(422, &remark.code, remark.detail, Vec::new()))?;
        let candidate = |key: &Key| held.get(&key.hash).map(|id| Candidate { id: id.to_string(), field: key.field.to_owned() });
        let candidates: Vec<Candidate> = keys.iter().filter_map(candidate).collect();
        if !candidates.is_empty() {
            let fields: Vec<&str> = candidates.iter().map(|candidate| candidate.field.as_str()).collect();
            let detail = format!("An earlier row has this {}.", fields.join(" and "));
            return Err(refusal(409, "duplicate", detail, candidates));
        }
        if held.len() < KEYS_MAX {
            held.extend(keys.into_iter().chain([own]).map(|key| (key.hash, id.as_str().into())));
        }
        Ok(accepted)
    }
}

impl Sender for DrySender {
    async fn send(&self, lines: &[Line]) -> anyhow::Result<Vec<Answer>> {
        Ok(lines.iter().map(|line| self.decide(line)).collect())
    }
}
