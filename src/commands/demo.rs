//! `ready demo`: starts the flawed shop, audits it, and says where each finding comes from.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Context as _;

use super::{Ui, load, network, output, print, progress, tell};
use crate::cli;
use crate::demo::{DOMAIN, Demo, FLAWS};
use crate::exit::Exit;
use crate::gather::Limits;
use crate::judge::Status;
use crate::ledger::Ledger;
use crate::plan::{Allow, Plan};
use crate::probe::net::Net;
use crate::probe::net::resolve::Resolver;
use crate::probe::net::tls::Trust;
use crate::report::Report;
use crate::secret::Secrets;

pub(super) fn run(args: &cli::Demo, ui: &Ui<'_>) -> anyhow::Result<Exit> {
    let destinations = output::Destinations::of(&args.output, ui)?;
    let set = BTreeMap::from([("url".to_owned(), Demo::url())]);
    let mut profile = load::valid("web", &set, ui)?;
    output::apply_minimum(&mut profile, args.output.min_score);
    let plan = Plan::of(&profile, &Ledger::default(), Allow::default());
    let evidence = network::runtime()?.block_on(async {
        let demo = Demo::start(ui.host.now)
            .await
            .context("cannot start the demo's service on loopback")?;
        tell(&format!(
            "started {DOMAIN} in this process: https on {}, http on {}, DNS on {}\n",
            demo.https, demo.http, demo.dns
        ));
        let net = Net::new(
            demo.overrides(),
            Resolver::at(demo.dns),
            Trust::new(std::slice::from_ref(&demo.root)),
        );
        let context = network::of(net, Secrets::default(), ui.host);
        let limits = Limits::default();
        let gathering = progress::gather_shown(
            &plan,
            &profile.identity,
            &context,
            limits,
            progress::stopped(),
            ui,
        );
        anyhow::Ok(gathering.await)
    })?;
    let report = output::conclude(&profile, &evidence, &Ledger::default());
    let exit = destinations.write(&report, ui)?;
    if destinations.stdout_is_for_people() {
        print(origins(&report).as_bytes())?;
    } else {
        tell(&origins(&report));
    }
    Ok(exit)
}

/// Where in the demo each finding comes from.
fn origins(report: &Report) -> String {
    let mut text = "\nWhere it comes from:\n".to_owned();
    let width = FLAWS.iter().map(|flaw| flaw.check.len()).max().unwrap_or(0);
    for check in &report.checks {
        if !matches!(check.status, Status::Fail | Status::Warn) {
            continue;
        }
        let source = FLAWS
            .iter()
            .find(|flaw| check.catalogue.as_deref() == Some(flaw.check))
            .map_or("(not among the deliberate flaws)", |flaw| flaw.source);
        _ = writeln!(text, "  {:width$}  {source}", check.id.0);
    }
    text.push_str("\nNow your own: ready audit https://example.com\n");
    text
}
