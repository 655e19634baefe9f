//! Items of the built-in profiles that saved runs of `zebu` answer.

use jiff::{Timestamp, ToSpan as _};
use ready::profile::needs;
use serde_json::{Value, json};

use crate::support::binary::Bench;
use crate::support::origin::Origin;

/// Profile, item, and the checks that must all have passed.
const ITEMS: [(&str, &str, &[&str]); 5] = [
    (
        "zebu",
        "zebu.post.monitoring.health-looked-at",
        &[
            "zebu.deploy.backend.accessible",
            "zebu.deploy.frontend.https-loads",
        ],
    ),
    (
        "zebu",
        "zebu.post.monitoring.cpu-mem-looked-at",
        &["zebu.deploy.perf.cpu", "zebu.deploy.perf.memory-leaks"],
    ),
    (
        "zebu-operations",
        "zebu.ops.monthly.metrics-review",
        &[
            "zebu.deploy.perf.cpu",
            "zebu.deploy.perf.memory-leaks",
            "zebu.deploy.perf.disk-free",
            "zebu.deploy.perf.api-latency",
        ],
    ),
    (
        "zebu-operations",
        "zebu.ops.quarterly.performance-test",
        &["zebu.deploy.perf.page-load", "zebu.deploy.perf.api-latency"],
    ),
    (
        "zebu-incident",
        "zebu.incident.resolution.recurrence",
        &["zebu.deploy.backend.accessible"],
    ),
];

/// Saves a run of `zebu` an hour ago, in which one of the checks may have failed.
fn save(bench: &Bench, checks: &[&str], failed: Option<&str>) {
    let checks: Vec<Value> = checks
        .iter()
        .map(|id| {
            let status = if failed == Some(*id) { "fail" } else { "pass" };
            json!({"id": id, "status": status})
        })
        .collect();
    let report = json!({
        "schema": "ready.report/v1",
        "checks": checks,
        "run": {
            "profile": {"id": "zebu"},
            "target": {"vars": {"domain": "zebu.example"}},
            "started": Timestamp::now() - 1.hour(),
            "interrupted": false,
        },
    });
    let folder = bench.path(".ready/runs/zebu");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("2026-11-26T09-06-39Z.json");
    std::fs::write(file, report.to_string()).unwrap();
}

#[test]
fn items_are_answered_by_saved_runs_in_which_all_of_it_passed() {
    let origin = Origin::always("fine");
    for (profile, item, checks) in ITEMS {
        let required = needs(profile).vars.into_iter().filter(|var| var.required);
        let mut args: Vec<String> = ["audit", "--profile", profile, "--only", item]
            .map(str::to_owned)
            .into();
        args.extend(["--report", "json"].map(str::to_owned));
        let mut set = |name: &str, value: &str| {
            args.extend(["--set".to_owned(), format!("{name}={value}")]);
        };
        for var in required {
            set(&var.name, &var.example.unwrap());
        }
        match profile {
            "zebu" => set("scale", "small"),
            "zebu-incident" => set("api", origin.url("").as_str()),
            _ => {}
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let bench = Bench::new();
        let status = || {
            let ran = bench.ready(&args);
            let report: Value = serde_json::from_str(&ran.out)
                .unwrap_or_else(|error| panic!("{error} in {}\n{}", ran.out, ran.err));
            report["checks"][0]["status"].as_str().unwrap().to_owned()
        };
        save(&bench, checks, None);
        assert_eq!(status(), "pass", "{item}");
        save(&bench, checks, checks.last().copied());
        assert_ne!(status(), "pass", "{item}: the last check failed");
    }
}

#[test]
fn profiles_ask_for_checks_that_there_are() {
    for one in ready::profile::built_in() {
        let required = needs(one.id).vars.into_iter().filter(|var| var.required);
        let set = required
            .map(|var| (var.name, var.example.unwrap()))
            .collect();
        let loaded = ready::profile::load(one.id, &set, &super::host("good")).unwrap();
        let told: Vec<_> = loaded.warnings.iter().map(|one| &one.message).collect();
        assert!(told.is_empty(), "{}: {told:?}", one.id);
    }
}
