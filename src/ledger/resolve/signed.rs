//! Whether the person that an entry names signed it.

use jiff::civil::Date;

use super::super::signature::Claim;
use super::super::{Attestation, List, SignOff, Waiver, signature};
use super::Reader;
use crate::diagnostic::Span;
use crate::profile::tree::Node;

/// An entry that a person answers for.
pub(super) trait Said {
    /// The list that it stands in.
    const LIST: List;

    /// Who says it, and when.
    fn who(&self) -> (&str, Date);
}

impl Said for Attestation {
    const LIST: List = List::Attestations;

    fn who(&self) -> (&str, Date) {
        (&self.by, self.at)
    }
}

impl Said for Waiver {
    const LIST: List = List::Waivers;

    fn who(&self) -> (&str, Date) {
        (&self.owner, self.at)
    }
}

impl Said for SignOff {
    const LIST: List = List::SignOffs;

    fn who(&self) -> (&str, Date) {
        (&self.by, self.at)
    }
}

impl Reader<'_> {
    /// A signature that is there must be right, and where signers are listed it must be there.
    pub(super) fn signature<T: Said>(&mut self, entry: &T, node: &Node, place: &Span) {
        match (&self.signers, node.get("signature")) {
            (None, None) => {}
            (None, Some(written)) => {
                let message = "nothing says whose signatures count";
                let help = "name a file of allowed signers in the ledger's `allowed_signers`, or \
                            with `--allowed-signers`";
                self.tell("ledger.unverifiable", message, &written.span, help);
            }
            (Some(_), None) => {
                let help =
                    "where signers are listed every entry must be signed: add it with `--key`";
                self.tell("ledger.unsigned", "this entry is not signed", place, help);
            }
            (Some(signers), Some(written)) => {
                let (name, day) = entry.who();
                let profile = &self.profile.identity.id;
                let message = signature::message(T::LIST, profile, node);
                let claim = Claim {
                    name,
                    day,
                    message: &message,
                    signature: written.as_text().unwrap_or_default(),
                };
                if let Err(why) = (self.outside.verify)(signers, &claim) {
                    let message = format!("this is no signature of {name} over this entry: {why}");
                    let help = "a signed entry cannot be changed: add a new one with `--key`";
                    self.tell("ledger.signature", message, &written.span, help);
                }
            }
        }
    }
}
