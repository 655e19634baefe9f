use super::iptables::iptables;
use super::nft::nft;
use super::ufw::{Ufw, ufw};
use super::{Allowed, Filter, firewall};
use crate::probe::ProbeError;
use crate::probe::host::sections::Look;
use crate::reason::Reason;

const UFW: &str = "Status: active
Logging: on (low)
Default: deny (incoming), allow (outgoing), disabled (routed)
New profiles: skip

To                         Action      From
--                         ------      ----
22/tcp                     ALLOW IN    Anywhere                   # from anywhere
80,443/tcp                 ALLOW IN    Anywhere
2222/tcp                   LIMIT IN    Anywhere
5432/tcp                   ALLOW IN    10.0.0.0/8
25                         DENY IN     Anywhere
Anywhere on lo             ALLOW IN    Anywhere
22/tcp (OpenSSH)           ALLOW IN    Anywhere
192.0.2.1 53/udp           ALLOW IN    Anywhere
Anywhere                   ALLOW IN    192.0.2.9
8000:8010/tcp on eth0      ALLOW IN    Anywhere
53                         ALLOW OUT   Anywhere
22/tcp (v6)                ALLOW IN    Anywhere (v6)
22/tcp (OpenSSH (v6))      ALLOW IN    Anywhere (v6)
";

const TABLES: &str = "-P INPUT DROP
-P FORWARD ACCEPT
-P OUTPUT ACCEPT
-N web
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -m conntrack --ctstate INVALID -j DROP
-A INPUT -p tcp -m tcp --dport 22 -m comment --comment \"the door -j DROP\" -j ACCEPT
-A INPUT -j web
-A web -p tcp -m multiport --dports 80,443 -j ACCEPT
-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 5432 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -j LOG --log-prefix \"-j ACCEPT\"
";

const OPEN_TABLES: &str = "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n";

