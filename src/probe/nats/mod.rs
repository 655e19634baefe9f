//! Is a NATS server protected, and are its streams kept and read?
//!
//! The greeting, a login or a stranger's `PING`, and, where its address is given, the monitoring
//! interface: nothing is published or subscribed to. The target's answer: refused connections,
//! silence, what is not the NATS protocol, a certificate that must not be trusted with a
//! password. Our inability: a login that is refused, and, as gaps below an answer, monitoring
//! that does not answer.
//!
//! It visits no other server of a cluster, and knows users with passwords and tokens alone: no
//! `NKey`s and no credentials files.

mod facts;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use self::facts::{Info, streams};
use super::http::Http;
use super::http::client::{Call, REDIRECTS};
use super::http::deadline::Deadline;
use super::net::talk::Talk;
use super::shell::quoted;
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError, local};
use crate::reason::Reason;

pub use self::facts::{Facts, Stream};

/// The longest line that a server may say.
const MOST_LINE: u64 = 64 << 10;
/// The most streams that are told of.
const MOST_STREAMS: usize = 1000;

/// Asks a NATS server about itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nats {
    /// Name or address.
    pub host: String,
    /// Port.
    #[serde(default = "usual_port")]
    pub port: u16,
    /// Whether to speak TLS even where the server does not demand it.
    #[serde(default, skip_serializing_if = "is_no")]
    pub tls: bool,
    /// User name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The user's password, as `${secrets.NAME}`; empty for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// A token, as `${secrets.NAME}`; empty for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Address of the monitoring interface, such as `http://nats.example:8222`; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub monitoring: String,
}

fn usual_port() -> u16 {
    4222
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_no(value: &bool) -> bool {
    !value
}

fn given(field: Option<&String>) -> Option<&str> {
    field.map(String::as_str).filter(|text| !text.is_empty())
}

impl Nats {
    fn monitor(&self, path: &str) -> Http {
        let base = self.monitoring.trim_end_matches('/');
        Http {
            redirects: REDIRECTS,
            ..Http::get(format!("{base}/{path}"))
        }
    }

    fn monitors(&self) -> Vec<Http> {
        if self.monitoring.is_empty() {
            return Vec::new();
        }
        let paths = ["varz", "jsz?streams=true&consumers=true&config=true"];
        paths.map(|path| self.monitor(path)).into()
    }

    fn has_login(&self) -> bool {
        given(self.password.as_ref()).is_some() || given(self.token.as_ref()).is_some()
    }
}

impl Probe for Nats {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        Invalid::unless_place(&self.host, self.port)?;
        for (field, value) in [("password", &self.password), ("token", &self.token)] {
            if let Some(secret) = given(value.as_ref()) {
                Invalid::unless_reference(field, secret)?;
            }
        }
        if given(self.password.as_ref()).is_some() != given(self.user.as_ref()).is_some() {
            return Err(Invalid::new(
                "user",
                "and `password` are of no use without each other",
            ));
        }
        if !self.monitoring.is_empty() && Url::parse(&self.monitoring).is_err() {
            return Err(Invalid::new(
                "monitoring",
                "is no address such as http://nats.example:8222",
            ));
        }
        Ok(())
    }

    fn contacts(&self) -> Vec<Contact> {
        let login = if self.has_login() { ", login" } else { "" };
        let own = Contact {
            host: self.host.clone(),
            port: Some(self.port),
            action: format!("NATS greeting{login}, PING"),
            count: 1,
            access: Access::ReadOnly,
        };
        let monitors = self.monitors();
        let more = monitors.iter().flat_map(Probe::contacts);
        [own].into_iter().chain(more).collect()
    }

    fn reproduce(&self) -> String {
        let scheme = if self.tls { "tls" } else { "nats" };
        let mut words = vec![format!(
            "nats --server {} rtt",
            quoted(&format!("{scheme}://{}:{}", self.host, self.port))
        )];
        if let (Some(user), Some(password)) =
            (given(self.user.as_ref()), given(self.password.as_ref()))
        {
            words.push(format!(
                "--user {} --password {}",
                quoted(user),
                quoted(password)
            ));
        }
        if let Some(token) = given(self.token.as_ref()) {
            words.push(format!("--user {}", quoted(token)));
        }
        words.join(" ")
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        // A secret that is not set is told before anything is contacted.
        let login = self.login(context)?;
        let mut talk = Talk::open(context, &self.host, self.port).await?;
        context.traffic.request();
        let info = greeting(&mut talk).await?;
        let mut facts = Facts::from(&info);
        if self.tls && !info.tls_required && !info.tls_available {
            let cause = format!("{} does not offer encryption", talk.subject());
            return Err(ProbeError::new(Reason::StarttlsRefused, cause));
        }
        if self.tls || info.tls_required {
            let (secure, secured) = talk.secure(context, &self.host, self.port).await?;
            talk = secure;
            if let (true, Some(problem)) = (self.has_login(), &secured.problem) {
                return Err(problem.clone());
            }
            facts.encrypted = true;
            facts.tls = Some(secured);
        }
        if self.has_login() || !info.auth_required {
            let hello = format!("CONNECT {login}\r\nPING\r\n");
            facts.ping = pong(&mut talk, &hello).await?;
        }
        let mut answer = Answer::from(facts);
        self.monitored(context, &mut answer).await;
        Ok(answer)
    }
}

