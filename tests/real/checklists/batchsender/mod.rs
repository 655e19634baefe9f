//! `batchsender` on two complete stands: as it should be, with a filled ledger, and broken.

mod app;
mod clickhouse;
mod cluster;
mod queue;
mod replica;
mod repository;
mod vendors;

use std::any::Any;
use std::collections::BTreeMap;

use super::watcher::Watcher;
use super::{
    Told, alone, arguments, assert_told, current, ledger, look_at, programs, vendors as vendors_of,
};
use crate::probes::backups::{self, s3};
use crate::real::nginx::Nginx;
use crate::real::program;
use crate::support::binary::Bench;
use crate::support::certificates::{Authority, Identity};
use crate::support::dns::{Zone, serve};
use crate::support::http::{clear, clear_at};

const ADDRESS: &str = "203.0.113.20/32";
const NATS: &str = "nats.batchsender.example";
const ZONE: &str = "$ORIGIN batchsender.example.\n$TTL 300\n@ SOA ns-1.awsdns-00.org. admin 1 7200 3600 1209600 300\n\
    @ NS ns-1.awsdns-00.org.\n@ A 203.0.113.20\napi A 203.0.113.20\napi-2 A 203.0.113.20\n\
    nats A 127.0.0.1\nreplica A 127.0.0.1\n";
const RULES: &str = "groups:\n- name: batchsender\n  rules:\n  \
    - {alert: HighErrorRate, expr: 'rate(emails_failed_total[5m]) / rate(emails_sent_total[5m]) > 0.05', for: 5m}\n  \
    - {alert: StuckBatches, expr: 'batch_processing_seconds > 900'}\n  \
    - {alert: NATSQueueBackup, expr: 'nats_consumer_num_pending > 10000'}\n  \
    - {alert: KubePodCrashLooping, expr: 'increase(kube_pod_container_status_restarts_total[15m]) > 3'}\n  \
    - {alert: HighAPILatency, expr: 'histogram_quantile(0.95, rate(http_request_duration_seconds_bucket[5m])) > 0.5'}\n";
/// Series, first value, growth each minute: a third of a processor, and half of the connections.
const PAST: [(&str, f64, f64); 3] = [
    (
        "container_cpu_usage_seconds_total{namespace=\"batchsender\",pod=\"worker-1\"}",
        1000.0,
        20.0,
    ),
    ("pg_stat_activity_count{datname=\"batchsender\"}", 50.0, 0.0),
    (
        "pg_settings_max_connections{datname=\"batchsender\"}",
        100.0,
        0.0,
    ),
];

/// Everything that `BatchSender` is; it ends with the value.
struct World {
    bench: Bench,
    args: Vec<String>,
    _running: Vec<Box<dyn Any>>,
}

