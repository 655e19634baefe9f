//! Asks a server of another protocol to switch to TLS, and not a word more.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::probe::ProbeError;
use crate::probe::net::connect_error;
use crate::reason::Reason;

/// The protocol spoken before TLS.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Starttls {
    /// Mail delivery: EHLO, STARTTLS.
    Smtp,
    /// Mailboxes: STARTTLS.
    Imap,
    /// Mailboxes: STLS.
    Pop3,
    /// PostgreSQL's request for TLS.
    Postgres,
}

/// Longer greetings are no greetings.
const MOST_BYTES: usize = 16 * 1024;

impl Starttls {
    /// The word that OpenSSL uses.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Imap => "imap",
            Self::Pop3 => "pop3",
            Self::Postgres => "postgres",
        }
    }

    /// Speaks until the next byte on `stream` belongs to TLS.
    pub(super) async fn negotiate(
        self,
        stream: &mut TcpStream,
        subject: &str,
        limit: Duration,
    ) -> Result<(), ProbeError> {
        let talk = async {
            let mut talk = Talk { stream, subject };
            match self {
                Self::Smtp => talk.smtp().await,
                Self::Imap => talk.imap().await,
                Self::Pop3 => talk.pop3().await,
                Self::Postgres => talk.postgres().await,
            }
        };
        tokio::time::timeout(limit, talk).await.unwrap_or_else(|_| {
            let cause = format!("{subject} did not answer to STARTTLS");
            Err(ProbeError::new(Reason::TlsTimeout, cause))
        })
    }
}

struct Talk<'a> {
    stream: &'a mut TcpStream,
    subject: &'a str,
}

impl Talk<'_> {
    async fn smtp(&mut self) -> Result<(), ProbeError> {
        self.smtp_reply("220", "greeting").await?;
        self.say(b"EHLO ready.invalid\r\n").await?;
        let extensions = self.smtp_reply("250", "EHLO").await?;
        let offers = extensions.iter().any(|line| {
            line.get(4..)
                .is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS"))
        });
        if !offers {
            return Err(self.refused(&extensions.join(" | ")));
        }
        self.say(b"STARTTLS\r\n").await?;
        self.smtp_reply("220", "STARTTLS").await.map(drop)
    }

    /// All lines of one reply, which must have this code.
    async fn smtp_reply(&mut self, code: &str, to: &str) -> Result<Vec<String>, ProbeError> {
        let mut lines = Vec::new();
        loop {
            let line = self.line().await?;
            if !line.starts_with(code) {
                return Err(self.refused(&format!("answer to {to}: {line}")));
            }
            let is_last = !line.get(3..).is_some_and(|rest| rest.starts_with('-'));
            lines.push(line);
            if is_last {
                return Ok(lines);
            }
            if lines.len() > 100 {
                return Err(self.refused("an endless reply"));
            }
        }
    }

    async fn imap(&mut self) -> Result<(), ProbeError> {
        let greeting = self.line().await?;
        if !greeting.starts_with("* ") {
            return Err(self.refused(&greeting));
        }
        self.say(b"a1 STARTTLS\r\n").await?;
        for _ in 0..100 {
            let line = self.line().await?;
            if line.starts_with("a1 OK") {
                return Ok(());
            }
            if !line.starts_with("* ") {
                return Err(self.refused(&line));
            }
        }
        Err(self.refused("an endless reply"))
    }

    async fn pop3(&mut self) -> Result<(), ProbeError> {
        for command in [None, Some(b"STLS\r\n")] {
            if let Some(command) = command {
                self.say(command).await?;
            }
            let line = self.line().await?;
            if !line.starts_with("+OK") {
                return Err(self.refused(&line));
            }
        }
        Ok(())
    }

    async fn postgres(&mut self) -> Result<(), ProbeError> {
        // Length 8, then the number that stands for "TLS, please".
        self.say(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]).await?;
        match self.byte().await? {
            b'S' => Ok(()),
            b'N' => Err(self.refused("the server is not set up for TLS")),
            other => Err(self.refused(&format!("answered byte {other}"))),
        }
    }

    async fn say(&mut self, bytes: &[u8]) -> Result<(), ProbeError> {
        self.stream
            .write_all(bytes)
            .await
            .map_err(|error| connect_error(&error, self.subject))
    }

    /// Reads byte by byte: whatever follows the line belongs to TLS.
    async fn line(&mut self) -> Result<String, ProbeError> {
        let mut line = Vec::new();
        while line.len() < MOST_BYTES {
            match self.byte().await? {
                b'\n' => break,
                byte => line.push(byte),
            }
        }
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }

    async fn byte(&mut self) -> Result<u8, ProbeError> {
        self.stream.read_u8().await.map_err(|error| {
            if error.kind() == std::io::ErrorKind::UnexpectedEof {
                let cause = format!("{} closed the connection before TLS began", self.subject);
                ProbeError::new(Reason::TlsClosed, cause)
            } else {
                connect_error(&error, self.subject)
            }
        })
    }

    fn refused(&self, answer: &str) -> ProbeError {
        let cause = format!("{} does not offer STARTTLS", self.subject);
        ProbeError::new(Reason::StarttlsRefused, cause).with_detail(answer.to_owned())
    }
}
