//! What an answer *means*: the headers and the page read into facts, without judging them.
//!
//! Everything here is a pure function of one exchange. Whether a fact is good enough is said by
//! expectations in the catalogue.
#![expect(
    clippy::struct_excessive_bools,
    reason = "facts are asked about one by one, in expressions that read best with plain booleans"
)]

mod cache;
mod cookies;
mod cors;
mod csp;
mod framing;
mod hsts;
mod html;
mod leaks;
mod permissions;
mod referrer;
mod robots;
mod security_txt;
mod server;
mod text;
mod tokens;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use cache::CacheControl;
pub use cookies::{Cookie, Prefix, SameSite};
pub use cors::Cors;
pub use csp::{Csp, CspClass, Place, Policy};
pub use framing::{Framing, FramingClass, XFrameOptions};
pub use hsts::Hsts;
pub use html::{Html, Link, Script, SriClass};
pub(in crate::probe) use html::{is_html, same_site};
pub use leaks::{Leak, LeakKind};
pub use permissions::PermissionsPolicy;
pub use referrer::{ReferrerClass, ReferrerPolicy};
pub use robots::Robots;
pub use security_txt::SecurityTxt;
pub use server::{Disclosure, Server};
pub(in crate::probe) use text::MOST;
pub use tokens::TokenPolicy;

use super::Exchange;
use crate::text::hex;

/// What the answer means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Meaning {
    /// `Strict-Transport-Security`: browsers use HTTPS only.
    pub hsts: Hsts,
    /// `Content-Security-Policy`, from headers and meta elements.
    pub csp: Csp,
    /// Every cookie that the answer and the redirects before it set, without its value.
    pub cookies: Vec<Cookie>,
    /// Who may show the page in a frame.
    pub framing: Framing,
    /// Whether `X-Content-Type-Options: nosniff` is set: browsers keep to the content type.
    pub nosniff: bool,
    /// How much of the address goes along to other sites.
    pub referrer_policy: ReferrerPolicy,
    /// Which powerful features the page may use.
    pub permissions_policy: PermissionsPolicy,
    /// `Cross-Origin-Opener-Policy`.
    pub coop: TokenPolicy,
    /// `Cross-Origin-Embedder-Policy`.
    pub coep: TokenPolicy,
    /// `Cross-Origin-Resource-Policy`.
    pub corp: TokenPolicy,
    /// Who may keep the answer, and for how long.
    pub cache_control: CacheControl,
    /// What other origins may do with the answer.
    pub cors: Cors,
    /// What the headers tell about the software that answers.
    pub server: Server,
    /// What the body gives away: stack traces, listings, secrets …
    pub leaks: Vec<Leak>,
    /// SHA-256 of what people read of the body, the same while only markup, scripts and tokens
    /// change. Of an HTML page its title and text as they are in the answer, without scripts,
    /// styles, templates and comments, white space and tags as one space; of anything else the
    /// bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_sha256: Option<String>,
    /// How many characters of text an HTML page has. Of a page that scripts write, hardly any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_characters: Option<u64>,
    /// The page; left out when the answer is not HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<Html>,
    /// The body read as `security.txt`; left out when it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_txt: Option<SecurityTxt>,
    /// The body read as `robots.txt`; left out when it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub robots: Option<Robots>,
}

/// Reads everything out of one exchange.
pub fn read(exchange: &Exchange) -> Meaning {
    let headers = exchange.headers;
    let page = html::is_html(exchange.content_type, exchange.body)
        .then(|| html::read(exchange.body, exchange.url));
    let (html, text) = match page {
        Some(page) => (Some(page.html), page.text),
        None => (None, None),
    };
    let (meta_csp, meta_referrer) = html
        .as_ref()
        .map(|page| (page.meta_csp.as_slice(), page.meta_referrer.as_slice()))
        .unwrap_or_default();
    let csp = csp::read(headers, meta_csp, exchange.https);
    let plain = html.is_none();
    let (text_sha256, text_characters) = match text {
        Some((sha256, characters)) => (Some(sha256), Some(characters)),
        None => (plain.then(|| hex(&Sha256::digest(exchange.body))), None),
    };
    Meaning {
        text_sha256,
        text_characters,
        hsts: hsts::read(headers, exchange.url),
        framing: framing::read(headers, &csp),
        csp,
        cookies: cookies::read(headers),
        nosniff: tokens::nosniff(headers),
        referrer_policy: referrer::read(headers, meta_referrer),
        permissions_policy: permissions::read(headers),
        coop: tokens::opener(headers),
        coep: tokens::embedder(headers),
        corp: tokens::resource(headers),
        cache_control: cache::read(headers),
        cors: cors::read(headers, exchange.origin),
        server: server::read(headers),
        leaks: leaks::read(exchange.body),
        security_txt: plain.then(|| security_txt::read(exchange.body)).flatten(),
        robots: plain.then(|| robots::read(exchange.body)).flatten(),
        html,
    }
}