impl World {
    /// Starts all of it, or nothing where a program is missing.
    async fn start(is_broken: bool) -> Option<Self> {
        let root = Authority::root("Internal");
        let names = [
            "api.batchsender.example",
            "api-2.batchsender.example",
            "replica.batchsender.example",
            NATS,
        ];
        let identity = root.sign(&current(&names));
        let mut bench = Bench::new();
        for (name, value) in [
            ("GITHUB_TOKEN", "reader"),
            ("CLICKHOUSE_PASSWORD", "ch-read"),
            ("GRAFANA_TOKEN", "viewer"),
            ("NEON_TOKEN", "neon-read"),
            ("S3_KEY_ID", backups::KEY),
            ("S3_KEY", backups::SECRET),
            ("DB_PASSWORD", "db-read"),
            ("LAUNCHDARKLY_TOKEN", "ld-read"),
        ] {
            bench = bench.env(name, value);
        }
        let path = programs(&bench, &BTreeMap::from([("git", program("git")?)]));
        let bench = bench.env("PATH", &path);
        let mut running: Vec<Box<dyn Any>> = vec![
            Box::new(front(&root, &identity, is_broken)?),
            Box::new(queue::Queue::start(NATS, &root, &identity, is_broken).await?),
            Box::new(replica::start(&identity).await?),
        ];
        let api = move |request| std::future::ready(app::answer(&request, is_broken));
        running.push(Box::new(clear_at("127.0.0.1:8000", api).await));
        let worker = clear(|request| std::future::ready(app::worker(&request))).await;
        let exporter = clear(|_| std::future::ready(app::exporter())).await;
        let tables =
            clear(move |request| std::future::ready(clickhouse::answer(&request, is_broken))).await;
        let rules = if is_broken { "groups: []\n" } else { RULES };
        let jobs = [("worker", worker.port), ("blackbox", exporter.port)];
        let watcher = Watcher::start(&PAST, rules, &jobs, !is_broken).await?;
        let cluster = cluster::start().await;
        let bench = bench.file("kubeconfig", cluster.usual_config());
        repository::make(&bench.path("batchsender"), is_broken);
        let store = tempfile::tempdir().unwrap();
        repository::buckets(store.path(), is_broken);
        let s3 = s3::serve(store.path(), false).await;

        let retention = if is_broken { 86_400 } else { 7 * 86_400 };
        let called = vendors::NAMES.map(|(name, _)| name);
        let vendor = root.sign(&current(&called));
        let vendors = vendors_of(vendor, move |asked| vendors::answer(asked, retention)).await;
        let dns = serve(vec![Zone::new(ZONE)]).await;
        let here = |port: u16| format!("http://127.0.0.1:{port}");
        let values = [
            ("domain", "batchsender.example".to_owned()),
            ("repository", "acme/batchsender".to_owned()),
            ("neon_project", "shiny-wind-028834".to_owned()),
            ("multi_region", "true".to_owned()),
            ("worker", here(worker.port)),
            ("repo", "batchsender".to_owned()),
            ("kubeconfig", "kubeconfig".to_owned()),
            ("clickhouse", here(tables.port)),
            ("nats_host", NATS.to_owned()),
            ("nats_monitoring", here(8222)),
            ("prom", watcher.url()),
            ("s3", here(s3)),
        ];
        let args = arguments(
            &bench,
            "batchsender",
            &root,
            &dns.to_string(),
            (&vendors::NAMES, &vendors),
            &values,
        );
        running.extend([
            Box::new(watcher) as Box<dyn Any>,
            Box::new(store),
            Box::new(cluster),
        ]);
        Some(Self {
            bench,
            args,
            _running: running,
        })
    }
}

/// The ingress; a broken one limits nothing.
fn front(root: &Authority, identity: &Identity, is_broken: bool) -> Option<Nginx> {
    let nginx = program("nginx")?;
    let (largest, limit) = if is_broken {
        ("0", "")
    } else {
        ("10m", "limit_req zone=api burst=60 nodelay;")
    };
    let configuration = include_str!("nginx.conf")
        .replace("@LARGEST@", largest)
        .replace("@LIMIT@", limit);
    Some(Nginx::start(&nginx, &configuration, (identity, root), &[]))
}

#[test]
fn a_golden_batchsender_is_ready() {
    alone(&[ADDRESS], async || {
        let mut world = World::start(false).await?;
        let ledger = ledger(&world.bench, include_str!("ledger.yaml"));
        world.args.extend(["--ledger".to_owned(), ledger]);
        let told = Told::audit(&world.bench, &world.args);
        assert_eq!(told.except(&["pass", "attested", "na"]), "");
        told.assert_ready();
        // What else may limit requests, turn features off and collect logs.
        for (value, check) in [
            ("gateway=kong", "medium.api-gateway.kong"),
            ("flags=unleash", "medium.feature-flags.unleash"),
            ("flags=launchdarkly", "medium.feature-flags.launchdarkly"),
            (
                "loki=https://loki.batchsender.example",
                "critical.monitoring.loki",
            ),
        ] {
            let check = format!("batchsender.{check}");
            let mut args = world.args.clone();
            args.extend(["--set", value, "--only", &check].map(str::to_owned));
            let told = Told::audit(&world.bench, &args);
            let mut chosen = told.checks().filter(|one| one["id"] == *check);
            assert_eq!(chosen.next().unwrap()["status"], "pass", "{}", told.ran.out);
        }
        Some(())
    });
}

#[test]
fn on_a_broken_batchsender_each_non_negotiable_fails_for_its_own_reason() {
    alone(&[ADDRESS], async || {
        let world = World::start(true).await?;
        let told = Told::audit(&world.bench, &world.args);
        assert_told!("broken", told.assert_blocked());
        Some(())
    });
}

/// `cargo test -- --ignored --nocapture a_batchsender_to_look_at`; broken with `BROKEN=1`.
#[test]
#[ignore = "for people"]
fn a_batchsender_to_look_at() {
    alone(&[ADDRESS], async || {
        let is_broken = std::env::var_os("BROKEN").is_some();
        let mut world = World::start(is_broken).await?;
        if !is_broken {
            let ledger = ledger(&world.bench, include_str!("ledger.yaml"));
            world.args.extend(["--ledger".to_owned(), ledger]);
        }
        look_at(&world.bench, &world.args);
        Some(())
    });
}
