//! Connections: how many there are, and how long one may stand still.
//!
//! The library that speaks HTTP has no time limits of its own. These are kept below it, where bytes are read and written, so that they
//! hold for every kind of request: a client that sends nothing, that sends its request drop by drop, or that takes no part of its
//! answer cannot hold a connection, with all that belongs to it, for ever.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep_until};

/// Limits on connections.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Open connections at most; further ones wait to be accepted.
    pub count_max: usize,
    /// How long nothing may be read or written.
    pub idle_max: Duration,
    /// How long a client may send without being answered, whatever it sends.
    pub request_max: Duration,
    /// How long a client may take nothing of what is there for it.
    pub stall_max: Duration,
}

/// A listener that accepts so many connections at a time, and watches them.
pub(crate) struct BoundedListener {
    listener: TcpListener,
    slots: Arc<Semaphore>,
    limits: ConnectionLimits,
}

impl BoundedListener {
    pub(crate) fn new(listener: TcpListener, limits: ConnectionLimits) -> Self {
        Self { listener, slots: Arc::new(Semaphore::new(limits.count_max.clamp(1, Semaphore::MAX_PERMITS))), limits }
    }
}

impl Listener for BoundedListener {
    type Io = Watched<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        // The semaphore is never closed.
        let slot = self.slots.clone().acquire_owned().await.ok();
        let (stream, address) = Listener::accept(&mut self.listener).await;
        // An answer is written at once; waiting to fill a packet would only delay it.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was not set");
        }
        (Watched::new(stream, self.limits, slot), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that fails when it stands still for too long.
pub(crate) struct Watched<S> {
    stream: S,
    limits: ConnectionLimits,
    /// When something was read or written last.
    active: Instant,
    /// Since when the client has been sending without an answer.
    sending: Option<Instant>,
    /// Since when there has been something to write that the client does not take.
    stalled: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
    _slot: Option<OwnedSemaphorePermit>,
}

impl<S> Watched<S> {
    fn new(stream: S, limits: ConnectionLimits, slot: Option<OwnedSemaphorePermit>) -> Self {
        let now = Instant::now();
        let alarm = Box::pin(sleep_until(now + limits.idle_max));
        Self { stream, limits, active: now, sending: None, stalled: None, alarm, _slot: slot }
    }

    /// When the connection fails if nothing happens, and why.
    fn deadline(&self) -> (Instant, &'static str) {
        let sending = self.sending.map(|since| (since + self.limits.request_max, "request"));
        let stalled = self.stalled.map(|since| (since + self.limits.stall_max, "stalled"));
        [sending, stalled].into_iter().flatten().fold((self.active + self.limits.idle_max, "idle"), Ord::min)
    }

    /// An error once the connection has stood still for too long; until then the task is woken up in time to look again.
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        loop {
            let (deadline, reason) = self.deadline();
            if deadline <= Instant::now() {
                metrics::counter!("neuroops_http_connections_dropped_total", "reason" => reason).increment(1);
                tracing::debug!(reason, "a connection stood still for too long");
                return Err(io::ErrorKind::TimedOut.into());
            }
            // Set anew only when it has gone off or is late: most reads and writes just note the time.
            if self.alarm.deadline() > deadline || self.alarm.is_elapsed() {
                self.alarm.as_mut().reset(deadline);
            }
            if self.alarm.as_mut().poll(context).is_pending() {
                return Ok(());
            }
        }
    }

    fn noted<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match written {
            Poll::Ready(Ok(value)) => {
                self.active = Instant::now();
                (self.sending, self.stalled) = (None, None);
                Poll::Ready(Ok(value))
            }
            Poll::Pending => {
                self.stalled.get_or_insert_with(Instant::now);
                self.check(context)?;
                Poll::Pending
            }
            failed @ Poll::Ready(Err(_)) => failed,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_ready() {
            let now = Instant::now();
            self.active = now;
            self.sending.get_or_insert(now);
        }
        self.check(context)?;
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.noted(context, written)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.noted(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Idle for 300 ms, sending for 200 ms, stalled for 100 ms.
    fn watched(bytes: usize) -> (Watched<DuplexStream>, DuplexStream) {
        let limits = ConnectionLimits { count_max: 1, idle_max: 300 * MS, request_max: 200 * MS, stall_max: 100 * MS };
        let (ours, theirs) = duplex(bytes);
        (Watched::new(ours, limits, None), theirs)
    }

    fn timed_out<T: std::fmt::Debug>(result: io::Result<T>, began: Instant, after: Duration) {
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() >= after, "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn a_client_that_says_nothing_is_dropped() {
        let (mut ours, _theirs) = watched(64);
        let began = Instant::now();
        timed_out(ours.read_u8().await, began, 300 * MS);
    }

    #[tokio::test]
    async fn a_request_that_comes_drop_by_drop_is_dropped_although_it_is_never_idle() {
        let (mut ours, mut theirs) = watched(64);
        tokio::spawn(async move {
            while theirs.write_u8(b'x').await.is_ok() {
                tokio::time::sleep(5 * MS).await;
            }
        });
        let began = Instant::now();
        let mut result = Ok(());
        while result.is_ok() {
            result = ours.read_u8().await.map(drop);
        }
        timed_out(result, began, 200 * MS);
    }

    #[tokio::test]
    async fn a_client_that_takes_nothing_is_dropped_and_one_that_takes_a_little_is_not() {
        let (mut ours, mut theirs) = watched(8);
        let taking = tokio::spawn(async move {
            for _ in 0..20 {
                tokio::time::sleep(10 * MS).await;
                theirs.read_u8().await.unwrap();
            }
            theirs
        });
        let began = Instant::now();
        ours.write_all(&[0; 28]).await.unwrap();
        let _theirs = taking.await.unwrap();
        assert!(began.elapsed() > 150 * MS, "it took longer than a client may stand still");
        let began = Instant::now();
        timed_out(ours.write_all(&[0; 28]).await, began, 100 * MS);
    }

    #[tokio::test]
    async fn an_answer_begins_the_count_anew() {
        let (mut ours, mut theirs) = watched(64);
        for _ in 0..5 {
            tokio::time::sleep(60 * MS).await;
            theirs.write_u8(b'?').await.unwrap();
            assert_eq!(ours.read_u8().await.unwrap(), b'?');
            ours.write_u8(b'!').await.unwrap();
        }
    }
}
