//! Whether a list of known hosts vouches for a key, as OpenSSH reads such lists.
//!
//! Certificates of hosts are not asked for, so lines of authorities say nothing here.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::{HostKey, Ssh};

impl Ssh {
    /// The name that a list has its keys under.
    pub(super) fn alias(&self) -> String {
        if self.port == super::usual_port() {
            self.host.clone()
        } else {
            format!("[{}]:{}", self.host, self.port)
        }
    }
}

impl HostKey {
    /// A key of this kind, as it is sent.
    pub(super) fn of(kind: &str, blob: &[u8]) -> Self {
        let hash = STANDARD_NO_PAD.encode(Sha256::digest(blob));
        Self {
            kind: kind.to_owned(),
            fingerprint: format!("SHA256:{hash}"),
            bits: if kind == "ssh-rsa" {
                modulus(blob)
            } else {
                None
            },
            blob: blob.to_vec(),
        }
    }
}

/// Bits of the third field of an RSA key: its kind, the exponent, the modulus.
fn modulus(blob: &[u8]) -> Option<usize> {
    let mut rest = blob;
    let mut field = || {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (field, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        rest = after;
        Some(field)
    };
    let (_, _, number) = (field()?, field()?, field()?);
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let first = number.get(zeros)?;
    Some((number.len() - zeros) * 8 - first.leading_zeros() as usize)
}

/// What a list says of a server's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// It does not have them.
    Unknown,
    /// It has them.
    Known,
    /// It has another one of the same kind.
    Changed,
    /// It warns of one of them.
    Revoked,
}

impl Standing {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Known => "known",
            Self::Changed => "changed",
            Self::Revoked => "revoked",
        }
    }

    /// Of the keys that a server shows by the name of `alias`; the worst counts.
    pub(super) fn of(list: &str, alias: &str, keys: &[HostKey]) -> Self {
        let one = |key| Self::of_key(list, alias, key);
        keys.iter().map(one).max().unwrap_or(Self::Unknown)
    }

    fn of_key(list: &str, alias: &str, key: &HostKey) -> Self {
        let (mut known, mut other) = (false, false);
        for line in list.lines().map(str::trim) {
            let mut words = line.split_whitespace().peekable();
            let marker = words.next_if(|word| word.starts_with('@'));
            let (Some(names), Some(kind), Some(encoded)) =
                (words.next(), words.next(), words.next())
            else {
                continue;
            };
            if line.starts_with('#') || !names_host(names, alias) {
                continue;
            }
            let is_it = STANDARD.decode(encoded).is_ok_and(|blob| blob == key.blob);
            match marker {
                Some("@revoked") if is_it => return Self::Revoked,
                None if is_it => known = true,
                None if kind == key.kind => other = true,
                _ => {}
            }
        }
        // One line that has it is enough, whatever other lines have.
        match (known, other) {
            (true, _) => Self::Known,
            (false, true) => Self::Changed,
            (false, false) => Self::Unknown,
        }
    }
}

/// Whether the names of a line are about the host.
fn names_host(names: &str, alias: &str) -> bool {
    let alias = alias.to_ascii_lowercase();
    if let Some(hashed) = names.strip_prefix("|1|") {
        return is_hash_of(hashed, &alias).unwrap_or(false);
    }
    let mut found = false;
    for pattern in names.split(',') {
        let pattern = pattern.to_ascii_lowercase();
        match pattern.strip_prefix('!') {
            Some(pattern) if fits(pattern.as_bytes(), alias.as_bytes()) => return false,
            Some(_) => {}
            None => found |= fits(pattern.as_bytes(), alias.as_bytes()),
        }
    }
    found
}

/// `SALT|HASH`
fn is_hash_of(hashed: &str, alias: &str) -> Option<bool> {
    let (salt, hash) = hashed.split_once('|')?;
    let (salt, hash) = (STANDARD.decode(salt).ok()?, STANDARD.decode(hash).ok()?);
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &salt);
    Some(ring::hmac::verify(&key, alias.as_bytes(), &hash).is_ok())
}

