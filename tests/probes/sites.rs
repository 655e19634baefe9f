//! The catalogue's checks of web sites against whole sites in this process: everything passes on
//! a careful one, the careless one fails what it should, and an application that answers every
//! address with its page is not taken for one that leaks files.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use ready::evidence::{Evidence, Observation, Outcome, ProfileRef};
use ready::judge::{Answers, Status, judge};
use ready::ledger::Ledger;
use ready::probe::Context;
use ready::probe::net::resolve::Resolver;
use ready::probe::net::tls::Trust;
use ready::probe::net::{Net, Overrides};
use ready::profile::catalogue;
use serde_json::{Value, json};

use crate::support::certificates::{Authority, Leaf};
use crate::support::http::{Body, clear, full, secure, status};

const AREAS: &[&str] = &["headers", "web", "cookies", "cors", "exposure", "html"];

/// A site answers by path and `Origin`.
type Site = fn(&Request<Bytes>) -> Response<Body>;

/// The parameters that a check is tried with, beside their defaults.
fn parameters(check: &str) -> BTreeMap<String, Value> {
    let url = match check {
        "web/health" | "web/health-json" | "web/health-not-cached" => {
            "https://www.zebu.example/health"
        }
        "web/sensitive-not-cached" => "https://www.zebu.example/account",
        "web/static-cached" => "https://www.zebu.example/assets/app.9f3c.js",
        _ => "https://www.zebu.example/",
    };
    let all = BTreeMap::from([
        ("url".to_owned(), json!(url)),
        ("domain".to_owned(), json!("zebu.example")),
        ("origin".to_owned(), json!("https://app.zebu.example")),
        (
            "script".to_owned(),
            json!("https://www.zebu.example/assets/app.9f3c.js"),
        ),
    ]);
    let found = catalogue::find(check).unwrap();
    all.into_iter()
        .filter(|(name, _)| {
            let parameter = found
                .params
                .iter()
                .find(|parameter| parameter.name == *name);
            parameter.is_some_and(|parameter| parameter.default.is_none())
        })
        .collect()
}

/// What the checks of the areas say about a site, by id.
async fn audit(site: Site, plain: Site) -> BTreeMap<String, (Status, String)> {
    let root = Authority::root("Test CA");
    let identity = root.sign(&Leaf::named(&["zebu.example", "www.zebu.example"]));
    let over_tls = secure(identity, &["h2", "http/1.1"], move |request| async move {
        site(&request)
    })
    .await;
    let in_clear = clear(move |request| async move { plain(&request) }).await;
    let mut overrides = Overrides::default();
    let here = Ipv4Addr::LOCALHOST.into();
    overrides.insert(None, Some(443), here, Some(over_tls.port));
    overrides.insert(None, Some(80), here, Some(in_clear.port));
    let context = Context {
        net: Arc::new(Net::new(
            overrides,
            Resolver::of_the_system(),
            Trust::new(std::slice::from_ref(&root.certificate)),
        )),
        ..crate::support::context(&[])
    };
    let mut verdicts = BTreeMap::new();
    for check in catalogue::all() {
        if !check
            .id
            .split('/')
            .next()
            .is_some_and(|area| AREAS.contains(&area))
        {
            continue;
        }
        let made = check.example(&parameters(&check.id)).unwrap();
        let mut evidence = evidence();
        for asked in made.rule.asked() {
            let outcome = match asked.probe.gather(&context).await {
                Ok(answer) => Outcome::Answer {
                    facts: answer.facts,
                    gaps: answer.gaps,
                },
                Err(error) => Outcome::Error(error),
            };
            evidence.observations.push(Observation {
                probe: asked.probe.clone(),
                outcome,
                at: evidence.started,
                ms: 1.0,
                attempts: 1,
                earlier: Vec::new(),
            });
        }
        let verdict = judge(&made, &Answers::new(&evidence), &Ledger::default());
        verdicts.insert(check.id.clone(), (verdict.status, verdict.explanation));
    }
    verdicts
}

fn evidence() -> Evidence {
    Evidence {
        schema: "ready.evidence/v1".to_owned(),
        profile: ProfileRef::default(),
        target: None,
        started: "2026-11-21T12:00:00Z".parse().unwrap(),
        wall_ms: 1.0,
        critical_path_ms: 1.0,
        requests: 1,
        connections: 1,
        deadline_hit: false,
        interrupted: false,
        observations: Vec::new(),
    }
}

/// The ids of checks that have not passed.
fn failed(verdicts: &BTreeMap<String, (Status, String)>) -> BTreeSet<&str> {
    verdicts
        .iter()
        .filter(|(_, (status, _))| *status != Status::Pass)
        .map(|(id, _)| id.as_str())
        .collect()
}

