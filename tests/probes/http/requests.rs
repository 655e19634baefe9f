//! What is sent, and how it is told beforehand.

use ready::probe::{Access, Probe};
use ready::secret::{Secret, Secrets};
use serde_json::{Value, json};

use super::{ask, facts, get, probe};
use crate::support::http::{Server, clear, full, status};

/// Tells each request back as JSON.
async fn echo() -> Server {
    clear(|request| async move {
        let headers: serde_json::Map<String, Value> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap())))
            .collect();
        let told = json!({
            "method": request.method().as_str(),
            "target": request.uri().path_and_query().unwrap().as_str(),
            "authority": request.uri().authority().map(ToString::to_string),
            "headers": headers,
            "body": String::from_utf8_lossy(request.body()),
        });
        status(200).body(full(told.to_string())).unwrap()
    })
    .await
}

#[tokio::test]
async fn the_standard_question_looks_like_a_plain_client() {
    let server = echo().await;
    let host = format!("web.example:{}", server.port);
    let told = facts(&get(format!("http://{host}/a b?c=ü")))
        .await
        .json
        .unwrap();
    assert_eq!(told["method"], "GET");
    assert_eq!(told["target"], "/a%20b?c=%C3%BC");
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        told["headers"],
        json!({
            "accept": "*/*",
            "accept-encoding": "gzip, br, zstd",
            "user-agent": format!("ready/{version}"),
            "host": host,
        })
    );
}

#[tokio::test]
async fn method_headers_body_and_credentials_are_sent() {
    let server = echo().await;
    let url = format!("http://localhost:{}/?key=${{secrets.T}}", server.port);
    let mut context = crate::support::context(&[]);
    context.secrets = std::sync::Arc::new(Secrets::from_iter([
        ("T".to_owned(), Secret::new("a\"b")),
        ("P".to_owned(), Secret::new("pass:word")),
    ]));
    let probe = probe(json!({
        "url": url, "method": "PATCH",
        "headers": {"X-Key": "k-${secrets.T}", "User-Agent": "mine", "Host": "other.example"},
        "auth": {"basic": {"user": "me", "password": "${secrets.P}"}},
        "body": {"secret": ["${secrets.T}"]},
    }));
    let told = probe.gather(&context).await.unwrap().facts.json.unwrap();
    assert_eq!(told["method"], "PATCH");
    assert_eq!(told["target"], "/?key=a%22b");
    assert_eq!(told["headers"]["x-key"], "k-a\"b");
    assert_eq!(told["headers"]["user-agent"], "mine");
    assert_eq!(told["headers"]["host"], "other.example");
    assert_eq!(told["headers"]["authorization"], "Basic bWU6cGFzczp3b3Jk");
    assert_eq!(told["headers"]["content-type"], "application/json");
    assert_eq!(told["body"], r#"{"secret":["a\"b"]}"#);
}

#[tokio::test]
async fn a_body_of_text_is_sent_as_it_is() {
    let server = echo().await;
    let url = format!("http://localhost:{}/", server.port);
    for version in ["1.1", "2"] {
        let probe = probe(json!({
            "url": url, "method": "POST", "body": "{not json", "version": version,
            "headers": {"Host": "other.example"},
        }));
        let told = facts(&probe).await.json.unwrap();
        assert_eq!(told["body"], "{not json");
        assert_eq!(told["headers"]["content-type"], Value::Null);
        let named = if version == "2" {
            &told["authority"]
        } else {
            &told["headers"]["host"]
        };
        assert_eq!(named, "other.example", "{version}");
    }
}

#[tokio::test]
async fn a_head_request_has_no_body() {
    let server = clear(|_| async {
        status(200)
            .header("content-length", "100")
            .header("content-encoding", "gzip")
            .body(full(""))
            .unwrap()
    })
    .await;
    let url = format!("http://localhost:{}/", server.port);
    let facts = facts(&probe(json!({"url": url, "method": "HEAD"}))).await;
    assert_eq!((facts.status, facts.body_bytes), (200, 0));
    assert_eq!(facts.headers["content-length"], "100");
}

#[tokio::test]
async fn the_origin_goes_into_the_reading_of_cors() {
    let server = clear(|request| async move {
        let origin = request.headers()["origin"].clone();
        status(200)
            .header("access-control-allow-origin", origin)
            .body(full(""))
            .unwrap()
    })
    .await;
    let url = format!("http://localhost:{}/", server.port);
    let origin = json!({"Origin": "https://evil.example"});
    let facts = facts(&probe(json!({"url": url, "headers": origin}))).await;
    assert!(facts.meaning.cors.reflected);
}

#[tokio::test]
async fn a_missing_secret_is_our_inability() {
    let probe = probe(json!({"url": "http://localhost:1/", "auth": {"bearer": "${secrets.T}"}}));
    let told = ask(&probe).await.unwrap_err();
    assert_eq!(told.reason.code(), "credential.missing");
    let mut context = crate::support::context(&[]);
    context.secrets =
        std::sync::Arc::new(Secrets::from_iter([("T".to_owned(), Secret::new("a\nb"))]));
    let told = probe.gather(&context).await.unwrap_err();
    assert_eq!(told.reason.code(), "credential.unusable");
    assert!(!format!("{told:?}").contains("a\\nb"));
}

#[test]
fn contacts_tell_what_is_asked_and_whether_it_changes_anything() {
    let contacts = get("https://web.example/health?x=1").contacts();
    assert_eq!(contacts.len(), 1);
    assert_eq!(contacts[0].place(), "web.example:443");
    assert_eq!(contacts[0].action, "GET /health, then up to 10 redirects");
    assert_eq!(
        (contacts[0].count, contacts[0].access),
        (1, Access::ReadOnly)
    );
    for (method, access) in [
        ("HEAD", Access::ReadOnly),
        ("OPTIONS", Access::ReadOnly),
        ("POST", Access::Intrusive),
        ("DELETE", Access::Intrusive),
        ("TRACE", Access::ReadOnly),
    ] {
        let probe = probe(json!({"url": "http://a.example/", "method": method, "redirects": 0}));
        assert_eq!(probe.contacts()[0].access, access, "{method}");
        assert_eq!(probe.contacts()[0].action, format!("{method} /"));
    }
}

#[test]
fn the_same_by_hand() {
    insta::assert_snapshot!(get("https://web.example/a?b=c&d='").reproduce(), @r"curl -sS --compressed -i -L --max-redirs 10 'https://web.example/a?b=c&d='\'''");
    let full = probe(json!({
        "url": "https://web.example/$(id)?k=${secrets.K}", "method": "PUT", "version": "2", "verify": false,
        "auth": {"bearer": "${secrets.T}"}, "redirects": 0,
        "headers": {"X-A": "it's", "X-Empty": ""}, "body": {"a": "`b`"},
    }));
    insta::assert_snapshot!(full.reproduce(), @r#"curl -sS --compressed -i -X PUT --http2 -k -H 'Authorization: Bearer '"$T" -H 'X-A: it'\''s' -H 'X-Empty;' -H 'Content-Type: application/json' --data-raw '{"a":"`b`"}' 'https://web.example/$(id)?k='"$K""#);
    let basic = probe(json!({
        "url": "http://web.example/", "method": "POST", "body": "a=1",
        "auth": {"basic": {"user": "me", "password": "${secrets.P}"}},
    }));
    insta::assert_snapshot!(basic.reproduce(), @r#"curl -sS --compressed -i -L --max-redirs 10 -u me:"$P" -H 'Content-Type:' --data-raw a=1 http://web.example/"#);
}
