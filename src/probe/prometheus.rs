//! What does the monitoring say: numbers, alert rules, what it watches, whom it can tell?
//!
//! Instant queries and lists of Prometheus' HTTP interface, which Thanos, Mimir and
//! VictoriaMetrics speak too; nothing is written. Monitoring that does not answer cannot tell
//! anything of the target, so that is our inability, and so is a query that it cannot do with. An
//! answer with warnings may be a part of the whole (a store of Thanos or Mimir that did not
//! answer), so that what it tells is a gap, and so are targets some of which were not looked at
//! yet. A query that finds nothing is a fact: there is no `value` then.
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
    /// Credentials for the `authorization` header; an empty bearer token is none.
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

/// Whether these are no credentials, as where a check's parameter is left empty.
fn is_none(auth: &Auth) -> bool {
    matches!(auth, Auth::Bearer(token) if token.is_empty())
}

impl Prometheus {
    fn question(&self, path: &str) -> Http {
        let base = self.url.trim_end_matches('/');
        Http {
            auth: self.auth.clone().filter(|auth| !is_none(auth)),
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
            asking.list(*listed, &question, &mut answer).await?;
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
    /// What the server says, and what it warns of.
    async fn ask<T: DeserializeOwned>(
        &self,
        question: &Http,
    ) -> Result<(T, Option<ProbeError>), ProbeError> {
        let call = Call::of(question, self.context)?;
        let reply = call.ask(self.context, self.deadline).await;
        let reply = reply.map_err(not_the_targets)?;
        let place = reply.place().to_owned();
        if matches!(
            reply.status,
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY
        ) {
            let said: Refusal = reply.json().map_err(not_the_targets)?;
            let cause = format!("{place} cannot do with the query `{}`", self.of.query);
            return Err(ProbeError::new(Reason::QueryRefused, cause).with_detail(said.error));
        }
        let reply = reply.ok().map_err(not_the_targets)?;
        let envelope: Envelope<T> = reply.json().map_err(not_the_targets)?;
        if envelope.status != "success" {
            return Err(odd(&place, format!("status: {}", envelope.status)));
        }
        let warned = (!envelope.warnings.is_empty()).then(|| {
            let cause = format!("{place} warns that its answer may be a part of the whole");
            let words = envelope.warnings.iter().take(5).map(String::as_str);
            ProbeError::new(Reason::ApiUnavailable, cause)
                .with_detail(words.collect::<Vec<_>>().join("; "))
        });
        Ok((envelope.data, warned))
    }

    async fn query(&self, question: &Http, answer: &mut Answer<Facts>) -> Result<(), ProbeError> {
        let (result, warned) = self.ask(question).await?;
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
        let beyond = || local::beyond(format!("the query gives more than {MOST_VALUES} samples"));
        let gap = warned.or_else(|| (samples.len() > MOST_VALUES).then(beyond));
        if let Some(error) = gap {
            answer.gaps.insert("values".to_owned(), error.clone());
            answer.gaps.insert("value".to_owned(), error);
            return Ok(());
        }
        let values: Result<Vec<Sample>, ProbeError> = samples
            .into_iter()
            .map(|sample| {
                let (_, written) = &sample.value;
                let value: f64 = written
                    .parse()
                    .map_err(|_| odd(&question.url, format!("`{written}` is no number")))?;
                Ok(Sample {
                    labels: sample.metric,
                    value: Some(value).filter(|value| value.is_finite()),
                })
            })
            .collect();
        let values = values?;
        if let [only] = values.as_slice() {
            answer.facts.value = only.value;
        }
        answer.facts.values = Some(values);
        Ok(())
    }

    async fn list(
        &self,
        listed: Listed,
        question: &Http,
        answer: &mut Answer<Facts>,
    ) -> Result<(), ProbeError> {
        let facts = &mut answer.facts;
        let (name, gap) = match listed {
            Listed::Rules => {
                let (groups, warned) = self.ask(question).await?;
                facts.rules = warned.is_none().then(|| rules(groups));
                ("rules", warned)
            }
            Listed::Targets => {
                let (found, warned) = self.ask(question).await?;
                let (targets, unseen) = targets(found, &question.url)?;
                let gap = warned.or(unseen);
                facts.targets = gap.is_none().then_some(targets);
                ("targets", gap)
            }
            Listed::Alertmanagers => {
                let (found, warned): (Managers, _) = self.ask(question).await?;
                let urls = found.active.into_iter().map(|one| one.url);
                facts.alertmanagers = warned.is_none().then(|| urls.collect());
                ("alertmanagers", warned)
            }
        };
        if let Some(error) = gap {
            answer.gaps.insert(name.to_owned(), error);
        }
        Ok(())
    }
}

fn rules(groups: Groups) -> Vec<Rule> {
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
    rules.collect()
}

/// The targets, and that some of them were not looked at yet.
fn targets(found: Targets, place: &str) -> Result<(Vec<Target>, Option<ProbeError>), ProbeError> {
    let unseen = found.active.iter().any(|target| target.health == "unknown");
    let gap = unseen.then(|| {
        let cause = "the monitoring has not looked at all of its targets yet";
        ProbeError::new(Reason::ApiUnavailable, cause).with_detail(place)
    });
    let targets = found.active.into_iter().map(|target| {
        let label = |name: &str| target.labels.get(name).cloned().unwrap_or_default();
        let up = match target.health.as_str() {
            "up" => true,
            "down" | "unknown" => false,
            other => return Err(odd(place, format!("a target's health is `{other}`"))),
        };
        Ok(Target {
            job: label("job"),
            instance: label("instance"),
            up,
            error: Some(target.last_error).filter(|error| !error.is_empty()),
        })
    });
    Ok((targets.collect::<Result<_, _>>()?, gap))
}

/// An answer that is not as the interface says.
fn odd(place: &str, words: String) -> ProbeError {
    let cause = format!("{place} does not answer as its interface says");
    ProbeError::new(Reason::ApiUnavailable, cause).with_detail(words)
}

#[derive(Deserialize)]
struct Envelope<T> {
    status: String,
    data: T,
    /// Why this may be a part of the whole.
    #[serde(default)]
    warnings: Vec<String>,
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
    #[serde(rename = "lastError", default)]
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
