//! Are there backups, are they fresh, and would they be of use?
//!
//! It lists what lies under a prefix of a bucket (S3 and what speaks its interface, Google Cloud
//! Storage, Azure Blob Storage) or in a folder, reads the start of the newest backup to tell what
//! it is, and asks the bucket how it is kept. The target's answer: what is there and what is not;
//! a bucket, container or folder that does not exist has `exists: false` and a count of 0. The
//! interface is somebody else's: whatever goes wrong with it is our inability, as are credentials
//! that are refused or have not the right, and a listing that is not read to its end. What an
//! interface does not tell is a gap.
//!
//! It writes nothing, keeps nothing of what it reads and restores nothing; with `restore_list`
//! it lets `pg_restore` list what a local backup holds. It asks for buckets by path
//! (`https://endpoint/bucket/…`), knows no credentials but those given, and takes times in names
//! as UTC. It does not look at older versions of an object.

mod bucket;
mod facts;
mod fold;
mod folder;
mod form;
mod names;
mod place;
mod sign;
mod windows;
mod xml;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::names::Wanted;
use self::place::Place;
use self::sign::Signer;
use super::http::deadline::Deadline;
use super::shell::quoted;
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError, local};
use crate::reason::Reason;
use crate::secret::references;

pub use self::facts::{Api, Facts, Newest, ObjectLock, RestoreList, Window};
pub use self::form::Form;

/// The longest windows that can be asked for.
const LONGEST: [(&str, u16); 3] = [("days", 366), ("weeks", 104), ("months", 120)];

/// Asks where backups are kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Backups {
    /// Where the backups lie: `s3://bucket/prefix`, `gs://bucket/prefix`,
    /// `az://account/container/prefix`, or a folder. A prefix is the start of names and need not
    /// end at a `/`.
    pub location: String,
    /// Address of the interface, such as `https://ACCOUNT.r2.cloudflarestorage.com`; empty for
    /// that of Amazon, Google or Azure.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub endpoint: String,
    /// Region of the bucket, for `s3://` alone.
    #[serde(default = "usual_region", skip_serializing_if = "is_usual_region")]
    pub region: String,
    /// Access key, of `s3://`, or the HMAC key's of `gs://`; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub access_key: String,
    /// What belongs to the access key, or the account key of `az://`, as `${secrets.NAME}`;
    /// empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub secret_key: String,
    /// Session token of `s3://`, access token of `gs://`, or shared access signature of `az://`,
    /// as `${secrets.NAME}`; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub token: String,
    /// Pattern that names must fit, such as `*.{dump,sql.gz}`; `*` also stands for `/`. A name is
    /// what follows the last `/` of the prefix, or the path in the folder.
    #[serde(default = "every", skip_serializing_if = "is_every")]
    pub name: String,
    /// What is one backup: a `file` (an object), or a `folder` with all in it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub each: Each,
    /// Where the time of a backup is taken from: `modified`, or the date in its `name`, which
    /// stays as it is when files are copied. A date without a time counts from its midnight.
    #[serde(default, skip_serializing_if = "is_default")]
    pub time_from: TimeFrom,
    /// Length of the window `daily`, in days.
    #[serde(default = "seven")]
    pub days: u16,
    /// Length of the window `weekly`, in weeks.
    #[serde(default = "four")]
    pub weeks: u16,
    /// Length of the window `monthly`, in months.
    #[serde(default = "twelve")]
    pub months: u16,
    /// The day of the first backup that is to be there, such as `2026-03-01`: windows expect
    /// nothing before it. Empty for long ago.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub since: String,
    /// Whether `pg_restore --list` is to read the newest backup of a folder. Needs
    /// `--allow exec`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub restore_list: bool,
}

/// What is one backup.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Each {
    /// A file or object.
    #[default]
    File,
    /// A folder, with all that is in it.
    Folder,
}

/// Where the time of a backup is taken from.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum TimeFrom {
    /// When it was last written.
    #[default]
    Modified,
    /// The date in its name.
    Name,
}

fn usual_region() -> String {
    "us-east-1".to_owned()
}

fn is_usual_region(region: &str) -> bool {
    region == usual_region()
}

fn every() -> String {
    "*".to_owned()
}

fn is_every(pattern: &str) -> bool {
    pattern == "*"
}

fn seven() -> u16 {
    7
}

fn four() -> u16 {
    4
}

