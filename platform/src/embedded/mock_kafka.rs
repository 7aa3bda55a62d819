//! The broker without a JVM: librdkafka's own mock cluster, in this process.
//!
//! It speaks the protocol over TCP, so other processes can use it too, but keeps everything in memory (about 5 MB per partition)
//! and knows less: topics only through [`InProcessKafka::create_topic`] (admin requests hang), no read-committed isolation and no
//! fencing, the same timestamp on each record, and up to 3 s for a consumer group's first join. Consumers should set
//! `fetch.wait.max.ms` to about 10, or each empty poll waits half a second.

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::mocking::MockCluster;

use super::error::EmbeddedError;

/// The cluster's handle is bound to a thread, so it lives on one, which takes requests.
pub(super) struct InProcessKafka {
    pub(super) bootstrap: String,
    requests: Option<Sender<CreateTopic>>,
    thread: Option<JoinHandle<()>>,
}

struct CreateTopic {
    name: String,
    partitions: i32,
    reply: Sender<Result<(), String>>,
}

impl InProcessKafka {
    pub(super) fn start() -> Result<Self, EmbeddedError> {
        let (requests, receiver) = mpsc::channel();
        let (started, bootstrap) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("embedded-mock-kafka".to_owned())
            .spawn(move || serve(&receiver, &started))
            .map_err(EmbeddedError::Thread)?;
        let bootstrap = bootstrap.recv().unwrap_or_else(|_| Err(GONE.to_owned())).map_err(EmbeddedError::InProcessKafka)?;
        Ok(Self { bootstrap, requests: Some(requests), thread: Some(thread) })
    }

    /// Makes a topic. That it exists already is no error.
    pub(super) fn create_topic(&self, name: &str, partitions: i32) -> Result<(), EmbeddedError> {
        let (reply, outcome) = mpsc::channel();
        let request = CreateTopic { name: name.to_owned(), partitions, reply };
        let gone = || Err(GONE.to_owned());
        let sent = self.requests.as_ref().is_some_and(|requests| requests.send(request).is_ok());
        if sent { outcome.recv().unwrap_or_else(|_| gone()) } else { gone() }.map_err(EmbeddedError::InProcessKafka)
    }

    pub(super) fn stop(&mut self) {
        drop(self.requests.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the in-process Kafka broker panicked");
        }
    }
}

impl Drop for InProcessKafka {
    fn drop(&mut self) {
        self.stop();
    }
}

const GONE: &str = "it has been stopped";

fn serve(requests: &Receiver<CreateTopic>, started: &Sender<Result<String, String>>) {
    let cluster = match MockCluster::new(1) {
        Ok(cluster) => cluster,
        Err(error) => return drop(started.send(Err(error.to_string()))),
    };
    drop(started.send(Ok(cluster.bootstrap_servers())));
    // Ends when the handle is dropped.
    for CreateTopic { name, partitions, reply } in requests {
        let outcome = match cluster.create_topic(&name, partitions, 1) {
            Ok(()) | Err(KafkaError::MockCluster(RDKafkaErrorCode::TopicAlreadyExists)) => Ok(()),
            Err(error) => Err(format!("topic {name}: {error}")),
        };
        drop(reply.send(outcome));
    }
}
