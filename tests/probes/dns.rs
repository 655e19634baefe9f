//! The `dns` probe against name servers in this process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use hickory_proto::dnssec::TrustAnchors;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::{A, CNAME};
use hickory_proto::rr::{RData, Record};
use ready::probe::dns::{Dns, DnssecStatus, Facts, JudgedBy, Kind, Transport};
use ready::probe::net::resolve::Resolver;
use ready::probe::net::tls::Trust;
use ready::probe::net::{Net, Overrides};
use ready::probe::{Answer, Context, Probe, ProbeError};
use ready::reason::Reason;

use crate::support::context;
use crate::support::dns::{Zone, answer, respond, serve, serve_on, sockets};

const ZONE: &str = r#"
$ORIGIN example.test.
$TTL 300
@   IN SOA ns1 hostmaster 2026112101 7200 3600 1209600 60
@   IN NS  ns1
@   IN NS  ns2
ns1 IN A   127.0.0.1
ns2 IN A   127.0.0.1
@   IN A   192.0.2.1
@   120 IN A 192.0.2.2
@   IN MX  20 backup
@   IN MX  10 mail
mail IN A  192.0.2.25
mail IN AAAA 2001:db8::25
backup IN CNAME mail
www IN CNAME web
web IN AAAA 2001:db8::80
web IN A   192.0.2.80
@   IN TXT "v=spf1 include:_spf.example.test mx " "-all"
@   IN TXT "some-verification=\"1\""
_spf IN TXT "v=spf1 ip4:192.0.2.0/24 a:mail.example.test ~all"
broken IN TXT "v=spf1 include:nothing.example.test ptr ?all"
_dmarc IN TXT "v=DMARC1; p=reject; sp=none; rua=mailto:d@example.test"
s1._domainkey IN TXT "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
_mta-sts IN TXT "v=STSv1; id=20261121"
_smtp._tls IN TXT "v=TLSRPTv1; rua=mailto:t@example.test"
@   IN CAA 0 issue "letsencrypt.org"
@   IN CAA 128 iodef "mailto:sec@example.test"
_sip._tcp IN SRV 1 2 5060 web
_443._tcp.web IN TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
@   IN HTTPS 1 . alpn=h2,h3
silent IN MX 0 .
"#;

const REVERSE: &str = "
$ORIGIN 2.0.192.in-addr.arpa.
$TTL 300
@  IN SOA ns1.example.test. hostmaster.example.test. 1 7200 3600 1209600 60
@  IN NS  ns1.example.test.
80 IN PTR web.example.test.
";

/// A context whose resolver is `server`.
fn at(server: SocketAddr) -> Context {
    with(Resolver::at(server), Overrides::default())
}

fn with(resolver: Resolver, overrides: Overrides) -> Context {
    Context {
        net: Arc::new(Net::new(overrides, resolver, Trust::new(&[]))),
        timeout: Duration::from_secs(8),
        ..context(&[])
    }
}

async fn ask(probe: &Dns, context: &Context) -> Facts {
    let answer = probe.gather(context).await.unwrap();
    assert!(answer.gaps.is_empty(), "{:?}", answer.gaps);
    answer.facts
}

async fn look(name: &str, kind: Kind, server: SocketAddr) -> Facts {
    ask(&Dns::new(name, kind), &at(server)).await
}

async fn zone() -> SocketAddr {
    serve(vec![Zone::new(ZONE), Zone::new(REVERSE)]).await
}

fn data(facts: &Facts) -> Vec<&str> {
    facts.answers.iter().map(|a| a.data.as_str()).collect()
}

