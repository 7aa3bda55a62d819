//! Requests to addresses that tenants give, against a canary that listens on every address of this machine.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use platform::egress::{AddressPolicy, Egress, EgressError, EgressOptions, Lookup};
use reqwest::header::HeaderMap;

/// The one address that is allowed here.
const RECEIVER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// Listens on a port of every address and counts who comes.
struct Canary {
    port: u16,
    hits: Arc<AtomicUsize>,
}

fn count(listener: TcpListener, hits: Arc<AtomicUsize>) {
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            hits.fetch_add(1, Ordering::SeqCst);
            drop(connection);
        }
    });
}

impl Canary {
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a free port");
        let (port, hits) = (listener.local_addr().expect("an address").port(), Arc::<AtomicUsize>::default());
        count(listener, hits.clone());
        // Where the machine has no IPv6, nothing can come that way either.
        if let Ok(listener) = TcpListener::bind((Ipv6Addr::LOCALHOST, port)) {
            count(listener, hits.clone());
        }
        let canary = Self { port, hits };
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the canary sings");
        let started = Instant::now();
        while canary.hits.swap(0, Ordering::SeqCst) == 0 {
            assert!(started.elapsed() < Duration::from_secs(5), "a hit is counted");
            std::thread::yield_now();
        }
        canary
    }

    fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }
}

/// A server that answers each connection by what it does with the request's path.
fn receiver(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind((RECEIVER, 0)).expect("a free port");
    let address = listener.local_addr().expect("an address");
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let answer = answer.clone();
            std::thread::spawn(move || {
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && connection.read(&mut byte).is_ok_and(|count| count == 1) {
                    head.push(byte[0]);
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                answer(head.split(' ').nth(1).unwrap_or(""), &mut connection);
                // Closed with the body unread, the connection would be reset, and the answer with it.
                drop(connection.set_read_timeout(Some(Duration::from_secs(1))));
                drop(connection.shutdown(Shutdown::Write));
                drop(std::io::copy(&mut connection, &mut std::io::sink()));
            });
        }
    });
    address
}

/// Answers by a script: each lookup of a name takes its next answer, the last one for ever.
#[derive(Default)]
struct Script {
    answers: HashMap<String, Vec<Vec<IpAddr>>>,
    asked: Mutex<HashMap<String, usize>>,
}

#[async_trait]
impl Lookup for Script {
    async fn addresses(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        let turn = {
            let mut asked = self.asked.lock().expect("no panic");
            let turn = asked.entry(name.to_owned()).or_default();
            *turn += 1;
            *turn - 1
        };
        Ok(self.answers.get(name).map(|answers| answers[turn.min(answers.len() - 1)].clone()).unwrap_or_default())
    }
}

fn egress(answers: &[(&str, &[&[&str]])]) -> Egress {
    let parse = |turn: &&[&str]| turn.iter().map(|text| text.parse().expect("an address")).collect();
    let answers = answers.iter().map(|(name, turns)| ((*name).to_owned(), turns.iter().map(parse).collect())).collect();
    let policy = AddressPolicy { allowed: vec!["127.0.0.2/32".parse().expect("a range")] };
    let lookup = Arc::new(Script { answers, ..Script::default() });
    let limits = EgressOptions {
        connect_max: Duration::from_secs(1),
        request_max: Duration::from_secs(2),
        answer_bytes_max: 4096,
        ..EgressOptions::new(policy)
    };
    Egress::new(EgressOptions { lookup, ..limits }).expect("a client")
}

async fn post(egress: &Egress, url: &str) -> Result<u16, EgressError> {
    egress.post(url, HeaderMap::new(), Bytes::from_static(b"{}")).await.map(|answer| answer.status)
}

/// This machine's address on its network, if it has one.
fn own_address() -> Option<IpAddr> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    // Nothing is sent: the system only chooses the interface.
    socket.connect("192.0.2.1:9").ok()?;
    Some(socket.local_addr().ok()?.ip())
}