impl Nats {
    /// What a client says of itself, with its credentials.
    fn login(&self, context: &Context) -> Result<Value, ProbeError> {
        let mut login = json!({
            "verbose": false, "pedantic": false, "name": "ready", "lang": "rust",
            "version": env!("CARGO_PKG_VERSION"), "protocol": 0, "tls_required": self.tls,
        });
        let mut put = |key: &str, text: &str| login[key] = Value::String(text.to_owned());
        if let Some(user) = given(self.user.as_ref()) {
            put("user", user);
        }
        for (key, template) in [("pass", &self.password), ("auth_token", &self.token)] {
            if let Some(template) = given(template.as_ref()) {
                put(key, context.secrets.fill(template)?.reveal());
            }
        }
        Ok(login)
    }

    /// Adds what the monitoring tells, or why it does not.
    async fn monitored(&self, context: &Context, answer: &mut Answer<Facts>) {
        let deadline = Deadline::after(context.timeout * 9 / 10);
        let [server, streaming] = &*self.monitors() else {
            return;
        };
        let found = ask(server, context, deadline).await;
        let number = |name: &str| {
            let found = found.as_ref().map_err(Clone::clone)?;
            found[name].as_u64().ok_or_else(|| {
                let cause = format!("the monitoring does not tell `{name}`");
                ProbeError::new(Reason::ApiUnavailable, cause)
            })
        };
        let facts = &mut answer.facts;
        for (name, fact) in [
            ("connections", &mut facts.connections),
            ("max_connections", &mut facts.max_connections),
            ("slow_consumers", &mut facts.slow_consumers),
        ] {
            match number(name) {
                Ok(number) => *fact = Some(number),
                Err(error) => {
                    answer.gaps.insert(name.to_owned(), error);
                }
            }
        }
        let found = ask(streaming, context, deadline).await;
        let found = found.and_then(|found| {
            let streams = streams(&found).ok_or_else(|| {
                ProbeError::new(Reason::ApiUnavailable, "the monitoring answers oddly")
            })?;
            if streams.len() > MOST_STREAMS {
                let what = format!("there are more than {MOST_STREAMS} streams");
                return Err(local::beyond(what));
            }
            Ok(streams)
        });
        match found {
            Ok(streams) => answer.facts.streams = Some(streams),
            Err(error) => {
                answer.gaps.insert("streams".to_owned(), error);
            }
        }
    }
}

async fn ask(question: &Http, context: &Context, deadline: Deadline) -> Result<Value, ProbeError> {
    let call = Call::of(question, context)?;
    call.ask(context, deadline).await?.ok()?.json()
}

/// `INFO {…}`, the first line that a server says.
async fn greeting(talk: &mut Talk) -> Result<Info, ProbeError> {
    let line = talk.line(MOST_LINE).await?;
    line.strip_prefix(b"INFO ")
        .and_then(|json| serde_json::from_slice(json).ok())
        .ok_or_else(|| talk.garbled("does not greet as NATS does", &line))
}

/// Whether the server answers `PING` after this hello.
async fn pong(talk: &mut Talk, hello: &str) -> Result<bool, ProbeError> {
    talk.say(hello.as_bytes()).await?;
    loop {
        let line = talk.line(MOST_LINE).await?;
        match line.as_slice() {
            b"PONG" => return Ok(true),
            b"PING" => talk.say(b"PONG\r\n").await?,
            b"+OK" => {}
            line if line.starts_with(b"INFO ") => {}
            line if line.starts_with(b"-ERR") => {
                let words = String::from_utf8_lossy(line).into_owned();
                let subject = talk.subject();
                let (reason, what) = if words.to_ascii_lowercase().contains("authorization") {
                    (Reason::CredentialRefused, "refused the login")
                } else {
                    (Reason::ServiceRefused, "does not let anybody in")
                };
                let error = ProbeError::new(reason, format!("{subject} {what}"));
                return Err(error.with_detail(words));
            }
            line => return Err(talk.garbled("does not answer PING as NATS does", line)),
        }
    }
}
