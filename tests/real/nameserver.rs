//! The `dns` probe beside `dig`, against Knot DNS (Debian: knot, bind9-dnsutils).

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hickory_proto::dnssec::{Algorithm, PublicKeyBuf, TrustAnchors};
use hickory_proto::rr::Name;
use ready::probe::dns::{Dns, DnssecStatus, Facts, JudgedBy, Kind, Transport};
use ready::probe::net::resolve::Resolver;
use ready::probe::net::tls::Trust;
use ready::probe::net::{Net, Overrides};
use ready::probe::{Context, Probe};
use ready::reason::Reason;
use tempfile::TempDir;

use super::program;
use crate::support::context;
use crate::support::dns::sockets;

const TOP: &str = "
$ORIGIN test.
$TTL 300
@ SOA a.nic hostmaster.nic 1 7200 3600 1209600 60
@ NS a.nic
a.nic A 127.0.0.1
example NS ns1.example
example NS ns2.example
ns1.example A 127.0.0.1
ns2.example A 127.0.0.1
";

const ZONE: &str = r#"
$ORIGIN example.test.
$TTL 300
@ SOA ns1 hostmaster 2026112101 7200 3600 1209600 60
@ NS ns1
@ NS ns2
ns1 A 127.0.0.1
ns2 A 127.0.0.1
@ 120 A 192.0.2.1
@ 120 A 192.0.2.2
@ AAAA 2001:db8::1
@ MX 10 mail
@ MX 20 mail2
mail A 192.0.2.25
mail2 AAAA 2001:db8::25
www CNAME @
gone CNAME nowhere
@ TXT "v=spf1 mx " "-all"
@ TXT "quoted \" and \\ and \195\188"
_dmarc TXT "v=DMARC1; p=reject"
@ CAA 0 issue "letsencrypt.org"
@ CAA 128 iodef "mailto:sec@example.test"
_sip._tcp SRV 1 2 5060 mail
_443._tcp TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
@ HTTPS 1 . alpn=h2,h3 ipv4hint=192.0.2.1
alias HTTPS 0 example.test.
1.2.0.192 PTR example.test.
"#;

