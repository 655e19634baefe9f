//! The questions, and what their answers come to.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;
use url::form_urlencoded::byte_serialize;

use super::facts::{Alerts, Demands, Facts, Job, Release, Review, Run, Security};
use super::wire::{
    Alert, Branch, Named, Protection, Pull, RawJob, RawRelease, Repository, Rule, Runs, Said,
    Setting,
};
use super::{About, Github};
use crate::probe::api::{self, Api};
use crate::probe::http::deadline::Deadline;
use crate::probe::{Answer, Context, Probe as _, ProbeError};
use crate::reason::Reason;

/// A question under way.
pub(super) struct Asking<'a> {
    pub(super) of: &'a Github,
    pub(super) context: &'a Context,
    pub(super) deadline: Deadline,
    pub(super) facts: Facts,
    pub(super) gaps: BTreeMap<String, ProbeError>,
}

impl Github {
    pub(super) fn branch(&self) -> Api {
        self.question(&["branches", &self.branch], "")
    }

    pub(super) fn runs(&self) -> Api {
        let branch: String = byte_serialize(self.branch.as_bytes()).collect();
        let query = format!("branch={branch}&status=completed&per_page=10");
        if self.workflow.is_empty() {
            self.question(&["actions", "runs"], &query)
        } else {
            self.question(&["actions", "workflows", &self.workflow, "runs"], &query)
        }
    }

    pub(super) fn rules(&self) -> Api {
        self.list(&["rules", "branches", &self.branch], "per_page=100", "")
    }

    pub(super) fn alerts(&self) -> Api {
        self.list(&["dependabot", "alerts"], "state=open&per_page=100", "")
    }

    pub(super) fn secrets(&self) -> Api {
        self.list(&["actions", "secrets"], "per_page=100", "secrets")
    }

    pub(super) fn release(&self) -> Api {
        Api {
            missing_ok: true,
            ..self.question(&["releases", "latest"], "")
        }
    }
}

