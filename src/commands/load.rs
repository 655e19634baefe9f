//! The profile that a command line names, with its variables set and its checks selected.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail};
use url::Url;

use super::{Ui, tell};
use crate::cli::{ProfileArgs, ProfileOptions};
use crate::diagnostic;
use crate::profile::{self, Profile};
use crate::selection::Selection;

/// The profile audited when a site is named and no profile.
const DEFAULT: &str = "web";

/// Loads the profile; with several sites, one that audits each of them.
pub(super) fn profile(args: &ProfileArgs, ui: &Ui<'_>) -> anyhow::Result<Profile> {
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

/// Loads the profile of a command whose first argument is something else.
pub(super) fn selected(
    options: &ProfileOptions,
    set: &[(String, String)],
    ui: &Ui<'_>,
) -> anyhow::Result<Profile> {
    let reference = match &options.profile {
        Some(reference) => reference,
        None if set.iter().any(|(name, _)| name == "url") => DEFAULT,
        None => bail!(
            "nothing to audit: name a site (`ready audit https://example.com`) or a profile \
             (`--profile prod.yaml`, `ready list profiles`)"
        ),
    };
    let set: BTreeMap<String, String> = set.iter().cloned().collect();
    let mut profile = valid(reference, &set, ui)?;
    Selection::new(&options.only, &options.skip)?.apply(&mut profile)?;
    Ok(profile)
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
        Err(problems) => Err(Refused(diagnostic::render(
            &problems.diagnostics,
            &problems.sources,
            ui.color_stderr(),
        ))
        .into()),
    }
}

/// A profile with mistakes, already laid out for people.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refused(String);

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
