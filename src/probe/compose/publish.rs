//! Ports and mounts in their short and long forms.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::MOST_ITEMS;
use super::facts::{Mount, Port};
use super::field::{Field, Told, last_of_each};
use crate::probe::container::commands_the_engine;

/// Where a port is bound when nothing is said.
const EVERYWHERE: &str = "0.0.0.0";

/// The published ports of a service, each once; reading ends where there are too many.
pub(super) fn ports(service: &str, field: &Field<'_>) -> Told<Vec<Port>> {
    let mut ports: Vec<Port> = Vec::new();
    let mut known = BTreeSet::new();
    for item in field.get("ports")?.items()? {
        let found = if item.is_map() {
            long(&item)?
        } else {
            item.read(short)?
        };
        let spec = found.ok_or_else(|| item.odd())?;
        for port in spec.ports(service).ok_or_else(|| item.odd())? {
            let (address, protocol) = (port.address.clone(), port.protocol.clone());
            if known.insert((address, port.published, port.target, protocol)) {
                ports.push(port);
            }
        }
        if ports.len() > MOST_ITEMS {
            break;
        }
    }
    Ok(ports)
}

/// First and last of some ports.
type Range = (u16, u16);

struct Spec {
    address: String,
    published: Option<Range>,
    target: Range,
    protocol: String,
}

impl Spec {
    /// Each port by itself; of several that the engine may choose from, each.
    fn ports(&self, service: &str) -> Option<Vec<Port>> {
        let (first, last) = self.target;
        let one = |published, target| Port {
            service: service.to_owned(),
            address: self.address.clone(),
            published,
            target,
            protocol: self.protocol.clone(),
        };
        let Some((from, to)) = self.published else {
            return Some((first..=last).map(|target| one(None, target)).collect());
        };
        if first == last {
            return Some((from..=to).map(|port| one(Some(port), first)).collect());
        }
        let both = (from..=to).zip(first..=last);
        (to - from == last - first)
            .then(|| both.map(|(port, target)| one(Some(port), target)).collect())
    }
}

fn range(text: &str) -> Option<Range> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first > 0 && first <= last).then_some((first, last))
}

fn address(text: &str) -> Option<String> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let address: IpAddr = bare.parse().ok()?;
    Some(address.to_string())
}

/// `[address:][published:]target[/protocol]`
fn short(text: &str) -> Option<Spec> {
    let (rest, protocol) = text.rsplit_once('/').unwrap_or((text, "tcp"));
    let (front, target) = match rest.rsplit_once(':') {
        Some((front, target)) => (Some(front), target),
        None => (None, rest),
    };
    let (at, published) = match front.map(|front| front.rsplit_once(':').ok_or(front)) {
        None => (None, None),
        Some(Ok((at, published))) => (Some(at), Some(published).filter(|port| !port.is_empty())),
        Some(Err(published)) => (None, Some(published)),
    };
    Some(Spec {
        address: match at {
            Some(at) => address(at)?,
            None => EVERYWHERE.to_owned(),
        },
        published: match published {
            Some(published) => Some(range(published)?),
            None => None,
        },
        target: range(target)?,
        protocol: protocol.to_ascii_lowercase(),
    })
}

fn long(item: &Field<'_>) -> Told<Option<Spec>> {
    let Some(target) = item.get("target")?.read(range)? else {
        return Ok(None);
    };
    let protocol = item.get("protocol")?.text()?.unwrap_or("tcp");
    Ok(Some(Spec {
        address: item
            .get("host_ip")?
            .read(address)?
            .unwrap_or_else(|| EVERYWHERE.to_owned()),
        published: item.get("published")?.read(range)?,
        target,
        protocol: protocol.to_ascii_lowercase(),
    }))
}

/// What is mounted into a service; of several at one place, the last.
pub(super) fn mounts(service: &str, field: &Field<'_>) -> Told<Vec<Mount>> {
    let mut mounts: Vec<Mount> = Vec::new();
    for item in field.get("volumes")?.items()? {
        let mount = if item.is_map() {
            let source = item.get("source")?.text()?;
            let kind = item.get("type")?.word()?;
            mount(
                service,
                &kind,
                source,
                item.get("target")?.word()?,
                item.get("read_only")?.flag()?,
            )
        } else {
            item.read(|text| short_mount(service, text))?
                .ok_or_else(|| item.odd())?
        };
        mounts.push(mount);
    }
    Ok(last_of_each(mounts, |mount| &mount.target))
}

