//! Reads how far projections are, for all who ask at the same time in one statement.

use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::AbortOnDropHandle;

use crate::freshness::{Freshness, Pair};

/// Those who wait at most; further ones are answered by the query itself.
const WAITING_MAX: usize = 1024;
/// Those who are answered by one statement.
const TOGETHER_MAX: usize = 128;
/// The longest that anybody waits.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// One who asks.
struct Question {
    pairs: Vec<Pair>,
    partition: i32,
    answer: oneshot::Sender<Freshness>,
}

/// The shared reader.
pub struct Pulse {
    questions: mpsc::Sender<Question>,
    _task: AbortOnDropHandle<()>,
}

impl Pulse {
    /// Starts the task.
    pub fn start(pool: PgPool) -> Self {
        let (questions, waiting) = mpsc::channel(WAITING_MAX);
        Self { questions, _task: AbortOnDropHandle::new(tokio::spawn(run(pool, waiting))) }
    }

    /// How far these projections are in a partition, as of some moment between the call and its answer; nothing where Postgres does not say.
    pub async fn read(&self, pairs: &[Pair], partition: i32) -> Option<Freshness> {
        let (answer, found) = oneshot::channel();
        self.questions.try_send(Question { pairs: pairs.to_vec(), partition, answer }).ok()?;
        tokio::time::timeout(ANSWER_MAX, found).await.ok()?.ok()
    }
}

/// What is asked while one statement is under way is asked by the next: no answer is older than its question.
async fn run(pool: PgPool, mut waiting: mpsc::Receiver<Question>) {
    let mut together = Vec::with_capacity(TOGETHER_MAX);
    while waiting.recv_many(&mut together, TOGETHER_MAX).await > 0 {
        let wanted: Vec<(&[Pair], i32)> = together.iter().map(|question| (question.pairs.as_slice(), question.partition)).collect();
        match Freshness::read_many(&pool, &wanted).await {
            Ok(found) => {
                for (question, freshness) in together.drain(..).zip(found) {
                    // Who asked may have gone.
                    drop(question.answer.send(freshness));
                }
            }
            Err(error) => {
                tracing::debug!(%error, "the positions of projections cannot be read");
                together.clear();
            }
        }
    }
}
