//! The `limits` probe against servers in this process with real limits, and with none.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use ready::probe::limits::{Facts, Limits};
use ready::probe::{Access, Answer, Context, Probe, ProbeError};
use ready::reason::Reason;
use ready::secret::{Secret, Secrets};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::support::binary::Bench;
use crate::support::certificates::{Authority, Leaf};
use crate::support::context;
use crate::support::http::{Server, clear, full, raw, read_head, secure, status};
use crate::support::origin::Origin;

/// The largest body that the strict server takes.
const MOST: usize = 1 << 20;

/// What a server was sent: method and bytes of the body.
type Log = Arc<Mutex<Vec<(String, usize)>>>;

/// A server that keeps to its limits, or one that takes what comes.
async fn server(strict: bool) -> (Server, Log) {
    let log = Log::default();
    let shared = log.clone();
    let server = raw(move |stream| serve(stream, strict, shared.clone())).await;
    (server, log)
}

async fn serve(stream: TcpStream, strict: bool, log: Log) {
    let service = service_fn(move |request: Request<Incoming>| {
        let log = log.clone();
        async move {
            let method = request.method().to_string();
            let (code, bytes) = if strict {
                judged(request).await
            } else {
                let body = request.into_body().collect().await;
                (200, body.map_or(0, |body| body.to_bytes().len()))
            };
            log.lock().unwrap().push((method, bytes));
            let answer = Response::builder().status(code);
            Ok::<_, Infallible>(answer.body(Full::new(Bytes::from("told"))).unwrap())
        }
    });
    let largest_head = if strict { 64 << 10 } else { 4 << 20 };
    let _ = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .max_buf_size(largest_head)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// The status for a request, and how much of its body was read.
async fn judged(request: Request<Incoming>) -> (u16, usize) {
    if request.method() == "GET" {
        return (401, 0);
    }
    if request.method() != "POST" {
        return (405, 0);
    }
    let length = request.headers().get("content-length");
    let length: usize = length.map_or(0, |it| it.to_str().unwrap().parse().unwrap());
    if length > MOST {
        return (413, 0);
    }
    if request.headers()["content-type"] != "application/json" {
        return (415, 0);
    }
    let body = Limited::new(request.into_body(), MOST).collect();
    match tokio::time::timeout(Duration::from_millis(300), body).await {
        Err(_) => (408, 0),
        Ok(Err(_)) => (413, 0),
        Ok(Ok(body)) => {
            let body = body.to_bytes();
            let sound = serde_json::from_slice::<Value>(&body).is_ok();
            (if sound { 201 } else { 400 }, body.len())
        }
    }
}

fn probe(port: u16, more: &Value) -> Limits {
    let mut fields = json!({"url": format!("http://api.example:{port}/things"), "wait": 10});
    let more = more.as_object().unwrap().clone();
    fields.as_object_mut().unwrap().extend(more);
    serde_json::from_value(fields).unwrap()
}

async fn ask_within(
    server: &Server,
    more: Value,
    timeout: u64,
) -> Result<Answer<Facts>, ProbeError> {
    let probe = probe(server.port, &more);
    assert_eq!(probe.validate(), Ok(()));
    let secret = ("T".to_owned(), Secret::new("t0ken-of-mine"));
    let context = Context {
        timeout: Duration::from_secs(timeout),
        secrets: Arc::new(Secrets::from_iter([secret])),
        ..context(&[])
    };
    probe.gather(&context).await
}

async fn ask(server: &Server, more: Value) -> Result<Answer<Facts>, ProbeError> {
    ask_within(server, more, 40).await
}

#[tokio::test]
async fn a_service_with_limits_refuses_each_attempt() {
    let (server, log) = server(true).await;
    let answer = ask(&server, json!({})).await.unwrap();
    assert_eq!(answer.gaps.len(), 0, "{answer:?}");
    let facts = answer.facts;
    let of = |attempt: &Option<ready::probe::limits::Attempt>| {
        let attempt = attempt.as_ref().unwrap();
        (attempt.status, attempt.closed)
    };
    assert_eq!(facts.plain_status, 401);
    assert_eq!(of(&facts.wrong_type), (Some(415), false));
    assert_eq!(of(&facts.malformed), (Some(400), false));
    assert_eq!(of(&facts.bad_method), (Some(405), false));
    assert_eq!(of(&facts.slow_body), (Some(408), false));
    assert_eq!(of(&facts.oversized_header), (Some(431), false));
    let oversized = facts.oversized_body.unwrap();
    assert!(
        oversized.status == Some(413) || oversized.closed,
        "{oversized:?}"
    );
    assert!(oversized.sent_bytes < (10 << 20), "{oversized:?}");
    assert_eq!(facts.slow_body.unwrap().sent_bytes, 1);
    assert_eq!(facts.leaks, []);
    let methods: Vec<String> = log
        .lock()
        .unwrap()
        .iter()
        .map(|one| one.0.clone())
        .collect();
    assert_eq!(methods[0], "GET", "the plain one goes first");
    assert_eq!(
        methods.len(),
        6,
        "all but the one whose head was refused: {methods:?}"
    );
}

#[tokio::test]
async fn a_service_without_limits_takes_everything_and_gets_no_more_than_was_asked_for() {
    let (server, log) = server(false).await;
    let more = json!({"body_bytes": 2_000_001, "wait": 1});
    let answer = ask(&server, more).await.unwrap();
    assert_eq!(answer.gaps.len(), 0, "{answer:?}");
    let facts = answer.facts;
    let oversized = facts.oversized_body.unwrap();
    assert_eq!(
        (oversized.status, oversized.sent_bytes),
        (Some(200), 2_000_001)
    );
    for taken in [
        facts.wrong_type,
        facts.malformed,
        facts.bad_method,
        facts.oversized_header,
    ] {
        assert_eq!(taken.unwrap().status, Some(200));
    }
    let slow = facts.slow_body.unwrap();
    assert_eq!(
        (slow.status, slow.closed, slow.sent_bytes),
        (None, false, 1)
    );
    assert!(slow.elapsed_ms >= 1000.0);
    let most = log.lock().unwrap().iter().map(|one| one.1).max();
    assert_eq!(most, Some(2_000_001));
}

#[tokio::test]
async fn what_the_answers_give_away_is_told() {
    let server = clear(|request: Request<Bytes>| async move {
        if request
            .headers()
            .get("content-type")
            .is_some_and(|it| it == "text/plain")
        {
            let trace = "Traceback (most recent call last)\n  File \"/srv/app.py\"";
            return status(500).body(full(trace)).unwrap();
        }
        status(400).body(full("no")).unwrap()
    })
    .await;
    let more = json!({"attempts": ["wrong_type", "malformed"]});
    let answer = ask(&server, more).await.unwrap();
    let leaks: Vec<(&str, &str)> = answer
        .facts
        .leaks
        .iter()
        .map(|one| (one.attempt.as_str(), one.leak.rule.as_str()))
        .collect();
    assert_eq!(leaks, [("wrong_type", "python-traceback")]);
    assert!(answer.facts.oversized_body.is_none() && answer.gaps.is_empty());
    assert_eq!(server.requests(), 3);
}

/// Answers a GET, and does this with the connection of anything else.
async fn only_get<F, Fut>(then: F) -> Server
where
    F: Fn(TcpStream) -> Fut + Send + Sync + Clone + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    raw(move |mut stream| {
        let then = then.clone();
        async move {
            let head = read_head(&mut stream).await.unwrap_or_default();
            if head.starts_with("GET") {
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                stream.write_all(answer).await.unwrap();
            } else {
                then(stream).await;
            }
        }
    })
    .await
}