#[tokio::test]
async fn every_type_is_told_as_plain_data() {
    let server = zone().await;
    let find = async |name: &str, kind| look(name, kind, server).await;

    let a = find("Example.TEST.", Kind::A).await;
    assert_eq!(
        (a.name.as_str(), a.rcode.as_str()),
        ("example.test", "noerror")
    );
    assert!(a.exists && a.authoritative && !a.authentic_data && !a.dangling);
    assert_eq!(data(&a), ["192.0.2.1", "192.0.2.2"]);
    assert_eq!(a.answers[0].address, Some("192.0.2.1".parse().unwrap()));
    assert_eq!(a.ttl, Some(120), "the shortest of the two");
    assert_eq!((a.transport, a.truncated), (Transport::Udp, false));
    assert_eq!(a.resolvers[0].server, server.to_string());
    assert_eq!((a.agree, a.dnssec, a.authority), (None, None, None));

    let www = find("www.example.test", Kind::Aaaa).await;
    assert_eq!(www.cname, ["web.example.test"]);
    assert_eq!(data(&www), ["2001:db8::80"]);
    let alias = find("www.example.test", Kind::Cname).await;
    assert_eq!(alias.answers[0].target.as_deref(), Some("web.example.test"));

    let ns = find("example.test", Kind::Ns).await;
    assert_eq!(data(&ns), ["ns1.example.test.", "ns2.example.test."]);
    let srv = &find("_sip._tcp.example.test", Kind::Srv).await.answers[0];
    let numbers = (srv.priority, srv.weight, srv.port);
    assert_eq!(numbers, (Some(1), Some(2), Some(5060)));
    assert_eq!(srv.target.as_deref(), Some("web.example.test"));

    let tlsa = find("_443._tcp.web.example.test", Kind::Tlsa).await;
    let tlsa = tlsa.answers[0].tlsa.clone().unwrap();
    assert_eq!((tlsa.usage, tlsa.selector, tlsa.matching), (3, 1, 1));
    assert!(tlsa.certificate.starts_with("0123456789abcdef"));
    let soa = find("example.test", Kind::Soa).await.answers[0]
        .soa
        .clone()
        .unwrap();
    assert_eq!((soa.serial, soa.minimum), (2_026_112_101, 60));
    assert_eq!(soa.mailbox, "hostmaster.example.test");

    let https = &find("example.test", Kind::Https).await.answers[0];
    assert_eq!(
        https.alpn.as_deref(),
        Some(&["h2".to_owned(), "h3".to_owned()][..])
    );
    assert_eq!(https.data, r#"1 . alpn="h2,h3""#);
    for name in ["192.0.2.80", "80.2.0.192.in-addr.arpa"] {
        let ptr = find(name, Kind::Ptr).await;
        assert_eq!(data(&ptr), ["web.example.test."]);
        assert_eq!(ptr.name, "80.2.0.192.in-addr.arpa");
    }
}

#[tokio::test]
async fn no_such_name_and_no_such_record_are_facts() {
    let server = zone().await;
    let none = look("nope.example.test", Kind::A, server).await;
    assert!(!none.exists && none.answers.is_empty() && none.ttl.is_none());
    assert_eq!(
        (none.rcode.as_str(), none.negative_ttl),
        ("nxdomain", Some(60))
    );
    let other = look("web.example.test", Kind::Mx, server).await;
    assert!(other.exists && other.answers.is_empty() && other.mx.is_none());
    assert_eq!(other.rcode, "noerror");
}

#[tokio::test]
async fn an_alias_of_a_name_that_is_gone_dangles() {
    let server = respond(|asked, _| {
        let mut message = answer(asked, ResponseCode::NXDomain);
        let target = CNAME("old-app.example.".parse().unwrap());
        let name = asked.queries[0].name().clone();
        message.add_answer(Record::from_rdata(name, 60, RData::CNAME(target)));
        Some(message.to_vec().unwrap())
    })
    .await;
    let gone = look("shop.example.test", Kind::A, server).await;
    assert!(gone.dangling && !gone.exists && gone.answers.is_empty());
    assert_eq!(gone.cname, ["old-app.example"]);
}

#[tokio::test]
async fn mail_records_are_understood() {
    let server = zone().await;
    let find = async |name: &str, kind| look(name, kind, server).await;
    let mx = find("example.test", Kind::Mx).await;
    assert_eq!(
        data(&mx),
        ["10 mail.example.test.", "20 backup.example.test."]
    );
    let mx = mx.mx.unwrap();
    assert_eq!((mx.takes_mail, mx.resolve), (true, Some(false)));
    assert_eq!(
        (mx.targets[0].addresses.len(), mx.targets[0].alias),
        (2, false)
    );
    assert!(
        mx.targets[1].alias,
        "a mail server's name must not be an alias"
    );
    let null = find("silent.example.test", Kind::Mx).await.mx.unwrap();
    assert!(!null.takes_mail && null.targets.is_empty());

    let txt = find("example.test", Kind::Txt).await;
    assert_eq!(txt.answers[0].data, r#""some-verification=\"1\"""#);
    let spf = txt.spf.unwrap();
    assert_eq!(
        (spf.valid, spf.lookups),
        (Some(true), Some(3)),
        "{:?}",
        spf.problems
    );
    assert_eq!(spf.includes, ["_spf.example.test"]);
    assert_eq!(serde_json::to_value(spf.all).unwrap(), "fail");
    let broken = find("broken.example.test", Kind::Txt).await.spf.unwrap();
    assert_eq!((broken.valid, broken.problems.len()), (Some(false), 2));

    let dmarc = find("_dmarc.example.test", Kind::Txt).await.dmarc.unwrap();
    assert!(dmarc.valid && dmarc.rua == ["mailto:d@example.test"]);
    assert_eq!(
        serde_json::to_value(dmarc.effective_policy).unwrap(),
        "reject"
    );
    let below = find("_dmarc.shop.example.test", Kind::Txt).await;
    assert!(
        !below.exists,
        "the policy is the domain's, not a record of this name"
    );
    let below = below.dmarc.unwrap();
    assert_eq!(below.record_at, "_dmarc.example.test");
    assert_eq!(
        serde_json::to_value(below.effective_policy).unwrap(),
        "none"
    );

    let dkim = find("s1._domainkey.example.test", Kind::Txt)
        .await
        .dkim
        .unwrap();
    assert_eq!((dkim.valid, dkim.bits), (true, Some(256)));
    let sts = find("_mta-sts.example.test", Kind::Txt)
        .await
        .mta_sts
        .unwrap();
    assert!(sts.valid);
    let rpt = find("_smtp._tls.example.test", Kind::Txt)
        .await
        .tls_rpt
        .unwrap();
    assert!(rpt.valid);
}

#[tokio::test]
async fn certificate_authorities_are_looked_for_upwards() {
    let server = zone().await;
    for name in ["example.test", "a.b.example.test"] {
        let caa = look(name, Kind::Caa, server).await.caa.unwrap();
        assert!(caa.restricts);
        assert_eq!(caa.issuers, ["letsencrypt.org"]);
        assert_eq!(
            (caa.record_at.as_str(), caa.iodef.len()),
            ("example.test", 1)
        );
    }
}

#[tokio::test]
async fn what_does_not_fit_a_datagram_comes_over_tcp() {
    let line = |i| format!("big IN TXT \"{}{i:02}\"\n", "x".repeat(100));
    let many: Vec<String> = (0..40).map(line).collect();
    let many = many.concat();
    let server = serve(vec![Zone::new(&format!("{ZONE}{many}"))]).await;
    let big = look("big.example.test", Kind::Txt, server).await;
    assert_eq!(big.answers.len(), 40);
    assert!(big.truncated && big.tcp_fallback && big.size_bytes > 4000);
    assert_eq!(big.transport, Transport::Tcp);
}

/// Asks a signed zone for `name` with `anchors` as the keys to trust.
async fn judged(zone: Zone, anchors: TrustAnchors, name: &str) -> Answer<Facts> {
    let server = serve(vec![zone]).await;
    let resolver = Resolver::at(server).with_trust_anchors(anchors);
    let probe = Dns {
        dnssec: true,
        ..Dns::new(name, Kind::A)
    };
    let context = with(resolver, Overrides::default());
    probe.gather(&context).await.unwrap()
}

#[tokio::test]
async fn signatures_are_verified() {
    let status = |answer: Answer<Facts>| answer.facts.dnssec.unwrap();
    for name in ["web.example.test", "nope.example.test"] {
        let zone = Zone::signed(ZONE);
        let anchors = zone.anchors.clone();
        let good = status(judged(zone, anchors, name).await);
        assert_eq!(good.status, Some(DnssecStatus::Secure), "{name}");
        assert_eq!(
            (good.signed, good.judged_by),
            (true, Some(JudgedBy::Validation))
        );
    }

    let mut forged = Zone::signed(ZONE);
    forged.tamper("web.example.test", "mail.example.test");
    let anchors = forged.anchors.clone();
    let forged = status(judged(forged, anchors, "web.example.test").await);
    assert_eq!(forged.status, Some(DnssecStatus::Bogus));

    let other = Zone::signed(ZONE).anchors;
    let stranger = status(judged(Zone::signed(ZONE), other, "web.example.test").await);
    assert_eq!(stranger.status, Some(DnssecStatus::Bogus));

    // Nothing is signed although there is a key: that could be us, and is not guessed.
    let anchors = Zone::signed(ZONE).anchors;
    let stripped = judged(Zone::new(ZONE), anchors, "web.example.test").await;
    assert_eq!(
        stripped.gaps["dnssec.status"].reason,
        Reason::DnsIndeterminate
    );
    assert_eq!(stripped.facts.dnssec.unwrap().status, None);
}

#[tokio::test]
async fn an_unsigned_zone_that_nobody_vouches_for_is_insecure() {
    let server = zone().await;
    let probe = Dns {
        dnssec: true,
        ..Dns::new("web.example.test", Kind::A)
    };
    let dnssec = ask(&probe, &at(server)).await.dnssec.unwrap();
    assert_eq!(dnssec.status, Some(DnssecStatus::Insecure));
    assert!(!dnssec.signed);
}

#[tokio::test]
async fn a_validating_resolver_is_believed() {
    let address = |asked: &hickory_proto::op::Message| {
        let mut message = answer(asked, ResponseCode::NoError);
        let name = asked.queries[0].name().clone();
        let data = RData::A(A::new(192, 0, 2, 1));
        message.add_answer(Record::from_rdata(name, 60, data));
        message
    };
    let secure = respond(move |asked, _| {
        let mut message = address(asked);
        message.metadata.authentic_data = true;
        Some(message.to_vec().unwrap())
    })
    .await;
    let bogus = respond(move |asked, _| {
        let message = if asked.metadata.checking_disabled {
            address(asked)
        } else {
            answer(asked, ResponseCode::ServFail)
        };
        Some(message.to_vec().unwrap())
    })
    .await;
    let mut probe = Dns::new("web.example.test", Kind::A);
    probe.dnssec = true;
    let facts = ask(&probe, &at(secure)).await;
    assert!(facts.authentic_data);
    let dnssec = facts.dnssec.unwrap();
    assert_eq!(dnssec.status, Some(DnssecStatus::Secure));
    assert_eq!(dnssec.judged_by, Some(JudgedBy::Resolver));

    let facts = ask(&probe, &at(bogus)).await;
    assert_eq!(facts.dnssec.unwrap().status, Some(DnssecStatus::Bogus));
    assert_eq!(facts.rcode, "servfail");
    assert!(facts.answers.is_empty(), "nobody who checks gets any");
    // Without that question it is what everybody sees.
    probe.dnssec = false;
    let error = probe.gather(&at(bogus)).await.unwrap_err();
    assert_eq!(error.reason, Reason::DnsServfail);
}

#[tokio::test]
async fn resolvers_are_compared() {
    let one = zone().await;
    let other = serve(vec![Zone::new(&ZONE.replace("192.0.2.80", "192.0.2.81"))]).await;
    let same = zone().await;
    let silent = respond(|_, _| None).await;
    let mut probe = Dns::new("web.example.test", Kind::A);
    let mut compare = async |servers: &[SocketAddr]| {
        probe.resolvers = servers.iter().map(ToString::to_string).collect();
        let context = Context {
            timeout: Duration::from_millis(900),
            ..at(one)
        };
        probe.gather(&context).await.unwrap()
    };
    assert_eq!(compare(&[one, same]).await.facts.agree, Some(true));
    let differ = compare(&[one, other, silent]).await.facts;
    assert_eq!(differ.agree, Some(false));
    assert_eq!(differ.resolvers[1].answers, ["192.0.2.81"]);
    assert_eq!(differ.resolvers[2].error, Some(Reason::DnsUnreachable));
    assert_eq!(data(&differ), ["192.0.2.80"]);
    // The first is of no use: the second gives the facts, and agreement is not known.
    let half = compare(&[silent, one]).await;
    assert_eq!(data(&half.facts), ["192.0.2.80"]);
    assert_eq!(half.facts.agree, None);
    assert_eq!(half.gaps["agree"].reason, Reason::DnsUnreachable);
}

async fn error(server: SocketAddr) -> ProbeError {
    let context = Context {
        timeout: Duration::from_millis(600),
        ..at(server)
    };
    let probe = Dns::new("web.example.test", Kind::A);
    let start = Instant::now();
    let error = probe.gather(&context).await.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(10));
    error
}

#[tokio::test]
async fn resolvers_that_are_of_no_use_are_our_inability() {
    let raw = |bytes: &'static [u8]| move |_: &_, asked: &[u8]| Some([&asked[..2], bytes].concat());
    let code = |code| move |asked: &_, _: &[u8]| Some(answer(asked, code).to_vec().unwrap());
    let closed = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let closed_at = closed.local_addr().unwrap();
    drop(closed);
    for (server, what) in [
        (respond(|_, _| None).await, "did not answer"),
        (closed_at, "is not there"),
        (respond(|_, _| Some(vec![1])).await, "did not answer"),
        (respond(raw(b"")).await, "gave a malformed answer"),
        (respond(raw(&[0xff; 600])).await, "gave a malformed answer"),
        (
            respond(raw(&[0x81, 0x80, 0, 1, 0, 9, 0, 0, 0, 0, 0xc0, 0x0c])).await,
            "malformed",
        ),
        (
            respond(code(ResponseCode::Refused)).await,
            "refuses to answer",
        ),
        // Cut short, and nobody listens on TCP.
        (
            respond(|asked, _| {
                let mut message = answer(asked, ResponseCode::NoError);
                message.metadata.truncation = true;
                Some(message.to_vec().unwrap())
            })
            .await,
            "over TCP",
        ),
    ] {
        let error = error(server).await;
        assert_eq!(error.reason, Reason::DnsUnreachable, "{what}");
        assert!(error.cause.contains(what), "{} is not {what}", error.cause);
        assert!(error.cause.contains(&server.to_string()));
    }
    let failed = error(respond(code(ResponseCode::ServFail)).await).await;
    assert_eq!(failed.reason, Reason::DnsServfail);
    assert_eq!(failed.detail, None);
}

#[tokio::test]
async fn answers_to_other_questions_are_not_taken() {
    let server = respond(|asked, _| {
        let mut other = asked.clone();
        let name = "evil.test.".parse().unwrap();
        other.queries[0].set_name(name);
        let mut message = answer(&other, ResponseCode::NoError);
        message.metadata.id = asked.metadata.id;
        Some(message.to_vec().unwrap())
    })
    .await;
    assert_eq!(
        error(server).await.cause,
        format!("the resolver {server} did not answer")
    );
}

/// A zone `test` above `example.test`, on two servers, and a context that finds them.
async fn delegated(above: &str, second: &str) -> Context {
    let (udp, tcp) = sockets().await;
    let (udp_2, tcp_2) = sockets().await;
    let parent = serve(vec![Zone::new(&above_only(above))]).await;
    let first = serve_on(udp, tcp, vec![Zone::new(ZONE)]);
    let second = serve_on(udp_2, tcp_2, vec![Zone::new(second)]);
    let both = serve(vec![Zone::new(ZONE), Zone::new(&above_only(above))]).await;
    let mut overrides = Overrides::default();
    for (name, at) in [
        ("a.nic.test", parent),
        ("ns1.example.test", first),
        ("ns2.example.test", second),
    ] {
        overrides.insert(Some(name), Some(53), at.ip(), Some(at.port()));
    }
    with(Resolver::at(both), overrides)
}

fn above_only(above: &str) -> String {
    format!(
        "$ORIGIN test.\n$TTL 300\n@ IN SOA a.nic.test. host.nic.test. 1 7200 3600 1209600 60\n\
         @ IN NS a.nic.test.\na.nic IN A 127.0.0.1\n{above}"
    )
}

#[tokio::test]
async fn the_zones_own_servers_are_compared() {
    let good = "example IN NS ns1.example\nexample IN NS ns2.example\n\
                ns1.example IN A 127.0.0.1\nns2.example IN A 127.0.0.1\n";
    let probe = Dns {
        authoritative: true,
        ..Dns::new("web.example.test", Kind::A)
    };
    let same = ask(&probe, &delegated(good, ZONE).await)
        .await
        .authority
        .unwrap();
    assert_eq!(same.zone, "example.test");
    assert_eq!(same.name_servers, ["ns1.example.test", "ns2.example.test"]);
    assert_eq!(same.delegation.as_ref(), Some(&same.name_servers));
    assert_eq!(same.delegation_agrees, Some(true));
    assert!(same.all_answer && same.answers_agree && same.serials_agree && same.resolver_agrees);
    assert_eq!(same.servers[0].serial, Some(2_026_112_101));

    let stale = ZONE
        .replace("2026112101", "2026112001")
        .replace("192.0.2.80", "192.0.2.8");
    let one = "example IN NS ns1.example\nns1.example IN A 127.0.0.1\n";
    let differ = ask(&probe, &delegated(one, &stale).await)
        .await
        .authority
        .unwrap();
    assert_eq!(differ.delegation_agrees, Some(false));
    assert!(differ.all_answer && !differ.answers_agree && !differ.serials_agree);

    let lame = ZONE.replace("$ORIGIN example.test.", "$ORIGIN other.test.");
    let lame = ask(&probe, &delegated(good, &lame).await)
        .await
        .authority
        .unwrap();
    assert!(!lame.all_answer);
    assert_eq!(lame.servers[1].rcode.as_deref(), Some("refused"));
}

#[tokio::test]
async fn a_name_is_looked_up_once_however_many_ask() {
    let asked = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&asked);
    let server = respond(move |message, _| {
        counted.fetch_add(1, Ordering::Relaxed);
        let mut reply = answer(message, ResponseCode::NoError);
        let query = &message.queries[0];
        if query.query_type() == hickory_proto::rr::RecordType::A {
            let data = RData::A(A::new(192, 0, 2, 1));
            reply.add_answer(Record::from_rdata(query.name().clone(), 0, data));
        }
        Some(reply.to_vec().unwrap())
    })
    .await;
    let context = at(server);
    let limit = Duration::from_secs(5);
    let ask = || context.net.addresses("Web.example.test.", 443, limit);
    let all = futures_util::future::join_all((0..20).map(|_| ask())).await;
    for found in all {
        assert_eq!(found.unwrap(), ["192.0.2.1:443".parse().unwrap()]);
    }
    ask().await.unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 2, "one for each family");
}

