//! What people wrote into valid entries, with all problems told at once.
//!
//! Whether an entry still holds today is not decided here: an expired one is no mistake.

use std::collections::HashMap;
use std::hash::Hash;

use jiff::civil::Date;

use super::raw::{RawAttestation, RawHashed, RawLedger, RawWaiver};
use super::{Attestation, Flaw, Ledger, Target, Waiver, after};
use crate::check::CheckId;
use crate::diagnostic::{Diagnostic, Span};
use crate::profile::decode::{Spanned, Tree, decode};
use crate::profile::tree::{Kind, Node};
use crate::profile::{Profile, Section};
use crate::reason::Reason;
use crate::units::Period;

/// Days from `at` to the last day of a waiver.
const LONGEST_WAIVER: Period = Period::of_days(90);
/// Characters of a name.
const LONGEST_NAME: usize = 200;
/// Characters of a reason that says anything.
const SHORTEST_REASON: usize = 10;

/// Gives a file's SHA-256, or says why there is none.
type Files<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// The valid ledger; if there are errors among the problems, it is not to be used.
pub(super) fn resolve(
    node: &Node,
    profile: &Profile,
    today: Date,
    files: Files<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Ledger {
    let Some(raw) = decode::<RawLedger>(node, problems).value else {
        return Ledger::default();
    };
    let mut reader = Reader {
        profile,
        today,
        files,
        problems,
    };
    reader.header(&raw, node);
    let attestations = reader.entries(raw.attestations.as_ref(), Reader::attestation, |entry| {
        (entry.target.clone(), entry.at, entry.by.clone())
    });
    let waivers = reader.entries(raw.waivers.as_ref(), Reader::waiver, |entry| {
        (entry.target.clone(), entry.at)
    });
    Ledger {
        attestations,
        waivers,
    }
}

struct Reader<'a> {
    profile: &'a Profile,
    today: Date,
    files: Files<'a>,
    problems: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn tell(&mut self, code: &'static str, message: impl Into<String>, at: &Span, help: &str) {
        let problem = Diagnostic::error(code, message).at(at);
        self.problems.push(problem.help(help));
    }

    fn header(&mut self, raw: &RawLedger, node: &Node) {
        match &raw.ledger {
            None => {
                let begin = begin(&node.span);
                self.tell(
                    "ledger.missing-key",
                    "this ledger has no `ledger`",
                    &begin,
                    "write `ledger: 1`",
                );
            }
            Some(version) if version.value != 1 => {
                let message = format!(
                    "format version {} is not known to this program",
                    version.value
                );
                let help = "write `ledger: 1`, or take a newer `ready`";
                self.tell("ledger.version", message, &version.span, help);
            }
            Some(_) => {}
        }
        let id = &self.profile.identity.id;
        if let Some(named) = raw.profile.as_ref().filter(|named| named.value != *id) {
            let message = format!(
                "this is the ledger of the profile `{}`, not of `{id}`",
                named.value
            );
            let help = "name another with `--ledger`";
            self.tell("ledger.profile", message, &named.span, help);
        }
    }

    /// Valid entries, and everything that is wrong with the others. Two that are equal in what
    /// `key` gives are one too many.
    fn entries<R: serde::de::DeserializeOwned, T, K: Eq + Hash>(
        &mut self,
        written: Option<&Vec<Tree<R>>>,
        one: impl Fn(&mut Self, &R, &Span) -> Option<T>,
        key: impl Fn(&T) -> K,
    ) -> Vec<T> {
        let mut first: HashMap<K, Span> = HashMap::new();
        let mut entries = Vec::new();
        for tree in written.into_iter().flatten() {
            let place = begin(&tree.node.span);
            let Some(raw) = decode::<R>(&tree.node, self.problems).value else {
                continue;
            };
            let Some(entry) = one(self, &raw, &place) else {
                continue;
            };
            if let Some(first) = first.get(&key(&entry)) {
                let problem = Diagnostic::error("ledger.duplicate", "this entry is there twice")
                    .at(&place)
                    .label("again here")
                    .related(first, "first here");
                self.problems.push(problem.help("keep one of the two"));
                continue;
            }
            first.insert(key(&entry), place);
            entries.push(entry);
        }
        entries
    }

    fn attestation(&mut self, raw: &RawAttestation, place: &Span) -> Option<Attestation> {
        let target = self.target(raw.check.as_ref(), raw.section.as_ref(), place);
        if let Some(target) = &target {
            let written = raw.check.as_ref().or(raw.section.as_ref());
            self.takes_word(target, written.map_or(place, |written| &written.span));
        }
        let by = self.name(&raw.by);
        let at = self.past(&raw.at);
        let until = self.until(raw, at);
        let mut flaw = raw.release.as_ref().and_then(|one| self.release(one));
        if let Some(document) = &raw.document {
            let changed = self.hashed(&document.node, Reason::AttestOutdated, "the document");
            flaw = flaw.or(changed.and_then(|(_, flaw)| flaw));
        }
        let mut evidence = None;
        if let Some(written) = &raw.evidence {
            let (shown, lost) = self.evidence(&written.node)?;
            evidence = Some(shown);
            flaw = flaw.or(lost);
        }
        Some(Attestation {
            target: target?,
            by: by?,
            at: at?,
            note: raw.note.clone(),
            evidence,
            until: until?,
            flaw,
        })
    }

    fn waiver(&mut self, raw: &RawWaiver, place: &Span) -> Option<Waiver> {
        let target = self.target(raw.check.as_ref(), raw.section.as_ref(), place);
        let owner = self.name(&raw.owner);
        let reason = raw.reason.value.trim();
        let says_why = reason.chars().count() >= SHORTEST_REASON;
        if !says_why {
            let help = "say in a sentence why it is acceptable for now; it is shown in the report";
            self.tell(
                "ledger.reason",
                "a waiver needs the reason in words",
                &raw.reason.span,
                help,
            );
        }
        let at = self.past(&raw.at);
        let until = self.date(&raw.until);
        let (at, until) = (at?, until?);
        let latest = after(at, LONGEST_WAIVER);
        if until < at {
            let message = format!("the waiver ends before it begins, on {until}");
            let help = "`until` is the last day on which it holds";
            self.tell("ledger.order", message, &raw.until.span, help);
        } else if until > latest {
            let message = format!("a waiver until {until} is longer than 90 days");
            let help = format!("{latest} is the last day possible; it can be renewed then");
            self.tell("ledger.too-long", message, &raw.until.span, &help);
        }
        says_why.then_some(Waiver {
            target: target?,
            owner: owner?,
            reason: reason.to_owned(),
            at,
            until,
        })
    }

    /// The check or the section, which must be there.
    fn target(
        &mut self,
        check: Option<&Spanned<String>>,
        section: Option<&Spanned<String>>,
        place: &Span,
    ) -> Option<Target> {
        let (code, message, written, known) = match (check, section) {
            (Some(check), None) => {
                let mut ids = self.profile.checks.iter().map(|check| check.id.0.as_str());
                if ids.any(|id| id == check.value) {
                    return Some(Target::Check(CheckId(check.value.clone())));
                }
                let ids = self.profile.checks.iter().map(|check| check.id.0.as_str());
                let message = format!("the profile has no check `{}`", check.value);
                ("ledger.unknown-check", message, check, ids.collect())
            }
            (None, Some(section)) => {
                let mut paths = Vec::new();
                section_paths(&self.profile.sections, &mut paths);
                if paths.contains(&section.value.as_str()) {
                    return Some(Target::Section(section.value.clone()));
                }
                let message = format!("the profile has no section `{}`", section.value);
                ("ledger.unknown-section", message, section, paths)
            }
            (both, _) => {
                let message = match both {
                    Some(_) => "both `check` and `section`",
                    None => "neither a `check` nor a `section`",
                };
                let help = "say in one of them what it is about";
                self.tell("ledger.target", message, place, help);
                return None;
            }
        };
        let problem = Diagnostic::error(code, message)
            .at(&written.span)
            .label("not in the profile");
        self.problems
            .push(problem.suggest(&written.value, known, "there are"));
        None
    }

    /// A word is only taken where the profile asks for one: it never overrules a probe.
    fn takes_word(&mut self, target: &Target, place: &Span) {
        let mut covered = self.profile.checks.iter().filter(|one| target.covers(one));
        let takes = covered.any(|one| one.not_applicable.is_some() || one.rule.takes_word());
        if takes {
            return;
        }
        let message = match target {
            Target::Check(id) => format!("`{id}` is decided by its probe"),
            Target::Section(path) => {
                format!("nothing in the section `{path}` is decided by a person")
            }
        };
        let help = "give the check an `attest` in the profile if a word may stand in where it \
                    cannot be asked, or accept its failure with a waiver";
        self.tell("ledger.probed", message, place, help);
    }

    fn name(&mut self, written: &Spanned<String>) -> Option<String> {
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
    fn date(&mut self, written: &Spanned<String>) -> Option<Date> {
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
    fn past(&mut self, written: &Spanned<String>) -> Option<Date> {
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
    fn until(&mut self, raw: &RawAttestation, at: Option<Date>) -> Option<Option<Date>> {
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
    fn release(&mut self, written: &Spanned<String>) -> Option<Flaw> {
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
    fn evidence(&mut self, node: &Node) -> Option<(String, Option<Flaw>)> {
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
    fn hashed(
        &mut self,
        node: &Node,
        reason: Reason,
        what: &str,
    ) -> Option<(String, Option<Flaw>)> {
        let read = decode::<RawHashed>(node, self.problems);
        let raw = read.value.filter(|_| read.clean)?;
        let written = raw.sha256.value.to_ascii_lowercase();
        if written.len() != 64 || !written.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let message = "this is no SHA-256 in hexadecimal";
            let help = format!("`sha256sum {}` prints it", raw.file.value);
            self.tell("ledger.sha256", message, &raw.sha256.span, &help);
            return None;
        }
        let name = raw.file.value;
        let what = match (self.files)(&name) {
            Ok(found) if found == written => return Some((name, None)),
            Ok(_) => format!("{what} {name} has changed since"),
            Err(error) => format!("{what} {name} cannot be read: {error}"),
        };
        Some((name, Some(Flaw { reason, what })))
    }
}

fn section_paths<'a>(sections: &'a [Section], paths: &mut Vec<&'a str>) {
    for section in sections {
        paths.push(&section.path);
        section_paths(&section.sections, paths);
    }
}

/// Where an entry begins: to mark all of it would hide what is wrong.
fn begin(span: &Span) -> Span {
    Span {
        source: span.source,
        range: span.range.start..span.range.start,
    }
}
