//! Figures through the binary: what they were, are and shall be, in every report.

use serde_json::{Value, json};

use crate::support::binary::Bench;

/// One figure of each kind.
const PROFILE: &str = r#"
ready: 1
id: shop
title: Shop
minimum: 50
checks:
  - id: backups
    title: Backup coverage
    probe: {file: {path: figures.json, format: json}}
    measure: {value: file.data.backups, target: 100, warn_at: 50, unit: "%", was: 30 %}
  - id: drill
    title: Last drill
    probe: {file: {path: figures.json, format: json}}
    measure: {value: file.data.days_since_drill, target: 92, warn_at: 120, unit: days, was: Never, absent: Never, words: {Never: 0}}
  - id: audit
    title: Security audit
    all:
      - title: it was passed
        probe: {file: {path: figures.json, format: json}}
        measure: {value: file.data.audit, words: {Passed: 1, Scheduled: 0.5, Never: 0}, was: Never}
      - {title: its report is there, probe: {file: {path: report.pdf}}, expect: file.exists}
  - id: console
    title: Requests that failed
    probe: {command: {argv: ["true"], number: "(x)"}}
    measure: {value: command.number, target: 1, warn_at: 5, unit: "%"}
"#;

const TERMINAL: &str = "\
Figures
                                 was    now        target
! warn     Backup coverage       30 %   62 %       100 % (amber from 50 %)
✗ fail     Last drill            Never  Never      at most 92 days (amber to 120 days)
! warn     Security audit        Never  Scheduled  Passed (amber at Scheduled)
? skipped  Requests that failed  –      unknown    at most 1 % (amber to 5 %)

";

const MARKDOWN: &str = "\
### Figures

| | what | was | now | target |
|---|---|---:|---:|---|
| ! warn | Backup coverage | 30 % | 62 % | 100 % (amber from 50 %) |
| ✗ fail | Last drill | Never | Never | at most 92 days (amber to 120 days) |
| ! warn | Security audit | Never | Scheduled | Passed (amber at Scheduled) |
| ? skipped | Requests that failed | – | unknown | at most 1 % (amber to 5 %) |

";

fn bench(figures: &Value) -> Bench {
    Bench::new()
        .file("p.yaml", PROFILE)
        .file("figures.json", figures.to_string())
        .file("report.pdf", "%PDF")
}

fn report(figures: &Value) -> Value {
    let ran = bench(figures).ready(&["audit", "--profile", "p.yaml", "--report", "json"]);
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.err))
}

#[test]
fn terminal_and_markdown_show_was_now_and_target() {
    let bench = bench(&json!({"backups": 62, "days_since_drill": "Never", "audit": "Scheduled"}));
    let ran = bench.ready(&[
        "audit",
        "--profile",
        "p.yaml",
        "--report",
        "terminal",
        "--report",
        "markdown=r.md",
    ]);
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    assert!(ran.out.contains(TERMINAL), "{}", ran.out);
    let told = "now 62 %, was 30 %, target 100 % (amber from 50 %)";
    assert!(ran.out.contains(told), "{}", ran.out);

    let markdown = bench.read("r.md");
    assert!(markdown.contains(MARKDOWN), "{markdown}");
}

#[test]
fn words_and_what_is_absent_earn_what_they_are_listed_with() {
    let of = |figures: Value, id: &str| {
        let report = report(&figures);
        let checks = report["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["id"] == id).unwrap();
        let told = check["explanation"].as_str().unwrap_or_default().to_owned();
        let status = check["status"].as_str().unwrap().to_owned();
        (
            status,
            check["credit"].as_f64().unwrap(),
            check["figure"].clone(),
            told,
        )
    };
    let (status, credit, figure, told) = of(json!({"backups": 62}), "backups");
    assert_eq!(status, "warn");
    assert!((credit - 0.62).abs() < 1e-9);
    assert_eq!(
        figure,
        json!({"was": "30 %", "now": "62 %", "value": 62.0, "target": "100 %", "amber": "from 50 %"})
    );
    assert_eq!(told, "now 62 %, was 30 %, target 100 % (amber from 50 %)");

    let target = "was Never, target at most 92 days (amber to 120 days)";
    for (figures, status, now) in [
        (json!({"days_since_drill": 40}), "pass", "now 40 days, "),
        (json!({"days_since_drill": 106}), "warn", "now 106 days, "),
        (json!({"days_since_drill": 200}), "fail", "now 200 days, "),
        (json!({"days_since_drill": "Never"}), "fail", "now Never, "),
        (json!({}), "fail", "now Never, "),
        (
            json!({"days_since_drill": "soon"}),
            "fail",
            "now soon, which is no number and none of Never, ",
        ),
        (
            json!({"days_since_drill": true}),
            "fail",
            "file.data.days_since_drill: it is true or false and not a number, ",
        ),
    ] {
        let (found, credit, _, told) = of(figures.clone(), "drill");
        assert_eq!(found, status, "{figures}");
        assert_eq!(told, format!("{now}{target}"), "{figures}");
        assert!(status != "fail" || credit == 0.0);
    }

    for (audit, status, credit, now) in [
        (json!("Passed"), "pass", 1.0, json!("Passed")),
        (json!("Scheduled"), "warn", 0.5, json!("Scheduled")),
        (json!("Never"), "fail", 0.0, json!("Never")),
        (json!("passed"), "fail", 0.0, json!("passed")),
        (json!(1), "fail", 0.0, json!("1")),
        (json!(null), "fail", 0.0, Value::Null),
    ] {
        let (found, earned, figure, told) = of(json!({"audit": audit}), "audit");
        assert_eq!(found, status, "{audit}: {told}");
        assert!((earned - credit).abs() < 1e-9);
        assert_eq!(
            (&figure["now"], &figure["target"]),
            (&now, &json!("Passed")),
            "{audit}"
        );
        assert_eq!(figure["amber"], "at Scheduled");
    }

    // What may not be asked is unknown, and the aim is told all the same.
    let (status, _, figure, _) = of(json!({}), "console");
    assert_eq!(status, "skipped");
    assert_eq!(figure, json!({"target": "at most 1 %", "amber": "to 5 %"}));
}

#[test]
fn the_figures_of_a_profile_are_explained() {
    let ran = Bench::new().ready(&["explain", "batchsender"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for line in [
        "  KPI: Backup coverage: was 30 %, target 100 % (amber from 50 %)\n",
        "  KPI: DR test frequency, quarterly: was Never, target at most 92 days (amber to 120 days)\n",
        "  KPI: Security audit passed: was Never, target Passed (amber at Scheduled)\n",
    ] {
        assert!(ran.out.contains(line), "{}", ran.out);
    }
    let ran = Bench::new().ready(&["explain", "batchsender", "--json"]);
    let explained: Value = serde_json::from_str(&ran.out).unwrap();
    let figures = explained["figures"].as_array().unwrap();
    assert_eq!(figures.len(), 16);
    assert_eq!(
        figures
            .iter()
            .filter(|figure| figure["was"].is_string())
            .count(),
        10
    );
}
