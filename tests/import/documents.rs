//! What is found in the documents of five teams.

use std::collections::BTreeMap;
use std::path::Path;

use ready::check::{Check, Effort, Impact, Rule};
use ready::import::{Counts, Document};
use ready::profile::Profile;

use super::loaded;

pub const NAMES: [&str; 5] = ["valet", "fastapi", "zebu", "visualkit", "batchsender"];

/// The text of a document under `tests/checklists`.
pub fn text(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/checklists");
    std::fs::read_to_string(folder.join(format!("{name}.md"))).unwrap()
}

pub fn profile(name: &str) -> Profile {
    let document = Document::read(&text(name));
    loaded(&document.import(&format!("{name}.md"), None, &[]).yaml)
}

fn find<'a>(profile: &'a Profile, title: &str) -> &'a Check {
    let found = profile
        .checks
        .iter()
        .find(|check| check.title.starts_with(title));
    found.unwrap_or_else(|| panic!("no check {title:?}"))
}

#[test]
fn every_box_and_row_is_found() {
    for (name, boxes, rows, sign_offs) in [
        ("valet", 100, 0, 10),
        ("fastapi", 22, 20, 0),
        ("zebu", 226, 0, 0),
        ("visualkit", 63, 11, 0),
        ("batchsender", 11, 27, 0),
    ] {
        let counts = Document::read(&text(name)).checklist.counts;
        let expected = Counts {
            boxes,
            rows,
            sign_offs,
            others: counts.others,
        };
        assert_eq!(counts, expected, "{name}");
    }
}

#[test]
fn every_leaf_is_a_check_and_every_group_a_section() {
    // Boxes without those that have boxes below, rows, and what asks without a box; a group that
    // says something of its own is a check as well.
    for (name, leaves) in [
        ("valet", 96 + 1),
        ("zebu", 196),
        ("fastapi", 21 + 20 + 11),
        ("visualkit", 63 + 11 + 26),
    ] {
        assert_eq!(profile(name).checks.len(), leaves, "{name}");
    }
}

#[test]
fn damaged_text_is_mended() {
    for (name, damage) in [
        ("zebu", Some("Windows-1252")),
        ("batchsender", Some("Mac Roman")),
        ("valet", None),
    ] {
        let found = Document::read(&text(name))
            .damage()
            .map(|damage| damage.name);
        assert_eq!(found, damage, "{name}");
    }
    let forwarding = "Port forwarding configured correctly (80, 443 → reverse proxy)";
    assert_eq!(find(&profile("zebu"), "Port forwarding").title, forwarding);
}

#[test]
fn stages_have_the_minimums_that_the_document_states() {
    let profile = profile("zebu");
    let stages: Vec<_> = profile
        .sections
        .iter()
        .filter_map(|section| {
            Some((
                section.path.as_str(),
                section.minimum?,
                section.when_due.as_deref()?,
            ))
        })
        .collect();
    assert_eq!(
        stages,
        [
            ("pre-deployment", 90.0, "before going live"),
            ("deployment-verification", 100.0, "before declaring success"),
            ("post-deployment", 80.0, "within first week of production"),
        ]
    );
}

#[test]
fn musts_are_blockers() {
    let profile = profile("zebu");
    let blockers = profile.checks.iter().filter(|check| check.blocker);
    let titles: Vec<&str> = blockers.map(|check| check.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "UFW or iptables configured on VM",
            "Strong SECRET_KEY generated (32+ characters)",
            "Valid SSL certificate obtained (Let's Encrypt)",
            "Automated backup strategy implemented",
            "OS security updates scheduled (automated or weekly manual)",
        ]
    );
}

#[test]
fn sections_are_signed_by_the_roles_of_the_table() {
    fn signed(sections: &[ready::profile::Section], found: &mut BTreeMap<String, String>) {
        for section in sections {
            if let Some(sign_off) = &section.sign_off {
                found.insert(sign_off.role.clone(), section.path.clone());
            }
            signed(&section.sections, found);
        }
    }
    let mut found = BTreeMap::new();
    signed(&profile("valet").sections, &mut found);
    assert_eq!(found.len(), 10, "{found:?}");
    assert_eq!(found["API"], "application.api-server");
    assert_eq!(found["CI/CD"], "ci-cd-pipeline");
}

#[test]
fn what_is_done_is_claimed() {
    for (name, claims) in [("valet", 0), ("zebu", 0), ("visualkit", 42 + 11)] {
        let claimed = profile(name)
            .checks
            .iter()
            .filter(|check| check.claimed)
            .count();
        assert_eq!(claimed, claims, "{name}");
    }
    // 11 boxes, one of which is a group of three, and all rows but the one that nobody knows.
    assert_eq!(
        profile("fastapi")
            .checks
            .iter()
            .filter(|check| check.claimed)
            .count(),
        10 + 3 + 19
    );
}

#[test]
fn tasks_keep_their_impact_effort_and_reason() {
    let profile = profile("batchsender");
    let task = find(&profile, "Implement Cold Storage Archive");
    assert_eq!(
        (task.impact, task.effort),
        (Impact::Critical, Effort::Medium)
    );
    assert!(
        task.why
            .as_ref()
            .unwrap()
            .starts_with("Current TTL DELETES data")
    );
    assert!(find(&profile, "Webhook Signature Strict Validation").claimed);
    assert!(!find(&profile, "Enable TLS for NATS").claimed);
    // The same task in the matrix, the plan and the list of boxes is one check.
    let same = profile
        .checks
        .iter()
        .filter(|check| check.title.contains("Runbook"));
    assert_eq!(same.count(), 1);
}

#[test]
fn numbers_to_reach_are_asked_for() {
    let profile = profile("batchsender");
    let Rule::Attest(attest) = &find(&profile, "Uptime SLA").rule else {
        panic!("the uptime is measured by people");
    };
    assert!(attest.ask.contains("the aim is 99.9%"), "{}", attest.ask);
}

#[test]
fn statements_expire_as_often_as_the_document_says() {
    let age = |name: &str, title: &str| match &find(&profile(name), title).rule {
        Rule::Attest(attest) => attest.max_age.map(ready::units::Period::days),
        _ => panic!("{title} is measured"),
    };
    assert_eq!(age("zebu", "Full disaster recovery test"), Some(92));
    assert_eq!(age("valet", "Backup tested"), Some(30));
    assert_eq!(age("valet", "Terms of Service"), None);
}

#[test]
fn incidents_are_no_part_of_the_score() {
    let profile = profile("zebu");
    let incident = profile.checks.iter().filter(|check| check.info);
    assert_eq!(incident.count(), 18);
}
