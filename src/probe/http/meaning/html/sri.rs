//! Subresource integrity of the scripts of a page, in the order of the MDN HTTP Observatory.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::collect::ScriptTag;

/// How the scripts are pinned and loaded. An address that starts with `//` counts as foreign
/// and insecure, as the Observatory has it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum SriClass {
    /// The page has no scripts.
    NoScripts,
    /// Every script comes from the page's own site.
    SameSite,
    /// A script of the own site is pinned too.
    AllPinned,
    /// Every foreign script is pinned and loaded over HTTPS.
    ForeignPinned,
    /// A pinned foreign script is loaded insecurely.
    PinnedInsecure,
    /// A foreign script over HTTPS is not pinned.
    ForeignUnpinned,
    /// A foreign script is neither pinned nor loaded over HTTPS.
    UnpinnedInsecure,
}

/// Decides the class; the worst script counts.
pub(super) fn classify(scripts: &[ScriptTag], inline_scripts: u32, page: &Url) -> SriClass {
    if scripts.is_empty() {
        return if inline_scripts == 0 {
            SriClass::NoScripts
        } else {
            SriClass::SameSite
        };
    }
    let mut worst = SriClass::SameSite;
    for script in scripts {
        worst = worst.max(one(script, page));
    }
    worst
}

fn one(script: &ScriptTag, page: &Url) -> SriClass {
    let relative_protocol = script.src.starts_with("//") && !script.src.starts_with("///");
    let absolute = absolute(&script.src);
    let foreign = relative_protocol || absolute.as_ref().is_some_and(|url| !same_site(url, page));
    let secure = match &absolute {
        Some(url) => url.scheme() == "https",
        None => !relative_protocol && page.scheme() == "https",
    };
    match (foreign, script.integrity.is_some(), secure) {
        (false, true, true) => SriClass::AllPinned,
        (false, _, _) => SriClass::SameSite,
        (true, true, true) => SriClass::ForeignPinned,
        (true, true, false) => SriClass::PinnedInsecure,
        (true, false, true) => SriClass::ForeignUnpinned,
        (true, false, false) => SriClass::UnpinnedInsecure,
    }
}

fn absolute(src: &str) -> Option<Url> {
    let url: Url = src.parse().ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

/// Whether two addresses have the same registrable domain, or the same host where there is none.
pub(in crate::probe) fn same_site(one: &Url, other: &Url) -> bool {
    let registrable = |url: &Url| {
        let host = url.host_str()?;
        Some(match url.domain().and_then(psl::domain_str) {
            Some(domain) => domain.to_owned(),
            None => host.to_owned(),
        })
    };
    registrable(one).is_some() && registrable(one) == registrable(other)
}
