//! What people vouch for, accept and approve: attestations, waivers and sign-offs.
//!
//! The ledger is a YAML file in git beside the profile, so that review and blame are the audit
//! trail. `raw` is what people write, `resolve` makes it valid, `add` puts an entry into its text,
//! and `load` and `write` alone touch files. `signature` runs the system's `ssh-keygen`.
//! What an entry does to a check is decided in [`crate::judge`].

mod add;
mod load;
pub mod page;
mod raw;
mod resolve;
mod signature;
mod write;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _, tz};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::{Check, CheckId};
use crate::profile::is_within;
use crate::reason::Reason;
use crate::units::Period;

pub use add::Draft;
pub use load::load;
pub(crate) use load::sha256;
pub use page::Page;
pub(crate) use signature::sign;
pub use write::{AppendError, append};

/// Days before its end from which on an entry is told to end soon.
pub const SOON_DAYS: i32 = 14;

/// Everything that people said about a profile. The default is an empty one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// What people vouch for, in the order of the file.
    pub attestations: Vec<Attestation>,
    /// What owners accept, in the order of the file.
    pub waivers: Vec<Waiver>,
    /// What people approved, in the order of the file.
    pub sign_offs: Vec<SignOff>,
}

/// The lists of a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// What people vouch for.
    Attestations,
    /// What owners accept.
    Waivers,
    /// What people approve.
    SignOffs,
}

impl List {
    /// Its key in the file.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Attestations => "attestations",
            Self::Waivers => "waivers",
            Self::SignOffs => "sign_offs",
        }
    }
}

/// What an entry is about.
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// A check.
    Check(CheckId),
    /// Every check of a section and of those below it.
    Section(String),
}

impl Target {
    /// Whether it is about this check.
    pub fn covers(&self, check: &Check) -> bool {
        match self {
            Self::Check(id) => *id == check.id,
            Self::Section(path) => is_within(&check.section, path),
        }
    }

    /// The id of the check or section.
    pub fn id(&self) -> &str {
        match self {
            Self::Check(id) => &id.0,
            Self::Section(path) => path,
        }
    }
}

/// A person's statement that a check holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// What it is about.
    pub target: Target,
    /// Who says so.
    pub by: String,
    /// When it was looked at.
    pub at: Date,
    /// What was seen.
    pub note: Option<String>,
    /// Where it can be seen: a URL, or a file beside the ledger.
    pub evidence: Option<String>,
    /// The text that it is about.
    pub document: Option<Document>,
    /// The last day on which it holds, if the entry says so itself.
    pub until: Option<Date>,
    /// Why it does not count whatever the date.
    pub flaw: Option<Flaw>,
}

/// The text that a word is about, as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// A file beside the ledger. Whether it is what it was is known when the ledger is read.
    File(String),
    /// A web page, which a run asks for.
    Page(Page),
}

impl Document {
    /// Where it is.
    pub fn place(&self) -> &str {
        match self {
            Self::File(file) => file,
            Self::Page(page) => &page.url,
        }
    }
}

/// Why an attestation does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The reason.
    pub reason: Reason,
    /// The same in words.
    pub what: String,
}

impl Attestation {
    /// The last day on which it holds: what the entry and the check say, the earlier of both,
    /// and a year if neither says anything.
    pub fn expires(&self, max_age: Option<Period>) -> Date {
        let aged = |age: Period| after(self.at, age);
        match (self.until, max_age) {
            (Some(until), Some(age)) => until.min(aged(age)),
            (Some(until), None) => until,
            (None, age) => aged(age.unwrap_or(Period::of_days(366))),
        }
    }

    /// What a report says of it.
    pub fn word(&self, max_age: Option<Period>) -> Word {
        Word {
            target: self.target.clone(),
            by: self.by.clone(),
            at: self.at,
            expires: self.expires(max_age),
            note: self.note.clone(),
            evidence: self.evidence.clone(),
            document: self
                .document
                .as_ref()
                .map(|document| document.place().to_owned()),
        }
    }

