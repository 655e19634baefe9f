//! Runs a plan: all questions at once within limits, trouble on the way asked again, a
//! deadline over everything. The only asynchronous part of the program beside the probes.
//!
//! What disturbs comes later: programs of this machine after all that only look, as they take
//! the time that answers are measured in; then questions that change something; and bursts after
//! everything, as a service that limits requests would refuse the others as well.
//!
//! It does not look into answers; a clear answer is never asked for twice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::evidence::{Evidence, Observation, Outcome, ProfileRef};
use crate::plan::{Plan, Question};
use crate::probe::{Access, Answer, AnyProbe, Context, ProbeError};
use crate::reason::Reason;
use crate::secret::Redactor;

/// How much is asked at the same time, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Questions under way at once.
    pub total: usize,
    /// Questions under way at once to one host.
    pub per_host: usize,
    /// Time for the whole run; what is not answered by then is told as such.
    pub deadline: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            total: 256,
            per_host: 16,
            deadline: None,
        }
    }
}

/// A question was answered, for whoever shows progress.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// What just came.
    pub observation: &'a Observation,
    /// Answers so far.
    pub done: usize,
    /// Questions in all.
    pub of: usize,
}

/// A probe that does not keep within its own time limit is cut off this much later.
const GRACE: Duration = Duration::from_millis(500);

/// The wait before a question is asked again, times the attempts so far.
const BACKOFF: Duration = Duration::from_millis(200);

/// An intrusive question that is sent so often is a burst.
const BURST: u32 = 20;

