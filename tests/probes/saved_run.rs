//! The `saved_run` probe on stores that the tests make.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ready::evidence::Target;
use ready::probe::saved_run::{Facts, Run, SavedRun};
use ready::probe::{Answer, Context, Probe, ProbeError};
use ready::reason::Reason;
use serde_json::{Value, json};

use crate::support::context;

/// A store in a folder of its own, asked on 2026-11-21 at noon.
struct Store(tempfile::TempDir);

impl Store {
    fn new() -> Self {
        let store = Self(tempfile::tempdir().unwrap());
        fs::create_dir_all(store.path("")).unwrap();
        store
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(".ready/runs/shop").join(file)
    }

    /// Saves a run of a day in November at eight.
    fn run(&self, day: u8, report: &Value) -> &Self {
        let name = format!("2026-11-{day:02}T08-00-00Z.json");
        fs::write(self.path(&name), report.to_string()).unwrap();
        self
    }

    async fn ask_within(&self, timeout: Duration) -> Result<Answer<Facts>, ProbeError> {
        let vars = [("domain", "shop.example"), ("vm", "10.0.0.5")];
        let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let context = Context {
            cwd: self.0.path().into(),
            target: Some(Arc::new(Target {
                vars: vars.into(),
                overrides: String::new(),
            })),
            timeout,
            ..context(&[])
        };
        question().gather(&context).await
    }

    async fn ask(&self) -> Result<Answer<Facts>, ProbeError> {
        self.ask_within(Duration::from_mins(1)).await
    }

    /// The error of a store that says nothing.
    async fn silence(&self) -> ProbeError {
        let error = self.ask().await.unwrap_err();
        assert_eq!(error.reason, Reason::RunUnsaved, "{error:?}");
        error
    }
}

fn question() -> SavedRun {
    SavedRun {
        check: "shop.health".to_owned(),
        profile: "shop".to_owned(),
    }
}

/// The report of a run on that day, in which the check had this status.
fn report(day: u8, status: &str) -> Value {
    json!({
        "schema": "ready.report/v1",
        "checks": [
            {"id": "shop.other", "status": "pass"},
            {"id": "shop.health", "status": status},
        ],
        "run": {
            "profile": {"id": "shop", "sha256": "00"},
            "target": {"vars": {"domain": "shop.example", "scale": "small"}},
            "started": format!("2026-11-{day:02}T08:00:00Z"),
            "interrupted": false,
        },
    })
}

/// A report that differs in one place.
fn changed(day: u8, place: &str, value: Value) -> Value {
    let mut report = report(day, "pass");
    let (above, key) = place.rsplit_once('/').unwrap();
    report.pointer_mut(above).unwrap()[key] = value;
    report
}

fn seen(day: u8, status: &str) -> Run {
    Run {
        started: format!("2026-11-{day:02}T08:00:00Z").parse().unwrap(),
        age_seconds: (21 - i64::from(day)) * 86_400 + 4 * 3600,
        status: status.to_owned(),
    }
}

#[tokio::test]
async fn the_newest_run_and_the_newest_pass_are_told() {
    let store = Store::new();
    store.run(14, &report(14, "pass"));
    store.run(17, &report(17, "pass"));
    let told = store.ask().await.unwrap();
    assert_eq!(told.facts.last_run, Some(seen(17, "pass")));
    assert_eq!(told.facts.last_pass, Some(seen(17, "pass")));
    assert_eq!(told.facts.last_fail, None);
    store.run(19, &report(19, "error"));
    store.run(20, &report(20, "fail"));
    let told = store.ask().await.unwrap();
    assert_eq!(told.facts.last_run, Some(seen(20, "fail")));
    assert_eq!(told.facts.last_pass, Some(seen(17, "pass")));
    assert!(told.gaps.is_empty(), "{:?}", told.gaps);
    // That it cannot be asked now does not mend it.
    let told = store.run(21, &report(21, "error")).ask().await.unwrap();
    assert_eq!(told.facts.last_run, Some(seen(21, "error")));
    assert_eq!(told.facts.last_fail, Some(seen(20, "fail")));
}