/// A running `knotd` on loopback, ended with the test.
struct Knot {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Drop for Knot {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

impl Knot {
    /// Serves these zones; a signed one gets a new key.
    async fn start(knotd: &PathBuf, zones: &[(&str, &str, bool)]) -> Self {
        let (udp, tcp) = sockets().await;
        let address = udp.local_addr().unwrap();
        drop((udp, tcp));
        let folder = TempDir::new().unwrap();
        let path = folder.path().display();
        let mut config = format!(
            "server:\n  rundir: \"{path}\"\n  listen: 127.0.0.1@{}\n\
             database:\n  storage: \"{path}\"\n\
             policy:\n  - id: one\n    algorithm: ed25519\n    single-type-signing: on\n    nsec3: on\n\
             template:\n  - id: default\n    storage: \"{path}\"\n    zonefile-sync: -1\n    \
             zonefile-load: difference\n    journal-content: all\nzone:\n",
            address.port()
        );
        for (zone, text, signed) in zones {
            std::fs::write(folder.path().join(format!("{zone}.zone")), text).unwrap();
            _ = writeln!(config, "  - domain: {zone}\n    file: {zone}.zone");
            if *signed {
                config += "    dnssec-signing: on\n    dnssec-policy: one\n";
            }
        }
        let file = folder.path().join("knot.conf");
        std::fs::write(&file, config).unwrap();
        let child = Command::new(knotd)
            .arg("-c")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let knot = Self {
            child,
            address,
            _folder: folder,
        };
        let start = Instant::now();
        while dig(address, zones[0].0, "SOA").1.is_empty() {
            assert!(
                start.elapsed() < Duration::from_secs(20),
                "knotd does not answer"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        knot
    }
}

/// What `dig` says: the header's line, and the answers as (TTL, type, data).
fn dig(server: SocketAddr, name: &str, kind: &str) -> (String, Vec<(u32, String, String)>) {
    let output = Command::new("dig")
        .args(["+noall", "+comments", "+answer", "+time=2", "+tries=1"])
        .args([format!("@{}", server.ip()), format!("-p{}", server.port())])
        .args([name, kind])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let header: Vec<&str> = text.lines().filter(|l| l.starts_with(";; ")).collect();
    let answers = text.lines().filter(|line| !line.starts_with(';'));
    let answers = answers.filter_map(|line| {
        let mut words = line.split_whitespace();
        let (_, ttl, _, kind) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let data = words.collect::<Vec<_>>().join(" ");
        Some((ttl.parse().ok()?, kind.to_owned(), data))
    });
    (header.join("\n"), answers.collect())
}

fn programs() -> Option<PathBuf> {
    program("dig").and(program("knotd"))
}

fn at(resolver: Resolver, overrides: Overrides) -> Context {
    Context {
        net: Arc::new(Net::new(overrides, resolver, Trust::new(&[]))),
        ..context(&[])
    }
}

async fn ask(probe: &Dns, context: &Context) -> Facts {
    let answer = probe.gather(context).await.unwrap();
    assert!(answer.gaps.is_empty(), "{:?}", answer.gaps);
    answer.facts
}

const QUESTIONS: &[(&str, Kind, &str)] = &[
    ("example.test", Kind::A, "A"),
    ("example.test", Kind::Aaaa, "AAAA"),
    ("www.example.test", Kind::Aaaa, "AAAA"),
    ("www.example.test", Kind::Cname, "CNAME"),
    ("example.test", Kind::Ns, "NS"),
    ("example.test", Kind::Mx, "MX"),
    ("example.test", Kind::Txt, "TXT"),
    ("_dmarc.example.test", Kind::Txt, "TXT"),
    ("big.example.test", Kind::Txt, "TXT"),
    ("example.test", Kind::Caa, "CAA"),
    ("example.test", Kind::Soa, "SOA"),
    ("_sip._tcp.example.test", Kind::Srv, "SRV"),
    ("_443._tcp.example.test", Kind::Tlsa, "TLSA"),
    ("example.test", Kind::Https, "HTTPS"),
    ("alias.example.test", Kind::Https, "HTTPS"),
    ("1.2.0.192.example.test", Kind::Ptr, "PTR"),
    ("mail.example.test", Kind::Aaaa, "AAAA"),
    ("nope.example.test", Kind::A, "A"),
    ("gone.example.test", Kind::A, "A"),
];

#[tokio::test]
async fn facts_agree_with_dig_record_by_record() {
    let Some(knotd) = programs() else { return };
    let line = |i| format!("big TXT \"{}{i:02}\"\n", "x".repeat(100));
    let big: Vec<String> = (0..40).map(line).collect();
    let zone = format!("{ZONE}{}", big.concat());
    let knot = Knot::start(&knotd, &[("example.test", &zone, false)]).await;
    let context = at(Resolver::at(knot.address), Overrides::default());
    for (name, kind, word) in QUESTIONS {
        let facts = ask(&Dns::new(*name, *kind), &context).await;
        let (header, answers) = dig(knot.address, name, word);
        let status = format!("status: {},", facts.rcode.to_uppercase());
        assert!(header.contains(&status), "{name} {word}: {header}");
        assert_eq!(facts.authoritative, header.contains(" aa"), "{name} {word}");
        // `dig` breaks long hexadecimal data into pieces.
        let squeeze = |data: &str| match word {
            &"TLSA" => data.replace(' ', ""),
            _ => data.to_owned(),
        };
        let mut theirs: Vec<String> = answers
            .iter()
            .filter(|(_, kind, _)| kind == word)
            .map(|(_, _, data)| squeeze(data))
            .collect();
        let mut ours: Vec<String> = facts.answers.iter().map(|a| squeeze(&a.data)).collect();
        theirs.sort();
        ours.sort();
        assert_eq!(ours, theirs, "{name} {word}");
        let ttl = answers.iter().map(|(ttl, _, _)| *ttl).min();
        assert_eq!(facts.ttl, ttl, "{name} {word}");
    }
    let gone = ask(&Dns::new("gone.example.test", Kind::A), &context).await;
    assert!(gone.dangling && !gone.exists);
    assert_eq!(gone.cname, ["nowhere.example.test"]);
    let big = ask(&Dns::new("big.example.test", Kind::Txt), &context).await;
    assert_eq!((big.transport, big.truncated), (Transport::Tcp, true));
    let refused = Dns::new("elsewhere.example", Kind::A);
    let refused = refused.gather(&context).await.unwrap_err();
    assert_eq!(refused.reason, Reason::DnsUnreachable);
}

#[tokio::test]
async fn a_zone_that_knot_signs_is_secure_under_its_own_key_alone() {
    let Some(knotd) = programs() else { return };
    let knot = Knot::start(&knotd, &[("example.test", ZONE, true)]).await;
    let (_, keys) = dig(knot.address, "example.test", "DNSKEY");
    let words: Vec<&str> = keys[0].2.split(' ').collect();
    let key = STANDARD.decode(words[3..].concat()).unwrap();
    let zone: Name = "example.test.".parse().unwrap();
    let anchors = |key: Vec<u8>| {
        let mut anchors = TrustAnchors::empty();
        let key = PublicKeyBuf::new(key, Algorithm::ED25519);
        anchors.insert_with_name(&key, zone.clone().into());
        anchors
    };
    let status = async |key: Vec<u8>, name: &str| {
        let resolver = Resolver::at(knot.address).with_trust_anchors(anchors(key));
        let probe = Dns {
            dnssec: true,
            ..Dns::new(name, Kind::A)
        };
        let facts = ask(&probe, &at(resolver, Overrides::default())).await;
        facts.dnssec.unwrap()
    };
    for name in ["example.test", "www.example.test", "nope.example.test"] {
        let secure = status(key.clone(), name).await;
        assert_eq!(secure.status, Some(DnssecStatus::Secure), "{name}");
        assert_eq!(secure.judged_by, Some(JudgedBy::Validation));
    }
    let mut other = key.clone();
    other[0] ^= 1;
    let bogus = status(other, "example.test").await;
    assert_eq!(bogus.status, Some(DnssecStatus::Bogus));
}

#[tokio::test]
async fn a_referral_is_the_delegation() {
    let Some(knotd) = programs() else { return };
    let top = Knot::start(&knotd, &[("test", TOP, false)]).await;
    let both = [("test", TOP, false), ("example.test", ZONE, false)];
    let resolver = Knot::start(&knotd, &both).await;
    let zone = Knot::start(&knotd, &[("example.test", ZONE, false)]).await;
    let mut overrides = Overrides::default();
    for (name, knot) in [
        ("a.nic.test", &top),
        ("ns1.example.test", &zone),
        ("ns2.example.test", &top),
    ] {
        let at = knot.address;
        overrides.insert(Some(name), Some(53), at.ip(), Some(at.port()));
    }
    let probe = Dns {
        authoritative: true,
        ..Dns::new("example.test", Kind::Ns)
    };
    let context = at(Resolver::at(resolver.address), overrides);
    let authority = ask(&probe, &context).await.authority.unwrap();
    assert_eq!(authority.delegation_agrees, Some(true));
    assert_eq!(authority.delegation.unwrap().len(), 2);
    // The second name server has only the zone above: it is lame.
    assert!(!authority.all_answer && authority.answers_agree && authority.resolver_agrees);
    let lame = &authority.servers[1];
    assert_eq!(
        (lame.name.as_str(), lame.authoritative),
        ("ns2.example.test", false)
    );
}
