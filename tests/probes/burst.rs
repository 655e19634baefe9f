//! The `burst` probe against a server in this process with a token bucket for each user.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http::{Request, Response};
use ready::probe::burst::{Burst, Facts};
use ready::probe::{Access, Context, Probe, ProbeError};
use ready::reason::Reason;
use serde_json::{Value, json};

use crate::support::context;
use crate::support::http::{Body, Server, clear, full, raw, status};

/// Tokens of one user.
struct Bucket {
    tokens: u32,
    refused: Option<Instant>,
}

/// A service that gives everybody ten requests, and one more a second after a refusal; at
/// `/strict` none, however long that takes.
async fn service() -> Server {
    let buckets: Arc<Mutex<HashMap<String, Bucket>>> = Arc::default();
    clear(move |request: Request<bytes::Bytes>| {
        let buckets = buckets.clone();
        async move { answer(&request, &mut buckets.lock().unwrap()) }
    })
    .await
}

fn answer(
    request: &Request<bytes::Bytes>,
    buckets: &mut HashMap<String, Bucket>,
) -> Response<Body> {
    if request.uri().path() == "/open" {
        return status(200)
            .header("x-ratelimit-limit", "none")
            .body(full("ok"))
            .unwrap();
    }
    let user = request
        .headers()
        .get("x-user")
        .map_or("", |user| user.to_str().unwrap());
    let bucket = buckets.entry(user.to_owned()).or_insert(Bucket {
        tokens: 10,
        refused: None,
    });
    let waited = |refused: Instant| refused.elapsed() >= Duration::from_secs(1);
    if request.uri().path() != "/strict" && bucket.refused.take_if(|at| waited(*at)).is_some() {
        bucket.tokens = 1;
    }
    if bucket.tokens == 0 {
        bucket.refused = Some(Instant::now());
        let refused = status(429)
            .header("retry-after", "1")
            .header("RateLimit-Limit", "10");
        return refused.body(full("slow down")).unwrap();
    }
    bucket.tokens -= 1;
    status(200).body(full("ok")).unwrap()
}

fn probe(port: u16, path: &str, more: &Value) -> Burst {
    let mut fields = json!({"url": format!("http://api.example:{port}{path}")});
    let more = more.as_object().unwrap().clone();
    fields.as_object_mut().unwrap().extend(more);
    serde_json::from_value(fields).unwrap()
}

async fn ask(server: &Server, path: &str, more: Value) -> Result<Facts, ProbeError> {
    let context = Context {
        timeout: Duration::from_secs(10),
        ..context(&[])
    };
    let probe = probe(server.port, path, &more);
    assert_eq!(probe.validate(), Ok(()));
    Ok(probe.gather(&context).await?.facts)
}

#[tokio::test]
async fn a_limit_is_found_and_what_it_says_and_whom_it_hits() {
    let server = service().await;
    let more = json!({
        "count": 100, "at_once": 1, "headers": {"x-user": "a"}, "other": {"x-user": "b"},
        "recovery": true
    });
    let facts = ask(&server, "/", more).await.unwrap();
    assert_eq!((facts.sent, facts.first_refused), (11, Some(11)));
    assert_eq!(facts.statuses["200"], 10);
    assert_eq!((facts.limited, facts.retry_after_seconds), (true, Some(1)));
    assert_eq!(facts.limit_headers["ratelimit-limit"], "10");
    assert_eq!(
        (facts.other_refused, facts.recovered),
        (Some(false), Some(true))
    );
    assert_eq!(
        server.requests(),
        13,
        "nothing was sent after the refusal but what was asked"
    );

    let more =
        json!({"count": 40, "at_once": 8, "headers": {"x-user": "c"}, "other": {"x-user": "c"}});
    let facts = ask(&server, "/strict", more).await.unwrap();
    assert!(facts.limited && facts.other_refused == Some(true) && facts.recovered.is_none());
    assert!(facts.sent <= 19, "{facts:?}");
}

#[tokio::test]
async fn without_a_limit_all_are_sent_and_none_is_claimed() {
    let server = service().await;
    let facts = ask(&server, "/open", json!({"count": 30})).await.unwrap();
    assert_eq!(
        (facts.sent, facts.limited, facts.first_refused),
        (30, false, None)
    );
    assert_eq!(facts.statuses["200"], 30);
    assert_eq!(facts.limit_headers["x-ratelimit-limit"], "none");
    assert_eq!(server.requests(), 30);
}

#[tokio::test]
async fn a_service_that_does_not_answer_is_told() {
    let closed = raw(async |stream| drop(stream)).await;
    let told = ask(&closed, "/", json!({})).await.unwrap_err();
    assert!(
        matches!(told.reason, Reason::HttpClosed | Reason::TcpReset),
        "{told:?}"
    );
    let silent = raw(async |stream| {
        let _stream = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let hurried = Context {
        timeout: Duration::from_secs(1),
        ..context(&[])
    };
    let told = probe(silent.port, "/", &json!({}))
        .gather(&hurried)
        .await
        .unwrap_err();
    assert_eq!(told.reason, Reason::HttpTimeout);
    let secret = json!({"auth": {"bearer": "${secrets.T}"}});
    let told = ask(&silent, "/", secret).await.unwrap_err();
    assert_eq!(told.reason, Reason::CredentialMissing);
}

#[test]
fn it_is_intrusive_and_bounded() {
    let burst = probe(
        80,
        "/login",
        &json!({"count": 50, "other": {}, "recovery": true}),
    );
    let contacts = burst.contacts();
    assert_eq!(
        (contacts[0].access, contacts[0].count),
        (Access::Intrusive, 52)
    );
    assert!(
        burst
            .reproduce()
            .starts_with("for i in $(seq 50); do curl -sS -o /dev/null")
    );
    for (more, field) in [
        (json!({"count": 501}), "count"),
        (json!({"count": 1}), "count"),
        (json!({"at_once": 0}), "at_once"),
        (json!({"at_once": 51}), "at_once"),
        (json!({"other": {"te": "x"}}), "other.te"),
        (json!({"url": "ftp://a.example"}), "url"),
    ] {
        assert_eq!(
            probe(80, "/", &more).validate().unwrap_err().field,
            field,
            "{more}"
        );
    }
}
