//! A stand with a server for every kind of question: as it should be, and broken.
//!
//! `stand.yaml` is an ordinary profile. Servers that no package brings are the ones that the
//! tests of their kinds use, in this process.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ready::probe::AnyProbe;
use serde_json::Value;

use super::nginx::Nginx;
use super::postgres::Server as Postgres;
use super::services::{Service, free_port};
use super::{nats, program, redis, ssh};
use crate::probes::{api, clickhouse, docker, github, jwt, kubernetes, rdap, websocket};
use crate::support::binary::{Bench, Ran};
use crate::support::certificates::{Authority, Leaf};
use crate::support::dns::{Zone, serve};
use crate::support::http::Server;
use crate::support::jwt::Issuer;

const PROFILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real/stand/stand.yaml");
const PASSWORD: &str = "boss-password";

/// What runs; it ends with the value.
struct Stand {
    bench: Bench,
    nginx: Nginx,
    set: Vec<(&'static str, String)>,
    dns: String,
    _services: Vec<Service>,
    _postgres: Postgres,
    _servers: Vec<Server>,
    _cluster: kubernetes::Cluster,
}

impl Stand {
    /// Starts all of it, or nothing where a program is missing.
    async fn start() -> Option<Self> {
        let (server, scraper) = (program("nginx")?, program("prometheus")?);
        let root = Authority::root("Stand");
        let identity = root.sign(&Leaf::lasting(&["localhost", "shop.test"], -10, 80));
        let pages = [("index.html", PAGE), ("app.3f2a.js", "fetch('/api')\n")]
            .map(|(path, text)| (path.to_owned(), text.to_owned()));
        let nginx = Nginx::start(
            &server,
            include_str!("nginx.conf"),
            (&identity, &root),
            &pages,
        );
        let postgres = Postgres::start(&[], None).await?;
        postgres.sql("SELECT 1");
        let folder = || tempfile::tempdir().unwrap();
        let cache = redis::start(folder(), &["--requirepass", PASSWORD]).await?;
        let monitoring = free_port();
        let more = [
            "--user",
            "app",
            "--pass",
            PASSWORD,
            "-m",
            &monitoring.to_string(),
        ];
        let queue = nats::start(folder(), &more).await?;
        let (shell, _) = ssh::start(&[], &["ed25519"]).await?;
        let watcher = prometheus(&scraper).await;
        let zone = "$ORIGIN shop.test.\n$TTL 300\n@ SOA ns admin 1 7200 3600 1209600 300\n@ NS ns\n\
                    ns A 127.0.0.1\n@ A 127.0.0.1\n";
        let dns = serve(vec![Zone::new(zone)]).await.to_string();
        let cluster = kubernetes::cluster().await;
        let bench = Bench::new()
            .env("PATH", &std::env::var("PATH").unwrap_or_default())
            .env("STAND_PASSWORD", PASSWORD)
            .env("STAND_TOKEN", "canary")
            .env("GITHUB_TOKEN", "reader")
            .file("kubeconfig", cluster.usual_config());
        repository(
            &bench.path("shop"),
            "POSTGRES_PASSWORD=9f2c1d77ab40e3568812\n",
        );
        std::fs::create_dir(bench.path("dumps")).unwrap();
        std::fs::write(bench.path("dumps/shop.sql"), DUMP).unwrap();

        let servers = [
            ("clickhouse", "", clickhouse::good_service().await),
            ("docker", "", docker::engine().await),
            ("github", "/api/v3/", github::service().await),
            ("rdap", "/v1", rdap::service().await),
            ("api", "", api::service().await),
            (
                "jwks",
                "/jwks",
                jwt::service(Arc::new(Issuer::new("k1"))).await,
            ),
            ("ws", "/", websocket::server().await),
        ];
        let mut set = vec![
            ("web", format!("https://localhost:{}", nginx.tls)),
            ("site", "shop.test".to_owned()),
            ("web_port", nginx.tls.to_string()),
            ("postgres", postgres.port().to_string()),
            ("redis", cache.port.to_string()),
            ("nats", queue.port.to_string()),
            ("nats_monitoring", format!("http://localhost:{monitoring}")),
            ("prometheus", format!("http://localhost:{}", watcher.port)),
            ("ssh", shell.port.to_string()),
            ("kubeconfig", "kubeconfig".to_owned()),
            ("folder", "shop".to_owned()),
            ("backups", "dumps".to_owned()),
        ];
        for (name, path, server) in &servers {
            let scheme = match *name {
                "docker" => "tcp",
                "ws" => "ws",
                _ => "http",
            };
            set.push((name, format!("{scheme}://localhost:{}{path}", server.port)));
        }
        Some(Self {
            bench,
            nginx,
            set,
            dns,
            _services: vec![cache, queue, shell, watcher],
            _postgres: postgres,
            _servers: servers.into_iter().map(|(_, _, server)| server).collect(),
            _cluster: cluster,
        })
    }

