//! The algorithms of a first key exchange message, and which of them are weak.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Algorithms by what they are for, in the server's order of preference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Algorithms {
    /// Ways to agree on keys, and markers of extensions.
    pub key_exchanges: Vec<String>,
    /// Kinds of the server's own key.
    pub host_keys: Vec<String>,
    /// Encryption, in either direction.
    pub ciphers: Vec<String>,
    /// Integrity, in either direction.
    pub macs: Vec<String>,
    /// Compression, in either direction.
    pub compressions: Vec<String>,
}

/// The number of the first key exchange message.
const KEXINIT: u8 = 20;

impl Algorithms {
    /// Reads a first key exchange message (RFC 4253, section 7.1).
    pub(super) fn parse(message: &[u8]) -> Option<Self> {
        let (&KEXINIT, rest) = message.split_first()? else {
            return None;
        };
        // After a cookie of 16 bytes come ten lists, the last two being languages.
        let mut rest = rest.get(16..)?;
        let mut list = || {
            let (head, more) = rest.split_first_chunk::<4>()?;
            let (names, more) = more.split_at_checked(u32::from_be_bytes(*head) as usize)?;
            rest = more;
            let names = std::str::from_utf8(names).ok()?.split(',');
            let names = names.filter(|name| !name.is_empty());
            Some(names.map(str::to_owned).collect::<Vec<_>>())
        };
        let (key_exchanges, host_keys) = (list()?, list()?);
        let mut both = || {
            let (mut one, other) = (list()?, list()?);
            for name in other {
                if !one.contains(&name) {
                    one.push(name);
                }
            }
            Some(one)
        };
        Some(Self {
            key_exchanges,
            host_keys,
            ciphers: both()?,
            macs: both()?,
            compressions: both()?,
        })
    }

    /// Those that should not be offered any more.
    ///
    /// Key exchanges with SHA-1 or short keys (RFC 9142); keys of DSA, and signatures of RSA
    /// with SHA-1 (RFC 8332); ciphers with chained blocks (CVE-2008-5161), RC4 (RFC 8758) or
    /// none; integrity by MD5, RIPEMD, cut short to 96 bits or none. HMAC with the whole of
    /// SHA-1 is not among them: nobody can forge it.
    pub(super) fn weak(&self) -> Self {
        let those = |names: &[String], is_weak: fn(&str) -> bool| -> Vec<String> {
            names.iter().filter(|name| is_weak(name)).cloned().collect()
        };
        Self {
            key_exchanges: those(&self.key_exchanges, |name| {
                name.split('@')
                    .next()
                    .is_some_and(|name| name.ends_with("-sha1"))
                    || name.contains("-sha1-")
            }),
            host_keys: those(&self.host_keys, |name| {
                name.starts_with("ssh-dss") || name == "ssh-rsa" || name.starts_with("ssh-rsa-")
            }),
            ciphers: those(&self.ciphers, |name| {
                name.contains("-cbc")
                    || name.starts_with("arcfour")
                    || name.starts_with("3des")
                    || name == "none"
            }),
            macs: those(&self.macs, |name| {
                name.contains("md5")
                    || name.contains("ripemd")
                    || name.contains("-96")
                    || name == "none"
            }),
            compressions: Vec::new(),
        }
    }
}

/// Key exchanges that combine a lattice or code with an elliptic curve.
pub(super) fn is_post_quantum(name: &str) -> bool {
    name.starts_with("sntrup761x25519") || name.starts_with("mlkem")
}

#[cfg(test)]
mod tests {
    use super::Algorithms;

    #[test]
    fn weak_ones_are_told_by_the_table() {
        let names = |list: &str| -> Vec<String> { list.split(' ').map(str::to_owned).collect() };
        let offered = Algorithms {
            key_exchanges: names(
                "curve25519-sha256 diffie-hellman-group14-sha1 gss-group1-sha1-x== diffie-hellman-group14-sha256",
            ),
            host_keys: names(
                "ssh-ed25519 ssh-rsa rsa-sha2-256 ssh-dss ssh-rsa-cert-v01@openssh.com",
            ),
            ciphers: names(
                "aes128-ctr aes256-cbc arcfour128 3des-cbc rijndael-cbc@lysator.liu.se none",
            ),
            macs: names(
                "hmac-sha1 hmac-sha1-96 hmac-md5-etm@openssh.com hmac-sha2-256 hmac-ripemd160",
            ),
            compressions: names("none zlib"),
        };
        let weak = offered.weak();
        assert_eq!(
            weak.key_exchanges,
            names("diffie-hellman-group14-sha1 gss-group1-sha1-x==")
        );
        assert_eq!(
            weak.host_keys,
            names("ssh-rsa ssh-dss ssh-rsa-cert-v01@openssh.com")
        );
        assert_eq!(
            weak.ciphers,
            names("aes256-cbc arcfour128 3des-cbc rijndael-cbc@lysator.liu.se none")
        );
        assert_eq!(
            weak.macs,
            names("hmac-sha1-96 hmac-md5-etm@openssh.com hmac-ripemd160")
        );
        assert!(weak.compressions.is_empty());
    }

    #[test]
    fn a_message_that_is_cut_is_none() {
        let mut message = vec![20];
        message.extend([0; 16]);
        for list in ["a,b", "c", "d", "d,e", "f", "f", "none", "none", "", ""] {
            message.extend(u32::try_from(list.len()).unwrap().to_be_bytes());
            message.extend(list.as_bytes());
        }
        let read = Algorithms::parse(&message).unwrap();
        assert_eq!(
            (read.key_exchanges, read.ciphers),
            (
                vec!["a".to_owned(), "b".to_owned()],
                vec!["d".to_owned(), "e".to_owned()]
            )
        );
        for end in 0..message.len() - 8 {
            assert_eq!(Algorithms::parse(&message[..end]), None);
        }
        message[17] = 0xff;
        assert_eq!(Algorithms::parse(&message), None);
    }
}
