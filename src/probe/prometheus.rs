//! What does the monitoring say: numbers, alert rules, what it watches, whom it can tell?
//!
//! Instant queries and lists of Prometheus' HTTP interface, which Thanos, Mimir and
//! VictoriaMetrics speak too; nothing is written. Monitoring that does not answer cannot tell
//! anything of the target, so that is our inability, and so is a query that it cannot do with. A
//! query that finds nothing is a fact: there is no `value` then.
//!
//! It asks for one moment and no range; use `avg_over_time` and its like in the query.

use std::collections::BTreeMap;

use http::StatusCode;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::Url;

use super::http::client::{Call, REDIRECTS, not_the_targets};
use super::http::deadline::Deadline;
use super::http::{Auth, Http};
use super::{Answer, Contact, Context, Invalid, Probe, ProbeError, local};
use crate::reason::Reason;

/// The most samples that are kept.
const MOST_VALUES: usize = 10_000;

/// Asks a Prometheus server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prometheus {
    /// Address of the server; `/api/v1/…` is put behind it.
    pub url: String,
    /// Credentials for the `authorization` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// A query in PromQL for this moment; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub query: String,
    /// What to list: `rules`, `targets`, `alertmanagers`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub list: Vec<Listed>,
}

/// What a server can list.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Listed {
    /// Alert and recording rules.
    Rules,
    /// What is watched now.
    Targets,
    /// Whom alerts are sent to.
    Alertmanagers,
}

/// What a Prometheus server says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// The query's number, where it gives exactly one that is finite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Every sample of the query; at most 10,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Sample>>,
    /// Rules, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<Vec<Rule>>,
    /// What is watched, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets: Option<Vec<Target>>,
    /// Addresses of the active Alertmanagers, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alertmanagers: Option<Vec<String>>,
}

/// One number with its labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sample {
    /// Its labels; empty for a number alone.
    pub labels: BTreeMap<String, String>,
    /// The number; left out when it is not finite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rule {
    /// The group that it is in.
    pub group: String,
    /// Its name.
    pub name: String,
    /// `alerting` or `recording`.
    pub kind: String,
    /// `ok`, `err` or `unknown`.
    pub health: String,
    /// Its expression.
    pub query: String,
    /// `inactive`, `pending` or `firing`; alerts alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Seconds that it must hold before it fires; alerts alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_seconds: Option<f64>,
    /// Labels that it adds.
    pub labels: BTreeMap<String, String>,
}

/// Something that is watched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// Its job.
    pub job: String,
    /// Its instance.
    pub instance: String,
    /// Whether the last look at it worked.
    pub up: bool,
    /// Why it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Prometheus {
    fn question(&self, path: &str) -> Http {
        let base = self.url.trim_end_matches('/');
        Http {
            auth: self.auth.clone(),
            redirects: REDIRECTS,
            ..Http::get(format!("{base}/api/v1/{path}"))
        }
    }

    fn questions(&self) -> Vec<Http> {
        let mut questions = Vec::new();
        if !self.query.is_empty() {
            let query: String =
                url::form_urlencoded::byte_serialize(self.query.as_bytes()).collect();
            questions.push(self.question(&format!("query?query={query}")));
        }
        let listed = self.list.iter().map(|listed| match listed {
            Listed::Rules => "rules",
            Listed::Targets => "targets?state=active",
            Listed::Alertmanagers => "alertmanagers",
        });
        questions.extend(listed.map(|path| self.question(path)));
        questions
    }
}

impl Probe for Prometheus {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        self.question("query").validate()?;
        if Url::parse(&self.url).is_ok_and(|url| url.query().is_some()) {
            return Err(Invalid::new(
                "url",
                "is the server's address and has no query",
            ));
        }
        if self.query.is_empty() && self.list.is_empty() {
            return Err(Invalid::new(
                "query",
                "give a `query`, or say what to `list`",
            ));
        }
        Ok(())
    }

    fn contacts(&self) -> Vec<Contact> {
        let questions = self.questions();
        questions.iter().flat_map(Probe::contacts).collect()
    }

    fn reproduce(&self) -> String {
        let questions = self.questions();
        questions.first().map(Probe::reproduce).unwrap_or_default()
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        let asking = Asking {
            of: self,
            context,
            deadline: Deadline::after(context.timeout * 19 / 20),
        };
        let mut answer = Answer::from(Facts::default());
        let mut questions = self.questions().into_iter();
        if !self.query.is_empty()
            && let Some(question) = questions.next()
        {
            asking.query(&question, &mut answer).await?;
        }
        for (listed, question) in self.list.iter().zip(questions) {
            let facts = &mut answer.facts;
            match listed {
                Listed::Rules => facts.rules = Some(asking.rules(&question).await?),
                Listed::Targets => facts.targets = Some(asking.targets(&question).await?),
                Listed::Alertmanagers => {
                    let found: Managers = asking.ask(&question).await?;
                    let urls = found.active.into_iter().map(|one| one.url);
                    facts.alertmanagers = Some(urls.collect());
                }
            }
        }
        Ok(answer)
    }
}

