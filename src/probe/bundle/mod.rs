//! What does a front end hand to everybody: secrets, addresses of developers, source maps?
//!
//! One page, the scripts and styles that it loads, the parts that these name, and their source
//! maps: those of the page's own origin and of the hosts that the profile names. They are read as
//! text by rules and never run. The target's answer: a page that is not there, a file that is
//! missing. Our inability: a file that could not be read whole, further ones than may be asked
//! for, or parts whose names a script makes up when it runs. What would need all files is a gap
//! then, since what is not seen may be what is looked for.
//!
//! It renders nothing, runs nothing, and reads nothing that other hosts serve. That a rule takes
//! something for a secret is a guess by its form.

mod crawl;
mod facts;
mod names;
mod scan;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::crawl::Crawl;
use super::http::client::REDIRECTS;
use super::http::{Auth, Http};
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError};

pub use self::facts::{Broken, Facts, File, Finding, Foreign, Kind, Mention};

/// The most requests that can be asked for.
const MOST_REQUESTS: u16 = 1000;
/// The most texts that can be looked for.
const MOST_TEXTS: usize = 20;

/// Reads a page and its files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// Address of the page.
    pub url: String,
    /// Further hosts that serve the page's own files, such as a content delivery network's
    /// `cdn.example`, or `cdn.example:8443`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// Credentials, which only the page's origin sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// Address of a list of all files that were built, such as `/asset-manifest.json`; needed
    /// where scripts make up the names of their parts, as webpack's do. Empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub manifest: String,
    /// Texts to look for in the page and its files, at most 20; empty ones do not count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub find: Vec<String>,
    /// The most requests that are made, at most 1,000.
    #[serde(default = "three_hundred")]
    pub requests: u16,
}

fn three_hundred() -> u16 {
    300
}

impl Bundle {
    fn question(&self) -> Http {
        Http {
            auth: self.auth.clone(),
            redirects: REDIRECTS,
            ..Http::get(&self.url)
        }
    }

    /// The texts to look for.
    fn texts(&self) -> impl Iterator<Item = &String> {
        self.find.iter().filter(|text| !text.is_empty())
    }
}

impl Probe for Bundle {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        self.question().validate()?;
        let is_host = |host: &String| {
            let url = url::Url::parse(&format!("http://{host}/"));
            url.is_ok_and(|url| url.path() == "/" && url.username().is_empty())
                && !host.contains(['/', '?', '#', '@'])
        };
        if let Some(host) = self.hosts.iter().find(|host| !is_host(host)) {
            let message = format!("`{host}` is no host such as `cdn.example`");
            return Err(Invalid::new("hosts", message));
        }
        if self.find.len() > MOST_TEXTS {
            return Err(Invalid::new("find", "at most 20 texts can be looked for"));
        }
        if !(1..=MOST_REQUESTS).contains(&self.requests) {
            return Err(Invalid::new("requests", "1 to 1000 requests can be made"));
        }
        Ok(())
    }

    fn contacts(&self) -> Vec<Contact> {
        let mut contacts = self.question().contacts();
        for contact in &mut contacts {
            contact
                .action
                .push_str("; its scripts, styles and source maps");
            contact.count = self.requests.into();
        }
        let https = self.url.starts_with("https:");
        let further = self.hosts.iter().map(|written| {
            let (host, port) = match written.rsplit_once(':') {
                Some((host, port)) if !host.ends_with(':') => (host, port.parse().ok()),
                _ => (written.as_str(), None),
            };
            Contact {
                host: host.to_owned(),
                port: port.or(Some(if https { 443 } else { 80 })),
                action: format!("GET scripts, styles and source maps of {}", self.url),
                count: self.requests.into(),
                access: Access::ReadOnly,
            }
        });
        contacts.extend(further);
        contacts
    }

    fn reproduce(&self) -> String {
        self.question().reproduce()
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        Crawl::of(self, context).await
    }
}
