//! The numbers and the verdict of each checklist's profile, made again from the checks of the
//! report alone.
//!
//! Nothing here shares code with the program. They are audited in a dead world, see there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::dead_world::{World, ids, ledger};

const PROFILES: [&str; 5] = ["zebu", "valet", "fastapi", "visualkit", "batchsender"];

/// What a check is to sums.
#[derive(Clone, Debug)]
struct Row {
    id: String,
    section: String,
    status: String,
    real: String,
    blocker: bool,
    weight: f64,
    credit: f64,
}

impl Row {
    fn of(check: &Value) -> Self {
        let text = |key: &str| check[key].as_str().unwrap_or_default().to_owned();
        Self {
            id: text("id"),
            section: text("section"),
            status: text("status"),
            real: text("real"),
            blocker: check["blocker"].as_bool().unwrap(),
            weight: check["weight"].as_f64().unwrap(),
            credit: check["credit"].as_f64().unwrap(),
        }
    }

    fn is(&self, statuses: &[&str]) -> bool {
        statuses.contains(&self.status.as_str())
    }

    fn is_scored(&self) -> bool {
        !self.is(&["waived", "na", "info"])
    }

    fn is_unknown(&self) -> bool {
        self.is(&["error", "pending", "expired", "skipped"])
    }

    /// What it earns: all, a part, or nothing.
    fn earned(&self) -> f64 {
        match self.status.as_str() {
            "pass" | "attested" => self.weight,
            "warn" => self.weight * self.credit,
            _ => 0.0,
        }
    }

    fn missing(&self) -> f64 {
        if self.is_scored() {
            self.weight - self.earned()
        } else {
            0.0
        }
    }

    fn is_below(&self, section: &str) -> bool {
        self.section == section || self.section.starts_with(&format!("{section}."))
    }
}

fn sum(rows: &[Row], value: impl Fn(&Row) -> f64) -> f64 {
    rows.iter().map(value).sum()
}

/// Rounded down to a tenth of a percent; `None` of nothing.
fn percent(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| (1000.0 * part / whole + 1e-6).floor() / 10.0)
}

/// To the nearest hundredth of a percent.
fn points(part: f64, whole: f64) -> f64 {
    if whole > 0.0 {
        (10_000.0 * part / whole + 1e-6).round() / 100.0
    } else {
        0.0
    }
}

/// The sums over some checks: all of the weight, what is earned, what is unknown.
fn sums(rows: &[Row]) -> (f64, f64, f64) {
    let scored = |row: &Row| if row.is_scored() { row.weight } else { 0.0 };
    let unknown = |row: &Row| if row.is_unknown() { row.weight } else { 0.0 };
    (
        sum(rows, scored),
        sum(rows, Row::earned),
        sum(rows, unknown),
    )
}

fn numbers(rows: &[Row]) -> BTreeMap<&'static str, Option<f64>> {
    let (all, earned, unknown) = sums(rows);
    let attested = sum(rows, |row| {
        if row.is(&["attested"]) {
            row.weight
        } else {
            0.0
        }
    });
    let waived: Vec<Row> = rows
        .iter()
        .filter(|row| row.is(&["waived"]))
        .cloned()
        .collect();
    let real = |row: &Row| match row.real.as_str() {
        "warn" => row.weight * row.credit,
        _ => 0.0,
    };
    let strict = earned + sum(&waived, real);
    BTreeMap::from([
        ("score", percent(earned, all)),
        ("score_max", percent(earned + unknown, all)),
        ("coverage", percent(all - unknown, all)),
        (
            "strict_score",
            percent(strict, all + sum(&waived, |row| row.weight)),
        ),
        ("measured", percent(all - unknown - attested, all)),
        ("attested", percent(attested, all)),
        ("unknown", percent(unknown, all)),
    ])
}

/// How bad a verdict is.
const VERDICTS: [&str; 4] = ["ready", "ready-with-waivers", "inconclusive", "not-ready"];

/// Whether a minimum is reached: yes 0, perhaps 2, no 3.
fn reaches(rows: &[Row], minimum: f64) -> usize {
    let (all, earned, unknown) = sums(rows);
    match (percent(earned, all), percent(earned + unknown, all)) {
        (Some(score), _) if score >= minimum => 0,
        (_, Some(most)) if most < minimum => 3,
        _ => 2,
    }
}

fn blockers(rows: &[Row]) -> usize {
    let blockers = || rows.iter().filter(|row| row.blocker);
    if blockers().any(|row| row.is(&["fail"])) {
        3
    } else if blockers().any(Row::is_unknown) {
        2
    } else {
        0
    }
}

