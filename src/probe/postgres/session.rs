//! One connection to a PostgreSQL server that can only read.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as Poller, Poll};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, SimpleQueryMessage, SimpleQueryRow};

use super::{Encryption, Postgres};
use crate::probe::net::tls::{self, Shown, handshake_error};
use crate::probe::net::{TlsFacts, connect_error};
use crate::probe::{Context, ProbeError};
use crate::reason::Reason;
use crate::secret::Secret;

/// Bytes that are read from a server in all. More is a query that returns too much.
const MOST_BYTES: usize = 32 << 20;

/// A connection on which nothing can be written.
pub(super) struct Session {
    client: Client,
    subject: String,
    end: Instant,
    overflow: Arc<Mutex<bool>>,
    driver: tokio::task::AbortHandle,
    /// What the encryption came to.
    pub(super) tls: Option<TlsFacts>,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// What is set for one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limits {
    /// Nothing, where the settings themselves are asked for.
    None,
    /// How long it may take.
    Time,
    /// That, and whose functions and operators are meant.
    TimeAndNames,
}

/// What a query gives.
pub(super) struct Found {
    /// The types of its columns.
    pub(super) types: Vec<Type>,
    /// Its first rows.
    pub(super) rows: Vec<SimpleQueryRow>,
    /// Whether there are more.
    pub(super) more: bool,
}

/// Why the client of the protocol failed, as far as it is known to us and not to it.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Option<ProbeError>>>);

impl Told {
    fn put(&self, error: ProbeError) -> io::Error {
        let cause = error.cause.clone();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        io::Error::other(cause)
    }

