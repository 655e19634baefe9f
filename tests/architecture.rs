//! The structure holds: who may name what, and how big things may grow.

use std::fs;
use std::path::{Path, PathBuf};

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && path.file_name().is_some_and(|name| name != "tests.rs")
            {
                let name = path
                    .strip_prefix(&root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(found.len() > 40, "only {} files were found", found.len());
    found.sort();
    found
}

/// Everything before the unit tests.
fn production(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap()
}

fn files_naming<'a>(sources: &'a [(String, String)], words: &[&str]) -> Vec<&'a str> {
    sources
        .iter()
        .filter(|(_, text)| {
            production(text)
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .any(|line| words.iter().any(|word| line.contains(word)))
        })
        .map(|(name, _)| name.as_str())
        .collect()
}

fn assert_only_in(sources: &[(String, String)], words: &[&str], allowed: &[&str]) {
    for name in files_naming(sources, words) {
        assert!(
            allowed.iter().any(|prefix| name.starts_with(prefix)),
            "src/{name} names {words:?}, which belongs to {allowed:?} alone"
        );
    }
}

#[test]
fn each_wrapped_crate_is_named_in_one_room() {
    let sources = sources();
    assert_only_in(
        &sources,
        &["serde_yaml::", "use serde_yaml"],
        // Files of the target are read without the places that profiles need: as plain data, and
        // Compose's with their tags.
        &[
            "profile/yaml.rs",
            "probe/file/document.rs",
            "probe/compose/node.rs",
        ],
    );
    assert_only_in(&sources, &["cel::", "use cel"], &["check/expect/"]);
    assert_only_in(&sources, &["annotate_snippets"], &["diagnostic"]);
    assert_only_in(
        &sources,
        &["clap::", "clap_"],
        &["cli.rs", "cli/", "commands/", "main.rs"],
    );
}

#[test]
fn only_probes_and_the_gatherer_are_asynchronous() {
    let sources = sources();
    assert_only_in(
        &sources,
        &["tokio::", "async fn", "async move"],
        &["probe/", "gather.rs", "demo/", "commands/"],
    );
}

#[test]
fn data_runs_one_way() {
    let sources = sources();
    let later = |room: &'static str, not: &'static [&'static str]| {
        for (name, text) in &sources {
            if name.starts_with(room) {
                // The catalogue's examples name the verdict that they must give.
                let text = production(text).replace("crate::judge::Status", "");
                for word in not {
                    assert!(!text.contains(word), "src/{name} reaches forward to {word}");
                }
            }
        }
    };
    later(
        "probe/",
        &[
            "crate::gather",
            "crate::judge",
            "crate::score",
            "crate::report",
            "crate::profile",
        ],
    );
    later(
        "check/",
        &[
            "crate::gather",
            "crate::judge",
            "crate::score",
            "crate::report",
            "crate::profile",
        ],
    );
    later(
        "profile/",
        &[
            "crate::gather",
            "crate::judge",
            "crate::score",
            "crate::report",
        ],
    );
    later(
        "evidence/",
        &["crate::judge", "crate::score", "crate::report"],
    );
    later("judge", &["crate::score", "crate::report", "crate::gather"]);
    later("score", &["crate::report", "crate::gather"]);
    later(
        "report/",
        &["crate::gather", "crate::commands", "crate::cli"],
    );
}

#[test]
fn no_file_outgrows_a_reader() {
    for (name, text) in sources() {
        let lines = production(&text).lines().count();
        assert!(
            lines <= 500,
            "src/{name} has {lines} lines before its tests"
        );
    }
}