fn mount(
    service: &str,
    kind: &str,
    source: Option<&str>,
    target: String,
    read_only: bool,
) -> Mount {
    Mount {
        service: service.to_owned(),
        kind: kind.to_owned(),
        source: source.map(str::to_owned),
        target,
        read_only,
        engine_socket: source.is_some_and(commands_the_engine),
    }
}

/// `[source:]target[:options]`
fn short_mount(service: &str, text: &str) -> Option<Mount> {
    let mut parts: Vec<String> = text.split(':').map(str::to_owned).collect();
    // The letter of a drive belongs to its path.
    let is_drive =
        |part: &str| part.len() == 1 && part.starts_with(|c: char| c.is_ascii_alphabetic());
    if parts.len() > 1 && is_drive(&parts[0]) && !parts[1].is_empty() {
        let drive = parts.remove(0);
        parts[0].insert_str(0, &format!("{drive}:"));
    }
    if parts.len() > 3 || parts.iter().any(String::is_empty) {
        return None;
    }
    let mut parts = parts.into_iter();
    let (first, second) = (parts.next()?, parts.next());
    let options = parts.next().unwrap_or_default();
    let read_only = options.split(',').any(|option| option == "ro");
    let Some(target) = second else {
        return Some(mount(service, "volume", None, first, read_only));
    };
    let is_path = first.starts_with(['.', '/', '~', '\\']) || first.get(1..2) == Some(":");
    let kind = if is_path { "bind" } else { "volume" };
    Some(mount(service, kind, Some(&first), target, read_only))
}

#[cfg(test)]
mod tests {
    use super::{short, short_mount};

    #[test]
    fn ports_are_read_in_their_short_form() {
        let read = |text: &str| {
            let ports = short(text)?.ports("s")?;
            let told = ports
                .into_iter()
                .map(|port| (port.address, port.published, port.target, port.protocol));
            Some(told.collect::<Vec<_>>())
        };
        let port = |address: &str, published, target, protocol: &str| {
            (address.to_owned(), published, target, protocol.to_owned())
        };
        for (text, ports) in [
            ("80", vec![port("0.0.0.0", None, 80, "tcp")]),
            ("8080:80", vec![port("0.0.0.0", Some(8080), 80, "tcp")]),
            (
                "127.0.0.1:8080:80/UDP",
                vec![port("127.0.0.1", Some(8080), 80, "udp")],
            ),
            ("127.0.0.1::80", vec![port("127.0.0.1", None, 80, "tcp")]),
            ("[::1]:8080:80", vec![port("::1", Some(8080), 80, "tcp")]),
            (
                "8000-8001:80-81",
                vec![
                    port("0.0.0.0", Some(8000), 80, "tcp"),
                    port("0.0.0.0", Some(8001), 81, "tcp"),
                ],
            ),
            (
                "8000-8001:80",
                vec![
                    port("0.0.0.0", Some(8000), 80, "tcp"),
                    port("0.0.0.0", Some(8001), 80, "tcp"),
                ],
            ),
        ] {
            assert_eq!(read(text), Some(ports), "{text}");
        }
        for wrong in [
            "",
            "x",
            "0",
            "70000",
            "127.0.0.1:80",
            "1-2:1-3",
            "2-1",
            "a:1:2",
            "1:2:3:4",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn mounts_are_read_in_their_short_form() {
        let read = |text: &str| {
            let mount = short_mount("s", text)?;
            Some((mount.kind, mount.source, mount.target, mount.read_only))
        };
        let mount = |kind: &str, source: Option<&str>, target: &str, read_only| {
            Some((
                kind.to_owned(),
                source.map(str::to_owned),
                target.to_owned(),
                read_only,
            ))
        };
        for (text, told) in [
            ("/data", mount("volume", None, "/data", false)),
            ("db:/data", mount("volume", Some("db"), "/data", false)),
            ("./a:/b:ro,z", mount("bind", Some("./a"), "/b", true)),
            ("C:\\a:/b", mount("bind", Some("C:\\a"), "/b", false)),
            ("a::b", None),
            ("ab:b:c:d", None),
        ] {
            assert_eq!(read(text), told, "{text}");
        }
    }
}
