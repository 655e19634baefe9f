//! How people write in their checklists what a built-in check looks at: `matches:`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// How people write in their checklists what a check looks at, for `ready import`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(rename = "Matches")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawMatches {
    /// Words that must all be there, in any order: `certificat* expir*|renew*`. A `*` stands for
    /// the rest of a word, `|` for either of two words. The rarer the words are in the catalogue,
    /// the more a phrase counts; `^2` at its end makes it count twice that. `<alert*` must be in
    /// the title of the section that an item stands in, and `@file`, `@env`, `@route` and the like
    /// are items that are or state such a thing.
    #[serde(default)]
    pub(crate) phrases: Vec<String>,
    /// Words that speak against it.
    #[serde(default)]
    pub(crate) not: Vec<String>,
    /// Where parameters come from, the first that is there: a word for what an item's text
    /// states (`port`, `days`, `url` …), or `=` and a value. A check that must be given a
    /// parameter, which then is not there, is proposed and never taken.
    #[serde(default)]
    pub(crate) fill: BTreeMap<String, Vec<String>>,
}

/// How people write in their checklists what a check looks at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matches {
    /// Words that must all be there, with the factor by which they count.
    pub phrases: Vec<Phrase>,
    /// Words that speak against it.
    pub not: Vec<String>,
    /// Where parameters come from.
    pub fill: BTreeMap<String, Vec<String>>,
}

/// Words that must all be there.
#[derive(Clone, Debug, PartialEq)]
pub struct Phrase {
    /// The words: `certificat*`, `expir*|renew*`.
    pub words: Vec<String>,
    /// Factor by which it counts.
    pub factor: f64,
}

impl Matches {
    pub(super) fn new(raw: RawMatches) -> Self {
        Self {
            phrases: raw.phrases.iter().map(|text| Phrase::new(text)).collect(),
            not: raw.not,
            fill: raw.fill,
        }
    }
}

impl Phrase {
    fn new(text: &str) -> Self {
        let (words, factor) = match text.rsplit_once('^') {
            Some((words, factor)) => (words, factor.trim().parse().unwrap_or(f64::NAN)),
            None => (text, 1.0),
        };
        Self {
            words: words.split_whitespace().map(str::to_owned).collect(),
            factor,
        }
    }

    /// What is wrong with it: a test holds this to be nothing.
    pub fn problem(&self) -> Option<String> {
        let odd =
            |c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || "-_./+*|<@=".contains(c));
        if self.words.is_empty() {
            return Some("a phrase without words".to_owned());
        }
        if !(self.factor > 0.0 && self.factor <= 4.0) {
            return Some(format!(
                "{:?}: the factor is not above 0 and at most 4",
                self.words
            ));
        }
        let bad = self.words.iter().find(|word| {
            word.contains(odd)
                || word
                    .split('|')
                    .any(|one| one.trim_end_matches('*').len() < 2)
        });
        bad.map(|word| format!("`{word}` is no word of a phrase"))
    }
}
