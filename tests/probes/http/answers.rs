//! What an answer looks like as facts.

use ready::probe::Probe;
use serde_json::json;

use super::{facts, get, probe, trusted, trusting};
use crate::support::http::{clear, full, secure, status};

#[tokio::test]
async fn an_answer_is_told_in_full() {
    let server = clear(|_| async {
        status(200)
            .header("Content-Type", "application/json")
            .header("X-Twice", "a")
            .header("x-twice", "b")
            .header("Set-Cookie", "a=1; Expires=Wed, 09 Jun 2027 10:18:14 GMT")
            .header("Set-Cookie", "b=2")
            .body(full(r#"{"ok": [true, null]}"#))
            .unwrap()
    })
    .await;
    let url = format!("http://web.example:{}/a?b=c", server.port);
    let facts = facts(&get(format!("{url}#part"))).await;
    assert_eq!(facts.status, 200);
    assert_eq!(facts.version, "1.1");
    assert_eq!(facts.url, url);
    assert_eq!(facts.address, format!("127.0.0.1:{}", server.port));
    assert_eq!(facts.headers["x-twice"], "a, b");
    assert_eq!(facts.header_values["x-twice"], ["a", "b"]);
    assert_eq!(facts.headers["set-cookie"].lines().count(), 2);
    assert_eq!(facts.hops[0].cookies[1], "b=2");
    assert_eq!(facts.meaning.cookies.len(), 2);
    assert_eq!(facts.content_type.as_deref(), Some("application/json"));
    assert_eq!(facts.json, Some(json!({"ok": [true, null]})));
    assert_eq!(facts.body.as_deref(), Some(r#"{"ok": [true, null]}"#));
    assert_eq!((facts.body_bytes, facts.decoded_bytes), (20, 20));
    assert_eq!((facts.redirected, facts.hops.len()), (0, 1));
    assert!(!facts.truncated && !facts.reused);
    assert_eq!(
        (facts.compression, facts.tls, facts.alpn),
        (None, None, None)
    );
    assert!(facts.timing.total_ms >= facts.timing.first_byte_ms);
    assert!(facts.elapsed_ms >= facts.timing.total_ms);
    assert_eq!(facts.timing.tls_ms, None);
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn absent_facts_are_left_out() {
    let server = clear(|_| async { status(204).body(full("")).unwrap() }).await;
    let facts = facts(&get(format!("http://localhost:{}/", server.port))).await;
    let facts = serde_json::to_value(facts).unwrap();
    for absent in [
        "json",
        "compression",
        "alpn",
        "tls",
        "samples",
        "addresses",
        "content_type",
    ] {
        assert!(facts.get(absent).is_none(), "{absent}");
    }
    assert!(
        facts.get("hsts").is_some(),
        "the meaning stands beside the facts"
    );
    let back: ready::probe::http::Facts = serde_json::from_value(facts.clone()).unwrap();
    assert_eq!(serde_json::to_value(back).unwrap(), facts);
}

#[tokio::test]
async fn any_status_is_a_fact() {
    for code in [304, 404, 500, 503] {
        let server = clear(move |_| async move { status(code).body(full("")).unwrap() }).await;
        assert_eq!(
            facts(&get(format!("http://localhost:{}/", server.port)))
                .await
                .status,
            code
        );
    }
}

#[tokio::test]
async fn the_best_version_over_tls_is_taken_and_others_can_be_forced() {
    let (root, identity) = trusted();
    let answer = |_| async { status(200).body(full("hello")).unwrap() };
    let server = secure(identity, &["h2", "http/1.1"], answer).await;
    let url = format!("https://localhost:{}/", server.port);
    for (version, spoken, alpn) in [
        ("auto", "2", "h2"),
        ("2", "2", "h2"),
        ("1.1", "1.1", "http/1.1"),
    ] {
        let probe = probe(json!({"url": url, "version": version}));
        let facts = probe.gather(&trusting(&root)).await.unwrap().facts;
        assert_eq!(facts.version, spoken);
        assert_eq!(facts.alpn.as_deref(), Some(alpn));
        let tls = facts.tls.unwrap();
        assert_eq!(tls.version, "TLS1.3");
        assert!(tls.cipher.starts_with("TLS_"), "{}", tls.cipher);
        assert!(tls.verified && tls.problem.is_none());
        assert!(facts.timing.tls_ms.is_some());
        assert_eq!(facts.body.as_deref(), Some("hello"));
    }
}

#[tokio::test]
async fn clear_text_can_be_asked_in_both_versions() {
    let server = clear(|_| async { status(200).body(full("hello")).unwrap() }).await;
    let url = format!("http://localhost:{}/", server.port);
    for (version, spoken) in [("auto", "1.1"), ("1.1", "1.1"), ("2", "2")] {
        let probe = probe(json!({"url": url, "version": version}));
        assert_eq!(facts(&probe).await.version, spoken);
    }
}

#[tokio::test]
async fn samples_are_counted_and_measured() {
    let server = clear(|_| async { status(200).body(full("x")).unwrap() }).await;
    let url = format!("http://localhost:{}/", server.port);
    let samples = facts(&probe(json!({"url": url, "samples": 20})))
        .await
        .samples
        .unwrap();
    assert_eq!((samples.count, samples.statuses), (20, vec![200]));
    assert!(samples.p50_ms > 0.0 && samples.p50_ms <= samples.p95_ms);
    assert!(samples.p95_ms <= samples.p99_ms);
    assert!(samples.first_byte_p50_ms <= samples.p50_ms);
    assert_eq!((server.requests(), server.connections()), (20, 1));
}