    /// The page that it is about.
    pub fn page(&self) -> Option<&Page> {
        match &self.document {
            Some(Document::Page(page)) => Some(page),
            Some(Document::File(_)) | None => None,
        }
    }
}

/// An attestation as reports show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Word {
    /// What it is about.
    #[serde(flatten)]
    pub target: Target,
    /// Who says so.
    pub by: String,
    /// When it was looked at.
    #[schemars(with = "String", extend("format" = "date"))]
    pub at: Date,
    /// The last day on which it holds.
    #[schemars(with = "String", extend("format" = "date"))]
    pub expires: Date,
    /// What was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Where it can be seen: a URL, or a file beside the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// The text that it is about, which is what it was: a URL, or a file beside the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
}

/// An owner's acceptance of a failing check until a date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waiver {
    /// What it is about.
    #[serde(flatten)]
    pub target: Target,
    /// Who answers for it.
    pub owner: String,
    /// Why it is acceptable for now.
    pub reason: String,
    /// When it was accepted.
    #[schemars(with = "String", extend("format" = "date"))]
    pub at: Date,
    /// The last day on which it holds.
    #[schemars(with = "String", extend("format" = "date"))]
    pub until: Date,
}

/// The approval of a section's result.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SignOff {
    /// Path of the section.
    pub section: String,
    /// Who approves.
    pub by: String,
    /// When.
    pub at: Date,
    /// What is said with it.
    pub note: Option<String>,
    /// SHA-256 of the profile.
    pub profile: String,
    /// SHA-256 of the section's result.
    pub result: String,
}

/// What entries of one person have in common: the address, or else all of the name.
pub(crate) fn address(name: &str) -> &str {
    let address = name
        .rsplit_once('<')
        .and_then(|(_, rest)| rest.split_once('>'));
    address.map_or(name, |(address, _)| address).trim()
}

/// The day it is everywhere in the ledger: UTC.
pub fn today(now: Timestamp) -> Date {
    now.to_zoned(tz::TimeZone::UTC).date()
}

/// The last day of a period that begins on a day.
fn after(day: Date, period: Period) -> Date {
    let days = i32::try_from(period.days()).unwrap_or(i32::MAX);
    // More than any calendar holds is the end of the calendar.
    day.saturating_add(days.min(MOST_DAYS).days())
}

/// Days of the longest period: a thousand years.
const MOST_DAYS: i32 = 366_000;

/// The JSON Schema of a ledger.
pub fn schema() -> schemars::Schema {
    schemars::generate::SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<raw::RawLedger>()
}

#[cfg(test)]
mod tests {
    use super::{Attestation, Target, address};
    use crate::check::CheckId;

    #[test]
    fn people_are_known_by_their_address() {
        for (name, known) in [
            ("Ana Mensah <ana@a.example>", "ana@a.example"),
            ("Eve <eve@a.example> < ana@a.example >", "ana@a.example"),
            ("ana@a.example", "ana@a.example"),
            (" Ana <", "Ana <"),
        ] {
            assert_eq!(address(name), known);
        }
    }

    #[test]
    fn the_earlier_end_counts_and_a_year_is_the_most_that_nobody_says() {
        for (until, max_age, expires) in [
            (None, None, "2027-11-03"),
            (None, Some("quarterly"), "2027-02-02"),
            (None, Some("2h"), "2026-11-02"),
            (Some("2026-12-31"), None, "2026-12-31"),
            (Some("2026-12-31"), Some("weekly"), "2026-11-09"),
            (Some("2026-11-05"), Some("weekly"), "2026-11-05"),
            (None, Some("7000000d"), "3028-11-29"),
        ] {
            let attestation = Attestation {
                target: Target::Check(CheckId("a".to_owned())),
                by: "Ana".to_owned(),
                at: "2026-11-02".parse().unwrap(),
                note: None,
                evidence: None,
                document: None,
                until: until.map(|date| date.parse().unwrap()),
                flaw: None,
            };
            let max_age = max_age.map(|text| text.parse().unwrap());
            assert_eq!(attestation.expires(max_age).to_string(), expires);
        }
    }
}
