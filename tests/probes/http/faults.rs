//! Servers that misbehave. Each must end within the time limit, with the right reason.

use std::time::{Duration, Instant};

use ready::probe::http::Facts;
use ready::probe::{Answer, Context, Probe, ProbeError};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{ask, error, get, probe, trusted, trusting};
use crate::support::http::{Server, clear, full, raw, read_head, secure, status};

fn url(server: &Server) -> String {
    format!("http://localhost:{}/", server.port)
}

/// Answers every request with these bytes and closes.
async fn says(answer: impl Into<Vec<u8>>) -> Server {
    let answer = answer.into();
    raw(move |mut stream| {
        let answer = answer.clone();
        async move {
            if read_head(&mut stream).await.is_some() {
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
                // What the client still sends must not turn the end into a reset.
                let _ = stream.read(&mut [0; 1024]).await;
            }
        }
    })
    .await
}

/// Asks with little time, and checks that it is kept to.
async fn in_a_moment(url: String) -> Result<Answer<Facts>, ProbeError> {
    let limit = Duration::from_millis(400);
    let context = Context {
        timeout: limit,
        ..crate::support::context(&[])
    };
    let start = Instant::now();
    let answer = get(url).gather(&context).await;
    assert!(start.elapsed() < limit + Duration::from_secs(2));
    answer
}

#[tokio::test]
async fn a_closed_port_refuses() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let (reason, cause) = error(&get(format!("http://web.example:{port}/"))).await;
    assert_eq!(reason, "tcp.refused");
    assert_eq!(cause, format!("web.example:{port} refused the connection"));
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let server =
        raw(|mut stream| async move { while read_head(&mut stream).await.is_some() {} }).await;
    let told = in_a_moment(url(&server)).await.unwrap_err();
    assert_eq!(told.reason.code(), "http.timeout");
    let told = in_a_moment(url(&server).replace("http:", "https:"))
        .await
        .unwrap_err();
    assert_eq!(told.reason.code(), "tls.timeout");
}

#[tokio::test]
async fn one_byte_after_the_other_is_a_timeout() {
    let drip = |start: &'static str| {
        raw(move |mut stream| async move {
            read_head(&mut stream).await;
            let _ = stream.write_all(start.as_bytes()).await;
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
    };
    for start in [
        "HTTP/1.1 200 OK\r\nx-slow: ",
        "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
    ] {
        let server = drip(start).await;
        let told = in_a_moment(url(&server)).await.unwrap_err();
        assert_eq!(told.reason.code(), "http.timeout", "{start}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_told() {
    let many = "x: y\r\n".repeat(10_000);
    let long = "y".repeat(1 << 20);
    for answer in [
        "garbage\r\n\r\n".to_owned(),
        "SSH-2.0-OpenSSH_9.2\r\n".to_owned(),
        "<html>as in HTTP/0.9</html>".to_owned(),
        "HTTP/1.1 9999 Many\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\nnot gzip".to_owned(),
        format!("HTTP/1.1 200 OK\r\n{many}\r\n"),
        format!("HTTP/1.1 200 OK\r\nx: {long}\r\n\r\n"),
    ] {
        let server = says(answer.clone()).await;
        let (reason, cause) = error(&get(url(&server))).await;
        let start: String = answer.chars().take(60).collect();
        assert_eq!(reason, "http.protocol", "{start}: {cause}");
    }
}

#[tokio::test]
async fn an_early_end_is_told() {
    for answer in [
        "",
        "HTTP/1.1 200 OK\r\nx: ",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc",
    ] {
        let server = says(answer).await;
        let (reason, cause) = error(&get(url(&server))).await;
        assert_eq!(reason, "http.closed", "{answer}: {cause}");
    }
}

#[tokio::test]
async fn a_reset_is_told() {
    let server = raw(|mut stream| async move {
        read_head(&mut stream).await;
        stream.set_zero_linger().unwrap();
    })
    .await;
    let (reason, cause) = error(&get(url(&server))).await;
    assert_eq!(reason, "tcp.reset", "{cause}");
}

#[tokio::test]
async fn many_headers_over_http_2_are_told() {
    let (root, identity) = trusted();
    let server = secure(identity, &["h2"], |_| async {
        let mut answer = status(200);
        for number in 0..10_000 {
            answer = answer.header(format!("x-{number}"), "a value of some length");
        }
        answer.body(full("")).unwrap()
    })
    .await;
    let probe = get(format!("https://localhost:{}/", server.port));
    let told = probe.gather(&trusting(&root)).await.unwrap_err();
    assert_eq!(told.reason.code(), "http.protocol", "{told:?}");
}

#[tokio::test]
async fn what_is_not_tls_is_told() {
    let plain = clear(|_| async { status(200).body(full("")).unwrap() }).await;
    let (reason, _) = error(&get(format!("https://localhost:{}/", plain.port))).await;
    assert_eq!(reason, "tls.not-tls");
    let alert = raw(|mut stream: TcpStream| async move {
        let _ = stream.read(&mut [0; 4096]).await;
        // handshake_failure
        let _ = stream.write_all(&[21, 3, 3, 0, 2, 2, 40]).await;
    })
    .await;
    let (reason, cause) = error(&get(format!("https://localhost:{}/", alert.port))).await;
    assert_eq!(reason, "tls.alert");
    assert!(cause.ends_with("handshake_failure"), "{cause}");
}

#[tokio::test]
async fn http_2_where_there_is_none_is_told() {
    let server = says("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
    let (reason, cause) = error(&probe(json!({"url": url(&server), "version": "2"}))).await;
    assert_eq!(reason, "http.protocol", "{cause}");
    let (root, identity) = trusted();
    let server = secure(identity, &[], |_| async {
        status(200).body(full("")).unwrap()
    })
    .await;
    let https = format!("https://localhost:{}/", server.port);
    let told = probe(json!({"url": https, "version": "2"}))
        .gather(&trusting(&root))
        .await;
    assert_eq!(
        told.unwrap_err().cause,
        format!("localhost:{} does not offer HTTP/2", server.port)
    );
}

#[tokio::test]
async fn control_characters_are_data() {
    let server = says("HTTP/1.1 200 OK\r\nx-a: \u{9b}31m\t\r\n\r\n\x1b[2J\n::error::\r\0").await;
    let facts = ask(&get(url(&server))).await.unwrap().facts;
    assert_eq!(facts.headers["x-a"], "\u{9b}31m");
    assert_eq!(facts.body, None, "NUL is no text");
}
