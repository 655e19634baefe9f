//! What does an HTTP server answer, after redirects, and how fast?
//!
//! Any answer is a fact, `500` too. The target's answer, so that checks fail: no such name
//! (`dns.*`), no connection (`tcp.*`), no handshake or a certificate that is not valid
//! (`tls.*`, at the earliest hop where it happens), an answer that is late (`http.timeout`),
//! cut off (`http.closed`), not HTTP (`http.protocol`, which a body that is not what its
//! `content-encoding` says is as well) or redirects without end (`http.redirect-loop`). Our
//! inability: no resolver, no route, a secret that is not set, a client certificate that the
//! server wants.
//!
//! It always connects directly, never through a proxy, and sends back no cookies that an
//! answer sets. It tells what an answer says; what is good enough is for expectations.

mod ask;
mod body;
pub(in crate::probe) mod client;
mod connection;
pub(in crate::probe) mod deadline;
mod decode;
mod exchange;
mod facts;
mod failure;
mod follow;
mod gather;
pub(in crate::probe) mod jar;
pub mod meaning;
mod pool;
mod question;
mod read;
mod reproduce;
mod request;
mod validate;
pub(in crate::probe) mod wire;

pub use exchange::Exchange;
pub use facts::{AddressResult, Facts, Hop, Samples, Timing, Tls};
pub use pool::Pool;
pub use question::{Addresses, Auth, Body, Http, Version};

use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError};

impl Probe for Http {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        validate::validate(self)
    }

    fn contacts(&self) -> Vec<Contact> {
        let Ok(url) = url::Url::parse(&self.url) else {
            return Vec::new();
        };
        let redirects = match self.redirects {
            0 => String::new(),
            most => format!(", then up to {most} redirects"),
        };
        vec![Contact {
            host: url.host_str().unwrap_or_default().to_owned(),
            port: url.port_or_known_default(),
            action: format!(
                "{} {}{}{redirects}",
                self.method,
                url.path(),
                self.peculiarities()
            ),
            count: u32::from(self.samples),
            access: self.access(),
        }]
    }

    fn reproduce(&self) -> String {
        reproduce::curl(self)
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        gather::gather(self, context).await
    }
}

impl Http {
    /// What tells this request from a plain one to the same address, for people.
    fn peculiarities(&self) -> String {
        let mut words = vec![String::new()];
        if !self.headers.is_empty() {
            let names: Vec<&str> = self.headers.keys().map(String::as_str).collect();
            words.push(format!("with {}", names.join(", ")));
        }
        match self.version {
            Version::Auto => {}
            Version::One => words.push("over HTTP/1.1".to_owned()),
            Version::Two => words.push("over HTTP/2".to_owned()),
        }
        if self.addresses == Addresses::All {
            words.push("on every address".to_owned());
        }
        words.join(" ")
    }

    fn access(&self) -> Access {
        // The safe methods of RFC 9110.
        if matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE") {
            Access::ReadOnly
        } else {
            Access::Intrusive
        }
    }
}
