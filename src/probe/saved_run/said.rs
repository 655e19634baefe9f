//! What one saved run says about a check. Of the report only what is needed is read.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;

use super::{Run, SavedRun};
use crate::evidence::Target;

/// Format of the reports that are understood.
const SCHEMA: &str = "ready.report/v1";

/// No status has a longer name.
const LONGEST_STATUS: usize = 20;

/// What a saved run says.
pub(super) enum Said {
    /// What became of the check.
    Status(Run),
    /// Nothing about it, and why.
    Nothing(String),
    /// Nobody knows: the file is not what it should be.
    Unusable(String),
}

#[derive(Deserialize)]
struct Saved<'a> {
    schema: String,
    #[serde(borrow)]
    checks: Vec<Check<'a>>,
    run: RunPart,
}

#[derive(Deserialize)]
struct Check<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow, default)]
    real: Option<Cow<'a, str>>,
    #[serde(default)]
    from_saved_runs: bool,
}

#[derive(Deserialize)]
struct RunPart {
    profile: Profile,
    started: Timestamp,
    interrupted: bool,
    #[serde(default)]
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Profile {
    id: String,
}

/// Reads a report and looks for the check in it.
pub(super) fn said(bytes: &[u8], probe: &SavedRun, target: &Target, now: Timestamp) -> Said {
    let saved: Saved<'_> = match serde_json::from_slice(bytes) {
        Ok(saved) => saved,
        Err(error) => return Said::Unusable(format!("is no report: {error}")),
    };
    let Saved {
        schema,
        checks,
        run,
    } = saved;
    if schema != SCHEMA {
        return Said::Unusable(format!("is no {SCHEMA}"));
    }
    if run.profile.id != probe.profile {
        return Said::Unusable("is of another profile".to_owned());
    }
    if run.started > now {
        return Said::Unusable(format!("starts in the future, at {}", run.started));
    }
    let mut found = checks.into_iter().filter(|check| check.id == probe.check);
    let Some(check) = found.next() else {
        return Said::Nothing("the check is not in it".to_owned());
    };
    // What a waiver hides is what it really was.
    let status = check.real.unwrap_or(check.status);
    if found.next().is_some() || status.len() > LONGEST_STATUS {
        return Said::Unusable("is no report: the check is odd".to_owned());
    }
    if run.interrupted {
        return Said::Nothing("it was interrupted".to_owned());
    }
    if check.from_saved_runs {
        return Said::Nothing("the check looked at saved runs itself".to_owned());
    }
    if let Some(what) = difference(run.target.as_ref(), target) {
        return Said::Nothing(format!("it is a run of another target: {what}"));
    }
    Said::Status(Run {
        started: run.started,
        age_seconds: now.duration_since(run.started).as_secs(),
        status: status.into_owned(),
    })
}

/// What tells the target of a saved run from ours; `None` if they are the same.
fn difference(saved: Option<&Target>, ours: &Target) -> Option<String> {
    let Some(saved) = saved else {
        return Some("it does not say which".to_owned());
    };
    if saved.overrides != ours.overrides {
        return Some("--resolve, --dns or --ca differ".to_owned());
    }
    let shared = || {
        let names = ours.vars.keys();
        names.filter(|name| saved.vars.contains_key(*name))
    };
    if shared().next().is_none() && !saved.vars.is_empty() {
        return Some("they have no variable in common".to_owned());
    }
    let differs = |name: &&String| saved.vars.get(*name) != ours.vars.get(*name);
    let name = shared().find(differs)?;
    Some(format!("`{name}` differs"))
}

#[cfg(test)]
mod tests {
    use super::{Target, difference};

    fn target(vars: &[(&str, &str)], overrides: &[&str]) -> Target {
        let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Target {
            vars: vars.iter().map(text).collect(),
            overrides: overrides.iter().map(|&one| one.to_owned()).collect(),
        }
    }

    #[test]
    fn targets_are_the_same_if_nothing_that_both_know_differs() {
        let ours = target(&[("domain", "a.example"), ("vm", "10.0.0.5")], &[]);
        for (saved, differs) in [
            (target(&[("domain", "a.example")], &[]), None),
            (
                target(&[("domain", "a.example"), ("scale", "small")], &[]),
                None,
            ),
            // A profile without variables asks the same whoever runs it.
            (target(&[], &[]), None),
            (
                target(&[("domain", "a.example"), ("vm", "10.0.0.6")], &[]),
                Some("`vm` differs"),
            ),
            (
                target(&[("url", "https://a.example")], &[]),
                Some("they have no variable in common"),
            ),
            (
                target(&[("domain", "a.example")], &["--dns 127.0.0.1:53"]),
                Some("--resolve, --dns or --ca differ"),
            ),
        ] {
            assert_eq!(difference(Some(&saved), &ours).as_deref(), differs);
        }
        assert!(difference(None, &ours).is_some());
    }
}
