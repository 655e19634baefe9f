//! Asking a bucket: its names, the start of the newest, how it is kept, and what strangers see.

use http::StatusCode;

use super::facts::{Api, Facts, ObjectLock};
use super::fold::{Backup, Fold, Found, nowhere, too_many};
use super::form::{Form, START};
use super::place::Bucket;
use super::sign::Signer;
use super::xml::{self, Locking, Page, Refusal, Versioning};
use crate::probe::http::client::{Reply, not_the_targets};
use crate::probe::http::deadline::Deadline;
use crate::probe::{Answer, Context, ProbeError};
use crate::reason::Reason;
use crate::text::short_line;

/// The most pages of names that are asked for; a page has a thousand names, or up to five of
/// Azure's.
pub(super) const MOST_PAGES: u32 = 5000;
/// Bytes of a page.
const LARGEST_PAGE: usize = 8 << 20;
/// Bytes of any other document.
const LARGEST_DOCUMENT: usize = 64 << 10;

/// A question under way.
pub(super) struct Asking<'a> {
    pub(super) bucket: &'a Bucket,
    pub(super) signer: &'a Signer,
    pub(super) context: &'a Context,
    pub(super) deadline: Deadline,
}

/// What came of asking for names.
enum Listed {
    /// As many as could be had.
    Names,
    /// There is no such bucket.
    Nowhere,
}

