//! From the page to its files, one after the other, until there are no more or no more may be
//! asked for.

mod answer;

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use url::Url;

use super::facts::{Broken, Facts, File, Foreign, Kind};
use super::names::{is_hashed, resolve};
use super::scan::{Scanned, is_map, scan};
use super::{Answer, Bundle, Context, ProbeError};
use crate::probe::http::client::{Call, Reply};
use crate::probe::http::deadline::Deadline;
use crate::probe::http::meaning::{self, Html};
use crate::probe::local;
use crate::reason::Reason;

/// Bytes of all files that are read.
const MOST_BYTES: u64 = 64 << 20;
/// Entries of each list of facts.
const MOST: usize = 2000;

/// How it is known that there is a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// The page loads it.
    Page,
    /// A file says where its source map is.
    Reference,
    /// The profile names it as the list of all files.
    Manifest,
    /// Its name stands in a script.
    Name,
    /// A source map often stands there.
    Habit,
}

/// A file to read.
struct Wanted {
    url: Url,
    kind: Kind,
    by: By,
}

impl Wanted {
    /// Whether nothing was overlooked where this came instead of the file.
    fn may_be_missing(&self, reply: &Reply) -> bool {
        let missing = matches!(reply.status, StatusCode::NOT_FOUND | StatusCode::GONE)
            || (reply.status == StatusCode::OK && says_html(reply));
        let held_back = matches!(
            reply.status,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
        );
        match self.by {
            By::Page => missing,
            // What looks like a name may just be a word; but not with a hash in it.
            By::Name => missing && !is_hashed(&self.url),
            By::Reference | By::Habit => missing || held_back,
            By::Manifest => false,
        }
    }
}

/// What is known so far.
pub(super) struct Crawl<'a> {
    of: &'a Bundle,
    context: &'a Context,
    deadline: Deadline,
    /// The first request; others to its origin are made like it.
    first: Call,
    page: Url,
    texts: Vec<String>,
    queue: VecDeque<Wanted>,
    seen: BTreeSet<Url>,
    requests: u16,
    bytes: u64,
    facts: Facts,
    files: Vec<File>,
    all: Scanned,
    maps: Vec<String>,
    broken: Vec<Broken>,
    initial: (u64, u64),
    /// Why not everything was seen.
    unseen: Option<ProbeError>,
}

impl<'a> Crawl<'a> {
    /// Reads the page and everything that belongs to it.
    pub(super) async fn of(
        of: &'a Bundle,
        context: &'a Context,
    ) -> Result<Answer<Facts>, ProbeError> {
        let deadline = Deadline::after(context.timeout * 9 / 10);
        let first = Call::of(&of.question(), context)?;
        let reply = first.clone().ask(context, deadline).await?;
        let html = page(&reply)?;
        let mut crawl = Self {
            of,
            context,
            deadline,
            first,
            page: reply.url.clone(),
            texts: of.texts().cloned().collect(),
            queue: VecDeque::new(),
            seen: BTreeSet::new(),
            requests: 1,
            bytes: 0,
            facts: Facts::default(),
            files: Vec::new(),
            all: Scanned::default(),
            maps: Vec::new(),
            broken: Vec::new(),
            initial: (0, 0),
            unseen: None,
        };
        crawl.begin(&reply, html).await?;
        while let Some(wanted) = crawl.queue.pop_front() {
            crawl.read(wanted).await?;
        }
        Ok(crawl.answer())
    }

    /// Takes what the page itself says.
    async fn begin(&mut self, reply: &Reply, html: Html) -> Result<(), ProbeError> {
        self.facts.url = reply.url.to_string();
        self.facts.mixed = html.mixed_active;
        self.facts.mixed.extend(html.mixed_passive);
        self.count(reply, By::Page);
        let scripts = html.scripts.into_iter().map(|script| {
            let url = script.url.unwrap_or_default();
            (url, Kind::Script, script.integrity)
        });
        let styles = html.links.into_iter().map(|link| {
            let kind = if link.style {
                Kind::Style
            } else {
                Kind::Script
            };
            (link.url, kind, link.integrity)
        });
        let loaded: Vec<(String, Kind, bool)> = scripts.chain(styles).collect();
        if loaded.len() >= meaning::MOST {
            self.miss(local::beyond(
                "the page loads more files than are told apart",
            ));
        }
        let mut foreign = BTreeSet::new();
        for (address, kind, integrity) in loaded {
            let Ok(url) = Url::parse(&address) else {
                continue;
            };
            if self.is_own(&url) {
                self.want(url, kind, By::Page);
            } else if matches!(url.scheme(), "http" | "https") {
                if meaning::same_site(&url, &self.page) {
                    let host = url.host_str().unwrap_or_default();
                    self.miss(local::beyond(format!(
                        "{host} serves files of the page and is not among its `hosts`"
                    )));
                }
                foreign.insert(Foreign {
                    url: address,
                    kind,
                    integrity,
                });
            }
        }
        self.facts.foreign = foreign.into_iter().collect();
        if !self.of.manifest.is_empty()
            && let Ok(url) = self.page.join(&self.of.manifest)
        {
            self.want(url, Kind::Script, By::Manifest);
        }
        self.take(reply, Kind::Page).await
    }