struct Asking<'a> {
    of: &'a Prometheus,
    context: &'a Context,
    deadline: Deadline,
}

impl Asking<'_> {
    async fn ask<T: DeserializeOwned>(&self, question: &Http) -> Result<T, ProbeError> {
        let call = Call::of(question, self.context)?;
        let reply = call.ask(self.context, self.deadline).await;
        let reply = reply.map_err(not_the_targets)?;
        if matches!(
            reply.status,
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY
        ) {
            let said: Refusal = reply.json().map_err(not_the_targets)?;
            let cause = format!(
                "{} cannot do with the query `{}`",
                reply.place(),
                self.of.query
            );
            return Err(ProbeError::new(Reason::QueryRefused, cause).with_detail(said.error));
        }
        let reply = reply.ok().map_err(not_the_targets)?;
        let envelope: Envelope<T> = reply.json().map_err(not_the_targets)?;
        Ok(envelope.data)
    }

    async fn query(&self, question: &Http, answer: &mut Answer<Facts>) -> Result<(), ProbeError> {
        let result: QueryResult = self.ask(question).await?;
        let samples = match result {
            QueryResult::Vector(samples) => samples,
            QueryResult::Scalar(value) => vec![RawSample {
                metric: BTreeMap::new(),
                value,
            }],
            QueryResult::Matrix(_) | QueryResult::String(_) => {
                let cause = "the query gives a range or a text, and not numbers of one moment";
                return Err(ProbeError::new(Reason::QueryRefused, cause));
            }
        };
        if samples.len() > MOST_VALUES {
            let error = local::beyond(format!("the query gives more than {MOST_VALUES} samples"));
            answer.gaps.insert("values".to_owned(), error.clone());
            answer.gaps.insert("value".to_owned(), error);
            return Ok(());
        }
        let values: Vec<Sample> = samples
            .into_iter()
            .map(|sample| Sample {
                labels: sample.metric,
                value: sample
                    .value
                    .1
                    .parse()
                    .ok()
                    .filter(|value: &f64| value.is_finite()),
            })
            .collect();
        if let [only] = values.as_slice() {
            answer.facts.value = only.value;
        }
        answer.facts.values = Some(values);
        Ok(())
    }

    async fn rules(&self, question: &Http) -> Result<Vec<Rule>, ProbeError> {
        let groups: Groups = self.ask(question).await?;
        let rules = groups.groups.into_iter().flat_map(|group| {
            let name = group.name;
            group.rules.into_iter().map(move |rule| Rule {
                group: name.clone(),
                name: rule.name,
                kind: rule.kind,
                health: rule.health,
                query: rule.query,
                state: rule.state,
                for_seconds: rule.duration,
                labels: rule.labels,
            })
        });
        Ok(rules.collect())
    }

    async fn targets(&self, question: &Http) -> Result<Vec<Target>, ProbeError> {
        let found: Targets = self.ask(question).await?;
        let targets = found.active.into_iter().map(|target| {
            let label = |name: &str| target.labels.get(name).cloned().unwrap_or_default();
            Target {
                job: label("job"),
                instance: label("instance"),
                up: target.health == "up",
                error: Some(target.last_error).filter(|error| !error.is_empty()),
            }
        });
        Ok(targets.collect())
    }
}

#[derive(Deserialize)]
struct Envelope<T> {
    data: T,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
enum QueryResult {
    Vector(Vec<RawSample>),
    Scalar((f64, String)),
    Matrix(serde::de::IgnoredAny),
    String(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct RawSample {
    metric: BTreeMap<String, String>,
    value: (f64, String),
}

#[derive(Deserialize)]
struct Groups {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    name: String,
    rules: Vec<RawRule>,
}

#[derive(Deserialize)]
struct RawRule {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    health: String,
    query: String,
    state: Option<String>,
    duration: Option<f64>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Targets {
    #[serde(rename = "activeTargets")]
    active: Vec<RawTarget>,
}

#[derive(Deserialize)]
struct RawTarget {
    labels: BTreeMap<String, String>,
    health: String,
    #[serde(rename = "lastError")]
    last_error: String,
}

#[derive(Deserialize)]
struct Managers {
    #[serde(rename = "activeAlertmanagers")]
    active: Vec<Manager>,
}

#[derive(Deserialize)]
struct Manager {
    url: String,
}
