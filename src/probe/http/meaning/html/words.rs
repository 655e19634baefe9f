//! What people read of a page: its title and text, without what is never shown.

use sha2::{Digest as _, Sha256};

use crate::text::hex;

/// Elements whose content is not for reading, at least where scripts run.
const SILENT: [&[u8]; 6] = [
    b"script",
    b"style",
    b"template",
    b"noscript",
    b"noembed",
    b"iframe",
];

/// A page's text as it goes by. White space and tags between words count as one space.
#[derive(Default)]
pub(super) struct Words {
    hasher: Sha256,
    characters: u64,
    between: bool,
    /// The silent element that is open, and how many of its name.
    silent: Option<(&'static [u8], u32)>,
}

impl Words {
    pub(super) fn opened(&mut self, name: &[u8]) {
        self.between = true;
        match &mut self.silent {
            Some((open, depth)) if *open == name => *depth = depth.saturating_add(1),
            Some(_) => {}
            None => {
                let silent = SILENT.into_iter().find(|silent| *silent == name);
                self.silent = silent.map(|name| (name, 1));
            }
        }
    }

    pub(super) fn closed(&mut self, name: &[u8]) {
        self.between = true;
        if let Some((open, depth)) = &mut self.silent
            && *open == name
        {
            *depth -= 1;
            if *depth == 0 {
                self.silent = None;
            }
        }
    }

    pub(super) fn said(&mut self, text: &[u8]) {
        if self.silent.is_some() {
            return;
        }
        for (number, word) in text.split(u8::is_ascii_whitespace).enumerate() {
            self.between |= number > 0;
            if word.is_empty() {
                continue;
            }
            if self.between && self.characters > 0 {
                self.hasher.update(b" ");
                self.characters += 1;
            }
            self.between = false;
            self.hasher.update(word);
            // What continues a character of UTF-8 is none by itself.
            let begins = word.iter().filter(|byte| **byte & 0xC0 != 0x80);
            self.characters += begins.count() as u64;
        }
    }

    /// The text's SHA-256 and how many characters it has; nothing where an element never ends,
    /// so that what is shown after it is not known.
    pub(super) fn done(self) -> Option<(String, u64)> {
        let is_whole = self.silent.is_none();
        is_whole.then(|| (hex(&self.hasher.finalize()), self.characters))
    }
}

#[cfg(test)]
mod tests {
    use super::super::collect::collect;

    fn text(page: &str) -> Option<(String, u64)> {
        collect(page.as_bytes()).text
    }

    #[test]
    fn only_what_is_read_counts() {
        let plain = text("<title>Terms</title><p>No  refunds &amp; no\ncookies</p>").unwrap();
        assert_eq!(plain.1, 29);
        for same in [
            "<title>Terms</title><script nonce=a1>x('<p>no</p>')</script><p>No refunds &amp; no cookies",
            "<title>\nTerms </title><style>p{}</style><div class=b><b>No</b> refunds & no cookies</div>",
            "<!-- v2 --><title>Terms</title><noscript><p>Turn it on</p></noscript>No refunds &amp; \
             no cookies<template>one <template>two</template> three</template>",
            "<title>Terms</title><form><input type=hidden name=csrf value=99>No refunds &amp; no cookies",
        ] {
            assert_eq!(text(same).as_ref(), Some(&plain), "{same}");
        }
        for other in [
            "<title>Terms</title><p>No refunds &amp; no cookie</p>",
            "<title>Terms 2</title><p>No refunds &amp; no cookies</p>",
            "<title>Terms</title><p>Norefunds &amp; no cookies</p>",
            "<title>Terms</title><p>No refunds &amp; no cookies</p><template></template>!",
        ] {
            assert_ne!(text(other), Some(plain.clone()), "{other}");
        }
    }

    #[test]
    fn what_an_element_without_end_hides_is_not_known() {
        for open in [
            "<p>a</p><template><p>b</p>",
            "<p>a<script>b",
            "<p>a<noscript><template></template>b",
        ] {
            assert_eq!(text(open), None, "{open}");
        }
        assert!(text("").is_some_and(|(_, characters)| characters == 0));
    }
}
