//! `Content-Security-Policy`: every policy of headers and meta elements, what they allow
//! together, and which weaknesses that leaves.
//!
//! Several policies intersect: a source counts only where each of them allows it. What a
//! policy would do to one particular request is not decided here.

mod class;
mod policy;

use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use class::CspClass;
use policy::{Combined, parse_all};
pub use policy::{Place, Policy};

use super::text::{count, values};

/// Sources that let in whole schemes or the whole web.
const BROAD: &[&str] = &[
    "ftp:",
    "http:",
    "https:",
    "*",
    "http://*",
    "http://*.*",
    "https://*",
    "https://*.*",
];

/// What `Content-Security-Policy` allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Csp {
    /// Whether at least one enforced policy was sent.
    pub present: bool,
    /// Whether a `Content-Security-Policy-Report-Only` was sent.
    pub report_only: bool,
    /// What the whole comes to, in the order of the MDN HTTP Observatory (version 6).
    pub class: CspClass,
    /// How many enforced policies there are.
    pub count: u32,
    /// The enforced policies, each as sent.
    pub policies: Vec<Policy>,
    /// The policies that only report.
    pub report_only_policies: Vec<Policy>,
    /// Sources of scripts: `script-src`, else `default-src`; left out when nothing restricts
    /// them, like all the lists below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script_src: Option<Vec<String>>,
    /// Sources of styles: `style-src`, else `default-src`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style_src: Option<Vec<String>>,
    /// Sources of plugins: `object-src`, else `default-src`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_src: Option<Vec<String>>,
    /// Sources of everything that has no directive of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_src: Option<Vec<String>>,
    /// What `<base>` may point to; has no fallback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_uri: Option<Vec<String>>,
    /// Where forms may be sent; has no fallback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form_action: Option<Vec<String>>,
    /// Who may frame the page; from headers only, has no fallback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_ancestors: Option<Vec<String>>,
    /// Whether inline scripts of any content run: nothing restricts scripts, or
    /// `'unsafe-inline'` without a nonce, hash or `'strict-dynamic'` beside it.
    pub unsafe_inline: bool,
    /// Whether inline styles of any content apply.
    pub unsafe_inline_style: bool,
    /// Whether text can be run as script (`eval`).
    pub unsafe_eval: bool,
    /// Whether scripts are allowed by nonce.
    pub nonces: bool,
    /// Whether scripts are allowed by hash.
    pub hashes: bool,
    /// Whether trusted scripts may load others, and host lists are ignored.
    pub strict_dynamic: bool,
    /// Sources of scripts that let in whole schemes, `data:` or the whole web.
    pub broad_script_sources: Vec<String>,
    /// The same for plugins.
    pub broad_object_sources: Vec<String>,
    /// Plain-HTTP and FTP sources of scripts, styles, frames and other active content.
    pub insecure_active_sources: Vec<String>,
    /// Plain-HTTP and FTP sources of images and media.
    pub insecure_passive_sources: Vec<String>,
    /// Whether `upgrade-insecure-requests` is given.
    pub upgrade_insecure_requests: bool,
    /// Whether `require-trusted-types-for` is given.
    pub trusted_types: bool,
    /// Directives repeated within one policy, of which browsers take the first.
    pub duplicates: Vec<String>,
    /// Directives that need sources and have none, which means `'none'`.
    pub without_values: Vec<String>,
    /// Directive names that no standard knows.
    pub unknown_directives: Vec<String>,
    /// What is wrong with the policies, as dotted codes: `policy.empty`, `policy.not-ascii`,
    /// `directive.repeated`, `strict-dynamic.alone`.
    pub errors: Vec<String>,
}

/// Whether a source lets in a whole scheme or the whole web.
pub(super) fn is_broad(source: &str) -> bool {
    BROAD.contains(&source)
}

/// Reads the headers and the values of meta elements of a page.
pub(super) fn read(headers: &HeaderMap, meta: &[String], https: bool) -> Csp {
    let mut errors = Vec::new();
    let from_headers = values(headers, "content-security-policy");
    let mut policies = parse_all(&from_headers, Place::Header, &mut errors);
    policies.extend(parse_all(meta, Place::Meta, &mut errors));
    let reporting = values(headers, "content-security-policy-report-only");
    let report_only_policies = parse_all(&reporting, Place::Header, &mut Vec::new());
    let combined = Combined::of(&policies);
    let script = Scripts::of(&combined);
    if script.lone_strict_dynamic {
        errors.push("strict-dynamic.alone".to_owned());
    }
    let class = class::classify(&policies, &combined, &errors, !reporting.is_empty(), https);
    errors.dedup();
    let each = |pick: fn(&Policy) -> &Vec<String>| -> Vec<String> {
        policies.iter().flat_map(pick).cloned().collect()
    };
    let object = combined.with_fallback("object-src");
    Csp {
        present: policies.iter().any(|policy| !policy.directives.is_empty()),
        report_only: !reporting.is_empty(),
        class,
        count: count(policies.len()),
        style_src: combined.with_fallback("style-src"),
        default_src: combined.alone("default-src"),
        base_uri: combined.alone("base-uri"),
        form_action: combined.alone("form-action"),
        frame_ancestors: combined.alone("frame-ancestors"),
        unsafe_inline: script.unsafe_inline,
        unsafe_inline_style: inline_runs(combined.with_fallback("style-src").as_deref()),
        unsafe_eval: combined
            .with_fallback("script-src")
            .is_none_or(|sources| has(&sources, "'unsafe-eval'")),
        nonces: script.nonces,
        hashes: script.hashes,
        strict_dynamic: script.strict_dynamic,
        broad_script_sources: script.broad,
        broad_object_sources: broad(object.as_deref()),
        object_src: object,
        insecure_active_sources: class::insecure_active(&combined),
        insecure_passive_sources: class::insecure_passive(&combined),
        script_src: combined.with_fallback("script-src"),
        upgrade_insecure_requests: combined.has("upgrade-insecure-requests"),
        trusted_types: combined.has("require-trusted-types-for"),
        duplicates: each(|policy| &policy.duplicates),
        without_values: each(|policy| &policy.without_values),
        unknown_directives: each(|policy| &policy.unknown),
        errors,
        report_only_policies,
        policies,
    }
}

