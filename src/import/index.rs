//! Which built-in checks an item may speak of, by the words it has.
//!
//! A phrase of a check fits when all its words are in the item; it counts the sum of how rare
//! they are in the catalogue. Words of the item's title count in full, those of its description
//! a little less, those of the sections around it half. At least half of it must be the item's
//! own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::words::{singular, words};
use crate::profile::catalogue::{self, CatalogueCheck};

/// How much a word of a description counts.
const DESCRIBED: f64 = 0.85;
/// How much a word of a section's title counts.
const AROUND: f64 = 0.5;

/// The words that an item has, by where they are.
#[derive(Debug)]
pub(super) struct Said {
    /// In its title.
    pub(super) named: BTreeSet<String>,
    /// In the rest of it.
    pub(super) described: BTreeSet<String>,
    /// In the titles of its sections.
    pub(super) around: BTreeSet<String>,
    /// In the title of the section that it stands in directly.
    pub(super) within: BTreeSet<String>,
}

/// A built-in check that fits.
#[derive(Clone, Debug)]
pub(super) struct Fit {
    pub(super) check: &'static CatalogueCheck,
    pub(super) score: f64,
    /// The words of the phrase that fits best.
    pub(super) phrase: &'static [String],
}

/// The phrases of the catalogue.
#[derive(Debug)]
pub(super) struct Index {
    terms: Vec<Term>,
    checks: Vec<Entry>,
}

/// A word of a phrase, with its alternatives.
#[derive(Debug)]
struct Term {
    /// Each with whether it is the start of a word alone.
    forms: Vec<(String, bool)>,
    /// Whether it must be in the title of the section that the item stands in.
    within: bool,
    rarity: f64,
}

#[derive(Debug)]
struct Entry {
    check: &'static CatalogueCheck,
    /// Terms of each phrase.
    phrases: Vec<(Vec<usize>, f64, &'static [String])>,
    not: Vec<usize>,
}

impl Index {
    /// The index of the built-in checks, made once.
    pub(super) fn get() -> &'static Self {
        static INDEX: OnceLock<Index> = OnceLock::new();
        INDEX.get_or_init(Self::new)
    }

    fn new() -> Self {
        let mut index = Self {
            terms: Vec::new(),
            checks: Vec::new(),
        };
        let mut known = BTreeMap::new();
        for check in catalogue::all() {
            let mut term = |word: &str| {
                *known.entry(word.to_owned()).or_insert_with(|| {
                    index.terms.push(Term::new(word));
                    index.terms.len() - 1
                })
            };
            let phrases = check.matches.phrases.iter().map(|phrase| {
                let terms = phrase.words.iter().map(|word| term(word)).collect();
                (terms, phrase.factor, phrase.words.as_slice())
            });
            let phrases = phrases.collect();
            let not = check.matches.not.iter().map(|word| term(word)).collect();
            index.checks.push(Entry {
                check,
                phrases,
                not,
            });
        }
        index.weigh();
        index
    }

    /// A term is the rarer, the fewer checks speak in its words.
    #[expect(clippy::cast_precision_loss, reason = "counts of built-in checks")]
    fn weigh(&mut self) {
        let spoken: Vec<BTreeSet<String>> = catalogue::all()
            .map(|check| {
                let phrases = check
                    .matches
                    .phrases
                    .iter()
                    .flat_map(|phrase| &phrase.words);
                let forms = phrases.flat_map(|word| word.split('|'));
                let mut spoken = words(&check.title);
                let bare = forms.map(|form| form.trim_start_matches('<').trim_end_matches('*'));
                spoken.extend(bare.map(|form| singular(form).to_owned()));
                spoken
            })
            .collect();
        let all = spoken.len() as f64;
        for term in &mut self.terms {
            let with = spoken.iter().filter(|words| term.is_in(words)).count();
            term.rarity = (1.0 + all / with.max(1) as f64).ln();
        }
    }

    /// The checks that fit, best first.
    pub(super) fn fits(&self, said: &Said) -> Vec<Fit> {
        let worth: Vec<f64> = self.terms.iter().map(|term| term.worth(said)).collect();
        let own: Vec<bool> = self
            .terms
            .iter()
            .map(|term| !term.within && (term.is_in(&said.named) || term.is_in(&said.described)))
            .collect();
        let mut fits: Vec<Fit> = self
            .checks
            .iter()
            .filter(|entry| {
                let against =
                    |term: &usize| own[*term] || (self.terms[*term].within && worth[*term] > 0.0);
                !entry.not.iter().any(against)
            })
            .filter_map(|entry| {
                let scored = entry.phrases.iter().filter_map(|(terms, factor, phrase)| {
                    let all = terms.iter().all(|term| worth[*term] > 0.0);
                    let sum = |of: &dyn Fn(usize) -> bool| {
                        terms
                            .iter()
                            .filter(|term| of(**term))
                            .map(|term| worth[*term])
                            .sum::<f64>()
                    };
                    let score = sum(&|_| true);
                    let enough = sum(&|term| own[term]) * 2.0 >= score;
                    (all && enough).then_some((score * factor, *phrase))
                });
                let (score, phrase) = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
                let check = entry.check;
                Some(Fit {
                    check,
                    score,
                    phrase,
                })
            })
            .collect();
        fits.sort_by(|a, b| {
            b.score
                .total_cmp(&a.score)
                .then_with(|| a.check.id.cmp(&b.check.id))
        });
        fits
    }
}

impl Term {
    fn new(word: &str) -> Self {
        let within = word.starts_with('<');
        let word = word.trim_start_matches('<');
        let forms = word.split('|').map(|form| match form.strip_suffix('*') {
            Some(start) => (start.to_owned(), true),
            None => (singular(form).to_owned(), false),
        });
        Self {
            forms: forms.collect(),
            within,
            rarity: 0.0,
        }
    }

    fn is_in(&self, words: &BTreeSet<String>) -> bool {
        self.forms.iter().any(|(form, starts)| {
            if !starts {
                return words.contains(form);
            }
            let mut from = words.range::<String, _>(form.clone()..);
            from.next()
                .is_some_and(|word| word.starts_with(form.as_str()))
        })
    }

    fn worth(&self, said: &Said) -> f64 {
        if self.within {
            let there = self.is_in(&said.within);
            return if there { AROUND * self.rarity } else { 0.0 };
        }
        let places = [
            (&said.named, 1.0),
            (&said.described, DESCRIBED),
            (&said.around, AROUND),
        ];
        let place = places.iter().find(|(words, _)| self.is_in(words));
        place.map_or(0.0, |(_, share)| share * self.rarity)
    }
}
