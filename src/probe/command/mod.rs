//! Runs a program of this machine and keeps what it says, within limits.
//!
//! How it ended and what it printed are facts, whatever they are: a non-zero exit is no error.
//! A program that does not end in time is told as `probe.timeout`, and it is ended with
//! everything it started. Our inability: a program that is not installed or may not be run, a
//! folder or a secret that is not there.
//!
//! Running needs `--allow exec`. There is no shell unless asked for, and no environment but
//! what is listed. A program that makes itself a process group of its own outlives its time.

mod facts;
pub(in crate::probe) mod run;

use std::collections::BTreeMap;

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shell::quoted;
use super::{Access, Answer, Contact, Context, Invalid, Probe, ProbeError};
use crate::secret::references;
use crate::text::push;

pub use self::facts::Facts;

/// Variables that every program gets, where they are set.
const ALWAYS_PASSED: [&str; 2] = ["HOME", "PATH"];

/// The most that may be kept of an output, in bytes.
const MOST_OUTPUT: u32 = 64 << 20;

/// Runs a program on this machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The program and its arguments, each as it is. A program with a `/` in its name is
    /// looked for from `cwd`, others in `PATH`. With `shell` the one text that `/bin/sh -c`
    /// gets.
    pub argv: Vec<String>,
    /// Whether a shell reads `argv`, which then holds a single text.
    #[serde(default, skip_serializing_if = "is_no")]
    pub shell: bool,
    /// The folder to run in, from where `ready` runs; there if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Names of variables that are passed through, where they are set, beside `HOME` and
    /// `PATH`. No others are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// Variables with values of their own, which may hold `${secrets.NAME}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
    /// What the program reads; nothing if it is left out. May hold `${secrets.NAME}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdin: Option<String>,
    /// A regular expression that finds the fact `number` in the standard output: its first
    /// group, or all that it matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// How many bytes are kept of each output; at most 64 MiB. The rest is read and dropped.
    #[serde(default = "one_mebibyte", skip_serializing_if = "is_one_mebibyte")]
    pub max_output: u32,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands fields by reference"
)]
fn is_no(value: &bool) -> bool {
    !value
}

fn one_mebibyte() -> u32 {
    1 << 20
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands fields by reference"
)]
fn is_one_mebibyte(value: &u32) -> bool {
    *value == one_mebibyte()
}

impl Command {
    /// What causes name: the program, or the shell's text cut short.
    fn name(&self) -> String {
        let first = self.argv.first().map(String::as_str).unwrap_or_default();
        crate::text::short_line(first, 60)
    }

    /// All words as a shell would take them.
    fn words(&self) -> String {
        let words = self.argv.iter().map(|word| quoted(word));
        let shell = self.shell.then(|| "/bin/sh -c".to_owned());
        shell.into_iter().chain(words).collect::<Vec<_>>().join(" ")
    }
}

impl Probe for Command {
    type Facts = Facts;

    fn validate(&self) -> Result<(), Invalid> {
        let Some(program) = self.argv.first() else {
            return Err(Invalid::new("argv", "has no program"));
        };
        if program.is_empty() {
            return Err(Invalid::new("argv", "the program's name is empty"));
        }
        if self.shell && self.argv.len() > 1 {
            return Err(Invalid::new(
                "argv",
                "with `shell: true` it is a single text",
            ));
        }
        let shown = self.argv.iter().chain(&self.cwd);
        if shown.clone().any(|word| !references(word).is_empty()) {
            return Err(Invalid::new(
                "argv",
                "everybody on the machine can read arguments: give secrets by `set` or `stdin`",
            ));
        }
        if shown
            .chain(self.set.values())
            .any(|word| word.contains('\0'))
        {
            return Err(Invalid::new(
                "argv",
                "no argument, folder or value can hold a zero byte",
            ));
        }
        let names = self.env.iter().map(|name| ("env", name));
        for (field, name) in names.chain(self.set.keys().map(|name| ("set", name))) {
            if !is_variable(name) {
                return Err(Invalid::new(
                    field,
                    format!("no variable can be named `{name}`"),
                ));
            }
        }
        if let Some(Err(error)) = self.number.as_deref().map(Regex::new) {
            return Err(Invalid::new("number", error.to_string()));
        }
        if !(1..=MOST_OUTPUT).contains(&self.max_output) {
            return Err(Invalid::new("max_output", "must be 1 to 67108864 bytes"));
        }
        Ok(())
    }

    fn contacts(&self) -> Vec<Contact> {
        vec![Contact {
            host: "this machine".to_owned(),
            port: None,
            action: format!("run {}", self.words()),
            count: 1,
            access: Access::Exec,
        }]
    }

    fn reproduce(&self) -> String {
        let mut text = String::new();
        if let Some(folder) = &self.cwd {
            push(&mut text, format_args!("cd {} && ", quoted(folder)));
        }
        if let Some(said) = &self.stdin {
            push(&mut text, format_args!("printf %s {} | ", quoted(said)));
        }
        text.push_str("env -i");
        let passed = ALWAYS_PASSED.iter().copied();
        for name in passed.chain(self.env.iter().map(String::as_str)) {
            if !self.set.contains_key(name) {
                push(&mut text, format_args!(" {name}=\"${name}\""));
            }
        }
        for (name, value) in &self.set {
            push(&mut text, format_args!(" {name}={}", quoted(value)));
        }
        text + " " + &self.words()
    }

    async fn gather(&self, context: &Context) -> Result<Answer<Facts>, ProbeError> {
        run::run(self, context).await.map(Answer::from)
    }
}

fn is_variable(name: &str) -> bool {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
