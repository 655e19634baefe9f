//! What belongs together in a document: one task named in several places, who signs what, what
//! must hold whatever else, which section a threshold is for.

use std::collections::{BTreeSet, HashMap};

use super::checklist::{Checklist, Item, Kind, Section};
use super::said::Threshold;
use super::titles::{section_slug, slug};
use super::words::{likeness, overlap, stems};

/// Likeness from which two names are taken for one thing.
const SAME: f64 = 0.75;

/// The checklist with everything that belongs together put together. `tasks` are the sections
/// that are tasks, with the item of each.
pub(super) fn relate(
    mut list: Checklist,
    tasks: &HashMap<usize, usize>,
    signs: Vec<String>,
) -> Checklist {
    join_tasks(&mut list, tasks);
    for role in signs {
        sign(&mut list, role);
    }
    mark_musts(&mut list);
    list
}

/// Rows, boxes and signs elsewhere with the name of a task are further places of it.
fn join_tasks(list: &mut Checklist, tasks: &HashMap<usize, usize>) {
    let mut named: Vec<(usize, BTreeSet<String>)> = tasks
        .values()
        .map(|at| (*at, stems(&list.items[*at].title)))
        .collect();
    named.sort_unstable();
    if named.is_empty() {
        return;
    }
    let mut gone = Vec::new();
    for at in 0..list.items.len() {
        let item = &list.items[at];
        let within = list
            .above(item.section)
            .any(|(at, _)| tasks.contains_key(&at));
        if within || item.kind == Kind::Task || item.measure.is_some() {
            continue;
        }
        let name = stems(&item.title);
        let best = named
            .iter()
            .map(|(task, stems)| (overlap(&name, stems), likeness(&name, stems), *task))
            .filter(|(overlap, ..)| *overlap >= SAME)
            .max_by(|a, b| {
                (a.0, a.1)
                    .partial_cmp(&(b.0, b.1))
                    .unwrap_or(std::cmp::Ordering::Equal)
            });
        if let Some((.., task)) = best {
            let item = list.items[at].clone();
            join(&mut list.items[task], item);
            gone.push(at);
        }
    }
    let mut at = 0;
    list.items.retain(|_| {
        at += 1;
        gone.binary_search(&(at - 1)).is_err()
    });
}

fn join(task: &mut Item, other: Item) {
    task.places.extend(other.places);
    task.impact = task.impact.or(other.impact);
    task.effort = task.effort.or(other.effort);
    task.optional |= other.optional;
}

/// Gives a role the section that has its name, or one of its own.
fn sign(list: &mut Checklist, role: String) {
    let name = stems(&role);
    let fits = |section: &Section| {
        let title = stems(&section.title);
        if section.sign_off.is_some() || !name.is_subset(&title) {
            return 0.0;
        }
        likeness(&name, &title)
    };
    let best = list
        .sections
        .iter()
        .enumerate()
        .skip(1)
        .map(|(at, section)| (fits(section), at))
        .filter(|(fits, at)| *fits > 0.0 && has_items(list, *at))
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    match best {
        Some((_, at)) => list.sections[at].sign_off = Some(role),
        None => list.unsigned.push(role),
    }
}

fn has_items(list: &Checklist, section: usize) -> bool {
    list.items
        .iter()
        .any(|item| list.above(item.section).any(|(at, _)| at == section))
}

/// What a list of musts says of each thing.
const SAID_OF_ANYTHING: &[&str] = &[
    "all", "appli", "applied", "configur", "place", "regular", "secure", "taken", "work",
];

/// Makes the items that a list of musts speaks of blockers.
fn mark_musts(list: &mut Checklist) {
    if list.musts.is_empty() {
        return;
    }
    let named: Vec<(BTreeSet<String>, BTreeSet<String>)> = list
        .items
        .iter()
        .map(|item| {
            let above = list
                .above(item.section)
                .map(|(_, section)| stems(&section.title));
            (stems(&item.title), above.flatten().collect())
        })
        .collect();
    let mut unmet = Vec::new();
    for must in std::mem::take(&mut list.musts) {
        let mut words = stems(&must);
        words.retain(|word| !SAID_OF_ANYTHING.contains(&word.as_str()));
        let score = |(own, above): &(BTreeSet<String>, BTreeSet<String>)| {
            let other = words
                .intersection(above)
                .filter(|word| !own.contains(*word));
            2 * words.intersection(own).count() + other.count()
        };
        let best = named
            .iter()
            .enumerate()
            .map(|(at, names)| (score(names), at))
            .max_by_key(|(score, at)| (*score, std::cmp::Reverse(*at)));
        match best.filter(|(score, _)| *score >= 1) {
            Some((_, at)) => {
                list.items[at].blocker = true;
                list.items[at].must = Some(must);
            }
            None => unmet.push(must),
        }
    }
    list.musts = unmet;
}

/// Gives a threshold to the section that it names, or to the whole.
pub(super) fn set_minimum(list: &mut Checklist, threshold: &Threshold) {
    if let Some(at) = named(list, &threshold.name) {
        let section = &mut list.sections[at];
        section.minimum = Some(threshold.percent);
        section.due.clone_from(&threshold.due);
        return;
    }
    let wanted = slug(&threshold.name, 4);
    let whole = ["overall", "total", "whole", "minimum", "all"];
    if whole
        .iter()
        .any(|word| wanted.split('-').any(|part| part == *word))
    {
        list.minimum = Some(threshold.percent);
    }
}

/// The section with this name, or whose name begins so.
pub(super) fn named(list: &Checklist, name: &str) -> Option<usize> {
    let wanted = slug(name, 4);
    let longer = format!("{wanted}-");
    let found = list.sections.iter().skip(1).position(|section| {
        let name = section_slug(&section.title);
        name == wanted || name.starts_with(&longer)
    });
    found.map(|at| at + 1)
}
