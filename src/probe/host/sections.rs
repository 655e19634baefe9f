//! What the script said, by section, and why a section gives nothing.

use std::collections::BTreeMap;

use crate::probe::{ProbeError, local};
use crate::reason::Reason;
use crate::text::short_line;

/// The most lines that a section prints; the script stops there.
pub(super) const MOST_LINES: usize = 20_000;

/// The most bytes that a section prints, of which the script drops the rest.
pub(super) const MOST_BYTES: usize = 1 << 20;

/// The most entries that a list of facts holds.
pub(super) const MOST_ENTRIES: usize = 1000;

/// The line before the first section.
const BEGIN: &str = "<ready>\n";

/// The line after the last section.
const END: &str = ".";

/// What a machine said of itself, with what it did not say as gaps.
pub(super) struct Look {
    subject: String,
    sections: BTreeMap<String, Section>,
    /// Why sections may be missing.
    cut: ProbeError,
    pub(super) gaps: BTreeMap<String, ProbeError>,
}

/// One section.
struct Section {
    said: String,
    complaint: String,
    code: Option<u8>,
}

impl Look {
    /// Reads what the script printed. `None` when it did not print anything: whatever else is
    /// there was said by others, such as a shell's greeting. `cut` is why a section is missing.
    pub(super) fn read(subject: &str, printed: &str, cut: ProbeError) -> Option<Self> {
        let (_, sections_said) = printed.split_once(BEGIN)?;
        let mut sections = BTreeMap::new();
        let mut open: Option<(String, Vec<&str>)> = None;
        for line in sections_said.split('\n') {
            match (line.split_at_checked(1), &mut open) {
                (Some(("<", name)), _) => open = Some((name.to_owned(), Vec::new())),
                (Some(("|", text)), Some((_, lines))) => lines.push(text),
                (Some((">", "")), _) => {
                    if let Some((name, lines)) = open.take() {
                        sections.insert(name, Section::of(lines));
                    }
                }
                _ => {}
            }
        }
        Some(Self {
            subject: subject.to_owned(),
            sections,
            cut,
            gaps: BTreeMap::new(),
        })
    }

    /// Whether the script came to its end.
    pub(super) fn is_whole(printed: &str) -> bool {
        printed.lines().next_back() == Some(END)
    }

    /// What a section printed, if it could be printed in full.
    pub(super) fn said(&self, name: &str) -> Result<&str, ProbeError> {
        let Some(section) = self.sections.get(name) else {
            return Err(self.cut.clone());
        };
        let subject = &self.subject;
        let complaint = section.complaint.as_str();
        let (reason, cause) = match section.code {
            None => {
                let words = format!("{subject} says more of {name} than is read");
                return Err(local::beyond(words));
            }
            _ if no_systemd(complaint) => (
                Reason::ToolMissing,
                format!("{subject} does not run systemd"),
            ),
            _ if forbids(complaint) => (
                Reason::PermissionDenied,
                format!("{subject} does not let this user look at {name}"),
            ),
            Some(0) => return Ok(&section.said),
            Some(127) => (
                Reason::ToolMissing,
                format!("{subject} has no program that tells of {name}"),
            ),
            Some(124 | 137) => (
                Reason::ProbeTimeout,
                format!("{subject} did not tell of {name} in time"),
            ),
            Some(126) => (
                Reason::PermissionDenied,
                format!("{subject} does not let this user look at {name}"),
            ),
            Some(code) => {
                let words = format!("{subject} could not tell of {name}");
                let detail = format!("exit code {code}: {}", short_line(complaint, 300));
                return Err(ProbeError::new(Reason::ToolFailed, words).with_detail(detail));
            }
        };
        Err(ProbeError::new(reason, cause).with_detail(short_line(complaint, 300)))
    }