impl Asking<'_> {
    /// Asks about one thing. What the token may not see is a gap.
    pub(super) async fn about(&mut self, about: About) -> Result<(), ProbeError> {
        let (facts, asked): (&[&str], _) = match about {
            About::Runs => (&["head", "runs", "jobs"], self.runs().await),
            About::Protection => (&["head", "rules", "classic"], self.protection().await),
            About::Review => (&["head", "review"], self.review().await),
            About::Alerts => (&["alerts"], self.alerts().await),
            About::Secrets => (&["secrets"], self.secrets().await),
            About::Release => (&["release"], self.release().await),
            About::Security => (&["security"], self.security().await),
        };
        match asked {
            Err(error) if is_hidden(&error) => {
                for fact in facts {
                    self.miss(fact, error.clone());
                }
                Ok(())
            }
            other => other,
        }
    }

    fn miss(&mut self, fact: &str, why: ProbeError) {
        self.gaps.entry(fact.to_owned()).or_insert(why);
    }

    async fn ask(&self, api: Api) -> Result<Answer<api::Facts>, ProbeError> {
        let context = Context {
            timeout: self.deadline.left(),
            ..self.context.clone()
        };
        api.gather(&context).await
    }

    async fn one<T: DeserializeOwned>(&self, api: Api) -> Result<T, ProbeError> {
        let page = self.ask(api).await?.facts.json;
        self.shape(page.unwrap_or_default())
    }

    /// Every thing of a list, or an error where there are more than are read.
    async fn every<T: DeserializeOwned>(&self, api: Api) -> Result<Vec<T>, ProbeError> {
        let Answer { facts, mut gaps } = self.ask(api).await?;
        match (facts.items, gaps.remove("items")) {
            (Some(items), None) => self.shape(Value::Array(items)),
            (_, Some(error)) => Err(error),
            (None, None) => Err(self.odd("there is no list")),
        }
    }

    fn shape<T: DeserializeOwned>(&self, value: Value) -> Result<T, ProbeError> {
        serde_json::from_value(value).map_err(|error| self.odd(&error.to_string()))
    }

    fn odd(&self, words: &str) -> ProbeError {
        let cause = format!("{} does not answer as GitHub does", self.of.base);
        ProbeError::new(Reason::ApiUnavailable, cause).with_detail(words)
    }

    async fn branch(&mut self) -> Result<Branch, ProbeError> {
        let branch: Branch = self.one(self.of.branch()).await?;
        self.facts.head = Some(branch.commit.sha.clone());
        Ok(branch)
    }

    async fn runs(&mut self) -> Result<(), ProbeError> {
        self.branch().await?;
        let listed: Runs = self.one(self.of.runs()).await?;
        let now = self.context.now;
        let newest = listed.workflow_runs.first().map(|run| run.id.to_string());
        let runs = listed.workflow_runs.into_iter().map(|run| Run {
            workflow: run.name.unwrap_or_default(),
            conclusion: run.conclusion,
            event: run.event,
            sha: run.head_sha,
            seconds: run.updated_at.duration_since(run.run_started_at).as_secs(),
            age_seconds: now.duration_since(run.updated_at).as_secs(),
        });
        self.facts.runs = Some(runs.collect());
        let Some(newest) = newest else {
            return Ok(());
        };
        let path = ["actions", "runs", &newest, "jobs"];
        let jobs = self.every::<RawJob>(self.of.list(&path, "per_page=100", "jobs"));
        match jobs.await {
            Ok(jobs) => self.facts.jobs = Some(jobs.into_iter().map(Job::from).collect()),
            Err(error) if error.reason == Reason::FileTruncated => self.miss("jobs", error),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn protection(&mut self) -> Result<(), ProbeError> {
        let branch = self.branch().await?;
        let rules: Vec<Rule> = self.every(self.of.rules()).await?;
        self.facts.rules = Some(demands_of(&rules));
        let Some(told) = branch.protection else {
            let error = self.odd("there is no word of the branch's protection");
            self.miss("classic", error);
            return Ok(());
        };
        if !told.enabled {
            self.facts.classic = Some(Demands {
                checks: Vec::new(),
                approvals: Some(0),
                pull_request: Some(false),
                no_force_push: Some(false),
                no_deletion: Some(false),
            });
            return Ok(());
        }
        let path = ["branches", &self.of.branch, "protection"];
        match self.one::<Protection>(self.of.question(&path, "")).await {
            Ok(protection) => self.facts.classic = Some(protection.into()),
            Err(error) if is_hidden(&error) => {
                match told.required_status_checks {
                    Some(checks) => {
                        self.facts.classic = Some(Demands {
                            checks: checks.contexts,
                            ..Demands::default()
                        });
                    }
                    None => self.miss("classic", error.clone()),
                }
                for fact in ["approvals", "pull_request", "no_force_push", "no_deletion"] {
                    self.miss(&format!("classic.{fact}"), error.clone());
                }
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn review(&mut self) -> Result<(), ProbeError> {
        let head = self.branch().await?.commit.sha;
        let pulls = self
            .of
            .list(&["commits", &head, "pulls"], "per_page=100", "");
        let pulls: Vec<Pull> = self.every(pulls).await?;
        let merged = pulls
            .into_iter()
            .find(|pull| pull.merged_at.is_some() && pull.base.name == self.of.branch);
        let Some(pull) = merged else {
            return Ok(());
        };
        let number = pull.number.to_string();
        let path = ["pulls", &number, "reviews"];
        let said: Vec<Said> = self.every(self.of.list(&path, "per_page=100", "")).await?;
        let author = pull.user.map(|user| user.login);
        let mut last: BTreeMap<String, String> = BTreeMap::new();
        for one in said {
            // Comments leave what was said before as it is.
            let counts = matches!(
                one.state.as_str(),
                "APPROVED" | "CHANGES_REQUESTED" | "DISMISSED"
            );
            if let Some(user) = one
                .user
                .filter(|user| counts && Some(&user.login) != author.as_ref())
            {
                last.insert(user.login, one.state);
            }
        }
        let count = |state: &str| {
            let of_state = last.values().filter(|said| *said == state).count();
            u32::try_from(of_state).unwrap_or(u32::MAX)
        };
        self.facts.review = Some(Review {
            number: pull.number,
            approvals: count("APPROVED"),
            objections: count("CHANGES_REQUESTED"),
        });
        Ok(())
    }

    async fn alerts(&mut self) -> Result<(), ProbeError> {
        let listed: Vec<Alert> = self.every(self.of.alerts()).await?;
        let mut alerts = Alerts::default();
        for alert in listed {
            let severity = alert.security_advisory.severity;
            *match severity.as_str() {
                "critical" => &mut alerts.critical,
                "high" => &mut alerts.high,
                "medium" | "moderate" => &mut alerts.medium,
                "low" => &mut alerts.low,
                _ => return Err(self.odd(&format!("severity: {severity}"))),
            } += 1;
        }
        self.facts.alerts = Some(alerts);
        Ok(())
    }

    async fn secrets(&mut self) -> Result<(), ProbeError> {
        let listed: Vec<Named> = self.every(self.of.secrets()).await?;
        self.facts.secrets = Some(listed.into_iter().map(|secret| secret.name).collect());
        Ok(())
    }

    async fn release(&mut self) -> Result<(), ProbeError> {
        let answer = self.ask(self.of.release()).await?.facts;
        let Some(page) = answer.json else {
            // Whoever sees the repository would see a release.
            let _: Value = self.one(self.of.question(&[], "")).await?;
            return Ok(());
        };
        let release: RawRelease = self.shape(page)?;
        let age = self.context.now.duration_since(release.published_at);
        self.facts.release = Some(Release {
            tag: release.tag_name,
            published: release.published_at,
            age_days: age.as_secs().div_euclid(86_400),
        });
        Ok(())
    }

    async fn security(&mut self) -> Result<(), ProbeError> {
        let repository: Repository = self.one(self.of.question(&[], "")).await?;
        let Some(settings) = repository.security_and_analysis else {
            let cause = format!("{} does not show its security settings", self.of.repository);
            return Err(ProbeError::new(Reason::PermissionDenied, cause)
                .with_detail("they show themselves to those who may administer the repository"));
        };
        let on = |setting: Setting| setting.status == "enabled";
        self.facts.security = Some(Security {
            secret_scanning: on(settings.secret_scanning),
            push_protection: on(settings.secret_scanning_push_protection),
        });
        Ok(())
    }
}

/// Whether it is the token that does not see something, as far as GitHub tells.
fn is_hidden(error: &ProbeError) -> bool {
    matches!(error.reason, Reason::PermissionDenied | Reason::ApiNotFound)
}

/// What the rules for a branch come to; where two demand the same, the stricter one counts.
fn demands_of(rules: &[Rule]) -> Demands {
    let has = |kind: &str| rules.iter().any(|rule| rule.kind == kind);
    let checks = rules
        .iter()
        .filter(|rule| rule.kind == "required_status_checks")
        .flat_map(|rule| &rule.parameters.required_status_checks)
        .map(|check| check.context.clone());
    let approvals = rules
        .iter()
        .filter(|rule| rule.kind == "pull_request")
        .map(|rule| rule.parameters.required_approving_review_count);
    Demands {
        checks: checks.collect(),
        approvals: Some(approvals.max().unwrap_or_default()),
        pull_request: Some(has("pull_request")),
        no_force_push: Some(has("non_fast_forward")),
        no_deletion: Some(has("deletion")),
    }
}
