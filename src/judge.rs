//! Judges checks on evidence: a pure function, the same today and on saved evidence.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::reason::Reason;

/// What became of a check.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The facts satisfy every expectation.
    Pass,
    /// A valid attestation says so.
    Attested,
    /// Part of the way.
    Warn,
    /// An observation contradicts the expectation.
    Fail,
    /// We could not find out.
    Error,
    /// Nobody has attested it.
    Pending,
    /// The attestation is too old.
    Expired,
    /// Not allowed, or its prerequisite failed.
    Skipped,
    /// An owner accepted the failure until a date.
    Waived,
    /// Declared not applicable.
    Na,
    /// Shown, never scored.
    Info,
}

impl Status {
    /// Every status, best first.
    pub const ALL: &[Self] = &[
        Self::Pass,
        Self::Attested,
        Self::Warn,
        Self::Fail,
        Self::Error,
        Self::Pending,
        Self::Expired,
        Self::Skipped,
        Self::Waived,
        Self::Na,
        Self::Info,
    ];

    /// Whether it counts in the score.
    pub const fn is_scored(self) -> bool {
        !matches!(self, Self::Waived | Self::Na | Self::Info)
    }

    /// Whether we do not know: neither good nor bad was seen.
    pub const fn is_unknown(self) -> bool {
        matches!(
            self,
            Self::Error | Self::Pending | Self::Expired | Self::Skipped
        )
    }

    /// The word for it, as in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Attested => "attested",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Error => "error",
            Self::Pending => "pending",
            Self::Expired => "expired",
            Self::Skipped => "skipped",
            Self::Waived => "waived",
            Self::Na => "na",
            Self::Info => "info",
        }
    }
}

/// The verdict on one check.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What became of it.
    pub status: Status,
    /// What a waived check really is; `None` unless it is waived.
    pub real: Option<Status>,
    /// Share of the weight earned, 0 to 1.
    pub credit: f64,
    /// Why it is no plain pass.
    pub reason: Option<Reason>,
    /// One line that all checks taken down by the same thing share.
    pub cause: Option<String>,
    /// What was seen, in words: `tls.days_left > 14: tls.days_left = 9`.
    pub explanation: String,
    /// The facts that decided it.
    pub facts: Option<Value>,
    /// A command that shows the same by hand.
    pub reproduce: Option<String>,
    /// How often the slowest of its questions was asked.
    pub attempts: u32,
}