    fn take(&self) -> Option<ProbeError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Session {
    /// Connects and logs in.
    pub(super) async fn open(
        question: &Postgres,
        password: Option<&Secret>,
        context: &Context,
    ) -> Result<Self, ProbeError> {
        // What is kept back is the time to say what was waited for.
        let limit = context.timeout * 19 / 20;
        let end = Instant::now() + limit;
        let subject = format!("{}:{}", question.host, question.port);
        context.traffic.connection();
        let dialed = context
            .net
            .dial(&question.host, question.port, limit)
            .await?;
        let told = Told::default();
        let shown = Arc::new(Mutex::new(None));
        let connector = Connector {
            host: question.host.clone(),
            port: question.port,
            limit: end.saturating_duration_since(Instant::now()),
            judge: Judge::of(question, context),
            told: told.clone(),
            shown: shown.clone(),
        };
        let overflow = Arc::new(Mutex::new(false));
        let stream = Bounded {
            stream: dialed.stream,
            left: MOST_BYTES,
            overflow: overflow.clone(),
        };
        let mut config = tokio_postgres::Config::new();
        config
            .user(&question.user)
            .dbname(question.database())
            .application_name("ready")
            .ssl_mode(match question.tls {
                Encryption::Disable => SslMode::Disable,
                Encryption::Prefer => SslMode::Prefer,
                Encryption::Require | Encryption::Verify => SslMode::Require,
            });
        if let Some(password) = password {
            config.password(password.reveal());
        }
        let connecting = config.connect_raw(stream, connector);
        let left = end.saturating_duration_since(Instant::now());
        let connected = tokio::time::timeout(left, connecting)
            .await
            .map_err(|_| late(&subject))?;
        let (client, connection) = connected.map_err(|error| {
            told.take()
                .unwrap_or_else(|| failed_to_log_in(&error, &subject, question.tls))
        })?;
        let driver = tokio::spawn(async move {
            // How the connection ends is told to whoever waits for an answer on it.
            let _ = connection.await;
        });
        let tls = shown.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(Self {
            client,
            subject,
            end,
            overflow,
            driver: driver.abort_handle(),
            tls,
        })
    }

    /// The one value that a question of our own gives.
    pub(super) async fn one(
        &self,
        text: &str,
        limits: Limits,
    ) -> Result<Option<String>, ProbeError> {
        self.begin(limits).await?;
        let answer = self.timed(self.client.simple_query(text)).await;
        // A transaction that failed must be ended too, or nothing further is answered.
        self.timed(self.client.batch_execute("ROLLBACK")).await?;
        Ok(answer?.into_iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        }))
    }

    /// The first rows of a query, the types of its columns, and whether there are more rows. It
    /// must be a single statement. Nothing can be asked after a query with more rows.
    pub(super) async fn rows(&self, query: &str, most: usize) -> Result<Found, ProbeError> {
        self.begin(Limits::Time).await?;
        let found = self.first_rows(query, most).await;
        // What a pooler hands to somebody else next is as it was. With more rows on their way
        // that would take too long: the connection is closed.
        if !found.as_ref().is_ok_and(|found| found.more) {
            let ended = self.timed(self.client.batch_execute("ROLLBACK")).await;
            if found.is_ok() {
                ended?;
            }
        }
        found
    }

    async fn first_rows(&self, query: &str, most: usize) -> Result<Found, ProbeError> {
        // Only a single statement can be prepared, so that none can end the transaction first.
        let statement = self.timed(self.client.prepare(query)).await?;
        let mut stream = Box::pin(self.timed(self.client.simple_query_raw(query)).await?);
        let mut found = Found {
            types: statement
                .columns()
                .iter()
                .map(|column| column.type_().clone())
                .collect(),
            rows: Vec::new(),
            more: false,
        };
        while let Some(message) = self
            .timed(async { stream.next().await.transpose() })
            .await?
        {
            if let SimpleQueryMessage::Row(row) = message {
                if found.rows.len() == most {
                    found.more = true;
                    break;
                }
                found.rows.push(row);
            }
        }
        Ok(found)
    }

    /// Begins a transaction that cannot write. Whatever is set ends with it: behind a pooler the
    /// connection to the server is somebody else's in a moment. Rows that a policy would hide
    /// from the login are an error and not left out: what is counted is counted whole.
    async fn begin(&self, limits: Limits) -> Result<(), ProbeError> {
        let limit = self.left().as_millis().max(1);
        let begin = "BEGIN TRANSACTION READ ONLY";
        let time = format!(
            "SET LOCAL statement_timeout = {limit}; SET LOCAL lock_timeout = {limit}; \
             SET LOCAL row_security = off"
        );
        let text = match limits {
            Limits::None => begin.to_owned(),
            Limits::Time => format!("{begin}; {time}"),
            Limits::TimeAndNames => format!("{begin}; {time}; SET LOCAL search_path = pg_catalog"),
        };
        self.timed(self.client.batch_execute(&text)).await
    }

    fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    async fn timed<T>(
        &self,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, ProbeError> {
        match tokio::time::timeout(self.left(), work).await {
            Ok(done) => done.map_err(|error| self.refused(&error)),
            Err(_) => Err(late(&self.subject)),
        }
    }

    fn refused(&self, error: &tokio_postgres::Error) -> ProbeError {
        let subject = &self.subject;
        if *self.overflow.lock().unwrap_or_else(PoisonError::into_inner) {
            let cause = format!("{subject} answers more than {MOST_BYTES} bytes");
            return ProbeError::new(Reason::FileTruncated, cause);
        }
        let Some(words) = error.as_db_error() else {
            let cause = format!("{subject} closed the connection");
            return ProbeError::new(Reason::ServiceClosed, cause).with_detail(error.to_string());
        };
        let (reason, what) = match *words.code() {
            SqlState::INSUFFICIENT_PRIVILEGE => {
                (Reason::PermissionDenied, "does not permit the question")
            }
            SqlState::QUERY_CANCELED => (Reason::ServiceTimeout, "did not answer in time"),
            SqlState::READ_ONLY_SQL_TRANSACTION => (
                Reason::QueryRefused,
                "was asked to write, which is not done",
            ),
            _ => (Reason::QueryRefused, "cannot do with the question"),
        };
        let detail = format!("{} ({})", words.message(), words.code().code());
        ProbeError::new(reason, format!("{subject} {what}")).with_detail(detail)
    }
}

fn late(subject: &str) -> ProbeError {
    let cause = format!("{subject} did not answer in time");
    ProbeError::new(Reason::ServiceTimeout, cause)
}

