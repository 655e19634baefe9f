//! The `ssh` probe against servers in this process that say what they are told to.

use std::time::{Duration, Instant};

use ready::probe::ssh::{Facts, Ssh};
use ready::probe::{Access, Context, Probe, ProbeError};
use ready::reason::Reason;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::context;
use crate::support::http::{Server, raw};

fn probe(port: u16) -> Ssh {
    serde_json::from_value(json!({"host": "shell.example", "port": port})).unwrap()
}

async fn ask(port: u16) -> Result<Facts, ProbeError> {
    let context = Context {
        timeout: Duration::from_secs(2),
        ..context(&[])
    };
    Ok(probe(port).gather(&context).await?.facts)
}

/// Says this at once, then listens.
async fn says(bytes: Vec<u8>) -> Server {
    raw(move |mut stream| {
        let bytes = bytes.clone();
        async move {
            _ = stream.write_all(&bytes).await;
            while matches!(stream.read(&mut [0; 4096]).await, Ok(1..)) {}
        }
    })
    .await
}

/// A greeting with a packet of these ten lists.
fn greeting(first: &str, lists: [&str; 10]) -> Vec<u8> {
    let mut payload = vec![20];
    payload.extend([7; 16]);
    for list in lists {
        payload.extend(u32::try_from(list.len()).unwrap().to_be_bytes());
        payload.extend(list.as_bytes());
    }
    payload.extend([0; 5]);
    let mut bytes = format!("{first}\r\n").into_bytes();
    bytes.extend(u32::try_from(payload.len() + 5).unwrap().to_be_bytes());
    bytes.push(4);
    bytes.extend(payload);
    bytes.extend([0; 4]);
    bytes
}

#[tokio::test]
async fn an_old_server_is_described() {
    let server = says(greeting(
        "Authorized users only\r\nSSH-1.99-Old_1.0",
        [
            "diffie-hellman-group1-sha1",
            "ssh-dss,ssh-ed25519",
            "aes128-cbc",
            "aes128-cbc,aes128-ctr",
            "hmac-md5",
            "hmac-md5",
            "none",
            "zlib",
            "",
            "",
        ],
    ))
    .await;
    let facts = ask(server.port).await.unwrap();
    assert_eq!(
        (&*facts.banner, &*facts.protocol),
        ("SSH-1.99-Old_1.0", "1.99")
    );
    assert_eq!((&*facts.software, facts.comment), ("Old_1.0", None));
    assert_eq!(facts.offered.ciphers, ["aes128-cbc", "aes128-ctr"]);
    assert_eq!(facts.offered.compressions, ["none", "zlib"]);
    assert_eq!(facts.weak.key_exchanges, ["diffie-hellman-group1-sha1"]);
    assert_eq!(
        (facts.weak.host_keys, facts.weak.ciphers),
        (vec!["ssh-dss".to_owned()], vec!["aes128-cbc".to_owned()])
    );
    assert_eq!(facts.weak.macs, ["hmac-md5"]);
    assert!(!facts.strict_kex && !facts.post_quantum);
}

#[tokio::test]
async fn what_is_no_ssh_is_told() {
    let mut huge = b"SSH-2.0-x\r\n".to_vec();
    huge.extend([0xff; 64]);
    let mut padded = b"SSH-2.0-x\r\n\0\0\0\x06".to_vec();
    padded.extend([0xff; 6]);
    for bytes in [
        "HTTP/1.1 400 Bad Request\r\n".repeat(60).into_bytes(),
        vec![b'x'; 5000],
        huge,
        padded,
        b"SSH-2.0-x\r\n\0\0\0\x06\x01\x1500000".to_vec(),
        greeting("SSH-nothing", [""; 10]),
    ] {
        let server = says(bytes.clone()).await;
        let told = ask(server.port).await.unwrap_err();
        assert_eq!(
            told.reason,
            Reason::ServiceProtocol,
            "{}: {told:?}",
            bytes.escape_ascii()
        );
    }
}

#[tokio::test]
async fn silence_refusal_and_leaving_are_told_within_the_time() {
    let start = Instant::now();
    let silent = says(Vec::new()).await;
    assert_eq!(
        ask(silent.port).await.unwrap_err().reason,
        Reason::ServiceTimeout
    );
    let half = says(b"SSH-2.0-x\r\n\0\0".to_vec()).await;
    assert_eq!(
        ask(half.port).await.unwrap_err().reason,
        Reason::ServiceTimeout
    );
    assert!(start.elapsed() < Duration::from_secs(20));
    let leaving = raw(|stream| async move { drop(stream) }).await;
    assert_eq!(
        ask(leaving.port).await.unwrap_err().reason,
        Reason::ServiceClosed
    );
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    assert_eq!(ask(port).await.unwrap_err().reason, Reason::TcpRefused);
}

#[test]
fn fields_are_checked_and_shown_by_hand() {
    assert_eq!(probe(22).validate(), Ok(()));
    assert_eq!(probe(0).validate().unwrap_err().field, "port");
    assert_eq!(probe(22).contacts()[0].access, Access::ReadOnly);
    assert_eq!(probe(22).contacts().len(), 1);
    let more = Ssh {
        known_hosts: "my hosts".to_owned(),
        user: "root".to_owned(),
        ..probe(22)
    };
    let contacts: Vec<_> = more
        .contacts()
        .into_iter()
        .map(|contact| (contact.count, contact.access))
        .collect();
    let read = Access::ReadOnly;
    assert_eq!(contacts, [(1, read), (5, read), (1, Access::Intrusive)]);
    assert_eq!(
        more.reproduce(),
        "ssh -vv -o BatchMode=yes -o PreferredAuthentications=none -o StrictHostKeyChecking=yes \
         -o 'UserKnownHostsFile=my hosts' -l root -p 22 shell.example"
    );
    let odd = Ssh {
        user: "a\nb".to_owned(),
        ..probe(22)
    };
    assert_eq!(odd.validate().unwrap_err().field, "user");
    assert_eq!(
        probe(2222).reproduce(),
        "ssh -vv -o BatchMode=yes -o PreferredAuthentications=none -p 2222 shell.example"
    );
}

#[cfg(feature = "ssh-auth")]
#[tokio::test]
async fn a_key_exchange_that_does_not_end_is_a_gap() {
    let lists = [
        "curve25519-sha256",
        "ssh-ed25519",
        "aes256-ctr",
        "aes256-ctr",
        "hmac-sha2-256",
        "hmac-sha2-256",
        "none",
        "none",
        "",
        "",
    ];
    let mut garbage = greeting("SSH-2.0-x", lists);
    garbage.extend([0xff; 64]);
    let more = |port| Ssh {
        host_keys: true,
        user: "nobody".to_owned(),
        ..probe(port)
    };
    for (bytes, reason) in [
        (greeting("SSH-2.0-x", lists), Reason::ServiceTimeout),
        (garbage, Reason::ServiceProtocol),
        (greeting("SSH-2.0-x", ["ssh-dss"; 10]), Reason::ToolFailed),
    ] {
        let server = says(bytes).await;
        let context = Context {
            timeout: Duration::from_secs(2),
            ..context(&[])
        };
        let answer = more(server.port).gather(&context).await.unwrap();
        assert_eq!(answer.gaps["host_keys"].reason, reason, "{:?}", answer.gaps);
        assert!(answer.gaps.contains_key("auth_methods"));
        assert_eq!(
            (answer.facts.host_keys, answer.facts.auth_methods),
            (None, None)
        );
    }
}
