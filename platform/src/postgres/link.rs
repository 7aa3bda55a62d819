//! Watches over the way to Postgres, so that nobody waits for ever for what never comes.
//!
//! A server that hangs, a router that forgets a connection, a balancer in between that lost its other side: the connection stands, and what
//! is sent over it is never answered. The library has no limit for that, TCP counts the bytes as delivered, and a limit on every statement
//! would have to be longer than the longest that is meant. So one connection of each pool, the canary, does nothing but ask whether Postgres
//! answers. When it does not, all connections to Postgres that were open by then are shut down: whoever waits on one gets an error, and does
//! what it does after a restart of Postgres. Connections of the pool that are older than the last such moment are not used again.

use std::collections::HashSet;
use std::io::{IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::cmsg_space;
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, Shutdown, SockFlag, SockType, SockaddrLike as _, SockaddrStorage,
    getpeername, getsockname, recvmsg, sendmsg, shutdown, socketpair,
};
use nix::unistd::close;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

/// How often the canary asks.
const EVERY: Duration = Duration::from_secs(1);
/// How long an answer may take before a look is taken at what else is open.
const PROMPT: Duration = Duration::from_millis(250);
/// How long an answer may take, connecting included. Nothing is read from tables or disk for it.
const PATIENCE: Duration = Duration::from_millis(2500);
/// Addresses of the server that are remembered.
const SERVERS_MAX: usize = 16;
/// How long connecting and an answer may take while Postgres does not answer: then all connections are new, and those that were begun just
/// before its return should not wait for long.
const PATIENCE_AWAY: Duration = Duration::from_millis(1200);
/// How long an attempt and the pause before the next take at least while Postgres does not answer.
const AGAIN: Duration = Duration::from_millis(250);

/// What a pool knows of the way to its server.
#[derive(Default)]
pub(super) struct Link {
    /// Connections that were made before are not used again.
    trusted_since: Mutex<Option<Instant>>,
}

impl Link {
    /// Whether a connection of this age may be used.
    pub(super) fn trusts(&self, age: Duration) -> bool {
        let since = *self.trusted_since.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_none_or(|since| age < since.elapsed())
    }

    fn distrust(&self, until: Instant) {
        *self.trusted_since.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }
}

/// Asks again and again, until `closed`.
pub(super) async fn watch(options: Arc<PgConnectOptions>, link: Arc<Link>, closed: impl Future<Output = ()>) {
    // Over a socket of the machine itself nothing gets lost on the way.
    if options.get_socket().is_some() || options.get_host().starts_with('/') {
        return;
    }
    tokio::select! {
        () = closed => {}
        () = ask_for_ever(&options, &link) => {}
    }
}

async fn ask_for_ever(options: &PgConnectOptions, link: &Link) {
    let (mut canary, mut servers, mut away) = (None, Vec::new(), false);
    loop {
        if canary.is_none() {
            look_up(options, &mut servers).await;
        }
        let asked = Instant::now();
        let before = match answered(options, &mut canary, &servers, away).await {
            Ok(()) => {
                if std::mem::take(&mut away) {
                    tracing::info!("Postgres answers again");
                }
                tokio::time::sleep(EVERY).await;
                continue;
            }
            Err(before) => before,
        };
        canary = None;
        let ended = tokio::task::spawn_blocking({
            let servers = servers.clone();
            move || end(&servers, &before.sockets)
        });
        let ended = ended.await.unwrap_or_default();
        // Some of those that were ended may have been handed to the pool a moment ago.
        link.distrust(Instant::now());
        if !std::mem::replace(&mut away, true) {
            tracing::warn!(ended, "Postgres does not answer; the connections to it are ended");
            metrics::counter!("neuroops_postgres_links_broken_total").increment(1);
        }
        tokio::time::sleep(AGAIN.saturating_sub(asked.elapsed())).await;
    }
}

/// Adds the addresses that the server's name stands for now. Earlier ones stay: there may be connections to them.
async fn look_up(options: &PgConnectOptions, servers: &mut Vec<SocketAddr>) {
    let found = tokio::time::timeout(PROMPT, tokio::net::lookup_host((options.get_host(), options.get_port()))).await;
    for address in found.into_iter().flatten().flatten() {
        if !servers.contains(&address) {
            servers.insert(0, address);
        }
    }
    servers.truncate(SERVERS_MAX);
}

/// The sockets that were open at a moment: descriptor and our own address.
struct Before {
    sockets: HashSet<(RawFd, SocketAddr)>,
}

impl Before {
    async fn look(servers: &[SocketAddr]) -> Self {
        let servers = servers.to_vec();
        Self { sockets: tokio::task::spawn_blocking(move || open_to(&servers)).await.unwrap_or_default() }
    }
}

/// Whether Postgres answers the canary; else what was open when it began not to, or, where it was away before, what is open by now.
async fn answered(options: &PgConnectOptions, canary: &mut Option<PgConnection>, servers: &[SocketAddr], away: bool) -> Result<(), Before> {
    let asking = ask(options, canary);
    tokio::pin!(asking);
    if away {
        return match tokio::time::timeout(PATIENCE_AWAY, asking).await {
            Ok(true) => Ok(()),
            _ => Err(Before::look(servers).await),
        };
    }
    let before = match tokio::time::timeout(PROMPT, &mut asking).await {
        Ok(true) => return Ok(()),
        Ok(false) => return Err(Before::look(servers).await),
        Err(_) => Before::look(servers).await,
    };
    match tokio::time::timeout(PATIENCE.saturating_sub(PROMPT), asking).await {
        Ok(true) => Ok(()),
        _ => Err(before),
    }
}