#[tokio::test]
async fn closed_silent_and_garbled_connections_are_told_apart() {
    let two = json!({"attempts": ["malformed", "bad_method"]});
    let closing = only_get(async |stream| drop(stream)).await;
    let answer = ask(&closing, two.clone()).await.unwrap();
    let malformed = answer.facts.malformed.unwrap();
    assert_eq!((malformed.status, malformed.closed), (None, true));

    let silent = only_get(async |stream| {
        let _stream = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let answer = ask_within(&silent, two.clone(), 2).await.unwrap();
    for path in ["malformed", "bad_method", "leaks"] {
        assert_eq!(answer.gaps[path].reason, Reason::HttpTimeout, "{path}");
    }
    let garbled =
        only_get(async |mut stream| stream.write_all(b"what?\r\n\r\n").await.unwrap()).await;
    let answer = ask(&garbled, two).await.unwrap();
    assert_eq!(answer.gaps["malformed"].reason, Reason::HttpProtocol);
    let detail = answer.gaps["malformed"].detail.as_deref();
    assert_eq!(detail, Some("it sent \"what?\\r\\n\\r\\n\""));
}

#[tokio::test]
async fn a_time_limit_that_is_too_short_is_our_inability() {
    let (server, _) = server(false).await;
    let slow = json!({"attempts": ["slow_body"], "wait": 30});
    let answer = ask_within(&server, slow, 2).await.unwrap();
    assert!(answer.facts.slow_body.is_none());
    assert_eq!(answer.gaps["slow_body"].reason, Reason::ProbeTimeLimit);
    // It takes nothing, so that the body cannot be sent.
    let deaf = only_get(async |stream| {
        let _stream = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let large = json!({"attempts": ["oversized_body"], "body_bytes": 64 << 20});
    let answer = ask_within(&deaf, large, 2).await.unwrap();
    assert_eq!(answer.gaps["oversized_body"].reason, Reason::ProbeTimeLimit);
}

#[tokio::test]
async fn a_service_that_is_not_there_or_wants_a_credential_is_told() {
    let dropped = raw(async |stream| drop(stream)).await;
    let told = ask(&dropped, json!({})).await.unwrap_err();
    assert!(
        matches!(told.reason, Reason::HttpClosed | Reason::TcpReset),
        "{told:?}"
    );
    assert!(
        dropped.connections() <= 2,
        "nothing after the plain request"
    );

    let (server, log) = server(true).await;
    let missing = json!({"auth": {"bearer": "${secrets.OTHER}"}});
    let told = ask(&server, missing).await.unwrap_err();
    assert_eq!(told.reason, Reason::CredentialMissing);
    assert_eq!(log.lock().unwrap().len(), 0);

    let guarded = clear(|request: Request<Bytes>| async move {
        let known = request.headers().get("authorization");
        let known = known.is_some_and(|it| it == "Bearer t0ken-of-mine");
        status(if known { 415 } else { 401 })
            .body(full(""))
            .unwrap()
    })
    .await;
    let attempts = json!({"attempts": ["wrong_type"]});
    let answer = ask(&guarded, attempts.clone()).await.unwrap();
    assert_eq!(answer.facts.wrong_type.unwrap().status, Some(401));
    let mut with = attempts;
    with["auth"] = json!({"bearer": "${secrets.T}"});
    let answer = ask(&guarded, with).await.unwrap();
    assert_eq!(answer.facts.wrong_type.unwrap().status, Some(415));
}

#[tokio::test]
async fn over_tls_nothing_is_sent_to_a_stranger() {
    let root = Authority::root("Limits");
    let identity = root.sign(&Leaf::default());
    let server = secure(identity, &["h2", "http/1.1"], |_| async {
        status(415).body(full("")).unwrap()
    })
    .await;
    let fields =
        json!({"url": format!("https://localhost:{}/", server.port), "attempts": ["wrong_type"]});
    let probe: Limits = serde_json::from_value(fields).unwrap();
    let answer = probe
        .gather(&context(std::slice::from_ref(&root.certificate)))
        .await;
    assert_eq!(answer.unwrap().facts.wrong_type.unwrap().status, Some(415));
    assert_eq!(server.requests(), 2);
    let told = probe.gather(&context(&[])).await.unwrap_err();
    assert_eq!(told.reason, Reason::TlsUnknownIssuer);
    assert_eq!(server.requests(), 2);
}

#[test]
fn without_leave_nothing_is_sent() {
    let origin = Origin::always("fine");
    let profile = format!(
        "ready: 1\nid: l\ntitle: L\nchecks:\n  - {{id: l, title: T, probe: {{limits: {{url: '{}'}}}}, expect: limits.malformed.status == 400}}\n",
        origin.url("/")
    );
    let bench = Bench::new().file("p.yaml", profile);
    bench.ready(&["audit", "--profile", "p.yaml", "--report", "json=j"]);
    let report: Value = serde_json::from_str(&bench.read("j")).unwrap();
    assert_eq!(report["checks"][0]["reason"], "allow.intrusive");
    assert_eq!(origin.requests(), Vec::<String>::new());
}

#[test]
fn it_says_what_it_will_do() {
    let limits = probe(80, &json!({"attempts": ["oversized_body", "slow_body"]}));
    let contacts = limits.contacts();
    assert_eq!(
        (contacts[0].access, contacts[0].count),
        (Access::Intrusive, 3)
    );
    let action = "POST /things: an oversized body, a body that does not come";
    assert_eq!(contacts[0].action, action);
    let commands = limits.reproduce();
    let commands: Vec<&str> = commands.lines().collect();
    assert_eq!(commands.len(), 2);
    assert!(
        commands[0].starts_with("head -c 10485761 /dev/zero | tr"),
        "{}",
        commands[0]
    );
    assert!(
        commands[1].starts_with("curl -sS -m 10 -H"),
        "{}",
        commands[1]
    );
    for (more, field) in [
        (json!({"url": "ftp://a.example"}), "url"),
        (json!({"bad_method": "a b"}), "bad_method"),
        (json!({"attempts": []}), "attempts"),
        (json!({"body_bytes": 65 << 20}), "body_bytes"),
        (json!({"body_bytes": 1}), "body_bytes"),
        (json!({"header_bytes": 3 << 20}), "header_bytes"),
        (json!({"wait": 0}), "wait"),
        (json!({"wait": 301}), "wait"),
        (
            json!({"headers": {"Content-Type": "x"}}),
            "headers.Content-Type",
        ),
        (json!({"auth": {"bearer": "abc"}}), "auth.bearer"),
    ] {
        let told = probe(80, &more).validate().unwrap_err();
        assert_eq!(told.field, field, "{more}");
    }
}
