//! Every check of the catalogue: complete, its expressions sound, its examples true.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ready::check::{Check, Rule};
use ready::evidence::{Evidence, Observation, Outcome, ProfileRef};
use ready::judge::{Answers, Status, judge};
use ready::ledger::Ledger;
use ready::probe::{AnyProbe, OPTIONAL, ProbeError, facts_schemas};
use ready::profile::catalogue::{self, CatalogueCheck, Example};

use crate::support::schema::misfits;

#[test]
fn the_files_are_sound() {
    let (problems, sources) = catalogue::problems();
    assert!(
        problems.is_empty(),
        "\n{}",
        ready::diagnostic::render(problems, sources, false)
    );
}

#[test]
fn every_check_is_complete_and_its_examples_are_true() {
    let (_, sources) = catalogue::problems();
    let mut complaints = String::new();
    let (mut checks, mut examples) = (0, 0);
    for check in catalogue::all() {
        checks += 1;
        for complaint in incomplete(check) {
            _ = writeln!(complaints, "{}: {complaint}", check.id);
        }
        let made = check.example(&BTreeMap::new());
        if let Ok(Check {
            rule: Rule::Expect(expect),
            ..
        }) = &made
            && expect.expectations.iter().any(|one| one.because.is_none())
        {
            _ = writeln!(complaints, "{}: an expectation has no `because`", check.id);
        }
        if let Err(problems) = made {
            // Only a build that leaves a kind out says so.
            if problems
                .iter()
                .all(|problem| problem.code == "probe.not-built")
            {
                assert!(
                    check
                        .text
                        .contains(left_out().expect("all kinds are in this build"))
                );
                continue;
            }
            let text = ready::diagnostic::render(&problems, sources, false);
            _ = writeln!(complaints, "{}:\n{text}", check.id);
            continue;
        }
        for (number, example) in check.examples.iter().enumerate() {
            examples += 1;
            let told = match check.example(&example.with) {
                Ok(made) => wrong(&made, example),
                Err(problems) => vec![ready::diagnostic::render(&problems, sources, false)],
            };
            for complaint in told {
                _ = writeln!(
                    complaints,
                    "{}: example {}: {complaint}",
                    check.id,
                    number + 1
                );
            }
        }
    }
    println!("catalogue: {checks} checks, {examples} examples");
    assert!(complaints.is_empty(), "\n{complaints}");
}

/// A kind that is not in this build.
fn left_out() -> Option<&'static str> {
    let mut optional = OPTIONAL.iter().copied();
    optional.find(|kind| !AnyProbe::KINDS.contains(kind))
}

#[test]
fn kinds_behind_features_are_known_by_name() {
    let manifest = include_str!("../Cargo.toml");
    let manifest: toml::Table = manifest.parse().unwrap();
    let features = manifest["features"]["default"].as_array().unwrap();
    let features = features.iter().filter_map(|one| one.as_str());
    // A part of the kind `ssh`, which is there without it as well.
    let features: Vec<&str> = features.filter(|one| *one != "ssh-auth").collect();
    assert_eq!(features, OPTIONAL);
    if let Some(kind) = left_out() {
        let check = catalogue::all()
            .find(|check| check.id.starts_with(kind))
            .unwrap();
        let problems = check.example(&BTreeMap::new()).unwrap_err();
        let message = format!("`{kind}` is not in this build (feature {kind})");
        assert_eq!(problems[0].message, message);
    }
}

