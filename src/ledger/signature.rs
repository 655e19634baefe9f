//! SSH signatures of entries, made and verified by the system's `ssh-keygen -Y`.
//!
//! What is signed is the entry without its signature, as JSON with sorted keys, with the list
//! that it stands in and the profile that it is about: comments, order and quotes may change, and
//! nothing can be moved elsewhere. Scalars are signed as they are written, because that is how
//! they are read: `1.10` is another release than `1.1`. Keys and agents are never touched here.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{List, address};
use crate::diagnostic::Span;
use crate::profile::tree::{Kind, Node};
use crate::text::shorten;

/// What signatures are for, so that none made for something else counts.
const NAMESPACE: &str = "ready-ledger";
/// Characters of the longest signature.
const LONGEST: usize = 16 * 1024;
/// Characters of a line between the armour.
const LINE: usize = 70;
/// Characters of the program's words that are repeated.
const WORDS: usize = 300;

/// What is signed of an entry.
pub(super) fn message(list: List, profile: &str, entry: &Node) -> String {
    #[derive(Serialize)]
    struct Signed<'a> {
        list: &'a str,
        profile: &'a str,
        entry: BTreeMap<&'a str, Canonical<'a>>,
    }
    let covered = entry
        .entries()
        .iter()
        .filter(|field| field.key.text != "signature");
    let signed = Signed {
        list: list.key(),
        profile,
        entry: covered
            .map(|field| (field.key.text.as_str(), Canonical::of(&field.value)))
            .collect(),
    };
    // Plain data always has a form in JSON.
    serde_json::to_string(&signed).unwrap_or_default()
}

/// A value in the one form that it can be signed in.
#[derive(Serialize)]
#[serde(untagged)]
enum Canonical<'a> {
    /// Nothing was written, which is another thing than the word `null` in quotes.
    Nothing,
    Text(&'a str),
    List(Vec<Canonical<'a>>),
    Map(BTreeMap<&'a str, Canonical<'a>>),
}

impl<'a> Canonical<'a> {
    fn of(node: &'a Node) -> Self {
        match &node.kind {
            Kind::Scalar(_) if node.is_null() => Self::Nothing,
            // With or without quotes it is the same text.
            Kind::Scalar(scalar) => Self::Text(&scalar.text),
            Kind::Seq(items) => Self::List(items.iter().map(Self::of).collect()),
            Kind::Map(fields) => Self::Map(
                fields
                    .iter()
                    .map(|field| (field.key.text.as_str(), Self::of(&field.value)))
                    .collect(),
            ),
        }
    }
}

/// Signs an entry with a private key, or a public one whose private key an agent has.
pub(crate) fn sign(
    key: &Path,
    list: List,
    profile: &str,
    entry: &Map<String, Value>,
) -> Result<String, String> {
    let mut command = Command::new("ssh-keygen");
    command.args(["-Y", "sign", "-n", NAMESPACE, "-f"]).arg(key);
    let entry = Node::from_value(&Value::Object(entry.clone()), &Span::default());
    let message = message(list, profile, &entry);
    let armored = run(&mut command, &message)?;
    let body = armored.lines().filter(|line| !line.starts_with("-----"));
    Ok(body.collect())
}

/// What a signature is said to be.
pub(super) struct Claim<'a> {
    /// Who made it.
    pub(super) name: &'a str,
    /// The day on which the key must have been valid.
    pub(super) day: Date,
    /// What it covers.
    pub(super) message: &'a str,
    /// Its text without armour.
    pub(super) signature: &'a str,
}