fn twelve() -> u16 {
    12
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Backups {
    fn since(&self) -> Result<Option<Date>, jiff::Error> {
        let given = Some(self.since.trim()).filter(|text| !text.is_empty());
        given.map(str::parse).transpose()
    }

    /// Says which credentials do not fit the place.
    fn credentials(&self, place: &Place) -> Result<(), (&'static str, &'static str)> {
        for (field, value) in [("secret_key", &self.secret_key), ("token", &self.token)] {
            if !value.is_empty() && references(value).is_empty() {
                return Err((field, "a secret is never written down: use ${secrets.NAME}"));
            }
        }
        let [key, secret, token] =
            [&self.access_key, &self.secret_key, &self.token].map(|field| !field.is_empty());
        match place.api() {
            Api::Folder if key || secret || token || !self.endpoint.is_empty() => {
                Err(("location", "a folder needs no credentials and no endpoint"))
            }
            Api::Azure if key => Err(("access_key", "`az://` takes `secret_key` or `token`")),
            Api::Azure if secret && token => Err(("token", "is of no use beside `secret_key`")),
            Api::Google if token && (key || secret) => {
                Err(("token", "is of no use beside `access_key`"))
            }
            Api::S3 | Api::Google if key != secret => Err((
                "access_key",
                "and `secret_key` are of no use without each other",
            )),
            Api::S3 if token && !key => Err((
                "token",
                "is of no use without `access_key` and `secret_key`",
            )),
            _ => Ok(()),
        }
    }
}

impl Probe for Backups {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        let invalid = |field: &str, message: String| Invalid {
            field: field.to_owned(),
            message,
        };
        let place = Place::new(&self.location, &self.endpoint, &self.region)
            .map_err(|(field, words)| invalid(field, words.to_owned()))?;
        self.credentials(&place)
            .map_err(|(field, words)| invalid(field, words.to_owned()))?;
        Wanted::new(&self.name, self.each).map_err(|words| invalid("name", words))?;
        self.since()
            .map_err(|error| invalid("since", format!("is no day such as 2026-03-01: {error}")))?;
        let lengths = [self.days, self.weeks, self.months];
        for ((field, longest), given) in LONGEST.into_iter().zip(lengths) {
            if given > longest {
                return Err(invalid(field, format!("can be at most {longest}")));
            }
        }
        if self.restore_list && place.api() != Api::Folder {
            let words = "can be asked of a folder alone: nothing is downloaded";
            return Err(invalid("restore_list", words.to_owned()));
        }
        Ok(())
    }

    fn contacts(&self) -> Vec<Contact> {
        match Place::new(&self.location, &self.endpoint, &self.region) {
            Ok(Place::Bucket(bucket)) => bucket.contacts(),
            Ok(Place::Folder(path)) => {
                let look = format!("list {path}, read the start of the newest backup");
                let mut contacts = vec![local::contact(look, Access::ReadOnly)];
                if self.restore_list {
                    let run = format!("run pg_restore --list of the newest in {path}");
                    contacts.push(local::contact(run, Access::Exec));
                }
                contacts
            }
            Err(_) => Vec::new(),
        }
    }

    fn reproduce(&self) -> String {
        match Place::new(&self.location, &self.endpoint, &self.region) {
            Ok(Place::Bucket(bucket)) => bucket.reproduce(self),
            Ok(Place::Folder(path)) if self.restore_list => {
                let depth = match self.each {
                    Each::File => "-type f",
                    Each::Folder => "-mindepth 1 -maxdepth 1 -type d",
                };
                format!(
                    "pg_restore --list \"$(find {} {depth} -printf '%T@ %p\\n' | sort -n | tail -1 | cut -d' ' -f2-)\"",
                    quoted(&path)
                )
            }
            Ok(Place::Folder(path)) => format!(
                "find {} -type f -printf '%TY-%Tm-%Td %TH:%TM %s %P\\n' | sort",
                quoted(&path)
            ),
            Err(_) => String::new(),
        }
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        let place = Place::new(&self.location, &self.endpoint, &self.region)
            .map_err(|(_, words)| internal(words))?;
        let wanted = Wanted::new(&self.name, self.each).map_err(|words| internal(&words))?;
        let since = self.since().map_err(|error| internal(&error.to_string()))?;
        if since.is_some_and(|since| since > today(context.now)) {
            // Windows that expect nothing would be content with anything.
            let cause = format!("{} is yet to come", self.since);
            return Err(ProbeError::new(Reason::QueryRefused, cause));
        }
        let fold = fold::Fold::new(self, wanted, since, context.now);
        match place {
            Place::Folder(path) => folder::gather(self, path, fold, context).await,
            Place::Bucket(bucket) => {
                // A secret that is not set is told before anything is contacted.
                let signer = Signer::new(self, &bucket, context)?;
                let asking = bucket::Asking {
                    bucket: &bucket,
                    signer: &signer,
                    context,
                    deadline: Deadline::after(context.timeout * 19 / 20),
                };
                asking.gather(fold).await
            }
        }
    }
}

/// The day in UTC.
fn today(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

/// What validation does not let through.
fn internal(words: &str) -> ProbeError {
    let cause = "a question about backups that cannot be asked";
    ProbeError::new(Reason::ProbeInternal, cause).with_detail(words)
}
