//! `valet` on two complete stands: as it should be, with a filled ledger, and broken.

mod app;
mod repository;
mod vendors;

use std::any::Any;
use std::collections::BTreeMap;
use std::process::Command;

use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::Value;

use super::stand::{dumps, script};
use super::{
    Asked, Told, alone, arguments, current, ledger, programs, vendors as vendors_of, write,
};
use crate::probes::backups::{self, s3};
use crate::real::docker::Podman;
use crate::real::nginx::Nginx;
use crate::real::postgres::Server as Postgres;
use crate::real::{program, redis};
use crate::support::binary::Bench;
use crate::support::certificates::{Authority, pem};
use crate::support::dns::{Zone, serve};
use crate::support::http::clear;
use crate::support::jwt::{Issuer, claims};

const PAGE: &str = "<!doctype html><html lang=en><head><meta charset=utf-8><title>Valet</title>\
    <script type=module src=\"/assets/app-3f2a9c1b.js\"></script></head><body><div id=root></div></body></html>";
const SCRIPT: &str = "const api=\"https://api.valet.example\";fetch(api+\"/api/v1/me\");\n";
/// As it was built with a key that belongs on the server.
const BAD_SCRIPT: &str =
    "const api=\"https://api.valet.example\";const key=\"AKIAQX4BIPW3AHOV29GN\";\n";
const TERMS: &str = "<!doctype html><html lang=en><head><title>Terms of Service</title></head><body><h1>Terms of \
    Service, version 1.0</h1><p>Valet fills in applications for you. You stay responsible for what is sent in your \
    name, and see each application before it leaves. You may end the contract on any day, and we delete what we hold \
    thirty days later.</p></body></html>";
const ZONE: &str = "$ORIGIN valet.example.\n$TTL 300\n@ SOA ada.ns.cloudflare.com. dns.cloudflare.com. 1 7200 3600 1209600 300\n\
    @ NS ada.ns.cloudflare.com.\n@ NS bob.ns.cloudflare.com.\n@ A 203.0.113.30\n@ MX 10 mail\nmail A 203.0.113.30\n\
    api A 203.0.113.30\ndb A 127.0.0.1\n";
/// The same where somebody took it away from Cloudflare.
const BAD_ZONE: &str = "$ORIGIN valet.example.\n$TTL 300\n@ SOA ns admin 1 7200 3600 1209600 300\n\
    @ NS ns\nns A 127.0.0.1\n@ A 203.0.113.30\napi A 203.0.113.30\ndb A 127.0.0.1\n";
const SCHEMA: &str = "CREATE ROLE ready LOGIN PASSWORD 'db-read' IN ROLE pg_monitor;
    CREATE ROLE valet LOGIN PASSWORD 'db-app';
    CREATE SCHEMA drizzle;
    CREATE TABLE drizzle.__drizzle_migrations (id int PRIMARY KEY);
    INSERT INTO drizzle.__drizzle_migrations SELECT generate_series(1, 42);
    CREATE TABLE users (id int PRIMARY KEY, email text, name text);
    INSERT INTO users VALUES (1, 'ann@people.test', 'Ann');
    CREATE TABLE screenshots (id int PRIMARY KEY, created_at timestamptz);
    INSERT INTO screenshots VALUES (1, now());
    CREATE TABLE tasks (id int PRIMARY KEY, user_id int, status text, mode text, created_at timestamptz, completed_at timestamptz);
    CREATE INDEX ON tasks (user_id, status);
    INSERT INTO tasks VALUES (1, 1, 'done', 'copilot', now() - interval '100 seconds', now());
    CREATE TABLE consent_records (type text NOT NULL, version text NOT NULL, created_at timestamptz NOT NULL, ip_address inet NOT NULL);
    GRANT USAGE ON SCHEMA drizzle TO ready;
    GRANT SELECT ON ALL TABLES IN SCHEMA public, drizzle TO ready;";
