//! A proxy between a program and a server that breaks on purpose: the way to a server as it is on a bad day.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// Bytes that are passed on in one piece at most.
const PIECE_BYTES_MAX: usize = 16 << 10;
/// Pieces of a direction that are under way at most.
const PIECES_MAX: usize = 256;
/// How often a trickle drips.
const DRIP: Duration = Duration::from_millis(50);
/// How long binding a port again is tried.
const BIND_MAX: Duration = Duration::from_secs(10);

/// What the way to the server is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is wrong.
    Nothing,
    /// Each byte takes this long, to the server and back.
    Latency {
        /// To the server.
        there: Duration,
        /// From the server.
        back: Duration,
    },
    /// So many bytes a second in each direction.
    Trickle(usize),
    /// Bytes wait until the fault is over; then they arrive.
    Stalled,
    /// Connections are accepted, and what is sent is lost, silently. A connection that has lost something stays dead when the fault is
    /// over, as after a router has forgotten it.
    HalfOpen {
        /// What is sent to the server is lost.
        there: bool,
        /// What the server answers is lost.
        back: bool,
    },
    /// Open connections are reset, and each new one once it is accepted.
    Reset,
    /// Nothing listens, and open connections are reset: the server is away.
    Away,
}

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the server.
    There,
    /// From the server.
    Back,
}

/// What has gone through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Connections that were accepted so far.
    pub connections: u64,
    /// Connections that are open.
    pub open: u64,
    /// Bytes that reached the server.
    pub bytes_there: u64,
    /// Bytes that came back.
    pub bytes_back: u64,
}

struct Shared {
    upstream: SocketAddr,
    fault: watch::Sender<Fault>,
    /// Grows with each time that all open connections are reset.
    resets: watch::Sender<u64>,
    cut: Mutex<Option<(Direction, usize)>>,
    connections: AtomicU64,
    open: AtomicU64,
    there: AtomicU64,
    back: AtomicU64,
}

/// A proxy in front of a server; ends when dropped.
pub struct FaultProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    _accepting: AbortOnDropHandle<()>,
}

impl FaultProxy {
    /// Listens on a free port in front of a server.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(upstream: SocketAddr) -> Self {
        Self::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), upstream).await
    }

    /// Listens at this address in front of a server.
    ///
    /// # Panics
    /// When the address cannot be listened on.
    pub async fn start_at(address: SocketAddr, upstream: SocketAddr) -> Self {
        let listener = bind(address).await;
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            upstream,
            fault: watch::Sender::new(Fault::Nothing),
            resets: watch::Sender::new(0),
            cut: Mutex::new(None),
            connections: AtomicU64::new(0),
            open: AtomicU64::new(0),
            there: AtomicU64::new(0),
            back: AtomicU64::new(0),
        });
        let accepting = AbortOnDropHandle::new(tokio::spawn(accept(address, listener, shared.clone())));
        Self { address, shared, _accepting: accepting }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A URL of the server, with the proxy's address in place of the server's.
    ///
    /// # Panics
    /// When the URL does not name the server's address.
    pub fn instead_in(&self, url: &str) -> String {
        let upstream = self.shared.upstream.to_string();
        assert!(url.contains(&upstream), "the URL names {upstream}");
        url.replacen(&upstream, &self.address.to_string(), 1)
    }

    /// Lets the way be like this from now on.
    pub fn set(&self, fault: Fault) {
        self.shared.fault.send_replace(fault);
        if matches!(fault, Fault::Reset | Fault::Away) {
            self.reset_all();
        }
    }

    /// Resets all open connections, once.
    pub fn reset_all(&self) {
        self.shared.resets.send_modify(|count| *count += 1);
    }

    /// Resets a connection, once: that which carries the byte after so many more in this direction.
    pub fn cut_after(&self, direction: Direction, bytes: usize) {
        *self.shared.cut.lock().unwrap_or_else(PoisonError::into_inner) = Some((direction, bytes));
    }

    /// Whether the cut that was asked for has been made.
    pub fn has_cut(&self) -> bool {
        self.shared.cut.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// What has gone through so far.
    pub fn traffic(&self) -> Traffic {
        let Shared { connections, open, there, back, .. } = &*self.shared;
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Traffic { connections: read(connections), open: read(open), bytes_there: read(there), bytes_back: read(back) }
    }
}

