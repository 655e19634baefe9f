//! The arguments that are about the ledger.

use std::path::PathBuf;

use clap::Args;

use super::{WayArgs, setting};

/// What people said about the profile.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Ledger")]
pub struct LedgerArgs {
    /// Attestations, waivers and sign-offs [default: PROFILE.ledger.yaml or ready.ledger.yaml beside it].
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,
    /// Refuse entries that none of these people signed, as `ssh-keygen` knows `allowed_signers`.
    #[arg(long, value_name = "FILE")]
    pub allowed_signers: Option<PathBuf>,
}

/// `ready attest`
#[derive(Clone, Debug, Args)]
pub struct Attest {
    /// Checks, or sections by their path.
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented on its type")]
    pub entry: EntryArgs,
    /// Who looked, such as 'Ana Mensah <ana@zebu.example>'.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// What was seen.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Where it can be seen: a URL, or a file, whose hash is kept.
    #[arg(long, value_name = "URL|FILE")]
    pub evidence: Option<String>,
    /// The last day on which it holds.
    #[arg(long, value_name = "DATE", conflicts_with = "valid_for")]
    pub expires: Option<String>,
    /// How long it holds: weekly, monthly, quarterly, annual, 90d.
    #[arg(long, value_name = "PERIOD")]
    pub valid_for: Option<String>,
    /// It holds for this release alone.
    #[arg(long, value_name = "RELEASE")]
    pub release: Option<String>,
    /// It holds for this file, or for what this page says, as it is now; a page is asked for.
    /// Where the check is about a page, that is taken unless it is said.
    #[arg(long, value_name = "URL|FILE")]
    pub document: Option<String>,
    /// Ask about everything that waits for a word, the most valuable first.
    #[arg(long, short)]
    pub interactive: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented on its type")]
    pub ways: WayArgs,
}

/// `ready waive`
#[derive(Clone, Debug, Args)]
pub struct Waive {
    /// Checks, or sections by their path.
    #[arg(value_name = "ID", required = true)]
    pub ids: Vec<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented on its type")]
    pub entry: EntryArgs,
    /// Who answers for it.
    #[arg(long, value_name = "NAME")]
    pub owner: Option<String>,
    /// Why it is acceptable for now.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// The last day on which it holds, at most 90 days from now.
    #[arg(long, value_name = "DATE")]
    pub until: Option<String>,
}

/// `ready sign`
#[derive(Clone, Debug, Args)]
pub struct Sign {
    /// Sections by their path, such as pre.backups.
    #[arg(value_name = "SECTION", required = true)]
    pub sections: Vec<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented on its type")]
    pub entry: EntryArgs,
    /// The report that is approved; `--report json=FILE` wrote it.
    #[arg(long, value_name = "RUN.json")]
    pub run: PathBuf,
    /// Who approves, such as 'Ana Mensah <ana@zebu.example>'.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// What is to be said with it.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

/// What an entry of the ledger is about and where it goes.
#[derive(Clone, Debug, Args)]
pub struct EntryArgs {
    /// A built-in profile's id, or a file.
    #[arg(long, short, value_name = "PROFILE")]
    pub profile: String,
    /// Set a variable of the profile.
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    pub set: Vec<(String, String)>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented on its type")]
    pub ledger: LedgerArgs,
    /// Sign it with this SSH key: a private key, or a public one that an agent has.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// The day that it is dated on [default: today, in UTC].
    #[arg(long, value_name = "DATE")]
    pub at: Option<String>,
}