/// What a check of the catalogue must have beyond what its type demands.
fn incomplete(check: &CatalogueCheck) -> Vec<String> {
    let mut missing = Vec::new();
    let mut need = |holds: bool, words: &str| {
        if !holds {
            missing.push(words.to_owned());
        }
    };
    need(
        check.id.split('/').count() == 2,
        "its path is not checks/area/name.yaml",
    );
    need(!check.title.trim().is_empty(), "no title");
    need(
        check.title.chars().count() <= 70,
        "the title is longer than 70 characters",
    );
    need(
        !check.title.ends_with('.'),
        "the title ends with a full stop",
    );
    need(check.why.trim().len() >= 20, "`why` says too little");
    need(check.verify.trim().len() >= 5, "`verify` says too little");
    need(!check.fix.is_empty(), "no fix");
    need(
        check.fix.iter().all(|fix| fix.text.trim().len() >= 5),
        "a fix says too little",
    );
    need(!check.refs.is_empty(), "no refs");
    need(
        check.refs.iter().all(|link| link.starts_with("https://")),
        "a ref is not an https:// address",
    );
    need(!check.tags.is_empty(), "no tags");
    for param in &check.params {
        need(
            param.about.trim().len() >= 5,
            &format!("parameter `{}` is not documented", param.name),
        );
    }
    for phrase in &check.matches.phrases {
        let problem = phrase.problem();
        need(problem.is_none(), &problem.unwrap_or_default());
    }
    for name in check.matches.fill.keys() {
        let known = check.params.iter().any(|param| param.name == *name);
        need(
            known,
            &format!("`matches` fills `{name}`, which is no parameter"),
        );
    }
    let (good, bad) = if check.info {
        (Status::Info, Status::Info)
    } else {
        (Status::Pass, Status::Fail)
    };
    for verdict in [good, bad] {
        let shown = check
            .examples
            .iter()
            .any(|example| example.verdict == verdict);
        need(
            shown,
            &format!("no example with the verdict {}", verdict.word()),
        );
    }
    missing
}

/// What is not as the example says.
fn wrong(check: &Check, example: &Example) -> Vec<String> {
    let asked = check.rule.asked();
    let mut complaints = Vec::new();
    let mut observations: Vec<Observation> = Vec::new();
    for name in example.facts.keys().chain(example.errors.keys()) {
        if !asked.iter().any(|one| one.name == *name) {
            complaints.push(format!("nothing is asked under the name `{name}`"));
        }
    }
    let schemas = facts_schemas();
    for one in asked {
        let outcome = if let Some(facts) = example.facts.get(&one.name) {
            if let Some(schema) = schemas.get(one.probe.kind()) {
                complaints.extend(misfits(&one.name, facts, schema.as_value()));
            }
            Outcome::Answer {
                facts: facts.clone(),
                gaps: BTreeMap::new(),
            }
        } else if let Some(reason) = example.errors.get(&one.name) {
            Outcome::Error(ProbeError::new(
                *reason,
                format!("{} (an example)", reason.about()),
            ))
        } else {
            complaints.push(format!("says nothing about `{}`", one.name));
            continue;
        };
        if let Some(other) = observations.iter().find(|other| other.probe == one.probe) {
            if other.outcome != outcome {
                complaints.push(format!(
                    "`{}` asks the same as another, but has another answer",
                    one.name
                ));
            }
            continue;
        }
        observations.push(Observation {
            probe: one.probe.clone(),
            outcome,
            at: "2026-11-21T12:00:00Z".parse().unwrap(),
            ms: 1.0,
            attempts: 1,
            earlier: Vec::new(),
        });
    }
    if complaints.is_empty() {
        complaints.extend(misjudged(check, example, observations));
    }
    complaints
}

fn misjudged(check: &Check, example: &Example, observations: Vec<Observation>) -> Option<String> {
    let evidence = Evidence {
        schema: "ready.evidence/v1".to_owned(),
        profile: ProfileRef::default(),
        target: None,
        started: "2026-11-21T12:00:00Z".parse().unwrap(),
        wall_ms: 1.0,
        critical_path_ms: 1.0,
        requests: 1,
        connections: 1,
        deadline_hit: false,
        interrupted: false,
        observations,
    };
    let verdict = judge(check, &Answers::new(&evidence), &Ledger::default());
    let reason_fits = example
        .reason
        .is_none_or(|reason| verdict.reason == Some(reason));
    (verdict.status != example.verdict || !reason_fits).then(|| {
        format!(
            "should be {} {}, is {} {}: {}",
            example.verdict.word(),
            example
                .reason
                .map(ready::reason::Reason::code)
                .unwrap_or_default(),
            verdict.status.word(),
            verdict
                .reason
                .map(ready::reason::Reason::code)
                .unwrap_or_default(),
            verdict.explanation
        )
    })
}
