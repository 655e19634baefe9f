//! `ready audit --save`: keeps the report for later runs.

use anyhow::Context as _;

use super::{Ui, tell};
use crate::cli::Audit;
use crate::profile::Profile;
use crate::report::{self, Report, Style};
use crate::store::Shelf;

/// Where the run is going to be saved; known to be of use before anything is asked.
pub(super) fn shelf(args: &Audit, profile: &Profile, ui: &Ui<'_>) -> anyhow::Result<Option<Shelf>> {
    if !args.save {
        return Ok(None);
    }
    let store = &args.store.store;
    let shelf = Shelf::open(&ui.host.cwd.join(store), &profile.identity.id)
        .with_context(|| format!("cannot save runs in {}", store.display()))?;
    Ok(Some(shelf))
}

/// Saves the run. One that was interrupted is not: nobody would know what it might have seen.
pub(super) fn save(shelf: &Shelf, report: &Report, ui: &Ui<'_>) -> anyhow::Result<()> {
    if report.run.interrupted {
        tell("note: the run was interrupted, and is not saved\n");
        return Ok(());
    }
    let json = report::format("json").context("there is no JSON report")?;
    let bytes = json.render(report, &Style::default())?;
    let path = shelf
        .save(report.run.started, &bytes)
        .context("the run cannot be saved")?;
    let shown = path.strip_prefix(&ui.host.cwd).unwrap_or(&path);
    tell(&format!("saved as {}\n", shown.display()));
    Ok(())
}