#[tokio::test]
async fn what_never_passed_has_no_last_pass() {
    let store = Store::new();
    store.run(17, &report(17, "attested"));
    store.run(18, &report(18, "warn"));
    store.run(19, &report(19, "info"));
    store.run(20, &changed(20, "/checks/1/status", json!("waived")));
    let told = store.ask().await.unwrap();
    assert_eq!(told.facts.last_run, Some(seen(20, "waived")));
    assert_eq!(told.facts.last_pass, None);
    assert!(told.gaps.is_empty(), "that is an answer: {:?}", told.gaps);

    // Of what was waived it counts what it was.
    let mut waived = report(20, "waived");
    waived["checks"][1]["real"] = json!("fail");
    let told = store.run(20, &waived).ask().await.unwrap();
    assert_eq!(told.facts.last_run, Some(seen(20, "fail")));
}

#[tokio::test]
async fn runs_that_say_nothing_are_passed_over() {
    for (what, report) in [
        (
            "another target: `domain` differs",
            changed(20, "/run/target/vars/domain", json!("staging.example")),
        ),
        (
            "another target: they have no variable in common",
            changed(
                20,
                "/run/target/vars",
                json!({"url": "https://shop.example"}),
            ),
        ),
        (
            "another target: --resolve, --dns or --ca differ",
            changed(20, "/run/target/overrides", json!("--dns 127.0.0.1:53")),
        ),
        (
            "another target: it is not said which",
            changed(20, "/run/target", Value::Null),
        ),
        (
            "it was interrupted",
            changed(20, "/run/interrupted", json!(true)),
        ),
        (
            "looked at saved runs itself",
            changed(20, "/checks/1/from_saved_runs", json!(true)),
        ),
        (
            "the check is not in it",
            changed(20, "/checks/1/id", json!("shop.healthy")),
        ),
    ] {
        let store = Store::new();
        let error = store.run(20, &report).silence().await;
        assert_eq!(
            error.cause,
            "no run in .ready/runs/shop tells of shop.health"
        );
        let detail = error.detail.unwrap();
        assert!(
            detail.contains(what) && detail.contains("1 run"),
            "{detail}"
        );
        let told = store
            .run(10, &self::report(10, "pass"))
            .ask()
            .await
            .unwrap();
        assert_eq!(told.facts.last_run, Some(seen(10, "pass")), "{what}");
        assert!(told.gaps.is_empty(), "{what}: {:?}", told.gaps);
    }
    let fixed = changed(20, "/run/target/vars", json!({}));
    let told = Store::new().run(20, &fixed).ask().await.unwrap();
    assert_eq!(told.facts.last_pass, Some(seen(20, "pass")));
}

#[tokio::test]
async fn where_nothing_is_saved_it_is_told_how_to() {
    let store = Store::new();
    fs::write(store.path("latest.json"), report(20, "pass").to_string()).unwrap();
    let error = store.silence().await;
    assert_eq!(error.cause, "no run of shop is saved in .ready/runs/shop");
    let detail = error.detail.unwrap();
    assert!(
        detail.contains("`ready audit --profile shop --save`"),
        "{detail}"
    );
    fs::remove_dir_all(store.path("")).unwrap();
    store.silence().await;
    fs::remove_dir_all(store.0.path().join(".ready")).unwrap();
    store.silence().await;
    fs::write(store.0.path().join(".ready"), "a file").unwrap();
    store.silence().await;
}

