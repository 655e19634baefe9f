//! The `http` probe against nginx: what a usual server with HTTP/2, gzip, redirects and good
//! headers looks like.

use futures_util::StreamExt as _;
use ready::probe::http::{Facts, Http};
use ready::probe::{Context, Probe, ProbeError};
use serde_json::json;

use super::nginx::Nginx;
use super::program;
use crate::support::certificates::{Authority, Leaf};

/// nginx with a page, and those who trust it.
struct Site {
    nginx: Nginx,
    root: Authority,
}

impl Site {
    fn start() -> Option<Self> {
        let root = Authority::root("Test CA");
        let identity = root.sign(&Leaf::default());
        let pages = [("index.html".to_owned(), page())];
        let configuration = include_str!("nginx/usual.conf");
        let nginx = Nginx::start(
            &program("nginx")?,
            configuration,
            (&identity, &root),
            &pages,
        );
        Some(Self { nginx, root })
    }

    fn context(&self) -> Context {
        crate::support::context(std::slice::from_ref(&self.root.certificate))
    }

    async fn ask(&self, fields: serde_json::Value) -> Result<Facts, ProbeError> {
        let probe: Http = serde_json::from_value(fields).unwrap();
        Ok(probe.gather(&self.context()).await?.facts)
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.nginx.tls)
    }
}

fn page() -> String {
    format!(
        "<!doctype html><title>Hello</title>{}",
        "<p>hello</p>".repeat(500)
    )
}

#[tokio::test]
async fn nginx_is_described_rightly() {
    let Some(site) = Site::start() else {
        return;
    };
    let http = format!("http://localhost:{}/index.html", site.nginx.plain);
    let facts = site.ask(json!({"url": http})).await.unwrap();
    assert_eq!(
        (facts.status, facts.redirected, facts.hops[0].status),
        (200, 1, 301)
    );
    assert_eq!(facts.url, site.url("/index.html"));
    assert_eq!(facts.version, "2");
    assert_eq!(facts.alpn.as_deref(), Some("h2"));
    assert_eq!(facts.compression.as_deref(), Some("gzip"));
    assert_eq!(facts.body.as_deref(), Some(page().as_str()));
    assert!(facts.body_bytes < facts.decoded_bytes);
    assert_eq!(facts.decoded_bytes, page().len() as u64);
    assert_eq!(facts.headers["server"], "nginx");
    assert!(facts.tls.unwrap().verified);
    assert!(facts.meaning.hsts.present && facts.meaning.nosniff);
    assert!(facts.meaning.html.is_some());

    let facts = site
        .ask(json!({"url": site.url("/nothing"), "version": "1.1"}))
        .await
        .unwrap();
    assert_eq!((facts.status, facts.version.as_str()), (404, "1.1"));
    let post = json!({"url": site.url("/post"), "method": "POST", "body": "x"});
    assert_eq!(site.ask(post).await.unwrap().body.as_deref(), Some("POST"));
    let told = site
        .ask(json!({"url": site.url("/loop")}))
        .await
        .unwrap_err();
    assert_eq!(told.reason.code(), "http.redirect-loop");
    let clear = format!("https://localhost:{}/", site.nginx.plain);
    let told = site.ask(json!({"url": clear})).await.unwrap_err();
    assert_eq!(told.reason.code(), "tls.not-tls");
}

#[tokio::test]
async fn nginx_may_close_connections_as_it_likes() {
    let Some(site) = Site::start() else {
        return;
    };
    let context = site.context();
    // More requests than nginx serves on one connection (1000).
    let questions = (0..1100).map(|number| {
        let url = site.url(&format!("/{number}"));
        let probe: Http = serde_json::from_value(json!({"url": url})).unwrap();
        let context = context.clone();
        async move { probe.gather(&context).await.unwrap().facts.status }
    });
    let answers: Vec<u16> = futures_util::stream::iter(questions)
        .buffer_unordered(16)
        .collect()
        .await;
    assert!(answers.iter().all(|status| *status == 404));
    assert_eq!(site.nginx.requests().len(), 1100);
    let connections = context.traffic.connections();
    assert!((2..10).contains(&connections), "{connections}");
}
