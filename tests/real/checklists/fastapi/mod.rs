//! `fastapi` on two complete stands: as it should be, with a filled ledger, and broken.

mod app;
mod repository;
mod vendors;

use std::any::Any;
use std::collections::BTreeMap;
use std::process::Command;

use super::stand::{dumps, script};
use super::{Told, alone, arguments, current, ledger, programs, vendors as vendors_of};
use crate::probes::backups::{self, s3};
use crate::real::docker::Podman;
use crate::real::nginx::Nginx;
use crate::real::postgres::{Server as Postgres, installed};
use crate::real::program;
use crate::support::binary::Bench;
use crate::support::certificates::Authority;
use crate::support::dns::{Zone, serve};
use crate::support::jwt::{Issuer, claims};

const PAGE: &str =
    "<!doctype html><html lang=en><head><meta charset=utf-8><title>Shop</title></head></html>";
const ZONE: &str = "$ORIGIN shop.example.\n$TTL 300\n@ SOA ns admin 1 7200 3600 1209600 300\n@ NS ns\n\
    ns A 127.0.0.1\n@ A 203.0.113.20\napp A 203.0.113.20\napi A 203.0.113.20\n";
const SCHEMA: &str = "CREATE ROLE ready LOGIN PASSWORD 'db-read' IN ROLE pg_monitor;
    CREATE ROLE app LOGIN PASSWORD 'db-app';
    CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL, hashed_password text NOT NULL);
    INSERT INTO users VALUES (1, 'ann@shop.example', '$2b$12$eImiTXuWVxfM37uY4JANjQabcdefghijklmnopqrstuvwxyz01234');
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO ready, app;";
/// One that nobody hashed slowly, and a migration that was forgotten.
const BREAK: &str =
    "INSERT INTO users VALUES (2, 'ben@shop.example', '5f4dcc3b5aa765d61d8327deb882cf99');
    UPDATE alembic_version SET version_num = '0041_users';";
const LOG: &str = "{\"level\": \"info\", \"event\": \"started\"}\n\
    {\"level\": \"info\", \"event\": \"request\", \"path\": \"/health\", \"status\": 200, \"duration_ms\": 2.1}";
const BAD_LOG: &str =
    "INFO:     Started server process [1]\nINFO:     10.0.0.7:41752 - \"GET / HTTP/1.1\" 200 OK";

/// Everything that the shop is; it ends with the value.
struct World {
    bench: Bench,
    args: Vec<String>,
    _running: Vec<Box<dyn Any>>,
}

impl World {
    /// Starts all of it, or nothing where a program is missing.
    async fn start(is_broken: bool) -> Option<Self> {
        let root = Authority::root("Let's Encrypt");
        let mut running: Vec<Box<dyn Any>> = vec![Box::new(proxy(&root, is_broken)?)];
        let issuer = Issuer::new("k1");
        let token = issuer.sign(&claims("ready@shop.example", 1800));
        running.push(Box::new(app::start(issuer, is_broken).await));
        let (database, dump) = database(is_broken).await?;
        running.push(Box::new(database));

        let mut bench = Bench::new();
        for (name, value) in [
            ("GITHUB_TOKEN", "reader"),
            ("SENTRY_TOKEN", "sentry-read"),
            ("UPTIMEROBOT_TOKEN", "ur-read"),
            ("DB_PASSWORD", "db-read"),
            ("BACKUP_KEY_ID", backups::KEY),
            ("BACKUP_KEY", backups::SECRET),
            ("API_TOKEN", &token),
        ] {
            bench = bench.env(name, value);
        }
        let (bench, podman) = tools(bench, is_broken)?;
        running.push(Box::new(podman));
        repository::make(&bench.path("shop"), is_broken);
        let store = tempfile::tempdir().unwrap();
        let bucket = store.path().join("shop.example-backups/postgres");
        dumps(&bucket, &dump, is_broken);
        let port = s3::serve(store.path(), false).await;
        running.push(Box::new(store));

        let identity = root.sign(&current(&vendors::NAMES.map(|(name, _)| name)));
        let vendors = vendors_of(identity, move |asked| vendors::answer(asked, is_broken)).await;
        let dns = serve(vec![Zone::new(ZONE)]).await;
        let mut settings = vec![
            ("domain", "shop.example".to_owned()),
            ("repository", "acme/shop".to_owned()),
            ("repo", "shop".to_owned()),
            ("migration_head", "0042_last".to_owned()),
            ("backup_endpoint", format!("http://127.0.0.1:{port}")),
        ];
        if !is_broken {
            // This machine may have more to do.
            settings.extend(["health_ms", "ping_ms"].map(|name| (name, "10000".to_owned())));
        }
        let args = arguments(
            &bench,
            "fastapi",
            &root,
            &dns.to_string(),
            (&vendors::NAMES, &vendors),
            &settings,
        );
        Some(Self {
            bench,
            args,
            _running: running,
        })
    }

