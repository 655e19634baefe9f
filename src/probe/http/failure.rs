//! What an error while speaking HTTP says about the other side.

use std::error::Error;
use std::io;
use std::time::Duration;

use crate::probe::net::tls::{self, Shown};
use crate::probe::{ProbeError, net};
use crate::reason::Reason;

/// Completes a cause: the head of an answer did not come.
pub(super) const SILENT: &str = "did not answer an HTTP request in time";
/// Completes a cause: the body did not come to its end.
pub(super) const SLOW: &str = "did not finish its HTTP answer in time";

/// Whose doing an error of the HTTP layer is. `subject` is what the cause names.
pub(super) fn of(
    error: &hyper::Error,
    subject: &str,
    tls: Option<&(Duration, Shown)>,
) -> ProbeError {
    let told = if error.is_parse() {
        invalid(subject)
    } else if error.is_incomplete_message() {
        closed(subject)
    } else if let Some(error) = cause::<h2::Error>(error) {
        of_h2(error, subject)
    } else if let Some(error) = cause::<io::Error>(error) {
        of_io(error, subject, tls)
    } else if error.is_canceled() || error.is_closed() {
        closed(subject)
    } else {
        invalid(subject)
    };
    if told.detail.is_some() {
        return told;
    }
    told.with_detail(in_full(error))
}

fn of_h2(error: &h2::Error, subject: &str) -> ProbeError {
    match error.get_io() {
        Some(error) => of_io(error, subject, None),
        None if error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR) => {
            closed(subject)
        }
        None => invalid(subject),
    }
}

fn of_io(error: &io::Error, subject: &str, tls: Option<&(Duration, Shown)>) -> ProbeError {
    use io::ErrorKind as Kind;
    let alert = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    if let Some(rustls::Error::AlertReceived(alert)) = alert {
        // TLS 1.3 servers refuse a client without a certificate only after the handshake.
        let asked = tls.filter(|(_, shown)| shown.client_certificate_requested);
        if let Some((_, shown)) = asked
            && *alert != rustls::AlertDescription::CloseNotify
        {
            return tls::unwelcome(shown, subject).with_detail(error.to_string());
        }
        return tls::handshake_error(error, subject);
    }
    match error.kind() {
        Kind::UnexpectedEof | Kind::BrokenPipe | Kind::NotConnected | Kind::WriteZero => {
            closed(subject)
        }
        Kind::InvalidData | Kind::InvalidInput | Kind::Other => invalid(subject),
        _ => net::connect_error(error, subject),
    }
}

fn invalid(subject: &str) -> ProbeError {
    ProbeError::new(
        Reason::HttpProtocol,
        format!("{subject} does not answer in valid HTTP"),
    )
}

fn closed(subject: &str) -> ProbeError {
    ProbeError::new(
        Reason::HttpClosed,
        format!("{subject} closed the connection before a whole answer"),
    )
}

/// The first error of this type among an error's causes.
fn cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// An error with its causes.
fn in_full(error: &hyper::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}
