//! What a value is fit for, told by rules and not by what it opens.
//!
//! A rule can be wrong in both directions: a strong password that was published somewhere is
//! `ok` here. Only names of secrets, and passwords within addresses, are held to more than not
//! being a placeholder.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a value is fit for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ValueKind {
    /// Nothing is set.
    Empty,
    /// It tells what to put there: `changeme`, `<token>`, `your-key-here`, `xxxx`.
    Placeholder,
    /// A secret that software is delivered with, or that everybody tries first: `postgres`,
    /// `minioadmin`, `password`.
    Default,
    /// A secret of fewer than 12 bytes, or of fewer than 6 different ones.
    Weak,
    /// None of these.
    Ok,
}

/// Last words of names whose values are secret.
const SECRET_ENDINGS: &[&str] = &[
    "PASSWORD",
    "PASSWD",
    "PASS",
    "PWD",
    "PASSPHRASE",
    "SECRET",
    "SECRETS",
    "TOKEN",
    "KEY",
    "APIKEY",
    "CREDENTIAL",
    "CREDENTIALS",
    "SALT",
    "PEPPER",
];

/// What also ends them when it is written together with the word before: `PGPASSWORD`.
const JOINED_ENDINGS: &[&str] = &[
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "TOKEN",
    "APIKEY",
];

/// Words that make a key public.
const PUBLIC: &[&str] = &["PUBLIC", "PUBLISHABLE", "SITE", "PUB"];

/// How placeholders begin or end, letters and digits alone.
const TELLING: &[&str] = &[
    "changeme",
    "changeit",
    "changethis",
    "replaceme",
    "replacethis",
    "replacewith",
    "placeholder",
    "insertyour",
    "putyour",
    "enteryour",
    "fillme",
    "fillin",
    "todo",
    "tobedefined",
    "examplekey",
    "examplesecret",
    "exampletoken",
    "examplepassword",
    "notset",
];

/// Secrets that come with software and that are guessed first, letters and digits alone.
const KNOWN: &[&str] = &[
    "1234",
    "12345",
    "123456",
    "1234567",
    "12345678",
    "123456789",
    "1234567890",
    "abc123",
    "admin",
    "adminadmin",
    "administrator",
    "default",
    "demo",
    "dev",
    "development",
    "devsecret",
    "elastic",
    "grafana",
    "guest",
    "hunter2",
    "keyboardcat",
    "letmein",
    "minio",
    "minio123",
    "minioadmin",
    "mongo",
    "mysecret",
    "mysql",
    "nats",
    "p4ssw0rd",
    "pass",
    "passw0rd",
    "password",
    "password1",
    "password123",
    "postgres",
    "qwerty",
    "qwerty123",
    "rabbitmq",
    "redis",
    "root",
    "rootroot",
    "sa",
    "secret",
    "secret123",
    "secretkey",
    "shhh",
    "supersecret",
    "supersecretkey",
    "test",
    "test123",
    "testing",
    "thisisasecret",
    "token",
    "toor",
    "user",
    "welcome",
    "yoursecret",
];

/// A shorter secret can be guessed, in bytes.
const SHORTEST_SECRET: usize = 12;
/// A secret of fewer different bytes is a row of keys.
const FEWEST_DIFFERENT: usize = 6;

/// Whether a value is secret, and what it is fit for.
pub(in crate::probe) fn judge(name: &str, value: &str) -> (bool, ValueKind) {
    let value = value.trim();
    let inner = password_of_address(value);
    let secret = is_secret(name) || inner.is_some();
    // An address without a password, a file: the secret itself is elsewhere.
    let is_place = value.contains("://") || value.starts_with('/');
    let kind = match inner {
        _ if value.is_empty() => ValueKind::Empty,
        Some(password) => of_secret(password),
        None if is_placeholder(value) => ValueKind::Placeholder,
        None if secret && !is_place => of_secret(value),
        None => ValueKind::Ok,
    };
    (secret, kind)
}