/// Whether the claim is true by this file of allowed signers.
pub(super) fn verify(signers: &Path, claim: &Claim<'_>) -> Result<(), String> {
    let &Claim {
        name,
        day,
        message,
        signature,
    } = claim;
    if signature.len() > LONGEST || !signature.bytes().all(is_base64) {
        return Err("it is not in the form that `ready` writes".to_owned());
    }
    // Opening a pipe would wait for somebody to write to it.
    if !signers.is_file() {
        return Err(format!("there is no file {}", signers.display()));
    }
    let mut file = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    file.write_all(armored(signature).as_bytes())
        .and_then(|()| file.flush())
        .map_err(|error| error.to_string())?;
    let time = format!("verify-time={}235959", day.strftime("%Y%m%d"));
    let mut command = Command::new("ssh-keygen");
    command
        .args(["-Y", "verify", "-n", NAMESPACE, "-I", address(name), "-O"])
        .arg(time)
        .arg("-f")
        .arg(signers)
        .arg("-s")
        .arg(file.path())
        .env("TZ", "UTC");
    run(&mut command, message).map(|_| ())
}

const fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

fn armored(signature: &str) -> String {
    let mut text = "-----BEGIN SSH SIGNATURE-----\n".to_owned();
    // Only ASCII came so far.
    for line in signature.as_bytes().chunks(LINE) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text.push_str("-----END SSH SIGNATURE-----\n");
    text
}

/// Runs the program on a message; its words if it does not succeed.
fn run(command: &mut Command, message: &str) -> Result<String, String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot run ssh-keygen: {error}"))?;
    if let Some(mut input) = child.stdin.take() {
        // It may end before it has read all, and then says why.
        let _ = input.write_all(message.as_bytes());
    }
    let output = child
        .wait_with_output()
        .map_err(|error| format!("cannot run ssh-keygen: {error}"))?;
    let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        return Ok(words(&output.stdout));
    }
    let told = [words(&output.stderr), words(&output.stdout)];
    let told = told.iter().flat_map(|text| text.lines()).next();
    let told = told.unwrap_or("ssh-keygen does not say why");
    Err(shorten(told, WORDS).into_owned())
}

#[cfg(test)]
mod tests {
    use super::{armored, message};
    use crate::diagnostic::Sources;
    use crate::ledger::List;
    use crate::profile::yaml;

    fn signed(list: List, profile: &str, entry: &str) -> String {
        let mut problems = Vec::new();
        let node = yaml::parse("", entry.as_bytes(), &mut Sources::default(), &mut problems);
        assert!(problems.is_empty(), "{problems:?}");
        message(list, profile, &node.unwrap())
    }

    #[test]
    fn comments_order_and_quotes_do_not_matter() {
        let one = "{check: a, until: 2026-12-01, evidence: {file: x, sha256: 12}, note: ~}";
        let same = "evidence: {'sha256': \"12\", file: x}\nsignature: s # mine\n\
                    until: '2026-12-01'\nnote:\ncheck: a\n";
        let of = |entry: &str| signed(List::Waivers, "shop", entry);
        assert_eq!(of(one), of(same));
        assert_eq!(
            of(one),
            r#"{"list":"waivers","profile":"shop","entry":{"check":"a","evidence":{"file":"x","sha256":"12"},"note":null,"until":"2026-12-01"}}"#
        );
    }

    #[test]
    fn everything_else_matters() {
        let one = "{check: a, release: 1.10}";
        let of = |entry: &str| signed(List::Attestations, "shop", entry);
        assert_ne!(of(one), signed(List::Attestations, "other", one));
        assert_ne!(of(one), signed(List::Waivers, "shop", one));
        for changed in [
            "{check: a, release: 1.1}",
            "{check: a, release: ~}",
            "{check: a, release: '1.10 '}",
            "{check: a}",
            "{check: a, release: 1.10, note: ~}",
            "{section: a, release: 1.10}",
            "{check: {a: b}, release: 1.10}",
        ] {
            assert_ne!(of(one), of(changed), "{changed}");
        }
        assert_ne!(of("release: 'null'"), of("release: null"));
        assert_ne!(of("release: ['1', '2']"), of("release: '1, 2'"));
    }

    #[test]
    fn a_signature_gets_the_armour_that_ssh_keygen_reads() {
        assert_eq!(
            armored(&"A".repeat(71)),
            format!(
                "-----BEGIN SSH SIGNATURE-----\n{}\nA\n-----END SSH SIGNATURE-----\n",
                "A".repeat(70)
            )
        );
    }
}