/// Why there is no session.
fn failed_to_log_in(
    error: &tokio_postgres::Error,
    subject: &str,
    encryption: Encryption,
) -> ProbeError {
    if let Some(words) = error.as_db_error() {
        let (reason, what) = match *words.code() {
            SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
                (Reason::CredentialRefused, "refused the login")
            }
            SqlState::INVALID_CATALOG_NAME => (Reason::ServiceRefused, "has no such database"),
            SqlState::INSUFFICIENT_PRIVILEGE => {
                (Reason::PermissionDenied, "does not let the login in")
            }
            SqlState::TOO_MANY_CONNECTIONS => {
                (Reason::ServiceRefused, "has no connection to spare")
            }
            _ => (Reason::ServiceRefused, "does not let anybody in"),
        };
        let detail = format!("{} ({})", words.message(), words.code().code());
        return ProbeError::new(reason, format!("{subject} {what}")).with_detail(detail);
    }
    let source = std::error::Error::source(error);
    let io = source.and_then(|source| source.downcast_ref::<io::Error>());
    let words = source.map_or_else(|| error.to_string(), ToString::to_string);
    if words.contains("password missing") {
        let cause = format!("{subject} wants a password, and none was given");
        return ProbeError::new(Reason::CredentialMissing, cause);
    }
    if encryption != Encryption::Disable && words.contains("server does not support TLS") {
        let cause = format!("{subject} does not offer encryption");
        return ProbeError::new(Reason::StarttlsRefused, cause);
    }
    match io.map(io::Error::kind) {
        Some(io::ErrorKind::UnexpectedEof) => {
            let cause = format!("{subject} closed the connection");
            ProbeError::new(Reason::ServiceClosed, cause)
        }
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => {
            connect_error(io.unwrap_or(&io::Error::other("")), subject)
        }
        _ if error.is_closed() => {
            let cause = format!("{subject} closed the connection");
            ProbeError::new(Reason::ServiceClosed, cause)
        }
        _ => {
            let cause = format!("{subject} does not speak as PostgreSQL does");
            ProbeError::new(Reason::ServiceProtocol, cause).with_detail(words)
        }
    }
}

/// How a certificate is judged before anything is said over it.
struct Judge {
    roots: Arc<rustls::RootCertStore>,
    now: jiff::Timestamp,
    strict: bool,
}

impl Judge {
    fn of(question: &Postgres, context: &Context) -> Self {
        Self {
            roots: context.net.trust.roots.clone(),
            now: context.now,
            strict: question.tls == Encryption::Verify,
        }
    }
}

/// Shakes hands over a connection when the client of the protocol asks for it.
struct Connector {
    host: String,
    port: u16,
    limit: Duration,
    judge: Judge,
    told: Told,
    shown: Arc<Mutex<Option<TlsFacts>>>,
}

type Shaken = Pin<Box<dyn Future<Output = io::Result<Encrypted>> + Send>>;

impl TlsConnect<Bounded> for Connector {
    type Stream = Encrypted;
    type Error = io::Error;
    type Future = Shaken;

    fn connect(self, stream: Bounded) -> Shaken {
        Box::pin(async move {
            let subject = format!("{}:{}", self.host, self.port);
            let done = tls::handshake(stream, &subject, tls::Ask::of(&self.host), self.limit)
                .await
                .map_err(|error| self.told.put(error))?;
            let facts = self.judge(&done.shown)?;
            *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(facts);
            Ok(Encrypted {
                stream: done.stream,
                subject,
                wants_certificate: done.shown.client_certificate_requested,
                told: self.told,
            })
        })
    }
}

impl Connector {
    fn judge(&self, shown: &Shown) -> io::Result<TlsFacts> {
        let Judge { roots, now, strict } = &self.judge;
        let problem = tls::verify(shown, &self.host, self.port, roots, *now).err();
        match problem {
            Some(problem) if *strict => Err(self.told.put(problem)),
            problem => Ok(TlsFacts::new(shown, problem)),
        }
    }
}

/// An encrypted connection that remembers what an alert means.
struct Encrypted {
    stream: tokio_rustls::client::TlsStream<Bounded>,
    subject: String,
    wants_certificate: bool,
    told: Told,
}

impl TlsStream for Encrypted {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        poller: &mut Poller<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(poller, buffer);
        if let Poll::Ready(Err(error)) = &read
            && tls::alert_in(error).is_some()
        {
            let subject = &self.subject;
            let told = if self.wants_certificate {
                let cause = format!("{subject} wants a client certificate");
                ProbeError::new(Reason::TlsClientCertificate, cause)
            } else {
                handshake_error(error, subject)
            };
            self.told.put(told);
        }
        read
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        poller: &mut Poller<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(poller, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(poller)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(poller)
    }
}

/// A connection that gives only so much, however large an answer the server begins.
struct Bounded {
    stream: TcpStream,
    left: usize,
    overflow: Arc<Mutex<bool>>,
}

impl AsyncRead for Bounded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        poller: &mut Poller<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left == 0 {
            *self.overflow.lock().unwrap_or_else(PoisonError::into_inner) = true;
            return Poll::Ready(Err(io::Error::other("the answer is too large")));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(poller, buffer);
        let came = buffer.filled().len() - before;
        self.left = self.left.saturating_sub(came);
        read
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        poller: &mut Poller<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(poller, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(poller)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(poller)
    }
}