/// Single addresses, in the writings that resolvers and clients have been fooled with.
const WRITINGS: &[&str] = &[
    // Loopback.
    "127.0.0.1",
    "127.0.0.3",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "0",
    "0.0.0.0",
    "0x7f000001",
    "0x7f.0.0.1",
    "0x7f.1",
    "0177.0.0.1",
    "0177.1",
    "00000177.0.0.1",
    "017700000001",
    "2130706433",
    "0x7F.0X0.0x0.0x1",
    "127.0.0.1.",
    "127。0。0。1",
    "127．0．0．1",
    "①②⑦.⓪.⓪.①",
    "１２７.0.0.1",
    "%31%32%37.0.0.1",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "LocalHost.",
    "a.localhost",
    "x.y.localhost.",
    "ｌｏｃａｌｈｏｓｔ",
    // IPv6.
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[0000::0001]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::FFFF:127.0.0.1]",
    "[::127.0.0.1]",
    "[::7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::127.0.0.1]",
    "[2002:7f00:1::]",
    "[2002:7f00:1::1]",
    "[2002:a00:1::]",
    "[2002:a9fe:a9fe::]",
    "[2001:0:7f00:1::]",
    "[2001::7f00:1]",
    "[fe80::1]",
    "[febf::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[fd00::1]",
    "[fdff:ffff::1]",
    "[ff02::1]",
    "[ff05::1:3]",
    "[100::1]",
    "[2001:db8::1]",
    "[3fff::1]",
    "[2001:10::1]",
    "[2001:20::1]",
    "[5f00::1]",
    "[4000::1]",
    "[::ffff:169.254.169.254]",
    "[::ffff:10.0.0.1]",
    "[::ffff:a9fe:a9fe]",
    "[fd00:ec2::254]",
    "[64:ff9b::a9fe:a9fe]",
    // Where clouds keep credentials.
    "169.254.169.254",
    "169.254.170.2",
    "0xa9fea9fe",
    "2852039166",
    "0251.0376.0251.0376",
    "169.254.43518",
    "0xa9.0xfe.0xa9.0xfe",
    "100.100.100.200",
    "192.0.0.192",
    "169.16689662",
];