impl Asking<'_> {
    pub(super) async fn gather(&self, mut fold: Fold) -> Result<Answer<Facts>, ProbeError> {
        let api = self.bucket.api;
        let prefix = self
            .bucket
            .prefix
            .rsplit_once('/')
            .map_or("", |(start, _)| start);
        let below = if prefix.is_empty() {
            0
        } else {
            prefix.len() + 1
        };
        let mut answer = match self.list(&mut fold, below).await? {
            Listed::Nowhere => {
                let mut answer = nowhere(fold);
                answer.facts.api = api;
                return Ok(answer);
            }
            Listed::Names => {
                let (mut answer, newest) = fold.finish();
                if let Some(error) = answer.gaps.get("newest").cloned() {
                    gap(&mut answer, "public_read", error);
                }
                if let Some(newest) = &newest {
                    let name = format!("{}{}", &self.bucket.prefix[..below], newest.telling);
                    self.look(&mut answer, &name, newest).await;
                }
                answer
            }
        };
        answer.facts.api = api;
        match self.is_open_to_strangers().await {
            Ok(open) => answer.facts.public_list = Some(open),
            Err(error) => gap(&mut answer, "public_list", error),
        }
        match self.versioning().await {
            Ok(on) => answer.facts.versioning = Some(on),
            Err(error) => gap(&mut answer, "versioning", error),
        }
        match self.object_lock().await {
            Ok(lock) => answer.facts.object_lock = Some(lock),
            Err(error) => gap(&mut answer, "object_lock", error),
        }
        Ok(answer)
    }

    /// Asks for all names and folds them.
    async fn list(&self, fold: &mut Fold, below: usize) -> Result<Listed, ProbeError> {
        // What is left serves the questions after this.
        let deadline = Deadline::after(self.deadline.left() * 3 / 4);
        let mut next: Option<String> = None;
        let mut last = String::new();
        for number in 0..MOST_PAGES {
            if deadline.left().is_zero() {
                fold.stopped(too_many(fold.seen(), "time ran out"));
                return Ok(Listed::Names);
            }
            let page = match self.page(next.as_deref(), deadline).await {
                Ok(Some(page)) => page,
                Ok(None) => return Ok(Listed::Nowhere),
                Err(error) if number == 0 => return Err(error),
                Err(_) if deadline.left().is_zero() => continue,
                Err(error) => {
                    fold.stopped(error);
                    return Ok(Listed::Names);
                }
            };
            for object in page.objects {
                if object.name < last {
                    fold.disordered();
                }
                let name = object.name.get(below..);
                let Some(name) = name.filter(|_| object.name.starts_with(&self.bucket.prefix))
                else {
                    return Err(self.odd("names an object that was not asked for"));
                };
                fold.add(&Found {
                    name,
                    bytes: object.bytes,
                    modified: object.modified,
                });
                last = object.name;
            }
            match page.next {
                None => return Ok(Listed::Names),
                some if some == next => return Err(self.odd("goes on with the same page")),
                some => next = some,
            }
        }
        fold.stopped(too_many(fold.seen(), "listing was given up"));
        Ok(Listed::Names)
    }

    /// A page of names; `None` where there is no such bucket.
    async fn page(
        &self,
        next: Option<&str>,
        deadline: Deadline,
    ) -> Result<Option<Page>, ProbeError> {
        let call = self.signer.call(&self.bucket.page(next), None)?;
        let reply = call
            .ask_with(None, LARGEST_PAGE, self.context, deadline)
            .await;
        let reply = reply.map_err(not_the_targets)?;
        if reply.status == StatusCode::NOT_FOUND
            && refusal(&reply).is_some_and(|said| is_no_bucket(&said.code))
        {
            return Ok(None);
        }
        self.names(&self.done(reply)?).map(Some)
    }

    /// Looks at the newest backup: what it is, how it is kept, whether strangers may read it.
    async fn look(&self, answer: &mut Answer<Facts>, name: &str, newest: &Backup) {
        let Some(url) = self.bucket.object(name) else {
            let error = ProbeError::new(Reason::QueryRefused, "no address has the newest's name");
            for fact in [
                "newest.form",
                "newest.content",
                "newest.sealed",
                "newest.encryption",
            ] {
                gap(answer, fact, error.clone());
            }
            return gap(answer, "public_read", error);
        };
        // There is no range of nothing.
        let part = |last: usize| (newest.bytes > 0).then(|| format!("bytes=0-{last}"));
        let reply = async {
            let call = self.signer.call(&url, part(START - 1).as_deref())?;
            let reply = call
                .ask_with(None, START, self.context, self.deadline)
                .await;
            self.done(reply.map_err(not_the_targets)?)
        };
        match (reply.await, &mut answer.facts.newest) {
            (Ok(reply), Some(told)) => {
                let form = Form::of(&reply.body);
                let is_folder = name.ends_with("/toc.dat") && form == Form::PgCustom;
                let form = if is_folder { Form::PgDirectory } else { form };
                told.form = Some(form);
                told.content = form.content(&reply.body);
                told.sealed = told.content.map(Form::is_sealed);
                told.encryption = Some(encryption(&reply));
            }
            (Err(error), _) => {
                for fact in [
                    "newest.form",
                    "newest.content",
                    "newest.sealed",
                    "newest.encryption",
                ] {
                    gap(answer, fact, error.clone());
                }
            }
            (Ok(_), None) => {}
        }
        let stranger = async {
            let call = Signer::Nobody.call(&url, part(0).as_deref())?;
            let reply = call
                .ask_with(None, LARGEST_DOCUMENT, self.context, self.deadline)
                .await;
            self.is_let_in(&reply.map_err(not_the_targets)?)
        };
        match stranger.await {
            Ok(open) => answer.facts.public_read = Some(open),
            Err(error) => gap(answer, "public_read", error),
        }
    }

    async fn is_open_to_strangers(&self) -> Result<bool, ProbeError> {
        let call = Signer::Nobody.call(&self.bucket.glimpse(), None)?;
        let reply = call
            .ask_with(None, LARGEST_DOCUMENT, self.context, self.deadline)
            .await;
        let reply = reply.map_err(not_the_targets)?;
        let open = self.is_let_in(&reply)?;
        if open {
            // What is no list of names is somebody's page of welcome.
            self.names(&reply)?;
        }
        Ok(open)
    }

    fn names(&self, reply: &Reply) -> Result<Page, ProbeError> {
        let page = match self.bucket.api {
            Api::Azure => xml::azure_page(&reply.body),
            _ => xml::s3_page(&reply.body),
        };
        page.map_err(|words| self.odd("does not list names").with_detail(words))
    }

    /// Whether an answer to a question without credentials gives what was asked for.
    fn is_let_in(&self, reply: &Reply) -> Result<bool, ProbeError> {
        let wants_login = || {
            let said = refusal(reply);
            // R2 does not say it by the status.
            said.is_some_and(|said| said.message.contains("Authorization"))
        };
        match reply.status {
            status if status.is_success() => Ok(true),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Ok(false),
            // Azure does not show what is not public.
            StatusCode::NOT_FOUND | StatusCode::CONFLICT if self.bucket.api == Api::Azure => {
                Ok(false)
            }
            StatusCode::BAD_REQUEST if wants_login() => Ok(false),
            _ => Err(self.refused(reply)),
        }
    }

    async fn versioning(&self) -> Result<bool, ProbeError> {
        if self.bucket.api == Api::Azure {
            return Err(self.untold());
        }
        let reply = self.document("versioning").await?;
        let told: Versioning = xml::read(&self.done(reply)?.body, "VersioningConfiguration")
            .map_err(|words| self.odd("does not tell of versions").with_detail(words))?;
        Ok(told.status.as_deref() == Some("Enabled"))
    }

    async fn object_lock(&self) -> Result<ObjectLock, ProbeError> {
        if self.bucket.api != Api::S3 {
            return Err(self.untold());
        }
        let reply = self.document("object-lock").await?;
        let said = refusal(&reply).map(|said| said.code);
        if said.as_deref() == Some("ObjectLockConfigurationNotFoundError") {
            return Ok(ObjectLock::default());
        }
        let told: Locking = xml::read(&self.done(reply)?.body, "ObjectLockConfiguration")
            .map_err(|words| self.odd("does not tell of locks").with_detail(words))?;
        let retention = told.rule.and_then(|rule| rule.default_retention);
        let years = retention.as_ref().and_then(|one| one.years);
        let days = retention.as_ref().and_then(|one| one.days);
        Ok(ObjectLock {
            enabled: told.object_lock_enabled.as_deref() == Some("Enabled"),
            days: days.or_else(|| years.map(|years| years.saturating_mul(365))),
            mode: retention.and_then(|one| one.mode),
        })
    }

    async fn document(&self, about: &str) -> Result<Reply, ProbeError> {
        let url = self.bucket.asking(&[(about, "")]);
        let call = self.signer.call(&url, None)?;
        let reply = call
            .ask_with(None, LARGEST_DOCUMENT, self.context, self.deadline)
            .await;
        reply.map_err(not_the_targets)
    }

    /// The reply if it says that all went well.
    fn done(&self, reply: Reply) -> Result<Reply, ProbeError> {
        if reply.status.is_success() {
            Ok(reply)
        } else {
            Err(self.refused(&reply))
        }
    }

    /// What a status other than 2xx means.
    fn refused(&self, reply: &Reply) -> ProbeError {
        let said = refusal(reply);
        let code = said.as_ref().map_or("", |said| said.code.as_str());
        let (reason, what) = match (reply.status, code) {
            _ if is_wrong_key(code) => (Reason::CredentialRefused, "refuses the credential"),
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) if !self.signer.is_somebody() => {
                (
                    Reason::CredentialMissing,
                    "wants credentials, and none are given",
                )
            }
            (StatusCode::UNAUTHORIZED, _) => (Reason::CredentialRefused, "refuses the credential"),
            (StatusCode::FORBIDDEN, _) => {
                (Reason::PermissionDenied, "does not permit the question")
            }
            (StatusCode::TOO_MANY_REQUESTS, _) | (_, "SlowDown" | "ServerBusy") => {
                (Reason::ApiRateLimited, "wants fewer requests")
            }
            (StatusCode::NOT_FOUND, _) => (Reason::ApiNotFound, "knows no such thing"),
            _ => (Reason::ApiUnavailable, "did not answer the question"),
        };
        let words = said.map_or_else(String::new, |said| {
            format!(": {} {}", said.code, said.message)
        });
        let detail = format!("{}{}", reply.status.as_u16(), short_line(&words, 200));
        ProbeError::new(reason, format!("{} {what}", self.bucket.subject())).with_detail(detail)
    }

    fn odd(&self, what: &str) -> ProbeError {
        let cause = format!("{} {what}", self.bucket.subject());
        ProbeError::new(Reason::ApiUnavailable, cause)
    }

    fn untold(&self) -> ProbeError {
        let cause = format!(
            "the interface of {} does not tell this",
            self.bucket.subject()
        );
        ProbeError::new(Reason::QueryRefused, cause)
    }
}

