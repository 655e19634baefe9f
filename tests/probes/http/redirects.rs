//! Redirects: each answer on the way, and what goes along to where they lead.

use http::{Method, Request};
use ready::probe::Probe;
use ready::secret::{Secret, Secrets};
use serde_json::json;

use super::{error, facts, get, probe, trusted, trusting};
use crate::support::http::{Body, Server, clear, full, secure, status};

fn to(code: u16, location: &str) -> http::Response<Body> {
    status(code)
        .header("location", location)
        .header("set-cookie", "seen=1")
        .body(full("moved"))
        .unwrap()
}

/// `/n` leads to `/n-1`, down to `/0`.
async fn countdown() -> Server {
    clear(|request| async move {
        match request.uri().path().trim_start_matches('/').parse::<u32>() {
            Ok(0) => status(200).body(full("there")).unwrap(),
            Ok(number) => to(302, &format!("{}", number - 1)),
            Err(_) => status(404).body(full("")).unwrap(),
        }
    })
    .await
}

#[tokio::test]
async fn every_answer_on_the_way_is_told() {
    let (root, identity) = trusted();
    let home = secure(identity, &["h2"], |request| async move {
        match request.uri().path() {
            "/old" => to(308, "/new?a=b#part"),
            _ => status(200)
                .header("x-last", "1")
                .body(full("there"))
                .unwrap(),
        }
    })
    .await;
    let https = format!("https://localhost:{}", home.port);
    let location = format!("{https}/old");
    let door = clear(move |_| {
        let location = location.clone();
        async move { to(301, &location) }
    })
    .await;
    let http = format!("http://web.example:{}/", door.port);
    let facts = get(http.clone())
        .gather(&trusting(&root))
        .await
        .unwrap()
        .facts;
    assert_eq!((facts.status, facts.redirected), (200, 2));
    assert_eq!(facts.url, format!("{https}/new?a=b"));
    assert_eq!(facts.headers["x-last"], "1");
    let told: Vec<_> = facts
        .hops
        .iter()
        .map(|hop| {
            (
                hop.url.as_str(),
                hop.status,
                hop.version.as_str(),
                hop.tls.is_some(),
            )
        })
        .collect();
    let (old, new) = (format!("{https}/old"), format!("{https}/new?a=b"));
    assert_eq!(
        told,
        [
            (http.as_str(), 301, "1.1", false),
            (old.as_str(), 308, "2", true),
            (new.as_str(), 200, "2", true),
        ]
    );
    assert_eq!(facts.hops[0].location.as_deref(), Some(old.as_str()));
    assert_eq!(facts.hops[1].location.as_deref(), Some("/new?a=b#part"));
    assert_eq!(facts.hops[0].cookies, ["seen=1"]);
    assert_eq!(facts.hops[0].address, format!("127.0.0.1:{}", door.port));
    assert_eq!(facts.hops[2].location, None);
    assert!(
        facts.reused,
        "both answers over TLS came over one connection"
    );
    assert_eq!(home.connections(), 1);
}

