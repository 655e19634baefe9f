//! Numbers and words on their way to a target.

use super::expression::compile;
use super::rule::Bench;
use crate::check::expect::{Names, Want};
use crate::check::{Asked, Measure};
use crate::diagnostic::{Diagnostic, Span};
use crate::profile::raw::RawMeasure;

/// The valid measure, or `None` with everything that is wrong among `problems`.
pub(super) fn resolve(
    raw: &RawMeasure,
    names: &Names,
    asked: Option<Vec<Asked>>,
    bench: &Bench<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Measure> {
    let words = &raw.words.0;
    let want = if words.is_empty() {
        Want::Number
    } else {
        Want::Reading
    };
    let value = compile(&raw.value, names, want, bench.sources, problems);
    let before = problems.len();
    look(raw, problems);
    if problems.len() > before {
        return None;
    }
    Some(Measure {
        asked: asked?,
        constants: bench.constants.clone(),
        value: value?,
        target: raw.target,
        warn_at: raw.warn_at.as_ref().map(|warn_at| warn_at.value),
        unit: raw.unit.clone(),
        words: words
            .iter()
            .map(|(word, credit)| (word.value.clone(), credit.value))
            .collect(),
        was: raw.was.clone(),
        absent: raw.absent.as_ref().map(|absent| absent.value.clone()),
    })
}

/// Looks whether it can be reached, and missed.
fn look(raw: &RawMeasure, problems: &mut Vec<Diagnostic>) {
    let mut tell = |message: String, at: &Span, help: &str| {
        let problem = Diagnostic::error("check.measure", message).at(at);
        problems.push(problem.help(help));
    };
    let words = &raw.words.0;
    for (word, credit) in words {
        if !(0.0..=1.0).contains(&credit.value) {
            let message = format!(
                "`{}` cannot earn {} times the weight",
                word.value, credit.value
            );
            tell(
                message,
                &credit.span,
                "0 for nothing, 1 for all, such as 0.5 for half",
            );
        }
    }
    let first = words.first().map(|(word, _)| &word.span);
    if let Some(first) = first {
        if words.iter().all(|(_, credit)| credit.value >= 1.0) {
            let help = "give a word that earns less, such as `Never: 0`";
            tell(
                "every word earns all: none says that it is missed".to_owned(),
                first,
                help,
            );
        }
        if raw.target.is_none() && words.iter().all(|(_, credit)| credit.value < 1.0) {
            let help = "give the word that is aimed at the credit 1";
            tell(
                "no word earns all: it could never be reached".to_owned(),
                first,
                help,
            );
        }
    } else if raw.target.is_none() {
        let help = "`target` is the number to reach; `words` are for what is none";
        tell(
            "neither a `target` nor `words`".to_owned(),
            &raw.value.span,
            help,
        );
    }
    if let (Some(warn_at), None) = (&raw.warn_at, raw.target) {
        let help = "the credit of a word says whether it is on its way";
        tell(
            "`warn_at` without a `target`".to_owned(),
            &warn_at.span,
            help,
        );
    }
    if let Some(absent) = &raw.absent
        && let Some((_, credit)) = words.iter().find(|(word, _)| word.value == absent.value)
        && credit.value > 0.0
    {
        let message = format!(
            "`{}` is what is not there, and would earn something",
            absent.value
        );
        tell(
            message,
            &absent.span,
            "what is absent earns nothing: give the word the credit 0",
        );
    }
}