    fn is_own(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let listed = |one: &String| {
            let with_port = format!("{host}:{}", url.port_or_known_default().unwrap_or_default());
            *one == with_port || (*one == host && url.port().is_none())
        };
        matches!(url.scheme(), "http" | "https")
            && (url.origin() == self.page.origin() || self.of.hosts.iter().any(listed))
    }

    fn want(&mut self, mut url: Url, kind: Kind, by: By) {
        url.set_fragment(None);
        if self.is_own(&url) && self.seen.len() < MOST * 2 && self.seen.insert(url.clone()) {
            self.queue.push_back(Wanted { url, kind, by });
        }
    }

    /// Remembers the first reason for not seeing everything.
    fn miss(&mut self, why: ProbeError) {
        self.unseen.get_or_insert(why);
    }

    async fn read(&mut self, wanted: Wanted) -> Result<(), ProbeError> {
        if self.requests >= self.of.requests
            || self.bytes > MOST_BYTES
            || self.seen.len() >= MOST * 2
        {
            self.queue.clear();
            let place = &self.facts.url;
            self.miss(local::beyond(format!(
                "{place} has more files than are read"
            )));
            return Ok(());
        }
        self.requests += 1;
        let call = self.first.to(wanted.url.clone());
        let call = call.unwrap_or_else(|| Call::get(wanted.url.clone()));
        let asked = call.without_redirects().ask(self.context, self.deadline);
        let reply = match asked.await {
            Ok(reply) => reply,
            Err(error) => {
                self.lack(&wanted, None);
                let code = error.reason.code();
                let cause = format!("{} could not be read", wanted.url);
                self.miss(local::beyond(cause).with_detail(format!("{code}: {error}")));
                // Without time left, none of the others would be answered either.
                if self.deadline.left().is_zero() {
                    self.queue.clear();
                }
                return Ok(());
            }
        };
        if reply.status != StatusCode::OK || says_html(&reply) {
            self.lack(&wanted, Some(reply.status.as_u16()));
            if !wanted.may_be_missing(&reply) {
                let cause = format!("{} could not be read", wanted.url);
                let detail = format!("status {}", reply.status.as_u16());
                self.miss(local::beyond(cause).with_detail(detail));
            }
            return Ok(());
        }
        if reply.unread.is_some() {
            self.miss(local::beyond(format!(
                "{} is longer than is read",
                wanted.url
            )));
        }
        if wanted.kind == Kind::SourceMap {
            if !is_map(&reply.body) {
                return Ok(());
            }
            keep(&mut self.maps, wanted.url.to_string());
        } else if wanted.by != By::Manifest {
            self.count(&reply, wanted.by);
            self.files.push(file(&reply, &wanted));
        }
        self.take(&reply, wanted.kind).await
    }

    /// Something that should be there is not.
    fn lack(&mut self, wanted: &Wanted, status: Option<u16>) {
        if wanted.by == By::Page {
            self.broken.push(Broken {
                url: wanted.url.to_string(),
                status,
            });
        }
    }

    fn count(&mut self, reply: &Reply, by: By) {
        if by == By::Page {
            self.initial.0 += reply.body.len() as u64;
            self.initial.1 += reply.received;
        }
    }