#[tokio::test]
async fn with_none_allowed_the_redirect_is_the_answer() {
    let server = countdown().await;
    let url = format!("http://localhost:{}/5", server.port);
    let facts = facts(&probe(json!({"url": url, "redirects": 0}))).await;
    assert_eq!((facts.status, facts.redirected), (302, 0));
    assert_eq!(facts.headers["location"], "4");
    assert_eq!(facts.body.as_deref(), Some("moved"));
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn only_so_many_are_followed() {
    let server = countdown().await;
    let url = |number: u32| format!("http://localhost:{}/{number}", server.port);
    assert_eq!(facts(&get(url(10))).await.redirected, 10);
    assert_eq!(error(&get(url(11))).await.0, "http.redirect-loop");
    let one = |number| probe(json!({"url": url(number), "redirects": 1}));
    assert_eq!(facts(&one(1)).await.status, 200);
    let (reason, cause) = error(&one(2)).await;
    assert_eq!(reason, "http.redirect-loop");
    assert_eq!(
        cause,
        format!(
            "localhost:{} redirects more often than allowed",
            server.port
        )
    );
}

#[tokio::test]
async fn a_loop_is_told_at_once() {
    let server = clear(|request| async move {
        to(
            302,
            if request.uri().path() == "/a" {
                "/b"
            } else {
                "/a"
            },
        )
    })
    .await;
    let (reason, cause) = error(&get(format!("http://localhost:{}/a", server.port))).await;
    assert_eq!(reason, "http.redirect-loop");
    assert_eq!(
        cause,
        format!("localhost:{} redirects in a loop", server.port)
    );
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn what_leads_nowhere_is_the_last_answer() {
    for location in [
        "",
        "https://",
        "app://open",
        "javascript:alert(1)",
        "http://[::",
    ] {
        let server = clear(move |request| async move {
            match request.uri().path() {
                "/" => to(302, location),
                other => status(404).header("x", other).body(full("")).unwrap(),
            }
        })
        .await;
        let probe = get(format!("http://localhost:{}/", server.port));
        // An empty address is the same page again.
        if location.is_empty() {
            assert_eq!(error(&probe).await.0, "http.redirect-loop");
        } else {
            assert_eq!(facts(&probe).await.status, 302, "{location}");
        }
    }
    let server = clear(|_| async { status(301).body(full("")).unwrap() }).await;
    let url = format!("http://localhost:{}/", server.port);
    assert_eq!(facts(&get(url)).await.status, 301, "no location");
}

#[tokio::test]
async fn what_fails_on_the_way_says_how_it_came_there() {
    let server = clear(|_| async { to(301, "http://gone.example:1/x") }).await;
    let url = format!("http://localhost:{}/", server.port);
    let told = super::ask(&get(url.clone())).await.unwrap_err();
    assert_eq!(told.reason.code(), "tcp.refused");
    assert_eq!(told.cause, "gone.example:1 refused the connection");
    assert!(
        told.detail
            .unwrap()
            .starts_with(&format!("after a redirect from {url}"))
    );
}

/// Tells what was asked: method, a few headers and the body.
fn echo(request: &Request<bytes::Bytes>) -> http::Response<Body> {
    let header = |name| {
        request
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap())
    };
    let told = json!({
        "method": request.method().as_str(),
        "authorization": header("authorization"),
        "x-key": header("x-key"),
        "x-plain": header("x-plain"),
        "type": header("content-type"),
        "body": String::from_utf8_lossy(request.body()),
    });
    status(200).body(full(told.to_string())).unwrap()
}

#[tokio::test]
async fn secrets_stay_with_their_origin() {
    let stranger = clear(|request| async move { echo(&request) }).await;
    let away = format!("http://stranger.example:{}/", stranger.port);
    let home = clear(move |request| {
        let away = away.clone();
        async move {
            match request.uri().path() {
                "/away" => to(307, &away),
                "/home" => to(307, "/"),
                _ => echo(&request),
            }
        }
    })
    .await;
    let mut context = crate::support::context(&[]);
    context.secrets = std::sync::Arc::new(Secrets::from_iter([
        ("T".to_owned(), Secret::new("t0ken")),
        ("K".to_owned(), Secret::new("k3y")),
    ]));
    for (path, authorization, key) in [
        ("home", json!("Bearer t0ken"), json!("k3y")),
        ("away", json!(null), json!(null)),
    ] {
        let probe = probe(json!({
            "url": format!("http://localhost:{}/{path}", home.port),
            "auth": {"bearer": "${secrets.T}"},
            "headers": {"X-Key": "${secrets.K}", "X-Plain": "1"},
        }));
        let told = probe.gather(&context).await.unwrap().facts.json.unwrap();
        assert_eq!(told["authorization"], authorization, "{path}");
        assert_eq!(told["x-key"], key, "{path}");
        assert_eq!(told["x-plain"], "1", "{path}");
    }
}

#[tokio::test]
async fn methods_change_as_in_browsers() {
    let server = clear(|request| async move {
        match request.uri().path().trim_start_matches('/').parse() {
            Ok(code) => to(code, "/"),
            Err(_) => echo(&request),
        }
    })
    .await;
    for (code, asked, then) in [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (303, "PUT", "GET"),
        (301, "PUT", "PUT"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
    ] {
        let url = format!("http://localhost:{}/{code}", server.port);
        let probe = probe(json!({"url": url, "method": asked, "body": {"a": 1}}));
        let told = facts(&probe).await.json.unwrap();
        assert_eq!(told["method"], then, "{code} {asked}");
        let kept = then != Method::GET.as_str();
        assert_eq!(
            told["body"],
            if kept { r#"{"a":1}"# } else { "" },
            "{code} {asked}"
        );
        let sent = if kept {
            json!("application/json")
        } else {
            json!(null)
        };
        assert_eq!(told["type"], sent, "{code} {asked}");
    }
}
