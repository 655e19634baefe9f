//! Servers so old that no library here speaks with them: their certificate comes from the part
//! of the handshake that is not encrypted.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::server::{ask, probe, serve};
use crate::support::certificates::{Authority, Identity, Leaf};

fn number24(length: usize) -> [u8; 3] {
    let [.., a, b, c] = length.to_be_bytes();
    [a, b, c]
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &number24(body.len()), body].concat()
}

fn record(version: [u8; 2], kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[kind][..], &version, &length, content].concat()
}

/// Agreement to this version and suite, the certificate, and the end of the flight.
fn flight(version: [u8; 2], suite: [u8; 2], identity: &Identity) -> Vec<u8> {
    let hello = [&version[..], &[7; 32], &[0], &suite, &[1]].concat();
    let list: Vec<u8> = identity
        .chain
        .iter()
        .flat_map(|der| [&number24(der.len())[..], der].concat())
        .collect();
    let certificates = [&number24(list.len())[..], &list].concat();
    let messages = [
        message(2, &hello),
        message(11, &certificates),
        message(14, &[]),
    ];
    record(version, 22, &messages.concat())
}

/// A server of one version and some suites, which compresses.
async fn old_server(version: [u8; 2], suites: &'static [[u8; 2]], identity: Identity) -> u16 {
    serve(move |mut stream| {
        let identity = identity.clone();
        async move {
            let mut hello = vec![0; 4096];
            let count = stream.read(&mut hello).await.unwrap_or(0);
            let session = 44 + usize::from(hello[43]);
            let length = usize::from(u16::from_be_bytes([hello[session], hello[session + 1]]));
            let offered = &hello[session + 2..(session + 2 + length).min(count.max(session + 2))];
            let chosen = suites
                .iter()
                .find(|suite| offered.chunks(2).any(|one| one == suite.as_slice()));
            let answer = match chosen {
                _ if hello[9..11] != version => record(version, 21, &[2, 70]),
                Some(suite) => flight(version, *suite, &identity),
                None => record(version, 21, &[2, 40]),
            };
            let _ = stream.write_all(&answer).await;
        }
    })
    .await
}

#[tokio::test]
async fn ssl_3_0_is_described_like_any_other() {
    let root = Authority::root("Old CA");
    let identity = root.sign(&Leaf::dated("2026-01-01", "2026-10-01"));
    // AES-256, 3DES, RC4: from one common batch, and export RC2, which is not.
    let suites = &[[0, 0x35], [0, 0x0a], [0, 0x05], [0, 0x06]];
    let port = old_server([3, 0], suites, identity).await;
    let answer = ask(&probe(port), &[&root]).await.unwrap();
    assert!(answer.gaps.is_empty(), "{:?}", answer.gaps);
    let facts = answer.facts;
    assert!(!facts.completed && !facts.verified && facts.trusted);
    assert_eq!(facts.version, "SSLv3");
    assert_eq!(facts.cipher, "TLS_RSA_WITH_AES_256_CBC_SHA");
    assert_eq!(
        facts.problem.map(ready::reason::Reason::code),
        Some("tls.expired")
    );
    assert_eq!(facts.days_left, -52);
    assert_eq!(facts.versions.unwrap(), ["SSLv3"]);
    assert_eq!(facts.protocols.unwrap().tls1_2, Some(false));
    let found: Vec<_> = facts
        .suites
        .iter()
        .flatten()
        .map(|suite| (suite.name.as_str(), suite.bits, suite.weak))
        .collect();
    assert_eq!(
        found,
        [
            ("TLS_RSA_WITH_AES_256_CBC_SHA", 256, false),
            ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", 112, true),
            ("TLS_RSA_WITH_RC4_128_SHA", 128, true),
            ("TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5", 40, true),
        ]
    );
    assert_eq!(facts.compression, Some(true));
    assert_eq!(facts.secure_renegotiation, Some(false));
    assert_eq!(facts.server_preference, Some(true));
    assert_eq!(facts.groups.unwrap(), []);
}

#[tokio::test]
async fn without_a_scan_the_certificate_is_seen_as_well() {
    let root = Authority::root("Old CA");
    let identity = root.sign(&Leaf::default());
    let port = old_server([3, 1], &[[0, 0x2f]], identity).await;
    let quick = ready::probe::tls::Tls {
        scan: false,
        ..probe(port)
    };
    let facts = ask(&quick, &[&root]).await.unwrap().facts;
    assert!(facts.verified && !facts.completed);
    assert_eq!(facts.version, "TLS1.0");
    assert_eq!(facts.protocols, None);
}
