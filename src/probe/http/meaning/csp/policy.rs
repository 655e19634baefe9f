//! One policy as written, and what several allow together.

use std::collections::BTreeMap;

use content_security_policy::{Policy as Standard, PolicyDisposition, PolicySource};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::text::{MOST, short};
use super::is_broad;

/// Policies shorter than this hold no directive with a value.
const SHORTEST: usize = 6;

/// Directives that a meta element cannot give.
const HEADER_ONLY: &[&str] = &["frame-ancestors", "report-uri", "sandbox"];

/// Directives that may be repeated without harm.
const REPEATABLE: &[&str] = &["report-uri", "report-to"];

/// Directive names of CSP 3 and the standards that add to it, current and obsolete.
const KNOWN: &[&str] = &[
    "base-uri",
    "block-all-mixed-content",
    "child-src",
    "connect-src",
    "default-src",
    "fenced-frame-src",
    "font-src",
    "form-action",
    "frame-ancestors",
    "frame-src",
    "img-src",
    "manifest-src",
    "media-src",
    "navigate-to",
    "object-src",
    "plugin-types",
    "prefetch-src",
    "referrer",
    "report-to",
    "report-uri",
    "require-sri-for",
    "require-trusted-types-for",
    "sandbox",
    "script-src",
    "script-src-attr",
    "script-src-elem",
    "style-src",
    "style-src-attr",
    "style-src-elem",
    "trusted-types",
    "upgrade-insecure-requests",
    "webrtc",
    "worker-src",
];

/// One policy as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Policy {
    /// Where it was found.
    pub place: Place,
    /// Each directive with its sources in lower case, nonces and hashes as sent. A source
    /// directive without sources has `'none'`.
    pub directives: BTreeMap<String, Vec<String>>,
    /// Directives given more than once.
    #[serde(skip)]
    pub(super) duplicates: Vec<String>,
    /// Source directives without sources.
    #[serde(skip)]
    pub(super) without_values: Vec<String>,
    /// Directives that no standard knows.
    #[serde(skip)]
    pub(super) unknown: Vec<String>,
}

/// Where a policy was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// In a response header.
    Header,
    /// In a `<meta http-equiv>` element.
    Meta,
}

/// Every policy of the values, which commas separate.
pub(super) fn parse_all(values: &[String], place: Place, errors: &mut Vec<String>) -> Vec<Policy> {
    values
        .iter()
        .flat_map(|value| value.split(','))
        .take(MOST)
        .map(|text| parse(text, place, errors))
        .collect()
}

fn parse(text: &str, place: Place, errors: &mut Vec<String>) -> Policy {
    let text = text.trim();
    if text.len() < SHORTEST {
        errors.push("policy.empty".to_owned());
    }
    if !text.is_ascii() {
        errors.push("policy.not-ascii".to_owned());
    }
    let parsed = Standard::parse(text, PolicySource::Header, PolicyDisposition::Enforce);
    let mut policy = Policy {
        place,
        directives: BTreeMap::new(),
        duplicates: duplicates(text),
        without_values: Vec::new(),
        unknown: Vec::new(),
    };
    let harmful = |name: &String| !REPEATABLE.contains(&name.as_str());
    if policy.duplicates.iter().any(harmful) {
        errors.push("directive.repeated".to_owned());
    }
    for directive in parsed.directive_set.into_iter().take(MOST) {
        let name = short(&directive.name);
        if !KNOWN.contains(&name.as_str()) {
            policy.unknown.push(name.clone());
        }
        if place == Place::Meta && HEADER_ONLY.contains(&name.as_str()) {
            continue;
        }
        let mut sources: Vec<String> = directive
            .value
            .iter()
            .take(MOST)
            .map(|source| normal(source))
            .collect();
        if sources.is_empty() && name.ends_with("-src") {
            policy.without_values.push(name.clone());
            sources.push("'none'".to_owned());
        }
        policy.directives.insert(name, sources);
    }
    policy
}

/// Lower case, except for the part of a nonce or hash that is compared exactly.
fn normal(source: &str) -> String {
    let lower = source.to_ascii_lowercase();
    let starts = ["'nonce-", "'sha256-", "'sha384-", "'sha512-"];
    match starts.iter().find(|start| lower.starts_with(**start)) {
        Some(start) => short(&format!(
            "{start}{}",
            source.get(start.len()..).unwrap_or_default()
        )),
        None => short(&lower),
    }
}

fn duplicates(text: &str) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    let mut twice = Vec::new();
    for directive in text.split(';') {
        let Some(name) = directive.split_ascii_whitespace().next() else {
            continue;
        };
        let name = short(&name.to_ascii_lowercase());
        if !seen.insert(name.clone()) && !twice.contains(&name) && twice.len() < MOST {
            twice.push(name);
        }
    }
    twice
}

/// What several policies allow together.
pub(super) struct Combined<'a> {
    policies: &'a [Policy],
}

impl<'a> Combined<'a> {
    pub(super) fn of(policies: &'a [Policy]) -> Self {
        Self { policies }
    }

    /// Whether any policy has the directive.
    pub(super) fn has(&self, name: &str) -> bool {
        self.policies
            .iter()
            .any(|policy| policy.directives.contains_key(name))
    }

    /// Names of all directives of all policies, each once.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        let names: std::collections::BTreeSet<&str> = self
            .policies
            .iter()
            .flat_map(|policy| policy.directives.keys())
            .map(String::as_str)
            .collect();
        names.into_iter()
    }

    /// What a directive without fallback allows; `None` when no policy has it.
    pub(super) fn alone(&self, name: &str) -> Option<Vec<String>> {
        self.intersection(|policy| policy.directives.get(name))
    }

    /// What a fetch directive allows, each policy falling back to its `default-src`.
    pub(super) fn with_fallback(&self, name: &str) -> Option<Vec<String>> {
        self.intersection(|policy| {
            policy
                .directives
                .get(name)
                .or_else(|| policy.directives.get("default-src"))
        })
    }

    fn intersection(
        &self,
        pick: impl Fn(&'a Policy) -> Option<&'a Vec<String>>,
    ) -> Option<Vec<String>> {
        let mut lists = self.policies.iter().filter_map(pick);
        let mut allowed = lists.next()?.clone();
        for list in lists {
            let mut both: Vec<String> = allowed
                .iter()
                .filter(|source| covers(list, source))
                .cloned()
                .collect();
            let added = list
                .iter()
                .filter(|source| covers(&allowed, source) && !both.contains(source));
            both.extend(added.cloned().collect::<Vec<_>>());
            allowed = both;
        }
        if allowed.is_empty() {
            allowed.push("'none'".to_owned());
        }
        Some(allowed)
    }
}

/// Whether a list allows everything that a source stands for. Overlaps of two host patterns
/// are not worked out: only the same source and broad ones cover another.
fn covers(list: &[String], source: &str) -> bool {
    let keyword = source.starts_with('\'');
    list.iter().any(|other| {
        other == source
            || (!keyword
                && is_broad(other)
                && match other.split_once(':') {
                    None => !source.ends_with(':') || is_broad(source),
                    Some((scheme, _)) => source.split_once(':').is_some_and(|(own, _)| {
                        own == scheme || (scheme == "http" && own == "https")
                    }),
                })
    })
}
