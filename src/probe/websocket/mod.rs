//! Does a WebSocket server let a client in, and how soon does it say something?
//!
//! The handshake, then so long a time of listening, or of asking and waiting for what comes
//! back. Any status of the handshake is a fact, and so are a close code and silence. The
//! target's answer: no connection, no handshake of TLS, no answer (`http.*`), an upgrade that is
//! none, and frames that are not WebSocket (`service.protocol`). Our inability: a secret that is
//! not set, and a time limit that is too short for listening as long as was asked
//! (`probe.time-limit`).
//!
//! What is sent to the other side may do something there, so `send` needs `--allow intrusive`.
//! It speaks HTTP/1.1, offers no extensions, and takes messages of at most 1 MiB.

mod facts;
mod listen;
mod open;

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::facts::{Close, Facts, Frame, FrameKind, Replies};
use super::http::client::Call;
use super::http::deadline::Deadline;
use super::http::{Auth, Http};
use super::shell::quoted;
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError};

/// The longest time of listening, in seconds.
const LONGEST_WAIT: u16 = 300;
/// The most messages that are sent.
const MOST_SAMPLES: u16 = 50;
/// Bytes of a message that is sent.
const LONGEST_MESSAGE: usize = 64 << 10;

/// Asks a WebSocket server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Websocket {
    /// Where to ask: an absolute `ws` or `wss` address, or the same as `http` or `https`. May
    /// hold `${secrets.NAME}` in its path or query.
    pub url: String,
    /// Headers of the handshake, such as `origin`; values may hold `${secrets.NAME}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Credentials for the `authorization` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// Subprotocols to offer, the best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subprotocols: Vec<String>,
    /// A text to send, which needs `--allow intrusive`. May hold `${secrets.NAME}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send: Option<String>,
    /// How often it is sent, at most 50, each time after a message came back.
    #[serde(default = "one")]
    pub samples: u16,
    /// Seconds of listening, at most 300; with `send` the longest wait for each message.
    #[serde(default = "five")]
    pub wait: u16,
}

const fn one() -> u16 {
    1
}

const fn five() -> u16 {
    5
}

impl Websocket {
    /// The handshake as a question of the `http` kind.
    fn question(&self) -> Http {
        let url = match self.url.strip_prefix("ws") {
            Some(rest) => format!("http{rest}"),
            None => self.url.clone(),
        };
        Http {
            headers: self.headers.clone(),
            auth: self.auth.clone(),
            redirects: 0,
            ..Http::get(url)
        }
    }
}

impl Probe for Websocket {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        let invalid = |field: &str, message: &str| {
            Err(Invalid {
                field: field.to_owned(),
                message: message.to_owned(),
            })
        };
        self.question().validate()?;
        let taken = |name: &&String| {
            let name = name.to_ascii_lowercase();
            name.starts_with("sec-websocket-")
        };
        if let Some(name) = self.headers.keys().find(taken) {
            return invalid(&format!("headers.{name}"), "is set by the handshake itself");
        }
        let is_token = |name: &String| {
            let mut bytes = name.bytes();
            !name.is_empty()
                && bytes
                    .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
        };
        if !self.subprotocols.iter().all(is_token) {
            return invalid("subprotocols", "no subprotocol can have such a name");
        }
        if self
            .send
            .as_ref()
            .is_some_and(|text| text.len() > LONGEST_MESSAGE)
        {
            return invalid("send", "at most 64 KiB can be sent");
        }
        if !(1..=MOST_SAMPLES).contains(&self.samples) {
            return invalid("samples", "1 to 50 samples can be taken");
        }
        if self.samples > 1 && self.send.is_none() {
            return invalid("samples", "is of no use without `send`");
        }
        if !(1..=LONGEST_WAIT).contains(&self.wait) {
            return invalid("wait", "1 to 300 seconds can be waited");
        }
        Ok(())
    }

    fn contacts(&self) -> Vec<Contact> {
        let mut contacts = self.question().contacts();
        for contact in &mut contacts {
            contact.action = format!("WebSocket {}", contact.action);
            if self.send.is_some() {
                contact.action = format!("{}, {} messages", contact.action, self.samples);
                contact.access = Access::Intrusive;
            }
        }
        contacts
    }

    fn reproduce(&self) -> String {
        let mut words = vec!["websocat".to_owned()];
        match &self.auth {
            None => {}
            Some(Auth::Bearer(token)) => {
                let header = format!("Authorization: Bearer {token}");
                words.push(format!("-H {}", quoted(&header)));
            }
            Some(Auth::Basic { user, password }) => {
                let pair = quoted(&format!("{user}:{password}"));
                words.push(format!("--basic-auth {pair}"));
            }
        }
        for (name, value) in &self.headers {
            words.push(format!("-H {}", quoted(&format!("{name}: {value}"))));
        }
        if !self.subprotocols.is_empty() {
            let list = self.subprotocols.join(", ");
            words.push(format!("--protocol {}", quoted(&list)));
        }
        let url = match self.url.strip_prefix("http") {
            Some(rest) => format!("ws{rest}"),
            None => self.url.clone(),
        };
        words.push(quoted(&url));
        match &self.send {
            None => words.join(" "),
            Some(text) => format!("echo {} | {}", quoted(text), words.join(" ")),
        }
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        let deadline = Deadline::after(context.timeout * 19 / 20);
        let call = Call::of(&self.question(), context)?;
        let send = self.send.as_deref();
        let send = send.map(|text| context.secrets.fill(text)).transpose()?;
        let opened = open::open(&call, &self.subprotocols, context, deadline).await?;
        let mut answer = Answer::from(opened.facts);
        if let Some(socket) = opened.socket {
            let wait = Duration::from_secs(self.wait.into());
            let listener = listen::Listener::new(socket, wait, deadline);
            match send {
                None => listener.listen(&mut answer).await,
                Some(text) => listener.ask(text.reveal(), self.samples, &mut answer).await,
            }
        }
        Ok(answer)
    }
}
