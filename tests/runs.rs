//! Runs that are saved, and checks that later runs decide by them.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::{Timestamp, ToSpan as _};
use serde_json::Value;

use crate::support::binary::{Bench, Ran, stop};
use crate::support::origin::{Origin, ok};

const SHOP: &str = "\
ready: 1
id: shop
title: Shop
vars: {url: {required: true}, note: {default: \"\"}}
secrets: {TOKEN: {optional: true}}
checks:
  - {id: shop.health, title: It is well, probe: {http: {url: \"${url}\"}}, retries: 0, timeout: 25s, expect: http.status == 200}
  - {id: shop.drill, title: Drilled, attest: {ask: Drill}}
";

const ROUTINE: &str = "\
ready: 1
id: routine
title: Routine
vars: {url: {required: true}}
checks:
  - id: routine.health
    title: It is looked at every week
    any:
      - {use: runs/passed-lately, with: {check: shop.health, profile: shop}}
      - {title: somebody looks, attest: {max_age: weekly, ask: Look at it}}
";

/// Asks for one check alone.
fn strict(check: &str, profile: &str) -> String {
    format!(
        "ready: 1\nid: strict\ntitle: Strict\nvars: {{url: {{required: true}}}}\nchecks:\n  \
         - {{id: strict.a, title: A, use: runs/passed-lately, with: {{check: {check}, profile: {profile}}}}}\n"
    )
}

fn bench() -> Bench {
    Bench::new()
        .file("shop.yaml", SHOP)
        .file("routine.yaml", ROUTINE)
        .file("strict.yaml", strict("shop.health", "shop"))
}

/// Runs a command on a profile, its `url` set.
fn run(bench: &Bench, command: &[&str], profile: &str, url: &str, more: &[&str]) -> Ran {
    let url = format!("url={url}");
    let args = ["--profile", profile, "--set", &url];
    bench.ready(&[command, &args, more].concat())
}

/// Audits the shop and saves that; whatever it says, the word is pending.
fn save(bench: &Bench, url: &str, more: &[&str]) -> String {
    let ran = run(bench, &["audit", "--save"], "shop.yaml", url, more);
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    ran.err
}

/// Audits and gives the exit code and the first check of the report.
fn judged(bench: &Bench, profile: &str, url: &str, more: &[&str]) -> (Option<i32>, Value) {
    let ran = run(bench, &["audit", "--report", "json"], profile, url, more);
    let report: Value = serde_json::from_str(&ran.out)
        .unwrap_or_else(|error| panic!("{error} in {}\n{}", ran.out, ran.err));
    (ran.code, report["checks"][0].clone())
}

fn saved(bench: &Bench, profile: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(bench.path(".ready/runs").join(profile)) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn read(path: &PathBuf) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Changes the only saved run of the shop.
fn change(bench: &Bench, change: impl Fn(&mut Value)) {
    let [path] = &saved(bench, "shop")[..] else {
        panic!("not one run was saved");
    };
    let mut report = read(path);
    change(&mut report);
    fs::write(path, report.to_string()).unwrap();
}

#[test]
fn a_saved_run_satisfies_what_is_due_every_week() {
    let origin = Origin::always("fine");
    let url = origin.url("/");
    let bench = bench();
    let (code, check) = judged(&bench, "routine.yaml", &url, &[]);
    assert_eq!(code, Some(3), "nothing is saved yet");
    assert_eq!(check["status"], "error");
    assert_eq!(check["reason"], "run.unsaved");
    let told = check["explanation"].as_str().unwrap();
    assert!(
        told.contains("`ready audit --profile shop --save`"),
        "{told}"
    );
    assert!(told.contains("Look at it"), "{told}");

    let told = save(&bench, &url, &[]);
    let [path] = &saved(&bench, "shop")[..] else {
        panic!("not one run was saved");
    };
    let shown = path.strip_prefix(bench.path("")).unwrap();
    assert!(
        told.contains(&format!("saved as {}\n", shown.display())),
        "{told}"
    );
    let report = read(path);
    assert_eq!(report["schema"], "ready.report/v1");
    assert_eq!(report["run"]["target"]["vars"]["url"], url.as_str());
    let rendered = bench.ready(&["report", &shown.display().to_string()]);
    assert_eq!(rendered.code, Some(3), "{}", rendered.err);

    let asked = origin.requests().len();
    let (code, check) = judged(&bench, "routine.yaml", &url, &[]);
    assert_eq!(code, Some(0), "{check:#}");
    assert_eq!(check["status"], "pass", "measured, and nobody's word");
    assert_eq!(check["from_saved_runs"], true);
    assert_eq!(
        origin.requests().len(),
        asked,
        "the system was not asked again"
    );
    assert_eq!(judged(&bench, "strict.yaml", &url, &[]).0, Some(0));

    // Elsewhere there is none.
    let (code, check) = judged(&bench, "strict.yaml", &url, &["--store", "other"]);
    assert_eq!((code, &check["reason"]), (Some(3), &"run.unsaved".into()));
    fs::rename(bench.path(".ready/runs"), bench.path("other")).unwrap();
    let (code, _) = judged(&bench, "strict.yaml", &url, &["--store", "other"]);
    assert_eq!(code, Some(0));
}

#[test]
fn a_run_that_is_too_old_does_not_count() {
    let origin = Origin::always("fine");
    let url = origin.url("/");
    let bench = bench();
    save(&bench, &url, &[]);
    let started = |days: i64| (Timestamp::now() - (days * 24).hours()).to_string();
    change(&bench, |report| {
        report["run"]["started"] = started(6).into();
    });
    assert_eq!(judged(&bench, "strict.yaml", &url, &[]).0, Some(0));
    change(&bench, |report| {
        report["run"]["started"] = started(8).into();
    });
    let (code, check) = judged(&bench, "strict.yaml", &url, &[]);
    assert_eq!(code, Some(1), "{check:#}");
    assert_eq!(check["reason"], "expect.false");
    let (code, check) = judged(&bench, "routine.yaml", &url, &[]);
    assert_eq!((code, &check["status"]), (Some(3), &"pending".into()));
    // Somebody has looked meanwhile.
    let today = ready::ledger::today(Timestamp::now());
    let word =
        format!("ledger: 1\nattestations:\n  - {{check: routine.health, by: Ana, at: {today}}}\n");
    fs::write(bench.path("routine.ledger.yaml"), word).unwrap();
    let (code, check) = judged(&bench, "routine.yaml", &url, &[]);
    assert_eq!((code, &check["status"]), (Some(0), &"attested".into()));

    change(&bench, |report| {
        report["run"]["started"] = started(-1).into();
    });
    let (code, check) = judged(&bench, "strict.yaml", &url, &[]);
    assert_eq!(code, Some(3), "of tomorrow: {check:#}");
    assert_eq!(check["reason"], "file.unreadable");
}

#[test]
fn a_run_that_failed_since_is_no_pass() {
    let well = Arc::new(AtomicBool::new(true));
    let answer = well.clone();
    let origin = Origin::start(move |_, stream| {
        if answer.load(Ordering::SeqCst) {
            ok(stream, "fine");
        } else {
            _ = std::io::Write::write_all(stream, b"HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n");
        }
    });
    let url = origin.url("/");
    let bench = bench();
    save(&bench, &url, &[]);
    well.store(false, Ordering::SeqCst);
    let ran = run(&bench, &["audit", "--save"], "shop.yaml", &url, &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let (code, check) = judged(&bench, "strict.yaml", &url, &[]);
    assert_eq!(code, Some(1), "{check:#}");
    let told = check["explanation"].as_str().unwrap();
    assert!(told.contains("it failed since it last passed"), "{told}");
}

#[test]
fn a_run_of_another_target_does_not_count() {
    let (staging, production) = (Origin::always("fine"), Origin::always("fine"));
    let bench = bench();
    save(&bench, &staging.url("/"), &[]);
    let (code, check) = judged(&bench, "strict.yaml", &production.url("/"), &[]);
    assert_eq!(code, Some(3));
    let told = check["explanation"].as_str().unwrap();
    assert!(told.contains("another target: `url` differs"), "{told}");

    // The same name, led elsewhere.
    fs::remove_dir_all(bench.path(".ready")).unwrap();
    let name = format!("http://shop.example:{}/", staging.address.port());
    let lead = ["--resolve", "shop.example:*:127.0.0.1"];
    save(&bench, &name, &lead);
    let (code, check) = judged(&bench, "strict.yaml", &name, &[]);
    assert_eq!(code, Some(3), "{check:#}");
    assert_eq!(judged(&bench, "strict.yaml", &name, &lead).0, Some(0));

    // One of several sites is none of the others.
    let (a, b) = (staging.url("/"), production.url("/"));
    save(&bench, &a, &[]);
    assert_eq!(judged(&bench, "strict.yaml", &a, &[]).0, Some(0));
    let both = ["audit", &a, &b, "--profile", "strict.yaml"];
    let ran = bench.ready(&both);
    assert_eq!(ran.code, Some(3), "{}", ran.out);
    fs::remove_dir_all(bench.path(".ready")).unwrap();
    let both = ["audit", &a, &b, "--profile", "shop.yaml", "--save"];
    assert_eq!(bench.ready(&both).code, Some(3));
    let vars = &read(&saved(&bench, "shop")[0])["run"]["target"]["vars"];
    let urls = format!("[\"{a}\",\"{b}\"]");
    assert_eq!(vars["url"], urls.as_str(), "{vars}");
}

#[test]
fn a_word_and_a_look_at_saved_runs_are_no_pass() {
    let origin = Origin::always("fine");
    let url = origin.url("/");
    let today = ready::ledger::today(Timestamp::now());
    let word =
        format!("ledger: 1\nattestations:\n  - {{check: shop.drill, by: Ana, at: {today}}}\n");
    let bench = bench()
        .file("shop.ledger.yaml", word)
        .file("drill.yaml", strict("shop.drill", "shop"))
        .file("chain.yaml", strict("strict.a", "strict"));
    let ran = run(&bench, &["audit", "--save"], "shop.yaml", &url, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let (code, check) = judged(&bench, "drill.yaml", &url, &[]);
    assert_eq!(
        (code, &check["reason"]),
        (Some(1), &"expect.missing".into())
    );

    // What passed by a saved run is not new in the next one, or it would never end.
    let ran = run(&bench, &["audit", "--save"], "strict.yaml", &url, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let (code, check) = judged(&bench, "chain.yaml", &url, &[]);
    assert_eq!((code, &check["reason"]), (Some(3), &"run.unsaved".into()));
}

#[test]
fn a_store_of_no_use_is_told_before_anything_is_asked() {
    let origin = Origin::always("fine");
    let url = origin.url("/");
    let bench = bench().file("taken", "a file");
    for (store, told) in [
        ("taken", "cannot save runs in taken"),
        ("/proc/nowhere", "cannot save runs in /proc/nowhere"),
        ("s3://runs/shop", "runs are saved in folders"),
        ("", "it is empty"),
    ] {
        let args = ["--store", store];
        let ran = run(&bench, &["audit", "--save"], "shop.yaml", &url, &args);
        assert_eq!(ran.code, Some(2), "{store}: {}", ran.out);
        assert!(ran.err.contains(told), "{store}: {}", ran.err);
        assert_eq!(ran.out, "", "{store}");
    }
    let odd = bench.file("odd.yaml", SHOP.replace("id: shop\n", "id: ..\n"));
    let ran = run(&odd, &["audit", "--save"], "odd.yaml", &url, &[]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert!(ran.err.contains("cannot name a folder"), "{}", ran.err);
    assert_eq!(origin.requests(), [""; 0]);
    assert_eq!(odd.read("taken"), "a file");
}

#[test]
fn an_interrupted_run_is_not_saved() {
    let origin = Origin::start(|_, _| std::thread::sleep(Duration::from_secs(30)));
    let bench = bench();
    let set = format!("url={}", origin.url("/"));
    let child = bench
        .command(&["audit", "--profile", "shop.yaml", "--set", &set, "--save"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while origin.requests().is_empty() {
        std::thread::sleep(Duration::from_millis(20));
    }
    stop(&child, "INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("is not saved"), "{told}");
    assert!(saved(&bench, "shop").is_empty());
}

#[test]
fn runs_at_the_same_time_are_all_saved() {
    let origin = Origin::always("fine");
    let bench = bench();
    let set = format!("url={}", origin.url("/"));
    let children: Vec<_> = (0..6)
        .map(|_| {
            bench
                .command(&["audit", "--profile", "shop.yaml", "--set", &set, "--save"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert_eq!(child.wait().unwrap().code(), Some(3));
    }
    let saved = saved(&bench, "shop");
    assert_eq!(saved.len(), 6, "{saved:?}");
    for path in &saved {
        assert_eq!(read(path)["checks"][0]["status"], "pass", "{path:?}");
    }
}

#[test]
fn secrets_are_in_no_saved_run() {
    let origin = Origin::always("fine");
    let bench = bench().env("TOKEN", "canary-42-canary");
    let more = ["--set", "note=the token is canary-42-canary"];
    save(&bench, &origin.url("/"), &more);
    let text = fs::read_to_string(&saved(&bench, "shop")[0]).unwrap();
    assert!(text.contains("\"the token is ***\""), "{text}");
    assert!(!text.contains("canary"), "{text}");
}

#[test]
fn what_was_gathered_of_saved_runs_is_judged_for_the_same_variables_alone() {
    let origin = Origin::always("fine");
    let url = origin.url("/");
    let bench = bench();
    save(&bench, &url, &[]);
    let gathered = run(
        &bench,
        &["gather", "-o", "e.json"],
        "strict.yaml",
        &url,
        &[],
    );
    assert_eq!(gathered.code, Some(0), "{}", gathered.err);
    fs::remove_dir_all(bench.path(".ready")).unwrap();
    let ran = run(&bench, &["judge", "e.json"], "strict.yaml", &url, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    let other = origin.url("/other");
    let ran = run(&bench, &["judge", "e.json"], "strict.yaml", &other, &[]);
    assert_eq!(ran.code, Some(3), "{}", ran.out);
    assert!(ran.out.contains("evidence.missing"), "{}", ran.out);
}

#[test]
fn the_documented_example_works() {
    let page = include_str!("../docs/runs.md");
    let (_, rest) = page.split_once("```yaml\n").unwrap();
    let (routine, _) = rest.split_once("```").unwrap();
    let origin = Origin::always("fine");
    let url = origin.url("/");
    let shop = SHOP.replace("id: shop.health", "id: web/health");
    let bench = bench()
        .file("routine.yaml", routine)
        .file("shop.yaml", shop);
    save(&bench, &url, &[]);
    let (code, check) = judged(&bench, "routine.yaml", &url, &[]);
    assert_eq!((code, &check["status"]), (Some(0), &"pass".into()));
}

#[test]
fn misspelt_checks_are_told_where_the_profile_is_known() {
    let validate = |profile: &str, text: &str| {
        let bench = Bench::new().file(profile, text);
        bench.ready(&["validate", profile, "--set", "url=http://a.example"])
    };
    let own = strict("strict.b", "strict");
    let ran = validate("strict.yaml", &own);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert!(ran.err.contains("no check `strict.b`"), "{}", ran.err);
    assert!(ran.err.contains("did you mean `strict.a`?"), "{}", ran.err);

    let ran = validate("strict.yaml", &strict("zebu.deploy.perf.cqu", "zebu"));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("zebu.deploy.perf.cpu"), "{}", ran.err);
    for known in [
        strict("zebu.deploy.perf.cpu", "zebu"),
        strict("shop.whatever", "shop"),
    ] {
        let ran = validate("strict.yaml", &known);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{known}");
    }
}

#[test]
fn a_saved_run_of_any_size_takes_little_memory() {
    let most = 8 << 20;
    let report = |vars: &str, checks: &str| {
        format!(
            "{{\"schema\":\"ready.report/v1\",\"checks\":[{checks}],\"run\":{{\"profile\":{{\"id\":\"shop\"}},\
             \"target\":{{\"vars\":{{{vars}}}}},\"started\":\"2026-11-26T09:00:00Z\",\"interrupted\":false}}}}"
        )
    };
    let fill = |one: &dyn Fn(usize) -> String| {
        let mut all = one(0);
        for number in 1.. {
            let next = one(number);
            if all.len() + next.len() > most - 1000 {
                break;
            }
            all = all + "," + &next;
        }
        all
    };
    let plain = peak(&report("", ""));
    for (what, report) in [
        (
            "checks",
            report("", &fill(&|_| "{\"id\":\"\",\"status\":\"\"}".to_owned())),
        ),
        (
            "variables",
            report(&fill(&|number| format!("\"{number}\":\"\"")), ""),
        ),
        (
            "one name",
            report(
                "",
                &format!("{{\"id\":\"{}\",\"status\":\"\"}}", "x".repeat(most - 1000)),
            ),
        ),
    ] {
        let more = peak(&report).saturating_sub(plain);
        assert!(more < 32 << 10, "{what}: {more} KiB");
    }
}

/// The most memory that an audit takes that looks at this saved run, in KiB.
fn peak(report: &str) -> u64 {
    let bench = bench();
    fs::create_dir_all(bench.path(".ready/runs/shop")).unwrap();
    fs::write(
        bench.path(".ready/runs/shop/2026-11-26T09-00-00Z.json"),
        report,
    )
    .unwrap();
    let set = ["--set", "url=http://a.example"];
    let args = [&["audit", "--profile", "strict.yaml"], &set[..]].concat();
    let (code, peak) = bench.memory(&args);
    assert_eq!(code, Some(3));
    assert!(peak > 0);
    peak
}