fn below(rows: &[Row], section: &Value) -> Vec<Row> {
    let path = section["id"].as_str().unwrap();
    rows.iter()
        .filter(|row| row.is_below(path))
        .cloned()
        .collect()
}

fn is_not_applicable(rows: &[Row]) -> bool {
    !rows.is_empty() && rows.iter().all(|row| row.is(&["na"]))
}

/// The sections of a tree, each before those below it.
fn flat(sections: &Value) -> Vec<&Value> {
    let sections = sections.as_array().into_iter().flatten();
    sections
        .flat_map(|section| [vec![section], flat(&section["sections"])].concat())
        .collect()
}

/// The worst of the stages in a tree; `None` if there are none.
fn stages(rows: &[Row], sections: &[&Value]) -> Option<usize> {
    let stages = sections.iter().filter_map(|section| {
        let minimum = section["minimum"].as_f64()?;
        let rows = below(rows, section);
        Some(if is_not_applicable(&rows) {
            0
        } else {
            reaches(&rows, minimum)
        })
    });
    stages.max()
}

/// The whole verdict, by the checks and the minimums alone.
fn verdict(rows: &[Row], report: &Value) -> usize {
    let (all, _, _) = sums(rows);
    let mut worst = blockers(rows).max(stages(rows, &flat(&report["sections"])).unwrap_or(0));
    if all == 0.0 {
        worst = worst.max(2);
    } else if let Some(minimum) = report["minimum"].as_f64() {
        worst = worst.max(reaches(rows, minimum));
    }
    let weight = |row: &Row| if row.is(&["waived"]) { row.weight } else { 0.0 };
    let waived = sum(rows, weight);
    let blocker = rows.iter().any(|row| row.blocker && row.is(&["waived"]));
    if blocker || waived > 0.15 * (all + waived) {
        worst = worst.max(1);
    }
    worst
}

/// Compares everything in a report with what its checks come to.
fn compare(report: &Value, what: &str) {
    let checks = report["checks"].as_array().unwrap();
    let rows: Vec<Row> = checks.iter().map(Row::of).collect();
    let ids: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids.len(), rows.len(), "{what}");
    same_numbers(report, &rows, what);
    let (all, _, _) = sums(&rows);
    for (check, row) in checks.iter().zip(&rows) {
        let expected = points(row.missing(), all);
        same(
            &check["points"],
            Some(expected),
            &format!("{what}: points of {}", row.id),
        );
        match row.status.as_str() {
            "pass" | "attested" => assert!(row.credit >= 1.0, "{what}: {row:?}"),
            "warn" => assert!(row.credit > 0.0 && row.credit < 1.0, "{what}: {row:?}"),
            "waived" => assert!(row.credit < 1.0 && !row.real.is_empty(), "{what}: {row:?}"),
            _ => assert!(row.credit <= 0.0, "{what}: {row:?}"),
        }
    }
    for section in flat(&report["sections"]) {
        let what = format!("{what}: section {}", section["id"]);
        let inside = below(&rows, section);
        same_numbers(section, &inside, &what);
        let tree = [vec![section], flat(&section["sections"])].concat();
        let by_stages = stages(&rows, &tree);
        let is_decided = by_stages.is_some() || inside.iter().any(|row| row.blocker);
        let expected = (is_decided && !is_not_applicable(&inside))
            .then(|| VERDICTS[blockers(&inside).max(by_stages.unwrap_or(0))]);
        assert_eq!(section["verdict"].as_str(), expected, "{what}");
    }
    let mut worst = verdict(&rows, report);
    if worst < 2 && asks_for_sign_offs(report) {
        worst = 2;
    }
    assert_eq!(
        report["verdict"], VERDICTS[worst],
        "{what}: {}",
        report["cause"]
    );
    fix_first(report, &rows, what);
}

fn same_numbers(found: &Value, rows: &[Row], what: &str) {
    for (name, number) in numbers(rows) {
        same(&found[name], number, &format!("{what}: {name}"));
    }
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for row in rows {
        *counts.entry(&row.status).or_default() += 1;
    }
    assert_eq!(found["counts"], serde_json::json!(counts), "{what}");
}

fn same(found: &Value, expected: Option<f64>, what: &str) {
    let found = found.as_f64();
    let is_same = match (found, expected) {
        (Some(found), Some(expected)) => (found - expected).abs() < 1e-9,
        (found, expected) => found == expected,
    };
    assert!(is_same, "{what}: {found:?}, and by hand {expected:?}");
}

