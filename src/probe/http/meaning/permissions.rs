//! `Permissions-Policy`: which powerful features which origins may use.

use std::collections::BTreeMap;

use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::{MOST, members, short, unquoted, values};

/// Features that reach into a person's surroundings or money.
const DANGEROUS: &[&str] = &[
    "bluetooth",
    "camera",
    "display-capture",
    "geolocation",
    "hid",
    "local-network-access",
    "microphone",
    "midi",
    "payment",
    "serial",
    "usb",
];

/// Which features the page and its frames may use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PermissionsPolicy {
    /// Whether the header was sent.
    pub present: bool,
    /// Whether every member is well formed (`feature=(…)`, `feature=*` or `feature=self`).
    pub valid: bool,
    /// Each feature with its allowlist: `*`, `self`, `src` or origins; empty is nobody.
    pub features: BTreeMap<String, Vec<String>>,
    /// Features such as camera, microphone or payment that are granted to every origin.
    pub dangerous: Vec<String>,
    /// Whether only the obsolete `Feature-Policy` was sent, which current browsers ignore.
    pub obsolete_only: bool,
}

/// Reads the header.
pub(super) fn read(headers: &HeaderMap) -> PermissionsPolicy {
    let present = !values(headers, "permissions-policy").is_empty();
    let mut policy = PermissionsPolicy {
        present,
        valid: present,
        obsolete_only: !present && headers.contains_key("feature-policy"),
        ..PermissionsPolicy::default()
    };
    for member in members(headers, "permissions-policy") {
        match feature(&member) {
            Some((name, allowed)) if policy.features.len() < MOST => {
                policy.features.insert(name, allowed);
            }
            Some(_) => {}
            None => policy.valid = false,
        }
    }
    policy.dangerous = policy
        .features
        .iter()
        .filter(|(name, allowed)| {
            DANGEROUS.contains(&name.as_str()) && allowed.iter().any(|origin| origin == "*")
        })
        .map(|(name, _)| name.clone())
        .collect();
    policy
}

fn feature(member: &str) -> Option<(String, Vec<String>)> {
    let (name, value) = member.split_once('=')?;
    let name_byte = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || !name.bytes().all(name_byte) {
        return None;
    }
    let value = value.split(';').next().unwrap_or_default().trim();
    let allowed = if let Some(list) = value.strip_prefix('(') {
        list.strip_suffix(')')?
            .split_ascii_whitespace()
            .map(|origin| short(unquoted(origin)))
            .collect()
    } else if value.is_empty() {
        return None;
    } else {
        vec![short(unquoted(value))]
    };
    Some((short(name), allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> PermissionsPolicy {
        let mut headers = HeaderMap::new();
        headers.append("permissions-policy", line.parse().unwrap());
        read(&headers)
    }

    #[test]
    fn allowlists_are_read_and_grants_to_everyone_stand_out() {
        let policy = of("camera=(), geolocation=(self \"https://maps.example\"), microphone=*");
        assert!(policy.valid);
        assert!(policy.features["camera"].is_empty());
        assert_eq!(
            policy.features["geolocation"],
            ["self", "https://maps.example"]
        );
        assert_eq!(policy.dangerous, ["microphone"]);
    }

    #[test]
    fn the_syntax_of_the_old_header_is_not_valid() {
        assert!(!of("camera 'none'; microphone 'self'").valid);
        assert!(!of("camera=(self").valid);
        let mut headers = HeaderMap::new();
        headers.append("feature-policy", "camera 'none'".parse().unwrap());
        let policy = read(&headers);
        assert!(policy.obsolete_only && !policy.present);
    }
}
