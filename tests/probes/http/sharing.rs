//! Connections: shared by questions to one origin, replaced when they died meanwhile.

use std::sync::Arc;
use std::time::Duration;

use ready::probe::http::{Http, Pool};
use ready::probe::{Context, Probe, ProbeError};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use super::{get, probe, trusted, trusting};
use crate::support::http::{clear, full, raw, read_head, secure, status};

/// Asks `count` different questions at once; how many came over a connection already used.
async fn at_once(base: &str, count: usize, context: &Context) -> usize {
    let probes: Vec<Http> = (0..count)
        .map(|number| get(format!("{base}/{number}")))
        .collect();
    let answers = probes.iter().map(|probe| probe.gather(context));
    let answers = futures_util::future::join_all(answers).await;
    answers
        .into_iter()
        .filter(|answer| answer.as_ref().unwrap().facts.reused)
        .count()
}

#[tokio::test]
async fn forty_questions_over_http_2_share_one_connection() {
    let (root, identity) = trusted();
    let server = secure(identity, &["h2", "http/1.1"], |_| async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        status(200).body(full("x")).unwrap()
    })
    .await;
    let context = trusting(&root);
    let reused = at_once(&format!("https://localhost:{}", server.port), 40, &context).await;
    assert_eq!(
        (server.connections(), server.requests(), reused),
        (1, 40, 39)
    );
    assert_eq!(
        (context.traffic.connections(), context.traffic.requests()),
        (1, 40)
    );
}

#[tokio::test]
async fn questions_over_http_1_take_idle_connections() {
    let (root, identity) = trusted();
    let server = secure(identity, &["http/1.1"], |_| async {
        status(200).body(full("x")).unwrap()
    })
    .await;
    let context = trusting(&root);
    let base = format!("https://localhost:{}", server.port);
    for _ in 0..5 {
        at_once(&base, 1, &context).await;
    }
    assert_eq!(server.connections(), 1);
    at_once(&base, 40, &context).await;
    let opened = server.connections();
    assert!(opened <= 40, "{opened}");
    at_once(&base, 20, &context).await;
    assert_eq!(
        server.connections(),
        opened,
        "there are enough idle ones by now"
    );
}

#[tokio::test]
async fn different_versions_and_origins_are_kept_apart() {
    let server = clear(|_| async { status(200).body(full("x")).unwrap() }).await;
    let context = crate::support::context(&[]);
    for (host, version) in [("a", "1.1"), ("b", "1.1"), ("a", "2"), ("a", "1.1")] {
        let url = format!("http://{host}.example:{}/", server.port);
        let probe = probe(json!({"url": url, "version": version}));
        probe.gather(&context).await.unwrap();
    }
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn a_connection_that_died_while_idle_is_replaced() {
    let server = raw(|mut stream| async move {
        // Promises to stay, then leaves as soon as it is asked again.
        if read_head(&mut stream).await.is_some() {
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                .await;
            read_head(&mut stream).await;
        }
    })
    .await;
    let context = crate::support::context(&[]);
    let url = format!("http://localhost:{}/", server.port);
    for expected in 1..=3 {
        let facts = get(url.clone()).gather(&context).await.unwrap().facts;
        assert_eq!((facts.status, server.connections()), (200, expected));
        assert!(!facts.reused);
    }
    // What may have been done already is not done twice.
    let post = probe(json!({"url": url, "method": "POST", "body": "x"}));
    let told = post.gather(&context).await.unwrap_err();
    assert!(matches!(told.reason.code(), "http.closed" | "tcp.reset"));
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn another_run_shares_nothing() {
    let server = clear(|_| async { status(200).body(full("x")).unwrap() }).await;
    let context = crate::support::context(&[]);
    let base = format!("http://localhost:{}", server.port);
    at_once(&base, 1, &context).await;
    let fresh = Context {
        http: Arc::new(Pool::default()),
        ..context
    };
    at_once(&base, 1, &fresh).await;
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn one_refused_connection_answers_all_who_wait() {
    let server = raw(|stream| async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        drop(stream);
    })
    .await;
    let context = crate::support::context(&[]);
    let url = format!("https://localhost:{}/", server.port);
    let probes: Vec<Http> = (0..12)
        .map(|number| get(format!("{url}{number}")))
        .collect();
    let answers = probes.iter().map(|probe| probe.gather(&context));
    let told: Vec<ProbeError> = futures_util::future::join_all(answers)
        .await
        .into_iter()
        .map(Result::unwrap_err)
        .collect();
    assert!(told.iter().all(|error| *error == told[0]), "{told:?}");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn all_who_wait_for_a_silent_host_hear_the_same_in_time() {
    let server = raw(|stream| async move {
        tokio::time::sleep(Duration::from_mins(1)).await;
        drop(stream);
    })
    .await;
    let context = Context {
        timeout: Duration::from_millis(500),
        ..crate::support::context(&[])
    };
    let start = std::time::Instant::now();
    let url = format!("https://localhost:{}/", server.port);
    let probes: Vec<Http> = (0..12)
        .map(|number| get(format!("{url}{number}")))
        .collect();
    let answers = probes.iter().map(|probe| probe.gather(&context));
    for answer in futures_util::future::join_all(answers).await {
        assert_eq!(answer.unwrap_err().reason.code(), "tls.timeout");
    }
    assert!(start.elapsed() < Duration::from_secs(4));
    assert_eq!(server.connections(), 1);
}