const LOG: &str = "{\"level\":30,\"msg\":\"Server listening\"}\n{\"level\":30,\"reqId\":\"req-1\",\"msg\":\"request completed\"}";

/// Everything that Valet is; it ends with the value.
struct World {
    bench: Bench,
    root: Authority,
    database: Postgres,
    args: Vec<String>,
    _running: Vec<Box<dyn Any>>,
}

impl World {
    /// Starts all of it, or nothing where a program is missing.
    async fn start(is_broken: bool) -> Option<Self> {
        let root = Authority::root("Let's Encrypt");
        let app = app::App::new(Issuer::rsa("k1", rsa_key()?.secret_pkcs8_der()), is_broken);
        let tokens = ["ann", "ben"].map(|who| app.issuer.sign(&claims(who, 900)));
        app.serve().await;
        let socket = app.socket().await.port;
        let mut running: Vec<Box<dyn Any>> = vec![Box::new(front(&root, socket, is_broken)?)];
        let database = database(&root, "db.valet.example", is_broken).await?;
        let cache = ["--requirepass", "cache-read"];
        running.push(Box::new(
            redis::start_on(6379, tempfile::tempdir().unwrap(), &cache).await?,
        ));
        let (bench, podman) = tools(secrets(&tokens))?;
        running.push(Box::new(podman));
        let registry = clear(|request| {
            let answer = repository::registry(&Asked::of(&request));
            async move { answer }
        });
        repository::make(&bench.path("valet"), registry.await.port, is_broken);
        let store = tempfile::tempdir().unwrap();
        for bucket in ["resumes", "screenshots"] {
            write(store.path(), &[(&format!("{bucket}/1.pdf"), "%PDF-1.7")]);
        }
        dumps(
            &store.path().join("backups/postgres"),
            b"PGDMP\x01\x0e",
            is_broken,
        );
        let port = s3::serve(store.path(), false).await;
        running.push(Box::new(store));

        let identity = root.sign(&current(&vendors::NAMES.map(|(name, _)| name)));
        let vendors = vendors_of(identity, move |asked| vendors::answer(asked, is_broken)).await;
        let zone = if is_broken { BAD_ZONE } else { ZONE };
        let dns = serve(vec![Zone::new(zone)]).await;
        let args = arguments(
            &bench,
            "valet",
            &root,
            &dns.to_string(),
            (&vendors::NAMES, &vendors),
            &settings(port),
        );
        Some(Self {
            bench,
            root,
            database,
            args,
            _running: running,
        })
    }

    fn audit(&self) -> Told {
        Told::audit(&self.bench, &self.args)
    }
}

/// What is set beside the defaults.
fn settings(store: u16) -> Vec<(&'static str, String)> {
    vec![
        ("domain", "valet.example".to_owned()),
        ("repository", "acme/valet".to_owned()),
        ("server", "valet-1".to_owned()),
        ("zone", "z0ne".to_owned()),
        ("neon_project", "shiny-wind-1".to_owned()),
        (
            "google_client_id",
            "1234-abc.apps.googleusercontent.com".to_owned(),
        ),
        ("migrations", "42".to_owned()),
        ("repo", "valet".to_owned()),
        // This machine may have more to do.
        ("p95_ms", "10000".to_owned()),
        ("ws_ms", "10000".to_owned()),
        ("r2", format!("http://127.0.0.1:{store}")),
    ]
}