    /// The arguments of a command on the stand's profile.
    fn arguments(&self, command: &str) -> Vec<String> {
        let mut args = [command, "--profile", PROFILE].map(str::to_owned).to_vec();
        if command != "plan" {
            let root = self.nginx.root().display().to_string();
            let more = [
                "--dns",
                &self.dns,
                "--resolve",
                "*:*:127.0.0.1",
                "--ca",
                &root,
            ];
            args.extend(more.map(str::to_owned));
        }
        for (name, value) in &self.set {
            args.extend(["--set".to_owned(), format!("{name}={value}")]);
        }
        args
    }

    /// Runs a command of the binary on the stand's profile.
    fn run(&self, command: &str, more: &[&str]) -> Ran {
        let args = self.arguments(command);
        let args: Vec<&str> = args
            .iter()
            .map(String::as_str)
            .chain(more.iter().copied())
            .collect();
        self.bench.ready(&args)
    }

    /// Audits with everything allowed; the exit code, and each check's status and reason.
    fn audit(&self) -> (Option<i32>, Vec<(String, String, String)>) {
        let more = ["--allow", "intrusive,exec", "--report", "json=report.json"];
        let ran = self.run("audit", &more);
        assert!(ran.code < Some(2), "{ran:?}");
        let report: Value = serde_json::from_str(&self.bench.read("report.json")).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let checks = report["checks"].as_array().unwrap().iter();
        let told = checks.map(|one| (text(&one["id"]), text(&one["status"]), text(&one["reason"])));
        (ran.code, told.collect())
    }

