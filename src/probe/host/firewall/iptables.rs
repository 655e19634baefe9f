//! Reads `iptables -S`.

use std::collections::BTreeMap;

use super::{Allowed, Filter, Rule, Verdict, Walk};

/// What the chain `INPUT` does.
pub(super) fn iptables(text: &str, family: &str) -> Option<Filter> {
    let mut policy = None;
    let mut chains: BTreeMap<&str, Vec<Vec<&str>>> = BTreeMap::new();
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["-P", "INPUT", target] => policy = Some(*target),
            ["-P", _, _] | ["-N", _] => {}
            ["-A", chain, rest @ ..] => chains.entry(chain).or_default().push(rest.to_vec()),
            _ => return None,
        }
    }
    let drops = match policy? {
        "DROP" => true,
        "ACCEPT" => false,
        _ => return None,
    };
    let rules = |chain: &str| -> Vec<Rule> {
        let rules = chains.get(chain).into_iter().flatten();
        rules.map(|words| rule(words, family)).collect()
    };
    Walk::new(&rules).run("INPUT", drops)
}

/// The words of a rule behind `-A CHAIN`.
fn rule(words: &[&str], family: &str) -> Rule {
    let mut allowed = Allowed::everything(family);
    let (mut always, mut verdict) = (true, Verdict::Nothing);
    // Answers to what the machine has asked, and its own packets, are nothing that is let in.
    let (mut own, mut riddle) = (false, false);
    let mut words_left = words.iter().copied();
    while let Some(word) = words_left.next() {
        let mut next = || words_left.next().unwrap_or_default();
        match word {
            "-j" | "-g" => {
                verdict = match next() {
                    "ACCEPT" => Verdict::Accept,
                    "DROP" | "REJECT" => Verdict::Drop,
                    "RETURN" => Verdict::Return,
                    "LOG" | "NFLOG" | "MARK" | "CONNMARK" | "NOTRACK" => Verdict::Nothing,
                    target => Verdict::Go(target.to_owned()),
                };
                // What follows are options of the target.
                break;
            }
            // Modules; what they demand follows.
            "-m" => {
                let module = next();
                always &= ["comment", "tcp", "udp"].contains(&module);
            }
            "--comment" => {
                skip_quoted(next(), &mut words_left);
            }
            "-p" => {
                next().clone_into(&mut allowed.protocol);
                always = false;
            }
            "-s" => {
                next().clone_into(&mut allowed.from);
                always = false;
            }
            "-i" => {
                let interface = next();
                own |= interface == "lo";
                allowed.interface = Some(interface.to_owned());
                always = false;
            }
            "--dport" | "--dports" => {
                next().clone_into(&mut allowed.ports);
                always = false;
            }
            "--ctstate" | "--state" => {
                own |= !next().split(',').any(|state| state == "NEW");
                always = false;
            }
            // How often, to which of the machine's addresses, and from which port: still let in.
            "--limit" | "--limit-burst" | "-d" | "--sport" | "--sports" | "--icmp-type"
            | "--icmpv6-type" | "--dst-type" => {
                next();
                always = false;
            }
            _ => {
                riddle = true;
                always = false;
            }
        }
    }
    let allows = if own {
        Ok(None)
    } else if riddle {
        Err(words.join(" "))
    } else {
        Ok(Some(allowed))
    };
    Rule {
        always,
        verdict,
        allows,
    }
}

/// Goes behind a comment in quotes, of which `first` is the first word.
fn skip_quoted<'w>(first: &str, rest: &mut impl Iterator<Item = &'w str>) {
    let ends = |word: &str| word.ends_with('"') && !word.ends_with("\\\"");
    if !first.starts_with('"') || (first.len() > 1 && ends(first)) {
        return;
    }
    for word in rest {
        if ends(word) {
            return;
        }
    }
}
