//! The `websocket` probe against a real WebSocket server in this process, and some that are not.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use ready::probe::websocket::{Facts, FrameKind, Websocket};
use ready::probe::{Access, Answer, Context, Probe, ProbeError};
use ready::reason::Reason;
use ready::secret::{Secret, Secrets};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::support::binary::Bench;
use crate::support::certificates::{Authority, Leaf};
use crate::support::context;
use crate::support::http::{Server, clear, full, raw, read_head, status};
use crate::support::origin::Origin;

/// Lets in whoever has the token, and does what the path says.
pub(crate) async fn server() -> Server {
    raw(speak).await
}

async fn speak<S>(stream: S)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let mut path = String::new();
    #[expect(clippy::result_large_err, reason = "as the library has it")]
    let look = |request: &Request, mut response: Response| {
        request.uri().path().clone_into(&mut path);
        let token = request.headers().get("authorization");
        let is_open = request.uri().path().starts_with("/open/");
        if !is_open && token.is_none_or(|token| token != "Bearer t0ken-of-mine") {
            let mut refused = ErrorResponse::new(Some("no token".to_owned()));
            *refused.status_mut() = http::StatusCode::UNAUTHORIZED;
            return Err(refused);
        }
        if request.headers().contains_key("sec-websocket-protocol") {
            let chosen = http::HeaderValue::from_static("chat.v2");
            response
                .headers_mut()
                .insert("sec-websocket-protocol", chosen);
        }
        Ok(response)
    };
    if let Ok(socket) = tokio_tungstenite::accept_hdr_async(stream, look).await {
        talk(socket, &path).await;
    }
}

async fn talk<S>(mut socket: WebSocketStream<S>, path: &str)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let close = |code: u16, reason: &str| {
        let reason = reason.to_owned().into();
        Message::Close(Some(CloseFrame {
            code: code.into(),
            reason,
        }))
    };
    let first = match path {
        "/open/policy" => close(1008, "who are you?"),
        "/open/later" => {
            _ = socket.send(Message::text("hello")).await;
            close(4401, "no token came")
        }
        "/open/lost" => return,
        "/open/huge" => Message::binary(vec![0; 2 << 20]),
        "/open/silent" | "/echo" => Message::Ping(Vec::new().into()),
        _ => Message::text(r#"{"type": "hello"}"#),
    };
    _ = socket.send(first).await;
    while let Some(Ok(message)) = socket.next().await {
        if path == "/echo" && message.is_text() {
            _ = socket.send(message).await;
        } else if message.is_text() {
            _ = socket.send(Message::binary(vec![7; 3])).await;
        }
    }
}

fn probe(port: u16, path: &str, more: &Value) -> Websocket {
    let mut fields = json!({"url": format!("ws://app.example:{port}{path}"), "wait": 1});
    let more = more.as_object().unwrap().clone();
    fields.as_object_mut().unwrap().extend(more);
    serde_json::from_value(fields).unwrap()
}

fn knowing(token: &str, timeout: u64) -> Context {
    let secret = ("T".to_owned(), Secret::new(token));
    Context {
        timeout: Duration::from_secs(timeout),
        secrets: Arc::new(Secrets::from_iter([secret])),
        ..context(&[])
    }
}

async fn ask(server: &Server, path: &str, more: Value) -> Result<Answer<Facts>, ProbeError> {
    let probe = probe(server.port, path, &more);
    assert_eq!(probe.validate(), Ok(()));
    probe.gather(&knowing("t0ken-of-mine", 20)).await
}

fn bearer() -> Value {
    json!({"auth": {"bearer": "${secrets.T}"}})
}

#[tokio::test]
async fn a_client_with_a_token_is_let_in_and_hears_something() {
    let server = server().await;
    let mut more = bearer();
    more["subprotocols"] = json!(["chat.v3", "chat.v2"]);
    let answer = ask(&server, "/", more).await.unwrap();
    assert!(answer.gaps.is_empty(), "{answer:?}");
    let facts = answer.facts;
    assert_eq!((facts.status, facts.accepted), (101, true));
    assert_eq!(facts.subprotocol.as_deref(), Some("chat.v2"));
    let frame = facts.first_frame.unwrap();
    assert_eq!((frame.kind, frame.bytes), (FrameKind::Text, 17));
    assert_eq!(frame.json, Some(json!({"type": "hello"})));
    assert!(frame.after_ms < 10_000.0 && facts.handshake_ms > 0.0);
    assert_eq!(facts.frames, 1);
    let close = facts.close.unwrap();
    assert_eq!(
        (close.code, close.by_server),
        (1000, false),
        "our own close, answered"
    );
}

