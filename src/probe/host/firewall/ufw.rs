//! Reads `ufw status verbose`.

use super::{Allowed, Filter};

/// What it does.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ufw {
    Off,
    On(Filter),
}

/// Reads it; `None` where it is in an unknown form.
pub(super) fn ufw(text: &str) -> Option<Ufw> {
    match text
        .lines()
        .find_map(|line| line.strip_prefix("Status: "))?
    {
        "inactive" => return Some(Ufw::Off),
        "active" => {}
        _ => return None,
    }
    let default = text
        .lines()
        .find_map(|line| line.strip_prefix("Default: "))?;
    let incoming = default
        .split(',')
        .find(|part| part.contains("(incoming)"))?;
    let closed = match incoming.split_whitespace().next()? {
        "deny" | "reject" => true,
        "allow" => false,
        _ => return None,
    };
    let mut allowed = Vec::new();
    let rows = text
        .lines()
        .skip_while(|line| !line.starts_with("--"))
        .skip(1);
    for row in rows.filter(|row| !row.trim().is_empty()) {
        allowed.extend(rule(row)?);
    }
    Some(Ufw::On(Filter {
        closed,
        allowed,
        riddle: None,
    }))
}

/// What a row lets in: `22/tcp (OpenSSH)    ALLOW IN    10.0.0.0/8    # comment`; outgoing and denying rules let
/// nothing in.
fn rule(row: &str) -> Option<Vec<Allowed>> {
    let row = row.split(" # ").next()?;
    let actions = ["ALLOW", "LIMIT", "DENY", "REJECT"];
    let cut = |action: &&str| row.split_once(&format!(" {action} "));
    let (action, (to, from)) = actions.iter().find_map(|one| Some((*one, cut(one)?)))?;
    let (direction, from) = from.trim_start().split_once(' ')?;
    if direction != "IN" || ["DENY", "REJECT"].contains(&action) {
        return ["IN", "OUT", "FWD"].contains(&direction).then(Vec::new);
    }
    let family = if row.contains("(v6)") { "ipv6" } else { "ipv4" };
    let to = to.replace("(v6)", " ");
    let (to, interface) = match to.split_once(" on ") {
        Some((to, interface)) => (to.to_owned(), Some(interface.trim().to_owned())),
        None => (to, None),
    };
    if interface.as_deref() == Some("lo") {
        return Some(Vec::new());
    }
    // A profile's name stands behind its ports, or in their place.
    let named = to.split(" (").next()?.trim();
    let place = named.rsplit(' ').next()?;
    let (ports, protocol) = place.split_once('/').unwrap_or((place, "any"));
    let of_ports = |c: char| c.is_ascii_digit() || c == ',' || c == ':';
    let has_ports = ports.chars().all(of_ports) && !ports.contains("::");
    let ports = if has_ports {
        ports
    } else if place == "Anywhere" || place.contains(['.', ':']) {
        "any"
    } else {
        named
    };
    let protocol = if has_ports { protocol } else { "any" };
    let from = from.replace("(v6)", " ");
    let from = from.trim();
    Some(vec![Allowed {
        family: family.to_owned(),
        protocol: protocol.to_owned(),
        ports: ports.to_owned(),
        from: if from == "Anywhere" { "any" } else { from }.to_owned(),
        interface,
    }])
}
