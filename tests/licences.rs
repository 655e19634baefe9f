//! Every crate in the build is under a licence that `deny.toml` allows.
//!
//! Advisories need their database from the network: `cargo deny check` does that in CI.

use std::process::Command;

use spdx::{Expression, LicenseItem, ParseMode};

fn allowed() -> Vec<&'static str> {
    let policy = include_str!("../deny.toml");
    let (_, list) = policy.split_once("allow = [").unwrap();
    let (list, _) = list.split_once(']').unwrap();
    let names = list
        .lines()
        .map(|line| line.trim().trim_end_matches(',').trim_matches('"'));
    names.filter(|name| !name.is_empty()).collect()
}

#[test]
fn every_licence_is_allowed() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100, "only {} packages", packages.len());
    let allowed = allowed();
    for package in packages {
        let name = &package["name"];
        let licence = package["license"].as_str().unwrap_or("NONE");
        let expression = Expression::parse_mode(licence, ParseMode::LAX)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let fits = expression.evaluate(|requirement| {
            let base = match &requirement.license {
                LicenseItem::Spdx { id, .. } => id.name.to_owned(),
                other @ LicenseItem::Other { .. } => other.to_string(),
            };
            match &requirement.addition {
                None => allowed.contains(&base.as_str()),
                Some(addition) => allowed.contains(&format!("{base} WITH {addition}").as_str()),
            }
        });
        assert!(
            fits,
            "{name} is under `{licence}`, which deny.toml does not allow"
        );
    }
}
