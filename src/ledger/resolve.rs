//! What people wrote into valid entries, with all problems told at once.
//!
//! Whether an entry still holds today is not decided here: an expired one is no mistake.

mod signed;
mod values;

use std::collections::HashMap;
use std::hash::Hash;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::raw::{RawAttestation, RawLedger, RawSignOff, RawWaiver};
use super::signature::Claim;
use super::{Attestation, Ledger, SignOff, Target, Waiver, after};
use crate::check::CheckId;
use crate::diagnostic::{Diagnostic, Span};
use crate::profile::decode::{Spanned, Tree, decode};
use crate::profile::tree::Node;
use crate::profile::{Profile, Section};
use crate::units::Period;
use signed::Said;

/// Days from `at` to the last day of a waiver.
const LONGEST_WAIVER: Period = Period::of_days(90);
/// Characters of a reason that says anything.
const SHORTEST_REASON: usize = 10;

/// What is asked outside of the ledger's text.
pub(super) struct Outside<'a> {
    /// The ledger's folder.
    pub(super) folder: &'a Path,
    /// The file of allowed signers, where it is not for the ledger to say.
    pub(super) signers: Option<&'a Path>,
    /// Gives a file's SHA-256, or says why there is none.
    pub(super) sha256: &'a dyn Fn(&str) -> Result<String, String>,
    /// Whether a signature was made by one of the signers in a file.
    pub(super) verify: &'a dyn Fn(&Path, &Claim<'_>) -> Result<(), String>,
}

/// The valid ledger; if there are errors among the problems, it is not to be used.
pub(super) fn resolve(
    node: &Node,
    profile: &Profile,
    today: Date,
    outside: &Outside<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Ledger {
    let Some(raw) = decode::<RawLedger>(node, problems).value else {
        return Ledger::default();
    };
    let named = raw.allowed_signers.as_ref();
    let named = named.map(|file| outside.folder.join(&file.value));
    let mut reader = Reader {
        profile,
        today,
        outside,
        signers: outside.signers.map(Path::to_owned).or(named),
        problems,
    };
    reader.header(&raw, node);
    let attestations = reader.entries(raw.attestations.as_ref(), Reader::attestation, |entry| {
        (entry.target.clone(), entry.at, entry.by.clone())
    });
    let waivers = reader.entries(raw.waivers.as_ref(), Reader::waiver, |entry| {
        (entry.target.clone(), entry.at)
    });
    let sign_offs = reader.entries(raw.sign_offs.as_ref(), Reader::sign_off, Clone::clone);
    Ledger {
        attestations,
        waivers,
        sign_offs,
    }
}

struct Reader<'a> {
    profile: &'a Profile,
    today: Date,
    outside: &'a Outside<'a>,
    signers: Option<PathBuf>,
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
    fn entries<R: serde::de::DeserializeOwned, T: Said, K: Eq + Hash>(
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
            self.signature(&entry, &tree.node, &place);
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
        let mut document = None;
        if let Some(written) = &raw.document {
            let (bound, changed) = self.document(&written.node)?;
            document = Some(bound);
            flaw = flaw.or(changed);
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
            document,
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

    fn sign_off(&mut self, raw: &RawSignOff, place: &Span) -> Option<SignOff> {
        let target = self.target(None, Some(&raw.section), place);
        if target.is_some() {
            self.role(raw);
        }
        let by = self.name(&raw.by);
        let at = self.past(&raw.at);
        let help = "`ready sign` takes it from a saved report";
        let profile = self.sha256(&raw.profile, help);
        let result = self.sha256(&raw.result, help);
        target?;
        Some(SignOff {
            section: raw.section.value.clone(),
            by: by?,
            at: at?,
            note: raw.note.clone(),
            profile: profile?,
            result: result?,
        })
    }

    /// Only the role that a section asks for can approve it.
    fn role(&mut self, raw: &RawSignOff) {
        let section = find_section(&self.profile.sections, &raw.section.value);
        match section.and_then(|section| section.sign_off.as_ref()) {
            None => {
                let message = format!("nobody is asked to sign off `{}`", raw.section.value);
                let help = "give the section a `sign_off: {role: …}` in the profile";
                self.tell("ledger.sign-off", message, &raw.section.span, help);
            }
            Some(asked) if asked.role != raw.role.value => {
                let message = format!(
                    "`{}` is signed off by {}, not by {}",
                    raw.section.value, asked.role, raw.role.value
                );
                let help = "a section is approved in the role that its `sign_off` names";
                self.tell("ledger.role", message, &raw.role.span, help);
            }
            Some(_) => {}
        }
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
}

fn find_section<'a>(sections: &'a [Section], path: &str) -> Option<&'a Section> {
    sections.iter().find_map(|section| {
        if section.path == path {
            Some(section)
        } else {
            find_section(&section.sections, path)
        }
    })
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
