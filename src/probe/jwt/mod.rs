//! Are JSON Web Tokens signed with good keys, short-lived, and refused when they are not genuine?
//!
//! It reads a key set (JWKS, RFC 7517), a token from a secret (RFC 7519), and can show an
//! endpoint tokens that must be refused: tampered ones, one with `alg: none`, an expired one.
//! That looks like an attack, so it needs `--allow intrusive`. Any status is a fact. The target's
//! answer: no answer, as in the `http` kind, a key set that is none (`service.protocol`) or is
//! not there (`http.status`). Our inability: a secret that is not set, or is no token that
//! fits (`credential.unusable`), and a genuine token that the endpoint refuses
//! (`credential.refused`), so that refusing the others would show nothing.
//!
//! It signs nothing: whether a token signed with the public key as a shared secret (HS256) is
//! refused is not tried. Of a token, no claim's value is told but those of `iss` and `aud`.

mod facts;
mod jwks;
mod refusals;
mod token;
mod verify;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

pub use self::facts::{Facts, Key, KeySet, Refusals, TokenFacts};
use self::token::Token;
use super::http::client::Call;
use super::http::deadline::Deadline;
use super::http::{Auth, Http};
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError};
use crate::secret::references;

/// Asks about tokens: a key set, a token, an endpoint that takes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    /// Address of the key set, such as `https://auth.example/.well-known/jwks.json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<String>,
    /// A token of a test account: `${secrets.NAME}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Address that needs the token and is asked with GET. It is shown tokens that must be
    /// refused, which needs `--allow intrusive`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// A genuine token that has expired, to be shown to the endpoint: `${secrets.NAME}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired: Option<String>,
    /// Name of the cookie that tokens are sent in; in the `authorization` header without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cookie: Option<String>,
}

impl Jwt {
    /// The question that shows the endpoint this token, or none.
    fn asking(&self, endpoint: &str, token: Option<&str>) -> Http {
        let mut question = Http {
            redirects: 0,
            ..Http::get(endpoint)
        };
        match (&self.cookie, token) {
            (_, None) => {}
            (None, Some(token)) => question.auth = Some(Auth::Bearer(token.to_owned())),
            (Some(cookie), Some(token)) => {
                let value = format!("{cookie}={token}");
                question.headers = BTreeMap::from([("cookie".to_owned(), value)]);
            }
        }
        question
    }

    /// How many requests the endpoint gets.
    fn shown(&self) -> u32 {
        refusals::FORGERIES + 2 + u32::from(self.expired.is_some())
    }
}

impl Probe for Jwt {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        let invalid = |field: &str, message: &str| {
            Err(Invalid {
                field: field.to_owned(),
                message: message.to_owned(),
            })
        };
        if self.jwks.is_none() && self.token.is_none() {
            return invalid("jwks", "a key set or a token is needed");
        }
        for (field, token) in [("token", &self.token), ("expired", &self.expired)] {
            if token
                .as_ref()
                .is_some_and(|token| references(token).is_empty())
            {
                return invalid(field, "a secret is never written down: use ${secrets.NAME}");
            }
        }
        if self.endpoint.is_some() && self.token.is_none() {
            return invalid("endpoint", "a token is needed for it");
        }
        if self.endpoint.is_none() && self.expired.is_some() {
            return invalid("expired", "an endpoint is needed for it");
        }
        for (field, url) in [("jwks", &self.jwks), ("endpoint", &self.endpoint)] {
            if let Some(url) = url {
                Http::get(url).validate().map_err(|error| Invalid {
                    field: field.to_owned(),
                    message: error.message,
                })?;
            }
        }
        let is_name = |name: &str| {
            let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            !name.is_empty() && name.bytes().all(is_part)
        };
        if self.cookie.as_ref().is_some_and(|name| !is_name(name)) {
            return invalid("cookie", "no cookie can have this name");
        }
        Ok(())
    }

    fn contacts(&self) -> Vec<Contact> {
        let mut contacts = Vec::new();
        if let Some(jwks) = &self.jwks {
            contacts.extend(Http::get(jwks).contacts());
        }
        if let Some(endpoint) = &self.endpoint {
            let mut shown = self.asking(endpoint, None).contacts();
            for contact in &mut shown {
                contact.action = format!("{} with forged tokens", contact.action);
                contact.count = self.shown();
                contact.access = Access::Intrusive;
            }
            contacts.extend(shown);
        }
        if contacts.is_empty() {
            let look = "a look at a token".to_owned();
            contacts.push(super::local::contact(look, Access::ReadOnly));
        }
        contacts
    }

    fn reproduce(&self) -> String {
        let mut commands = Vec::new();
        if let Some(jwks) = &self.jwks {
            commands.push(Http::get(jwks).reproduce());
        }
        if let Some(token) = &self.token {
            let word = super::shell::quoted(token);
            commands.push(format!(
                "printf %s {word} | cut -d. -f1,2 | tr '._-' '\\n/+' | base64 -d -i"
            ));
        }
        if let (Some(endpoint), Some(token)) = (&self.endpoint, &self.token) {
            let forged = format!("{token}x");
            commands.push(self.asking(endpoint, Some(&forged)).reproduce());
        }
        commands.join("\n")
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        let deadline = Deadline::after(context.timeout * 19 / 20);
        let token = self
            .token
            .as_ref()
            .map(|it| Token::of(it, "token", context));
        let token = token.transpose()?;
        let expired = self
            .expired
            .as_ref()
            .map(|it| Token::of(it, "expired", context));
        let expired = expired.transpose()?;
        let mut answer = Answer::from(Facts::default());
        let mut keys = None;
        if let Some(jwks) = &self.jwks {
            let url = Url::parse(context.secrets.fill(jwks)?.reveal());
            let url = url.map_err(|error| token::unusable("jwks", &error.to_string()))?;
            let reply = Call::get(url).ask(context, deadline).await?;
            keys = Some(jwks::read(&reply.ok()?, &mut answer)?);
        }
        if let Some(token) = &token {
            answer.facts.token = Some(token.facts(context.now, keys.as_deref()));
        }
        if let (Some(endpoint), Some(token)) = (&self.endpoint, &token) {
            let shown = refusals::show(self, endpoint, token, expired.as_ref(), context, deadline);
            match shown.await? {
                Ok(refusals) => answer.facts.refusals = Some(refusals),
                Err(gap) => {
                    answer.gaps.insert("refusals".to_owned(), gap);
                }
            }
        }
        Ok(answer)
    }
}