/// What the sources of scripts come to in a browser that knows CSP 3.
struct Scripts {
    unsafe_inline: bool,
    nonces: bool,
    hashes: bool,
    strict_dynamic: bool,
    lone_strict_dynamic: bool,
    broad: Vec<String>,
}

impl Scripts {
    fn of(combined: &Combined) -> Self {
        let sources = combined.with_fallback("script-src");
        let list = sources.as_deref().unwrap_or_default();
        let nonces = list.iter().any(|source| source.starts_with("'nonce-"));
        let hashes = list.iter().any(|source| is_hash(source));
        let dynamic = has(list, "'strict-dynamic'");
        let strict_dynamic = dynamic && (nonces || hashes);
        let broad = if strict_dynamic {
            Vec::new()
        } else {
            let mut broad = broad(sources.as_deref());
            broad.extend(list.iter().filter(|source| *source == "data:").cloned());
            broad
        };
        Self {
            unsafe_inline: inline_runs(sources.as_deref()),
            nonces,
            hashes,
            strict_dynamic,
            lone_strict_dynamic: dynamic && !strict_dynamic,
            broad,
        }
    }
}

fn broad(sources: Option<&[String]>) -> Vec<String> {
    match sources {
        None => vec!["*".to_owned()],
        Some(list) => list
            .iter()
            .filter(|source| is_broad(source))
            .cloned()
            .collect(),
    }
}

fn inline_runs(sources: Option<&[String]>) -> bool {
    sources.is_none_or(|list| {
        has(list, "'unsafe-inline'")
            && !has(list, "'strict-dynamic'")
            && !list.iter().any(|source| is_nonce_or_hash(source))
    })
}

fn has(list: &[String], word: &str) -> bool {
    list.iter().any(|source| source == word)
}

fn is_hash(source: &str) -> bool {
    ["'sha256-", "'sha384-", "'sha512-"]
        .iter()
        .any(|start| source.starts_with(start))
}

fn is_nonce_or_hash(source: &str) -> bool {
    source.starts_with("'nonce-") || is_hash(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[&str]) -> Csp {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("content-security-policy", line.parse().unwrap());
        }
        read(&headers, &[], true)
    }

    #[test]
    fn lists_fall_back_to_default_src_and_are_left_out_when_unrestricted() {
        let csp = of(&["default-src 'self'; script-src https://cdn.example"]);
        assert_eq!(csp.script_src.unwrap(), ["https://cdn.example"]);
        assert_eq!(csp.object_src.unwrap(), ["'self'"]);
        assert_eq!(csp.base_uri, None, "base-uri has no fallback");
        assert!(!csp.unsafe_inline);
        let none = of(&["frame-ancestors 'none'"]);
        assert_eq!(none.script_src, None);
        assert!(none.unsafe_inline && none.unsafe_eval);
        assert_eq!(none.broad_script_sources, ["*"]);
    }

    #[test]
    fn nonces_switch_unsafe_inline_off_and_strict_dynamic_the_hosts() {
        let csp = of(&["script-src 'nonce-AbC' 'unsafe-inline' https: 'strict-dynamic'"]);
        assert!(csp.nonces && csp.strict_dynamic && !csp.unsafe_inline);
        assert!(csp.broad_script_sources.is_empty());
        let alone = of(&["script-src 'strict-dynamic' https:"]);
        assert_eq!(alone.errors, ["strict-dynamic.alone"]);
        assert!(!alone.strict_dynamic);
        assert_eq!(alone.broad_script_sources, ["https:"]);
    }

    #[test]
    fn several_policies_allow_only_what_all_allow() {
        let csp = of(&[
            "script-src 'self' 'unsafe-inline' https:",
            "script-src 'self' https://cdn.example; object-src 'none'",
        ]);
        assert_eq!(csp.count, 2);
        assert!(!csp.unsafe_inline);
        assert_eq!(csp.script_src.unwrap(), ["'self'", "https://cdn.example"]);
        assert_eq!(csp.object_src.unwrap(), ["'none'"]);
        let apart = of(&["script-src https://a.example, script-src https://b.example"]);
        assert_eq!(apart.script_src.unwrap(), ["'none'"]);
        let other = of(&["frame-ancestors 'none'", "script-src *"]);
        assert_eq!(other.script_src.unwrap(), ["*"]);
    }

    #[test]
    fn meta_elements_count_except_for_what_only_headers_may_say() {
        let meta = ["default-src 'self'; frame-ancestors 'none'; sandbox".to_owned()];
        let csp = read(&HeaderMap::new(), &meta, true);
        assert!(csp.present);
        assert_eq!(csp.frame_ancestors, None);
        assert_eq!(csp.policies[0].place, Place::Meta);
        assert!(!csp.policies[0].directives.contains_key("sandbox"));
    }

    #[test]
    fn oddities_are_told() {
        let csp = of(&["script-src; scrpt-src 'self'; img-src a; img-src b"]);
        assert_eq!(csp.without_values, ["script-src"]);
        assert_eq!(csp.unknown_directives, ["scrpt-src"]);
        assert_eq!(csp.duplicates, ["img-src"]);
        assert_eq!(csp.errors, ["directive.repeated"]);
        assert_eq!(csp.script_src.unwrap(), ["'none'"]);
    }
}
