//! Reads what a server says in clear before encryption starts. Any bytes may come: memory is
//! bounded and nothing panics.

use super::suites::{TLS1_3, suite_name};

/// What a server answered to one first message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// It agreed to something.
    Hello(Box<ServerHello>),
    /// It ended the handshake with this alert.
    Alert(u8),
    /// It ended the connection without a word of TLS.
    Closed,
    /// What came is not TLS.
    NotTls,
}

/// What a server agreed to, and what it showed in clear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each extension is there or not"
)]
pub(super) struct ServerHello {
    /// The version it chose.
    pub(super) version: u16,
    /// The suite it chose.
    pub(super) suite: u16,
    /// Whether it chose to compress.
    pub(super) compression: bool,
    /// The group it chose.
    pub(super) group: Option<u16>,
    /// Size of the prime of a finite-field key exchange.
    pub(super) dh_bits: Option<u32>,
    /// Whether it confirms secure renegotiation.
    pub(super) secure_renegotiation: bool,
    /// Whether it confirms the extended master secret.
    pub(super) extended_master_secret: bool,
    /// Whether it will send a session ticket.
    pub(super) session_ticket: bool,
    /// Whether it accepts heartbeats.
    pub(super) heartbeat: bool,
    /// Its certificates in DER, up to TLS 1.2.
    pub(super) chain: Vec<Vec<u8>>,
    /// Its stapled OCSP answer in DER, up to TLS 1.2.
    pub(super) ocsp: Vec<u8>,
    /// Whether it asks for a client certificate, up to TLS 1.2.
    pub(super) client_certificate_requested: bool,
}

/// More than any sensible chain needs.
const MOST_BYTES: usize = 256 * 1024;
const MOST_CERTIFICATES: usize = 32;

/// Collects a server's first flight from pieces of any size.
#[derive(Debug, Default)]
pub(super) struct Flight {
    /// Bytes that are no whole record yet.
    raw: Vec<u8>,
    /// Handshake bytes that are no whole message yet.
    handshake: Vec<u8>,
    hello: Option<Box<ServerHello>>,
    seen: usize,
}

impl Flight {
    /// Takes more bytes; gives the answer as soon as it is whole.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Option<Reply> {
        self.seen += bytes.len();
        self.raw.extend_from_slice(bytes);
        while let Some((kind, content)) = self.record() {
            match kind {
                Ok(22) => {
                    self.handshake.extend_from_slice(&content);
                    if let Some(reply) = self.messages() {
                        return Some(reply);
                    }
                }
                // A warning, such as that the name is unknown, ends nothing.
                Ok(21) if content.first() == Some(&1) && content.get(1) != Some(&0) => {}
                Ok(21) => return Some(self.finish(content.get(1).copied())),
                Ok(20 | 23 | 24) if self.hello.is_some() => return Some(self.finish(None)),
                _ => return Some(Reply::NotTls),
            }
        }
        (self.seen > MOST_BYTES).then(|| self.finish(None))
    }

    /// The connection has ended: what is there is all there is.
    pub(super) fn end(mut self) -> Reply {
        if self.hello.is_none() && !self.raw.is_empty() {
            return Reply::NotTls;
        }
        self.finish(None)
    }

    /// A server that has agreed has agreed, whatever comes after.
    fn finish(&mut self, alert: Option<u8>) -> Reply {
        match (self.hello.take(), alert) {
            (Some(hello), _) => Reply::Hello(hello),
            (None, Some(alert)) => Reply::Alert(alert),
            (None, None) => Reply::Closed,
        }
    }

    fn record(&mut self) -> Option<(Result<u8, ()>, Vec<u8>)> {
        let [kind, rest @ ..] = self.raw.as_slice() else {
            return None;
        };
        if !(20..=24).contains(kind) || rest.first().is_some_and(|major| *major != 3) {
            return Some((Err(()), Vec::new()));
        }
        let header = self.raw.get(..5)?;
        let length = usize::from(u16::from_be_bytes([*header.get(3)?, *header.get(4)?]));
        let content = self.raw.get(5..5 + length)?.to_vec();
        let kind = *kind;
        self.raw.drain(..5 + length);
        Some((Ok(kind), content))
    }

    fn messages(&mut self) -> Option<Reply> {
        loop {
            let mut bytes = Bytes(&self.handshake);
            let kind = bytes.byte()?;
            let length = bytes.number24()?;
            let body = bytes.take(length)?.to_vec();
            self.handshake.drain(..4 + length);
            if let Some(reply) = self.message(kind, &body) {
                return Some(reply);
            }
        }
    }

    fn message(&mut self, kind: u8, body: &[u8]) -> Option<Reply> {
        let Some(hello) = self.hello.as_mut() else {
            let Some(hello) = (kind == 2).then(|| server_hello(body)).flatten() else {
                return Some(Reply::NotTls);
            };
            let is_whole = hello.version >= TLS1_3;
            self.hello = Some(Box::new(hello));
            return is_whole.then(|| self.finish(None));
        };
        match kind {
            11 => hello.chain = certificates(body).unwrap_or_default(),
            12 => note_key_exchange(hello, body),
            13 => hello.client_certificate_requested = true,
            22 => hello.ocsp = body.get(4..).unwrap_or_default().to_vec(),
            14 => return Some(self.finish(None)),
            _ => {}
        }
        None
    }
}

