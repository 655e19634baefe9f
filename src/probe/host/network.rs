//! Where the machine listens, whose programs do, and which addresses it has.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sections::Look;
use crate::probe::ProbeError;

/// A socket that takes connections or datagrams from anybody who reaches its address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Listening {
    /// `tcp` or `udp`.
    pub protocol: String,
    /// The address; `0.0.0.0`, `::` and `*` are all of the machine's.
    pub address: String,
    /// The port.
    pub port: u16,
    /// Whether only programs of the machine itself reach it.
    pub loopback: bool,
}

/// A socket and a program that has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Owner {
    /// `tcp` or `udp`.
    pub protocol: String,
    /// The address.
    pub address: String,
    /// The port.
    pub port: u16,
    /// Name of the program, as the kernel cuts it to 15 bytes.
    pub program: String,
}

/// An address of the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Address {
    /// The interface.
    pub interface: String,
    /// The address.
    pub address: String,
    /// `global`, `link` or `host`.
    pub scope: String,
    /// Whether it was handed out, by DHCP or a router, and may change.
    pub dynamic: bool,
}

/// What one line of `ss` says.
struct Socket {
    place: Listening,
    programs: Vec<String>,
}

fn sockets(text: &str) -> Option<Vec<Socket>> {
    text.lines()
        .filter(|line| !line.is_empty())
        .map(socket)
        .collect()
}

/// `tcp LISTEN 0 128 127.0.0.1:22 0.0.0.0:* users:(("sshd",pid=1,fd=3))`
fn socket(line: &str) -> Option<Socket> {
    let mut words = line.split_whitespace();
    let protocol = words.next()?;
    let (address, port) = words.nth(3)?.rsplit_once(':')?;
    words.next()?;
    let users = line.split_once("users:(").map_or("", |(_, users)| users);
    let mut programs: Vec<String> = users
        .split("(\"")
        .skip(1)
        .filter_map(|part| Some(part.split_once("\",pid=")?.0.to_owned()))
        .collect();
    programs.sort();
    programs.dedup();
    // An address may name the interface that it is limited to.
    let bare = address.split('%').next()?.trim_matches(['[', ']']);
    let loopback = match bare.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) if bare == "*" => false,
        Err(_) => return None,
    };
    let place = Listening {
        protocol: ["tcp", "udp"]
            .contains(&protocol)
            .then(|| protocol.to_owned())?,
        address: bare.to_owned(),
        port: port.parse().ok()?,
        loopback,
    };
    Some(Socket { place, programs })
}

pub(super) fn listening(text: &str) -> Option<Vec<Listening>> {
    let found = sockets(text)?.into_iter();
    let mut found: Vec<Listening> = found.map(|socket| socket.place).collect();
    found.sort();
    found.dedup();
    Some(found)
}

/// Whose the sockets are. Nobody but root sees the programs of others, and then all of them
/// count as not seen.
pub(super) fn owners(look: &Look, is_root: bool) -> Result<Vec<Owner>, ProbeError> {
    let sockets = look.read_section("sockets", sockets)?;
    if !is_root && sockets.iter().any(|socket| socket.programs.is_empty()) {
        return Err(look.denied("whose sockets there are"));
    }
    let owned = sockets.into_iter().flat_map(|socket| {
        let place = socket.place;
        let owner = move |program| Owner {
            protocol: place.protocol.clone(),
            address: place.address.clone(),
            port: place.port,
            program,
        };
        socket.programs.into_iter().map(owner)
    });
    let mut owned: Vec<Owner> = owned.collect();
    owned.sort();
    owned.dedup();
    look.bounded("sockets", owned)
}

/// What `ip -j addr` says of an interface.
#[derive(Deserialize)]
struct Interface {
    ifname: String,
    addr_info: Vec<AddressInfo>,
}

#[derive(Deserialize)]
struct AddressInfo {
    local: String,
    scope: String,
    #[serde(default)]
    dynamic: bool,
}

