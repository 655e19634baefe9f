//! Whether a filter keeps out what nobody has let in, by what ufw, iptables and nft say.
//!
//! It follows the rules for packets that come in; forwarded ones, such as those to ports that
//! Docker publishes, take another way and are not looked at.

mod iptables;
mod nft;
mod ufw;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::ufw::{Ufw, ufw};
use super::network::has_ipv6;
use super::sections::Look;
use crate::probe::ProbeError;
use crate::reason::Reason;
use crate::text::short_line;

/// What the filter does with what comes in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Firewall {
    /// What the rules are read from: `ufw`, `iptables` or `nft`; `none` where nothing is kept
    /// out.
    pub tool: String,
    /// Over IPv4: `closed` where only what is allowed comes in, or `open`.
    pub ipv4: String,
    /// The same over IPv6; `unused` where the machine has no address that others reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv6: Option<String>,
    /// What is let in; left out where everything is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Vec<Allowed>>,
}

/// Something that is let in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Allowed {
    /// `ipv4`, `ipv6`, or `both`.
    pub family: String,
    /// `tcp`, `udp`, another protocol, or `any`.
    pub protocol: String,
    /// Ports as the rule has them: `22`, `80,443`, `8000:8010`, a service's name, or `any`.
    pub ports: String,
    /// Senders: an address, a network, or `any`.
    pub from: String,
    /// The interface that it comes in by, where the rule has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
}

impl Allowed {
    fn everything(family: &str) -> Self {
        Self {
            family: family.to_owned(),
            protocol: "any".to_owned(),
            ports: "any".to_owned(),
            from: "any".to_owned(),
            interface: None,
        }
    }
}

/// What a tool's rules do with what comes in over one version of IP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Filter {
    closed: bool,
    allowed: Vec<Allowed>,
    /// A rule that lets something in which is not understood.
    riddle: Option<String>,
}

/// A chain's rule, as far as it matters.
struct Rule {
    /// Whether it holds for every packet.
    always: bool,
    verdict: Verdict,
    allows: Result<Option<Allowed>, String>,
}

/// What becomes of a packet.
#[derive(Clone)]
enum Verdict {
    Accept,
    Drop,
    Return,
    Go(String),
    Nothing,
}

/// Chains that call each other are followed this deep.
const DEEPEST: usize = 16;
/// Rules that are looked at, over all.
const MOST_RULES: usize = 5000;

/// Follows a chain: what becomes in the end of packets that no rule is about, and what is let
/// in until then.
struct Walk<'c> {
    chain: &'c dyn Fn(&str) -> Vec<Rule>,
    filter: Filter,
    left: usize,
}

impl<'c> Walk<'c> {
    fn new(chain: &'c dyn Fn(&str) -> Vec<Rule>) -> Self {
        Self {
            chain,
            filter: Filter::default(),
            left: MOST_RULES,
        }
    }

    /// `None` is a loop or too much to follow.
    fn run(mut self, chain: &str, policy_drops: bool) -> Option<Filter> {
        self.filter.closed = match self.follow(chain, DEEPEST)? {
            Verdict::Accept => false,
            Verdict::Drop => true,
            _ => policy_drops,
        };
        Some(self.filter)
    }

    fn follow(&mut self, chain: &str, deep: usize) -> Option<Verdict> {
        let deep = deep.checked_sub(1)?;
        for rule in (self.chain)(chain) {
            self.left = self.left.checked_sub(1)?;
            let verdict = match &rule.verdict {
                // What a chain lets in under a condition may be more than it really is: the
                // condition of the call is not repeated for what is below it.
                Verdict::Go(target) => match self.follow(target, deep)? {
                    end @ (Verdict::Accept | Verdict::Drop) => end,
                    _ => continue,
                },
                other => other.clone(),
            };
            if rule.always && !matches!(verdict, Verdict::Nothing) {
                return Some(verdict);
            }
            if matches!(verdict, Verdict::Accept) {
                match rule.allows {
                    Ok(allowed) => self.filter.allowed.extend(allowed),
                    Err(riddle) => {
                        self.filter.riddle.get_or_insert(riddle);
                    }
                }
            }
        }
        Some(Verdict::Nothing)
    }
}