async fn ask(options: &PgConnectOptions, canary: &mut Option<PgConnection>) -> bool {
    let mut connection = match canary.take() {
        Some(connection) => connection,
        None => match options.connect().await {
            Ok(connection) => connection,
            // A refusal is an answer.
            Err(error) => return error.as_database_error().is_some(),
        },
    };
    let answered = connection.ping().await.is_ok();
    *canary = answered.then_some(connection);
    answered
}

/// Shuts down those of the sockets that are still what they were; how many.
fn end(servers: &[SocketAddr], sockets: &HashSet<(RawFd, SocketAddr)>) -> usize {
    let still = sockets.iter().filter(|(descriptor, own)| {
        let Some(duplicate) = Duplicate::of(*descriptor) else { return false };
        duplicate.ends().is_some_and(|(found, peer)| found == *own && servers.contains(&peer))
            && shutdown(duplicate.0, Shutdown::Both).is_ok()
    });
    still.count()
}

/// A second descriptor of a socket, which stays that socket's whatever the first one's number stands for by now: descriptors are closed and
/// used again while we look at them. Made by sending it to ourselves, which needs no owner of the first.
struct Duplicate(RawFd);

impl Duplicate {
    fn of(descriptor: RawFd) -> Option<Self> {
        let (here, there): (OwnedFd, OwnedFd) = socketpair(AddressFamily::Unix, SockType::Datagram, None, SockFlag::SOCK_CLOEXEC).ok()?;
        let (sent, mut received) = ([0_u8], [0_u8]);
        let rights = [descriptor];
        let message = [ControlMessage::ScmRights(&rights)];
        sendmsg::<()>(here.as_raw_fd(), &[IoSlice::new(&sent)], &message, MsgFlags::empty(), None).ok()?;
        let mut space = cmsg_space!(RawFd);
        let mut parts = [IoSliceMut::new(&mut received)];
        let message = recvmsg::<()>(there.as_raw_fd(), &mut parts, Some(&mut space), MsgFlags::MSG_CMSG_CLOEXEC).ok()?;
        message.cmsgs().ok()?.find_map(|message| match message {
            ControlMessageOwned::ScmRights(descriptors) => descriptors.first().copied().map(Self),
            _ => None,
        })
    }

    /// Its own address and that of the other end.
    fn ends(&self) -> Option<(SocketAddr, SocketAddr)> {
        ends(self.0)
    }
}

impl Drop for Duplicate {
    fn drop(&mut self) {
        // The socket itself stays open by its first descriptor.
        if let Err(error) = close(self.0) {
            tracing::debug!(%error, "a second descriptor was not closed");
        }
    }
}

/// The sockets of this process that are connected to one of these servers.
fn open_to(servers: &[SocketAddr]) -> HashSet<(RawFd, SocketAddr)> {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else { return HashSet::new() };
    let descriptors = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<RawFd>().ok());
    let sockets = descriptors.filter_map(|descriptor| {
        let (own, peer) = ends(descriptor)?;
        servers.contains(&peer).then_some((descriptor, own))
    });
    sockets.collect()
}

/// A socket's own address and that of the other end.
fn ends(descriptor: RawFd) -> Option<(SocketAddr, SocketAddr)> {
    let own = address(&getsockname::<SockaddrStorage>(descriptor).ok()?)?;
    Some((own, address(&getpeername::<SockaddrStorage>(descriptor).ok()?)?))
}

fn address(found: &SockaddrStorage) -> Option<SocketAddr> {
    found.family()?;
    let v4 = found.as_sockaddr_in().map(|address| SocketAddr::from((address.ip(), address.port())));
    v4.or_else(|| found.as_sockaddr_in6().map(|address| SocketAddr::from((address.ip(), address.port()))))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn only_connections_to_the_server_that_were_open_then_are_ended() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (server, other) = (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
        let servers = vec![server.local_addr().unwrap()];
        let mut open = TcpStream::connect(servers[0]).unwrap();
        let stranger = TcpStream::connect(other.local_addr().unwrap()).unwrap();
        let before = runtime.block_on(Before::look(&servers));
        let later = TcpStream::connect(servers[0]).unwrap();
        assert_eq!(end(&servers, &before.sockets), 1);
        assert_eq!(open.read(&mut [0; 1]).unwrap(), 0, "whoever waits hears of it");
        for socket in [&stranger, &later] {
            socket.set_nonblocking(true).unwrap();
            let error = (&*socket).read(&mut [0; 1]).unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
        }
    }

    #[test]
    fn connections_from_before_are_not_trusted() {
        let link = Link::default();
        assert!(link.trusts(Duration::from_hours(1)));
        link.distrust(Instant::now().checked_sub(Duration::from_secs(10)).unwrap());
        assert!(link.trusts(Duration::from_secs(5)) && !link.trusts(Duration::from_secs(15)));
    }
}
