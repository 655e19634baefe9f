//! Checks that ask about checks in saved runs: whether there are such.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use crate::check::Check;
use crate::diagnostic::{Diagnostic, Span};
use crate::probe::AnyProbe;
use crate::probe::saved_run::SavedRun;
use crate::profile::catalogue;
use crate::profile::load::Loader;
use crate::profile::tree::Node;

/// Tells which checks ask about one that the profile they name does not have. Only this profile
/// and the built-in ones are known; of those, somebody may have a version of their own.
pub(super) fn unknown(
    own: &str,
    checks: &[Check],
    seen: &HashMap<String, Span>,
) -> Vec<Diagnostic> {
    let mut known: BTreeMap<&str, Option<BTreeSet<String>>> = BTreeMap::new();
    let mut problems = Vec::new();
    for check in checks {
        for asked in check.rule.asked() {
            let AnyProbe::SavedRun(SavedRun { check: id, profile }) = &asked.probe else {
                continue;
            };
            let ids = known.entry(profile).or_insert_with(|| {
                if profile == own {
                    Some(checks.iter().map(|one| one.id.0.clone()).collect())
                } else {
                    built_in(profile)
                }
            });
            let Some(ids) = ids.as_ref().filter(|ids| !has(ids, id)) else {
                continue;
            };
            let message = format!("the profile `{profile}` has no check `{id}`");
            let problem = if profile == own {
                Diagnostic::error("run.unknown-check", message)
            } else {
                Diagnostic::warning("run.unknown-check", message)
            };
            let problem = match seen.get(&check.id.0) {
                Some(span) => problem.at(span),
                None => problem,
            };
            let ids = ids.iter().map(String::as_str);
            problems.push(problem.suggest(id, ids, "its checks").without_patch());
        }
    }
    problems
}

/// Of a check that stands for several only what they have in common is known.
fn has(ids: &BTreeSet<String>, id: &str) -> bool {
    ids.contains(id) || id.split_once('[').is_some_and(|(one, _)| ids.contains(one))
}

/// The ids of a built-in profile's checks; `None` if there is no such profile, or if ids in it
/// depend on variables.
fn built_in(profile: &str) -> Option<BTreeSet<String>> {
    if !catalogue::profiles().iter().any(|(id, _)| *id == profile) {
        return None;
    }
    let node = Loader::default().load(profile, Path::new(""))?;
    let mut ids = BTreeSet::new();
    collect(&node, &mut ids);
    let varies = ids.iter().any(|id| id.contains("${"));
    (!varies).then_some(ids)
}

fn collect(node: &Node, ids: &mut BTreeSet<String>) {
    let below = |key| node.get(key).map(Node::items).unwrap_or_default();
    for check in below("checks") {
        let id = check.get("id").or_else(|| check.get("use"));
        ids.extend(id.and_then(Node::as_text).map(str::to_owned));
    }
    for section in below("sections") {
        collect(section, ids);
    }
}
