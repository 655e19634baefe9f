//! A [`Node`] tree into typed values, with *all* that does not fit told at its place.
//!
//! Unknown keys are noted and passed over. After any other problem the value that has it is
//! left out and the rest is read once more, until nothing new is found.

mod deserializer;
mod error;
mod named;
mod spanned;

use std::cell::RefCell;
use std::collections::HashSet;

use serde::de::DeserializeOwned;

use super::tree::Node;
use crate::diagnostic::Diagnostic;
use deserializer::NodeDeserializer;

pub(crate) use named::Named;
pub(crate) use spanned::{Spanned, Tree};

/// Problems of one value that are looked for; each takes one more reading.
const MOST_ROUNDS: usize = 50;

/// What came of reading a value.
pub(crate) struct Decoded<T> {
    /// The value, without the parts that did not fit.
    pub(crate) value: Option<T>,
    /// Whether everything fitted.
    pub(crate) clean: bool,
}

/// What one reading leaves for the next.
#[derive(Default)]
struct Notes {
    /// Addresses of nodes that do not fit and are left out.
    skipped: RefCell<HashSet<usize>>,
    /// What was found so far.
    problems: RefCell<Vec<Diagnostic>>,
}

impl Notes {
    fn skips(&self, node: &Node) -> bool {
        self.skipped.borrow().contains(&address(node))
    }

    fn add(&self, problem: Diagnostic) {
        let mut problems = self.problems.borrow_mut();
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
}

/// Identity of a node while the tree stays where it is.
fn address(node: &Node) -> usize {
    std::ptr::from_ref(node).addr()
}

/// Reads `node` as a `T` and adds everything that does not fit to `problems`.
pub(crate) fn decode<T: DeserializeOwned>(
    node: &Node,
    problems: &mut Vec<Diagnostic>,
) -> Decoded<T> {
    let notes = Notes::default();
    let mut value = None;
    for _ in 0..MOST_ROUNDS {
        match T::deserialize(NodeDeserializer::new(node, &notes)) {
            Ok(read) => {
                value = Some(read);
                break;
            }
            Err(error) => {
                let culprit = error.culprit;
                if !error.told {
                    notes.add(error.into_diagnostic(&node.span));
                }
                match culprit {
                    Some(culprit) if notes.skipped.borrow_mut().insert(culprit) => {}
                    _ => break,
                }
            }
        }
    }
    let found = notes.problems.into_inner();
    let clean = found.is_empty();
    problems.extend(found);
    Decoded { value, clean }
}
