//! Each broken ledger beside what a person is told about it: what, where, what to do.

use std::path::Path;

use ready::host::Host;
use ready::ledger::load;

use crate::support::binary::Bench;
use crate::support::generated::assert_checked_in;

/// The names of all broken ledgers.
fn names() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ledger/broken");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| Some(name.strip_suffix(".yaml")?.to_owned()))
        .collect();
    names.sort();
    names
}

#[test]
fn each_broken_ledger_is_told_in_full() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ledger");
    let host = Host {
        cwd: folder.clone(),
        now: "2026-11-26T12:00:00Z".parse().unwrap(),
        ..Host::of_this_process()
    };
    let profile = ready::profile::load("profile.yaml", &[].into(), &host).unwrap();
    let names = names();
    assert!(names.len() >= 20, "{} broken ledgers", names.len());
    for name in names {
        let file = format!("{name}.yaml");
        let path = folder.join("broken").join(&file);
        let problems = load(&file, &path, None, &profile.profile, host.now).expect_err(&name);
        let text = problems.render(false);
        assert_checked_in(&format!("tests/ledger/broken/{name}.txt"), &text);
    }
}

#[test]
fn each_broken_ledger_ends_with_2_and_a_place() {
    let profile = include_str!("profile.yaml");
    for name in names() {
        let file = format!("{name}.yaml");
        let path = format!("{}/tests/ledger/broken/{file}", env!("CARGO_MANIFEST_DIR"));
        let bench = Bench::new()
            .file("p.yaml", profile)
            .file("p.ledger.yaml", std::fs::read(path).unwrap());
        for command in ["validate", "audit"] {
            let ran = bench.ready(&[command, "--profile", "p.yaml"]);
            assert_eq!(
                ran.code,
                Some(2),
                "{command} {name}: {}{}",
                ran.out,
                ran.err
            );
            let places = ran.err.lines().filter_map(|line| line.split("--> ").nth(1));
            let mut places = places.peekable();
            assert!(places.peek().is_some(), "{command} {name}: {}", ran.err);
            for place in places {
                let mut parts = place.rsplitn(3, ':');
                let [column, line] = [parts.next(), parts.next()].map(Option::unwrap);
                assert!(column.parse::<u32>().is_ok() && line.parse::<u32>().is_ok());
                assert_eq!(parts.next(), Some("p.ledger.yaml"), "{command} {name}");
            }
        }
    }
}
