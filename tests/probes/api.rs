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

pub(crate) async fn service() -> Server {
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
        "/linked" => status(200)
            .header("link", "</link?a=1,2>; rel=\"last next\"")
            .body(full("[1]"))
            .unwrap(),
        "/numbered" => say(match query {
            "" => json!([1, 2]),
            "p=2" => json!([3]),
            _ => json!([]),
        }),
        "/last" => say(json!({"data": [1]})),
        "/odd" => say(json!({"data": [1], "next": {"page": 2}})),
        "/key"
            if request
                .headers()
                .get("x-api-key")
                .is_some_and(|key| key == "canary") =>
        {
            say(json!({"ok": true}))
        }
        "/graphql" => {
            assert_eq!(request.method(), "POST");
            let body: Value = serde_json::from_slice(request.body()).unwrap();
            match body["query"].as_str().unwrap() {
                "{ viewer { login } }" => say(json!({"data": {"viewer": {"login": "me"}}})),
                "{ list }" => say(json!({"data": {"list": [1]}})),
                "{ nothing }" => say(json!({"data": null})),
                _ => say(json!({"data": {"viewer": null}, "errors": [{"message": "no scope"}]})),
            }
        }
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
async fn a_list_is_whole_only_where_its_end_is_sure() {
    let server = service().await;
    // More is there than was asked for.
    let Answer { facts, gaps } = ask(&server, "/linked", json!({"items": ""})).await.unwrap();
    assert_eq!((facts.items, facts.json), (None, Some(json!([1]))));
    assert_eq!(gaps["items"].reason, Reason::FileTruncated);
    let more = json!({"items": "", "next": {"page": {"parameter": "p"}}});
    let facts = ask(&server, "/numbered", more).await.unwrap().facts;
    assert_eq!((json!(facts.items), facts.pages), (json!([1, 2, 3]), 3));
    // A path that leads nowhere may be misspelt.
    let cursor = json!({"cursor": {"path": "meta.next", "parameter": "c"}});
    for next in [json!({"url": "nxt"}), cursor] {
        let mut more = json!({"items": "data", "next": next});
        let told = ask(&server, "/last", more.clone()).await.unwrap_err();
        assert_eq!(told.reason, Reason::ApiUnavailable);
        assert!(told.detail.unwrap().contains("not even null"));
        more["next_optional"] = json!(true);
        let facts = ask(&server, "/last", more).await.unwrap().facts;
        assert_eq!(facts.items, Some(vec![json!(1)]));
    }
    let more = json!({"items": "data", "next": {"url": "next"}, "next_optional": true});
    let told = ask(&server, "/odd", more).await.unwrap_err();
    assert!(told.detail.unwrap().contains("neither text nor a number"));
}

#[tokio::test]
async fn queries_in_graphql_are_read_only_and_their_errors_are_ours() {
    let server = service().await;
    let query = json!({"graphql": "{ viewer { login } }"});
    let facts = ask(&server, "/graphql", query.clone()).await.unwrap().facts;
    assert_eq!(facts.json.unwrap()["data"]["viewer"]["login"], "me");
    let listed = json!({"graphql": "{ list }", "items": "data.list"});
    let facts = ask(&server, "/graphql", listed).await.unwrap().facts;
    assert_eq!(facts.items, Some(vec![json!(1)]));
    for document in ["{ nothing }", "{ viewer { email } }"] {
        let told = ask(&server, "/graphql", json!({"graphql": document})).await;
        assert_eq!(told.unwrap_err().reason, Reason::ApiUnavailable);
    }
    let contact = &probe(80, "/graphql", &query).contacts()[0];
    assert_eq!(contact.access, Access::ReadOnly);
    assert!(contact.action.starts_with("POST /graphql"));
}

#[tokio::test]
async fn a_key_under_a_name_of_its_own_is_never_sent_empty() {
    let server = service().await;
    let key = json!({"headers": {"X-Api-Key": "${secrets.TOKEN}"}});
    let facts = ask(&server, "/key", key.clone()).await.unwrap().facts;
    assert_eq!(facts.json, Some(json!({"ok": true})));
    for (path, more) in [("/key", key), ("/key?key=${secrets.TOKEN}", json!({}))] {
        let told = probe(server.port, path, &more).gather(&context(" ")).await;
        assert_eq!(told.unwrap_err().reason, Reason::CredentialMissing);
    }
    assert_eq!(server.requests(), 1);
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
        (
            json!({"next_optional": true, "items": "", "next": {"link": {}}}),
            "next",
        ),
        (json!({"next_optional": true}), "next"),
        (json!({"graphql": "mutation { a }"}), "graphql"),
        (
            json!({"graphql": "{ a }", "items": "", "next": {"link": {}}}),
            "next",
        ),
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