pub(super) fn addresses(text: &str) -> Option<Vec<Address>> {
    let interfaces: Vec<Interface> = serde_json::from_str(text).ok()?;
    let all = interfaces.into_iter().flat_map(|interface| {
        let name = interface.ifname;
        let address = move |info: AddressInfo| Address {
            interface: name.clone(),
            address: info.local,
            scope: info.scope,
            dynamic: info.dynamic,
        };
        interface.addr_info.into_iter().map(address)
    });
    Some(all.collect())
}

/// Whether the kernel has an address of IPv6 that others could send to.
pub(super) fn has_ipv6(text: &str) -> Option<bool> {
    let lines = text.lines().filter(|line| !line.is_empty());
    let reachable = lines.map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, _, _, scope, _, interface] = *words.as_slice() else {
            return None;
        };
        Some(interface != "lo" && scope == "00")
    });
    let reachable: Vec<bool> = reachable.collect::<Option<_>>()?;
    Some(reachable.contains(&true))
}

#[cfg(test)]
mod tests {
    use super::{addresses, has_ipv6, listening, sockets};

    #[test]
    fn sockets_and_their_programs_are_read() {
        let text = "udp UNCONN 0      0      127.0.0.53%lo:53   0.0.0.0:*    users:((\"systemd-resolve\",pid=5,fd=12))\n\
            tcp LISTEN 0      128    0.0.0.0:22   0.0.0.0:*    users:((\"sshd\",pid=1,fd=3),(\"sshd\",pid=2,fd=3),(\"init\",pid=1,fd=9))\n\
            tcp LISTEN 0      511    [::1]:6379   [::]:*\n\
            tcp LISTEN 0      511    [::ffff:127.0.0.1]:8080   *:*\n\
            tcp LISTEN 0      511    *:80   *:*\n";
        let found = sockets(text).unwrap();
        let shown: Vec<_> = found
            .iter()
            .map(|one| {
                (
                    &*one.place.protocol,
                    &*one.place.address,
                    one.place.port,
                    one.place.loopback,
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("udp", "127.0.0.53", 53, true),
                ("tcp", "0.0.0.0", 22, false),
                ("tcp", "::1", 6379, true),
                ("tcp", "::ffff:127.0.0.1", 8080, true),
                ("tcp", "*", 80, false),
            ]
        );
        assert_eq!(found[0].programs, ["systemd-resolve"]);
        assert_eq!(found[1].programs, ["init", "sshd"]);
        assert!(found[2].programs.is_empty());
        assert_eq!(listening("").map(|list| list.len()), Some(0));
        for odd in [
            "tcp LISTEN 0 1 here",
            "sctp LISTEN 0 1 0.0.0.0:1 *:*",
            "tcp LISTEN 0 1 0.0.0.0:http *:*",
            "tcp LISTEN 0 1 x:1 *:*",
        ] {
            assert!(sockets(odd).is_none(), "{odd}");
        }
    }

    #[test]
    fn addresses_say_where_they_are_from() {
        let text = r#"[{"ifname":"lo","addr_info":[{"family":"inet","local":"127.0.0.1","scope":"host"}]},
            {"ifname":"eth0","addr_info":[{"family":"inet","local":"192.0.2.7","prefixlen":24,"scope":"global","dynamic":true}]},
            {"ifname":"eth1","addr_info":[]}]"#;
        let found = addresses(text).unwrap();
        assert_eq!((found[0].dynamic, &*found[0].scope), (false, "host"));
        assert_eq!((found[1].dynamic, &*found[1].address), (true, "192.0.2.7"));
        assert_eq!(found.len(), 2);
        assert!(addresses("").is_none() && addresses("[{}]").is_none());
    }

    #[test]
    fn ipv6_counts_where_others_reach_it() {
        for (text, has) in [
            ("", Some(false)),
            (
                "00000000000000000000000000000001 01 80 10 80       lo\n",
                Some(false),
            ),
            ("fe80 04 40 20 80     eth0\n", Some(false)),
            ("2a01 04 40 00 82     eth0\n", Some(true)),
            ("odd", None),
        ] {
            assert_eq!(has_ipv6(text), has, "{text}");
        }
    }
}
