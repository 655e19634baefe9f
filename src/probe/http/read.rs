//! Answers read into facts.

use std::collections::BTreeMap;

use http::{HeaderMap, header};

use super::ask::Answered;
use super::body::Body;
use super::connection::About;
use super::deadline::milliseconds;
use super::exchange::Exchange;
use super::facts::{Facts, Hop, Timing, Tls};
use super::follow::Chain;
use super::{decode, meaning};
use crate::probe::{Answer, ProbeError};

/// Facts that stand for the whole body: with only a part of it, or with none that can be read,
/// nothing may be claimed of them.
const OF_THE_BODY: [&str; 8] = [
    "body",
    "json",
    "leaks",
    "text_sha256",
    "text_characters",
    "html",
    "security_txt",
    "robots",
];

/// Reads the answers into facts.
pub(super) fn read(chain: &Chain, limit: usize) -> Result<Answer<Facts>, ProbeError> {
    let hops: Vec<Hop> = chain.before.iter().chain([&chain.last]).map(hop).collect();
    let last = &chain.last;
    let body = Body::of(last, limit)?;
    let gaps = body.unread(last).map(|unread| {
        let gap = |path: &str| (path.to_owned(), unread.clone());
        OF_THE_BODY.into_iter().map(gap).collect()
    });
    let content_type = text(&last.headers, &header::CONTENT_TYPE);
    let mut meaning = meaning::read(&Exchange {
        url: &last.url,
        method: &chain.asked.method,
        origin: chain.asked.origin(),
        https: last.about.tls.is_some(),
        status: last.status,
        headers: &last.headers,
        body: body.readable(),
        content_type: content_type.as_deref(),
    });
    let earlier = chain.before.iter().map(|answer| &answer.headers);
    meaning
        .cookies
        .splice(0..0, earlier.flat_map(meaning::cookies));
    let facts = Facts {
        status: last.status.as_u16(),
        version: version(last.version),
        url: last.url.to_string(),
        redirected: u32::try_from(chain.before.len()).unwrap_or(u32::MAX),
        hops,
        headers: combined(&last.headers),
        header_values: apart(&last.headers),
        content_type,
        compression: compression(&last.headers),
        json: body.json(),
        body_bytes: last.body.len() as u64,
        decoded_bytes: body.decoded.bytes.len() as u64,
        truncated: body.decoded.truncated,
        body: body.text,
        address: last.about.address.clone(),
        reused: last.reused,
        alpn: last
            .about
            .tls
            .as_ref()
            .and_then(|(_, shown)| shown.alpn.clone()),
        tls: tls(&last.about),
        timing: timing(last),
        elapsed_ms: 0.0,
        samples: None,
        addresses: None,
        meaning,
    };
    Ok(Answer {
        facts,
        gaps: gaps.unwrap_or_default(),
    })
}

fn hop(answer: &Answered) -> Hop {
    Hop {
        url: answer.url.to_string(),
        status: answer.status.as_u16(),
        version: version(answer.version),
        location: text(&answer.headers, &header::LOCATION),
        headers: combined(&answer.headers),
        cookies: apart(&answer.headers)
            .remove(header::SET_COOKIE.as_str())
            .unwrap_or_default(),
        address: answer.about.address.clone(),
        tls: tls(&answer.about),
        timing: timing(answer),
    }
}

fn version(version: http::Version) -> String {
    match version {
        http::Version::HTTP_2 => "2",
        http::Version::HTTP_10 => "1.0",
        _ => "1.1",
    }
    .to_owned()
}

fn tls(about: &About) -> Option<Tls> {
    let (_, shown) = about.tls.as_ref()?;
    Some(Tls {
        version: shown.version.clone(),
        cipher: shown.cipher.clone(),
        verified: about.problem.is_none(),
        problem: about.problem.as_ref().map(|problem| problem.reason),
    })
}

fn timing(answer: &Answered) -> Timing {
    let about = &answer.about;
    Timing {
        dns_ms: milliseconds(about.dns),
        connect_ms: milliseconds(about.connect),
        tls_ms: about.tls.as_ref().map(|(time, _)| milliseconds(*time)),
        first_byte_ms: milliseconds(answer.first_byte),
        total_ms: milliseconds(answer.total),
    }
}

fn compression(headers: &HeaderMap) -> Option<String> {
    let sent = combined(headers).remove(header::CONTENT_ENCODING.as_str())?;
    let names: Vec<String> = decode::names(&sent).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The first value of a header.
pub(super) fn text(headers: &HeaderMap, name: &header::HeaderName) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn apart(headers: &HeaderMap) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        all.entry(name.as_str().to_owned()).or_default().push(value);
    }
    all
}

/// Headers by name, several of one name joined.
pub(super) fn combined(headers: &HeaderMap) -> BTreeMap<String, String> {
    let join = |(name, values): (String, Vec<String>)| {
        // A cookie may hold a comma (in `expires`), so commas would not keep them apart.
        let between = if name == "set-cookie" { "\n" } else { ", " };
        let value = values.join(between);
        (name, value)
    };
    apart(headers).into_iter().map(join).collect()
}