#[tokio::test]
async fn files_that_cannot_be_used_are_no_pass_and_may_hide_a_failure() {
    let pass = report(20, "pass").to_string();
    let twice = json!([
        {"id": "shop.health", "status": "pass"},
        {"id": "shop.health", "status": "fail"},
    ]);
    let crowd = (0..10_001).map(|number| (format!("v{number}"), json!("")));
    let crowd = Value::Object(crowd.collect());
    let with = |place: &str, value: Value| changed(20, place, value).to_string().into_bytes();
    for (what, bytes) in [
        ("empty", Vec::new()),
        ("garbage", b"\0\xff\xfe{{{".to_vec()),
        ("truncated", pass.as_bytes()[..pass.len() - 3].to_vec()),
        ("another document", b"[1, 2, 3]".to_vec()),
        ("deep", "[".repeat(100_000).into_bytes()),
        ("another format", with("/schema", json!("ready.report/v2"))),
        ("another profile", with("/run/profile/id", json!("zebu"))),
        (
            "of tomorrow",
            with("/run/started", json!("2026-11-22T08:00:00Z")),
        ),
        ("without a date", with("/run/started", json!("today"))),
        ("two answers", with("/checks", twice)),
        ("too many variables", with("/run/target/vars", crowd)),
        ("without checks", with("/checks", Value::Null)),
        (
            "a status without end",
            with("/checks/1/status", json!("pass".repeat(1000))),
        ),
    ] {
        let store = Store::new();
        store.run(10, &report(10, "pass"));
        fs::write(store.path("2026-11-20T08-00-00Z.json"), bytes).unwrap();
        let told = store.ask().await.unwrap();
        assert_eq!(told.facts.last_run, None, "{what}");
        assert_eq!(
            told.gaps["last_run"].reason,
            Reason::FileUnreadable,
            "{what}"
        );
        let detail = told.gaps["last_run"].detail.as_deref().unwrap();
        assert!(detail.starts_with("2026-11-20T08-00-00Z.json "), "{detail}");
        assert_eq!(told.facts.last_pass, Some(seen(10, "pass")), "{what}");
        assert!(!told.gaps.contains_key("last_pass"), "{what}");

        // Below a failure it may be a pass.
        store.run(21, &report(21, "fail"));
        fs::remove_file(store.path("2026-11-10T08-00-00Z.json")).unwrap();
        let told = store.ask().await.unwrap();
        assert_eq!(told.facts.last_run.unwrap().status, "fail", "{what}");
        assert_eq!(told.facts.last_pass, None, "{what}");
        assert_eq!(
            told.gaps["last_pass"].reason,
            Reason::FileUnreadable,
            "{what}"
        );
        assert!(!told.gaps.contains_key("last_run"), "{what}");
    }
}

#[tokio::test]
async fn nothing_but_files_of_a_size_is_read() {
    let name = "2026-11-20T08-00-00Z.json";
    let large: fn(PathBuf) = |path| {
        let file = fs::File::create(path).unwrap();
        file.set_len(50 << 20).unwrap();
    };
    let pipe: fn(PathBuf) = |path| {
        let made = std::process::Command::new("mkfifo").arg(path).status();
        assert!(made.unwrap().success());
    };
    let folder: fn(PathBuf) = |path| fs::create_dir(path).unwrap();
    let nowhere: fn(PathBuf) = |path| std::os::unix::fs::symlink("nowhere", path).unwrap();
    for make in [large, pipe, folder, nowhere] {
        let store = Store::new();
        make(store.path(name));
        let told = store.ask().await.unwrap();
        assert_eq!(told.facts, Facts::default());
        for fact in ["last_run", "last_pass"] {
            assert_eq!(told.gaps[fact].reason, Reason::FileUnreadable);
        }
    }
}

#[tokio::test]
async fn what_lies_beyond_the_limits_is_unknown() {
    let store = Store::new();
    for number in 2..=1001 {
        let name = format!("2026-11-20T08-00-00Z-{number}.json");
        fs::write(store.path(&name), report(20, "fail").to_string()).unwrap();
    }
    let told = store.ask().await.unwrap();
    assert!(told.gaps.is_empty(), "{:?}", told.gaps);
    store.run(10, &report(10, "pass"));
    let told = store.ask().await.unwrap();
    assert_eq!(told.facts.last_run, Some(seen(20, "fail")));
    assert_eq!(told.facts.last_pass, None);
    assert_eq!(told.gaps["last_pass"].reason, Reason::FileTruncated);

    let told = store.ask_within(Duration::ZERO).await.unwrap();
    assert_eq!(told.facts, Facts::default());
    assert_eq!(told.gaps["last_run"].reason, Reason::ProbeTimeLimit);
    assert_eq!(told.gaps["last_pass"].reason, Reason::ProbeTimeLimit);
}

#[test]
fn a_question_names_a_check_and_a_profile() {
    assert_eq!(question().validate(), Ok(()));
    for (check, profile, field) in [
        ("", "shop", "check"),
        ("a", "", "profile"),
        ("a", "../etc", "profile"),
    ] {
        let probe = SavedRun {
            check: check.to_owned(),
            profile: profile.to_owned(),
        };
        assert_eq!(probe.validate().unwrap_err().field, field);
    }
    assert_eq!(
        question().reproduce(),
        r#"jq -r '.run.started as $at | .checks[] | select(.id == "shop.health") | "\($at) \(.status)"' .ready/runs/shop/*.json"#
    );
    assert_eq!(
        question().contacts()[0].action,
        "look for shop.health in saved runs of shop"
    );
}
