//! What comes once the client was let in.

use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::facts::{Close, Facts, Frame, FrameKind, Replies};
use super::open::Socket;
use crate::probe::http::deadline::{Deadline, milliseconds, percentile};
use crate::probe::{Answer, ProbeError};
use crate::reason::Reason;

/// Bytes of a text that is a fact.
const LONGEST_TEXT: usize = 16 << 10;
/// Messages that are counted before listening ends.
const MOST_FRAMES: u32 = 10_000;
/// How long the server has to answer our close.
const GOODBYE: Duration = Duration::from_secs(2);
/// Kept back for saying goodbye.
const MARGIN: Duration = Duration::from_millis(300);

/// A connection and how long to listen on it.
pub(super) struct Listener {
    socket: Socket,
    wait: Duration,
    deadline: Deadline,
}

/// What ended the wait for a message.
enum Next {
    /// A message.
    Data(Message),
    /// The close of the server, or the end of the connection.
    Ended(Close),
    /// What is not WebSocket.
    Wrong(ProbeError),
    /// The wait is over.
    Silence,
    /// The question's time is over before the wait is.
    NoTime(ProbeError),
}

impl Listener {
    pub(super) fn new(socket: Socket, wait: Duration, deadline: Deadline) -> Self {
        Self {
            socket,
            wait,
            deadline,
        }
    }

    /// Listens for the whole wait, or until the server ends it.
    pub(super) async fn listen(mut self, answer: &mut Answer<Facts>) {
        let end = Instant::now() + self.wait;
        while answer.facts.frames < MOST_FRAMES {
            match self.next(end).await {
                Next::Data(message) => self.note(&message, &mut answer.facts),
                Next::Silence => break,
                other => return Self::finish(other, &["close"], answer),
            }
        }
        self.goodbye(answer).await;
    }

    /// Sends a text and waits for what comes back, so many times.
    pub(super) async fn ask(mut self, text: &str, samples: u16, answer: &mut Answer<Facts>) {
        let mut replies = Replies {
            echoed: true,
            ..Replies::default()
        };
        let mut times = Vec::new();
        let mut stop = Next::Silence;
        for _ in 0..samples {
            let start = Instant::now();
            let sending = self.socket.stream.send(Message::text(text));
            // What went wrong with sending shows in what comes, or does not.
            let sent = tokio::time::timeout(self.deadline.left(), sending).await;
            if matches!(sent, Ok(Ok(()))) {
                replies.sent += 1;
            }
            match self.next(start + self.wait).await {
                Next::Data(message) => {
                    times.push(start.elapsed());
                    replies.count += 1;
                    let same = matches!(&message, Message::Text(came) if came.as_str() == text);
                    replies.echoed &= same;
                    self.note(&message, &mut answer.facts);
                }
                other => {
                    stop = other;
                    break;
                }
            }
        }
        replies.echoed &= replies.count > 0;
        times.sort_unstable();
        if !times.is_empty() {
            replies.p50_ms = Some(percentile(&times, 50));
            replies.p95_ms = Some(percentile(&times, 95));
        }
        answer.facts.replies = Some(replies);
        match stop {
            Next::Silence => self.goodbye(answer).await,
            other => Self::finish(other, &["close", "replies"], answer),
        }
    }

    /// What ended it. Paths that cannot be known any more are gaps.
    fn finish(ended: Next, unknown: &[&str], answer: &mut Answer<Facts>) {
        let error = match ended {
            Next::Ended(close) => {
                answer.facts.close = Some(close);
                return;
            }
            Next::Wrong(error) | Next::NoTime(error) => error,
            Next::Data(_) | Next::Silence => return,
        };
        let mut gaps: Vec<&str> = unknown.to_vec();
        gaps.push("frames");
        if answer.facts.first_frame.is_none() {
            gaps.push("first_frame");
        }
        for path in gaps {
            answer.gaps.insert(path.to_owned(), error.clone());
        }
        if answer.gaps.contains_key("replies") {
            answer.facts.replies = None;
        }
    }

    /// The next message before `end`. Pings are answered by the way.
    async fn next(&mut self, end: Instant) -> Next {
        let left = self.deadline.left().saturating_sub(MARGIN);
        let until = end.saturating_duration_since(Instant::now());
        let waiting = async {
            loop {
                match self.socket.stream.next().await {
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                    other => return other,
                }
            }
        };
        let came = match tokio::time::timeout(until.min(left), waiting).await {
            Ok(came) => came,
            Err(_) if until <= left => return Next::Silence,
            Err(_) => {
                let subject = &self.socket.subject;
                let cause = format!("the time limit is too short to listen to {subject}");
                return Next::NoTime(ProbeError::new(Reason::ProbeTimeLimit, cause));
            }
        };
        match came {
            Some(Ok(Message::Close(frame))) => Next::Ended(self.close(frame, true)),
            Some(Ok(message)) => Next::Data(message),
            None => Next::Ended(self.lost()),
            Some(Err(error)) => self.trouble(error),
        }
    }

    fn trouble(&self, error: Error) -> Next {
        use tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake;
        match error {
            Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Io(_)
            | Error::Protocol(ResetWithoutClosingHandshake) => Next::Ended(self.lost()),
            error => {
                let subject = &self.socket.subject;
                let cause = format!("{subject} does not speak WebSocket as it should");
                let error =
                    ProbeError::new(Reason::ServiceProtocol, cause).with_detail(error.to_string());
                Next::Wrong(error)
            }
        }
    }

    fn note(&self, message: &Message, facts: &mut Facts) {
        facts.frames += 1;
        if facts.first_frame.is_some() {
            return;
        }
        let text = match message {
            Message::Text(text) if text.len() <= LONGEST_TEXT => Some(text.as_str()),
            _ => None,
        };
        facts.first_frame = Some(Frame {
            kind: match message {
                Message::Text(_) => FrameKind::Text,
                _ => FrameKind::Binary,
            },
            bytes: message.len() as u64,
            after_ms: milliseconds(self.socket.since.elapsed()),
            json: text.and_then(|text| serde_json::from_str(text).ok()),
            text: text.map(ToOwned::to_owned),
        });
    }

    /// Ends the connection, and notes what the server says to that.
    async fn goodbye(mut self, answer: &mut Answer<Facts>) {
        let ours = CloseFrame {
            code: CloseCode::Normal,
            reason: "".into(),
        };
        let left = self.deadline.left().min(GOODBYE);
        let ending = async {
            self.socket.stream.close(Some(ours)).await.ok()?;
            loop {
                match self.socket.stream.next().await? {
                    Ok(Message::Close(frame)) => return Some(frame),
                    Ok(_) => {}
                    Err(_) => return None,
                }
            }
        };
        if let Ok(Some(frame)) = tokio::time::timeout(left, ending).await {
            answer.facts.close = Some(self.close(frame, false));
        }
    }

    fn close(&self, frame: Option<CloseFrame>, by_server: bool) -> Close {
        let (code, reason) = match frame {
            Some(frame) => (frame.code.into(), frame.reason.to_string()),
            None => (1005, String::new()),
        };
        Close {
            code,
            reason,
            by_server,
            after_ms: milliseconds(self.socket.since.elapsed()),
        }
    }

    fn lost(&self) -> Close {
        let lost = self.close(None, true);
        Close { code: 1006, ..lost }
    }
}
