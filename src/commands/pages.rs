//! Pages that words are about, read for the person who gives one.

use anyhow::bail;

use super::{Ui, network, progress, tell};
use crate::cli::WayArgs;
use crate::evidence::{Evidence, Outcome};
use crate::gather::Limits;
use crate::ledger::page;
use crate::plan::Plan;
use crate::profile::Profile;
use crate::text::line;

/// Asks for the pages of a plan.
pub(super) fn seen(
    plan: &Plan,
    profile: &Profile,
    ways: &WayArgs,
    ui: &Ui<'_>,
) -> anyhow::Result<Evidence> {
    if plan.questions.is_empty() {
        return Ok(Evidence::unasked(&profile.identity, ui.host.now));
    }
    let context = network::context(ways, profile, ui)?;
    // Signals keep their meaning for what comes after: people are asked.
    let gathering = progress::gather_shown(
        plan,
        &profile.identity,
        &context,
        Limits::default(),
        std::future::pending(),
        ui,
    );
    Ok(network::runtime()?.block_on(gathering))
}

/// SHA-256 of what a page says now.
pub(super) fn sha256(
    url: &str,
    profile: &Profile,
    ways: &WayArgs,
    ui: &Ui<'_>,
) -> anyhow::Result<String> {
    if let Err(why) = page::is_public(url) {
        bail!("cannot use {url}: {why}");
    }
    let evidence = seen(&Plan::of_page(url), profile, ways, ui)?;
    let Some(observation) = evidence.observations.first() else {
        bail!("{url} was not asked for");
    };
    match page::text_sha256(url, &observation.outcome) {
        Ok(sha256) => {
            tell_where(url, &observation.outcome);
            Ok(sha256)
        }
        Err(why) => bail!("cannot read the page: {why}"),
    }
}

/// Says so where the address leads to another page.
fn tell_where(url: &str, outcome: &Outcome) {
    let Outcome::Answer { facts, .. } = outcome else {
        return;
    };
    if let Some(end) = facts["url"].as_str().filter(|end| !page::is_same(url, end)) {
        tell(&format!(
            "note: {} leads to {}; what that says is kept\n",
            line(url),
            line(end)
        ));
    }
}
