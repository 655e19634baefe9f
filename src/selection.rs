//! `--only` and `--skip`: which checks of a profile a run is about.

use std::collections::BTreeSet;

use anyhow::bail;
use regex::Regex;

use crate::check::Check;
use crate::profile::{Profile, Section};

/// Words that name checks by id, section, tag or catalogue id; `*` stands for anything.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    only: Vec<Pattern>,
    skip: Vec<Pattern>,
}

#[derive(Clone, Debug)]
struct Pattern {
    written: String,
    regex: Regex,
}

impl Selection {
    /// A selection of these words.
    pub fn new(only: &[String], skip: &[String]) -> anyhow::Result<Self> {
        let patterns = |words: &[String]| -> anyhow::Result<Vec<Pattern>> {
            words.iter().map(|word| Pattern::new(word)).collect()
        };
        Ok(Self {
            only: patterns(only)?,
            skip: patterns(skip)?,
        })
    }

    /// Removes the checks that are not selected.
    ///
    /// A word that names nothing is an error, and so is a selection that leaves nothing: a
    /// run that looks at nothing must not look like one that found nothing.
    pub fn apply(&self, profile: &mut Profile) -> anyhow::Result<()> {
        for pattern in self.only.iter().chain(&self.skip) {
            if !profile.checks.iter().any(|check| pattern.names(check)) {
                bail!("{}", unknown(&pattern.written, profile));
            }
        }
        let named = |patterns: &[Pattern], check: &Check| {
            patterns.iter().any(|pattern| pattern.names(check))
        };
        profile.checks.retain(|check| {
            (self.only.is_empty() || named(&self.only, check)) && !named(&self.skip, check)
        });
        if profile.checks.is_empty() {
            bail!("--only and --skip leave no check to run");
        }
        // A section that is not looked at has no verdict of its own.
        let left: BTreeSet<&str> = profile
            .checks
            .iter()
            .flat_map(|check| sections_above(&check.section))
            .collect();
        keep(&mut profile.sections, &left);
        Ok(())
    }
}

impl Pattern {
    fn new(written: &str) -> anyhow::Result<Self> {
        let inner = regex::escape(written.trim()).replace(r"\*", ".*");
        Ok(Self {
            written: written.to_owned(),
            regex: Regex::new(&format!("^(?:{inner})$"))?,
        })
    }

    fn names(&self, check: &Check) -> bool {
        let is = |word: &str| self.regex.is_match(word);
        is(&check.id.0)
            || check.catalogue.as_deref().is_some_and(is)
            || check.tags.iter().any(|tag| is(tag))
            || sections_above(&check.section).any(is)
    }
}

fn keep(sections: &mut Vec<Section>, left: &BTreeSet<&str>) {
    sections.retain(|section| left.contains(section.path.as_str()));
    for section in sections {
        keep(&mut section.sections, left);
    }
}

/// `pre.https` lies in `pre` and in `pre.https`.
fn sections_above(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('.')
        .map(|(end, _)| &path[..end])
        .chain((!path.is_empty()).then_some(path))
}

fn unknown(written: &str, profile: &Profile) -> String {
    let mut words = BTreeSet::new();
    for check in &profile.checks {
        words.insert(check.id.0.as_str());
        words.extend(check.tags.iter().map(String::as_str));
        words.extend(sections_above(&check.section));
    }
    let near = words
        .into_iter()
        .map(|word| (strsim::jaro_winkler(word, written), word))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match near {
        Some((_, word)) => format!(
            "no check, section or tag of profile `{}` is called `{written}`; did you mean `{word}`?",
            profile.identity.id
        ),
        None => format!(
            "no check, section or tag of profile `{}` is called `{written}`; `ready plan --json` \
             names the checks that ask something",
            profile.identity.id
        ),
    }
}
