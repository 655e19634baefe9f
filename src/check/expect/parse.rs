//! Text to tree, safely: limits first, then the parser on a stack that is large enough.

use std::ops::Range;

use cel::common::ast::{Expr, IdedExpr, SourceInfo};

use super::lex::{Token, TokenKind, tokens};
use super::syntax;
use super::tree;
use super::{Problem, functions};

/// Bytes of text.
const MAX_LENGTH: usize = 4096;
/// Brackets within brackets.
const MAX_BRACKETS: usize = 24;
/// Signs and brackets; each may be a level of recursion in the parser.
const MAX_SIGNS: usize = 600;
/// Levels of the parsed tree; everything that walks it recurses this deep on an ordinary stack.
const MAX_DEPTH: usize = 48;
/// Loops within loops.
const MAX_LOOPS: usize = 2;
/// The parser needs about 160 KiB for each bracket in a debug build.
const PARSER_STACK: usize = 32 << 20;

/// A parsed expression and where its parts are.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) root: IdedExpr,
    pub(super) places: Places,
}

/// Parses, or says what is wrong with the text.
pub(super) fn parse(source: &str) -> Result<Parsed, Vec<Problem>> {
    let tokens = guard(source).map_err(|problem| vec![problem])?;
    let text = source.to_owned();
    let parser = std::thread::Builder::new()
        .name("expression parser".to_owned())
        .stack_size(PARSER_STACK)
        .spawn(move || {
            let (root, info) = functions::environment()
                .parser()
                .parse_with_source_info(&text)
                .map_err(|errors| syntax::Report::from(&errors))?;
            let depth = tree::depth(&root);
            // A tree that is too deep must also be dropped here, where the stack is large.
            if depth > MAX_DEPTH {
                Err(syntax::Report::too_deep())
            } else {
                Ok((root, info))
            }
        });
    let parsed = parser
        .ok()
        .and_then(|thread| thread.join().ok())
        .unwrap_or_else(|| Err(syntax::Report::default()));
    let (root, info) = parsed.map_err(|report| report.problems(source, &tokens))?;
    let places = Places {
        info,
        tokens,
        length: source.len(),
    };
    if let Some(inner) = nested_loop(&root, 0) {
        return Err(vec![too_complex(
            places.of(inner),
            format!("loops are nested more than {MAX_LOOPS} deep"),
        )]);
    }
    Ok(Parsed { root, places })
}

/// Refuses what the parser or the evaluation could not stand.
fn guard(source: &str) -> Result<Vec<Token>, Problem> {
    if source.len() > MAX_LENGTH {
        return Err(too_complex(
            0..source.len(),
            format!("the expression is longer than {MAX_LENGTH} bytes"),
        ));
    }
    let tokens = tokens(source);
    let mut depth = 0_usize;
    let mut signs = 0;
    for token in &tokens {
        match token.kind {
            TokenKind::Open => {
                depth += 1;
                signs += 1;
            }
            TokenKind::Close => depth = depth.saturating_sub(1),
            TokenKind::Sign => signs += 1,
            _ => {}
        }
        if depth > MAX_BRACKETS {
            return Err(too_complex(
                token.range.clone(),
                format!("brackets are nested more than {MAX_BRACKETS} deep"),
            ));
        }
        if signs > MAX_SIGNS {
            return Err(too_complex(
                token.range.clone(),
                format!("the expression has more than {MAX_SIGNS} operators"),
            ));
        }
    }
    Ok(tokens)
}

pub(super) fn too_complex(range: Range<usize>, message: String) -> Problem {
    Problem {
        code: "expression.too-complex",
        range,
        message,
        help: Some("split it into several expectations".to_owned()),
        replacement: None,
    }
}

/// The first loop that is too deep in others.
fn nested_loop(expression: &IdedExpr, around: usize) -> Option<&IdedExpr> {
    let here = around + usize::from(matches!(expression.expr, Expr::Comprehension(_)));
    if here > MAX_LOOPS {
        return Some(expression);
    }
    tree::children(expression)
        .into_iter()
        .find_map(|child| nested_loop(child, here))
}

