//! `Strict-Transport-Security` (RFC 6797), and what the browsers' preload list asks of it.
//!
//! Whether the name is on the preload list already is not known here.

use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::text::{count, unquoted, values};

/// One year in seconds, the least that the preload list accepts.
const YEAR: u64 = 31_536_000;

/// What `Strict-Transport-Security` says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hsts {
    /// Whether the header was sent at all.
    pub present: bool,
    /// Whether a browser would act on it: sent over HTTPS, and the first header is well formed
    /// with a `max-age`.
    pub valid: bool,
    /// How long browsers remember it, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u64>,
    /// Whether it covers the names below this one.
    pub include_subdomains: bool,
    /// Whether it consents to the preload list.
    pub preload: bool,
    /// How many such headers were sent.
    pub count: u32,
    /// Whether this answer meets the preload list's rules, as far as one answer can show.
    pub preload_eligible: bool,
    /// What keeps it from the preload list, as dotted codes: `header.max-age.below-1-year`,
    /// `header.include-subdomains.missing`, `header.preload.missing`, `domain.is-subdomain` …
    pub preload_problems: Vec<String>,
    /// What is wrong with the header, as dotted codes: `max-age.missing`, `max-age.invalid`,
    /// `header.comma`, `directive.repeated`, `header.repeated`, `scheme.http`. Only some make
    /// it invalid.
    pub errors: Vec<String>,
}

/// Reads the header of an answer that came from `url`.
pub(super) fn read(headers: &HeaderMap, url: &Url) -> Hsts {
    let all = values(headers, "strict-transport-security");
    let https = url.scheme() == "https";
    let mut hsts = Hsts {
        present: !all.is_empty(),
        count: count(all.len()),
        ..Hsts::default()
    };
    if let Some(first) = all.first() {
        hsts.valid = parse(first, &mut hsts) && https;
        if !https {
            hsts.errors.push("scheme.http".to_owned());
        }
        if all.len() > 1 {
            hsts.errors.push("header.repeated".to_owned());
        }
    }
    hsts.preload_problems = preload_problems(&hsts, url)
        .into_iter()
        .map(str::to_owned)
        .collect();
    hsts.preload_eligible = hsts.preload_problems.is_empty();
    hsts
}

/// Fills in what one header says; whether it is well formed.
fn parse(header: &str, hsts: &mut Hsts) -> bool {
    let mut seen = Vec::new();
    let mut well_formed = true;
    if header.contains(',') {
        hsts.errors.push("header.comma".to_owned());
        well_formed = false;
    }
    for directive in header.split(';').map(str::trim).filter(|d| !d.is_empty()) {
        let (name, value) = match directive.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (directive, None),
        };
        let name = name.to_ascii_lowercase();
        match (name.as_str(), value) {
            ("max-age", value) => {
                let age = seconds(value.unwrap_or_default());
                if age.is_none() {
                    hsts.errors.push("max-age.invalid".to_owned());
                    well_formed = false;
                }
                hsts.max_age = age;
            }
            ("includesubdomains", None) => hsts.include_subdomains = true,
            ("preload", None) => hsts.preload = true,
            _ => {}
        }
        if seen.contains(&name) {
            hsts.errors.push("directive.repeated".to_owned());
            well_formed = false;
        } else if seen.len() < 16 {
            seen.push(name);
        }
    }
    if hsts.max_age.is_none() && !hsts.errors.iter().any(|code| code == "max-age.invalid") {
        hsts.errors.push("max-age.missing".to_owned());
    }
    hsts.errors.dedup();
    well_formed && hsts.max_age.is_some()
}

/// Digits as seconds; more than fit are as good as for ever.
fn seconds(value: &str) -> Option<u64> {
    let digits = unquoted(value);
    let numeric = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    numeric.then(|| digits.parse().unwrap_or(u64::MAX))
}

fn preload_problems(hsts: &Hsts, url: &Url) -> Vec<&'static str> {
    let mut problems = domain_problems(url);
    if url.scheme() != "https" {
        problems.push("scheme.http");
    }
    if !hsts.present {
        problems.push("header.missing");
        return problems;
    }
    if hsts.count > 1 {
        problems.push("header.repeated");
    }
    if !hsts.valid && url.scheme() == "https" {
        problems.push("header.invalid");
    }
    match hsts.max_age {
        Some(0) => problems.push("header.max-age.zero"),
        Some(age) if age < YEAR => problems.push("header.max-age.below-1-year"),
        None | Some(_) => {}
    }
    if !hsts.include_subdomains {
        problems.push("header.include-subdomains.missing");
    }
    if !hsts.preload {
        problems.push("header.preload.missing");
    }
    problems
}

fn domain_problems(url: &Url) -> Vec<&'static str> {
    let Some(Host::Domain(host)) = url.host() else {
        return vec!["domain.is-address"];
    };
    match psl::domain_str(host) {
        None => vec!["domain.is-public-suffix"],
        Some(registrable) if registrable != host => vec!["domain.is-subdomain"],
        Some(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(url: &str, lines: &[&str]) -> Hsts {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("strict-transport-security", line.parse().unwrap());
        }
        read(&headers, &url.parse().unwrap())
    }

    #[test]
    fn all_that_the_preload_list_wants() {
        let hsts = over(
            "https://zebu.example/",
            &["max-age=63072000; includeSubDomains; preload"],
        );
        assert_eq!(hsts.max_age, Some(63_072_000));
        assert!(hsts.valid && hsts.include_subdomains && hsts.preload && hsts.preload_eligible);
        assert!(hsts.errors.is_empty());
    }

    #[test]
    fn each_shortcoming_has_its_code() {
        let problems = |url: &str, line: &str| over(url, &[line]).preload_problems.join(" ");
        let apex = "https://zebu.example/";
        assert_eq!(
            problems(apex, "max-age=300"),
            "header.max-age.below-1-year header.include-subdomains.missing header.preload.missing"
        );
        assert_eq!(
            problems(
                "https://www.zebu.example/",
                "max-age=31536000; includeSubDomains; preload"
            ),
            "domain.is-subdomain"
        );
        assert_eq!(
            problems(apex, "max-age=0; includeSubDomains; preload"),
            "header.max-age.zero"
        );
        assert_eq!(over(apex, &[]).preload_problems, ["header.missing"]);
        assert_eq!(
            problems(
                "https://192.0.2.1/",
                "max-age=31536000; includeSubDomains; preload"
            ),
            "domain.is-address"
        );
    }

    #[test]
    fn a_header_that_browsers_ignore_is_not_valid() {
        for (line, code) in [
            ("includeSubDomains", "max-age.missing"),
            ("max-age=soon", "max-age.invalid"),
            ("max-age=", "max-age.invalid"),
            ("max-age=1, max-age=2", "header.comma"),
            ("max-age=1; max-age=2", "directive.repeated"),
        ] {
            let hsts = over("https://zebu.example/", &[line]);
            assert!(hsts.present && !hsts.valid, "{line}");
            assert!(hsts.errors.iter().any(|error| error == code), "{line}");
        }
        let plain = over("http://zebu.example/", &["max-age=31536000"]);
        assert!(!plain.valid);
        assert_eq!(plain.errors, ["scheme.http"]);
    }

    #[test]
    fn only_the_first_header_counts_and_quotes_are_allowed() {
        let hsts = over(
            "https://zebu.example/",
            &["max-age=\"600\"", "max-age=31536000; preload"],
        );
        assert_eq!((hsts.max_age, hsts.count), (Some(600), 2));
        assert!(hsts.valid && !hsts.preload);
    }
}
