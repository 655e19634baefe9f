//! Approvals of sections: a person signs what a section came to, and nothing else.

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Leaf, Section};
use crate::judge::{Notice, Status};
use crate::ledger::{self, Ledger, Target};
use crate::profile::{self, Profile};
use crate::reason::Reason;
use crate::text::{count, push};

/// The approval of a section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignOff {
    /// Whose it is.
    pub role: String,
    /// Where it stands.
    pub status: SignOffStatus,
    /// What an approval of this result is bound to: SHA-256 over the section's checks and their
    /// statuses.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub result: String,
    /// Who approved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub at: Option<Date>,
    /// What was said with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why it does not count, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub void: Option<String>,
}

/// Where an approval stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SignOffStatus {
    /// Nobody has approved yet.
    Pending,
    /// Somebody has approved this result.
    Approved,
    /// Somebody has approved, and that counts no more.
    Void,
}

impl SignOffStatus {
    /// The word for it, as in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Void => "void",
        }
    }
}

impl Section {
    /// Whether there is something in it that holds well enough to be approved.
    pub fn passes(&self) -> bool {
        if let Some(verdict) = self.verdict {
            return verdict <= super::Overall::ReadyWithWaivers;
        }
        let mut statuses = self.counts.keys();
        !self.counts.is_empty()
            && statuses.all(|status| *status != Status::Fail && !status.is_unknown())
    }
}

/// A hash over the checks of a section and what became of them, and over nothing that changes
/// while they stay the same.
pub(super) fn result<'a>(leaves: impl Iterator<Item = &'a Leaf<'a>>) -> String {
    let mut hasher = Sha256::new();
    for leaf in leaves {
        hasher.update(leaf.check.id.0.as_bytes());
        hasher.update(b" ");
        hasher.update(leaf.status().word());
        hasher.update(b"\n");
    }
    crate::text::hex(&hasher.finalize())
}

/// Where the approvals of all sections stand.
pub(super) fn settle(sections: &mut [Section], profile: &Profile, ledger: &Ledger) {
    let mut signed = BTreeMap::new();
    walk(sections, &mut |section| {
        let passes = section.passes();
        let Some(sign_off) = &mut section.sign_off else {
            return;
        };
        let about = ledger
            .sign_offs
            .iter()
            .filter(|one| one.section == section.id);
        // The newest that holds, or the newest of all with why it does not.
        let best = about
            .map(|one| (one, trouble(one, profile, &sign_off.result, passes)))
            .max_by_key(|(one, void)| (void.is_none(), one.at));
        let Some((one, mut void)) = best else {
            return;
        };
        if profile.distinct_approvers && void.is_none() {
            let role = signed
                .entry(ledger::address(&one.by).to_lowercase())
                .or_insert_with(|| sign_off.role.clone());
            if *role != sign_off.role {
                void = Some(format!("the same person approved for {role}"));
            }
        }
        *sign_off = SignOff {
            status: match void {
                Some(_) => SignOffStatus::Void,
                None => SignOffStatus::Approved,
            },
            by: Some(one.by.clone()),
            at: Some(one.at),
            note: one.note.clone(),
            void,
            ..sign_off.clone()
        };
    });
}

/// Why an approval does not count.
fn trouble(one: &ledger::SignOff, profile: &Profile, result: &str, passes: bool) -> Option<String> {
    let why = if !passes {
        "the section does not pass"
    } else if one.profile != profile.identity.sha256 {
        "the profile, or what it was given, has changed since"
    } else if one.result != result {
        "the result is not the one that was approved"
    } else {
        return None;
    };
    Some(why.to_owned())
}

/// What is not approved although it must be, in a line.
pub(super) fn missing(sections: &[Section]) -> Option<String> {
    let mut missing = Vec::new();
    collect_missing(sections, &mut missing);
    let first = missing.first()?;
    let mut cause = format!("{} missing: {first}", count(missing.len(), "sign-off"));
    if missing.len() > 1 {
        push(&mut cause, format_args!(", and {} more", missing.len() - 1));
    }
    Some(cause)
}

fn collect_missing(sections: &[Section], missing: &mut Vec<String>) {
    for section in sections {
        let applies = section.counts.keys().any(|status| *status != Status::Na);
        if let Some(sign_off) = section.sign_off.as_ref().filter(|_| applies) {
            let name = format!("{} by {}", section.title, sign_off.role);
            match sign_off.status {
                SignOffStatus::Approved => {}
                SignOffStatus::Pending => missing.push(name),
                SignOffStatus::Void => missing.push(format!("{name} (void)")),
            }
        }
        collect_missing(&section.sections, missing);
    }
}

/// Approvals that count no more.
pub fn void(sections: &[Section]) -> Vec<Notice> {
    let mut notices = Vec::new();
    for section in sections {
        let why = section.sign_off.as_ref().and_then(|one| one.void.as_ref());
        notices.extend(why.map(|why| Notice {
            reason: Reason::SignOffVoid.code().to_owned(),
            target: Target::Section(section.id.clone()),
            text: format!("the sign-off of {} is void: {why}", section.title),
        }));
        notices.extend(void(&section.sections));
    }
    notices
}

/// Sections at the top that nobody is asked to approve, though approvals are required.
pub fn uncovered(profile: &Profile) -> Vec<Notice> {
    fn is_covered(section: &profile::Section) -> bool {
        section.sign_off.is_some() || section.sections.iter().any(is_covered)
    }
    let sections = profile.sections.iter();
    sections
        .filter(|section| profile.require_sign_offs && !is_covered(section))
        .map(|section| Notice {
            reason: Reason::SignOffUncovered.code().to_owned(),
            target: Target::Section(section.path.clone()),
            text: format!("nobody is asked to sign off {}", section.title),
        })
        .collect()
}

fn walk(sections: &mut [Section], each: &mut impl FnMut(&mut Section)) {
    for section in sections {
        each(section);
        walk(&mut section.sections, each);
    }
}
