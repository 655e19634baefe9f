//! Goes through the saved runs of a profile, the newest first.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Instant;

use super::said::{Said, said};
use super::{Facts, SavedRun};
use crate::probe::local::{self, beyond};
use crate::probe::{Answer, Context, ProbeError};
use crate::reason::Reason;
use crate::store::{LARGEST, newest_first};
use crate::text::count;

/// Runs of one profile that are looked at.
const MOST_RUNS: usize = 1000;
/// Names in one folder.
const MOST_NAMES: usize = 100_000;
/// Files that are told by name when they are of no use.
const MOST_TOLD: usize = 3;

pub(super) fn look(
    probe: &SavedRun,
    context: &Context,
    deadline: Instant,
) -> Result<Answer<Facts>, ProbeError> {
    let shown = context.store.join(&probe.profile);
    let folder = context.cwd.join(&shown);
    let names = names(&folder, &shown, probe)?;
    let mut looked = Looked::default();
    for (number, name) in names.iter().enumerate() {
        if Instant::now() >= deadline {
            let words = "there is no time to look at all saved runs";
            looked.doubt(&ProbeError::new(Reason::ProbeTimeLimit, words));
            break;
        }
        if number == MOST_RUNS {
            let words = format!("only the newest {MOST_RUNS} saved runs are looked at");
            looked.doubt(&beyond(words));
            break;
        }
        let said = match open(&folder.join(name)) {
            Ok(file) => said(file, probe, context.target.as_deref(), context.now),
            Err(why) => Said::Unusable(why),
        };
        looked.add(name, said);
        if looked.facts.last_pass.is_some() {
            break;
        }
    }
    looked.answer(probe, &shown)
}

/// The files of saved runs, the newest first.
fn names(folder: &Path, shown: &Path, probe: &SavedRun) -> Result<Vec<String>, ProbeError> {
    let unreadable = |error| local::unreadable(&shown.to_string_lossy(), &error);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if local::is_nothing(&error) => return Err(none_saved(probe, shown)),
        Err(error) => return Err(unreadable(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(unreadable)?;
        if names.len() == MOST_NAMES {
            let words = format!("{} has more than {MOST_NAMES} files", shown.display());
            return Err(beyond(words));
        }
        names.extend(entry.file_name().into_string());
    }
    let runs = newest_first(names.into_iter());
    if runs.is_empty() {
        return Err(none_saved(probe, shown));
    }
    Ok(runs)
}

fn none_saved(probe: &SavedRun, shown: &Path) -> ProbeError {
    let profile = &probe.profile;
    let cause = format!("no run of {profile} is saved in {}", shown.display());
    let detail = format!("`ready audit --profile {profile} --save` saves one");
    ProbeError::new(Reason::RunUnsaved, cause).with_detail(detail)
}

fn open(path: &Path) -> Result<io::Take<fs::File>, String> {
    let unreadable = |error: io::Error| format!("cannot be read: {error}");
    let file = local::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.len() > LARGEST {
        return Err(format!("is larger than {} MiB", LARGEST >> 20));
    }
    // Should it grow meanwhile, it is cut off, and no report.
    Ok(file.take(LARGEST))
}

/// What came to light so far.
#[derive(Default)]
struct Looked {
    facts: Facts,
    gaps: BTreeMap<String, ProbeError>,
    /// Why runs say nothing about the check, and how many do so.
    silent: BTreeMap<String, usize>,
    unusable: Vec<String>,
}

impl Looked {
    fn add(&mut self, name: &str, said: Said) {
        match said {
            Said::Status(run) => {
                if run.status == "pass" {
                    self.facts.last_pass = Some(run.clone());
                }
                // It stays failed, also where later runs could not find out.
                if run.status == "fail" {
                    self.facts.last_fail.get_or_insert_with(|| run.clone());
                }
                if !self.gaps.contains_key("last_run") {
                    self.facts.last_run.get_or_insert(run);
                }
            }
            Said::Nothing(why) => *self.silent.entry(why).or_default() += 1,
            Said::Unusable(why) => {
                if self.unusable.len() < MOST_TOLD {
                    self.unusable.push(format!("{name} {why}"));
                }
                let words = "a file among the saved runs cannot be used";
                let error = ProbeError::new(Reason::FileUnreadable, words);
                self.doubt(&error.with_detail(self.unusable.join("; ")));
            }
        }
    }

    /// What was not seen may be newer than all that is known, or a pass.
    fn doubt(&mut self, error: &ProbeError) {
        if self.facts.last_run.is_none() {
            self.gaps.insert("last_run".to_owned(), error.clone());
        }
        if self.facts.last_fail.is_none() {
            self.gaps.insert("last_fail".to_owned(), error.clone());
        }
        self.gaps.insert("last_pass".to_owned(), error.clone());
    }

    fn answer(mut self, probe: &SavedRun, shown: &Path) -> Result<Answer<Facts>, ProbeError> {
        if self.facts.last_pass.is_some() {
            self.gaps.remove("last_pass");
        }
        if self.facts.last_fail.is_some() {
            self.gaps.remove("last_fail");
        }
        if self.facts == Facts::default() && self.gaps.is_empty() {
            return Err(self.silence(probe, shown));
        }
        Ok(Answer {
            facts: self.facts,
            gaps: self.gaps,
        })
    }

    fn silence(&self, probe: &SavedRun, shown: &Path) -> ProbeError {
        let cause = format!("no run in {} tells of {}", shown.display(), probe.check);
        let why = self.silent.iter();
        let why = why.map(|(why, times)| format!("{}: {why}", count(*times, "run")));
        ProbeError::new(Reason::RunUnsaved, cause).with_detail(why.collect::<Vec<_>>().join("; "))
    }
}