/// Sets a careless cookie on the way to a careful page.
fn careless_on_the_way(request: &Request<Bytes>) -> Response<Body> {
    if request.uri().path() == "/" {
        return status(302)
            .header("location", "/start")
            .header("set-cookie", "session=x")
            .body(full(""))
            .unwrap();
    }
    hardened(status(200).header("content-type", "text/html"), "")
}

#[tokio::test]
async fn cookies_of_redirects_count() {
    let verdicts = audit(careless_on_the_way, redirect).await;
    for check in ["secure", "session-http-only", "same-site"] {
        let (status, explanation) = &verdicts[&format!("cookies/{check}")];
        assert_eq!(*status, Status::Fail, "{check}: {explanation}");
    }
}

fn redirect(request: &Request<Bytes>) -> Response<Body> {
    let host = request.headers()["host"].to_str().unwrap();
    status(308)
        .header("location", format!("https://{host}{}", request.uri()))
        .body(full(""))
        .unwrap()
}

const CAREFUL_PAGE: &str = "<!doctype html><html lang=en><head><meta charset=utf-8><title>Zebu</title>\
    <meta name=viewport content='width=device-width, initial-scale=1'>\
    <script src=/assets/app.9f3c.js></script></head><body><img src=/a.png alt=Zebu></body></html>";

