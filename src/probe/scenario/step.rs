//! One request of a scenario.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::capture::Capture;
use super::template::replaced;
use crate::probe::http::{Auth, Body, Http};
use crate::probe::{Contact, Probe as _, ProbeError};
use crate::secret::Secrets;

/// One request. Its fields are those of the `http` kind, and may hold `{{name}}` for what an
/// earlier step captured.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What expectations call it: lower-case letters, digits and underscores.
    pub name: String,
    /// Where to ask: an absolute `http` or `https` address. What stands in its path or query for
    /// `{{name}}` is percent-encoded.
    pub url: String,
    /// Request method. Other than GET, HEAD, OPTIONS and TRACE needs `--allow intrusive`.
    #[serde(default = "get")]
    pub method: String,
    /// Request headers; a `cookie` among them takes the place of the cookies of earlier steps.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Request body: text as it is, anything else as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// Fields of a form, instead of a body.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub form: BTreeMap<String, String>,
    /// Credentials for the `authorization` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// How many redirects are followed, at most 20; cookies are kept on the way.
    #[serde(default = "ten")]
    pub redirects: u8,
    /// What is taken out of the answer, by the name that later steps write as `{{name}}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub capture: BTreeMap<String, Capture>,
}

fn get() -> String {
    "GET".to_owned()
}

fn ten() -> u8 {
    10
}

/// The secret that a captured value is while a scenario runs. No secret of a profile has a
/// space in its name.
pub(super) fn secret_name(capture: &str) -> String {
    format!("captured {capture}")
}

/// The same, percent-encoded.
pub(super) fn encoded_name(capture: &str) -> String {
    format!("captured {capture}, encoded")
}

fn reference(secret: &str) -> String {
    format!("${{secrets.{secret}}}")
}

impl Step {
    /// The question of the `http` kind that this step is, with references to secrets in place
    /// of `{{name}}`; `None` where one is malformed.
    pub(super) fn question(&self) -> Option<Http> {
        let plain = |name: &str| reference(&secret_name(name));
        let encoded = |name: &str| reference(&encoded_name(name));
        self.filled(plain, encoded)
    }

    fn filled(
        &self,
        plain: impl Fn(&str) -> String + Copy,
        encoded: impl Fn(&str) -> String,
    ) -> Option<Http> {
        let text = |text: &str| replaced(text, plain);
        let mut headers = BTreeMap::new();
        for (name, value) in &self.headers {
            headers.insert(name.clone(), text(value)?);
        }
        let body = match &self.body {
            None => None,
            Some(Body::Text(body)) => Some(Body::Text(text(body)?)),
            // A reference needs no escaping in JSON.
            Some(Body::Json(body)) => Some(Body::Json(text(body)?)),
        };
        let auth = match &self.auth {
            None => None,
            Some(Auth::Bearer(token)) => Some(Auth::Bearer(text(token)?)),
            Some(Auth::Basic { user, password }) => Some(Auth::Basic {
                user: text(user)?,
                password: text(password)?,
            }),
        };
        Some(Http {
            method: self.method.clone(),
            headers,
            body,
            auth,
            redirects: self.redirects,
            ..Http::get(replaced(&self.url, encoded)?)
        })
    }

    /// The same with the fields of the form as its body, all their secrets put in.
    pub(super) fn with_form(
        &self,
        mut question: Http,
        secrets: &Secrets,
    ) -> Result<Http, ProbeError> {
        if self.form.is_empty() {
            return Ok(question);
        }
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.form {
            let value = replaced(value, |name| reference(&secret_name(name)));
            let value = secrets.fill(&value.unwrap_or_default())?;
            body.append_pair(name, value.reveal());
        }
        question.body = Some(Body::Text(body.finish()));
        question.headers.insert(
            "content-type".to_owned(),
            "application/x-www-form-urlencoded".to_owned(),
        );
        Ok(question)
    }

    /// Every text that may hold a reference, with the field it stands in.
    pub(super) fn texts(&self) -> Vec<(String, &str)> {
        let mut texts = vec![("url".to_owned(), self.url.as_str())];
        let headers = self.headers.iter();
        texts.extend(headers.map(|(name, value)| (format!("headers.{name}"), value.as_str())));
        let form = self.form.iter();
        texts.extend(form.map(|(name, value)| (format!("form.{name}"), value.as_str())));
        match &self.body {
            None => {}
            Some(Body::Text(body) | Body::Json(body)) => texts.push(("body".to_owned(), body)),
        }
        match &self.auth {
            None => {}
            Some(Auth::Bearer(token)) => texts.push(("auth.bearer".to_owned(), token)),
            Some(Auth::Basic { user, password }) => {
                texts.push(("auth.basic.user".to_owned(), user));
                texts.push(("auth.basic.password".to_owned(), password));
            }
        }
        texts
    }

    /// As the list of contacts shows it, `{{name}}` as it is written.
    pub(super) fn contacts(&self) -> Vec<Contact> {
        let question = Http {
            method: self.method.clone(),
            headers: self.headers.clone(),
            redirects: self.redirects,
            ..Http::get(&self.url)
        };
        let mut contacts = question.contacts();
        for contact in &mut contacts {
            let action = contact.action.replace("%7B", "{").replace("%7D", "}");
            contact.action = format!("{}: {action}", self.name);
        }
        contacts
    }

    /// A command that keeps cookies in a file, and what to take out of its answer.
    pub(super) fn reproduce(&self) -> String {
        let variable = |name: &str| reference(name);
        let Some(question) = self.filled(variable, variable) else {
            return String::new();
        };
        let form = self.form.iter().map(|(name, value)| {
            let value = replaced(value, variable).unwrap_or_default();
            let pair = crate::probe::shell::quoted(&format!("{name}={value}"));
            format!(" --data-urlencode {pair}")
        });
        let form: String = form.collect();
        let with_cookies = format!("curl -sS -b cookies -c cookies{form}");
        let command = question.reproduce().replacen("curl -sS", &with_cookies, 1);
        let captures = self.capture.iter();
        let captures = captures.map(|(name, capture)| format!("  # {name}=… ({capture})"));
        let captures: String = captures.collect();
        format!("{command}{captures}")
    }
}
