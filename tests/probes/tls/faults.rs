//! What the probe says of servers that are not there, not TLS, or not willing.

use std::time::{Duration, Instant};

use ready::probe::ProbeError;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::server::{Setup, good, speak};
use super::server::{ask, ask_in, probe, serve, trusting};
use crate::support::certificates::Leaf;

async fn error_of(port: u16) -> ProbeError {
    let mut context = trusting(&[]);
    context.timeout = Duration::from_secs(2);
    let start = Instant::now();
    let error = ask_in(&probe(port), &context).await.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(4), "kept to its time");
    error
}

/// Reads what the client says first, answers with these bytes, and ends.
async fn answers(bytes: &'static [u8]) -> u16 {
    serve(move |mut stream| async move {
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.write_all(bytes).await;
    })
    .await
}

#[tokio::test]
async fn a_closed_port_refuses() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = error_of(port).await;
    assert_eq!(error.reason.code(), "tcp.refused");
    assert_eq!(
        error.cause,
        format!("localhost:{port} refused the connection")
    );
}

#[tokio::test]
async fn other_protocols_are_not_tls() {
    for greeting in [
        b"SSH-2.0-OpenSSH_9.2\r\n".as_slice(),
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"220 mail.example ESMTP\r\n",
        &[0xff; 64],
    ] {
        let error = error_of(answers(greeting).await).await;
        assert_eq!(error.reason.code(), "tls.not-tls", "{greeting:?}");
    }
}

#[tokio::test]
async fn an_alert_is_told_by_name() {
    let error = error_of(answers(&[21, 3, 3, 0, 2, 2, 40]).await).await;
    assert_eq!(error.reason.code(), "tls.alert");
    assert!(
        error.cause.ends_with("the alert handshake_failure"),
        "{}",
        error.cause
    );
}

#[tokio::test]
async fn silence_ends_with_the_time_limit() {
    let port = serve(|stream| async move {
        tokio::time::sleep(Duration::from_mins(1)).await;
        drop(stream);
    })
    .await;
    assert_eq!(error_of(port).await.reason.code(), "tls.timeout");
}

#[tokio::test]
async fn one_byte_a_second_ends_with_the_time_limit() {
    let port = serve(|mut stream| async move {
        for byte in [22, 3, 3, 0x10, 0, 2, 0, 0x0f].repeat(20) {
            if stream.write_all(&[byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    })
    .await;
    assert_eq!(error_of(port).await.reason.code(), "tls.timeout");
}

#[tokio::test]
async fn a_server_that_hangs_up_is_told_as_such() {
    assert_eq!(
        error_of(answers(b"").await).await.reason.code(),
        "tls.closed"
    );
}

/// A server that has had enough after some connections: what was not found out by then is a
/// gap and never "no".
#[tokio::test]
async fn a_server_that_has_had_enough_leaves_gaps() {
    let (root, identity) = good(&Leaf::default());
    let acceptor = tokio_rustls::TlsAcceptor::from(Setup::of(identity).config());
    let count = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let port = serve(move |stream| {
        let acceptor = acceptor.clone();
        let number = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        async move {
            if number == 0 {
                speak(&acceptor, stream).await;
            } else {
                drop(stream);
            }
        }
    })
    .await;
    let answer = ask(&probe(port), &[&root]).await.unwrap();
    assert!(answer.facts.verified);
    assert_eq!(answer.facts.versions, None);
    assert_eq!(answer.facts.suites, None);
    assert_eq!(answer.facts.protocols.unwrap().tls1_0, None);
    let gap = &answer.gaps["protocols.tls1_0"];
    assert_eq!(gap.reason.code(), "tls.scan-incomplete");
    assert!(answer.gaps.contains_key("suites") && answer.gaps.contains_key("groups"));
}

/// A server that says nothing to old clients is not known to refuse them.
#[tokio::test]
async fn silence_to_an_old_client_is_a_gap() {
    let (root, identity) = good(&Leaf::default());
    let acceptor = tokio_rustls::TlsAcceptor::from(Setup::of(identity).config());
    let port = serve(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let mut head = [0; 11];
            let _ = stream.peek(&mut head).await;
            // The version of the message itself: TLS 1.0.
            if head[9..11] == [3, 1] {
                tokio::time::sleep(Duration::from_mins(1)).await;
            }
            speak(&acceptor, stream).await;
        }
    })
    .await;
    let answer = ask(&probe(port), &[&root]).await.unwrap();
    let protocols = answer.facts.protocols.unwrap();
    assert_eq!(protocols.tls1_0, None);
    assert_eq!(
        (protocols.tls1_1, protocols.tls1_3),
        (Some(false), Some(true))
    );
    assert!(answer.gaps.contains_key("protocols.tls1_0"));
    assert_eq!(answer.facts.versions, None);
}

/// A server that serves one connection after the other is asked no less.
#[tokio::test]
async fn a_server_of_one_connection_at_a_time_is_scanned_whole() {
    let (root, identity) = good(&Leaf::default());
    let acceptor = tokio_rustls::TlsAcceptor::from(Setup::of(identity).config());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            speak(&acceptor, stream).await;
        }
    });
    let answer = ask(&probe(port), &[&root]).await.unwrap();
    assert!(answer.gaps.is_empty(), "{:?}", answer.gaps);
    assert_eq!(answer.facts.suites.unwrap().len(), 6);
}