#[tokio::test]
async fn names_are_resolved_to_addresses_or_reasons() {
    let server = zone().await;
    let limit = Duration::from_millis(900);
    let net = at(server).net;
    let reason = async |host: &str| net.addresses(host, 80, limit).await.unwrap_err();
    assert_eq!(
        reason("nope.example.test").await.reason,
        Reason::DnsNxdomain
    );
    assert_eq!(
        reason("nope.example.test").await.cause,
        "nope.example.test does not exist"
    );
    assert_eq!(
        reason("_dmarc.example.test").await.reason,
        Reason::DnsNoAddress
    );
    assert_eq!(reason("x.invalid").await.reason, Reason::DnsNxdomain);
    assert_eq!(reason("a..b").await.reason, Reason::DnsNxdomain);
    assert_eq!(
        reason("elsewhere.example").await.reason,
        Reason::DnsUnreachable
    );
    let web = net.addresses("www.example.test", 80, limit).await.unwrap();
    assert_eq!(web.len(), 2);
    let local = net.addresses("LOCALHOST.", 80, limit).await.unwrap();
    assert_eq!(
        local,
        ["127.0.0.1:80".parse().unwrap(), "[::1]:80".parse().unwrap()]
    );
    for literal in ["::1", "[::1]"] {
        let found = net.addresses(literal, 80, limit).await.unwrap();
        assert_eq!(found, ["[::1]:80".parse().unwrap()]);
    }
    let silent = at(respond(|_, _| None).await).net;
    let error = silent
        .addresses("web.example.test", 80, limit)
        .await
        .unwrap_err();
    assert_eq!(error.reason, Reason::DnsUnreachable);
}

