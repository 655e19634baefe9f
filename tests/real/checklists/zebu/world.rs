//! Everything that Zebu is: started good or broken, and how `ready` is led to it.

use std::any::Any;
use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::super::engine::{container, image};
use super::super::stand::dumps;
use super::super::{Told, arguments, current, programs, vendors as vendors_of};
use super::{app, repository, vendors, vm};
use crate::probes::backups::{self, s3};
use crate::probes::docker;
use crate::real::machine::Machine;
use crate::real::nginx::Nginx;
use crate::real::postgres::{Server as Postgres, installed};
use crate::real::{program, redis};
use crate::support::binary::Bench;
use crate::support::certificates::{Authority, Leaf};
use crate::support::dns::{Zone, serve};
use crate::support::http::{Server, clear_at};

const ADDRESS: &str = "203.0.113.10";
const PAGE: &str = "<!doctype html><html lang=en><head><meta charset=utf-8><title>Zebu</title>\
    <meta name=viewport content=\"width=device-width, initial-scale=1\">\
    <script type=module src=\"/assets/app-3f2a9c1b.js\"></script></head><body><div id=root></div></body></html>";
const SCRIPT: &str = "const api=\"https://api.zebu.example\";fetch(api+\"/health\");const key=\"pk_live_Y2xlcms\";\n";
const ZONE: &str = "$ORIGIN zebu.example.\n$TTL 300\n@ SOA ns admin 1 7200 3600 1209600 300\n@ NS ns\n\
    ns A 127.0.0.1\n@ A 203.0.113.10\nwww A 203.0.113.10\napi A 203.0.113.10\n";
const SCHEMA: &str = "CREATE ROLE ready LOGIN PASSWORD 'db-read' IN ROLE pg_monitor;
    CREATE ROLE zebu LOGIN PASSWORD 'db-app';
    CREATE TABLE portfolios (id int PRIMARY KEY, name text);
    CREATE TABLE trades (id int PRIMARY KEY, portfolio int REFERENCES portfolios);
    CREATE INDEX ON trades (portfolio);
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO ready";

/// Everything that Zebu is; it ends with the value.
pub(super) struct World {
    pub(super) bench: Bench,
    pub(super) root: Authority,
    pub(super) nginx: Nginx,
    pub(super) args: Vec<String>,
    _running: Vec<Box<dyn Any>>,
}

