//! The `tcp` probe against listeners in this process.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ready::probe::net::resolve::Resolver;
use ready::probe::net::tls::Trust;
use ready::probe::net::{Net, Overrides};
use ready::probe::tcp::{Addresses, IpFamily, State, Tcp};
use ready::probe::{Access, Answer, Context, Probe};
use ready::reason::Reason;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::support::context;

fn tcp(host: &str, port: u16) -> Tcp {
    Tcp::new(host, port)
}

/// A context in which `db.example` is at these addresses.
fn at(addresses: &[&str]) -> Context {
    let mut overrides = Overrides::default();
    for address in addresses {
        overrides.insert(Some("db.example"), None, address.parse().unwrap(), None);
    }
    Context {
        net: Arc::new(Net::new(
            overrides,
            Resolver::of_the_system(),
            Trust::new(&[]),
        )),
        ..context(&[])
    }
}

async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

async fn ask(probe: &Tcp, context: &Context) -> Answer<ready::probe::tcp::Facts> {
    probe.gather(context).await.unwrap()
}

#[tokio::test]
async fn a_listening_port_is_open() {
    let (_listener, port) = listener().await;
    let facts = ask(&tcp("db.example", port), &context(&[])).await.facts;
    assert_eq!((facts.open, facts.state), (Some(true), Some(State::Open)));
    assert_eq!(facts.addresses[0].address.to_string(), "127.0.0.1");
    assert!(facts.addresses[0].connect_ms.is_some());
    assert_eq!(facts.banner, None);
    assert!(facts.v4.unwrap().open && facts.v6.is_none());
}

#[tokio::test]
async fn a_refused_port_is_the_fact_closed() {
    let (listener, port) = listener().await;
    drop(listener);
    let answer = ask(&tcp("db.example", port), &context(&[])).await;
    assert_eq!(answer.facts.open, Some(false));
    assert_eq!(answer.facts.state, Some(State::Closed));
    assert!(answer.gaps.is_empty());
}

#[tokio::test]
async fn a_silent_port_is_the_fact_filtered_within_the_time() {
    // A full backlog makes the kernel drop what else knocks.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let full = socket.listen(0).unwrap();
    let address = full.local_addr().unwrap();
    let mut waiting = Vec::new();
    for _ in 0..4 {
        let connect = TcpStream::connect(address);
        waiting.push(tokio::time::timeout(Duration::from_millis(100), connect).await);
    }
    let context = Context {
        timeout: Duration::from_millis(700),
        ..context(&[])
    };
    let start = Instant::now();
    let facts = ask(&tcp("db.example", address.port()), &context)
        .await
        .facts;
    assert_eq!(facts.state, Some(State::Filtered));
    assert_eq!(facts.open, Some(false));
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn every_address_is_told_apart_by_family() {
    let (_v4, port) = listener().await;
    let v6 = TcpListener::bind(("::1", port)).await;
    let probe = Tcp {
        addresses: Addresses::All,
        ..tcp("db.example", port)
    };
    // 127.0.0.2 is this machine too, and nobody listens there.
    let facts = ask(&probe, &at(&["127.0.0.2", "127.0.0.1", "::1"]))
        .await
        .facts;
    let states: Vec<_> = facts
        .addresses
        .iter()
        .map(|a| (a.address.to_string(), a.family, a.state))
        .collect();
    let v6_state = if v6.is_ok() {
        State::Open
    } else {
        State::Closed
    };
    assert_eq!(
        states,
        [
            ("127.0.0.1".to_owned(), IpFamily::V4, State::Open),
            ("127.0.0.2".to_owned(), IpFamily::V4, State::Closed),
            ("::1".to_owned(), IpFamily::V6, v6_state),
        ]
    );
    assert_eq!(facts.v6.unwrap().open, v6.is_ok());
}

#[tokio::test]
async fn an_address_without_a_route_is_a_gap() {
    let (listener, port) = listener().await;
    drop(listener);
    // TCP to a multicast address is refused by this machine itself, as if it had no IPv6.
    let context = at(&["127.0.0.1", "ff02::1"]);
    let probe = Tcp {
        addresses: Addresses::All,
        ..tcp("db.example", port)
    };
    let answer = ask(&probe, &context).await;
    assert_eq!((answer.facts.open, answer.facts.v6), (None, None));
    assert_eq!(answer.gaps["open"].reason, Reason::NetNoRoute);
    assert_eq!(answer.gaps["v6"].reason, Reason::NetNoRoute);

    let first = ask(&tcp("db.example", port), &context).await;
    assert_eq!(first.facts.state, Some(State::Closed));
    let error = tcp("db.example", port)
        .gather(&at(&["ff02::1"]))
        .await
        .unwrap_err();
    assert_eq!(error.reason, Reason::NetNoRoute);
}

#[tokio::test]
async fn a_banner_is_read_within_limits() {
    let (listener, port) = listener().await;
    tokio::spawn(async move {
        let greetings: [&[u8]; 3] = [b"SSH-2.0-OpenSSH_9.2\r\n", &[0xff; 4096], b""];
        for greeting in greetings {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(greeting).await.unwrap();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_mins(1)).await;
                drop(stream);
            });
        }
        // The last one answers what it is told.
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut said = [0; 4];
        stream.read_exact(&mut said).await.unwrap();
        stream
            .write_all(&[&said[..], b" heard"].concat())
            .await
            .unwrap();
    });
    let context = Context {
        timeout: Duration::from_secs(2),
        ..context(&[])
    };
    let probe = Tcp {
        banner: true,
        ..tcp("db.example", port)
    };
    let banner = async |probe: &Tcp| ask(probe, &context).await.facts.banner;
    assert_eq!(
        banner(&probe).await.as_deref(),
        Some("SSH-2.0-OpenSSH_9.2\r\n")
    );
    let garbage = banner(&probe).await.unwrap();
    assert_eq!(garbage.chars().count(), 512);
    assert_eq!(banner(&probe).await, None, "silence is no banner");
    let ping = Tcp {
        send: Some("ping".to_owned()),
        ..probe
    };
    assert_eq!(banner(&ping).await.as_deref(), Some("ping heard"));
    assert_eq!(ping.contacts()[0].access, Access::Intrusive);
}

#[tokio::test]
async fn a_name_that_cannot_be_resolved_is_an_error() {
    let error = tcp("nobody.invalid", 80)
        .gather(&at(&[]))
        .await
        .unwrap_err();
    assert_eq!(error.reason, Reason::DnsNxdomain);
    assert_eq!(error.cause, "nobody.invalid does not exist");
}

#[test]
fn fields_are_checked_and_shown_by_hand() {
    let probe: Tcp = serde_json::from_str(r#"{"host": "db.example", "port": 5432}"#).unwrap();
    assert_eq!(probe, tcp("db.example", 5432));
    assert_eq!(probe.validate(), Ok(()));
    assert_eq!(probe.reproduce(), "nc -vz db.example 5432");
    assert_eq!(tcp("db.example", 0).validate().unwrap_err().field, "port");
    let mut unread = probe;
    unread.send = Some("it's 5%\n".to_owned());
    assert_eq!(unread.validate().unwrap_err().field, "send");
    assert_eq!(
        unread.reproduce(),
        r"printf 'it\x27s 5%%\n' | nc -vz db.example 5432"
    );
}