/// A pattern with `*` and `?`.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut here) = (0, 0);
    // Where to go on when the rest does not fit: behind the last `*`, one byte further on.
    let mut again: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(here) {
        match pattern.get(at) {
            Some(b'*') => {
                at += 1;
                again = Some((at, here));
            }
            Some(wanted) if *wanted == b'?' || wanted == byte => {
                at += 1;
                here += 1;
            }
            _ => {
                let Some((behind, from)) = again else {
                    return false;
                };
                again = Some((behind, from + 1));
                (at, here) = (behind, from + 1);
            }
        }
    }
    pattern.iter().skip(at).all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::{Standing, fits, names_host};
    use crate::probe::ssh::HostKey;

    fn key(kind: &str, blob: &[u8]) -> HostKey {
        HostKey::of(kind, blob)
    }

    #[test]
    fn the_worst_of_what_a_list_says_counts() {
        let (ours, more) = (key("ssh-ed25519", b"ours"), key("ssh-rsa", b"more"));
        for (list, standing) in [
            ("", Standing::Unknown),
            ("box.example ssh-ed25519 b3Vycw==\n", Standing::Known),
            (
                "box.example,192.0.2.1 ssh-ed25519 b3Vycw== a comment\n",
                Standing::Known,
            ),
            ("# box.example ssh-ed25519 b3Vycw==\n", Standing::Unknown),
            ("other.example ssh-ed25519 b3Vycw==\n", Standing::Unknown),
            (
                "*.example,!box.example ssh-ed25519 b3Vycw==\n",
                Standing::Unknown,
            ),
            ("box.example ssh-ed25519 b3RoZXI=\n", Standing::Changed),
            (
                "box.example ssh-ed25519 b3RoZXI=\nbox.example ssh-ed25519 b3Vycw==\n",
                Standing::Known,
            ),
            (
                "box.example ecdsa-sha2-nistp256 b3RoZXI=\n",
                Standing::Unknown,
            ),
            (
                "box.example ssh-ed25519 b3Vycw==\n@revoked * ssh-ed25519 b3Vycw==\n",
                Standing::Revoked,
            ),
            (
                "@cert-authority * ssh-ed25519 b3RoZXI=\n",
                Standing::Unknown,
            ),
            ("box.example ssh-ed25519\nodd\n\n", Standing::Unknown),
        ] {
            assert_eq!(
                Standing::of(list, "box.example", std::slice::from_ref(&ours)),
                standing,
                "{list}"
            );
        }
        let list = "box.example ssh-ed25519 b3Vycw==\nbox.example ssh-rsa b3RoZXI=\n";
        assert_eq!(
            Standing::of(list, "box.example", &[ours, more]),
            Standing::Changed
        );
        assert_eq!(Standing::of(list, "box.example", &[]), Standing::Unknown);
    }

    #[test]
    fn the_size_of_an_rsa_key_is_counted() {
        let mut blob = b"\0\0\0\x07ssh-rsa\0\0\0\x03\x01\0\x01\0\0\x01\x01\0\x80".to_vec();
        blob.resize(blob.len() + 255, 1);
        assert_eq!(key("ssh-rsa", &blob).bits, Some(2048));
        for end in 0..blob.len() {
            assert_eq!(key("ssh-rsa", &blob[..end]).bits, None);
        }
        assert_eq!(key("ssh-ed25519", &blob).bits, None);
    }

    #[test]
    fn names_may_be_patterns_or_hashed() {
        let hashed = "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg=";
        assert!(names_host(hashed, "192.168.1.61"), "the sample of sshd(8)");
        assert!(!names_host(hashed, "192.168.1.62"));
        assert!(!names_host("|1|odd", "box.example"));
        assert!(names_host("[box.example]:2222", "[BOX.example]:2222"));
        assert!(!names_host("box.example", "[box.example]:2222"));
        for (pattern, text, does) in [
            ("*", "box", true),
            ("b?x", "box", true),
            ("b?x", "bx", false),
            ("*.example", "a.b.example", true),
            ("*a*b", "aab", true),
            ("*a*b", "aabc", false),
            ("", "", true),
            ("", "x", false),
            ("box*", "box", true),
        ] {
            assert_eq!(
                fits(pattern.as_bytes(), text.as_bytes()),
                does,
                "{pattern} {text}"
            );
        }
    }
}