/// The page in an answer, if it is one.
pub(in crate::probe) fn page(
    content_type: Option<&str>,
    body: &[u8],
    url: &url::Url,
) -> Option<Html> {
    html::is_html(content_type, body).then(|| html::read(body, url).html)
}

/// Who may keep an answer with these headers, and for how long.
pub(in crate::probe) fn cache(headers: &http::HeaderMap) -> CacheControl {
    cache::read(headers)
}

/// Every cookie that one answer sets, without its value.
pub(in crate::probe) fn cookies(headers: &http::HeaderMap) -> Vec<Cookie> {
    cookies::read(headers)
}

/// Who may keep an answer with these headers.
pub(in crate::probe) fn cache_control(headers: &http::HeaderMap) -> CacheControl {
    cache::read(headers)
}

/// What one body gives away.
pub(in crate::probe) fn leaks(body: &[u8]) -> Vec<Leak> {
    leaks::read(body)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn exchange<'a>(
        headers: &'a http::HeaderMap,
        body: &'a [u8],
        url: &'a url::Url,
    ) -> Exchange<'a> {
        Exchange {
            url,
            method: &http::Method::GET,
            origin: Some("https://other.example"),
            https: true,
            status: http::StatusCode::OK,
            headers,
            body,
            content_type: Some("text/html"),
        }
    }

    const NAMES: &[&str] = &[
        "strict-transport-security",
        "content-security-policy",
        "content-security-policy-report-only",
        "set-cookie",
        "x-frame-options",
        "x-content-type-options",
        "referrer-policy",
        "permissions-policy",
        "cross-origin-opener-policy",
        "cross-origin-embedder-policy",
        "cross-origin-resource-policy",
        "cache-control",
        "vary",
        "access-control-allow-origin",
        "access-control-allow-methods",
        "server",
        "via",
    ];

    proptest! {
        #[test]
        fn no_bytes_panic(value in proptest::collection::vec(any::<u8>(), 0..200), body in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let mut headers = http::HeaderMap::new();
            if let Ok(value) = http::HeaderValue::from_bytes(&value) {
                for name in NAMES {
                    headers.append(*name, value.clone());
                }
            }
            let url = "https://zebu.example/".parse().unwrap();
            let page = exchange(&headers, &body, &url);
            let meaning = read(&page);
            let again: Meaning = serde_json::from_value(serde_json::to_value(&meaning).unwrap()).unwrap();
            prop_assert_eq!(again.hsts, meaning.hsts);
            read(&Exchange { content_type: Some("text/plain"), ..page });
        }

        #[test]
        fn no_text_of_the_grammars_panics(value in "[a-z'=;, \"*:/().0-9-]{0,120}") {
            let mut headers = http::HeaderMap::new();
            for name in NAMES {
                headers.append(*name, value.parse().unwrap());
                headers.append(*name, value.parse().unwrap());
            }
            let body = format!("<script {value}></script><meta {value}><img srcset='{value}'>");
            let url = "https://zebu.example/".parse().unwrap();
            read(&exchange(&headers, body.as_bytes(), &url));
        }
    }

    #[test]
    fn huge_hostile_bodies_end_soon() {
        let url = "https://zebu.example/".parse().unwrap();
        let headers = http::HeaderMap::new();
        let started = std::time::Instant::now();
        for piece in [
            "<", "\0", "<a ", "<a b=", "<!--", "&", "at a.", "<script>", "\"", "a:1:", "#1 a",
        ] {
            let body = piece.repeat((1 << 20) / piece.len());
            let meaning = read(&exchange(&headers, body.as_bytes(), &url));
            assert!(meaning.html.is_some());
        }
        assert!(started.elapsed() < std::time::Duration::from_mins(2));
    }

    #[test]
    fn huge_hostile_headers_give_short_facts() {
        let url = "https://zebu.example/".parse().unwrap();
        let mut headers = http::HeaderMap::new();
        for name in NAMES {
            for piece in ["a;", "a,", "a=b; ", "https://a ", "'"] {
                headers.append(*name, piece.repeat(20_000).parse().unwrap());
            }
        }
        let meaning = read(&exchange(&headers, b"", &url));
        let size = serde_json::to_vec(&meaning).unwrap().len();
        assert!(size < 8 << 20, "{size} bytes of facts");
    }
}
