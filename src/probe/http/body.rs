//! A body as far as it can be understood.

use bytes::Bytes;
use http::header;

use super::ask::Answered;
use super::decode::{Decoded, Undecodable, decode};
use super::read::{combined, text};
use crate::probe::ProbeError;
use crate::reason::Reason;

/// A body as far as it can be understood.
pub(super) struct Body {
    pub(super) decoded: Decoded,
    /// The body where it is text.
    pub(super) text: Option<String>,
    is_decoded: bool,
}

impl Body {
    /// Undoes the compression. What is not what it says is the target's answer.
    pub(super) fn of(answer: &Answered, limit: usize) -> Result<Self, ProbeError> {
        let codings = combined(&answer.headers).remove(header::CONTENT_ENCODING.as_str());
        let codings = codings.unwrap_or_default();
        let content_type = text(&answer.headers, &header::CONTENT_TYPE);
        match decode(answer.body.clone(), &codings, !answer.truncated, limit) {
            Ok(decoded) => Ok(Self {
                text: as_text(&decoded, content_type.as_deref().unwrap_or_default()),
                decoded,
                is_decoded: true,
            }),
            Err(Undecodable::Unknown) => Ok(Self {
                decoded: Decoded {
                    bytes: answer.body.clone(),
                    truncated: answer.truncated,
                },
                text: None,
                is_decoded: false,
            }),
            Err(Undecodable::Corrupt(detail)) => {
                let subject = &answer.subject;
                Err(ProbeError::new(
                    Reason::HttpProtocol,
                    format!("{subject} sends a body that is not {codings} although it says so"),
                )
                .with_detail(format!("{}: {detail}", answer.url)))
            }
        }
    }

    /// The bytes, unless they are compressed in a way that we do not know.
    pub(super) fn readable(&self) -> &[u8] {
        if self.is_decoded {
            &self.decoded.bytes
        } else {
            &[]
        }
    }

    /// Why there is more in the body than can be read here.
    pub(super) fn unread(&self, answer: &Answered) -> Option<ProbeError> {
        let (reason, what) = if !self.is_decoded {
            (Reason::HttpEncoding, "is compressed in an unknown way")
        } else if self.decoded.truncated {
            (Reason::HttpTruncated, "is longer than what is read of it")
        } else {
            return None;
        };
        Some(ProbeError::new(
            reason,
            format!("the body of {} {what}", answer.url),
        ))
    }

    /// The body read as JSON, if it is whole.
    pub(super) fn json(&self) -> Option<serde_json::Value> {
        let text = self.text.as_deref().filter(|_| !self.decoded.truncated)?;
        serde_json::from_str(text).ok()
    }
}

/// The body as text: what its content type says is text, or is UTF-8 without NUL, but for a
/// last character that the limit cut.
fn as_text(body: &Decoded, content_type: &str) -> Option<String> {
    let bytes = match std::str::from_utf8(&body.bytes) {
        Err(error) if body.truncated && error.error_len().is_none() => {
            body.bytes.slice(..error.valid_up_to())
        }
        _ => body.bytes.clone(),
    };
    if says_text(content_type) {
        return Some(lossy(&bytes, content_type));
    }
    let text = std::str::from_utf8(&bytes).ok()?;
    (!text.contains('\0')).then(|| text.to_owned())
}

fn says_text(content_type: &str) -> bool {
    let content_type = content_type.to_ascii_lowercase();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.starts_with("text/")
        || ["json", "xml", "javascript"].iter().any(|kind| {
            let subtype = media_type.strip_prefix("application/").unwrap_or_default();
            subtype.rsplit('+').next() == Some(*kind)
        })
}

/// UTF-8, or Latin-1 where that is declared and it is not UTF-8 all the same.
fn lossy(bytes: &Bytes, content_type: &str) -> String {
    let declared = content_type.to_ascii_lowercase();
    let is_latin = ["iso-8859-1", "windows-1252", "latin1"]
        .iter()
        .any(|name| declared.contains(&format!("charset={name}")));
    if is_latin && std::str::from_utf8(bytes).is_err() {
        return bytes.iter().copied().map(char::from).collect();
    }
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(bytes: &[u8], content_type: &str, truncated: bool) -> Option<String> {
        let body = Decoded {
            bytes: Bytes::copy_from_slice(bytes),
            truncated,
        };
        as_text(&body, content_type)
    }

    #[test]
    fn text_is_told_from_other_bytes() {
        for (bytes, content_type, text) in [
            (&b"plain"[..], "", Some("plain")),
            (b"\x89PNG\r\n\x1a\n", "image/png", None),
            (b"a\0b", "application/octet-stream", None),
            (b"a\0b\x1b[2J", "text/plain", Some("a\0b\u{1b}[2J")),
            (
                b"b\xfccher",
                "text/html; charset=ISO-8859-1",
                Some("b\u{fc}cher"),
            ),
            (
                "b\u{fc}cher".as_bytes(),
                "text/html;charset=iso-8859-1",
                Some("b\u{fc}cher"),
            ),
            (b"b\xfccher", "text/html", Some("b\u{fffd}cher")),
            (b"\xff", "application/problem+json", Some("\u{fffd}")),
            (b"\xff", "application/json-not", None),
        ] {
            assert_eq!(
                text_of(bytes, content_type, false).as_deref(),
                text,
                "{content_type}"
            );
        }
    }

    #[test]
    fn a_character_that_the_limit_cut_is_left_out() {
        let cut = &"caf\u{e9}".as_bytes()[..4];
        for content_type in ["", "text/plain"] {
            assert_eq!(text_of(cut, content_type, true).as_deref(), Some("caf"));
        }
        assert_eq!(text_of(cut, "", false), None);
    }
}