fn secrets(tokens: &[String; 2]) -> Bench {
    let mut bench = Bench::new();
    for (name, value) in [
        ("GITHUB_TOKEN", "github-read"),
        ("HETZNER_TOKEN", "hetzner-read"),
        ("COOLIFY_TOKEN", "coolify-read"),
        ("CLOUDFLARE_TOKEN", "cloudflare-read"),
        ("NEON_TOKEN", "neon-read"),
        ("SENTRY_TOKEN", "sentry-read"),
        ("BETTERSTACK_TOKEN", "betterstack-read"),
        ("GRAFANA_TOKEN", "grafana-read"),
        ("HATCHET_TOKEN", "hatchet-read"),
        ("DB_PASSWORD", "db-read"),
        ("REDIS_PASSWORD", "cache-read"),
        ("R2_KEY_ID", backups::KEY),
        ("R2_KEY", backups::SECRET),
        ("VALET_PASSWORD", app::PASSWORD),
        ("VALET_TOKEN", &tokens[0]),
        ("VALET_OTHER_TOKEN", &tokens[1]),
    ] {
        bench = bench.env(name, value);
    }
    bench
}

/// A key for signing tokens, made by OpenSSL.
fn rsa_key() -> Option<PrivatePkcs8KeyDer<'static>> {
    let made = Command::new(program("openssl")?)
        .args(["genpkey", "-algorithm", "RSA"])
        .args(["-pkeyopt", "rsa_keygen_bits:2048"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    Some(PrivatePkcs8KeyDer::from_pem_slice(&made.stdout).unwrap())
}

/// What visitors reach; a broken one speaks TLS as it was twenty years ago, and limits nobody.
fn front(root: &Authority, socket: u16, is_broken: bool) -> Option<Nginx> {
    let nginx = program("nginx")?;
    let headers = "add_header CF-RAY 8f1-FRA always; \
        add_header Strict-Transport-Security 'max-age=63072000; includeSubDomains; preload' always; \
        add_header Content-Security-Policy \"default-src 'self'\" always; \
        add_header X-Content-Type-Options nosniff always; add_header X-Frame-Options DENY always; \
        add_header Referrer-Policy strict-origin-when-cross-origin always;";
    let (protocols, headers, limit, script) = if is_broken {
        let old = "ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_ciphers ALL:@SECLEVEL=0;";
        (old, "", "", BAD_SCRIPT)
    } else {
        let limit = "limit_req zone=api burst=80 nodelay;";
        ("ssl_protocols TLSv1.2 TLSv1.3;", headers, limit, SCRIPT)
    };
    let configuration = include_str!("nginx.conf")
        .replace("@PROTOCOLS@", protocols)
        .replace("@HEADERS@", headers)
        .replace("@LIMIT@", limit)
        .replace("@SOCKET@", &socket.to_string());
    let identity = root.sign(&current(&["valet.example", "api.valet.example"]));
    let pages = [
        ("index.html", PAGE),
        ("assets/app-3f2a9c1b.js", script),
        ("terms.html", TERMS),
        (
            "privacy.html",
            &TERMS.replace("Terms of Service", "Privacy Policy"),
        ),
    ]
    .map(|(path, text)| (path.to_owned(), text.to_owned()));
    Some(Nginx::start(
        &nginx,
        &configuration,
        (&identity, root),
        &pages,
    ))
}

/// `PostgreSQL` in Neon's place, with a certificate for this name. On a broken stand a migration
/// was forgotten.
async fn database(root: &Authority, name: &str, is_broken: bool) -> Option<Postgres> {
    let identity = root.sign(&current(&[name]));
    let chain = pem("CERTIFICATE", &identity.chain[0]);
    let key = pem("PRIVATE KEY", identity.key.secret_der());
    let tls = [
        "ssl=on",
        "ssl_cert_file=FOLDER/c.pem",
        "ssl_key_file=FOLDER/k.pem",
    ];
    let server = Postgres::start_on(5432, &tls, Some((&chain, &key))).await?;
    server.sql(SCHEMA);
    if is_broken {
        server.sql("DELETE FROM drizzle.__drizzle_migrations WHERE id = 42");
    }
    server.sql("CREATE DATABASE valet TEMPLATE postgres OWNER valet");
    Some(server)
}

/// The programs that the profile runs, and the API's container with its log.
fn tools(bench: Bench) -> Option<(Bench, Podman)> {
    let mut found = BTreeMap::new();
    for name in ["sh", "git", "pnpm", "node"] {
        found.insert(name, program(name)?);
    }
    let path = programs(&bench, &found);
    let podman = Podman::new()?;
    podman.log("valet-api", LOG)?;
    script(&bench, "docker", &podman.script());
    let home = bench.path("").display().to_string();
    Some((bench.env("PATH", &path).env("HOME", &home), podman))
}

/// Lets a person say something in the ledger, with the binary.
fn say(world: &World, command: &[&str], ways: &[String]) {
    let mut args = command.to_vec();
    args.extend(ways.iter().map(String::as_str));
    let ran = world.bench.ready(&args);
    assert_eq!(ran.code, Some(0), "{command:?}: {}", ran.err);
}

#[test]
fn a_golden_valet_is_ready_once_everybody_has_signed() {
    alone(&["203.0.113.30/32"], async || {
        let mut world = World::start(false).await?;
        let ledger = ledger(&world.bench, include_str!("ledger.yaml"));
        world.args.extend(["--ledger".to_owned(), ledger]);
        let counsel = ["--by", "Cleo Lind <cleo@counsel.example>"];
        let pages = [
            "attest",
            "valet.legal.terms-of-service",
            "valet.legal.privacy-policy",
        ];
        let ways: Vec<String> = without(&world.args, &["--allow"]);
        say(&world, &[&pages[..], &counsel].concat(), &ways);

        let told = world.audit();
        assert_eq!(told.except(&["pass", "attested", "na"]), "");
        assert_eq!(told.report["verdict"], "inconclusive", "nobody has signed");
        let mut areas = BTreeMap::new();
        roles(&told.report["sections"], &mut areas);
        assert_eq!(areas.len(), 10);
        let few = without(&world.args, &["--allow", "--ca", "--dns", "--resolve"]);
        for (section, role) in &areas {
            let by = format!("{role} <lead@valet.example>");
            let sign = ["sign", section, "--run", "report.json", "--by", &by];
            say(&world, &sign, &few);
        }
        let told = world.audit();
        assert_eq!(told.except(&["pass", "attested", "na"]), "");
        told.assert_ready();
        // Semgrep is hundreds of megabytes for this one item.
        let without = ["valet.security.user-scoped-queries: tool.missing"];
        assert_eq!(told.stood_in(), without);
        Some(())
    });
}

/// The sections that somebody signs off, each with the role.
fn roles(sections: &Value, all: &mut BTreeMap<String, String>) {
    for section in sections.as_array().into_iter().flatten() {
        if let Some(role) = section["sign_off"]["role"].as_str() {
            let id = section["id"].as_str().unwrap();
            all.insert(id.to_owned(), role.to_owned());
        }
        roles(&section["sections"], all);
    }
}

/// Arguments without these options, each of which has a value.
fn without(args: &[String], options: &[&str]) -> Vec<String> {
    let pairs = args.chunks(2).filter(|pair| !options.contains(&&*pair[0]));
    pairs.flatten().cloned().collect()
}

#[test]
fn on_a_broken_valet_each_critical_item_fails_for_its_own_reason() {
    alone(&["203.0.113.30/32"], async || {
        let mut world = World::start(true).await?;
        let told = world.audit();
        assert_eq!(told.ran.code, Some(1));
        assert_eq!(told.report["verdict"], "not-ready");
        // Behind a certificate for somebody else no database can be asked.
        let encrypted = "valet.security.db-tls-and-at-rest";
        drop(world.database);
        world.database = database(&world.root, "db.other.example", true).await?;
        world.args.extend(["--only", encrypted].map(str::to_owned));
        let alone = world.audit();
        let text = told.critical(&[encrypted]) + &alone.critical(&[]);
        insta::assert_snapshot!("broken", text);
        Some(())
    });
}