    /// What a section printed, also if it then complained.
    pub(super) fn said_in_part(&self, name: &str) -> Result<&str, ProbeError> {
        let whole = self.said(name);
        match self.sections.get(name) {
            Some(section) if section.code.is_some_and(|code| code < 100) => Ok(&section.said),
            _ => whole,
        }
    }

    /// What a section complained about, whatever came of it.
    pub(super) fn complaint(&self, name: &str) -> &str {
        let section = self.sections.get(name);
        section.map_or("", |section| &section.complaint)
    }

    /// A section in a form that nothing is known of.
    pub(super) fn odd(&self, name: &str) -> ProbeError {
        let words = format!("{} tells of {name} in an unknown form", self.subject);
        ProbeError::new(Reason::ToolFailed, words)
    }

    /// This user has not the rights to see all of it.
    pub(super) fn denied(&self, what: &str) -> ProbeError {
        let words = format!("{} shows {what} to root alone", self.subject);
        ProbeError::new(Reason::PermissionDenied, words)
    }

    /// What a section says, read.
    pub(super) fn read_section<T>(
        &self,
        section: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ProbeError> {
        parse(self.said(section)?).ok_or_else(|| self.odd(section))
    }

    /// A fact of its own section, or a gap.
    pub(super) fn take<T>(
        &mut self,
        fact: &str,
        section: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let found = self.read_section(section, parse);
        self.keep(fact, found)
    }

    /// A list of its own section, or a gap; also when it has too many entries.
    pub(super) fn list<T>(
        &mut self,
        fact: &str,
        section: &str,
        parse: impl FnOnce(&str) -> Option<Vec<T>>,
    ) -> Option<Vec<T>> {
        let found = self.read_section(section, parse);
        let found = found.and_then(|list| self.bounded(section, list));
        self.keep(fact, found)
    }

    /// A list that has not too many entries.
    pub(super) fn bounded<T>(&self, what: &str, list: Vec<T>) -> Result<Vec<T>, ProbeError> {
        if list.len() <= MOST_ENTRIES {
            return Ok(list);
        }
        let words = format!("{} has more than {MOST_ENTRIES} {what}", self.subject);
        Err(local::beyond(words))
    }

    /// A fact, or a gap in its place.
    pub(super) fn keep<T>(&mut self, fact: &str, found: Result<T, ProbeError>) -> Option<T> {
        match found {
            Ok(value) => Some(value),
            Err(error) => {
                self.gaps.insert(fact.to_owned(), error);
                None
            }
        }
    }
}

impl Section {
    /// Of its lines: what was printed, and last the complaint with the exit code.
    fn of(mut lines: Vec<&str>) -> Self {
        // A section that was cut has lost its end, whatever its last line looks like.
        let bytes: usize = lines.iter().map(|line| line.len() + 1).sum();
        let is_whole = lines.len() < MOST_LINES && bytes < MOST_BYTES;
        let last = lines.pop().filter(|_| is_whole);
        let told = last.and_then(|last| last.rsplit_once(' '));
        let told = told.and_then(|(complaint, code)| Some((complaint, code.parse().ok()?)));
        let said = lines.join("\n");
        match told {
            Some((complaint, code)) => Self {
                said,
                complaint: complaint.trim().to_owned(),
                code: Some(code),
            },
            None => Self {
                said,
                complaint: String::new(),
                code: None,
            },
        }
    }
}

fn no_systemd(complaint: &str) -> bool {
    complaint.contains("not been booted with systemd")
        || complaint.contains("Failed to connect to bus: No such file or directory")
}

/// Whether it says, in the words of one of the programs, that only others may look.
fn forbids(complaint: &str) -> bool {
    let complaint = complaint.to_ascii_lowercase();
    [
        "permission denied",
        "operation not permitted",
        "must be root",
        "need to be root",
        "access denied",
        "not authorized",
        "authentication required",
        // `sshd -T` of a user who cannot read the keys.
        "no hostkeys available",
    ]
    .iter()
    .any(|words| complaint.contains(words))
}

#[cfg(test)]
mod tests {
    use super::{Look, MOST_BYTES, MOST_LINES};
    use crate::probe::ProbeError;
    use crate::reason::Reason;

