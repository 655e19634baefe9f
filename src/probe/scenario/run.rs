//! Asking one step after the other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use http::{HeaderMap, StatusCode};

use super::facts::{Facts, MOST_JSON, Seen, text_of};
use super::step::{Step, encoded_name, secret_name};
use super::{Answer, Context, ProbeError, Scenario};
use crate::probe::http::client::{Call, Reply};
use crate::probe::http::deadline::{Deadline, milliseconds};
use crate::probe::http::jar::Jar;
use crate::probe::http::meaning;
use crate::reason::Reason;
use crate::secret::{Redactor, Secret, Secrets, percent_encoded};

/// Bytes of a body that are read.
const MOST_BODY: usize = 1 << 20;
/// Bytes of all captured values together: each is looked for in many forms.
const MOST_CAPTURED: usize = 16 << 10;

/// Asks all steps, until one fails.
pub(super) async fn run(
    scenario: &Scenario,
    context: &Context,
) -> Result<Answer<Facts>, ProbeError> {
    // A secret that is not set is told before anything is contacted.
    for step in &scenario.steps {
        for (_, text) in step.texts() {
            context.secrets.fill(text)?;
        }
    }
    let mut session = Session {
        context: context.clone(),
        deadline: Deadline::after(context.timeout * 19 / 20),
        jar: Jar::default(),
        captured: Vec::new(),
    };
    let mut facts = Facts::default();
    let mut gaps = BTreeMap::new();
    let mut stopped: Option<ProbeError> = None;
    for step in &scenario.steps {
        if let Some(error) = &stopped {
            gaps.insert(format!("steps.{}", step.name), error.clone());
            continue;
        }
        match session.ask(step).await {
            Ok(Stepped { seen, unread, halt }) => {
                facts.steps.insert(step.name.clone(), seen);
                gaps.extend(unread.map(|gap| (format!("steps.{}.json", step.name), gap)));
                stopped = halt;
            }
            // Nothing is known yet.
            Err(error) if facts.steps.is_empty() => return Err(error),
            Err(error) => {
                gaps.insert(format!("steps.{}", step.name), error.clone());
                stopped = Some(error);
            }
        }
    }
    let redactor = session.redactor();
    let captured: Vec<&str> = session.captured.iter().map(Secret::reveal).collect();
    for seen in facts.steps.values_mut() {
        seen.mask(&redactor, &captured);
    }
    let gaps = gaps
        .into_iter()
        .map(|(path, error)| (path, masked(error, &redactor)));
    Ok(Answer {
        facts,
        gaps: gaps.collect(),
    })
}

/// What came of a step that was answered.
struct Stepped {
    seen: Seen,
    /// Why its JSON is not known.
    unread: Option<ProbeError>,
    /// Why nothing can follow.
    halt: Option<ProbeError>,
}

/// What is kept from step to step.
struct Session {
    /// With what was captured among the secrets.
    context: Context,
    deadline: Deadline,
    jar: Jar,
    captured: Vec<Secret>,
}

impl Session {
    async fn ask(&mut self, step: &Step) -> Result<Stepped, ProbeError> {
        let question = step.question().ok_or_else(|| {
            ProbeError::new(Reason::ProbeInternal, "a step that was not validated")
        })?;
        let question = step.with_form(question, &self.context.secrets)?;
        let call = Call::of(&question, &self.context)?;
        let start = Instant::now();
        let asking = call.ask_with(Some(&self.jar), MOST_BODY, &self.context, self.deadline);
        let reply = asking.await?;
        let elapsed = start.elapsed();
        let set = self.jar.take_set();
        let (captured, halt) = self.capture(step, &reply, &set);
        let mut headers = reply.headers_by_name();
        headers.remove(http::header::SET_COOKIE.as_str());
        let (json, unread) = json(&reply);
        let seen = Seen {
            status: reply.status.as_u16(),
            url: reply.url.to_string(),
            redirected: reply.redirected,
            headers,
            cookies: meaning::cookies(&set),
            json,
            captured,
            elapsed_ms: milliseconds(elapsed),
        };
        Ok(Stepped { seen, unread, halt })
    }

    /// Takes out what the step wants; all of it, or the scenario stops.
    fn capture(
        &mut self,
        step: &Step,
        reply: &Reply,
        set: &HeaderMap,
    ) -> (Vec<String>, Option<ProbeError>) {
        let mut names = Vec::new();
        let mut halt = None;
        for (name, capture) in &step.capture {
            let room = MOST_CAPTURED
                - self
                    .captured
                    .iter()
                    .map(|one| one.reveal().len())
                    .sum::<usize>();
            let value = capture
                .value(reply, set)
                .filter(|value| value.len() <= room);
            let Some(value) = value else {
                halt = halt.or_else(|| Some(missing(step, reply, &format!("{name}: {capture}"))));
                continue;
            };
            let encoded = Secret::new(percent_encoded(&value));
            let value = Secret::new(value);
            let secrets = Secrets::clone(&self.context.secrets)
                .with(secret_name(name), value.clone())
                .with(encoded_name(name), encoded);
            self.context.secrets = Arc::new(secrets);
            self.captured.push(value);
            names.push(name.clone());
        }
        (names, halt)
    }

    /// For everything that was captured, also under a name that was captured again.
    fn redactor(&self) -> Redactor {
        let captured = self.captured.iter().cloned().enumerate();
        let named = captured.map(|(index, secret)| (index.to_string(), secret));
        named.collect::<Secrets>().redactor()
    }
}

/// An answer does not have what later steps need.
fn missing(step: &Step, reply: &Reply, what: &str) -> ProbeError {
    let (reason, words) = match reply.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            (Reason::CredentialRefused, "is refused")
        }
        StatusCode::TOO_MANY_REQUESTS => (Reason::ApiRateLimited, "is asked too often"),
        _ => (
            Reason::CaptureMissing,
            "does not give what the next one needs",
        ),
    };
    let detail = format!(
        "{} answers {}, without {what}",
        reply.place(),
        reply.status.as_u16()
    );
    ProbeError::new(reason, format!("step {} {words}", step.name)).with_detail(detail)
}

/// The body as JSON, or why it is not known.
fn json(reply: &Reply) -> (Option<serde_json::Value>, Option<ProbeError>) {
    if let Some(unread) = &reply.unread {
        return (None, Some(unread.clone()));
    }
    if reply.body.len() > MOST_JSON {
        let cause = format!(
            "the body of {} is longer than what is kept of it",
            reply.url
        );
        return (None, Some(ProbeError::new(Reason::HttpTruncated, cause)));
    }
    let json = text_of(reply).and_then(|text| serde_json::from_str(text).ok());
    (json, None)
}

fn masked(error: ProbeError, redactor: &Redactor) -> ProbeError {
    ProbeError {
        reason: error.reason,
        cause: redactor.mask_cut(&error.cause),
        detail: error.detail.map(|detail| redactor.mask_cut(&detail)),
    }
}
