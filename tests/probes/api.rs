//! The `api` probe against interfaces in this process, in the shapes that vendors document.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Request, Response};
use ready::probe::api::{Api, Facts};
use ready::probe::{Access, Answer, Context, Probe, ProbeError};
use ready::reason::Reason;
use ready::secret::{Secret, Secrets};
use serde_json::{Value, json};

use crate::support::http::{Body, Server, clear, full, raw, status};

fn context(token: &str) -> Context {
    let secret = ("TOKEN".to_owned(), Secret::new(token));
    Context {
        secrets: Arc::new(Secrets::from_iter([secret])),
        timeout: Duration::from_secs(4),
        ..crate::support::context(&[])
    }
}

fn probe(port: u16, path: &str, more: &Value) -> Api {
    let mut fields = json!({"url": format!("http://api.example:{port}{path}")});
    let more = more.as_object().unwrap().clone();
    fields.as_object_mut().unwrap().extend(more);
    let probe: Api = serde_json::from_value(fields).unwrap();
    assert_eq!(probe.validate(), Ok(()), "{path}");
    probe
}

async fn ask(server: &Server, path: &str, more: Value) -> Result<Answer<Facts>, ProbeError> {
    probe(server.port, path, &more)
        .gather(&context("canary"))
        .await
}

async fn service() -> Server {
    let hurried = Arc::new(AtomicUsize::new(0));
    clear(move |request: Request<bytes::Bytes>| {
        let hurried = hurried.clone();
        async move { answer(&request, &hurried) }
    })
    .await
}

fn answer(request: &Request<bytes::Bytes>, hurried: &AtomicUsize) -> Response<Body> {
    let say = |value: Value| status(200).body(full(value.to_string())).unwrap();
    let query = request.uri().query().unwrap_or_default();
    let token = request
        .headers()
        .get("authorization")
        .map(|value| value.as_bytes().to_vec());
    match request.uri().path() {
        "/private" if token.as_deref() == Some(b"Bearer canary") => say(json!({"ok": true})),
        "/private" => status(401)
            .body(full("{\"message\": \"Bad credentials\"}"))
            .unwrap(),
        "/forbidden" => status(403).body(full("{}")).unwrap(),
        "/link" => {
            let next = match query {
                "" => "</link?page=2>; rel=\"next\", </link?page=9>; rel=\"last\"",
                "page=2" => "</link?page=3>; rel=\"next\"; results=\"true\"",
                _ => "</link?page=4>; rel=\"next\"; results=\"false\"",
            };
            let body = full(json!([{"page": query}]).to_string());
            status(200).header("link", next).body(body).unwrap()
        }
        "/cursor" => match query {
            "limit=2" => say(json!({"data": {"list": [1, 2]}, "page": {"cursor": "a b"}})),
            _ => say(json!({"data": {"list": [query]}, "page": {"cursor": null}})),
        },
        "/url" => say(json!({"data": [1], "next": "http://elsewhere.example/steal"})),
        "/endless" => say(json!({"data": [1], "next": "/endless"})),
        "/hurried" if hurried.fetch_add(1, Ordering::SeqCst) == 0 => status(429)
            .header("retry-after", "1")
            .body(full("{}"))
            .unwrap(),
        "/hurried" => say(json!({"ok": true})),
        "/busy" => status(429)
            .header("retry-after", "3600")
            .body(full("{}"))
            .unwrap(),
        "/broken" => status(503).body(full("canary")).unwrap(),
        "/garbage" => status(200).body(full("<html>")).unwrap(),
        _ => status(404).body(full("{}")).unwrap(),
    }
}

#[tokio::test]
async fn pages_are_followed_in_each_way() {
    let server = service().await;
    let facts = ask(&server, "/link", json!({"items": "", "next": {"link": {}}}))
        .await
        .unwrap()
        .facts;
    let pages = json!([{"page": ""}, {"page": "page=2"}, {"page": "page=3"}]);
    assert_eq!((json!(facts.items), facts.pages), (pages, 3));
    let next = json!({"cursor": {"path": "page.cursor", "parameter": "cursor"}});
    let more = json!({"items": "data.list", "next": next});
    let facts = ask(&server, "/cursor?limit=2", more).await.unwrap().facts;
    assert_eq!(json!(facts.items), json!([1, 2, "limit=2&cursor=a+b"]));
    assert_eq!(facts.json.unwrap()["page"]["cursor"], "a b");
    // A list that does not end is never claimed to be whole.
    let more = json!({"items": "data", "next": {"url": "next"}, "pages": 3});
    let Answer { facts, gaps } = ask(&server, "/endless", more).await.unwrap();
    assert_eq!((facts.items, facts.pages), (None, 3));
    assert_eq!(gaps["items"].reason, Reason::FileTruncated);
    // Nor does another origin get to see the credential.
    let more =
        json!({"items": "data", "next": {"url": "next"}, "auth": {"bearer": "${secrets.TOKEN}"}});
    let told = ask(&server, "/url", more).await.unwrap_err();
    assert_eq!(told.reason, Reason::ApiUnavailable);
}

