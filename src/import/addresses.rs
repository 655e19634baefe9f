//! Hosts, addresses and commands in a text: which are the team's own, which are none.

use std::collections::BTreeMap;

use serde_json::Value;

use super::extract::Stated;

/// Endings of file names that are also endings of hosts.
pub(super) const ENDINGS: &[&str] = &[
    "bak",
    "cfg",
    "conf",
    "config",
    "crt",
    "css",
    "csv",
    "dockerfile",
    "env",
    "example",
    "go",
    "gz",
    "html",
    "ini",
    "java",
    "js",
    "json",
    "jsx",
    "key",
    "lock",
    "log",
    "md",
    "pem",
    "php",
    "prod",
    "production",
    "local",
    "pub",
    "py",
    "rb",
    "rs",
    "sh",
    "sql",
    "tf",
    "toml",
    "ts",
    "tsx",
    "txt",
    "vue",
    "xml",
    "yaml",
    "yml",
];

/// Names that stand for the reader's own.
const PLACEHOLDERS: &[&str] = &[
    "yourdomain",
    "your-domain",
    "mydomain",
    "my-domain",
    "yoursite",
    "your-site",
    "example",
    "yourcompany",
    "domain",
    "yourapp",
    "your-app",
    "mysite",
];

/// Programs that build and test, and whose arguments can do no more than that.
const PROGRAMS: &[&str] = &[
    "bundle",
    "cargo",
    "composer",
    "deno",
    "dotnet",
    "eslint",
    "go",
    "gradle",
    "hadolint",
    "helm",
    "make",
    "mypy",
    "mvn",
    "npm",
    "pip-audit",
    "pnpm",
    "poetry",
    "pyright",
    "pytest",
    "ruff",
    "rake",
    "rubocop",
    "terraform",
    "tox",
    "tsc",
    "turbo",
    "uv",
    "yarn",
];

/// Whether a name is a host's and not a file's.
pub(super) fn is_host(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let ending = lower.rsplit('.').next().unwrap_or_default();
    if lower.contains('/') || ENDINGS.contains(&ending) {
        return false;
    }
    let Some(domain) = psl::domain(lower.as_bytes()) else {
        return false;
    };
    // `node.js`, `auth.test`: an ending that is on no list is none of a host.
    domain.suffix().is_known()
}

/// An address with the reader's own domain in place of a made-up one.
pub(super) fn own(address: &str) -> String {
    let made_up = PLACEHOLDERS.iter().find_map(|name| {
        [".com", ".org", ".net", ".io", ".tld", ".example"]
            .iter()
            .find_map(|ending| {
                let whole = format!("{name}{ending}");
                let at = address.to_ascii_lowercase().find(&whole)?;
                let before = address[..at].chars().next_back();
                before
                    .is_none_or(|c| "/.".contains(c))
                    .then_some((at, whole.len()))
            })
    });
    match made_up {
        Some((at, length)) => format!("{}${{domain}}{}", &address[..at], &address[at + length..]),
        None => address.to_owned(),
    }
}

/// A command that builds or tests, and nothing that a shell would take apart.
pub(super) fn command(code: &str) -> Option<&str> {
    let code = code.trim();
    let program = code.split_whitespace().next()?;
    let odd = |c: char| c.is_control() || ";|&<>`$(){}[]*?~\\\"'!#\n".contains(c);
    let several =
        code.split_whitespace().count() > 1 || matches!(program, "pytest" | "tox" | "tsc" | "make");
    let fetches = code
        .split_whitespace()
        .any(|word| matches!(word, "dlx" | "exec" | "x"));
    (PROGRAMS.contains(&program) && !fetches && several && code.len() <= 120 && !code.contains(odd))
        .then_some(code)
}

/// Hosts that a document names, most often first, by the domain that is registered.
pub(super) fn domains<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for text in texts {
        let stated = Stated::of(text, &[]);
        let urls = stated.all("url").iter().filter_map(Value::as_str);
        let of_urls =
            urls.filter_map(|url| url::Url::parse(url).ok()?.host_str().map(str::to_owned));
        let hosts = stated
            .all("host")
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned);
        for host in of_urls.chain(hosts) {
            if let Some(domain) = psl::domain_str(&host).filter(|_| is_host(&host)) {
                *seen.entry(domain.to_owned()).or_default() += 1;
            }
        }
    }
    let mut domains: Vec<(usize, String)> = seen
        .into_iter()
        .map(|(name, count)| (count, name))
        .collect();
    domains.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    domains.into_iter().map(|(_, name)| name).collect()
}
