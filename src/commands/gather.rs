//! `ready gather`: ask now, judge later.

use anyhow::Context as _;

use super::{Ui, load, network, output, print, progress};
use crate::cli::Gather;
use crate::exit::Exit;
use crate::plan::Plan;

pub(super) fn run(args: &Gather, ui: &Ui<'_>) -> anyhow::Result<Exit> {
    let file = args.output.as_ref().map(|file| ui.host.cwd.join(file));
    if let Some(file) = &file {
        output::check_place(file)?;
    }
    let (profile, ledger) = load::with_ledger(&args.profile, &args.ledger, ui)?;
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
    let mut json = serde_json::to_vec_pretty(&evidence).context("evidence")?;
    json.push(b'\n');
    match &file {
        None => print(&json)?,
        Some(file) => output::write_file(file, &json)?,
    }
    Ok(if evidence.interrupted {
        Exit::Interrupted
    } else {
        Exit::Ready
    })
}
