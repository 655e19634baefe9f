//! Single values of an entry: names, days, and what a word is bound to.

use jiff::civil::Date;

use super::super::raw::{RawAttestation, RawDocument, RawHashed};
use super::super::{Document, Flaw, Page, after, page};
use super::Reader;
use crate::profile::decode::{Spanned, decode};
use crate::profile::tree::{Kind, Node};
use crate::reason::Reason;

/// Characters of a name.
const LONGEST_NAME: usize = 200;

impl Reader<'_> {
    pub(super) fn name(&mut self, written: &Spanned<String>) -> Option<String> {
        let name = written.value.trim();
        let odd = name.chars().any(char::is_control);
        if name.is_empty() || odd || name.chars().count() > LONGEST_NAME {
            let message = "this is nobody's name";
            let help = "a name on one line, such as `Ana Mensah <ana@zebu.example>`";
            self.tell("ledger.name", message, &written.span, help);
            return None;
        }
        Some(name.to_owned())
    }

    /// A day, written in full: `2026-11-02`.
    pub(super) fn date(&mut self, written: &Spanned<String>) -> Option<Date> {
        let shaped = written.value.len() == 10
            && written
                .value
                .bytes()
                .enumerate()
                .all(|(at, byte)| match at {
                    4 | 7 => byte == b'-',
                    _ => byte.is_ascii_digit(),
                });
        let date = written.value.parse::<Date>().ok().filter(|_| shaped);
        if date.is_none() {
            let message = format!("`{}` is no date", written.value);
            let help = "year, month and day: 2026-11-02";
            self.tell("ledger.date", message, &written.span, help);
        }
        date
    }

    /// A day that is not in the future.
    pub(super) fn past(&mut self, written: &Spanned<String>) -> Option<Date> {
        let date = self.date(written)?;
        if date <= self.today {
            return Some(date);
        }
        let message = format!("{date} is in the future: it is {} in UTC", self.today);
        let help = "an entry is dated on the day on which it is made, or earlier";
        self.tell("ledger.future", message, &written.span, help);
        None
    }

    /// The entry's own end. The outer `None` is a mistake.
    #[expect(
        clippy::option_option,
        reason = "no end of its own is another thing than a wrong one"
    )]
    pub(super) fn until(&mut self, raw: &RawAttestation, at: Option<Date>) -> Option<Option<Date>> {
        match (&raw.expires, &raw.valid_for) {
            (None, None) => Some(None),
            (Some(expires), None) => {
                let date = self.date(expires)?;
                if at.is_some_and(|at| date < at) {
                    let message = format!("it expires on {date}, before it was made");
                    let help = "`expires` is the last day on which it holds";
                    self.tell("ledger.order", message, &expires.span, help);
                    return None;
                }
                Some(Some(date))
            }
            (None, Some(period)) => at.map(|at| Some(after(at, period.value))),
            (Some(_), Some(period)) => {
                let message = "both `expires` and `valid_for`";
                self.tell("ledger.ambiguous", message, &period.span, "keep one");
                None
            }
        }
    }

    /// Holds while the profile's variable `release` has this value.
    pub(super) fn release(&mut self, written: &Spanned<String>) -> Option<Flaw> {
        let current = match self.profile.vars.get("release") {
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => {
                let message = "the profile has no variable `release` to compare with";
                let help = "add `vars: {release: {required: true}}` to it, and run with \
                            `--set release=…`";
                self.tell("ledger.release", message, &written.span, help);
                return None;
            }
        };
        (current != written.value).then(|| Flaw {
            reason: Reason::AttestOutdated,
            what: format!(
                "it was made for release {}, this is {current}",
                written.value
            ),
        })
    }

    /// A URL, or a file that must be what it was.
    pub(super) fn evidence(&mut self, node: &Node) -> Option<(String, Option<Flaw>)> {
        if matches!(node.kind, Kind::Map(_)) {
            return self.hashed(node, Reason::AttestEvidence, "the evidence");
        }
        let text = node.as_text().unwrap_or_default().trim();
        let url = url::Url::parse(text).ok();
        let is_web = |url: &url::Url| matches!(url.scheme(), "http" | "https") && url.has_host();
        if url.as_ref().is_some_and(is_web) {
            return Some((text.to_owned(), None));
        }
        let message = "the evidence is neither a URL nor a file with its hash";
        let help = "write `https://…`, or `{file: drills/restore.md, sha256: …}`";
        self.tell("ledger.evidence", message, &node.span, help);
        None
    }

    /// A file's name, and the flaw if it is not what it was.
    pub(super) fn hashed(
        &mut self,
        node: &Node,
        reason: Reason,
        what: &str,
    ) -> Option<(String, Option<Flaw>)> {
        let read = decode::<RawHashed>(node, self.problems);
        let raw = read.value.filter(|_| read.clean)?;
        let flaw = self.file(&raw.file.value, &raw.sha256, reason, what)?;
        Some((raw.file.value, flaw))
    }

    /// The flaw if a file is not what it was. The outer `None` is a mistake.
    #[expect(
        clippy::option_option,
        reason = "no flaw is another thing than a wrong hash"
    )]
    fn file(
        &mut self,
        name: &str,
        sha256: &Spanned<String>,
        reason: Reason,
        what: &str,
    ) -> Option<Option<Flaw>> {
        let written = self.sha256(sha256, &format!("`sha256sum {name}` prints it"))?;
        let what = match (self.outside.sha256)(name) {
            Ok(found) if found == written => return Some(None),
            Ok(_) => format!("{what} {name} has changed since"),
            Err(error) => format!("{what} {name} cannot be read: {error}"),
        };
        Some(Some(Flaw { reason, what }))
    }

    /// The text that a word is about: a file that must be what it was, or a page, which the run
    /// asks for.
    pub(super) fn document(&mut self, node: &Node) -> Option<(Document, Option<Flaw>)> {
        let read = decode::<RawDocument>(node, self.problems);
        let raw = read.value.filter(|_| read.clean)?;
        match (raw.file, raw.url) {
            (Some(file), None) => {
                let what = "the document";
                let flaw = self.file(&file.value, &raw.sha256, Reason::AttestOutdated, what)?;
                Some((Document::File(file.value), flaw))
            }
            (None, Some(url)) => {
                let help = "`ready attest … --document URL` reads the page and writes it";
                let sha256 = self.sha256(&raw.sha256, help);
                self.url(&url)?;
                let page = Page {
                    url: url.value,
                    sha256: sha256?,
                };
                Some((Document::Page(page), None))
            }
            (both, _) => {
                let message = match both {
                    Some(_) => "both a `file` and a `url`",
                    None => "neither a `file` nor a `url`",
                };
                let help = "say in one of them where the document is";
                self.tell("ledger.document", message, &node.span, help);
                None
            }
        }
    }

    /// An address that can be asked without any secret.
    fn url(&mut self, written: &Spanned<String>) -> Option<()> {
        let Err(why) = page::is_public(&written.value) else {
            return Some(());
        };
        let message = format!("`url`: {why}");
        let help = "the whole address of a page, such as `https://zebu.example/terms`";
        self.tell("ledger.url", message, &written.span, help);
        None
    }

    pub(super) fn sha256(&mut self, written: &Spanned<String>, help: &str) -> Option<String> {
        let hash = written.value.to_ascii_lowercase();
        if hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Some(hash);
        }
        let message = "this is no SHA-256 in hexadecimal";
        self.tell("ledger.sha256", message, &written.span, help);
        None
    }
}