/// Whether the profile requires approvals, and one of those that it asks for is not there.
fn asks_for_sign_offs(report: &Value) -> bool {
    let id = report["run"]["profile"]["id"].as_str().unwrap();
    let path = format!("{}/profiles/{id}.yaml", env!("CARGO_MANIFEST_DIR"));
    let profile: Value = serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(profile.get("extends").is_none() && profile.get("min_coverage").is_none());
    let missing = |section: &&Value| {
        let status = &section["sign_off"]["status"];
        status.is_string() && status != "approved"
    };
    profile["require_sign_offs"] == true && flat(&report["sections"]).iter().any(missing)
}

/// The list of what to fix first: its scores by adding up, and that its end is everything.
fn fix_first(report: &Value, rows: &[Row], what: &str) {
    let (all, mut earned, _) = sums(rows);
    let row = |id: &Value| rows.iter().find(|row| id == row.id.as_str()).unwrap();
    let mut listed = BTreeSet::new();
    let mut mended = rows.to_vec();
    for remedy in report["fix_first"].as_array().unwrap() {
        let what = format!("{what}: {}", remedy["title"]);
        let checks: Vec<&Row> = remedy["checks"]
            .as_array()
            .unwrap()
            .iter()
            .map(row)
            .collect();
        let missing = |unknown: bool| {
            let of_kind = checks.iter().filter(|row| row.is_unknown() == unknown);
            of_kind.map(|row| row.missing()).sum::<f64>()
        };
        same(&remedy["points"], Some(points(missing(false), all)), &what);
        same(&remedy["unlocked"], Some(points(missing(true), all)), &what);
        earned += missing(false) + missing(true);
        same(&remedy["score_after"], percent(earned, all), &what);
        listed.extend(checks.iter().map(|row| row.id.clone()));
        if remedy["needed"] == true {
            for row in mended
                .iter_mut()
                .filter(|row| checks.iter().any(|one| one.id == row.id))
            {
                "pass".clone_into(&mut row.status);
            }
        }
    }
    let missing: BTreeSet<String> = rows
        .iter()
        .filter(|row| row.missing() > 0.0)
        .map(|row| row.id.clone())
        .collect();
    assert_eq!(listed, missing, "{what}");
    if all > 0.0 {
        same(&percent(earned, all).into(), Some(100.0), what);
        // Where all of a stage is waived it has no score, and nothing that is mended gives it one.
        let mut best = rows.to_vec();
        for row in best.iter_mut().filter(|row| row.is_scored()) {
            "pass".clone_into(&mut row.status);
        }
        let possible = verdict(&best, report) < 2;
        let is_enough = verdict(&mended, report) < 2;
        assert_eq!(
            is_enough, possible,
            "{what}: whether what is needed is enough"
        );
    }
}

#[test]
fn the_numbers_of_every_checklist_are_what_their_checks_come_to() {
    let mut statuses = BTreeSet::new();
    let mut verdicts = BTreeSet::new();
    let mut look = |report: &Value, what: &str| {
        compare(report, what);
        let checks = report["checks"].as_array().unwrap().iter();
        statuses.extend(checks.map(|check| check["status"].as_str().unwrap().to_owned()));
        verdicts.insert(report["verdict"].as_str().unwrap().to_owned());
    };
    for id in PROFILES {
        let world = World::of(id);
        world.gather();
        let bare = world.judge(&[]);
        look(&bare, id);
        for (name, attested, waived) in [("some.yaml", 2, 5), ("all.yaml", 1, 1)] {
            std::fs::write(world.bench.path(name), ledger(&bare, attested, waived)).unwrap();
            let ledger = ["--ledger", name];
            look(&world.judge(&ledger), &format!("{id} with {name}"));
            let of_zebu = bare["sections"].as_array().filter(|_| id == "zebu");
            for section in of_zebu.into_iter().flatten() {
                let path = section["id"].as_str().unwrap();
                let only = [&ledger[..], &["--only", path]].concat();
                look(&world.judge(&only), &format!("{id}, {path} with {name}"));
            }
        }
        if id == "zebu" {
            look(
                &world.audit(&["--ledger", "some.yaml"]),
                "zebu, asked again",
            );
            let all = world.judge(&["--ledger", "all.yaml"]);
            let good = ids(&all, &["pass", "attested"]).join(",");
            let only = ["--ledger", "all.yaml", "--only", &good];
            look(&world.judge(&only), "what is good of zebu");
        }
    }
    let all = [
        "attested", "error", "fail", "na", "pass", "pending", "skipped", "waived", "warn",
    ];
    let all: BTreeSet<String> = all.map(str::to_owned).into();
    assert!(statuses.is_superset(&all), "only {statuses:?} are compared");
    let all: BTreeSet<String> = VERDICTS.map(str::to_owned).into();
    assert_eq!(verdicts, all);
}