    fn look(printed: &str) -> Option<Look> {
        let cut = ProbeError::new(Reason::ProbeTimeout, "too slow");
        Look::read("box", &format!("Hello\n<ready>\n{printed}"), cut)
    }

    #[test]
    fn sections_are_told_from_everything_else() {
        let printed = "|no\n>\n<load\n|1 2\n|<memory\n|> \n|\n| 0\nsay\n>\n<cpus\n|2";
        let look = look(printed).unwrap();
        assert_eq!(look.said("load").unwrap(), "1 2\n<memory\n> \n");
        assert_eq!(
            look.said("memory").unwrap_err().reason,
            Reason::ProbeTimeout
        );
        assert_eq!(look.said("cpus").unwrap_err().cause, "too slow");
        assert!(Look::is_whole("<load\n>\n.\n") && !Look::is_whole(printed));
    }

    #[test]
    fn a_greeting_alone_is_no_look() {
        for printed in ["", "Welcome!\n", "<load\n|x\n>\n"] {
            let cut = ProbeError::new(Reason::ProbeTimeout, "too slow");
            assert!(Look::read("box", printed, cut).is_none(), "{printed}");
        }
    }

    #[test]
    fn each_failure_has_its_reason() {
        for (last, reason) in [
            ("ss is not installed 127", Reason::ToolMissing),
            (
                "System has not been booted with systemd as init system 1",
                Reason::ToolMissing,
            ),
            (
                "ERROR: You need to be root to run this script 1",
                Reason::PermissionDenied,
            ),
            (
                "Operation not permitted (you must be root) 0",
                Reason::PermissionDenied,
            ),
            (
                "sshd: no hostkeys available -- exiting. 1",
                Reason::PermissionDenied,
            ),
            (" 126", Reason::PermissionDenied),
            (" 124", Reason::ProbeTimeout),
            (
                "Missing privilege separation directory: /run/sshd 255",
                Reason::ToolFailed,
            ),
            ("no code", Reason::FileTruncated),
            ("", Reason::FileTruncated),
            (" 999", Reason::FileTruncated),
        ] {
            let look = look(&format!("<x\n|said\n|{last}\n>\n")).unwrap();
            assert_eq!(look.said("x").unwrap_err().reason, reason, "{last}");
        }
    }

    #[test]
    fn a_section_that_was_cut_is_none_even_if_it_looks_whole() {
        let printed = format!("<x\n{}>\n", "|all is well 0\n".repeat(MOST_LINES));
        let told = look(&printed).unwrap().said("x").unwrap_err();
        assert_eq!(told.reason, Reason::FileTruncated);
        let printed = format!("<x\n{}>\n", "|all is well 0\n".repeat(MOST_LINES - 1));
        assert!(look(&printed).unwrap().said("x").is_ok());
        let line = "x".repeat(MOST_BYTES - 6);
        for (last, is_cut) in [("\n|a 0", false), ("\n|ab 0", true), ("\r\n|a 0", true)] {
            let told = look(&format!("<x\n|{line}{last}\n>\n")).unwrap();
            assert_eq!(told.said("x").is_err(), is_cut, "{last}");
        }
    }

    #[test]
    fn too_many_entries_are_a_gap() {
        let mut look = look("<x\n|a\n|\n| 0\n>\n").unwrap();
        assert_eq!(
            look.list("x", "x", |_| Some(vec![0; 1000]))
                .map(|list| list.len()),
            Some(1000)
        );
        assert!(look.list("x", "x", |_| Some(vec![0; 1001])).is_none());
        assert_eq!(look.gaps["x"].reason, Reason::FileTruncated);
        assert!(look.take("y", "x", |_| None::<u8>).is_none());
        assert_eq!(look.gaps["y"].reason, Reason::ToolFailed);
    }
}