const NFT: &str = r#"{"nftables": [{"metainfo": {"version": "1.0.6"}}, {"table": {"family": "inet", "name": "f", "handle": 1}},
{"chain": {"family": "inet", "table": "f", "name": "input", "handle": 1, "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}},
{"rule": {"family": "inet", "table": "f", "chain": "input", "handle": 2, "expr": [{"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}, {"accept": null}]}},
{"rule": {"family": "inet", "table": "f", "chain": "input", "handle": 3, "expr": [{"match": {"op": "==", "left": {"meta": {"key": "iif"}}, "right": "lo"}}, {"accept": null}]}},
{"rule": {"family": "inet", "table": "f", "chain": "input", "handle": 5, "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"set": [22, 80, 443]}}}, {"accept": null}]}},
{"rule": {"family": "inet", "table": "f", "chain": "input", "handle": 6, "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"range": [8000, 8010]}}}, {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": {"prefix": {"addr": "10.0.0.0", "len": 8}}}}, {"accept": null}]}}]}"#;

const NO_NFT: &str = r#"{"nftables": [{"metainfo": {"version": "1.0.6"}}]}"#;

fn shown(allowed: &[Allowed]) -> Vec<String> {
    let one = |one: &Allowed| {
        let interface = one.interface.as_deref().map(|name| format!(" on {name}"));
        format!(
            "{} {} {} from {}{}",
            one.family,
            one.protocol,
            one.ports,
            one.from,
            interface.unwrap_or_default()
        )
    };
    allowed.iter().map(one).collect()
}

#[test]
fn ufw_is_read() {
    let on = |text: &str| match ufw(text) {
        Some(Ufw::On(filter)) => filter,
        other => panic!("{other:?}"),
    };
    let filter = on(UFW);
    assert!(filter.closed);
    assert_eq!(
        shown(&filter.allowed),
        [
            "ipv4 tcp 22 from any",
            "ipv4 tcp 80,443 from any",
            "ipv4 tcp 2222 from any",
            "ipv4 tcp 5432 from 10.0.0.0/8",
            "ipv4 tcp 22 from any",
            "ipv4 udp 53 from any",
            "ipv4 any any from 192.0.2.9",
            "ipv4 tcp 8000:8010 from any on eth0",
            "ipv6 tcp 22 from any",
            "ipv6 tcp 22 from any",
        ]
    );
    assert_eq!(ufw("Status: inactive\n"), Some(Ufw::Off));
    let open = UFW.replace("deny (incoming)", "allow (incoming)");
    assert!(!on(&open).closed);
    for odd in [
        "",
        "Status: active\n",
        "Status: odd\n",
        &UFW.replace("deny (incoming)", "odd (incoming)"),
        &UFW.replace("ALLOW IN", "ALLOW INTO"),
    ] {
        assert_eq!(ufw(odd), None);
    }
}

#[test]
fn iptables_is_followed() {
    let filter = iptables(TABLES, "ipv4").unwrap();
    assert!(filter.closed);
    assert_eq!(filter.riddle, None);
    assert_eq!(
        shown(&filter.allowed),
        [
            "ipv4 tcp 22 from any",
            "ipv4 tcp 80,443 from any",
            "ipv4 tcp 5432 from 10.0.0.0/8"
        ]
    );
    assert_eq!(iptables(OPEN_TABLES, "ipv4"), Some(Filter::default()));
}

#[test]
fn the_first_rule_for_all_packets_decides() {
    for (rules, closed) in [
        ("-A INPUT -j DROP\n", true),
        (
            "-A INPUT -j REJECT --reject-with icmp-port-unreachable\n",
            true,
        ),
        ("-A INPUT -j ACCEPT\n-A INPUT -j DROP\n", false),
        ("-N a\n-A INPUT -j a\n-A a -j DROP\n", true),
        ("-N a\n-A INPUT -j a\n-A a -j RETURN\n-A a -j DROP\n", false),
        ("-N a\n-A INPUT -p tcp -j a\n-A a -j DROP\n", false),
        ("-A INPUT -s 10.0.0.0/8 -j DROP\n", false),
        ("-A INPUT -j LOG\n", false),
        ("-A INPUT ! -i lo -j DROP\n", false),
    ] {
        let text = format!("{OPEN_TABLES}{rules}");
        assert_eq!(iptables(&text, "ipv4").unwrap().closed, closed, "{rules}");
    }
    let emptied = TABLES.replace("-A INPUT -i lo -j ACCEPT", "-A INPUT -j ACCEPT");
    assert!(
        !iptables(&emptied, "ipv4").unwrap().closed,
        "the policy is never reached"
    );
}

#[test]
fn rules_that_are_not_understood_are_told() {
    for rule in [
        "-A INPUT -m set --match-set friends src -j ACCEPT\n",
        "-A INPUT ! -s 10.0.0.0/8 -j ACCEPT\n",
    ] {
        let filter = iptables(&format!("{TABLES}{rule}"), "ipv4").unwrap();
        assert!(filter.closed && filter.riddle.is_some(), "{rule}");
    }
    let looped = format!("{OPEN_TABLES}-N a\n-A INPUT -j a\n-A a -j a\n");
    for odd in ["", "-P INPUT ODD\n", "garbage\n", &looped] {
        assert_eq!(iptables(odd, "ipv4"), None, "{odd}");
    }
}

#[test]
fn nft_is_followed() {
    let filter = nft(NFT, "ipv4").unwrap();
    assert!(filter.closed && filter.riddle.is_none());
    assert_eq!(
        shown(&filter.allowed),
        [
            "ipv4 tcp 22,80,443 from any",
            "ipv4 tcp 8000:8010 from 10.0.0.0/8"
        ]
    );
    assert_eq!(nft(NFT, "ipv6").unwrap().allowed.len(), 2);
    let only_four = NFT.replace("\"inet\"", "\"ip\"");
    assert!(nft(&only_four, "ipv4").unwrap().closed);
    assert!(!nft(&only_four, "ipv6").unwrap().closed);
    assert_eq!(nft(NO_NFT, "ipv4"), Some(Filter::default()));
    let vmap = NFT.replace(
        r#"{"match": {"op": "==", "left": {"meta": {"key": "iif"}}, "right": "lo"}}, {"accept": null}"#,
        r#"{"vmap": {"key": {"ct": {"key": "state"}}, "data": {"set": []}}}"#,
    );
    assert_eq!(nft(&vmap, "ipv4").unwrap().riddle, None);
    let odd = vmap.replace(r#""state""#, r#""mark""#);
    assert!(nft(&odd, "ipv4").unwrap().riddle.is_some());
    for odd in [
        "",
        "{}",
        r#"{"nftables": 1}"#,
        &NFT.replace("\"drop\"", "7"),
        &NFT.replace(r#""type": "filter", "#, ""),
    ] {
        assert_eq!(nft(odd, "ipv4"), None);
    }
}

/// What a machine says of its filter; a tool without text is not installed.
fn look(sections: &[(&str, &str)]) -> Look {
    let mut printed = "<ready>\n".to_owned();
    for name in ["ufw", "nft", "iptables", "ip6tables", "inet6"] {
        let said = sections.iter().find(|(section, _)| *section == name);
        let (text, last) = match said {
            Some((_, "denied")) => ("", "Operation not permitted (you must be root) 1"),
            Some((_, text)) => (*text, " 0"),
            None => ("", "not installed 127"),
        };
        printed.extend([format!("<{name}\n")]);
        printed.extend(text.lines().map(|line| format!("|{line}\n")));
        printed.extend([format!("|\n|{last}\n>\n")]);
    }
    let cut = ProbeError::new(Reason::ProbeTimeout, "too slow");
    Look::read("box", &printed, cut).unwrap()
}

const SIX: (&str, &str) = ("inet6", "2a01 04 40 00 82     eth0");

#[test]
fn whoever_keeps_packets_out_is_named() {
    let none = ("inet6", "");
    for (sections, tool, ipv4, ipv6, allowed) in [
        (
            vec![("ufw", UFW), SIX],
            "ufw",
            "closed",
            "closed",
            Some(10 - 2),
        ),
        (
            vec![("ufw", "Status: inactive"), ("nft", NFT), SIX],
            "nft",
            "closed",
            "closed",
            Some(4),
        ),
        (
            vec![("iptables", TABLES), ("ip6tables", OPEN_TABLES), SIX],
            "iptables",
            "closed",
            "open",
            Some(3),
        ),
        (
            vec![
                ("iptables", TABLES),
                ("ip6tables", TABLES),
                ("nft", NO_NFT),
                SIX,
            ],
            "iptables",
            "closed",
            "closed",
            Some(6),
        ),
        (
            vec![("iptables", TABLES), ("ip6tables", OPEN_TABLES), none],
            "iptables",
            "closed",
            "unused",
            Some(3),
        ),
        (
            vec![
                ("iptables", OPEN_TABLES),
                ("ip6tables", OPEN_TABLES),
                ("nft", NO_NFT),
                SIX,
            ],
            "none",
            "open",
            "open",
            None,
        ),
    ] {
        let mut look = look(&sections);
        let found = firewall(&mut look).unwrap();
        assert!(look.gaps.is_empty(), "{:?}", look.gaps);
        assert_eq!(
            (&*found.tool, &*found.ipv4, found.ipv6.as_deref()),
            (tool, ipv4, Some(ipv6))
        );
        assert_eq!(found.allowed.map(|all| all.len()), allowed);
    }
}

#[test]
fn what_cannot_be_seen_is_a_gap() {
    for (sections, reason) in [
        (vec![("inet6", "")], Reason::ToolMissing),
        (
            vec![("ufw", "denied"), ("iptables", OPEN_TABLES), SIX],
            Reason::PermissionDenied,
        ),
        (
            vec![
                ("iptables", OPEN_TABLES),
                ("ip6tables", OPEN_TABLES),
                ("nft", "denied"),
                SIX,
            ],
            Reason::PermissionDenied,
        ),
        (vec![("iptables", "denied"), SIX], Reason::PermissionDenied),
        (vec![("iptables", "odd"), SIX], Reason::ToolFailed),
        (vec![("ufw", "odd"), SIX], Reason::ToolFailed),
    ] {
        let mut look = look(&sections);
        assert_eq!(firewall(&mut look), None);
        assert_eq!(look.gaps["firewall"].reason, reason, "{sections:?}");
    }
    let half = [("iptables", TABLES), ("ip6tables", "denied"), SIX];
    let mut half = look(&half);
    let found = firewall(&mut half).unwrap();
    assert_eq!(
        (&*found.ipv4, found.ipv6, found.allowed),
        ("closed", None, None)
    );
    assert_eq!(half.gaps["firewall.ipv6"].reason, Reason::PermissionDenied);
    assert_eq!(
        half.gaps["firewall.allowed"].reason,
        Reason::PermissionDenied
    );
    let riddle = format!("{TABLES}-A INPUT -m set --match-set friends src -j ACCEPT\n");
    let mut odd = look(&[("iptables", &riddle), ("inet6", "")]);
    assert_eq!(firewall(&mut odd).unwrap().ipv4, "closed");
    assert_eq!(odd.gaps["firewall.allowed"].reason, Reason::ToolFailed);
}
