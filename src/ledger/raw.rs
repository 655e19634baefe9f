//! What people write: the keys of a ledger.
//!
//! The JSON Schema for editors is made from these types, so each key is described here and
//! nowhere else. Whether the values make sense is not known here.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::profile::decode::{Spanned, Tree};
use crate::units::Period;

/// What people vouch for, accept and approve. Dates are days in UTC, such as 2026-11-02; a last
/// day counts to its end.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Ledger")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLedger {
    /// Version of this format: 1.
    #[schemars(required)]
    pub(crate) ledger: Option<Spanned<u32>>,
    /// Id of the profile that it belongs to; any that it is found beside unless given.
    pub(crate) profile: Option<Spanned<String>>,
    /// A file of SSH public keys, as `ssh-keygen` knows `allowed_signers`, with the people whose
    /// they are; path from the ledger. With it every entry must be signed.
    pub(crate) allowed_signers: Option<Spanned<String>>,
    /// Statements for what no probe can see. New ones are added at the end; of several about the
    /// same check the newest that holds counts.
    pub(crate) attestations: Option<Vec<Tree<RawAttestation>>>,
    /// Accepted failures.
    pub(crate) waivers: Option<Vec<Tree<RawWaiver>>>,
    /// Approvals of sections. `ready sign` writes them.
    pub(crate) sign_offs: Option<Vec<Tree<RawSignOff>>>,
}

/// A person's statement that a check, or everything in a section that takes a statement, holds.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Attestation")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAttestation {
    /// The check.
    pub(crate) check: Option<Spanned<String>>,
    /// The section, by its path such as `pre.backups`, instead of a check.
    pub(crate) section: Option<Spanned<String>>,
    /// Who looked, such as `Ana Mensah <ana@zebu.example>`.
    pub(crate) by: Spanned<String>,
    /// The day on which it was looked at.
    pub(crate) at: Spanned<String>,
    /// What was seen.
    pub(crate) note: Option<String>,
    /// Where it can be seen: a URL, or a file with its hash.
    pub(crate) evidence: Option<Tree<RawEvidence>>,
    /// The last day on which it holds.
    pub(crate) expires: Option<Spanned<String>>,
    /// How long it holds, instead of `expires`: `quarterly`, or `90d`.
    pub(crate) valid_for: Option<Spanned<Period>>,
    /// The release that it was made for; it holds while the profile's variable `release` is this.
    pub(crate) release: Option<Spanned<String>>,
    /// The document that it was made for; it holds while the document is what it was.
    pub(crate) document: Option<Tree<RawDocument>>,
    /// The SSH signature of the person who is named. `--key` writes it.
    #[expect(dead_code, reason = "taken from the tree, beside what it covers")]
    pub(crate) signature: Option<String>,
}

/// Where something can be seen.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Evidence")]
#[serde(untagged)]
#[expect(dead_code, reason = "told apart in the tree; this is its schema")]
pub(crate) enum RawEvidence {
    /// A URL.
    Url(String),
    /// A file.
    File(RawHashed),
}

/// A text as it was: a file or a web page, which every run asks for.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Document")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDocument {
    /// Path from the ledger.
    pub(crate) file: Option<Spanned<String>>,
    /// Address of the page.
    pub(crate) url: Option<Spanned<String>>,
    /// SHA-256 in hexadecimal: of the file's content, as `sha256sum` prints it, or of the page's
    /// text, as `ready attest` writes it.
    pub(crate) sha256: Spanned<String>,
}

/// A file as it was.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "HashedFile")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawHashed {
    /// Path from the ledger.
    pub(crate) file: Spanned<String>,
    /// SHA-256 of its content, in hexadecimal, as `sha256sum` prints it.
    pub(crate) sha256: Spanned<String>,
}

/// An owner's acceptance of a failing check, or of all in a section. The checks still run, and
/// their real result is shown; they do not count in the score.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Waiver")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawWaiver {
    /// The check.
    pub(crate) check: Option<Spanned<String>>,
    /// The section, by its path, instead of a check.
    pub(crate) section: Option<Spanned<String>>,
    /// Who answers for it.
    pub(crate) owner: Spanned<String>,
    /// Why it is acceptable for now.
    pub(crate) reason: Spanned<String>,
    /// The day on which it was accepted.
    pub(crate) at: Spanned<String>,
    /// The last day on which it holds, at most 90 days after `at`.
    pub(crate) until: Spanned<String>,
    /// The SSH signature of the person who is named. `--key` writes it.
    #[expect(dead_code, reason = "taken from the tree, beside what it covers")]
    pub(crate) signature: Option<String>,
}

/// The approval of a section as a report showed it. It counts while the section passes with the
/// same result.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "LedgerSignOff")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSignOff {
    /// The section, by its path.
    pub(crate) section: Spanned<String>,
    /// The role in which it is approved, that of the section's `sign_off`.
    pub(crate) role: Spanned<String>,
    /// Who approves.
    pub(crate) by: Spanned<String>,
    /// The day of the approval.
    pub(crate) at: Spanned<String>,
    /// What is to be said with it.
    pub(crate) note: Option<String>,
    /// SHA-256 of the profile, as in the report's `run.profile`.
    pub(crate) profile: Spanned<String>,
    /// SHA-256 of the section's result, as in its `sign_off.result` in the report.
    pub(crate) result: Spanned<String>,
    /// The SSH signature of the person who is named. `--key` writes it.
    #[expect(dead_code, reason = "taken from the tree, beside what it covers")]
    pub(crate) signature: Option<String>,
}
