//! `ready judge`: today's judgement of evidence that was gathered before.

use anyhow::{Context as _, bail};

use super::{Ui, load, output, tell};
use crate::cli::Judge;
use crate::evidence::{Evidence, Target};
use crate::exit::Exit;

pub(super) fn run(args: &Judge, ui: &Ui<'_>) -> anyhow::Result<Exit> {
    let destinations = output::Destinations::of(&args.output, ui)?;
    let mut evidence = read(args, ui)?;
    let set = &args.profile.set;
    let (mut profile, ledger) = load::judged(&args.profile, set, &args.ledger, ui)?;
    output::apply_minimum(&mut profile, args.output.min_score);
    if evidence.profile != profile.identity {
        tell(&format!(
            "note: the evidence was gathered for another version of the profile ({}, now {}); \
             questions it does not answer are unknown\n",
            evidence.profile.id, profile.identity.id
        ));
    }
    // Which runs were asked about is in no question, but in the variables.
    let vars = Target::texts(&profile.vars);
    let is_same = |target: &Target| target.vars == vars;
    if !evidence.target.as_ref().is_some_and(is_same) {
        let asked = &mut evidence.observations;
        asked.retain(|one| !one.probe.asks_saved_runs());
    }
    let report = output::conclude(&profile, &evidence, &ledger);
    destinations.write(&report, ui)
}

fn read(args: &Judge, ui: &Ui<'_>) -> anyhow::Result<Evidence> {
    let name = args.evidence.display();
    let text = std::fs::read_to_string(ui.host.cwd.join(&args.evidence))
        .with_context(|| format!("cannot read {name}"))?;
    let evidence: Evidence = serde_json::from_str(&text)
        .with_context(|| format!("{name} is not evidence that `ready gather` wrote"))?;
    if evidence.schema != Evidence::SCHEMA {
        bail!(
            "{name} has the format `{}`; this version reads `{}`",
            evidence.schema,
            Evidence::SCHEMA
        );
    }
    Ok(evidence)
}