/// Asks every question of `plan` and returns what came, in the plan's order.
///
/// `stop` ends the run early (Ctrl-C, SIGTERM); the answers so far are kept.
pub async fn gather(
    plan: &Plan,
    profile: &ProfileRef,
    context: &Context,
    limits: Limits,
    stop: impl Future<Output = ()>,
    mut on_progress: impl FnMut(Progress<'_>),
) -> Evidence {
    let run = Run::new(plan, context, limits);
    let mut answers = BTreeMap::new();
    let mut cut_off = None;
    let mut tasks = JoinSet::new();
    let mut turns = turns(plan).into_values();
    let deadline = async {
        match limits.deadline {
            Some(limit) => tokio::time::sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(stop, deadline);
    loop {
        let joined = tokio::select! {
            joined = tasks.join_next() => joined,
            () = &mut stop => {
                cut_off = Some(Reason::RunInterrupted);
                break;
            }
            () = &mut deadline => {
                cut_off = Some(Reason::RunDeadline);
                break;
            }
        };
        match joined {
            None => match turns.next() {
                None => break,
                Some(questions) => {
                    for question in questions {
                        tasks.spawn(run.clone().ask(question.clone()));
                    }
                }
            },
            Some(Ok(observation)) => {
                let done = answers.len() + 1;
                on_progress(Progress {
                    observation: &observation,
                    done,
                    of: plan.questions.len(),
                });
                answers.insert(observation.probe.clone(), observation);
            }
            // The task panicked: a defect of ours, told below as such.
            Some(Err(_)) => {}
        }
    }
    tasks.shutdown().await;
    run.evidence(plan, profile, answers, cut_off)
}

/// When a question is asked, the first first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Looking,
    Running,
    Changing,
    Bursting,
}

fn turns(plan: &Plan) -> BTreeMap<Turn, Vec<&Question>> {
    let mut turns: BTreeMap<Turn, Vec<&Question>> = BTreeMap::new();
    for question in &plan.questions {
        let with = |access| {
            let contacts = question.contacts.iter();
            contacts.filter(move |contact| contact.access == access)
        };
        let turn = match with(Access::Intrusive).map(|contact| contact.count).max() {
            None if with(Access::Exec).next().is_some() => Turn::Running,
            None => Turn::Looking,
            Some(count) if count < BURST => Turn::Changing,
            Some(_) => Turn::Bursting,
        };
        turns.entry(turn).or_default().push(question);
    }
    turns
}

/// What the tasks of one run share.
#[derive(Clone)]
struct Run {
    context: Context,
    redactor: Arc<Redactor>,
    total: Arc<Semaphore>,
    hosts: Arc<BTreeMap<String, Arc<Semaphore>>>,
    start: Instant,
}

impl Run {
    fn new(plan: &Plan, context: &Context, limits: Limits) -> Self {
        let hosts = plan.questions.iter().map(|question| {
            let permits = Arc::new(Semaphore::new(limits.per_host.max(1)));
            (host_of(question), permits)
        });
        Self {
            redactor: Arc::new(context.secrets.redactor()),
            context: context.clone(),
            total: Arc::new(Semaphore::new(limits.total.max(1))),
            hosts: Arc::new(hosts.collect()),
            start: Instant::now(),
        }
    }

    /// Asks one question when its turn comes. Waiting for the turn is not its time.
    async fn ask(self, question: Question) -> Observation {
        if let Some(held) = question.held {
            return self.observation(question.probe, Outcome::Error(held), 0, Vec::new(), None);
        }
        let host = self.hosts.get(&host_of(&question)).cloned();
        // The semaphores are never closed, so a permit always comes.
        let _host = match &host {
            Some(host) => host.acquire().await.ok(),
            None => None,
        };
        let _total = self.total.acquire().await.ok();
        let asked = Instant::now();
        let mut context = self.context.clone();
        context.timeout = question.timeout.as_std();
        let mut earlier = Vec::new();
        loop {
            let attempts = u32::try_from(earlier.len()).unwrap_or(u32::MAX) + 1;
            match attempt(&question.probe, &context).await {
                Err(error) if error.reason.is_transient() && attempts <= question.retries => {
                    earlier.push(error);
                    tokio::time::sleep(BACKOFF * attempts).await;
                }
                result => {
                    let outcome = match result {
                        Ok(answer) => Outcome::Answer {
                            facts: answer.facts,
                            gaps: answer.gaps,
                        },
                        Err(error) => Outcome::Error(error),
                    };
                    let probe = question.probe;
                    return self.observation(probe, outcome, attempts, earlier, Some(asked));
                }
            }
        }
    }

    fn observation(
        &self,
        probe: AnyProbe,
        outcome: Outcome,
        attempts: u32,
        earlier: Vec<ProbeError>,
        asked: Option<Instant>,
    ) -> Observation {
        let since = asked.map_or(self.start.elapsed(), |asked| asked - self.start);
        Observation {
            probe,
            outcome: self.masked(outcome),
            at: self.at(since),
            ms: asked.map_or(0.0, |asked| milliseconds(asked.elapsed())),
            attempts,
            earlier: earlier
                .into_iter()
                .map(|error| self.masked_error(error))
                .collect(),
        }
    }

    fn at(&self, since: Duration) -> Timestamp {
        SignedDuration::try_from(since)
            .ok()
            .and_then(|since| self.context.now.checked_add(since).ok())
            .unwrap_or(self.context.now)
    }

    /// Servers echo what they are sent, so secrets are masked before anything is kept.
    fn masked(&self, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::Error(error) => Outcome::Error(self.masked_error(error)),
            Outcome::Answer { mut facts, gaps } => {
                self.redactor.mask_json(&mut facts);
                let gaps = gaps
                    .into_iter()
                    .map(|(path, error)| (path, self.masked_error(error)));
                Outcome::Answer {
                    facts,
                    gaps: gaps.collect(),
                }
            }
        }
    }

    fn masked_error(&self, error: ProbeError) -> ProbeError {
        ProbeError {
            reason: error.reason,
            cause: self.redactor.mask_cut(&error.cause),
            detail: error.detail.map(|detail| self.redactor.mask_cut(&detail)),
        }
    }

    fn evidence(
        &self,
        plan: &Plan,
        profile: &ProfileRef,
        mut answers: BTreeMap<AnyProbe, Observation>,
        cut_off: Option<Reason>,
    ) -> Evidence {
        let observations: Vec<Observation> = plan
            .questions
            .iter()
            .map(|question| {
                answers.remove(&question.probe).unwrap_or_else(|| {
                    let reason = cut_off.unwrap_or(Reason::ProbeInternal);
                    let outcome = Outcome::Error(ProbeError::new(reason, reason.about()));
                    self.observation(question.probe.clone(), outcome, 0, Vec::new(), None)
                })
            })
            .collect();
        Evidence {
            schema: Evidence::SCHEMA.to_owned(),
            profile: profile.clone(),
            target: self.context.target.as_deref().cloned(),
            started: self.context.now,
            wall_ms: milliseconds(self.start.elapsed()),
            critical_path_ms: observations.iter().map(|one| one.ms).fold(0.0, f64::max),
            requests: self.context.traffic.requests(),
            connections: self.context.traffic.connections(),
            deadline_hit: cut_off == Some(Reason::RunDeadline),
            interrupted: cut_off == Some(Reason::RunInterrupted),
            observations,
        }
    }
}

async fn attempt(
    probe: &AnyProbe,
    context: &Context,
) -> Result<Answer<serde_json::Value>, ProbeError> {
    let limit = context.timeout + GRACE;
    tokio::time::timeout(limit, probe.gather(context))
        .await
        .unwrap_or_else(|_| {
            let cause = match probe.contacts().first() {
                Some(contact) => format!("{} took too long", contact.place()),
                None => format!("a {} question took too long", probe.kind()),
            };
            Err(ProbeError::new(Reason::ProbeTimeout, cause))
        })
}

fn host_of(question: &Question) -> String {
    question
        .contacts
        .first()
        .map(|contact| contact.host.to_ascii_lowercase())
        .unwrap_or_default()
}

fn milliseconds(duration: Duration) -> f64 {
    // To the microsecond: more would only make saved runs longer.
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
