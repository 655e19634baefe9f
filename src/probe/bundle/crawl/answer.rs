//! What was seen, as facts; and as gaps where not everything was.

use std::collections::{BTreeMap, BTreeSet};

use super::Crawl;
use crate::probe::bundle::Facts;
use crate::probe::{Answer, ProbeError};

impl Crawl<'_> {
    pub(super) fn answer(mut self) -> Answer<Facts> {
        let found: BTreeSet<usize> = self.all.found.iter().copied().collect();
        let texts = self.texts.iter().enumerate();
        let found: Vec<String> = texts
            .filter(|(at, _)| found.contains(at))
            .map(|(_, text)| text.clone())
            .collect();
        let mut gaps = BTreeMap::new();
        let facts = &mut self.facts;
        match &self.unseen {
            Some(why) if found.len() < self.texts.len() => {
                gaps.insert("found".to_owned(), why.clone());
            }
            _ => facts.found = Some(found),
        }
        let Some(why) = self.unseen else {
            facts.files = Some(self.files);
            facts.secrets = Some(self.all.secrets);
            facts.local = Some(self.all.local);
            facts.debug = Some(self.all.debug);
            facts.origins = Some(self.all.origins);
            facts.source_maps = Some(self.maps);
            facts.broken = Some(self.broken);
            facts.initial_bytes = Some(self.initial.0);
            facts.initial_transferred = Some(self.initial.1);
            return self.facts.into();
        };
        let secrets = self
            .all
            .secrets
            .iter()
            .map(|one| format!("{} in {}:{}", one.rule, one.url, one.line));
        let local = self
            .all
            .local
            .iter()
            .map(|one| format!("{} in {}:{}", one.text, one.url, one.line));
        let broken = self.broken.iter().map(|one| one.url.clone());
        gaps.insert("secrets".to_owned(), so_far(&why, secrets));
        gaps.insert("local".to_owned(), so_far(&why, local));
        gaps.insert(
            "source_maps".to_owned(),
            so_far(&why, self.maps.iter().cloned()),
        );
        gaps.insert("broken".to_owned(), so_far(&why, broken));
        for fact in [
            "files",
            "debug",
            "origins",
            "initial_bytes",
            "initial_transferred",
        ] {
            gaps.insert(fact.to_owned(), why.clone());
        }
        Answer {
            facts: self.facts,
            gaps,
        }
    }
}

/// Why a list is not known whole, and what of it is known all the same.
fn so_far(why: &ProbeError, known: impl Iterator<Item = String>) -> ProbeError {
    let known: Vec<String> = known.take(5).collect();
    if known.is_empty() {
        return why.clone();
    }
    let known = format!("so far: {}", known.join(", "));
    let detail = match &why.detail {
        Some(detail) => format!("{detail}; {known}"),
        None => known,
    };
    why.clone().with_detail(detail)
}
