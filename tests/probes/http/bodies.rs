//! Bodies: compressed, huge, endless, and what bombs make of them.

use std::convert::Infallible;
use std::io::Write as _;

use bytes::Bytes;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use ready::probe::Probe;
use serde_json::json;

use super::{facts, get, probe, trusted, trusting};
use crate::support::http::{Body, clear, full, raw, read_head, secure, status};

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn zstd(data: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(data, ruzstd::encoding::CompressionLevel::Fastest)
}

async fn coded(coding: &'static str, body: Vec<u8>) -> String {
    let body = Bytes::from(body);
    let server = clear(move |_| {
        let body = body.clone();
        async move {
            let answer = status(200).header("content-encoding", coding);
            answer
                .header("content-type", "text/plain")
                .body(full(body))
                .unwrap()
        }
    })
    .await;
    format!("http://localhost:{}/", server.port)
}

/// Ten gibibytes, made as they are read.
fn huge() -> Body {
    let piece = Bytes::from(vec![b'x'; 64 << 10]);
    let pieces = (10_u64 << 30) / (64 << 10);
    let frames = (0..pieces).map(move |_| Ok::<_, Infallible>(Frame::data(piece.clone())));
    StreamBody::new(futures_util::stream::iter(frames)).boxed()
}

#[tokio::test]
async fn compressed_bodies_are_read() {
    let text = "hello ".repeat(1000);
    for (coding, body) in [
        ("gzip", gzip(text.as_bytes())),
        ("zstd", zstd(text.as_bytes())),
    ] {
        let sent = body.len() as u64;
        let facts = facts(&get(coded(coding, body).await)).await;
        assert_eq!(facts.compression.as_deref(), Some(coding));
        assert_eq!(facts.body.as_deref(), Some(text.as_str()));
        assert_eq!((facts.body_bytes, facts.decoded_bytes), (sent, 6000));
        assert!(!facts.truncated);
    }
}

#[tokio::test]
async fn bombs_stop_at_the_limit() {
    let zeros = vec![b' '; 64 << 20];
    // 8 MiB of blanks in 14 bytes, by the reference encoder.
    let brotli = b"\xcb\xff\xff\x3f\x00\x24\x40\xe2\xb1\x40\x72\xef\xff\x06".to_vec();
    for (coding, bomb) in [
        ("gzip", gzip(&zeros)),
        ("zstd", zstd(&zeros)),
        ("br", brotli),
    ] {
        let facts = facts(&get(coded(coding, bomb).await)).await;
        assert_eq!(facts.decoded_bytes, 1 << 20, "{coding}");
        assert!(facts.truncated, "{coding}");
    }
}

#[tokio::test]
async fn a_body_of_ten_gibibytes_stops_at_the_limit() {
    let (root, identity) = trusted();
    let answer = |_| async { status(200).body(huge()).unwrap() };
    let server = secure(identity, &["h2", "http/1.1"], answer).await;
    for version in ["1.1", "2"] {
        let url = format!("https://localhost:{}/", server.port);
        let probe = probe(json!({"url": url, "version": version, "max_body": 100_000}));
        let facts = probe.gather(&trusting(&root)).await.unwrap().facts;
        assert_eq!((facts.body_bytes, facts.decoded_bytes), (100_000, 100_000));
        assert!(facts.truncated && facts.json.is_none());
        assert_eq!(facts.body.unwrap().len(), 100_000);
    }
}

#[tokio::test]
async fn a_redirect_does_not_wait_for_an_endless_body() {
    let server = raw(|mut stream| async move {
        use tokio::io::AsyncWriteExt as _;
        let Some(head) = read_head(&mut stream).await else {
            return;
        };
        if head.starts_with("GET /end") {
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                .await;
            return;
        }
        let _ = stream
            .write_all(b"HTTP/1.1 302 Found\r\nlocation: /end\r\n\r\n")
            .await;
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    let facts = facts(&get(format!("http://localhost:{}/", server.port))).await;
    assert_eq!(facts.body.as_deref(), Some("ok"));
}

#[tokio::test]
async fn an_unknown_coding_is_told_but_not_read() {
    let facts = facts(&get(coded("compress", b"<html>".to_vec()).await)).await;
    assert_eq!(facts.compression.as_deref(), Some("compress"));
    assert_eq!((facts.body, facts.meaning.html), (None, None));
    assert_eq!(facts.body_bytes, 6);
}
