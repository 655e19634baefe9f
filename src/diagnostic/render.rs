//! Problems as text for people: the line, the mark under it, and what to do.
//!
//! The files shown are hostile: their control characters never reach the terminal, and spans
//! are clamped to what is there.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};

use super::{Diagnostic, Severity, Source, Sources, Span};

/// More problems than this are counted, not shown.
const SHOWN: usize = 100;
/// A file with longer lines is shown without its lines.
const LONGEST_LINE: usize = 4096;

/// All problems in the order of their places, with a count at the end.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, color: bool) -> String {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    }
    .decor_style(DecorStyle::Ascii);
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|diagnostic| {
        let span = diagnostic.span.as_ref();
        span.map_or((usize::MAX, 0), |span| (span.source, span.range.start))
    });
    let mut text = String::new();
    for diagnostic in sorted.iter().take(SHOWN) {
        let prepared = Prepared::new(diagnostic, sources);
        text.push_str(&renderer.render(&prepared.groups()));
        text.push_str("\n\n");
    }
    text.push_str(&count(diagnostics, sources));
    text
}

/// `3 errors in profile.yaml, 1 warning`.
fn count(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let mut text = String::new();
    if let Some(hidden) = diagnostics
        .len()
        .checked_sub(SHOWN)
        .filter(|more| *more > 0)
    {
        _ = writeln!(text, "… and {hidden} more");
    }
    for (severity, word) in [(Severity::Error, "error"), (Severity::Warning, "warning")] {
        let mut places = BTreeSet::new();
        let mut number = 0_usize;
        for diagnostic in diagnostics {
            if diagnostic.severity == severity {
                number += 1;
                if let Some(span) = &diagnostic.span {
                    places.insert(span.source);
                }
            }
        }
        if number > 0 {
            let plural = if number == 1 { "" } else { "s" };
            let names: Vec<String> = places
                .iter()
                .filter_map(|place| Some(shown(&sources.get(*place)?.name)))
                .collect();
            let place = if names.is_empty() {
                String::new()
            } else {
                format!(" in {}", names.join(", "))
            };
            _ = writeln!(text, "{number} {word}{plural}{place}");
        }
    }
    text
}

/// One problem with its words made safe and its places clamped.
struct Prepared {
    severity: Severity,
    code: &'static str,
    message: String,
    label: Option<String>,
    help: Option<String>,
    replacement: Option<String>,
    excerpt: Option<Excerpt>,
    related: Option<(String, Excerpt)>,
}

impl Prepared {
    fn new(diagnostic: &Diagnostic, sources: &Sources) -> Self {
        Self {
            severity: diagnostic.severity,
            code: diagnostic.code,
            message: shown(&diagnostic.message),
            label: diagnostic.label.as_deref().map(shown),
            help: diagnostic.help.as_deref().map(shown),
            replacement: diagnostic.replacement.as_deref().map(shown),
            excerpt: diagnostic
                .span
                .as_ref()
                .and_then(|span| Excerpt::new(span, sources)),
            related: diagnostic
                .related
                .as_ref()
                .and_then(|(span, words)| Some((shown(words), Excerpt::new(span, sources)?))),
        }
    }

