//! From evidence to reports, and reports to their files.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::{Ui, print};
use crate::cli::OutputArgs;
use crate::evidence::Evidence;
use crate::exit::Exit;
use crate::judge::{Answers, judge};
use crate::profile::Profile;
use crate::report::{self, FORMATS, Format, Report, Style};
use crate::score::{Judged, score};

/// Judges, scores and reports.
pub(super) fn conclude(profile: &Profile, evidence: &Evidence) -> Report {
    let answers = Answers::new(evidence);
    let judged: Vec<Judged<'_>> = profile
        .checks
        .iter()
        .map(|check| Judged {
            check,
            verdict: judge(check, &answers),
        })
        .collect();
    let score = score(profile, &judged);
    Report::build(profile, evidence, &judged, score)
}

/// `--min-score` takes the place of the profile's own minimum.
pub(super) fn apply_minimum(profile: &mut Profile, minimum: Option<f64>) {
    if minimum.is_some() {
        profile.minimum = minimum;
    }
}

/// The format for people, unless another goes to standard output.
const TERMINAL: &str = "terminal";

/// Where each report goes; known to be sensible before anything is asked.
pub(super) struct Destinations {
    reports: Vec<(&'static dyn Format, Option<PathBuf>)>,
    verbose: bool,
}

impl Destinations {
    pub(super) fn of(args: &OutputArgs, ui: &Ui<'_>) -> anyhow::Result<Self> {
        let mut reports = Vec::new();
        for to in &args.report {
            let format = find(&to.format)?;
            reports.push((format, to.file.as_ref().map(|file| ui.host.cwd.join(file))));
        }
        let on_stdout = reports.iter().filter(|(_, file)| file.is_none()).count();
        if on_stdout > 1 {
            bail!("only one report can go to standard output: write the others as FORMAT=FILE");
        }
        if on_stdout == 0 {
            reports.push((find(TERMINAL)?, None));
        }
        Ok(Self {
            reports,
            verbose: args.verbose,
        })
    }

    /// Whether what goes to standard output is read by people, and more may follow it.
    pub(super) fn stdout_is_for_people(&self) -> bool {
        self.reports
            .iter()
            .any(|(format, file)| file.is_none() && format.name() == TERMINAL)
    }

    /// Writes every report and says how the run ended.
    pub(super) fn write(&self, report: &Report, ui: &Ui<'_>) -> anyhow::Result<Exit> {
        for (format, file) in &self.reports {
            let style = Style {
                color: file.is_none() && ui.color_stdout(),
                width: ui.width(),
                verbose: self.verbose,
            };
            let bytes = format
                .render(report, &style)
                .with_context(|| format!("cannot make the {} report", format.name()))?;
            match file {
                Some(file) => write_file(file, &bytes)?,
                None => print(&bytes)?,
            }
        }
        Ok(report.exit())
    }
}

fn find(name: &str) -> anyhow::Result<&'static dyn Format> {
    report::format(name).with_context(|| {
        let names: Vec<&str> = FORMATS.iter().map(|format| format.name()).collect();
        format!(
            "there is no report format `{name}`; there are {}",
            names.join(", ")
        )
    })
}

/// Writes a whole file or leaves the old one as it was.
pub(super) fn write_file(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let told = || format!("cannot write {}", file.display());
    // A pipe or a device cannot be replaced, only written to.
    if file.exists() && !file.is_file() {
        return std::fs::write(file, bytes).with_context(told);
    }
    let mut name = file.file_name().with_context(told)?.to_owned();
    name.push(".partial");
    let partial = file.with_file_name(name);
    std::fs::write(&partial, bytes)
        .and_then(|()| std::fs::rename(&partial, file))
        .with_context(told)
}