fn of_secret(value: &str) -> ValueKind {
    let different: BTreeSet<u8> = value.bytes().collect();
    if is_placeholder(value) {
        ValueKind::Placeholder
    } else if KNOWN.contains(&letters(value).as_str()) {
        ValueKind::Default
    } else if value.len() < SHORTEST_SECRET || different.len() < FEWEST_DIFFERENT {
        ValueKind::Weak
    } else {
        ValueKind::Ok
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let words: Vec<&str> = name.split(['_', '-', '.']).collect();
    let is_public = words.iter().any(|word| PUBLIC.contains(word));
    let ends = words
        .last()
        .is_some_and(|last| SECRET_ENDINGS.contains(last));
    let is_joined = JOINED_ENDINGS.iter().any(|ending| name.ends_with(ending));
    !is_public && (ends || is_joined || name.ends_with("SECRET_KEY_BASE"))
}

fn is_placeholder(value: &str) -> bool {
    let plain = letters(value);
    let lower = value.to_ascii_lowercase();
    let within = |open: &str, close: &str| value.starts_with(open) && value.ends_with(close);
    let is_row = |letter: char| value.len() >= 3 && lower.chars().all(|one| one == letter);
    within("<", ">")
        || within("{{", "}}")
        || ['x', '.', '*', '?'].into_iter().any(is_row)
        || ["tbd", "fixme", "xxx"].contains(&plain.as_str())
        || ["your-", "your_", "your "]
            .iter()
            .any(|start| lower.starts_with(start))
        || TELLING
            .iter()
            .any(|word| plain.starts_with(word) || plain.ends_with(word))
}

/// Lower-case letters and digits alone.
fn letters(value: &str) -> String {
    let plain = value.chars().filter(char::is_ascii_alphanumeric);
    plain.map(|letter| letter.to_ascii_lowercase()).collect()
}

/// The password in `scheme://user:password@host`; one that another variable gives is not known.
fn password_of_address(value: &str) -> Option<&str> {
    let (_, rest) = value.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    // A password that is not escaped may have an `@` of its own.
    let (login, _) = authority.rsplit_once('@')?;
    let (_, password) = login.split_once(':')?;
    (!password.is_empty() && !password.starts_with('$')).then_some(password)
}

#[cfg(test)]
mod tests {
    use super::ValueKind::{Default, Empty, Ok, Placeholder, Weak};
    use super::judge;

    #[test]
    fn values_are_told_apart() {
        for (name, value, secret, kind) in [
            ("PORT", "8080", false, Ok),
            ("PORT", " ", false, Empty),
            ("DB_USER", "postgres", false, Ok),
            ("DB_PASSWORD", "postgres", true, Default),
            ("DB_PASSWORD", "Pass-Word", true, Default),
            ("DB_PASSWORD", "", true, Empty),
            ("DB_PASSWORD", "k3Jx!9", true, Weak),
            ("SESSION_SECRET", "aaaaaaaaaaaaaaaaaaaaaaaa", true, Weak),
            ("SESSION_SECRET", "f3b1c9d07e5a4462b8", true, Ok),
            ("SECRET_KEY_BASE", "short", true, Weak),
            ("PGPASSWORD", "short", true, Weak),
            ("clientSecret", "short", true, Weak),
            ("KNOWLEDGE_BASE", "short", false, Ok),
            ("API_KEY", "changeme", true, Placeholder),
            ("API_KEY", "your-api-key-here", true, Placeholder),
            ("API_KEY", "<api key>", true, Placeholder),
            ("API_KEY", "xxxxxxxx", true, Placeholder),
            ("SMTP_HOST", "CHANGE_ME", false, Placeholder),
            ("TOKEN_TTL", "60", false, Ok),
            ("STRIPE_PUBLISHABLE_KEY", "pk_1", false, Ok),
            ("TLS_KEY", "/run/secrets/tls.key", true, Ok),
            (
                "DATABASE_URL",
                "postgres://app:postgres@db/app",
                true,
                Default,
            ),
            ("DATABASE_URL", "postgres://app:qT9@Lm2@db/app", true, Weak),
            (
                "DATABASE_URL",
                "postgres://app:qT9wzLm2kV8x@db/app",
                true,
                Ok,
            ),
            ("DATABASE_URL", "postgres://db/app", false, Ok),
            (
                "REDIS_URL",
                "redis://:changeme@cache:6379",
                true,
                Placeholder,
            ),
        ] {
            assert_eq!(judge(name, value), (secret, kind), "{name}={value}");
        }
    }
}