impl World {
    /// Starts all of it, or nothing where a program is missing.
    pub(super) async fn start(is_broken: bool) -> Option<Self> {
        let front = if is_broken {
            Front::Expired
        } else {
            Front::Good
        };
        let root = Authority::root("Let's Encrypt");
        let nginx = front.start(&root)?;
        let mut bench = Bench::new();
        for (name, value) in [
            ("GITHUB_TOKEN", "reader"),
            ("PROXMOX_TOKEN", "ready@pve!look=uuid"),
            ("NPM_TOKEN", "npm-read"),
            ("DB_PASSWORD", "db-read"),
            ("REDIS_PASSWORD", "cache-read"),
            ("UPTIMEROBOT_TOKEN", "ur-read"),
            ("ALPHA_VANTAGE_KEY", "av-key"),
            ("ZEBU_TOKEN", app::TOKEN.trim_start_matches("Bearer ")),
            ("BACKUP_KEY_ID", backups::KEY),
            ("BACKUP_KEY", backups::SECRET),
        ] {
            bench = bench.env(name, value);
        }
        let mut found = BTreeMap::new();
        for name in ["git", "sh", "ssh", "ruff"] {
            found.insert(name, program(name)?);
        }
        found.insert("pg_restore", installed("pg_restore")?);
        let path = programs(&bench, &found);
        let bench = bench.env("PATH", &path);

        let mut running: Vec<Box<dyn Any>> = Vec::new();
        let origin = (!is_broken).then_some("https://zebu.example");
        let address = if is_broken {
            "0.0.0.0:8000"
        } else {
            "127.0.0.1:8000"
        };
        running.push(Box::new(
            clear_at(address, move |request| {
                let answer = app::answer(&request, origin);
                async move { answer }
            })
            .await,
        ));
        let (database, dump) = database(is_broken).await?;
        running.push(Box::new(database));
        running.push(Box::new(cache(is_broken).await?));
        if is_broken {
            // What somebody tried out and forgot.
            running.push(Box::new(TcpListener::bind("0.0.0.0:9000").await.unwrap()));
        }
        repository::make(&bench.path("zebu"), is_broken);
        dumps(&bench.path("dumps"), &dump, is_broken);
        let offsite = tempfile::tempdir().unwrap();
        dumps(
            &offsite.path().join("zebu.example-backups"),
            &dump,
            is_broken,
        );
        let store = s3::serve(offsite.path(), false).await;
        running.push(Box::new(offsite));
        running.push(Box::new(machine(&bench, &root, is_broken)?));
        let engine = docker::engine_of(&containers(), &image("zebu/backend", "1.4.2")).await;

        let state = vendors::State {
            default_login: is_broken,
            provider: if is_broken { "other" } else { "letsencrypt" },
        };
        let names = vendors::NAMES.map(|(name, _)| name);
        let identity = root.sign(&current(&names));
        let vendors = vendors_of(identity, move |asked| vendors::answer(asked, state)).await;
        let dns = serve(vec![Zone::new(ZONE)]).await;
        let args = arguments(
            &bench,
            "zebu",
            &root,
            &dns.to_string(),
            (&vendors::NAMES, &vendors),
            &values(&bench, store, &engine),
        );
        Some(Self {
            bench,
            root,
            nginx,
            args,
            _running: running,
        })
    }

    pub(super) fn audit(&self, more: &[&str]) -> Told {
        let more = more.iter().map(|&word| word.to_owned());
        let args: Vec<String> = self.args.iter().cloned().chain(more).collect();
        Told::audit(&self.bench, &args)
    }
}

/// How the reverse proxy stands.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Front {
    Good,
    /// A good certificate, and nothing that leads to it or keeps to it.
    Lax,
    /// Lax, and the certificate has expired.
    Expired,
}

impl Front {
    pub(super) fn start(self, root: &Authority) -> Option<Nginx> {
        let nginx = program("nginx")?;
        let names = [
            "zebu.example",
            "www.zebu.example",
            "api.zebu.example",
            "deb.debian.org",
        ];
        let (since, until) = if self == Self::Expired {
            (-100, -10)
        } else {
            (-10, 80)
        };
        let identity = root.sign(&Leaf::lasting(&names, since, until));
        let (plain, http2, hsts) = if self == Self::Good {
            (
                "return 301 https://$host$request_uri;",
                "http2",
                "add_header Strict-Transport-Security 'max-age=63072000; includeSubDomains' always;",
            )
        } else {
            ("return 200 'Zebu';", "", "")
        };
        let configuration = include_str!("nginx.conf")
            .replace("@ADDRESS@", ADDRESS)
            .replace("@ON_PLAIN@", plain)
            .replace("@HTTP2@", http2)
            .replace("@HSTS@", hsts);
        let pages = [("index.html", PAGE), ("assets/app-3f2a9c1b.js", SCRIPT)]
            .map(|(path, text)| (path.to_owned(), text.to_owned()));
        Some(Nginx::start(
            &nginx,
            &configuration,
            (&identity, root),
            &pages,
        ))
    }
}

