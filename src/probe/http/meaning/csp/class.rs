//! What the policies come to as a whole, in the order of the MDN HTTP Observatory.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::policy::{Combined, Policy};
use super::{is_broad, is_nonce_or_hash};

/// What the policies come to, worst first hit as the MDN HTTP Observatory (version 6) decides;
/// `none`, `no-unsafe`, `unsafe-inline-style` and `insecure-scheme-passive` pass there.
///
/// Two differences, both as browsers behave: a directive that only some of several policies have
/// is restricted by those that have it (the Observatory counts it as `'none'`), and
/// `'strict-dynamic'` in `default-src` does not narrow the sources of plugins and styles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CspClass {
    /// Nothing unsafe, and `default-src` is exactly `'none'`.
    None,
    /// Nothing unsafe.
    NoUnsafe,
    /// Unsafe only in styles.
    UnsafeInlineStyle,
    /// Plain HTTP allowed for images and media on an HTTPS page.
    InsecureSchemePassive,
    /// `'unsafe-eval'` in scripts or styles.
    UnsafeEval,
    /// Inline scripts, `data:` or broad sources of scripts, or broad sources of plugins.
    UnsafeInline,
    /// Plain HTTP allowed for active content on an HTTPS page.
    InsecureSchemeActive,
    /// Not a policy, a repeated directive, or `'strict-dynamic'` without nonce or hash.
    Invalid,
    /// No policy, but one that only reports.
    ReportOnly,
    /// No policy.
    Absent,
}

/// Decides the class.
pub(super) fn classify(
    policies: &[Policy],
    combined: &Combined,
    errors: &[String],
    report_only: bool,
    https: bool,
) -> CspClass {
    let broken = |code: &String| matches!(code.as_str(), "policy.empty" | "directive.repeated");
    if errors.iter().any(broken) {
        return CspClass::Invalid;
    }
    if policies.iter().all(|policy| policy.directives.is_empty()) {
        return if report_only {
            CspClass::ReportOnly
        } else {
            CspClass::Absent
        };
    }
    let script = scripts(combined);
    let style = without_overruled(combined.with_fallback("style-src"));
    let object = combined.with_fallback("object-src");
    if has(&script, "'strict-dynamic'") && !script.iter().any(|source| is_nonce_or_hash(source)) {
        return CspClass::Invalid;
    }
    let object_broad = object.is_none_or(|list| list.iter().any(|source| is_broad(source)));
    if script.iter().any(|source| is_unsafe(source)) || object_broad {
        CspClass::UnsafeInline
    } else if https && !insecure_active(combined).is_empty() {
        CspClass::InsecureSchemeActive
    } else if has(&script, "'unsafe-eval'") || has(&style, "'unsafe-eval'") {
        CspClass::UnsafeEval
    } else if https && !insecure_passive(combined).is_empty() {
        CspClass::InsecureSchemePassive
    } else if style.iter().any(|source| is_unsafe(source)) {
        CspClass::UnsafeInlineStyle
    } else if combined
        .alone("default-src")
        .is_some_and(|list| list == ["'none'"])
    {
        CspClass::None
    } else {
        CspClass::NoUnsafe
    }
}

/// Plain-HTTP and FTP sources of everything but images and media.
pub(super) fn insecure_active(combined: &Combined) -> Vec<String> {
    let mut found: Vec<String> = combined
        .names()
        .filter(|name| !matches!(*name, "img-src" | "media-src" | "script-src"))
        .flat_map(|name| combined.alone(name).unwrap_or_default())
        .chain(
            combined
                .with_fallback("script-src")
                .map(|_| scripts(combined))
                .unwrap_or_default(),
        )
        .filter(|source| is_insecure(source))
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Plain-HTTP and FTP sources of images and media.
pub(super) fn insecure_passive(combined: &Combined) -> Vec<String> {
    let mut found: Vec<String> = ["img-src", "media-src"]
        .iter()
        .flat_map(|name| combined.with_fallback(name).unwrap_or_default())
        .filter(|source| is_insecure(source))
        .collect();
    found.sort();
    found.dedup();
    found
}

/// The sources of scripts that are not overruled by others.
fn scripts(combined: &Combined) -> Vec<String> {
    let mut list = without_overruled(combined.with_fallback("script-src"));
    if has(&list, "'strict-dynamic'") && list.iter().any(|source| is_nonce_or_hash(source)) {
        list.retain(|source| {
            let scheme = ["http:", "https:", "ftp:", "*"];
            source != "'self'" && !scheme.iter().any(|start| source.starts_with(start))
        });
    }
    list
}

/// A nonce or hash switches `'unsafe-inline'` off; no list at all is everything.
fn without_overruled(list: Option<Vec<String>>) -> Vec<String> {
    let mut list = list.unwrap_or_else(|| vec!["*".to_owned()]);
    if list.iter().any(|source| is_nonce_or_hash(source)) {
        list.retain(|source| source != "'unsafe-inline'");
    }
    list
}

fn is_unsafe(source: &str) -> bool {
    is_broad(source) || matches!(source, "'unsafe-inline'" | "data:")
}

fn is_insecure(source: &str) -> bool {
    source.starts_with("http:") || source.starts_with("ftp:")
}

fn has(list: &[String], word: &str) -> bool {
    list.iter().any(|source| source == word)
}
