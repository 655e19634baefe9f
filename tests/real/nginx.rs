//! The `http` probe against nginx: what a usual server with HTTP/2, gzip, redirects and good
//! headers looks like.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures_util::StreamExt as _;
use ready::probe::http::{Facts, Http};
use ready::probe::{Context, Probe, ProbeError};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};

use super::program;
use crate::support::certificates::{Authority, Leaf};

/// A running nginx; it ends with this value.
struct Nginx {
    child: Child,
    http: u16,
    https: u16,
    root: Authority,
    folder: TempDir,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Nginx {
    async fn start() -> Option<Self> {
        let nginx = program("nginx").or_else(|| {
            let path = PathBuf::from("/usr/sbin/nginx");
            path.is_file().then_some(path)
        })?;
        let folder = tempfile::tempdir().unwrap();
        let root = Authority::root("Test CA");
        write_identity(folder.path(), &root);
        let (http, https) = (free_port().await, free_port().await);
        let configuration = configuration(folder.path(), http, https);
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, configuration).unwrap();
        std::fs::write(folder.path().join("index.html"), page()).unwrap();
        let child = Command::new(nginx)
            .arg("-c")
            .arg(&file)
            .arg("-p")
            .arg(folder.path())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self {
            child,
            http,
            https,
            root,
            folder,
        };
        server.wait().await;
        Some(server)
    }

    async fn wait(&self) {
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", self.https)).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("nginx did not start");
    }

    fn context(&self) -> Context {
        crate::support::context(std::slice::from_ref(&self.root.certificate))
    }

    async fn ask(&self, fields: serde_json::Value) -> Result<Facts, ProbeError> {
        let probe: Http = serde_json::from_value(fields).unwrap();
        Ok(probe.gather(&self.context()).await?.facts)
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.https)
    }

    /// Requests that nginx has logged.
    fn logged(&self) -> usize {
        let log = std::fs::read_to_string(self.folder.path().join("access.log"));
        log.unwrap_or_default().lines().count()
    }
}

fn page() -> String {
    format!(
        "<!doctype html><title>Hello</title>{}",
        "<p>hello</p>".repeat(500)
    )
}

fn write_identity(folder: &Path, root: &Authority) {
    let identity = root.sign(&Leaf::default());
    let pem = |label: &str, der: &[u8]| {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        let lines: Vec<_> = text
            .as_bytes()
            .chunks(64)
            .map(String::from_utf8_lossy)
            .collect();
        format!(
            "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
            lines.join("\n")
        )
    };
    let chain = pem("CERTIFICATE", &identity.chain[0]);
    std::fs::write(folder.join("chain.pem"), chain).unwrap();
    let key = pem("PRIVATE KEY", identity.key.secret_der());
    std::fs::write(folder.join("key.pem"), key).unwrap();
}

fn configuration(folder: &Path, http: u16, https: u16) -> String {
    let folder = folder.display();
    format!(
        r#"
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  types {{ text/html html; }}
  server {{
    listen 127.0.0.1:{http};
    return 301 https://localhost:{https}$request_uri;
  }}
  server {{
    listen 127.0.0.1:{https} ssl http2;
    ssl_certificate {folder}/chain.pem;
    ssl_certificate_key {folder}/key.pem;
    gzip on;
    server_tokens off;
    root {folder};
    add_header Strict-Transport-Security "max-age=63072000; includeSubDomains; preload" always;
    add_header X-Content-Type-Options nosniff always;
    location /loop {{ return 302 /loop; }}
    location /post {{ return 200 $request_method; }}
  }}
}}
"#
    )
}

async fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test]
async fn nginx_is_described_rightly() {
    let Some(nginx) = Nginx::start().await else {
        return;
    };
    let http = format!("http://localhost:{}/index.html", nginx.http);
    let facts = nginx.ask(json!({"url": http})).await.unwrap();
    assert_eq!(
        (facts.status, facts.redirected, facts.hops[0].status),
        (200, 1, 301)
    );
    assert_eq!(facts.url, nginx.url("/index.html"));
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

    let facts = nginx
        .ask(json!({"url": nginx.url("/nothing"), "version": "1.1"}))
        .await
        .unwrap();
    assert_eq!((facts.status, facts.version.as_str()), (404, "1.1"));
    let post = json!({"url": nginx.url("/post"), "method": "POST", "body": "x"});
    assert_eq!(nginx.ask(post).await.unwrap().body.as_deref(), Some("POST"));
    let told = nginx
        .ask(json!({"url": nginx.url("/loop")}))
        .await
        .unwrap_err();
    assert_eq!(told.reason.code(), "http.redirect-loop");
    let clear = format!("https://localhost:{}/", nginx.http);
    let told = nginx.ask(json!({"url": clear})).await.unwrap_err();
    assert_eq!(told.reason.code(), "tls.not-tls");
}

#[tokio::test]
async fn nginx_may_close_connections_as_it_likes() {
    let Some(nginx) = Nginx::start().await else {
        return;
    };
    let context = nginx.context();
    // More requests than nginx serves on one connection (1000).
    let questions = (0..1100).map(|number| {
        let url = nginx.url(&format!("/{number}"));
        let probe: Http = serde_json::from_value(json!({"url": url})).unwrap();
        let context = context.clone();
        async move { probe.gather(&context).await.unwrap().facts.status }
    });
    let answers: Vec<u16> = futures_util::stream::iter(questions)
        .buffer_unordered(16)
        .collect()
        .await;
    assert!(answers.iter().all(|status| *status == 404));
    assert_eq!(nginx.logged(), 1100);
    let connections = context.traffic.connections();
    assert!((2..10).contains(&connections), "{connections}");
}