/// The facts, and their gaps, from all that the machine said of its filter.
pub(super) fn firewall(look: &mut Look) -> Option<Firewall> {
    match look.read_section("ufw", ufw) {
        Ok(Ufw::On(rules)) => {
            let closed = rules.closed;
            let allowed = allowed_by(look, &[&rules]);
            return Some(Firewall {
                tool: if closed { "ufw" } else { "none" }.to_owned(),
                ipv4: word(closed),
                ipv6: Some(word(closed)),
                allowed: look.keep("firewall.allowed", allowed).filter(|_| closed),
            });
        }
        // It is off, or not there.
        Ok(Ufw::Off) => {}
        Err(error) if error.reason == Reason::ToolMissing => {}
        Err(error) => {
            look.gaps.insert("firewall".to_owned(), error);
            return None;
        }
    }
    let four = family(look, "iptables", "ipv4");
    let six = family(look, "ip6tables", "ipv6");
    let (tool, four) = match four {
        Ok(found) => found,
        Err(error) => {
            look.gaps.insert("firewall".to_owned(), error);
            return None;
        }
    };
    let closed = six.as_ref().map(|(_, filter)| filter.closed);
    let ipv6 = by_ipv6(look, closed.map_err(Clone::clone));
    let mut allowed = None;
    if four.closed {
        let six = six.map(|(_, filter)| filter);
        let found = ipv6.clone().and_then(|word| match word.as_str() {
            "closed" => allowed_by(look, &[&four, &six?]),
            _ => allowed_by(look, &[&four]),
        });
        allowed = look.keep("firewall.allowed", found);
    }
    Some(Firewall {
        tool: tool.to_owned(),
        ipv4: word(four.closed),
        ipv6: look.keep("firewall.ipv6", ipv6),
        allowed,
    })
}

fn word(closed: bool) -> String {
    if closed { "closed" } else { "open" }.to_owned()
}

/// What holds for IPv6, or that nobody uses it.
fn by_ipv6(look: &Look, closed: Result<bool, ProbeError>) -> Result<String, ProbeError> {
    match closed {
        Ok(true) => Ok(word(true)),
        other if look.read_section("inet6", has_ipv6)? => other.map(word),
        _ => Ok("unused".to_owned()),
    }
}

fn allowed_by(look: &Look, filters: &[&Filter]) -> Result<Vec<Allowed>, ProbeError> {
    if let Some(rule) = filters.iter().find_map(|filter| filter.riddle.as_ref()) {
        let rule = short_line(rule, 300);
        return Err(look.odd("a rule of the firewall").with_detail(rule));
    }
    let all = filters.iter().flat_map(|one| one.allowed.iter().cloned());
    let all: BTreeSet<Allowed> = all.collect();
    look.bounded("rules of the firewall", all.into_iter().collect())
}

/// By which tool's rules a version of IP is filtered, and how. Somebody keeps packets out, or
/// nobody does: then everybody who could must have been asked.
fn family(look: &Look, section: &str, family: &str) -> Result<(&'static str, Filter), ProbeError> {
    let tables = look.read_section(section, |text| iptables::iptables(text, family));
    let nft = look.read_section("nft", |text| nft::nft(text, family));
    match (tables, nft) {
        (Ok(filter), _) if filter.closed => Ok(("iptables", filter)),
        (_, Ok(filter)) if filter.closed => Ok(("nft", filter)),
        (Ok(filter), Ok(_)) => Ok(("none", filter)),
        (Ok(filter), Err(error)) | (Err(error), Ok(filter)) => match error.reason {
            Reason::ToolMissing => Ok(("none", filter)),
            _ => Err(error),
        },
        (Err(error), Err(other)) if error.reason == Reason::ToolMissing => Err(other),
        (Err(error), Err(_)) => Err(error),
    }
}

#[cfg(test)]
mod tests;
