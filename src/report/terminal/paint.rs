//! Colour, wrapping and lines: everything that reaches the terminal goes through here.

use anstyle::{AnsiColor, Effects, Style as Ansi};
use textwrap::{Options, WordSeparator, WordSplitter};

use crate::report::Style;
use crate::text::{no_command, short_block};

/// Columns that are used at most; longer lines are hard to read.
const WIDEST: usize = 120;
/// Fewer columns are treated as this many.
const NARROWEST: usize = 40;
/// Characters of one text that are shown.
const MOST_CHARACTERS: usize = 1500;

/// A space that is not wrapped at; written as an ordinary one.
pub(super) const GLUE: char = '\u{a0}';

/// `a · b · c`, to be wrapped only after a dot.
pub(super) fn dotted(parts: &[String]) -> String {
    // What is glued already keeps the breaks that it has.
    let glue = |part: &String| {
        if part.contains(GLUE) {
            part.clone()
        } else {
            glued(part)
        }
    };
    let parts: Vec<String> = parts.iter().map(glue).collect();
    parts.join(&format!("{GLUE}· "))
}

/// `a, b, c`, to be wrapped only after a comma.
pub(super) fn listed(parts: &[String]) -> String {
    let parts: Vec<String> = parts.iter().map(|part| glued(part)).collect();
    parts.join(", ")
}

fn glued(text: &str) -> String {
    text.replace(' ', &GLUE.to_string())
}

/// What a text means, and so how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Strong,
    Dim,
    Good,
    Bad,
    Doubt,
}

/// The page that is written.
pub(super) struct Page {
    text: String,
    color: bool,
    /// Columns to fill.
    pub(super) width: usize,
}

impl Page {
    pub(super) fn new(style: &Style) -> Self {
        Self {
            text: String::new(),
            color: style.color,
            width: style.width.clamp(NARROWEST, WIDEST),
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }

    /// `text` in its tone. The text must be harmless already.
    pub(super) fn paint(&self, tone: Tone, text: &str) -> String {
        let style = match tone {
            Tone::Plain => Ansi::new(),
            Tone::Strong => Ansi::new().bold(),
            Tone::Dim => Ansi::new().effects(Effects::DIMMED),
            Tone::Good => AnsiColor::Green.on_default(),
            Tone::Bad => AnsiColor::Red.on_default().bold(),
            Tone::Doubt => AnsiColor::Yellow.on_default(),
        };
        if self.color && tone != Tone::Plain && !text.is_empty() {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    /// An empty line.
    pub(super) fn gap(&mut self) {
        self.text.push('\n');
    }

    /// A line that is harmless, painted and short enough already.
    pub(super) fn line(&mut self, line: &str) {
        let line = line.trim_end().replace(GLUE, " ");
        self.text.push_str(&no_command(&line));
        self.text.push('\n');
    }

    /// A heading over a block.
    pub(super) fn heading(&mut self, text: &str) {
        self.gap();
        let line = self.paint(Tone::Strong, text);
        self.line(&line);
    }

    /// Text from anywhere, made harmless and wrapped into a column that begins at `indent`;
    /// `label`, painted already, stands before its first line.
    pub(super) fn column(&mut self, label: &Label, indent: usize, tone: Tone, text: &str) {
        let shown = short_block(text, MOST_CHARACTERS);
        let lines = wrap(&shown, self.width.saturating_sub(indent));
        self.lines(label, indent, tone, &lines);
    }

    /// A command, broken only where the shell does not mind, so that it can be copied.
    pub(super) fn command(&mut self, label: &Label, indent: usize, command: &str) {
        let shown = short_block(command, MOST_CHARACTERS);
        let width = self.width.saturating_sub(indent + 2);
        let lines: Vec<String> = shown
            .lines()
            .flat_map(|line| continued(line, width))
            .collect();
        self.lines(label, indent, Tone::Plain, &lines);
    }

    /// Wrapping may have put at the start of a line what was within one before.
    fn lines(&mut self, label: &Label, indent: usize, tone: Tone, lines: &[String]) {
        for (number, line) in lines.iter().enumerate() {
            let is_at_start = number > 0 || label.text.is_empty();
            let line = if is_at_start {
                &no_command(line)
            } else {
                line.as_str()
            };
            let line = self.paint(tone, line);
            if number == 0 {
                let space = " ".repeat(indent.saturating_sub(label.width()));
                let label = self.paint(label.tone, &label.text);
                self.line(&format!("{label}{space}{line}"));
            } else {
                self.line(&format!("{}{line}", " ".repeat(indent)));
            }
        }
    }
}

/// A word before a column of text.
pub(super) struct Label {
    tone: Tone,
    text: String,
}

impl Label {
    pub(super) fn new(tone: Tone, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { tone, text }
    }

    pub(super) fn none() -> Self {
        Self::new(Tone::Plain, "")
    }

    fn width(&self) -> usize {
        unicode_width::UnicodeWidthStr::width(self.text.as_str())
    }
}

/// Lines of at most `width` columns. Nothing is lost; a word that is too long is broken.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let options = Options::new(width.max(10))
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation);
    let lines = textwrap::wrap(text, options);
    lines
        .into_iter()
        .map(std::borrow::Cow::into_owned)
        .collect()
}

/// One shell command over several lines, each but the last ending in ` \`. It is broken at
/// spaces outside quotes only, and so may be longer than `width` where there are none.
fn continued(command: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in shell_words(command) {
        let Some(line) = lines.last_mut() else {
            break;
        };
        let fits =
            textwrap::core::display_width(line) + textwrap::core::display_width(word) < width;
        if line.is_empty() || fits {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        } else {
            line.push_str(" \\");
            lines.push(format!("  {word}"));
        }
    }
    lines
}

/// Splits at spaces outside quotes.
fn shell_words(command: &str) -> Vec<&str> {
    let mut quote = None;
    let mut escaped = false;
    let words = command.split(move |character| {
        if escaped {
            escaped = false;
            return false;
        }
        match (quote, character) {
            (None | Some('"'), '\\') => escaped = true,
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None, ' ') => return true,
            _ => {}
        }
        false
    });
    words.filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::continued;

    #[test]
    fn commands_are_broken_where_the_shell_does_not_mind() {
        assert_eq!(
            continued(
                "curl -sS -H 'Accept: text/html, */*' https://a.example/path",
                30
            ),
            [
                "curl -sS -H \\",
                "  'Accept: text/html, */*' \\",
                "  https://a.example/path"
            ],
        );
        assert_eq!(continued("dig MX a.example", 30), ["dig MX a.example"]);
        assert_eq!(
            continued(r"echo a\ b 'c", 5),
            [r"echo \", r"  a\ b \", "  'c"]
        );
    }
}