    fn set(&mut self, name: &'static str, value: String) {
        self.set.retain(|(known, _)| *known != name);
        self.set.push((name, value));
    }
}

const PAGE: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>Shop</title>\
                    <script src=\"/app.3f2a.js\"></script></html>";
const DUMP: &str = "--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE a (b int);\n";

/// Prometheus, which watches itself.
async fn prometheus(program: &Path) -> Service {
    let service = Service::start(program, tempfile::tempdir().unwrap(), |port, folder| {
        let config = format!(
            "global: {{scrape_interval: 1s}}\nscrape_configs:\n\
             - {{job_name: self, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}\n"
        );
        std::fs::write(folder.join("p.yml"), config).unwrap();
        vec![
            format!("--config.file={}/p.yml", folder.display()),
            format!("--storage.tsdb.path={}/data", folder.display()),
            format!("--web.listen-address=127.0.0.1:{port}"),
        ]
    })
    .await;
    let start = Instant::now();
    while !targets(service.port).contains("\"health\":\"up\"") {
        assert!(
            start.elapsed() < Duration::from_mins(1),
            "it does not look at itself"
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    service
}

/// What a Prometheus says of its targets.
fn targets(port: u16) -> String {
    let mut answer = String::new();
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .write_all(b"GET /api/v1/targets?state=active HTTP/1.0\r\n\r\n")
        .unwrap();
    _ = stream.read_to_string(&mut answer);
    answer
}

/// A repository with a Compose file, manifests and an environment file, all committed but that.
fn repository(folder: &Path, environment: &str) {
    let compose =
        "services:\n  web:\n    image: nginx:1.29.3\n    healthcheck: {test: [CMD, \"true\"]}\n";
    let manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    \
                    spec: {containers: [{name: web, image: \"shop/web:1.4.2\"}]}\n";
    std::fs::create_dir_all(folder.join("k8s")).unwrap();
    for (name, text) in [
        ("README.md", "# Shop\n\nHow to run it.\n"),
        (".gitignore", ".env\nran\n"),
        (".env", environment),
        ("compose.yaml", compose),
        ("k8s/web.yaml", manifest),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    for args in [
        &["init", "-q"][..],
        &["add", "."],
        &[
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b",
            "commit",
            "-qm",
            "a",
        ],
    ] {
        let ran = Command::new("git").args(args).current_dir(folder).status();
        assert!(ran.unwrap().success());
    }
}

fn unlike(told: &[(String, String, String)], status: &str) -> String {
    let others = told.iter().filter(|(_, found, _)| found != status);
    others.fold(String::new(), |mut all, (id, found, reason)| {
        _ = writeln!(all, "{id}: {found} {reason}");
        all
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stand_is_ready_and_a_broken_one_fails_everywhere() {
    let Some(mut stand) = Stand::start().await else {
        return;
    };
    // For the check that looks at saved runs.
    stand.run("audit", &["--only", "tcp/open", "--save"]);
    let (code, told) = stand.audit();
    assert_eq!(unlike(&told, "pass"), "");
    assert_eq!(code, Some(0));
    assert!(stand.bench.path("shop/ran").exists(), "the command ran");

    // The same with what belongs to somebody else, is open to all, or is not there.
    let open = redis::start(tempfile::tempdir().unwrap(), &[])
        .await
        .unwrap();
    let queue = nats::start(tempfile::tempdir().unwrap(), &[])
        .await
        .unwrap();
    let weak = ["Ciphers=aes128-cbc", "HostKeyAlgorithms=ssh-ed25519"];
    let (shell, _) = ssh::start(&weak, &["ed25519"]).await.unwrap();
    stand.set("run", "exit 3".to_owned());
    stand.set("memory", "1e15".to_owned());
    stand.set("redis", open.port.to_string());
    stand.set("nats", queue.port.to_string());
    stand.set("ssh", shell.port.to_string());
    let nowhere = free_port();
    for (name, value) in [
        ("web", format!("https://localhost:{nowhere}")),
        ("web_port", nowhere.to_string()),
        ("postgres", nowhere.to_string()),
        ("clickhouse", format!("http://localhost:{nowhere}")),
        ("docker", format!("tcp://localhost:{nowhere}")),
        ("jwks", format!("http://localhost:{nowhere}/jwks")),
        ("ws", format!("ws://localhost:{nowhere}/")),
        ("site", "none.shop.test".to_owned()),
        ("nats_monitoring", format!("http://localhost:{nowhere}")),
        ("prometheus", format!("http://localhost:{nowhere}")),
        ("github", format!("http://localhost:{nowhere}/api/v3/")),
        ("rdap", format!("http://localhost:{nowhere}")),
        ("api", format!("http://localhost:{nowhere}")),
        ("kubeconfig", "nowhere".to_owned()),
        ("backups", "old".to_owned()),
    ] {
        stand.set(name, value);
    }
    let folder = stand.bench.path("shop");
    std::fs::write(folder.join(".env"), "POSTGRES_PASSWORD=changeme\n").unwrap();
    let compose = "services:\n  web:\n    image: nginx:latest\n";
    std::fs::write(folder.join("compose.yaml"), compose).unwrap();
    let manifest = std::fs::read_to_string(folder.join("k8s/web.yaml")).unwrap();
    std::fs::write(folder.join("k8s/web.yaml"), manifest.replace(":1.4.2", "")).unwrap();
    std::fs::remove_file(folder.join("README.md")).unwrap();
    std::fs::create_dir(stand.bench.path("old")).unwrap();
    let lost = "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: c}}]\n\
                clusters: [{name: c, cluster: {server: \"http://127.0.0.1:PORT\"}}]\n";
    let lost = lost.replace("PORT", &nowhere.to_string());
    std::fs::write(stand.bench.path("nowhere"), lost).unwrap();
    let (code, told) = stand.audit();
    assert_eq!(code, Some(1));
    let told: Vec<String> = told
        .into_iter()
        .map(|(id, status, reason)| format!("{id}: {status} {reason}"))
        .collect();
    assert!(told.iter().all(|one| !one.contains(": pass")), "{told:?}");
    insta::assert_snapshot!("broken", told.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_names_every_contact_and_nothing_intrusive_leaves_without_leave() {
    let Some(stand) = Stand::start().await else {
        return;
    };
    let planned = stand.run("plan", &["--json"]);
    let plan: Value = serde_json::from_str(&planned.out).unwrap();
    let kinds: BTreeSet<&str> = plan["questions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            one["probe"]
                .as_object()
                .unwrap()
                .keys()
                .next()
                .unwrap()
                .as_str()
        })
        .collect();
    assert_eq!(kinds, AnyProbe::KINDS.iter().copied().collect());
    assert_eq!(planned.code, Some(0), "{}", planned.err);
    assert_eq!(
        stand.nginx.requests(),
        Vec::<String>::new(),
        "nothing was sent"
    );
    for (name, value) in &stand.set {
        let port = value
            .rsplit_once(':')
            .map_or(value.as_str(), |(_, rest)| rest);
        let port = port.split('/').next().unwrap();
        if port.parse::<u16>().is_ok() {
            assert!(planned.out.contains(port), "{name} {port}: {}", planned.out);
        }
    }
    let audited = stand.run("audit", &["--report", "json=r.json"]);
    assert_eq!(audited.code, Some(3), "{}", audited.err);
    let requests = stand.nginx.requests();
    assert!(!requests.is_empty());
    let sent_more = requests.iter().filter(|line| {
        !line.starts_with("GET ") || line.contains("limited") || line.contains("upload")
    });
    assert_eq!(sent_more.collect::<Vec<_>>(), Vec::<&String>::new());
    assert!(!stand.bench.path("shop/ran").exists(), "no command ran");
    let report: Value = serde_json::from_str(&stand.bench.read("r.json")).unwrap();
    let skipped: Vec<&str> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["status"] == "skipped")
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        skipped,
        [
            "limits/rate-limited",
            "limits/body-size",
            "host",
            "command/succeeds"
        ]
    );
}

/// `cargo test -- --ignored --nocapture a_stand_to_look_at`: starts the stand, prints the command
/// that audits it, and ends with its input.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "for people"]
async fn a_stand_to_look_at() {
    let Some(stand) = Stand::start().await else {
        return;
    };
    let words: Vec<String> = stand
        .arguments("audit")
        .iter()
        .map(|word| format!("'{word}'"))
        .collect();
    let folder = stand.bench.path("");
    println!(
        "cd {} && STAND_PASSWORD={PASSWORD} STAND_TOKEN=canary GITHUB_TOKEN=reader {} {} --allow intrusive,exec",
        folder.display(),
        env!("CARGO_BIN_EXE_ready"),
        words.join(" ")
    );
    _ = std::io::stdin().read_to_string(&mut String::new());
}
