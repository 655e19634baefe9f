//! Is a Redis server protected, and will it keep its data?
//!
//! `PING` without and with the password, `INFO` and `CONFIG GET`: nothing is written. The
//! target's answer: refused connections, silence, what is not the Redis protocol, a certificate
//! that must not be trusted with the password. Our inability: a password that is refused, and,
//! as gaps below an answer, what cannot be seen without a password or the right to ask.
//!
//! It does not visit the other members of a cluster, and looks at no keys.

mod facts;
mod resp;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::resp::{Reply, ask};
use super::net::talk::Talk;
use super::shell::quoted;
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError};
use crate::reason::Reason;

pub use self::facts::{Facts, Persistence, Role};

/// Asks a Redis server about itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    /// Name or address.
    pub host: String,
    /// Port.
    #[serde(default = "usual_port")]
    pub port: u16,
    /// Whether to speak TLS.
    #[serde(default, skip_serializing_if = "is_no")]
    pub tls: bool,
    /// User name, where it is not `default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The password, as `${secrets.NAME}`; empty for none. Without one only what a stranger sees is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

fn usual_port() -> u16 {
    6379
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands fields by reference"
)]
fn is_no(value: &bool) -> bool {
    !value
}

impl Redis {
    fn password(&self) -> Option<&str> {
        self.password
            .as_deref()
            .filter(|password| !password.is_empty())
    }
}

impl Probe for Redis {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        Invalid::unless_place(&self.host, self.port)?;
        match self.password() {
            None if self.user.is_some() => {
                Err(Invalid::new("user", "is of no use without `password`"))
            }
            Some(password) => Invalid::unless_reference("password", password),
            None => Ok(()),
        }
    }

    fn contacts(&self) -> Vec<Contact> {
        let login = if self.password().is_some() {
            "AUTH, "
        } else {
            ""
        };
        vec![Contact {
            host: self.host.clone(),
            port: Some(self.port),
            action: format!("Redis PING, {login}INFO, CONFIG GET"),
            count: 1,
            access: Access::ReadOnly,
        }]
    }

    fn reproduce(&self) -> String {
        let mut words = Vec::new();
        if let Some(password) = self.password() {
            words.push(format!("REDISCLI_AUTH={}", quoted(password)));
        }
        words.push(format!(
            "redis-cli -h {} -p {}",
            quoted(&self.host),
            self.port
        ));
        if self.tls {
            words.push("--tls".to_owned());
        }
        if let Some(user) = &self.user {
            words.push(format!("--user {}", quoted(user)));
        }
        words.push("INFO".to_owned());
        words.join(" ")
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        // A secret that is not set is told before anything is contacted.
        let password = self
            .password()
            .map(|template| context.secrets.fill(template))
            .transpose()?;
        let (mut talk, mut facts) = self.open(context, password.is_some()).await?;
        context.traffic.request();
        let mut conversation = Conversation {
            talk: &mut talk,
            gaps: BTreeMap::new(),
        };
        conversation.greet(&mut facts).await?;
        if facts.protected_mode == Some(true) {
            let gaps = conversation.gaps;
            return Ok(Answer { facts, gaps });
        }
        if let Some(password) = password {
            conversation
                .log_in(self.user.as_deref(), password.reveal())
                .await?;
            facts.ping = conversation.ask(&["PING"]).await? == Reply::Text("PONG".to_owned());
        }
        if facts.ping || self.password().is_some() {
            conversation.info(&mut facts, context).await?;
            conversation.config(&mut facts).await?;
        }
        let gaps = conversation.gaps;
        Ok(Answer { facts, gaps })
    }
}

impl Redis {
    async fn open(
        &self,
        context: &Context,
        has_password: bool,
    ) -> Result<(Talk, Facts), ProbeError> {
        let mut facts = Facts::default();
        if !self.tls {
            let talk = Talk::open(context, &self.host, self.port).await?;
            return Ok((talk, facts));
        }
        let (talk, secured) = Talk::open_tls(context, &self.host, self.port).await?;
        if let (true, Some(problem)) = (has_password, &secured.problem) {
            return Err(problem.clone());
        }
        facts.encrypted = true;
        facts.tls = Some(secured);
        Ok((talk, facts))
    }
}

struct Conversation<'a> {
    talk: &'a mut Talk,
    gaps: BTreeMap<String, ProbeError>,
}

