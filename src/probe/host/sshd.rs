//! How the machine's own SSH server lets people in, as `sshd -T` says.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The server's settings in effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting that the server has as yes or no"
)]
pub struct Sshd {
    /// Ports that it listens on.
    pub ports: Vec<u16>,
    /// How root may log in: `no`, `prohibit-password`, `forced-commands-only` or `yes`.
    pub permit_root_login: String,
    /// Whether passwords are taken.
    pub password_authentication: bool,
    /// Whether questions are asked, which for most servers means a password too.
    pub keyboard_interactive: bool,
    /// Whether keys are taken.
    pub public_key: bool,
    /// Whether users without a password come in with none.
    pub permit_empty_passwords: bool,
    /// Wrong attempts before a connection is ended.
    pub max_auth_tries: u32,
    /// Whether some logins have settings of their own (`Match`), which are not among these.
    pub has_match: bool,
    /// Every setting by its name in lower case, with all its values.
    pub settings: BTreeMap<String, Vec<String>>,
}

pub(super) fn sshd(text: &str) -> Option<Sshd> {
    let mut settings: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(' ').unwrap_or((line, ""));
        settings
            .entry(name.to_owned())
            .or_default()
            .push(value.to_owned());
    }
    let has_match = match settings.remove("has-match")?.first()?.as_str() {
        "yes" => true,
        "no" => false,
        _ => return None,
    };
    let value = |name: &str| settings.get(name)?.first().map(String::as_str);
    let yes = |name: &str| match value(name)? {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    let ports = settings.get("port")?;
    let root = value("permitrootlogin")?;
    Some(Sshd {
        ports: ports
            .iter()
            .map(|port| port.parse().ok())
            .collect::<Option<_>>()?,
        // The old name of the same.
        permit_root_login: root.replace("without-password", "prohibit-password"),
        password_authentication: yes("passwordauthentication")?,
        // Named otherwise before OpenSSH 8.7.
        keyboard_interactive: yes("kbdinteractiveauthentication")
            .or_else(|| yes("challengeresponseauthentication"))?,
        public_key: yes("pubkeyauthentication")?,
        permit_empty_passwords: yes("permitemptypasswords")?,
        max_auth_tries: value("maxauthtries")?.parse().ok()?,
        has_match,
        settings,
    })
}

#[cfg(test)]
mod tests {
    use super::sshd;

    const TOLD: &str = "port 22\nport 2222\npermitrootlogin without-password\npasswordauthentication no\nkbdinteractiveauthentication no\npubkeyauthentication yes\npermitemptypasswords no\nmaxauthtries 6\nallowusers ann\nallowusers bob\nhas-match no\n";

    #[test]
    fn settings_are_read() {
        let found = sshd(TOLD).unwrap();
        assert_eq!(found.ports, [22, 2222]);
        assert_eq!(found.permit_root_login, "prohibit-password");
        assert!(!found.password_authentication && !found.keyboard_interactive);
        assert!(found.public_key && !found.permit_empty_passwords && !found.has_match);
        assert_eq!(found.max_auth_tries, 6);
        assert_eq!(found.settings["allowusers"], ["ann", "bob"]);
        assert!(!found.settings.contains_key("has-match"));
        let old = TOLD.replace("kbdinteractive", "challengeresponse");
        assert!(!sshd(&old).unwrap().keyboard_interactive);
        assert!(
            sshd(&TOLD.replace("has-match no", "has-match yes"))
                .unwrap()
                .has_match
        );
    }

    #[test]
    fn half_an_answer_is_none() {
        for missing in TOLD
            .lines()
            .filter(|line| !line.starts_with("port") && !line.starts_with("allow"))
        {
            let text = TOLD.replace(&format!("{missing}\n"), "");
            assert_eq!(sshd(&text), None, "without {missing}");
        }
        assert_eq!(
            sshd(&TOLD.replace("passwordauthentication no", "passwordauthentication maybe")),
            None
        );
    }
}
