//! From evidence to reports, and reports to their files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::{Ui, print};
use crate::cli::OutputArgs;
use crate::evidence::Evidence;
use crate::exit::Exit;
use crate::judge::{Answers, judge, notices};
use crate::ledger::{self, Ledger};
use crate::profile::Profile;
use crate::report::{self, FORMATS, Format, Report, Style};
use crate::score::{Judged, score, uncovered, void};

/// Judges, scores and reports.
pub(super) fn conclude(profile: &Profile, evidence: &Evidence, ledger: &Ledger) -> Report {
    let answers = Answers::new(evidence);
    let judged: Vec<Judged<'_>> = profile
        .checks
        .iter()
        .map(|check| Judged {
            check,
            verdict: judge(check, &answers, ledger),
        })
        .collect();
    let score = score(profile, &judged, ledger);
    let verdicts: Vec<_> = judged.iter().map(|one| (one.check, &one.verdict)).collect();
    let mut notices = notices(&verdicts, ledger, ledger::today(evidence.started));
    notices.extend(void(&score.sections));
    notices.extend(uncovered(profile));
    Report {
        notices,
        ..Report::build(profile, evidence, &judged, score)
    }
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
        let mut files = BTreeSet::new();
        for file in reports.iter().filter_map(|(_, file)| file.as_deref()) {
            check_place(file)?;
            if !files.insert(file.to_path_buf()) {
                bail!("two reports cannot go to one file: {}", file.display());
            }
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

    /// Writes every report and says how the run ended. One that cannot be written is told
    /// when all the others are.
    pub(super) fn write(&self, report: &Report, ui: &Ui<'_>) -> anyhow::Result<Exit> {
        let failures: Vec<String> = self
            .reports
            .iter()
            .filter_map(|(format, file)| {
                let written = self.write_one(report, *format, file.as_deref(), ui);
                written.err().map(|error| format!("{error:#}"))
            })
            .collect();
        if !failures.is_empty() {
            bail!("{}", failures.join("; "));
        }
        Ok(report.exit())
    }

    fn write_one(
        &self,
        report: &Report,
        format: &dyn Format,
        file: Option<&Path>,
        ui: &Ui<'_>,
    ) -> anyhow::Result<()> {
        let style = Style {
            color: file.is_none() && ui.color_stdout(),
            width: ui.width(),
            verbose: self.verbose,
        };
        let bytes = format
            .render(report, &style)
            .with_context(|| format!("cannot make the {} report", format.name()))?;
        match file {
            Some(file) => write_file(file, &bytes),
            None => print(&bytes).with_context(|| {
                format!(
                    "cannot write the {} report to standard output",
                    format.name()
                )
            }),
        }
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

/// Refuses a place that nothing can be written to, before the work for it is done.
pub(super) fn check_place(file: &Path) -> anyhow::Result<()> {
    let told = || format!("cannot write {}", file.display());
    if file.is_dir() || file.file_name().is_none() {
        bail!("{}: it is a folder, name a file in it", told());
    }
    let folder = file.parent().unwrap_or(Path::new("/"));
    let found = std::fs::metadata(folder)
        .with_context(|| format!("{}: its folder cannot be used", told()))?;
    if !found.is_dir() {
        bail!("{}: {} is no folder", told(), folder.display());
    }
    Ok(())
}

/// Writes a whole file or leaves the old one as it was, where the folder allows to replace it.
pub(super) fn write_file(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let told = || format!("cannot write {}", file.display());
    // A pipe, a device or a link cannot be replaced, only written to.
    let kind = std::fs::symlink_metadata(file).map(|found| found.file_type());
    if kind.is_ok_and(|kind| !kind.is_file()) {
        return std::fs::write(file, bytes).with_context(told);
    }
    let mut name = file.file_name().with_context(told)?.to_owned();
    name.push(".partial");
    let partial = file.with_file_name(name);
    let replaced = std::fs::write(&partial, bytes).and_then(|()| std::fs::rename(&partial, file));
    if replaced.is_ok() {
        return Ok(());
    }
    // The folder may be closed and the file open, as with a file mounted into a container.
    let _ = std::fs::remove_file(&partial);
    std::fs::write(file, bytes).with_context(told)
}