    fn groups(&self) -> Vec<Group<'_>> {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(&*self.message).id(self.code);
        let Some(excerpt) = &self.excerpt else {
            let mut group = Group::with_title(title);
            if let Some(help) = &self.help {
                group = group.element(Level::HELP.message(&**help));
            }
            return vec![group];
        };
        let mut group = if let Some(snippet) = excerpt.snippet() {
            let mut snippet = snippet.annotation(
                AnnotationKind::Primary
                    .span(excerpt.mark.clone())
                    .label(self.label.as_deref()),
            );
            let near = self
                .related
                .as_ref()
                .and_then(|(words, other)| Some((words, excerpt.within(other)?)));
            if let Some((words, range)) = near {
                snippet = snippet.annotation(AnnotationKind::Context.span(range).label(&**words));
            }
            title.element(snippet)
        } else {
            title.element(excerpt.origin())
        };
        if let Some((words, other)) = &self.related
            && excerpt.within(other).is_none()
            && let Some(snippet) = other.snippet()
        {
            group = group.element(
                snippet.annotation(
                    AnnotationKind::Context
                        .span(other.mark.clone())
                        .label(&**words),
                ),
            );
        }
        let patch = self.patch();
        match (&self.help, patch) {
            (Some(help), Some(patch)) => {
                vec![group, Level::HELP.secondary_title(&**help).element(patch)]
            }
            (Some(help), None) => vec![group.element(Level::HELP.message(&**help))],
            (None, Some(patch)) => {
                vec![group, Level::HELP.secondary_title("write").element(patch)]
            }
            (None, None) => vec![group],
        }
    }

    fn patch(&self) -> Option<Snippet<'_, Patch<'_>>> {
        let (replacement, excerpt) = (self.replacement.as_ref()?, self.excerpt.as_ref()?);
        if excerpt.text.len() > LONGEST_LINE {
            return None;
        }
        let snippet = Snippet::source(&*excerpt.text)
            .line_start(excerpt.line)
            .patch(Patch::new(excerpt.mark.clone(), &**replacement));
        Some(snippet)
    }
}

/// The lines around a place, made safe, and the place within them.
struct Excerpt {
    name: String,
    source: usize,
    /// Line of the file that the text starts with, from 1.
    line: usize,
    /// Column of the mark, in characters, from 1.
    column: usize,
    text: String,
    mark: Range<usize>,
}

impl Excerpt {
    fn new(span: &Span, sources: &Sources) -> Option<Self> {
        let source: &Source = sources.get(span.source)?;
        let whole = source.text.as_str();
        let start = whole.floor_char_boundary(span.range.start);
        let from = whole[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let until = whole[start..]
            .find('\n')
            .map_or(whole.len(), |newline| start + newline);
        // A mark stays on its first line: what follows is the same thing.
        let end = whole
            .ceil_char_boundary(span.range.end.min(whole.len()))
            .clamp(start, until);
        let bom = usize::from(from == 0 && whole.starts_with('\u{feff}'));
        Some(Self {
            name: shown(&source.name),
            source: span.source,
            line: whole[..from].matches('\n').count() + 1,
            column: whole[from..start].chars().count() + 1
                - bom.min(whole[from..start].chars().count()),
            text: same_length(&whole[from..until]),
            mark: start - from..end - from,
        })
    }

    fn origin(&self) -> Origin<'_> {
        Origin::path(&*self.name)
            .line(self.line)
            .char_column(self.column)
    }

    /// `None` if the line is too long to be shown.
    fn snippet(&self) -> Option<Snippet<'_, annotate_snippets::Annotation<'_>>> {
        (self.text.len() <= LONGEST_LINE).then(|| {
            Snippet::source(&*self.text)
                .line_start(self.line)
                .path(&*self.name)
        })
    }

    /// Where `other` is in this excerpt, if it is on the same line.
    fn within(&self, other: &Self) -> Option<Range<usize>> {
        (self.source == other.source && self.line == other.line).then(|| other.mark.clone())
    }
}

/// `text` without anything that a terminal could take for a command.
fn shown(text: &str) -> String {
    crate::text::block(text).into_owned()
}

/// `text` with each unsafe character replaced by a harmless one of the same length, so that
/// offsets stay true.
fn same_length(text: &str) -> String {
    text.chars()
        .map(
            |character| match (is_unsafe(character), character.len_utf8()) {
                (false, _) => character,
                (true, 1) if character == '\r' || character == '\t' => ' ',
                (true, 1) => '?',
                (true, 2) => '¿',
                (true, _) => '\u{fffd}',
            },
        )
        .collect()
}

/// Control characters, and those that turn the direction of writing.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