async fn bind(address: SocketAddr) -> TcpListener {
    let started = Instant::now();
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(error) => assert!(started.elapsed() < BIND_MAX, "{address} cannot be listened on: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn accept(address: SocketAddr, listener: TcpListener, shared: Arc<Shared>) {
    let mut fault = shared.fault.subscribe();
    let mut listener = Some(listener);
    loop {
        let now = *fault.borrow_and_update();
        if now == Fault::Away {
            listener = None;
        } else if listener.is_none() {
            listener = Some(bind(address).await);
        }
        let Some(listening) = &listener else {
            drop(fault.changed().await);
            continue;
        };
        tokio::select! {
            changed = fault.changed() => if changed.is_err() { return },
            Ok((client, _)) = listening.accept() => {
                shared.connections.fetch_add(1, Ordering::Relaxed);
                if *shared.fault.borrow() == Fault::Reset {
                    reset(&client);
                } else {
                    tokio::spawn(carry(client, shared.clone()));
                }
            }
        }
    }
}

/// Lets the socket be reset once it is dropped.
fn reset(socket: &TcpStream) {
    // A connection that has ended meanwhile needs no reset.
    drop(socket.set_zero_linger());
}

/// Counts a connection as open until dropped.
struct Open(Arc<Shared>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A connection that cannot be carried on.
struct Broken;

/// How a direction ended, where it did not end well.
enum Ended {
    /// One of the two ends has reset it, or is to see it reset.
    Reset,
    /// After something was lost.
    Silently,
}

async fn carry(client: TcpStream, shared: Arc<Shared>) {
    shared.open.fetch_add(1, Ordering::Relaxed);
    let _open = Open(shared.clone());
    let mut resets = shared.resets.subscribe();
    let Ok(server) = TcpStream::connect(shared.upstream).await else { return reset(&client) };
    for socket in [&client, &server] {
        drop(socket.set_nodelay(true));
    }
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let gone = CancellationToken::new();
    let both = async {
        let there = async {
            let passed = pass(&mut from_client, &mut to_server, &shared, Direction::There).await;
            gone.cancel();
            passed
        };
        let back = async {
            let passed = pass(&mut from_server, &mut to_client, &shared, Direction::Back).await;
            if matches!(passed, Err(Ended::Silently)) {
                // A client that is not told anything is not told of the end either.
                gone.cancelled().await;
            }
            passed
        };
        tokio::try_join!(there, back)
    };
    let whole = tokio::select! {
        ended = both => ended.is_ok(),
        _ = resets.changed() => false,
    };
    if !whole {
        reset(from_client.as_ref());
        reset(from_server.as_ref());
    }
    // Dropped as they are, the halves would end the stream properly first.
    to_client.forget();
    to_server.forget();
}

/// Carries one direction until its end.
async fn pass(from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf, shared: &Shared, direction: Direction) -> Result<(), Ended> {
    let (sender, pieces) = mpsc::channel(PIECES_MAX);
    match tokio::try_join!(take(from, sender, shared, direction), give(to, pieces, shared, direction)) {
        Ok((false, ())) => {
            // The end is carried on too.
            drop(to.shutdown().await);
            Ok(())
        }
        Ok((true, ())) => Err(Ended::Silently),
        Err(Broken) => Err(Ended::Reset),
    }
}

/// Reads what is sent and hands it on, unless it gets lost; whether something was.
async fn take(
    from: &mut OwnedReadHalf,
    sender: mpsc::Sender<(Instant, Vec<u8>)>,
    shared: &Shared,
    direction: Direction,
) -> Result<bool, Broken> {
    let mut lost = false;
    let mut buffer = vec![0; PIECE_BYTES_MAX];
    loop {
        let read = from.read(&mut buffer).await.map_err(|_| Broken)?;
        if read == 0 {
            return Ok(lost);
        }
        let fault = *shared.fault.borrow();
        lost |= match (fault, direction) {
            (Fault::HalfOpen { there, .. }, Direction::There) => there,
            (Fault::HalfOpen { back, .. }, Direction::Back) => back,
            _ => false,
        };
        let takes = match (fault, direction) {
            (Fault::Latency { there, .. }, Direction::There) => there,
            (Fault::Latency { back, .. }, Direction::Back) => back,
            _ => Duration::ZERO,
        };
        if !lost && sender.send((Instant::now() + takes, buffer[..read].to_vec())).await.is_err() {
            return Err(Broken);
        }
    }
}

/// Writes what is under way when its time has come.
async fn give(
    to: &mut OwnedWriteHalf,
    mut pieces: mpsc::Receiver<(Instant, Vec<u8>)>,
    shared: &Shared,
    direction: Direction,
) -> Result<(), Broken> {
    let mut fault = shared.fault.subscribe();
    while let Some((due, piece)) = pieces.recv().await {
        tokio::time::sleep_until(due).await;
        // The proxy itself holds the sender.
        drop(fault.wait_for(|fault| *fault != Fault::Stalled).await);
        let mut rest = piece.as_slice();
        while !rest.is_empty() {
            let now = *fault.borrow_and_update();
            let count = match now {
                Fault::Trickle(bytes_a_second) => rest.len().min((bytes_a_second / 20).max(1)),
                _ => rest.len(),
            };
            let (now_due, later) = rest.split_at(count);
            write(to, now_due, shared, direction).await.map_err(|_| Broken)?;
            rest = later;
            if matches!(now, Fault::Trickle(_)) {
                // A change of the fault ends the waiting.
                drop(tokio::time::timeout(DRIP, fault.changed()).await);
            }
        }
    }
    Ok(())
}

async fn write(to: &mut OwnedWriteHalf, bytes: &[u8], shared: &Shared, direction: Direction) -> io::Result<()> {
    let cut = {
        let mut cut = shared.cut.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *cut {
            Some((wanted, after)) if *wanted == direction => {
                let carried = (*after).min(bytes.len());
                *after -= carried;
                let cut_here = carried < bytes.len();
                if cut_here {
                    *cut = None;
                }
                cut_here.then_some(carried)
            }
            _ => None,
        }
    };
    to.write_all(&bytes[..cut.unwrap_or(bytes.len())]).await?;
    let counter = if direction == Direction::There { &shared.there } else { &shared.back };
    counter.fetch_add(cut.unwrap_or(bytes.len()) as u64, Ordering::Relaxed);
    if cut.is_some() { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(150);

    /// A server that answers every byte with the same byte, behind a proxy.
    async fn echo() -> FaultProxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = socket.split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        FaultProxy::start(address).await
    }

    async fn connect(proxy: &FaultProxy) -> TcpStream {
        TcpStream::connect(proxy.address()).await.unwrap()
    }

    /// Sends bytes: what comes back in time.
    async fn ask(socket: &mut TcpStream, bytes: &[u8]) -> io::Result<Option<Vec<u8>>> {
        socket.write_all(bytes).await?;
        let mut answer = vec![0; bytes.len()];
        match tokio::time::timeout(PATIENCE, socket.read_exact(&mut answer)).await {
            Ok(read) => read.map(|_| Some(answer)),
            Err(_) => Ok(None),
        }
    }

    #[tokio::test]
    async fn bytes_pass_late_slowly_or_after_a_while() {
        let proxy = echo().await;
        let mut socket = connect(&proxy).await;
        assert_eq!(ask(&mut socket, b"hello").await.unwrap().unwrap(), b"hello");
        proxy.set(Fault::Latency { there: Duration::from_millis(60), back: Duration::from_millis(20) });
        let began = Instant::now();
        assert_eq!(ask(&mut socket, b"late").await.unwrap().unwrap(), b"late");
        assert!(began.elapsed() >= Duration::from_millis(80), "{:?}", began.elapsed());
        proxy.set(Fault::Trickle(20));
        let began = Instant::now();
        assert_eq!(ask(&mut socket, b"ab").await.unwrap().unwrap(), b"ab");
        assert!(began.elapsed() >= DRIP, "{:?}", began.elapsed());
        proxy.set(Fault::Stalled);
        assert_eq!(ask(&mut socket, b"x").await.unwrap(), None);
        proxy.set(Fault::Nothing);
        let mut answer = [0; 1];
        socket.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"x", "what was stalled arrives");
        let traffic = proxy.traffic();
        assert_eq!((traffic.connections, traffic.open, traffic.bytes_there, traffic.bytes_back), (1, 1, 12, 12));
    }

    #[tokio::test]
    async fn what_a_half_open_connection_lost_never_comes_and_new_ones_work() {
        let proxy = echo().await;
        let (mut used, mut idle) = (connect(&proxy).await, connect(&proxy).await);
        assert!(ask(&mut used, b"1").await.unwrap().is_some() && ask(&mut idle, b"1").await.unwrap().is_some());
        proxy.set(Fault::HalfOpen { there: false, back: true });
        let there = proxy.traffic().bytes_there;
        assert_eq!(ask(&mut used, b"2").await.unwrap(), None);
        assert_eq!(proxy.traffic().bytes_there, there + 1, "the server was reached");
        proxy.set(Fault::Nothing);
        assert_eq!(ask(&mut used, b"3").await.unwrap(), None, "lost for good");
        assert!(ask(&mut idle, b"3").await.unwrap().is_some());
        assert!(ask(&mut connect(&proxy).await, b"4").await.unwrap().is_some());
    }

    #[tokio::test]
    async fn connections_are_reset_refused_and_cut() {
        let proxy = echo().await;
        let mut socket = connect(&proxy).await;
        assert!(ask(&mut socket, b"1").await.unwrap().is_some());
        proxy.cut_after(Direction::Back, 2);
        let mut answer = Vec::new();
        socket.write_all(b"12345").await.unwrap();
        let error = socket.read_to_end(&mut answer).await.unwrap_err();
        assert_eq!((error.kind(), answer.len() <= 2, proxy.has_cut()), (io::ErrorKind::ConnectionReset, true, true));
        let mut socket = connect(&proxy).await;
        assert!(ask(&mut socket, b"1").await.unwrap().is_some());
        proxy.set(Fault::Reset);
        assert_eq!(socket.read(&mut [0; 1]).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        proxy.set(Fault::Away);
        tokio::time::sleep(PATIENCE).await;
        assert_eq!(TcpStream::connect(proxy.address()).await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        proxy.set(Fault::Nothing);
        tokio::time::sleep(PATIENCE).await;
        assert!(ask(&mut connect(&proxy).await, b"2").await.unwrap().is_some());
    }
}
