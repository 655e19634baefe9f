//! `ready report`: a saved report in another format.

use anyhow::{Context as _, bail};

use super::{Ui, output};
use crate::cli;
use crate::exit::Exit;
use crate::report::json;

pub(super) fn run(args: &cli::Report, ui: &Ui<'_>) -> anyhow::Result<Exit> {
    if args.output.min_score.is_some() {
        bail!("--min-score needs the profile: use `ready judge` on saved evidence");
    }
    let destinations = output::Destinations::of(&args.output, ui)?;
    let name = args.run.display();
    let bytes = std::fs::read(ui.host.cwd.join(&args.run))
        .with_context(|| format!("cannot read {name}"))?;
    let report = json::read(&bytes).with_context(|| format!("cannot use {name}"))?;
    destinations.write(&report, ui)
}
