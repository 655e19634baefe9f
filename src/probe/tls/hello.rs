//! A first message written by hand, for the versions, suites and groups that a safe library
//! cannot ask about. Nothing is ever encrypted with what it offers.

use super::suites::{SSLV3, TLS1_2, TLS1_3};

/// What one message offers.
#[derive(Clone, Debug)]
pub(super) struct Hello<'a> {
    /// The only version offered.
    pub(super) version: u16,
    /// Suites, the preferred one first.
    pub(super) suites: &'a [u16],
    /// Groups, the preferred one first.
    pub(super) groups: &'a [u16],
    /// Whether a key for X25519 is sent along, so that TLS 1.3 needs no second round. Without
    /// it the server names the group that it would have.
    pub(super) key_share: bool,
    /// The name asked for.
    pub(super) name: Option<&'a str>,
}

/// Asks for a secure renegotiation to be confirmed; it stands among the suites.
const RENEGOTIATION_SIGNAL: u16 = 0x00ff;
const X25519: u16 = 29;
/// Servers exist that choke on messages of 256 to 511 bytes.
const PADDED: usize = 512;

/// Signature algorithms, usual ones first, old ones included.
const SIGNATURES: [u16; 16] = [
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x0401, 0x0501, 0x0601,
    0x0203, 0x0201, 0x0402, 0x0202,
];

impl Hello<'_> {
    /// The message as one record. `random` fills what must not repeat.
    pub(super) fn record(&self, random: &[u8; 96]) -> Vec<u8> {
        let (nonce, rest) = random.split_at(32);
        let (session, key) = rest.split_at(32);
        let mut body = self.version.min(TLS1_2).to_be_bytes().to_vec();
        body.extend_from_slice(nonce);
        if self.version == TLS1_3 {
            vector8(&mut body, session);
        } else {
            body.push(0);
        }
        let signal = (self.version != TLS1_3).then_some(RENEGOTIATION_SIGNAL);
        let suites = numbers(self.suites.iter().copied().chain(signal));
        vector16(&mut body, &suites);
        // A server must choose "none" or DEFLATE; TLS 1.3 forbids offering the latter.
        let compressions: &[u8] = if self.version == TLS1_3 {
            &[0]
        } else {
            &[1, 0]
        };
        vector8(&mut body, compressions);
        if self.version != SSLV3 {
            let mut extensions = self.extensions(key);
            let length = body.len() + extensions.len() + 6;
            if (256..PADDED).contains(&length) {
                let padding = vec![0; (PADDED - length).saturating_sub(4)];
                extension(&mut extensions, 21, &padding);
            }
            vector16(&mut body, &extensions);
        }
        let mut message = vec![1, 0];
        vector16(&mut message, &body);
        let mut record = vec![22];
        record.extend_from_slice(&self.version.min(0x0301).to_be_bytes());
        vector16(&mut record, &message);
        record
    }

    fn extensions(&self, key: &[u8]) -> Vec<u8> {
        let mut all = Vec::new();
        if let Some(name) = self.name {
            let mut entry = vec![0];
            vector16(&mut entry, name.as_bytes());
            nested16(&mut all, 0, &entry);
        }
        nested16(&mut all, 10, &numbers(self.groups.iter().copied()));
        extension(&mut all, 11, &[1, 0]);
        if self.version >= TLS1_2 {
            nested16(&mut all, 13, &numbers(SIGNATURES.into_iter()));
        }
        // Stapled revocation answer, certificate timestamps, extended master secret, ticket.
        extension(&mut all, 5, &[1, 0, 0, 0, 0]);
        extension(&mut all, 18, &[]);
        extension(&mut all, 23, &[]);
        extension(&mut all, 35, &[]);
        if self.version == TLS1_3 {
            extension(&mut all, 43, &[2, 3, 4]);
            extension(&mut all, 45, &[1, 1]);
            let mut shares = Vec::new();
            if self.key_share && self.groups.contains(&X25519) {
                shares.extend_from_slice(&X25519.to_be_bytes());
                vector16(&mut shares, key);
            }
            nested16(&mut all, 51, &shares);
        }
        all
    }
}

fn numbers(all: impl Iterator<Item = u16>) -> Vec<u8> {
    all.flat_map(u16::to_be_bytes).collect()
}

fn vector8(to: &mut Vec<u8>, content: &[u8]) {
    to.push(u8::try_from(content.len()).unwrap_or(u8::MAX));
    to.extend_from_slice(content);
}

fn vector16(to: &mut Vec<u8>, content: &[u8]) {
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
    to.extend_from_slice(&length.to_be_bytes());
    to.extend_from_slice(content);
}

fn extension(to: &mut Vec<u8>, kind: u16, content: &[u8]) {
    to.extend_from_slice(&kind.to_be_bytes());
    vector16(to, content);
}

/// An extension whose content is one vector.
fn nested16(to: &mut Vec<u8>, kind: u16, content: &[u8]) {
    let mut inner = Vec::new();
    vector16(&mut inner, content);
    extension(to, kind, &inner);
}

#[cfg(test)]
mod tests {
    use super::super::suites::{VERSIONS, groups, offers};
    use super::*;

    #[test]
    fn a_library_accepts_the_message_and_reads_the_name_from_it() {
        for version in [TLS1_2, TLS1_3] {
            for suites in offers(version) {
                let hello = Hello {
                    version,
                    suites: &suites,
                    groups: &groups(version),
                    key_share: true,
                    name: Some("shop.example"),
                };
                let record = hello.record(&[7; 96]);
                let mut acceptor = rustls::server::Acceptor::default();
                acceptor.read_tls(&mut record.as_slice()).unwrap();
                let accepted = acceptor.accept().unwrap().unwrap();
                assert_eq!(accepted.client_hello().server_name(), Some("shop.example"));
                assert_eq!(accepted.client_hello().cipher_suites().len(), {
                    suites.len() + usize::from(version != TLS1_3)
                });
            }
        }
    }

    #[test]
    fn lengths_agree_and_fragile_sizes_are_avoided() {
        for (version, _, _) in VERSIONS {
            for count in [1, 20, 60, 100] {
                let suites = vec![0x002f; count];
                let hello = Hello {
                    version,
                    suites: &suites,
                    groups: &[23],
                    key_share: false,
                    name: None,
                };
                let record = hello.record(&[1; 96]);
                let told = usize::from(u16::from_be_bytes([record[3], record[4]]));
                assert_eq!(record.len(), 5 + told);
                assert!(
                    version == SSLV3 || !(256..512).contains(&told),
                    "{told} bytes"
                );
            }
        }
    }
}
