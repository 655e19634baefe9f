//! Markdown checklists into profiles, and the answers back into them.

mod agreement;
mod command;
mod documents;
mod markdown;
mod write_back;

use std::collections::BTreeMap;

use ready::host::Host;
use ready::profile::{Loaded, Profile, load};

/// A profile's text, which must be valid.
fn loaded(yaml: &str) -> Profile {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("imported.yaml"), yaml).unwrap();
    let host = Host {
        env: BTreeMap::new(),
        cwd: folder.path().to_owned(),
        now: "2026-11-21T12:00:00Z".parse().unwrap(),
        stdin_is_terminal: false,
        stdout_is_terminal: false,
        stderr_is_terminal: false,
        columns: None,
    };
    let Loaded { profile, .. } = load("imported.yaml", &BTreeMap::new(), &host)
        .unwrap_or_else(|problems| panic!("{problems}\n{yaml}"));
    profile
}