fn gap(answer: &mut Answer<Facts>, fact: &str, error: ProbeError) {
    answer.gaps.insert(fact.to_owned(), error);
}

fn refusal(reply: &Reply) -> Option<Refusal> {
    if reply.status.is_success() {
        return None;
    }
    xml::read(&reply.body, "Error").ok()
}

fn is_no_bucket(code: &str) -> bool {
    matches!(code, "NoSuchBucket" | "ContainerNotFound")
}

fn is_wrong_key(code: &str) -> bool {
    let codes = [
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId",
        "NotSignedUp",
        "InvalidSecurity",
        "InvalidToken",
        "ExpiredToken",
        "TokenRefreshRequired",
        "AuthenticationFailed",
    ];
    codes.contains(&code)
}

/// How a service says that it keeps an object.
fn encryption(reply: &Reply) -> String {
    let header = |name: &str| {
        reply
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let own = "x-amz-server-side-encryption";
    let by_customer = [
        "x-amz-server-side-encryption-customer-algorithm",
        "x-goog-encryption-algorithm",
        "x-ms-encryption-key-sha256",
    ];
    if let Some(how) = header(own) {
        return short_line(how, 40);
    }
    if by_customer.iter().any(|name| header(name).is_some()) {
        return "customer-key".to_owned();
    }
    if header("x-goog-encryption-kms-key-name").is_some() {
        return "kms".to_owned();
    }
    match header("x-ms-server-encrypted") {
        Some("true") => "AES256".to_owned(),
        _ => "unsaid".to_owned(),
    }
}
