//! Cipher suites, groups and versions: their numbers, the registry's names, and what the names
//! say about strength.

use std::sync::LazyLock;

use rustls::CipherSuite;

use super::facts::Suite;

/// SSL 3.0, as it is numbered in a handshake.
pub(super) const SSLV3: u16 = 0x0300;
/// TLS 1.2.
pub(super) const TLS1_2: u16 = 0x0303;
/// TLS 1.3.
pub(super) const TLS1_3: u16 = 0x0304;

/// Every version that is asked about, oldest first: number, name, name of the fact.
pub(super) const VERSIONS: [(u16, &str, &str); 5] = [
    (SSLV3, "SSLv3", "sslv3"),
    (0x0301, "TLS1.0", "tls1_0"),
    (0x0302, "TLS1.1", "tls1_1"),
    (TLS1_2, "TLS1.2", "tls1_2"),
    (TLS1_3, "TLS1.3", "tls1_3"),
];

/// Key exchange groups that are asked about: number, name.
const GROUPS: [(u16, &str); 23] = [
    (0x11ec, "X25519MLKEM768"),
    (0x11eb, "secp256r1MLKEM768"),
    (0x11ed, "secp384r1MLKEM1024"),
    (0x6399, "X25519Kyber768Draft00"),
    (29, "X25519"),
    (23, "secp256r1"),
    (24, "secp384r1"),
    (25, "secp521r1"),
    (30, "X448"),
    (256, "ffdhe2048"),
    (257, "ffdhe3072"),
    (258, "ffdhe4096"),
    (259, "ffdhe6144"),
    (260, "ffdhe8192"),
    (26, "brainpoolP256r1"),
    (27, "brainpoolP384r1"),
    (28, "brainpoolP512r1"),
    (31, "brainpoolP256r1tls13"),
    (32, "brainpoolP384r1tls13"),
    (33, "brainpoolP512r1tls13"),
    (22, "secp256k1"),
    (21, "secp224r1"),
    (19, "secp192r1"),
];

/// The groups that make sense in a version.
pub(super) fn groups(version: u16) -> Vec<u16> {
    let fits = |id: u16| match version {
        TLS1_3 => !matches!(id, 19 | 21 | 22 | 26 | 27 | 28),
        _ => id < 31,
    };
    GROUPS
        .iter()
        .map(|(id, _)| *id)
        .filter(|id| fits(*id))
        .collect()
}

/// A group's name; one that is not known is told by its number.
pub(super) fn group_name(id: u16) -> String {
    GROUPS
        .iter()
        .find(|(known, _)| *known == id)
        .map_or_else(|| format!("0x{id:04x}"), |(_, name)| (*name).to_owned())
}

/// Whether a group withstands a quantum computer.
pub(super) fn is_post_quantum(id: u16) -> bool {
    matches!(id, 0x11eb | 0x11ec | 0x11ed | 0x6399 | 0x0200..=0x0202)
}

/// A version's name.
pub(super) fn version_name(version: u16) -> String {
    VERSIONS
        .iter()
        .find(|(id, _, _)| *id == version)
        .map_or_else(
            || format!("0x{version:04x}"),
            |(_, name, _)| (*name).to_owned(),
        )
}

/// A suite's name in the registry.
pub(super) fn suite_name(id: u16) -> String {
    match CipherSuite::from(id).as_str() {
        Some(name) => name.replace("TLS13_", "TLS_"),
        None => format!("0x{id:04x}"),
    }
}

/// The suites to offer in a version, in batches that old servers can bear: the usual ones first.
/// Suites that need more than a certificate (pre-shared keys, passwords, Kerberos) are left out.
pub(super) fn offers(version: u16) -> Vec<Vec<u16>> {
    static LEGACY: LazyLock<Vec<Vec<u16>>> = LazyLock::new(|| {
        let mut all: Vec<u16> = (1..=0xc0ff)
            .chain(0xcc00..=0xccff)
            .filter(|id| is_asked(*id))
            .collect();
        all.sort_by_key(|id| rarity(*id));
        all.chunks(100).map(<[u16]>::to_vec).collect()
    });
    if version == TLS1_3 {
        vec![vec![0x1301, 0x1302, 0x1303, 0x1304, 0x1305]]
    } else {
        LEGACY.clone()
    }
}

