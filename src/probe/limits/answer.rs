//! An answer read from the connection: its status, and its body as far as it comes.
//!
//! It reads what matters here, and no more: the connection is not used again.

use std::io;
use std::time::Duration;

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::probe::http::wire::Head;

/// Bytes of a body that are read.
const MOST_BODY: usize = 256 << 10;
/// How long is waited for the rest of a body once its head is there.
const REST: Duration = Duration::from_secs(5);

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// An answer.
    Answer(Reply),
    /// The end of the connection.
    End,
    /// What is not HTTP: the beginning of it.
    Garbage(Vec<u8>),
}

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// The body, as far as it was read.
    pub(super) body: Vec<u8>,
    /// Whether that is all of it, and not compressed.
    pub(super) readable: bool,
}

/// Reads the body that follows a head, for a little while.
pub(super) async fn finish(head: Head, reader: &mut (impl AsyncRead + Unpin)) -> Reply {
    let value = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
    let length: Option<usize> = value(CONTENT_LENGTH).and_then(|it| it.trim().parse().ok());
    let chunked = value(TRANSFER_ENCODING).is_some_and(|it| it.eq_ignore_ascii_case("chunked"));
    let encoded = head.headers.contains_key(CONTENT_ENCODING);
    let status = head.status;
    let mut read = head.rest;
    let is_whole = |read: &[u8]| match length {
        Some(length) if !chunked => read.len() >= length,
        _ => chunked && read.ends_with(b"\r\n\r\n") && joined(read).is_some(),
    };
    let reading = async {
        while !is_whole(&read) {
            if read.len() > MOST_BODY {
                return false;
            }
            match reader.read_buf(&mut read).await {
                // Without a length the body ends with the connection.
                Ok(0) => return length.is_none() && !chunked,
                Err(error) => return is_end(&error) && length.is_none() && !chunked,
                Ok(_) => {}
            }
        }
        true
    };
    let has_none = matches!(status, 204 | 304);
    let whole = has_none || tokio::time::timeout(REST, reading).await.unwrap_or(false);
    read.truncate(MOST_BODY);
    Reply {
        status,
        readable: whole && !encoded,
        body: match chunked.then(|| joined(&read)).flatten() {
            Some(body) => body,
            None => read,
        },
    }
}

/// Closed without saying goodbye, as many servers do under TLS.
fn is_end(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
}

/// The chunks of a body put together, if the last one is there.
fn joined(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let (start, size) = match httparse::parse_chunk_size(rest) {
            Ok(httparse::Status::Complete((start, size))) => (start, usize::try_from(size).ok()?),
            _ => return None,
        };
        if size == 0 {
            return Some(body);
        }
        let end = start.checked_add(size)?;
        body.extend_from_slice(rest.get(start..end)?);
        rest = rest.get(end + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::http::wire::{NoHead, head};

    async fn read(bytes: &[u8]) -> Came {
        let mut reader = bytes;
        match head(&mut reader).await {
            Ok(head) => Came::Answer(finish(head, &mut reader).await),
            Err(NoHead::End) => Came::End,
            Err(NoHead::Garbage(read)) => Came::Garbage(read),
        }
    }

    fn reply(status: u16, body: &str, readable: bool) -> Came {
        Came::Answer(Reply {
            status,
            body: body.into(),
            readable,
        })
    }

    #[tokio::test]
    async fn answers_are_read_as_they_are_framed() {
        for (bytes, came) in [
            (
                "HTTP/1.1 413 Too Large\r\n\r\nto the end",
                reply(413, "to the end", true),
            ),
            (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 Bad\r\ncontent-length: 3\r\n\r\nbad more",
                reply(400, "bad more", true),
            ),
            (
                "HTTP/1.1 400 Bad\r\nContent-Length: 9\r\n\r\nbad",
                reply(400, "bad", false),
            ),
            (
                "HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nba\r\n1;x\r\nd\r\n0\r\n\r\n",
                reply(400, "bad", true),
            ),
            (
                "HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nba",
                reply(400, "2\r\nba", false),
            ),
            (
                "HTTP/1.1 400 Bad\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx",
                reply(400, "x", false),
            ),
            ("HTTP/1.1 204 No Content\r\n\r\n", reply(204, "", true)),
            ("", Came::End),
            (
                "SSH-2.0-OpenSSH",
                Came::Garbage(b"SSH-2.0-OpenSSH".to_vec()),
            ),
            ("HTTP/1.1 4", Came::Garbage(b"HTTP/1.1 4".to_vec())),
        ] {
            assert_eq!(read(bytes.as_bytes()).await, came, "{bytes}");
        }
        let endless = format!("HTTP/1.1 200 OK\r\nx: {}", "a".repeat(1 << 20));
        assert!(matches!(read(endless.as_bytes()).await, Came::Garbage(_)));
        let long = format!("HTTP/1.1 200 OK\r\n\r\n{}", "a".repeat(2 * MOST_BODY));
        let Came::Answer(long) = read(long.as_bytes()).await else {
            panic!("no answer");
        };
        assert_eq!((long.body.len(), long.readable), (MOST_BODY, false));
    }
}
