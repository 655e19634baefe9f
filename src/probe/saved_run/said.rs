//! What one saved run says about a check. Of the report only what is needed is read.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufReader, Read};

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::{Run, SavedRun};
use crate::evidence::Target;

/// Format of the reports that are understood.
const SCHEMA: &str = "ready.report/v1";

/// A profile has no more variables.
const MOST_VARS: usize = 10_000;

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

/// The parts of a report that matter.
struct Saved {
    schema: String,
    run: RunPart,
    /// The checks with the wanted id: one, unless the file is no report.
    found: Vec<Check>,
}

#[derive(Deserialize)]
struct Check {
    id: String,
    status: String,
    #[serde(default)]
    real: Option<String>,
    #[serde(default)]
    from_saved_runs: bool,
}

#[derive(Deserialize)]
struct RunPart {
    profile: Profile,
    started: Timestamp,
    interrupted: bool,
    #[serde(default)]
    target: Option<SavedTarget>,
}

#[derive(Deserialize)]
struct Profile {
    id: String,
}

/// A [`Target`] that cannot be larger than one of ours.
#[derive(Deserialize)]
struct SavedTarget {
    vars: Vars,
    #[serde(default)]
    overrides: String,
}

/// Reads a report and looks for the check in it.
pub(super) fn said(
    file: impl Read,
    probe: &SavedRun,
    target: Option<&Target>,
    now: Timestamp,
) -> Said {
    let Saved { schema, run, found } = match read(file, &probe.check) {
        Ok(saved) => saved,
        Err(error) => return Said::Unusable(format!("is no report: {error}")),
    };
    if schema != SCHEMA {
        return Said::Unusable(format!("is no {SCHEMA}"));
    }
    if run.profile.id != probe.profile {
        return Said::Unusable("is of another profile".to_owned());
    }
    if run.started > now {
        return Said::Unusable(format!("starts in the future, at {}", run.started));
    }
    let mut found = found.into_iter();
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
        status,
    })
}

/// What tells the target of a saved run from ours; `None` if they are the same.
fn difference(saved: Option<&SavedTarget>, ours: Option<&Target>) -> Option<String> {
    let (Some(saved), Some(ours)) = (saved, ours) else {
        return Some("it is not said which".to_owned());
    };
    if saved.overrides != ours.overrides {
        return Some("--resolve, --dns or --ca differ".to_owned());
    }
    let Vars(vars) = &saved.vars;
    let shared = || {
        let names = ours.vars.keys();
        names.filter(|name| vars.contains_key(*name))
    };
    if shared().next().is_none() && !vars.is_empty() {
        return Some("they have no variable in common".to_owned());
    }
    let differs = |name: &&String| vars.get(*name) != ours.vars.get(*name);
    let name = shared().find(differs)?;
    Some(format!("`{name}` differs"))
}

/// Reads what matters of a report, and keeps nothing else of it in memory.
fn read(file: impl Read, wanted: &str) -> Result<Saved, serde_json::Error> {
    let mut from = serde_json::Deserializer::from_reader(BufReader::new(file));
    let saved = Reading(wanted).deserialize(&mut from)?;
    from.end()?;
    Ok(saved)
}

/// A report of which one check is wanted.
struct Reading<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Reading<'_> {
    type Value = Saved;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Saved, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Reading<'_> {
    type Value = Saved;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a report")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Saved, A::Error> {
        let (mut schema, mut run, mut found) = (None, None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "schema" => schema = Some(map.next_value()?),
                "run" => run = Some(map.next_value()?),
                "checks" => found = Some(map.next_value_seed(Checks(self.0))?),
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(Saved {
            schema: schema.ok_or_else(|| A::Error::missing_field("schema"))?,
            run: run.ok_or_else(|| A::Error::missing_field("run"))?,
            found: found.ok_or_else(|| A::Error::missing_field("checks"))?,
        })
    }
}

/// A list of checks of which those with one id are wanted.
struct Checks<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Checks<'_> {
    type Value = Vec<Check>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Vec<Check>, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Checks<'_> {
    type Value = Vec<Check>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("checks")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Check>, A::Error> {
        let mut found = Vec::new();
        while let Some(check) = list.next_element::<Check>()? {
            // A second one is enough to know that something is wrong.
            if check.id == self.0 && found.len() < 2 {
                found.push(check);
            }
        }
        Ok(found)
    }
}

/// Variables of a profile; more than a profile may have are none.
struct Vars(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Vars {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reading;

        impl<'de> Visitor<'de> for Reading {
            type Value = Vars;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("variables")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vars, A::Error> {
                let mut vars = BTreeMap::new();
                while let Some((name, value)) = map.next_entry()? {
                    if vars.len() == MOST_VARS {
                        return Err(A::Error::custom("too many variables"));
                    }
                    vars.insert(name, value);
                }
                Ok(Vars(vars))
            }
        }

        from.deserialize_map(Reading)
    }
}

#[cfg(test)]
mod tests {
    use super::{SavedTarget, Target, Vars, difference};

    fn vars(of: &[(&str, &str)]) -> std::collections::BTreeMap<String, String> {
        let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        of.iter().map(text).collect()
    }

    fn target(of: &[(&str, &str)], overrides: &str) -> SavedTarget {
        SavedTarget {
            vars: Vars(vars(of)),
            overrides: overrides.to_owned(),
        }
    }

    #[test]
    fn targets_are_the_same_if_nothing_that_both_know_differs() {
        let ours = Target {
            vars: vars(&[("domain", "a.example"), ("vm", "10.0.0.5")]),
            overrides: String::new(),
        };
        for (saved, differs) in [
            (target(&[("domain", "a.example")], ""), None),
            (
                target(&[("domain", "a.example"), ("scale", "small")], ""),
                None,
            ),
            // A profile without variables asks the same whoever runs it.
            (target(&[], ""), None),
            (
                target(&[("domain", "a.example"), ("vm", "10.0.0.6")], ""),
                Some("`vm` differs"),
            ),
            (
                target(&[("url", "https://a.example")], ""),
                Some("they have no variable in common"),
            ),
            (
                target(&[("domain", "a.example")], "--dns 127.0.0.1:53"),
                Some("--resolve, --dns or --ca differ"),
            ),
        ] {
            assert_eq!(difference(Some(&saved), Some(&ours)).as_deref(), differs);
            assert!(difference(Some(&saved), None).is_some());
        }
        assert!(difference(None, Some(&ours)).is_some());
    }
}
