//! `ready audit`: the whole pipeline.

use super::{Ui, load, network, output, progress, save};
use crate::cli::Audit;
use crate::exit::Exit;
use crate::plan::Plan;

pub(super) fn run(args: &Audit, ui: &Ui<'_>) -> anyhow::Result<Exit> {
    let destinations = output::Destinations::of(&args.output, ui)?;
    let (mut profile, ledger) = load::with_ledger(&args.profile, &args.ledger, ui)?;
    output::apply_minimum(&mut profile, args.output.min_score);
    let shelf = save::shelf(args, &profile, ui)?;
    let plan = Plan::of(&profile, &ledger, network::allow(&args.network.allow));
    let context = network::context(&args.network.ways, &profile, ui)?.with_store(&args.store.store);
    let limits = network::limits(&args.network);
    let evidence = network::runtime()?.block_on(progress::gather_shown(
        &plan,
        &profile.identity,
        &context,
        limits,
        progress::stopped(),
        ui,
    ));
    let report = output::conclude(&profile, &evidence, &ledger);
    let saved = shelf.map(|shelf| save::save(&shelf, &report, ui));
    let exit = destinations.write(&report, ui)?;
    saved.transpose()?;
    Ok(exit)
}