#[tokio::test]
async fn strangers_and_wrong_tokens_are_refused() {
    let server = server().await;
    let answer = ask(&server, "/", json!({})).await.unwrap();
    assert_eq!((answer.facts.status, answer.facts.accepted), (401, false));
    assert!(answer.facts.close.is_none() && answer.gaps.is_empty());
    let wrong = probe(server.port, "/", &bearer())
        .gather(&knowing("wrong", 20))
        .await;
    assert_eq!(wrong.unwrap().facts.status, 401);
    let missing = probe(server.port, "/", &bearer())
        .gather(&context(&[]))
        .await;
    assert_eq!(missing.unwrap_err().reason, Reason::CredentialMissing);
    assert_eq!(
        server.connections(),
        2,
        "nothing was sent without the secret"
    );
}

#[tokio::test]
async fn a_server_may_let_in_and_close_at_once() {
    let server = server().await;
    for (path, code, reason, frames) in [
        ("/open/policy", 1008, "who are you?", 0),
        ("/open/later", 4401, "no token came", 1),
        ("/open/lost", 1006, "", 0),
    ] {
        let facts = ask(&server, path, json!({"wait": 10})).await.unwrap().facts;
        let close = facts.close.unwrap();
        assert_eq!(
            (close.code, close.reason.as_str()),
            (code, reason),
            "{path}"
        );
        assert!(facts.accepted && close.by_server);
        assert_eq!(facts.frames, frames, "{path}");
    }
}

#[tokio::test]
async fn silence_is_a_fact_and_too_little_time_for_it_a_gap() {
    let server = server().await;
    let facts = ask(&server, "/open/silent", json!({})).await.unwrap().facts;
    assert!(facts.accepted && facts.first_frame.is_none() && facts.frames == 0);
    let patient = probe(server.port, "/open/silent", &json!({"wait": 60}));
    let answer = patient.gather(&knowing("x", 2)).await.unwrap();
    assert!(answer.facts.accepted);
    for path in ["first_frame", "frames", "close"] {
        assert_eq!(answer.gaps[path].reason, Reason::ProbeTimeLimit, "{path}");
    }
}

#[tokio::test]
async fn what_is_sent_comes_back() {
    let server = server().await;
    let mut more = bearer();
    more["send"] = json!("ping ${secrets.T}");
    more["samples"] = json!(5);
    let answer = ask(&server, "/echo", more.clone()).await.unwrap();
    let replies = answer.facts.replies.unwrap();
    assert_eq!((replies.sent, replies.count, replies.echoed), (5, 5, true));
    assert!(replies.p50_ms <= replies.p95_ms && replies.p95_ms < Some(10_000.0));
    assert_eq!(answer.facts.frames, 5);

    let answer = ask(&server, "/", more.clone()).await.unwrap();
    let replies = answer.facts.replies.unwrap();
    assert_eq!((replies.count, replies.echoed), (5, false));
    more["samples"] = json!(1);
    let answer = ask(&server, "/open/policy", more).await.unwrap();
    let replies = answer.facts.replies.unwrap();
    assert_eq!(
        (replies.count, replies.echoed, replies.p95_ms),
        (0, false, None)
    );
    assert_eq!(answer.facts.close.unwrap().code, 1008);
}

#[tokio::test]
async fn what_is_no_websocket_is_told() {
    let page = clear(|_| async { status(200).body(full("a page")).unwrap() }).await;
    let answer = ask(&page, "/", json!({})).await.unwrap();
    assert_eq!((answer.facts.status, answer.facts.accepted), (200, false));

    for (said, reason, detail) in [
        (
            "SSH-2.0-OpenSSH\r\n\r\n",
            Reason::HttpProtocol,
            r#"it sent "SSH-2.0-OpenSSH\r\n\r\n""#,
        ),
        (
            "HTTP/1.1 101 Sure\r\n\r\n",
            Reason::ServiceProtocol,
            "the answer has no `upgrade: websocket`",
        ),
        (
            "HTTP/1.1 101 Sure\r\nupgrade: websocket\r\nconnection: keep-alive, Upgrade\r\nsec-websocket-accept: x\r\n\r\n",
            Reason::ServiceProtocol,
            "`sec-websocket-accept` does not belong to the request",
        ),
    ] {
        let wrong = raw(move |mut stream: TcpStream| async move {
            read_head(&mut stream).await;
            stream.write_all(said.as_bytes()).await.unwrap();
        })
        .await;
        let told = ask(&wrong, "/", json!({})).await.unwrap_err();
        assert_eq!(
            (told.reason, told.detail.as_deref()),
            (reason, Some(detail))
        );
    }
    let server = server().await;
    let answer = ask(&server, "/open/huge", json!({})).await.unwrap();
    assert!(answer.facts.accepted);
    assert_eq!(answer.gaps["first_frame"].reason, Reason::ServiceProtocol);
}