/// `PostgreSQL` with Zebu's tables, and a dump of them.
async fn database(is_broken: bool) -> Option<(Postgres, Vec<u8>)> {
    let addresses = if is_broken {
        "listen_addresses=*"
    } else {
        "listen_addresses=127.0.0.1"
    };
    let server = Postgres::start_on(5432, &["fsync=on", addresses], None).await?;
    server.sql(SCHEMA);
    server.sql("CREATE DATABASE zebu TEMPLATE postgres OWNER zebu");
    let dump = std::process::Command::new(installed("pg_dump")?)
        .args(["-h", "127.0.0.1", "-U", "boss", "-d", "postgres", "-Fc"])
        .env("PGPASSWORD", "boss-password")
        .output()
        .unwrap();
    assert!(dump.status.success(), "{dump:?}");
    Some((server, dump.stdout))
}

/// Redis with the application's connection, which finds what it looks for.
async fn cache(is_broken: bool) -> Option<Box<dyn Any>> {
    use std::io::{Read as _, Write as _};
    let bind: &[&str] = if is_broken {
        &["--bind", "0.0.0.0", "--requirepass", "cache-read"]
    } else {
        &["--requirepass", "cache-read"]
    };
    let server = redis::start_on(6379, tempfile::tempdir().unwrap(), bind).await?;
    let mut client = std::net::TcpStream::connect("127.0.0.1:6379").unwrap();
    for line in [
        "AUTH cache-read",
        "SET price:IBM 301.25",
        "GET price:IBM",
        "GET price:IBM",
    ] {
        client.write_all(format!("{line}\r\n").as_bytes()).unwrap();
        let mut answer = [0; 64];
        let length = client.read(&mut answer).unwrap();
        assert!(length > 0 && answer[0] != b'-', "{line}");
    }
    Some(Box::new((server, client)))
}

/// The VM, and in the bench the key `vm` and the list `known` to get there.
fn machine(
    bench: &Bench,
    root: &Authority,
    is_broken: bool,
) -> Option<(Machine, tempfile::TempDir)> {
    for name in [
        "sshd",
        "nft",
        "fail2ban-client",
        "cron",
        "sudo",
        "unattended-upgrade",
        "prometheus-node-exporter",
    ] {
        program(name)?;
    }
    let key = bench.path("vm");
    vm::make_key(&key);
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    std::fs::create_dir(&files).unwrap();
    vm::files(&files, &key, root, is_broken);
    repository::clone(&bench.path("zebu"), &files.join("opt/zebu"), vm::OWNER);
    let host_key = std::fs::read_to_string(files.join("etc/ssh/zebu_host.pub")).unwrap();
    std::fs::write(bench.path("known"), format!("127.0.0.1 {host_key}")).unwrap();
    Some((Machine::start(&files)?, folder))
}

/// The containers of Zebu, as its engine tells them.
fn containers() -> Vec<Value> {
    let one = |service: &str| {
        let image = format!("zebu/{service}:1.4.2");
        let mut one = container("zebu", service, &format!("zebu-{service}-1"), &image);
        one["Config"]["Labels"]["com.docker.compose.project.config_files"] =
            json!("/opt/zebu/docker-compose.prod.yml");
        one
    };
    ["frontend", "backend", "db", "redis"].map(one).to_vec()
}

/// What the profile is told of the stand.
fn values(bench: &Bench, store: u16, engine: &Server) -> [(&'static str, String); 13] {
    [
        ("domain", "zebu.example".to_owned()),
        ("vm", "127.0.0.1".to_owned()),
        ("address", ADDRESS.to_owned()),
        ("repository", "acme/zebu".to_owned()),
        ("repo", "zebu".to_owned()),
        ("vm_identity", bench.path("vm").display().to_string()),
        ("vm_known_hosts", bench.path("known").display().to_string()),
        ("docker", format!("tcp://127.0.0.1:{}", engine.port)),
        ("db_host", "127.0.0.1".to_owned()),
        ("redis_host", "127.0.0.1".to_owned()),
        ("migration_head", "0042_last".to_owned()),
        ("backups", "dumps".to_owned()),
        ("offsite_endpoint", format!("http://127.0.0.1:{store}")),
    ]
}