#[test]
fn fields_are_checked_and_shown_by_hand() {
    let parse = |json: &str| serde_json::from_str::<Dns>(json).unwrap();
    let probe = parse(r#"{"name": "example.com", "type": "MX", "resolvers": ["[::1]:5353"]}"#);
    assert_eq!(probe.validate(), Ok(()));
    assert_eq!(probe.reproduce(), "dig +dnssec @::1 -p 5353 example.com MX");
    let contact = &probe.contacts()[0];
    assert_eq!((contact.host.as_str(), contact.port), ("::1", Some(5353)));
    assert_eq!(contact.action, "DNS MX example.com");
    let reverse = parse(r#"{"name": "192.0.2.1", "type": "PTR"}"#);
    assert_eq!(reverse.reproduce(), "dig +dnssec -x 192.0.2.1");
    assert_eq!(reverse.contacts()[0].host, "resolver");
    for (json, field) in [
        (r#"{"name": ""}"#, "name"),
        (r#"{"name": "a..b"}"#, "name"),
        (r#"{"name": "a.b", "resolvers": ["a b"]}"#, "resolvers"),
        (r#"{"name": "a.b", "resolvers": ["x:0"]}"#, "resolvers"),
    ] {
        assert_eq!(parse(json).validate().unwrap_err().field, field, "{json}");
    }
}

#[tokio::test]
async fn certificate_authorities_are_not_looked_for_beyond_the_domain() {
    // This server would refuse to say anything about `test`.
    let without = ZONE.replace("@   IN CAA", "; ");
    let server = serve(vec![Zone::new(&without)]).await;
    let facts = look("a.example.test", Kind::Caa, server).await;
    assert_eq!(facts.caa, None);
}
