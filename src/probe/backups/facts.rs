//! What is known of backups.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::form::Form;

/// What is known of backups.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// Which interface was asked.
    pub api: Api,
    /// Whether the bucket, container or folder is there.
    pub exists: bool,
    /// How many backups there are, of those that the name lets through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// How many other files or objects the name passes over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed_over: Option<u64>,
    /// How many backups have no date in their name although it is to be taken from there. They
    /// count for nothing else but `count` and sizes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undated: Option<u64>,
    /// How many backups are dated in the future. They count for nothing else but `count` and
    /// sizes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_future: Option<u64>,
    /// How many backups hold nothing at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub empty: Option<u64>,
    /// All backups together, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_bytes: Option<u64>,
    /// The smallest backup, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smallest_bytes: Option<u64>,
    /// The newest backup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<Newest>,
    /// Age of the oldest backup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_age_seconds: Option<i64>,
    /// How many backups `median_bytes` is made of: the last seven before the newest, or fewer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<u64>,
    /// Median size of the backups before the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median_bytes: Option<u64>,
    /// The last days, in UTC, up to today, or up to yesterday while today has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily: Option<Window>,
    /// The last weeks from Monday to Sunday, up to this one or the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekly: Option<Window>,
    /// The last months, up to this one or the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monthly: Option<Window>,
    /// Whether anybody may list the names, without credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_list: Option<bool>,
    /// Whether anybody may read the newest backup, without credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_read: Option<bool>,
    /// Whether the bucket keeps what is overwritten or deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versioning: Option<bool>,
    /// Whether the bucket keeps objects from being deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_lock: Option<ObjectLock>,
    /// What `pg_restore --list` makes of the newest backup, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore_list: Option<RestoreList>,
}

/// An interface to where backups lie.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Api {
    /// A folder of this machine.
    #[default]
    Folder,
    /// S3, of Amazon or others.
    S3,
    /// Google Cloud Storage.
    Google,
    /// Azure Blob Storage.
    Azure,
}

/// The newest backup.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Newest {
    /// Its name.
    pub name: String,
    /// When it was made, in RFC 3339.
    pub time: String,
    /// Its age; 0 where its clock is a little ahead.
    pub age_seconds: i64,
    /// Its size.
    pub size_bytes: u64,
    /// Its size as a part of `median_bytes`: 1 is as large as usual. Left out where nothing
    /// came before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_median: Option<f64>,
    /// What its first bytes say it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
    /// What is inside of `gzip` or `zstd`; otherwise the same as `form`. Left out where it is
    /// compressed in another way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Form>,
    /// Whether it was encrypted before it was stored: `age`, `gpg`, `openssl`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<bool>,
    /// How the service says that it keeps it: `AES256`, `aws:kms`, `customer-key` …; `unsaid`
    /// where it says nothing, as services do that encrypt everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<String>,
}

/// How many days, weeks or months have a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    /// How many the window has.
    pub length: u16,
    /// How many of them have a backup.
    pub present: u16,
    /// How many of them should have one: all, but for those before `since`.
    pub expected: u16,
    /// Those that should have one and have none: `2026-11-21`, `2026-W47`, `2026-11`.
    pub missing: Vec<String>,
}

/// How a bucket keeps objects from being deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ObjectLock {
    /// Whether it can.
    pub enabled: bool,
    /// `GOVERNANCE` or `COMPLIANCE`, where every new object is locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// For how many days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u64>,
}

/// What `pg_restore --list` says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RestoreList {
    /// Whether it can read the backup.
    pub works: bool,
    /// How many entries it lists.
    pub entries: u64,
    /// What it complains of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complaint: Option<String>,
}
