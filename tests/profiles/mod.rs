//! Profiles read from files: good ones, broken ones, and what a hostile one may not do.

mod broken;
mod checklists;
mod dead_world;
mod figures;
mod hostile;

mod saved_runs;
mod schema;
mod score_by_hand;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use ready::check::Rule;
use ready::host::Host;
use ready::profile::{Loaded, Problems, load};

use crate::support::generated::assert_checked_in;

/// A host whose working directory is `tests/profiles/FOLDER`.
fn host(folder: &str) -> Host {
    Host {
        env: BTreeMap::new(),
        cwd: Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/profiles")
            .join(folder),
        now: "2026-11-21T12:00:00Z".parse().unwrap(),
        stdin_is_terminal: false,
        stdout_is_terminal: false,
        stderr_is_terminal: false,
        columns: None,
    }
}

fn read(folder: &str, reference: &str, set: &[(&str, &str)]) -> Result<Loaded, Problems> {
    let set = set
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    load(reference, &set, &host(folder))
}

/// The checks in a few words each.
fn outline(loaded: &Loaded) -> String {
    let mut text = String::new();
    for check in &loaded.profile.checks {
        _ = write!(
            text,
            "{} [{}] {:?} {}",
            check.id, check.section, check.impact, check.title
        );
        for asked in check.rule.asked() {
            _ = write!(text, " | {}: {}", asked.name, asked.probe.reproduce());
        }
        if let Rule::Any(parts) = &check.rule {
            let titles: Vec<&str> = parts.iter().map(|part| part.title.as_str()).collect();
            _ = write!(text, " | any of {titles:?}");
        }
        if let Some(why) = &check.not_applicable {
            _ = write!(text, " | na: {why}");
        }
        text.push('\n');
    }
    text
}

#[test]
fn the_whole_language_is_understood() {
    let loaded =
        read("good", "zebu.yaml", &[("domain", "zebu.example")]).unwrap_or_else(|p| panic!("{p}"));
    assert_eq!(loaded.warnings, []);
    assert_checked_in("tests/profiles/good/zebu.txt", &outline(&loaded));
    let profile = &loaded.profile;
    assert_eq!(profile.minimum, Some(90.0));
    let section = &profile.sections[0];
    assert_eq!(
        (section.path.as_str(), section.minimum),
        ("pre", Some(90.0))
    );
    let https = &section.sections[0];
    assert_eq!(https.path, "pre.https");
    assert_eq!(https.sign_off.as_ref().unwrap().role, "Infrastructure");
    let port = &profile.checks[0];
    assert!(port.blocker);
    let Rule::Expect(expect) = &port.rule else {
        panic!("{port:?}")
    };
    let because = expect.expectations[1].because.as_deref();
    assert_eq!(because, Some("nobody reaches zebu.example"));
    assert_eq!(port.fix[1].with.as_deref(), Some("nginx"));
}

#[test]
fn a_profile_extends_another() {
    let loaded = read("good", "over.yaml", &[]).unwrap_or_else(|p| panic!("{p}"));
    assert_checked_in("tests/profiles/good/over.txt", &outline(&loaded));
    assert_eq!(loaded.profile.identity.id, "zebu-small");
    assert_eq!(loaded.profile.title, "Zebu production readiness");
    assert_eq!(loaded.profile.sections[0].minimum, Some(70.0));
}

#[test]
fn the_hash_changes_with_anything_it_is_made_of() {
    let hash = |set: &[(&str, &str)]| {
        let loaded = read("good", "zebu.yaml", set).unwrap();
        loaded.profile.identity.sha256
    };
    let first = hash(&[("domain", "a.example")]);
    assert_eq!(first.len(), 64);
    assert_eq!(first, hash(&[("domain", "a.example")]));
    assert_ne!(first, hash(&[("domain", "b.example")]));
}