fn careful(request: &Request<Bytes>) -> Response<Body> {
    let host = request
        .uri()
        .host()
        .or_else(|| request.headers().get("host")?.to_str().ok());
    if host == Some("zebu.example") {
        return hardened(
            status(308).header("location", "https://www.zebu.example/"),
            "",
        );
    }
    let (code, kind, cache, body) = match request.uri().path() {
        _ if request.method() == "TRACE" => (405, "text/plain", "no-store", ""),
        "/" => (200, "text/html; charset=utf-8", "no-cache", CAREFUL_PAGE),
        "/account" => (200, "text/html; charset=utf-8", "no-store", CAREFUL_PAGE),
        "/health" => (200, "application/json", "no-store", r#"{"status":"ok"}"#),
        "/assets/app.9f3c.js" => (
            200,
            "text/javascript",
            "public, max-age=31536000, immutable",
            "go()",
        ),
        "/favicon.ico" => (
            200,
            "image/svg+xml",
            "max-age=3600",
            "<svg xmlns='http://www.w3.org/2000/svg'/>",
        ),
        "/robots.txt" => (
            200,
            "text/plain",
            "max-age=3600",
            "User-agent: *\nDisallow:\n",
        ),
        "/.well-known/security.txt" => (
            200,
            "text/plain",
            "max-age=3600",
            "Contact: mailto:security@zebu.example\nExpires: 2027-01-01T00:00:00Z\n",
        ),
        _ => (
            404,
            "text/html; charset=utf-8",
            "no-cache",
            "<!doctype html><html lang=en><title>Not found</title>",
        ),
    };
    let mut answer = status(code)
        .header("content-type", kind)
        .header("cache-control", cache);
    if body == CAREFUL_PAGE {
        answer = answer
            .header(
                "set-cookie",
                "__Host-session=x; Path=/; Secure; HttpOnly; SameSite=Lax",
            )
            .header("etag", "\"1\"");
    }
    if request
        .headers()
        .get("origin")
        .is_some_and(|origin| origin == "https://app.zebu.example")
    {
        answer = answer
            .header("access-control-allow-origin", "https://app.zebu.example")
            .header("access-control-allow-methods", "GET, PUT")
            .header("vary", "Origin");
    }
    hardened(answer, body)
}

fn hardened(answer: http::response::Builder, body: &'static str) -> Response<Body> {
    answer
        .header("strict-transport-security", "max-age=63072000; includeSubDomains; preload")
        .header(
            "content-security-policy",
            "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        )
        .header("x-content-type-options", "nosniff")
        .header("referrer-policy", "strict-origin-when-cross-origin")
        .header("permissions-policy", "camera=(), microphone=()")
        .header("cross-origin-opener-policy", "same-origin")
        .header("server", "nginx")
        .body(full(body))
        .unwrap()
}

#[tokio::test]
async fn a_careful_site_passes_everything() {
    let verdicts = audit(careful, redirect).await;
    let complaints: Vec<_> = verdicts
        .iter()
        .filter(|(_, (status, _))| *status != Status::Pass)
        .collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
    assert!(verdicts.len() >= 90, "{} checks", verdicts.len());
}

/// Serves its page for every address, as single-page applications do.
fn application(_: &Request<Bytes>) -> Response<Body> {
    hardened(
        status(200).header("content-type", "text/html; charset=utf-8"),
        CAREFUL_PAGE,
    )
}

#[tokio::test]
async fn a_page_for_every_address_is_no_leak_and_no_file_either() {
    let verdicts = audit(application, redirect).await;
    let failed = failed(&verdicts);
    assert!(
        !failed.iter().any(|id| id.starts_with("exposure/")),
        "{failed:?}"
    );
    for check in [
        "web/not-found-is-404",
        "web/robots-txt",
        "web/favicon",
        "web/security-txt",
        "web/security-txt-valid",
        "web/health-json",
        "web/static-cached",
    ] {
        assert!(failed.contains(check), "{check}: {:?}", verdicts[check]);
    }
}

const CARELESS_PAGE: &str = "<title></title><meta name=generator content='WordPress 6.4.2'>\
    <script src=http://cdn.other.example/a.js></script><img src=http://i.other.example/a.png>\
    <form action=http://www.zebu.example/login><input type=password></form>\
    <!-- upstream 10.0.3.17:8080 AKIAABCDEFGHIJKLMNOP -->";

fn careless(request: &Request<Bytes>) -> Response<Body> {
    let (code, kind, body) = match request.uri().path() {
        "/.env" | "/.env.local" => (
            200,
            "text/plain",
            "APP_KEY=base64:abc\nDB_PASSWORD=hunter22\n",
        ),
        "/.git/HEAD" => (200, "text/plain", "ref: refs/heads/main\n"),
        "/.git/config" => (200, "text/plain", "[core]\n\tbare = false\n"),
        "/.htpasswd" => (200, "text/plain", "admin:$apr1$abc$def\n"),
        "/.DS_Store" => (200, "application/octet-stream", "\0\0\0\u{1}Bud1"),
        "/phpinfo.php" => (200, "text/html", "<title>PHP 8.2.7 - phpinfo()</title>"),
        "/server-status" => (200, "text/html", "<title>Apache Status</title>"),
        "/nginx_status" => (200, "text/plain", "Active connections: 2 \n"),
        "/actuator/env" => (200, "application/json", r#"{"propertySources":[]}"#),
        "/debug/pprof/" => (200, "text/html", "<title>/debug/pprof/</title>"),
        "/metrics" => (200, "text/plain", "# TYPE up gauge\nup 1\n"),
        "/wp-config.php.bak" => (200, "text/plain", "<?php define('DB_PASSWORD', 'x');"),
        "/backup.zip" => (200, "application/zip", "PK\u{3}\u{4}"),
        "/openapi.json" => (200, "application/json", r#"{"openapi":"3.1.0"}"#),
        "/assets/app.9f3c.js.map" => (
            200,
            "application/json",
            r#"{"version":3,"sources":["a.ts"]}"#,
        ),
        "/robots.txt" => (200, "text/plain", "User-agent: *\nDisallow: /\n"),
        "/" => (200, "text/html", CARELESS_PAGE),
        _ => (
            500,
            "text/html",
            "Traceback (most recent call last):\n  File \"a.py\", line 1",
        ),
    };
    let mut answer = status(code)
        .header("content-type", kind)
        .header("server", "Apache/2.4.57 (Debian)")
        .header("x-powered-by", "PHP/8.2.7")
        .header("set-cookie", "PHPSESSID=x; Domain=zebu.example; Path=/")
        .header("set-cookie", "__Host-csrf=x; Path=/")
        .header("referrer-policy", "unsafe-url")
        .header("permissions-policy", "camera=*")
        .header("cross-origin-embedder-policy", "\"require-corp\"")
        .header("content-security-policy", "default-src * 'unsafe-inline' 'unsafe-eval' http://a.example; default-src x; scrpt-src y")
        .header("cache-control", "public, max-age=60");
    if let Some(origin) = request.headers().get("origin") {
        answer = answer
            .header("access-control-allow-origin", origin)
            .header("access-control-allow-credentials", "true");
    }
    answer.body(full(body)).unwrap()
}

#[tokio::test]
async fn a_careless_site_fails_what_it_should() {
    let verdicts = audit(careless, careless).await;
    let unknown: Vec<_> = verdicts
        .iter()
        .filter(|(_, (status, _))| !matches!(status, Status::Pass | Status::Fail))
        .collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
    let passed: Vec<&str> = verdicts
        .iter()
        .filter(|(_, (status, _))| *status == Status::Pass)
        .map(|(id, _)| id.as_str())
        .collect();
    insta::assert_snapshot!(passed.join("\n"), @r"
    cors/headers-valid
    cors/trusted-origin-allowed
    exposure/default-page
    exposure/directory-listing
    exposure/page-errors
    headers/csp-present
    headers/permissions-policy-present
    html/indexable
    web/all-addresses-answer
    web/compression
    web/first-byte
    web/http2
    web/latency-p95
    web/reachable
    web/redirect-chain-short
    web/redirects-stay-secure
    web/robots-txt
    web/www-and-apex
    ");
}
