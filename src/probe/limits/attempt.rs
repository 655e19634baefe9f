//! What is wrong with each attempt.

use std::collections::BTreeSet;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Attempt, Facts, Limits};
use crate::probe::Probe as _;
use crate::probe::http::Http;

/// Bytes that are sent at once.
const PIECE: usize = 16 << 10;
/// What a body says that is only there for its size.
static FILLER: [u8; PIECE] = [b'a'; PIECE];
/// How long a slow body claims to be.
const SLOW_BYTES: u32 = 64;

/// One thing that should be refused.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A body of `body_bytes`.
    OversizedBody,
    /// Plain text where JSON is expected.
    WrongType,
    /// JSON that does not end.
    Malformed,
    /// A method that the service does not have.
    BadMethod,
    /// A body of which only the first byte comes.
    SlowBody,
    /// A header of `header_bytes`.
    OversizedHeader,
}

/// A request that has something wrong with it.
pub(super) struct Wrong {
    /// Its method, if it is not that of the question.
    pub(super) method: Option<String>,
    /// Headers beside those of the question.
    pub(super) headers: Vec<(&'static str, String)>,
    /// Its body, piece by piece.
    pub(super) body: Vec<Bytes>,
}

impl Kind {
    /// All there are.
    pub(super) fn all() -> BTreeSet<Self> {
        BTreeSet::from([
            Self::OversizedBody,
            Self::WrongType,
            Self::Malformed,
            Self::BadMethod,
            Self::SlowBody,
            Self::OversizedHeader,
        ])
    }

    /// Its name among the facts.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::OversizedBody => "oversized_body",
            Self::WrongType => "wrong_type",
            Self::Malformed => "malformed",
            Self::BadMethod => "bad_method",
            Self::SlowBody => "slow_body",
            Self::OversizedHeader => "oversized_header",
        }
    }

    /// For the list of contacts.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::OversizedBody => "an oversized body",
            Self::WrongType => "a body of the wrong type",
            Self::Malformed => "malformed JSON",
            Self::BadMethod => "another method",
            Self::SlowBody => "a body that does not come",
            Self::OversizedHeader => "an oversized header",
        }
    }

    /// Where the facts keep what became of it.
    pub(super) fn slot(self, facts: &mut Facts) -> &mut Option<Attempt> {
        match self {
            Self::OversizedBody => &mut facts.oversized_body,
            Self::WrongType => &mut facts.wrong_type,
            Self::Malformed => &mut facts.malformed,
            Self::BadMethod => &mut facts.bad_method,
            Self::SlowBody => &mut facts.slow_body,
            Self::OversizedHeader => &mut facts.oversized_header,
        }
    }

    /// The request.
    pub(super) fn request(self, limits: &Limits) -> Wrong {
        let json = ("content-type", "application/json".to_owned());
        let length = |bytes: u32| ("content-length", bytes.to_string());
        let short = |text: &'static str| vec![Bytes::from_static(text.as_bytes())];
        match self {
            Self::OversizedBody => Wrong {
                method: None,
                headers: vec![json, length(limits.body_bytes)],
                body: filled_json(limits.body_bytes as usize),
            },
            Self::WrongType => Wrong {
                method: None,
                headers: vec![("content-type", "text/plain".to_owned()), length(15)],
                body: short("this is no JSON"),
            },
            Self::Malformed => Wrong {
                method: None,
                headers: vec![json, length(11)],
                body: short(r#"{"audit": ["#),
            },
            Self::BadMethod => Wrong {
                method: Some(limits.bad_method.clone()),
                headers: vec![length(0)],
                body: Vec::new(),
            },
            Self::SlowBody => Wrong {
                method: None,
                headers: vec![json, length(SLOW_BYTES)],
                body: short("{"),
            },
            Self::OversizedHeader => Wrong {
                method: None,
                headers: vec![
                    json,
                    length(2),
                    ("x-audit", "a".repeat(limits.header_bytes as usize)),
                ],
                body: short("{}"),
            },
        }
    }

    /// A command that does the same.
    pub(super) fn command(self, limits: &Limits) -> String {
        let mut question = limits.question();
        let more = match self {
            Self::OversizedBody => {
                let count = limits.body_bytes;
                let send = format!(
                    "head -c {count} /dev/zero | tr '\\0' a | curl -sS -H 'Content-Type: application/json' --data-binary @-"
                );
                return question.reproduce().replacen("curl -sS", &send, 1);
            }
            Self::WrongType => {
                "-H 'Content-Type: text/plain' --data-raw 'this is no JSON'".to_owned()
            }
            Self::Malformed => {
                r#"-H 'Content-Type: application/json' --data-raw '{"audit": ['"#.to_owned()
            }
            Self::BadMethod => {
                question.method.clone_from(&limits.bad_method);
                return Http::reproduce(&question);
            }
            Self::SlowBody => format!(
                "-m {} -H 'Content-Type: application/json' -H 'Content-Length: {SLOW_BYTES}' --data-raw '{{'",
                limits.wait
            ),
            Self::OversizedHeader => format!(
                "-H \"X-Audit: $(head -c {} /dev/zero | tr '\\0' a)\"",
                limits.header_bytes
            ),
        };
        let curl = format!("curl -sS {more}");
        question.reproduce().replacen("curl -sS", &curl, 1)
    }
}

/// Sound JSON of exactly so many bytes.
fn filled_json(bytes: usize) -> Vec<Bytes> {
    let (start, end) = (r#"{"audit": ""#, r#""}"#);
    let mut left = bytes.saturating_sub(start.len() + end.len());
    let mut pieces = vec![Bytes::from_static(start.as_bytes())];
    while left > 0 {
        let piece = FILLER.get(..left).unwrap_or(&FILLER);
        left -= piece.len();
        pieces.push(Bytes::from_static(piece));
    }
    pieces.push(Bytes::from_static(end.as_bytes()));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_as_long_as_they_say() {
        let limits: Limits = serde_json::from_str(r#"{"url": "http://a.example/"}"#).unwrap();
        for kind in Kind::all() {
            let wrong = kind.request(&limits);
            let length: usize = wrong.body.iter().map(Bytes::len).sum();
            let said = wrong
                .headers
                .iter()
                .find(|(name, _)| *name == "content-length");
            let said: usize = said.unwrap().1.parse().unwrap();
            let expected = if kind == Kind::SlowBody { 1 } else { said };
            assert_eq!(length, expected, "{kind:?}");
        }
        for bytes in [64, PIECE, PIECE + 13, 10 * PIECE + 1] {
            let body = filled_json(bytes).concat();
            assert_eq!(body.len(), bytes);
            assert!(serde_json::from_slice::<serde_json::Value>(&body).is_ok());
        }
    }
}