impl Conversation<'_> {
    async fn ask(&mut self, words: &[&str]) -> Result<Reply, ProbeError> {
        ask(self.talk, words).await
    }

    /// `PING` as a stranger.
    async fn greet(&mut self, facts: &mut Facts) -> Result<(), ProbeError> {
        let subject = self.talk.subject().to_owned();
        match self.ask(&["PING"]).await? {
            Reply::Text(word) if word == "PONG" => {
                facts.ping = true;
                facts.auth_required = Some(false);
            }
            Reply::Error(words) => match words.split(' ').next() {
                Some("NOAUTH") => {
                    facts.auth_required = Some(true);
                    let cause = format!("{subject} wants a password, and none was given");
                    let error = ProbeError::new(Reason::CredentialMissing, cause);
                    self.unknown(&[facts::FROM_INFO, facts::FROM_CONFIG], &error);
                }
                Some("DENIED") => {
                    facts.protected_mode = Some(true);
                    let cause = format!("{subject} refuses other machines by its protected mode");
                    let error = ProbeError::new(Reason::PermissionDenied, cause);
                    let rest = ["auth_required", "persistence.rdb_enabled"];
                    self.unknown(&[facts::FROM_INFO, &rest], &error);
                }
                // A stranger is let in, and may do next to nothing.
                Some("NOPERM") => {
                    facts.auth_required = Some(false);
                    let error = self.refused(&words);
                    self.unknown(&[facts::FROM_INFO, facts::FROM_CONFIG], &error);
                }
                _ => {
                    let what = "answers PING with an error";
                    return Err(self.talk.garbled(what, words.as_bytes()));
                }
            },
            other => {
                let came = format!("{other:?}");
                return Err(self
                    .talk
                    .garbled("does not answer PING as Redis does", came.as_bytes()));
            }
        }
        Ok(())
    }

    async fn log_in(&mut self, user: Option<&str>, password: &str) -> Result<(), ProbeError> {
        let words: Vec<&str> = ["AUTH"].into_iter().chain(user).chain([password]).collect();
        match self.ask(&words).await? {
            Reply::Text(_) => {}
            // There is nothing to log in to, and `auth_required` says so.
            Reply::Error(words)
                if words.contains("without any password")
                    || words.contains("no password is set") => {}
            Reply::Error(words) => {
                let cause = format!("{} refused the password", self.talk.subject());
                return Err(ProbeError::new(Reason::CredentialRefused, cause).with_detail(words));
            }
            other => {
                let came = format!("{other:?}");
                let what = "does not answer AUTH as Redis does";
                return Err(self.talk.garbled(what, came.as_bytes()));
            }
        }
        self.gaps.clear();
        Ok(())
    }

    async fn info(&mut self, facts: &mut Facts, context: &Context) -> Result<(), ProbeError> {
        match self.ask(&["INFO"]).await? {
            Reply::Text(text) => facts.note_info(&text, context.now),
            Reply::Error(words) => {
                let error = self.refused(&words);
                self.unknown(&[facts::FROM_INFO], &error);
            }
            other => {
                let came = format!("{other:?}");
                let what = "does not answer INFO as Redis does";
                return Err(self.talk.garbled(what, came.as_bytes()));
            }
        }
        Ok(())
    }

    async fn config(&mut self, facts: &mut Facts) -> Result<(), ProbeError> {
        for (setting, path) in [
            ("protected-mode", "protected_mode"),
            ("save", "persistence.rdb_enabled"),
        ] {
            let error = match self.ask(&["CONFIG", "GET", setting]).await? {
                Reply::List(list) => match list.as_slice() {
                    [name, value] if name == setting && setting == "save" => {
                        facts.persistence.rdb_enabled = Some(!value.is_empty());
                        continue;
                    }
                    [name, value] if name == setting => {
                        facts.protected_mode = Some(value == "yes");
                        continue;
                    }
                    // A server that does not know the setting does not have it.
                    _ => continue,
                },
                Reply::Error(words) => self.refused(&words),
                Reply::Text(_) | Reply::Nothing => self.refused("an empty answer"),
            };
            self.unknown(&[&[path]], &error);
        }
        Ok(())
    }

    /// The server does not permit the question, or does not know it under this name.
    fn refused(&self, words: &str) -> ProbeError {
        let cause = format!("{} does not permit the question", self.talk.subject());
        ProbeError::new(Reason::PermissionDenied, cause).with_detail(words)
    }

    fn unknown(&mut self, paths: &[&[&str]], error: &ProbeError) {
        for path in paths.iter().copied().flatten() {
            self.gaps.insert((*path).to_owned(), error.clone());
        }
    }
}