fn server_hello(body: &[u8]) -> Option<ServerHello> {
    let mut bytes = Bytes(body);
    let mut hello = ServerHello {
        version: bytes.number()?,
        ..ServerHello::default()
    };
    bytes.take(32)?;
    let session = bytes.byte()?;
    bytes.take(usize::from(session))?;
    hello.suite = bytes.number()?;
    hello.compression = bytes.byte()? != 0;
    if bytes.0.is_empty() {
        return Some(hello);
    }
    let mut extensions = Bytes(bytes.vector()?);
    while !extensions.0.is_empty() {
        let kind = extensions.number()?;
        let mut content = Bytes(extensions.vector()?);
        match kind {
            43 => hello.version = content.number()?,
            51 => hello.group = content.number(),
            15 => hello.heartbeat = true,
            23 => hello.extended_master_secret = true,
            35 => hello.session_ticket = true,
            0xff01 => hello.secure_renegotiation = true,
            _ => {}
        }
    }
    Some(hello)
}

fn certificates(body: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut bytes = Bytes(body);
    let length = bytes.number24()?;
    let mut list = Bytes(bytes.take(length)?);
    let mut all = Vec::new();
    while !list.0.is_empty() && all.len() < MOST_CERTIFICATES {
        let length = list.number24()?;
        all.push(list.take(length)?.to_vec());
    }
    Some(all)
}

fn note_key_exchange(hello: &mut ServerHello, body: &[u8]) {
    const NAMED_CURVE: u8 = 3;
    let name = suite_name(hello.suite);
    let mut bytes = Bytes(body);
    if name.contains("ECDH") {
        if bytes.byte() == Some(NAMED_CURVE) {
            hello.group = bytes.number();
        }
    } else if name.contains("DH") {
        hello.dh_bits = bytes.vector().map(significant_bits);
    }
}

fn significant_bits(number: &[u8]) -> u32 {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let digits = number.get(zeros..).unwrap_or_default();
    let leading = digits.first().map_or(0, |byte| byte.leading_zeros());
    u32::try_from(digits.len() * 8).map_or(0, |bits| bits.saturating_sub(leading))
}

/// Reads numbers and vectors; `None` where the bytes end too early.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn number(&mut self) -> Option<u16> {
        let bytes = self.take(2)?;
        Some(u16::from_be_bytes(bytes.try_into().ok()?))
    }

    fn number24(&mut self) -> Option<usize> {
        let high = usize::from(self.byte()?);
        Some(high << 16 | usize::from(self.number()?))
    }

    fn vector(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(usize::from(length))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(kind: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![kind, 3, 3];
        bytes.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
        bytes.extend_from_slice(content);
        bytes
    }

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        let mut bytes = vec![kind];
        bytes.extend_from_slice(&length[1..]);
        bytes.extend_from_slice(body);
        bytes
    }

    fn flight() -> Vec<u8> {
        let mut hello = vec![3, 3];
        hello.extend([9; 32]);
        hello.extend([0, 0xc0, 0x2f, 0]);
        hello.extend([0, 5, 0xff, 1, 0, 1, 0]);
        let certificates = [0, 0, 5, 0, 0, 2, 0x30, 0];
        let exchange = [3, 0, 29, 1, 1];
        let mut all = record(21, &[1, 112]);
        let messages = [
            message(2, &hello),
            message(11, &certificates),
            message(12, &exchange),
            message(14, &[]),
        ]
        .concat();
        all.extend(record(22, &messages));
        all
    }

    fn read(bytes: &[u8], piece: usize) -> Reply {
        let mut flight = Flight::default();
        for piece in bytes.chunks(piece) {
            if let Some(reply) = flight.take(piece) {
                return reply;
            }
        }
        flight.end()
    }

    #[test]
    fn a_flight_is_read_from_pieces_of_any_size() {
        let bytes = flight();
        for piece in [1, 2, 7, bytes.len()] {
            let Reply::Hello(hello) = read(&bytes, piece) else {
                panic!("no answer in pieces of {piece}");
            };
            assert_eq!((hello.version, hello.suite), (0x0303, 0xc02f));
            assert_eq!(hello.group, Some(29));
            assert_eq!(hello.chain, [vec![0x30, 0]]);
            assert!(hello.secure_renegotiation && !hello.session_ticket);
        }
    }

    #[test]
    fn refusals_are_told_apart() {
        assert_eq!(read(&record(21, &[2, 70]), 3), Reply::Alert(70));
        assert_eq!(read(&[], 1), Reply::Closed);
        assert_eq!(read(b"SSH-2.0-x\r\n", 4), Reply::NotTls);
        assert_eq!(read(b"\x15", 4), Reply::NotTls);
    }

    #[test]
    fn primes_are_measured_in_bits() {
        assert_eq!(significant_bits(&[0, 0x80, 0]), 16);
        assert_eq!(significant_bits(&[1]), 1);
        assert_eq!(significant_bits(&[]), 0);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..600), piece in 1..40_usize) {
            read(&bytes, piece);
            server_hello(&bytes);
            certificates(&bytes);
        }

        #[test]
        fn any_change_of_a_real_flight_is_survived(at in 0..120_usize, to in any::<u8>(), cut in 0..120_usize) {
            let mut bytes = flight();
            let end = bytes.len();
            bytes[at % end] = to;
            read(&bytes[..end - cut % end], 5);
        }
    }
}