    /// Looks at the text of a file, and where it leads.
    async fn take(&mut self, reply: &Reply, kind: Kind) -> Result<(), ProbeError> {
        self.bytes += reply.body.len() as u64;
        let (text, url, texts) = (
            reply.body.clone(),
            reply.url.to_string(),
            self.texts.clone(),
        );
        let found = local::blocking(move || Ok(scan(&text, &url, kind, &texts))).await?;
        if kind == Kind::Script {
            for name in &found.names {
                if let Some(url) = resolve(name, &reply.url, &self.page) {
                    let ending = Path::new(url.path()).extension();
                    let is_style = ending.is_some_and(|ending| ending.eq_ignore_ascii_case("css"));
                    let kind = if is_style { Kind::Style } else { Kind::Script };
                    self.want(url, kind, By::Name);
                }
            }
        }
        if found.makes_names && self.of.manifest.is_empty() {
            self.miss(local::beyond(format!(
                "{} makes up the names of its parts; name a `manifest`",
                reply.url
            )));
        }
        if matches!(kind, Kind::Script | Kind::Style) {
            self.want_map(reply, found.map.as_deref()).await?;
        }
        if found.cut {
            self.miss(local::beyond(format!(
                "{} has more in it than is kept",
                reply.url
            )));
        }
        self.merge(found);
        Ok(())
    }

    /// A source map is where the file says, or else where it usually is.
    async fn want_map(&mut self, reply: &Reply, named: Option<&str>) -> Result<(), ProbeError> {
        let header = ["sourcemap", "x-sourcemap"].iter().find_map(|name| {
            let value = reply.headers.get(*name)?.to_str().ok()?;
            Some(value.to_owned())
        });
        let Some(named) = header.as_deref().or(named) else {
            let mut usual = reply.url.clone();
            usual.set_path(&format!("{}.map", reply.url.path()));
            usual.set_query(None);
            self.want(usual, Kind::SourceMap, By::Habit);
            return Ok(());
        };
        if let Some(data) = named.strip_prefix("data:") {
            keep(&mut self.maps, reply.url.to_string());
            let (_, coded) = data.split_once("base64,").unwrap_or_default();
            let text = STANDARD.decode(coded).unwrap_or_default();
            let url = reply.url.to_string();
            let found = local::blocking(move || Ok(scan(&text, &url, Kind::SourceMap, &[])));
            self.merge(found.await?);
            return Ok(());
        }
        match reply.url.join(named) {
            Ok(url) if self.is_own(&url) => self.want(url, Kind::SourceMap, By::Reference),
            _ => self.miss(local::beyond(format!(
                "the source map of {} is elsewhere",
                reply.url
            ))),
        }
        Ok(())
    }

    fn merge(&mut self, found: Scanned) {
        let all = &mut self.all;
        all.secrets.extend(found.secrets);
        all.local.extend(found.local);
        all.debug.extend(found.debug);
        all.origins.extend(found.origins);
        all.found.extend(found.found);
        let longest = all.secrets.len().max(all.local.len()).max(all.debug.len());
        if longest.max(all.origins.len()) > MOST {
            self.miss(local::beyond(format!(
                "{} names more than is kept",
                self.facts.url
            )));
            self.queue.clear();
        }
    }
}

/// The page, if it is one.
fn page(reply: &Reply) -> Result<Html, ProbeError> {
    let place = reply.place();
    if !reply.status.is_success() {
        let status = reply.status.as_u16();
        let cause = format!("{} answers {status} and no page", reply.url);
        return Err(ProbeError::new(Reason::HttpStatus, cause));
    }
    if reply.unread.is_some() {
        return Err(local::beyond(format!(
            "the page of {place} is longer than is read"
        )));
    }
    meaning::page(content_type(reply).as_deref(), &reply.body, &reply.url).ok_or_else(|| {
        let cause = format!("{} is no page", reply.url);
        let kind = content_type(reply).unwrap_or_else(|| "no content type".to_owned());
        ProbeError::new(Reason::ServiceProtocol, cause).with_detail(kind)
    })
}

fn content_type(reply: &Reply) -> Option<String> {
    let value = reply.headers.get(CONTENT_TYPE)?.to_str().ok()?;
    Some(value.to_owned())
}

/// Whether a page came, as servers send it for whatever they do not know.
fn says_html(reply: &Reply) -> bool {
    meaning::is_html(content_type(reply).as_deref(), &reply.body)
}

fn file(reply: &Reply, wanted: &Wanted) -> File {
    let cache = meaning::cache(&reply.headers);
    File {
        url: reply.url.to_string(),
        kind: wanted.kind,
        initial: wanted.by == By::Page,
        bytes: reply.body.len() as u64,
        transferred: reply.received,
        compressed: reply.headers.contains_key(CONTENT_ENCODING),
        hashed: is_hashed(&reply.url),
        max_age: cache.max_age,
        immutable: cache.directives.contains_key("immutable"),
    }
}

fn keep(list: &mut Vec<String>, text: String) {
    if list.len() < MOST {
        list.push(text);
    }
}