/// Where the parts of a parsed expression are in its text.
#[derive(Debug)]
pub(super) struct Places {
    info: SourceInfo,
    tokens: Vec<Token>,
    length: usize,
}

impl Places {
    /// The bytes of a whole expression.
    pub(super) fn of(&self, expression: &IdedExpr) -> Range<usize> {
        let mut start = usize::MAX;
        let mut end = 0;
        self.stretch(expression, &mut start, &mut end);
        if start >= end {
            return 0..self.length;
        }
        self.close(start, end)
    }

    /// The bytes of the field that a selection names.
    pub(super) fn field(&self, selection: &IdedExpr) -> Range<usize> {
        let Expr::Select(select) = &selection.expr else {
            return self.of(selection);
        };
        let from = if select.test {
            // `has(a.b)` is placed at its bracket: the field follows the operand.
            self.of(&select.operand).end
        } else {
            self.at(selection).unwrap_or_default()
        };
        self.tokens
            .iter()
            .find(|token| token.range.start >= from && token.kind == TokenKind::Word)
            .map_or_else(|| self.of(selection), |token| token.range.clone())
    }

    /// The first word from a place on.
    pub(super) fn word_from(&self, place: usize) -> Range<usize> {
        self.tokens
            .iter()
            .find(|token| token.range.start >= place && token.kind == TokenKind::Word)
            .map_or(place..place, |token| token.range.clone())
    }

    /// The bytes of the name of a called function.
    pub(super) fn name(&self, call: &IdedExpr, name: &str, source: &str) -> Range<usize> {
        let at = self.at(call).unwrap_or_default();
        let named = |token: &&Token| source.get(token.range.clone()) == Some(name);
        // The place of a call is its bracket or dot: its name is the nearest one before or after.
        self.tokens
            .iter()
            .filter(named)
            .min_by_key(|token| token.range.start.abs_diff(at))
            .map_or_else(|| self.of(call), |token| token.range.clone())
    }

    /// The token at the place of a node.
    fn at(&self, expression: &IdedExpr) -> Option<usize> {
        let (start, _) = self.info.offset_for(expression.id)?;
        usize::try_from(start).ok()
    }

    fn stretch(&self, expression: &IdedExpr, start: &mut usize, end: &mut usize) {
        if let Some(at) = self.at(expression)
            && let Some(token) = self.tokens.iter().find(|token| token.range.contains(&at))
        {
            *start = token.range.start.min(*start);
            *end = token.range.end.max(*end);
            if matches!(expression.expr, Expr::Select(_)) {
                *end = self.field_end(at).max(*end);
            }
        }
        for child in tree::children(expression) {
            self.stretch(child, start, end);
        }
    }

    fn field_end(&self, dot: usize) -> usize {
        self.tokens
            .iter()
            .find(|token| token.range.start > dot && token.kind == TokenKind::Word)
            .map_or(dot, |token| token.range.end)
    }

    /// Widens a range so that every bracket in it is closed and a call has its name.
    fn close(&self, start: usize, end: usize) -> Range<usize> {
        let mut open: Vec<usize> = Vec::new();
        let (mut start, mut end) = (start, end);
        for token in &self.tokens {
            match token.kind {
                TokenKind::Open => open.push(token.range.start),
                TokenKind::Close => {
                    if let Some(opening) = open.pop() {
                        if opening >= start && opening < end {
                            end = end.max(token.range.end);
                        } else if token.range.start >= start && token.range.end <= end {
                            start = start.min(opening);
                        }
                    }
                }
                _ => {}
            }
        }
        // `has(` and `name(`: the word right before the first bracket belongs to it.
        let starts_with_bracket = self
            .tokens
            .iter()
            .any(|token| token.range.start == start && token.kind == TokenKind::Open);
        if starts_with_bracket
            && let Some(word) = self.tokens.iter().find(|token| token.range.end == start)
            && word.kind == TokenKind::Word
        {
            start = word.range.start;
        }
        start..end
    }
}