#[tokio::test]
async fn a_server_that_is_not_there_or_does_not_answer_is_told() {
    let silent = raw(async |stream| {
        let _stream = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let told = probe(silent.port, "/", &json!({}))
        .gather(&knowing("x", 1))
        .await;
    assert_eq!(told.unwrap_err().reason, Reason::HttpTimeout);
    let closing = raw(async |mut stream| {
        read_head(&mut stream).await;
    })
    .await;
    let told = ask(&closing, "/", json!({})).await.unwrap_err();
    assert_eq!(told.reason, Reason::HttpClosed);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let told = probe(port, "/", &json!({})).gather(&knowing("x", 5)).await;
    assert_eq!(told.unwrap_err().reason, Reason::TcpRefused);
}

#[tokio::test]
async fn over_tls_the_certificate_is_judged_first() {
    let root = Authority::root("Sockets");
    let identity = root.sign(&Leaf::default());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(identity.chain, identity.key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let server = raw(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                speak(stream).await;
            }
        }
    })
    .await;
    let fields = json!({"url": format!("wss://localhost:{}/open/", server.port), "wait": 1});
    let probe: Websocket = serde_json::from_value(fields).unwrap();
    let answer = probe
        .gather(&context(std::slice::from_ref(&root.certificate)))
        .await;
    assert_eq!(answer.unwrap().facts.frames, 1);
    let told = probe.gather(&context(&[])).await.unwrap_err();
    assert_eq!(told.reason, Reason::TlsUnknownIssuer);
}

#[test]
fn without_leave_nothing_is_sent() {
    let origin = Origin::always("fine");
    let url = format!("ws://{}/", origin.address);
    let profile = format!(
        "ready: 1\nid: w\ntitle: W\nchecks:\n  - {{id: w, title: T, probe: {{websocket: {{url: '{url}', send: hi}}}}, expect: websocket.accepted}}\n"
    );
    let bench = Bench::new().file("p.yaml", profile);
    bench.ready(&["audit", "--profile", "p.yaml", "--report", "json=j"]);
    let report: Value = serde_json::from_str(&bench.read("j")).unwrap();
    assert_eq!(report["checks"][0]["reason"], "allow.intrusive");
    assert_eq!(origin.requests(), Vec::<String>::new());
}

#[test]
fn it_says_what_it_will_do() {
    let quiet = probe(80, "/live", &bearer());
    let contacts = quiet.contacts();
    assert_eq!(contacts[0].action, "WebSocket GET /live");
    assert_eq!(
        (contacts[0].place().as_str(), contacts[0].access),
        ("app.example:80", Access::ReadOnly)
    );
    assert_eq!(
        quiet.reproduce(),
        "websocat -H 'Authorization: Bearer '\"$T\" ws://app.example:80/live"
    );
    let loud = probe(
        80,
        "/",
        &json!({"send": "it's", "subprotocols": ["a", "b"]}),
    );
    assert_eq!(loud.contacts()[0].access, Access::Intrusive);
    assert_eq!(
        loud.reproduce(),
        r"echo 'it'\''s' | websocat --protocol 'a, b' ws://app.example:80/"
    );
    for (more, field) in [
        (json!({"url": "ftp://a.example/"}), "url"),
        (json!({"url": "wss://u:p@a.example/"}), "url"),
        (json!({"url": "ws:///"}), "url"),
        (
            json!({"headers": {"Sec-WebSocket-Key": "x"}}),
            "headers.Sec-WebSocket-Key",
        ),
        (json!({"headers": {"upgrade": "x"}}), "headers.upgrade"),
        (json!({"auth": {"bearer": "abc"}}), "auth.bearer"),
        (json!({"subprotocols": ["a b"]}), "subprotocols"),
        (json!({"subprotocols": [""]}), "subprotocols"),
        (json!({"samples": 2}), "samples"),
        (json!({"samples": 0}), "samples"),
        (json!({"send": "x".repeat(70_000)}), "send"),
        (json!({"wait": 0}), "wait"),
    ] {
        let told = probe(80, "/", &more).validate().unwrap_err();
        assert_eq!(told.field, field, "{more}");
    }
}