    fn audit(&self) -> Told {
        Told::audit(&self.bench, &self.args)
    }
}

/// The reverse proxy; a broken one neither limits nor keeps anything inside.
fn proxy(root: &Authority, is_broken: bool) -> Option<Nginx> {
    let nginx = program("nginx")?;
    let hsts = "add_header Strict-Transport-Security 'max-age=31536000; includeSubDomains' always;";
    let headers = format!(
        "{hsts} add_header Content-Security-Policy \"default-src 'self'\" always; \
         add_header X-Content-Type-Options nosniff always; add_header X-Frame-Options DENY always;"
    );
    let limit = "limit_req zone=api burst=40 nodelay;";
    let inside = "location /health/detailed { return 404; }";
    let given = |text| if is_broken { "" } else { text };
    let configuration = include_str!("nginx.conf")
        .replace("@HSTS@", given(hsts))
        .replace("@HEADERS@", given(&headers))
        .replace("@LIMIT@", given(limit))
        .replace("@INSIDE@", given(inside));
    let identity = root.sign(&current(&["app.shop.example", "api.shop.example"]));
    let pages = [("index.html".to_owned(), PAGE.to_owned())];
    Some(Nginx::start(
        &nginx,
        &configuration,
        (&identity, root),
        &pages,
    ))
}

/// `PostgreSQL` with the shop's users, and a dump of them.
async fn database(is_broken: bool) -> Option<(Postgres, Vec<u8>)> {
    let server = Postgres::start_on(5432, &[], None).await?;
    server.sql(SCHEMA);
    if is_broken {
        server.sql(BREAK);
    }
    server.sql("CREATE DATABASE app TEMPLATE postgres OWNER app");
    let dump = Command::new(installed("pg_dump")?)
        .args(["-h", "127.0.0.1", "-U", "boss", "-d", "app", "-Fc"])
        .env("PGPASSWORD", "boss-password")
        .output()
        .unwrap();
    assert!(dump.status.success(), "{dump:?}");
    Some((server, dump.stdout))
}

/// The programs that the profile runs, and the API's container with its log.
fn tools(bench: Bench, is_broken: bool) -> Option<(Bench, Podman)> {
    let mut found = BTreeMap::new();
    for name in ["sh", "alembic", "ruff", "npm", "node"] {
        found.insert(name, program(name)?);
    }
    let path = programs(&bench, &found);
    // One in an environment of its own knows that only by the path it is called by.
    let python = program("python")?;
    script(
        &bench,
        "python",
        &format!("#!/bin/sh\nexec {} \"$@\"\n", python.display()),
    );
    let podman = Podman::new()?;
    podman.log("api", if is_broken { BAD_LOG } else { LOG })?;
    script(&bench, "docker", &podman.script());
    let home = bench.path("").display().to_string();
    Some((bench.env("PATH", &path).env("HOME", &home), podman))
}

#[test]
fn a_golden_fastapi_is_ready() {
    alone(&["203.0.113.20/32"], async || {
        let mut world = World::start(false).await?;
        let ledger = ledger(&world.bench, include_str!("ledger.yaml"));
        world.args.extend(["--ledger".to_owned(), ledger]);
        let told = world.audit();
        assert_eq!(told.except(&["pass", "attested", "na"]), "");
        told.assert_ready();
        assert_eq!(told.stood_in(), [""; 0]);
        Some(())
    });
}

#[test]
fn on_a_broken_fastapi_each_critical_item_fails_for_its_own_reason() {
    alone(&["203.0.113.20/32"], async || {
        let told = World::start(true).await?.audit();
        assert_eq!(told.ran.code, Some(1));
        assert_eq!(told.report["verdict"], "not-ready");
        insta::assert_snapshot!("broken", told.critical(&[]));
        Some(())
    });
}
