//! What does GitHub say of a repository: do its checks pass, who may change the branch, what is
//! known to be unsafe?
//!
//! Questions to GitHub's REST interface, paged and read as those of the `api` kind. GitHub is not
//! the target: whatever goes wrong with it, and everything that the token may not see, is our
//! inability. GitHub answers 404 as well as 403 for what it does not show, so that neither means
//! that there is nothing; where absence is an answer (no release, no classic protection), it is
//! told by something that everybody sees who sees the repository.
//!
//! It never writes. It does not look into who may go around a rule, and reads no secret.

mod ask;
mod facts;
mod wire;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::ask::Asking;
use super::api::{Api, Next};
use super::http::Auth;
use super::http::deadline::Deadline;
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError};

pub use self::facts::{Alerts, Demands, Facts, Job, Release, Review, Run, Security};

/// Asks GitHub about a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Github {
    /// `owner/name`.
    pub repository: String,
    /// What to ask about.
    pub about: Vec<About>,
    /// The branch that goes live.
    #[serde(default = "main")]
    pub branch: String,
    /// File name of the workflow whose runs count, such as `ci.yml`; empty for all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub workflow: String,
    /// A token as `${secrets.NAME}`; empty for none, which does for public repositories.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub token: String,
    /// Address of the interface; `https://HOST/api/v3` for GitHub Enterprise Server.
    #[serde(default = "github")]
    pub base: String,
}

/// What GitHub can be asked about.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum About {
    /// Runs of workflows on the branch.
    Runs,
    /// Rulesets and classic protection of the branch.
    Protection,
    /// Who approved what the branch took in last.
    Review,
    /// Open Dependabot alerts.
    Alerts,
    /// Names of secrets.
    Secrets,
    /// The latest release.
    Release,
    /// Secret scanning and push protection.
    Security,
}

impl About {
    /// What it is called in the plan, and how many requests it takes at most.
    const fn plan(self) -> (&'static str, u32) {
        match self {
            Self::Runs => ("runs and jobs", 12),
            Self::Protection => ("protection of the branch", 12),
            Self::Review => ("review of the newest commit", 12),
            Self::Alerts => ("Dependabot alerts", 10),
            Self::Secrets => ("names of secrets", 10),
            Self::Release => ("latest release", 1),
            Self::Security => ("security settings", 1),
        }
    }
}

fn main() -> String {
    "main".to_owned()
}

fn github() -> String {
    "https://api.github.com".to_owned()
}

impl Github {
    /// A question about the repository: the parts of a path, and a query.
    fn question(&self, path: &[&str], query: &str) -> Api {
        let url = url::Url::parse(&self.base).ok().and_then(|mut url| {
            let own = self.repository.split('/');
            url.path_segments_mut()
                .ok()?
                .pop_if_empty()
                .push("repos")
                .extend(own)
                .extend(path);
            url.set_query((!query.is_empty()).then_some(query));
            Some(url)
        });
        let headers = [
            ("accept", "application/vnd.github+json"),
            ("x-github-api-version", "2022-11-28"),
        ];
        Api {
            url: url.map_or_else(|| self.base.clone(), String::from),
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            auth: (!self.token.is_empty()).then(|| Auth::Bearer(self.token.clone())),
            graphql: None,
            items: None,
            next: None,
            next_optional: false,
            pages: 10,
            missing_ok: false,
        }
    }

    /// A question whose answer is a list, in pages.
    fn list(&self, path: &[&str], query: &str, items: &str) -> Api {
        Api {
            items: Some(items.to_owned()),
            next: Some(Next::Link {}),
            ..self.question(path, query)
        }
    }
}

impl Probe for Github {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        let is_name = |name: &str| {
            let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
            !name.is_empty() && name.chars().all(plain) && !matches!(name, "." | "..")
        };
        let named = self.repository.split_once('/');
        if !named.is_some_and(|(owner, name)| is_name(owner) && is_name(name)) {
            return Err(Invalid::new("repository", "is not written as owner/name"));
        }
        if self.about.is_empty() {
            return Err(Invalid::new("about", "says nothing to ask about"));
        }
        if self.branch.trim().is_empty() || matches!(self.branch.as_str(), "." | "..") {
            return Err(Invalid::new("branch", "is no branch"));
        }
        if !self.workflow.is_empty() && !is_name(&self.workflow) {
            return Err(Invalid::new("workflow", "is no file name such as ci.yml"));
        }
        if !self.token.is_empty() {
            Invalid::unless_reference("token", &self.token)?;
        }
        let question = self.question(&[], "").validate();
        question.map_err(|error| Invalid::new("base", error.message))
    }

    fn contacts(&self) -> Vec<Contact> {
        let mut contacts = self.question(&[], "").contacts();
        let (words, counts): (Vec<_>, Vec<_>) = self.about.iter().map(|about| about.plan()).unzip();
        for contact in &mut contacts {
            contact.action = format!("GET {} of {}", words.join(", "), self.repository);
            contact.count = counts.iter().sum();
            contact.access = Access::ReadOnly;
        }
        contacts
    }

    fn reproduce(&self) -> String {
        let question = match self.about.first() {
            Some(About::Runs) => self.runs(),
            Some(About::Protection) => self.rules(),
            Some(About::Review) => self.branch(),
            Some(About::Alerts) => self.alerts(),
            Some(About::Secrets) => self.secrets(),
            Some(About::Release) => self.release(),
            Some(About::Security) | None => self.question(&[], ""),
        };
        question.reproduce()
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        let mut asking = Asking {
            of: self,
            context,
            deadline: Deadline::after(context.timeout * 19 / 20),
            facts: Facts::default(),
            gaps: BTreeMap::new(),
        };
        for about in &self.about {
            asking.about(*about).await?;
        }
        Ok(Answer {
            facts: asking.facts,
            gaps: asking.gaps,
        })
    }
}
