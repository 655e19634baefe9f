//! What the headers tell about the software that answers.

use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::{MOST, first, short, values};

/// Headers that exist to name software, beside `Server` and `X-Powered-By`.
const NAMING: &[&str] = &[
    "x-aspnet-version",
    "x-aspnetmvc-version",
    "x-drupal-dynamic-cache",
    "x-generator",
    "x-magento-cache-debug",
    "x-debug-token",
    "x-debug-token-link",
    "x-php-version",
    "x-php-originating-script",
    "x-mod-pagespeed",
    "liferay-portal",
    "oracle-dms-ecid",
    "microsoftsharepointteamservices",
];

/// What the headers tell about the software that answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Server {
    /// The product that `Server` names, without its version: `nginx`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The first version number in `Server`: `1.24.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_version: Option<String>,
    /// `X-Powered-By`, as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub powered_by: Option<String>,
    /// Every header that carries a version number or exists to name software.
    pub disclosures: Vec<Disclosure>,
}

/// A header that tells about the software.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Disclosure {
    /// The header's name, in lower case.
    pub header: String,
    /// Its value.
    pub value: String,
    /// The version number in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Reads the headers.
pub(super) fn read(headers: &HeaderMap) -> Server {
    let server = first(headers, "server");
    let product = server.as_deref().and_then(|value| {
        let name = value.split(['/', ' ', '(']).next()?;
        (!name.is_empty()).then(|| name.to_owned())
    });
    Server {
        product,
        server_version: server.as_deref().and_then(version),
        powered_by: first(headers, "x-powered-by"),
        disclosures: disclosures(headers),
    }
}

fn disclosures(headers: &HeaderMap) -> Vec<Disclosure> {
    let mut found = Vec::new();
    for (header, only_with_version) in [("server", true), ("x-powered-by", false), ("via", true)]
        .into_iter()
        .chain(NAMING.iter().map(|name| (*name, false)))
    {
        for value in values(headers, header) {
            let version = match header {
                // `1.1` in `Via` is the protocol's version.
                "via" => value.split_once(' ').and_then(|(_, rest)| version(rest)),
                _ => version(&value),
            };
            if (version.is_some() || !only_with_version) && found.len() < MOST {
                found.push(Disclosure {
                    header: header.to_owned(),
                    value: short(&value),
                    version,
                });
            }
        }
    }
    found
}

/// The first run of digits with a dot in it, such as `1.24.0` or `8.2`.
fn version(value: &str) -> Option<String> {
    value
        .split(|character: char| !(character.is_ascii_digit() || character == '.'))
        .map(|run| run.trim_matches('.'))
        .find(|run| run.contains('.') && run.len() <= 32)
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[(&'static str, &str)]) -> Server {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        read(&headers)
    }

    #[test]
    fn products_and_versions_are_told_apart() {
        let server = of(&[
            ("server", "Apache/2.4.57 (Debian) OpenSSL/3.0.11"),
            ("x-powered-by", "PHP/8.2.7"),
            ("x-aspnet-version", "4.0.30319"),
            ("via", "1.1 varnish (Varnish/6.0)"),
        ]);
        assert_eq!(server.product.as_deref(), Some("Apache"));
        assert_eq!(server.server_version.as_deref(), Some("2.4.57"));
        assert_eq!(server.powered_by.as_deref(), Some("PHP/8.2.7"));
        let headers: Vec<_> = server
            .disclosures
            .iter()
            .map(|d| d.header.as_str())
            .collect();
        assert_eq!(
            headers,
            ["server", "x-powered-by", "via", "x-aspnet-version"]
        );
    }

    #[test]
    fn a_bare_product_discloses_no_version() {
        let server = of(&[("server", "cloudflare"), ("via", "1.1 google")]);
        assert_eq!(server.product.as_deref(), Some("cloudflare"));
        assert_eq!(server.server_version, None);
        assert!(server.disclosures.is_empty());
    }
}
