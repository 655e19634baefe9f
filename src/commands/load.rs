//! The profile that a command line names, with its variables set and its checks selected.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail};
use url::Url;

use super::{Ui, ledger, tell};
use crate::cli::{LedgerArgs, ProfileArgs, ProfileOptions};
use crate::diagnostic;
use crate::ledger::Ledger;
use crate::profile::{self, Profile};
use crate::selection::Selection;

/// The profile audited when a site is named and no profile.
const DEFAULT: &str = "web";

/// Loads the profile; with several sites, one that audits each of them.
fn profile(args: &ProfileArgs, ui: &Ui<'_>) -> anyhow::Result<Profile> {
    let Some((first, rest)) = args.urls.split_first() else {
        return selected(&args.options, &args.options.set, ui);
    };
    let of = |written: &String| {
        let url = site(written)?.to_string();
        let mut set = args.options.set.clone();
        set.push(("url".to_owned(), url.clone()));
        anyhow::Ok((url, selected(&args.options, &set, ui)?))
    };
    let first = of(first)?;
    let rest = rest.iter().map(of).collect::<anyhow::Result<Vec<_>>>()?;
    let mut sites = BTreeSet::from([first.0.as_str()]);
    if let Some((twice, _)) = rest.iter().find(|(url, _)| !sites.insert(url)) {
        bail!("{twice} is named twice");
    }
    Ok(Profile::combine(first, rest))
}

/// Loads the profile and what people said about it. Several sites are each other's equals, and
/// nobody could say of which of them an entry speaks: they have no ledger.
pub(super) fn with_ledger(
    args: &ProfileArgs,
    ledger: &LedgerArgs,
    ui: &Ui<'_>,
) -> anyhow::Result<(Profile, Ledger)> {
    if args.urls.len() < 2 {
        let mut set = args.options.set.clone();
        for written in &args.urls {
            set.push(("url".to_owned(), site(written)?.to_string()));
        }
        return judged(&args.options, &set, ledger, ui);
    }
    if ledger.ledger.is_some() {
        bail!("a ledger belongs to one site, and several are named");
    }
    let profile = profile(args, ui)?;
    let reference = args.options.profile.as_deref().unwrap_or(DEFAULT);
    if let Some(place) = ledger::place(ledger, reference, ui) {
        tell(&format!(
            "note: {} is not used: a ledger belongs to one site, and several are named\n",
            place.name
        ));
    }
    Ok((profile, Ledger::default()))
}

/// The same for a command whose first argument is something else.
pub(super) fn judged(
    options: &ProfileOptions,
    set: &[(String, String)],
    ledger: &LedgerArgs,
    ui: &Ui<'_>,
) -> anyhow::Result<(Profile, Ledger)> {
    let mut profile = whole(options, set, ui)?;
    // Before checks are selected: it speaks of all of them.
    let ledger = match ledger::place(ledger, reference(options, set)?, ui) {
        Some(place) => ledger::load(&place, &profile, ui)?,
        None => Ledger::default(),
    };
    Selection::new(&options.only, &options.skip)?.apply(&mut profile)?;
    Ok((profile, ledger))
}

fn selected(
    options: &ProfileOptions,
    set: &[(String, String)],
    ui: &Ui<'_>,
) -> anyhow::Result<Profile> {
    let mut profile = whole(options, set, ui)?;
    Selection::new(&options.only, &options.skip)?.apply(&mut profile)?;
    Ok(profile)
}

/// The profile with all its checks.
fn whole(
    options: &ProfileOptions,
    set: &[(String, String)],
    ui: &Ui<'_>,
) -> anyhow::Result<Profile> {
    let reference = reference(options, set)?;
    let set: BTreeMap<String, String> = set.iter().cloned().collect();
    valid(reference, &set, ui)
}

/// What names the profile.
fn reference<'a>(options: &'a ProfileOptions, set: &[(String, String)]) -> anyhow::Result<&'a str> {
    match &options.profile {
        Some(reference) => Ok(reference),
        None if set.iter().any(|(name, _)| name == "url") => Ok(DEFAULT),
        None => bail!(
            "nothing to audit: name a site (`ready audit https://example.com`) or a profile \
             (`--profile prod.yaml`, `ready list profiles`)"
        ),
    }
}

/// Loads a valid profile, telling its warnings.
pub(super) fn valid(
    reference: &str,
    set: &BTreeMap<String, String>,
    ui: &Ui<'_>,
) -> anyhow::Result<Profile> {
    match profile::load(reference, set, ui.host) {
        Ok(loaded) => {
            if !loaded.warnings.is_empty() {
                let color = ui.color_stderr();
                tell(&diagnostic::render(
                    &loaded.warnings,
                    &loaded.sources,
                    color,
                ));
            }
            Ok(loaded.profile)
        }
        Err(problems) => Err(Refused::of(&problems, ui).into()),
    }
}

/// A file with mistakes, already laid out for people.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refused(String);

impl Refused {
    pub(super) fn of(problems: &profile::Problems, ui: &Ui<'_>) -> Self {
        Self(problems.render(ui.color_stderr()))
    }
}

/// `example.com` is `https://example.com/`.
fn site(written: &str) -> anyhow::Result<Url> {
    if profile::built_in().iter().any(|one| one.id == written) {
        bail!("`{written}` is a profile, not a site: write `--profile {written}`");
    }
    let full = if written.contains("://") {
        written.to_owned()
    } else {
        format!("https://{written}")
    };
    let url = Url::parse(&full).with_context(|| format!("`{written}` is no web address"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        bail!("`{written}` is no web address; write https://example.com");
    }
    Ok(url)
}
