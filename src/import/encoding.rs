//! Text that was read in the wrong encoding and saved again, made whole.
//!
//! `→` that was taken for Windows-1252 became `â†’`. That can be undone when *all* the text that
//! is not ASCII goes back to bytes of one old encoding and those bytes are UTF-8: text that was
//! never damaged hardly ever does. What cannot be undone as a whole is left as it is.
//!
//! It does not guess at text damaged twice, or whose damage lost bytes.

use std::ops::Range;

use encoding_rs::{Encoding, MACINTOSH, WINDOWS_1252};

/// Text for people, and where each part of it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    /// The text, made whole.
    pub(super) whole: String,
    /// The encoding that it was mistaken for.
    pub(super) damage: Option<Damage>,
    pieces: Vec<Piece>,
}

/// The encoding that text was mistaken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The encoding.
    encoding: &'static Encoding,
    /// Its name for people.
    pub name: &'static str,
    /// Places that were mended.
    pub places: usize,
}

/// A mended part: where it ends up, and where it stood.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    mended: Range<usize>,
    written: Range<usize>,
}

const SUSPECTS: [(&Encoding, &str); 2] = [(WINDOWS_1252, "Windows-1252"), (MACINTOSH, "Mac Roman")];

impl Text {
    /// Mends `written` if that is possible.
    pub(super) fn of(written: &str) -> Self {
        SUSPECTS
            .iter()
            .find_map(|(encoding, name)| mended(written, encoding, name))
            .unwrap_or_else(|| Self {
                whole: written.to_owned(),
                damage: None,
                pieces: Vec::new(),
            })
    }

    /// The place in the file of a place in the text.
    pub(super) fn written(&self, at: usize) -> usize {
        let before = self.pieces.partition_point(|piece| piece.mended.end <= at);
        match self.pieces.get(before) {
            // Within a mended part there is no place of its own.
            Some(piece) if piece.mended.start < at => piece.written.start,
            _ => match before.checked_sub(1).and_then(|last| self.pieces.get(last)) {
                Some(last) => at - last.mended.end + last.written.end,
                None => at,
            },
        }
    }

    /// New text as the file writes such text: damaged in the same way.
    pub(super) fn as_written(&self, new: &str) -> String {
        match self.damage {
            Some(damage) if !new.is_ascii() => damage
                .encoding
                .decode_without_bom_handling(new.as_bytes())
                .0
                .into_owned(),
            _ => new.to_owned(),
        }
    }
}

/// `written` with every part that is not ASCII taken back, if all of them can be.
fn mended(written: &str, encoding: &'static Encoding, name: &'static str) -> Option<Text> {
    let mut text = String::with_capacity(written.len());
    let mut pieces = Vec::new();
    let mut done = 0;
    while let Some(start) = written[done..].find(|c: char| !c.is_ascii()) {
        let start = done + start;
        let end = written[start..]
            .find(|c: char| c.is_ascii())
            .map_or(written.len(), |length| start + length);
        text.push_str(&written[done..start]);
        let (bytes, _, lost) = encoding.encode(&written[start..end]);
        let whole = std::str::from_utf8(&bytes).ok().filter(|_| !lost)?;
        let from = text.len();
        text.push_str(whole);
        pieces.push(Piece {
            mended: from..text.len(),
            written: start..end,
        });
        done = end;
    }
    text.push_str(&written[done..]);
    (!pieces.is_empty()).then_some(Text {
        damage: Some(Damage {
            encoding,
            name,
            places: pieces.len(),
        }),
        whole: text,
        pieces,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{MACINTOSH, Text, WINDOWS_1252};

    #[test]
    fn damage_is_undone_and_can_be_done_again() {
        for (encoding, name) in [(WINDOWS_1252, "Windows-1252"), (MACINTOSH, "Mac Roman")] {
            let whole = "- [ ] 80 → proxy 🚀\n- [x] café — “done” ⚠️\n";
            let (broken, ..) = encoding.decode_without_bom_handling(whole.as_bytes());
            let text = Text::of(&broken);
            assert_eq!(text.whole, whole);
            assert_eq!(text.damage.map(|damage| damage.name), Some(name));
            assert_eq!(
                text.as_written("🚀 →"),
                encoding.decode_without_bom_handling("🚀 →".as_bytes()).0
            );
            for (at, _) in whole.char_indices().filter(|(_, c)| c.is_ascii()) {
                assert_eq!(whole.as_bytes()[at], broken.as_bytes()[text.written(at)]);
            }
            assert_eq!(text.written(whole.len()), broken.len());
        }
    }

    #[test]
    fn text_that_is_whole_stays() {
        for whole in [
            "",
            "plain",
            "Größe — “quoted” … 证书 ✅ ⚠️ 🚀",
            "Ärger, Öl, naïve façade, Ünïcödé",
            "half of it: â†’ and ✅",
            "£5 and €6",
        ] {
            let text = Text::of(whole);
            assert_eq!((text.whole.as_str(), text.damage), (whole, None));
            assert_eq!(text.as_written("✅"), "✅");
        }
    }

    proptest! {
        #[test]
        fn what_is_mended_goes_back_to_the_same(text: String) {
            let mended = Text::of(&text);
            prop_assert_eq!(mended.as_written(&mended.whole), text);
        }
    }
}