/// Writings of addresses that lead to this machine, or to a network that is not the Internet.
fn hosts() -> Vec<String> {
    let mut hosts: Vec<String> = WRITINGS.iter().copied().map(str::to_owned).collect();
    // The ends of each range, in three writings.
    for (first, last) in [
        ([0, 0, 0, 0], [0, 255, 255, 255]),
        ([10, 0, 0, 0], [10, 255, 255, 255]),
        ([100, 64, 0, 0], [100, 127, 255, 255]),
        ([127, 0, 0, 0], [127, 255, 255, 255]),
        ([169, 254, 0, 0], [169, 254, 255, 255]),
        ([172, 16, 0, 0], [172, 31, 255, 255]),
        ([192, 0, 0, 0], [192, 0, 0, 255]),
        ([192, 0, 2, 0], [192, 0, 2, 255]),
        ([192, 88, 99, 0], [192, 88, 99, 255]),
        ([192, 168, 0, 0], [192, 168, 255, 255]),
        ([198, 18, 0, 0], [198, 19, 255, 255]),
        ([198, 51, 100, 0], [198, 51, 100, 255]),
        ([203, 0, 113, 0], [203, 0, 113, 255]),
        ([224, 0, 0, 0], [239, 255, 255, 255]),
        ([240, 0, 0, 0], [255, 255, 255, 255]),
    ] {
        for end in [first, last] {
            let [a, b, c, d]: [u8; 4] = end;
            let number = u32::from_be_bytes(end);
            hosts.extend([format!("{a}.{b}.{c}.{d}"), number.to_string(), format!("{number:#x}"), format!("[::ffff:{a}.{b}.{c}.{d}]")]);
        }
    }
    hosts.extend(own_address().map(|address| address.to_string()));
    hosts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_writing_of_an_address_reaches_the_canary() {
    let canary = Canary::start();
    let egress = egress(&[]);
    let mut tried = 0;
    for host in hosts() {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{}/", canary.port);
            let error = post(&egress, &url).await.expect_err(&url);
            assert!(matches!(error.code(), "address_forbidden" | "address_invalid"), "{url}: {error}");
            assert!(egress.check(&url).await.is_err(), "{url} is refused when it is registered");
            tried += 1;
        }
    }
    println!("{tried} addresses");
    assert!(tried >= 200, "{tried}");
    assert_eq!(canary.hits(), 0);
    // The canary would have been heard.
    let policy = AddressPolicy { allowed: vec!["127.0.0.0/8".parse().expect("a range")] };
    let open = Egress::new(EgressOptions { request_max: Duration::from_secs(2), ..EgressOptions::new(policy) }).expect("a client");
    assert!(post(&open, &format!("http://2130706433:{}/", canary.port)).await.is_err(), "it hangs up");
    assert!(canary.hits() > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_name_reaches_the_canary_whatever_it_resolves_to() {
    let canary = Canary::start();
    let ok = |_: &str, connection: &mut TcpStream| drop(connection.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"));
    let receiver = receiver(ok);
    let mut tried = 0;
    let specials = [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "::1",
        "::ffff:127.0.0.1",
        "fe80::1",
        "fd00::1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "ff02::1",
        "224.0.0.1",
        "203.0.113.1",
    ];
    for special in specials {
        // Alone, first, last, and only the second time.
        let turns: [&[&[&str]]; 4] = [&[&[special]], &[&[special, "127.0.0.2"]], &[&["127.0.0.2", special]], &[&["127.0.0.2"], &[special]]];
        for (index, answers) in turns.into_iter().enumerate() {
            for scheme in ["http", "https"] {
                let egress = egress(&[("hooks.test", answers)]);
                if index == 3 && scheme == "http" {
                    let first = format!("http://hooks.test:{}/", receiver.port());
                    assert_eq!(post(&egress, &first).await, Ok(204), "before the name is bound to another address");
                } else if index == 3 {
                    egress.check("https://hooks.test/").await.expect("when it was registered, the name was harmless");
                }
                let error = post(&egress, &format!("{scheme}://hooks.test:{}/", canary.port)).await.expect_err(special);
                assert_eq!(error.code(), "address_forbidden", "{special}: {error}");
                tried += 1;
            }
        }
    }
    println!("{tried} names");
    let unknown = post(&egress(&[]), "https://nowhere.test/").await.expect_err("no address");
    assert_eq!((unknown.code(), unknown.to_string().as_str()), ("name_unknown", "the name `nowhere.test` has no address"));
    assert_eq!(canary.hits(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_redirect_reaches_the_canary() {
    let canary = Canary::start();
    let port = canary.port;
    let receiver = receiver(move |path, connection| {
        let (status, host) = path.trim_start_matches('/').split_once('/').unwrap_or(("302", "127.0.0.1"));
        let answer = format!(
            "HTTP/1.1 {status} Elsewhere\r\nlocation: http://{host}:{port}/\r\nrefresh: 0; url=http://{host}:{port}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        drop(connection.write_all(answer.as_bytes()));
    });
    let egress = egress(&[]);
    for status in [300_u16, 301, 302, 303, 305, 307, 308] {
        for host in ["127.0.0.1", "[::1]", "localhost", "169.254.169.254", "0.0.0.0"] {
            assert_eq!(
                post(&egress, &format!("http://{receiver}/{status}/{host}")).await,
                Ok(status),
                "it is the answer, and nothing more"
            );
        }
    }
    assert_eq!(canary.hits(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_endless_and_broken_answers_end_with_one_reason_each() {
    let receiver = receiver(|path, connection| {
        let drip = |connection: &mut TcpStream, bytes: &[u8], pause: Duration| {
            while connection.write_all(bytes).is_ok() {
                std::thread::sleep(pause);
            }
        };
        match path {
            "/silent" => std::thread::sleep(Duration::from_secs(5)),
            "/drip" => {
                drop(connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n"));
                drip(connection, b"x", Duration::from_millis(50));
            }
            "/headers" => {
                drop(connection.write_all(b"HTTP/1.1 200 OK\r\n"));
                drip(connection, b"x-more: and more\r\n", Duration::ZERO);
            }
            "/endless" => {
                drop(connection.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"));
                drip(connection, b"5\r\nxxxxx\r\n", Duration::ZERO);
            }
            "/announced" => {
                drop(connection.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n{}", "x".repeat(9999)).as_bytes()));
            }
            "/nonsense" => drop(connection.write_all(b"220 smtp ready\r\n")),
            _ => {}
        }
    });
    let egress = egress(&[]);
    for (path, code) in [
        ("silent", "timeout"),
        ("drip", "timeout"),
        ("headers", "unreachable"),
        ("endless", "answer_too_large"),
        ("announced", "answer_too_large"),
        ("nonsense", "unreachable"),
        ("closed", "unreachable"),
    ] {
        let started = Instant::now();
        let error = post(&egress, &format!("http://{receiver}/{path}")).await.expect_err(path);
        assert_eq!(error.code(), code, "{path}: {error}");
        assert!(started.elapsed() < Duration::from_secs(4), "{path} took {:?}", started.elapsed());
    }
    let closed = TcpListener::bind((RECEIVER, 0)).and_then(|listener| listener.local_addr()).expect("a port that nobody listens on");
    assert_eq!(post(&egress, &format!("http://{closed}/")).await.expect_err("nobody").code(), "unreachable");
}
