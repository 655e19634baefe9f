//! `robots.txt` (RFC 9309): what crawlers are asked to leave alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::{MOST, count, short};

/// What a `robots.txt` asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Robots {
    /// How many groups of rules there are.
    pub groups: u32,
    /// Paths that every crawler (`User-agent: *`) is asked not to visit.
    pub disallow: Vec<String>,
    /// Whether every crawler is asked to leave the whole site alone: `Disallow: /` under
    /// `User-agent: *`.
    pub disallows_all: bool,
    /// Addresses of sitemaps.
    pub sitemaps: Vec<String>,
}

/// Reads a body, `None` when no line of it is a rule of a `robots.txt`.
pub(super) fn read(body: &[u8]) -> Option<Robots> {
    let text = std::str::from_utf8(body).ok()?;
    let mut robots = Robots::default();
    let mut groups = 0_usize;
    let mut naming = false;
    let mut everyone = false;
    for line in text.trim_start_matches('\u{feff}').lines() {
        let line = line.split('#').next().unwrap_or_default();
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "user-agent" => {
                if !naming {
                    groups = groups.saturating_add(1);
                    everyone = false;
                }
                naming = true;
                everyone |= value == "*";
            }
            "disallow" => {
                naming = false;
                if everyone && !value.is_empty() && robots.disallow.len() < MOST {
                    robots.disallow.push(short(value));
                }
            }
            "allow" => naming = false,
            "sitemap" if robots.sitemaps.len() < MOST => robots.sitemaps.push(short(value)),
            _ => {}
        }
    }
    robots.groups = count(groups);
    robots.disallows_all = robots
        .disallow
        .iter()
        .any(|path| path == "/" || path == "/*");
    (groups > 0 || !robots.sitemaps.is_empty()).then_some(robots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_and_sitemaps_are_read() {
        let robots = read(
            b"User-agent: bad\nDisallow: /\n\nUser-agent: good\nUser-agent: *\nDisallow: /admin # no\nAllow: /\nSitemap: https://zebu.example/sitemap.xml\n",
        )
        .unwrap();
        assert_eq!((robots.groups, robots.disallows_all), (2, false));
        assert_eq!(robots.disallow, ["/admin"]);
        assert_eq!(robots.sitemaps, ["https://zebu.example/sitemap.xml"]);
    }

    #[test]
    fn closing_the_whole_site_is_noticed_and_pages_are_no_robots() {
        assert!(read(b"User-agent: *\nDisallow: /").unwrap().disallows_all);
        assert_eq!(read(b"<!doctype html><title>a: b</title>"), None);
    }
}