#[tokio::test]
async fn credentials_are_sent_and_told_when_they_do_not_do() {
    let server = service().await;
    let bearer = json!({"auth": {"bearer": "${secrets.TOKEN}"}});
    let facts = ask(&server, "/private", bearer.clone())
        .await
        .unwrap()
        .facts;
    assert_eq!(facts.json, Some(json!({"ok": true})));
    let private = probe(server.port, "/private", &bearer);
    let told = private.gather(&context("wrong")).await.unwrap_err();
    assert_eq!(told.reason, Reason::CredentialRefused);
    assert!(!format!("{told:?}").contains("wrong"));
    let before = server.requests();
    for context in [context(" "), crate::support::context(&[])] {
        let told = private.gather(&context).await.unwrap_err();
        assert_eq!(told.reason, Reason::CredentialMissing);
    }
    assert_eq!(
        server.requests(),
        before,
        "nothing was asked without a credential"
    );
    let command = private.reproduce();
    assert!(
        command.contains("$TOKEN") && !command.contains("canary"),
        "{command}"
    );
}

#[tokio::test]
async fn an_interface_in_trouble_is_our_inability() {
    let server = service().await;
    for (path, reason) in [
        ("/forbidden", Reason::PermissionDenied),
        ("/nothing", Reason::ApiNotFound),
        ("/busy", Reason::ApiRateLimited),
        ("/broken", Reason::ApiUnavailable),
        ("/garbage", Reason::ApiUnavailable),
    ] {
        let told = ask(&server, path, json!({})).await.unwrap_err();
        assert_eq!(told.reason, reason, "{path}: {told:?}");
        assert_eq!(told.side(), ready::reason::Side::Ours);
    }
    let told = ask(&server, "/private", json!({"items": "data"}))
        .await
        .unwrap_err();
    assert_eq!(told.reason, Reason::CredentialRefused);
    let told = ask(&server, "/hurried", json!({"items": "data"}))
        .await
        .unwrap_err();
    assert_eq!(
        told.reason,
        Reason::ApiUnavailable,
        "no list there: {told:?}"
    );
    let missing = ask(&server, "/nothing", json!({"missing_ok": true}))
        .await
        .unwrap()
        .facts;
    assert_eq!((missing.status, missing.json), (404, None));
    let silent = raw(async |stream| {
        let _stream = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let told = ask(&silent, "/", json!({})).await.unwrap_err();
    assert_eq!(told.reason, Reason::ApiUnavailable);
    drop(silent);
}

#[tokio::test]
async fn a_wait_that_fits_is_waited() {
    let server = service().await;
    let facts = ask(&server, "/hurried", json!({})).await.unwrap().facts;
    assert_eq!(facts.json, Some(json!({"ok": true})));
    assert_eq!(server.requests(), 2);
}

#[test]
fn the_plan_counts_pages_and_what_cannot_be_asked_is_refused() {
    let paged = probe(
        80,
        "/l",
        &json!({"items": "", "next": {"link": {}}, "pages": 7}),
    );
    let contacts = paged.contacts();
    assert_eq!(
        (contacts[0].count, contacts[0].access),
        (7, Access::ReadOnly)
    );
    for (more, field) in [
        (json!({"pages": 0}), "pages"),
        (json!({"next": {"link": {}}}), "next"),
        (json!({"auth": {"bearer": "written down"}}), "auth.bearer"),
        (json!({"url": "ftp://a.example"}), "url"),
    ] {
        let mut fields = json!({"url": "http://a.example"});
        let given = more.as_object().unwrap().clone();
        fields.as_object_mut().unwrap().extend(given);
        let probe: Api = serde_json::from_value(fields).unwrap();
        assert_eq!(probe.validate().unwrap_err().field, field, "{more}");
    }
}