fn is_asked(id: u16) -> bool {
    const OTHERWISE: [&str; 10] = [
        "PSK",
        "SRP",
        "KRB5",
        "SCSV",
        "GOST",
        "draft",
        "ECMQV",
        "_RMD",
        "WITH_NULL_NULL",
        "FORTEZZA",
    ];
    CipherSuite::from(id)
        .as_str()
        .is_some_and(|name| !OTHERWISE.iter().any(|word| name.contains(word)))
}

fn rarity(id: u16) -> u8 {
    let name = suite_name(id);
    let common = ["AES", "CHACHA20", "3DES", "RC4", "CAMELLIA"];
    if !common.iter().any(|cipher| name.contains(cipher)) || name.contains("EXPORT") {
        return 3;
    }
    if ["DSS", "DH_RSA", "ECDH_", "anon", "CCM_8"]
        .iter()
        .any(|word| name.contains(word))
    {
        return 2;
    }
    u8::from(!name.contains("DHE_"))
}

/// What a suite's name says about it.
pub(super) fn describe(id: u16, version: u16, group: Option<u16>, dh_bits: Option<u32>) -> Suite {
    let name = suite_name(id);
    let has = |word: &str| name.contains(word);
    let bits = strength(&name);
    let is_anonymous = has("_anon_");
    let is_export = has("EXPORT");
    Suite {
        version: version_name(version),
        bits,
        aead: has("GCM") || has("CCM") || has("CHACHA20"),
        cbc: has("_CBC_"),
        forward_secret: version == TLS1_3 || has("DHE_"),
        anonymous: is_anonymous,
        export: is_export,
        weak: bits < 128 || is_anonymous || is_export || has("RC4") || has("RC2") || has("_MD5"),
        group: group.map(group_name),
        dh_bits,
        name,
    }
}

/// Bits of the key of the cipher, by what an attacker has to try: 112 for 3DES.
fn strength(name: &str) -> u32 {
    const BY_WORD: [(&str, u32); 14] = [
        ("_NULL_", 0),
        ("_40_", 40),
        ("DES40", 40),
        ("_56_", 56),
        ("EXPORT1024", 56),
        ("3DES", 112),
        ("_DES_", 56),
        ("IDEA", 128),
        ("SEED", 128),
        ("CHACHA20", 256),
        ("_256_", 256),
        ("_128_", 128),
        ("RC4_128", 128),
        ("RC2", 40),
    ];
    BY_WORD
        .iter()
        .find(|(word, _)| name.contains(word))
        .map_or(0, |(_, bits)| *bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_suites_are_worth() {
        let of = |id| describe(id, TLS1_2, None, None);
        let modern = of(0xc02f);
        assert_eq!(modern.name, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
        assert!(modern.aead && modern.forward_secret && !modern.weak && !modern.cbc);
        assert_eq!(modern.bits, 128);
        let rsa = of(0x0035);
        assert!(!rsa.forward_secret && rsa.cbc && !rsa.weak && rsa.bits == 256);
        for (id, bits) in [
            (0x0001, 0),
            (0x0003, 40),
            (0x0005, 128),
            (0x0009, 56),
            (0x000a, 112),
            (0x0014, 40),
            (0x0034, 128),
            (0x003b, 0),
            (0xc018, 128),
        ] {
            let suite = of(id);
            assert!(suite.weak, "{} is weak", suite.name);
            assert_eq!(suite.bits, bits, "{}", suite.name);
        }
        assert_eq!(
            describe(0x1301, TLS1_3, None, None).name,
            "TLS_AES_128_GCM_SHA256"
        );
    }

    #[test]
    fn every_suite_is_offered_once_in_small_batches() {
        let batches = offers(TLS1_2);
        assert!(batches.iter().all(|batch| batch.len() <= 100));
        let mut all: Vec<u16> = batches.concat();
        for usual in [0xc02b, 0xc030, 0xcca8, 0x009e, 0x002f, 0x000a, 0x0005] {
            assert!(batches[0].contains(&usual), "{usual:04x} comes first");
        }
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert!(!all.contains(&0x00ff), "signals are no suites");
        let unmeasured: Vec<String> = all
            .iter()
            .map(|id| suite_name(*id))
            .filter(|name| strength(name) == 0 && !name.contains("NULL"))
            .collect();
        assert_eq!(unmeasured, [""; 0]);
    }
}
