//! SPF records (RFC 7208): what one says, and how many questions it takes to evaluate it.
//!
//! Addresses are not compared: whether a given machine may send is not asked here.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Receivers give up after this many (RFC 7208, section 4.6.4).
const LOOKUP_LIMIT: u32 = 10;

/// Counting stops here: far enough to tell "11" from "many", not far enough to be led around.
const MOST_LOOKUPS: u32 = 30;

/// Who may send mail for a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Spf {
    /// The record's text.
    pub record: String,
    /// Whether there is exactly one record, it and all that it includes follow the rules, and
    /// evaluating it takes at most 10 lookups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid: Option<bool>,
    /// What becomes of everybody else: `fail` (`-all`), `softfail` (`~all`), `neutral`
    /// (`?all`) or `pass` (`+all`), also by way of `redirect=`. Left out when the record
    /// does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all: Option<Qualifier>,
    /// Lookups that evaluating it takes, those of includes counted in; counting stops above 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookups: Option<u32>,
    /// Domains that it includes itself.
    pub includes: Vec<String>,
    /// The domain that it is replaced by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect: Option<String>,
    /// What is wrong with it, in words.
    pub problems: Vec<String>,
}

/// What a match means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Qualifier {
    /// `+`: may send.
    Pass,
    /// `-`: may not.
    Fail,
    /// `~`: probably may not.
    Softfail,
    /// `?`: nothing is said.
    Neutral,
}

/// One record, by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Policy {
    all: Option<Qualifier>,
    /// Terms that take a lookup, those of `references` counted in.
    lookups: u32,
    includes: Vec<String>,
    redirect: Option<String>,
    problems: Vec<String>,
}

impl Policy {
    /// The records that evaluating this one takes.
    fn references(&self) -> impl Iterator<Item = &String> {
        // A redirect is not followed where `all` has matched everything before.
        let redirect = self.redirect.iter().filter(|_| self.all.is_none());
        self.includes.iter().chain(redirect)
    }
}

/// Texts found at the names that a record refers to.
pub(in crate::probe::dns) type Known = BTreeMap<String, Vec<String>>;

/// What is known of a record so far.
#[derive(Debug)]
pub(in crate::probe::dns) enum Progress {
    /// The texts at these names are needed.
    Needs(Vec<String>),
    /// Everything is known. `None`: there is no SPF record.
    Done(Option<Spf>),
}

/// Evaluates the record among `texts` as far as `known` goes. Call it again with the texts
/// at the names that it needs until it is done; what is needed is bounded.
pub(in crate::probe::dns) fn evaluate(texts: &[&str], known: &Known) -> Progress {
    let Some(mut spf) = alone(texts) else {
        return Progress::Done(None);
    };
    let policy = parse(&spf.record);
    let mut needs = Vec::new();
    let mut walk = vec![policy.clone()];
    let mut lookups = 0;
    let mut all = policy.all;
    let mut redirect = policy.redirect.clone();
    while let Some(policy) = walk.pop() {
        lookups += policy.lookups;
        if lookups > MOST_LOOKUPS {
            break;
        }
        for name in policy.references() {
            // What a macro stands for is known only when a message arrives.
            if name.contains('%') {
                continue;
            }
            let Some(texts) = known.get(name) else {
                needs.push(name.clone());
                continue;
            };
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let Some(other) = alone(&texts) else {
                spf.problems.push(format!("{name} has no SPF record"));
                continue;
            };
            let other = parse(&other.record);
            let problems = other.problems.iter();
            spf.problems
                .extend(problems.map(|problem| format!("{name}: {problem}")));
            if all.is_none() && redirect.as_ref() == Some(name) {
                all = other.all;
                redirect.clone_from(&other.redirect);
            }
            walk.push(other);
        }
    }
    needs.sort();
    needs.dedup();
    if !needs.is_empty() && lookups <= MOST_LOOKUPS {
        return Progress::Needs(needs);
    }
    if lookups > LOOKUP_LIMIT {
        let problem = format!("takes {lookups} lookups, and receivers give up after 10");
        spf.problems.push(problem);
    }
    spf.problems.dedup();
    spf.valid = Some(spf.problems.is_empty());
    spf.lookups = Some(lookups);
    spf.all = all;
    Progress::Done(Some(spf))
}

/// The record among `texts` by itself, without what it refers to.
pub(in crate::probe::dns) fn alone(texts: &[&str]) -> Option<Spf> {
    let is_spf = |text: &&&str| {
        let version = text.split(' ').next().unwrap_or_default();
        version.eq_ignore_ascii_case("v=spf1")
    };
    let mut records = texts.iter().filter(is_spf);
    let record = *records.next()?;
    let more = records.count();
    let mut policy = parse(record);
    if more > 0 {
        let problem = format!("{} SPF records: none of them counts", more + 1);
        policy.problems.push(problem);
    }
    Some(Spf {
        record: record.to_owned(),
        valid: None,
        all: policy.all,
        lookups: None,
        includes: policy.includes,
        redirect: policy.redirect,
        problems: policy.problems,
    })
}

fn parse(record: &str) -> Policy {
    let mut policy = Policy::default();
    for term in record.split(' ').skip(1).filter(|term| !term.is_empty()) {
        if let Err(problem) = take(&mut policy, term) {
            policy.problems.push(format!("`{term}` {problem}"));
        }
    }
    // A redirect takes its lookup only where it is followed.
    policy.lookups += u32::from(policy.redirect.is_some() && policy.all.is_none());
    policy
}

/// Adds one term; an error says what is wrong with it.
fn take(policy: &mut Policy, term: &str) -> Result<(), &'static str> {
    if let Some((name, value)) = term.split_once('=')
        && !name.contains([':', '/'])
    {
        return modifier(policy, name, value);
    }
    let (qualifier, mechanism) = match term.split_at_checked(1) {
        Some(("+", rest)) => (Qualifier::Pass, rest),
        Some(("-", rest)) => (Qualifier::Fail, rest),
        Some(("~", rest)) => (Qualifier::Softfail, rest),
        Some(("?", rest)) => (Qualifier::Neutral, rest),
        _ => (Qualifier::Pass, term),
    };
    let end = mechanism.find([':', '/']).unwrap_or(mechanism.len());
    let (name, rest) = mechanism.split_at(end);
    let value = rest.strip_prefix(':');
    match (name.to_ascii_lowercase().as_str(), value) {
        ("all", None) if rest.is_empty() => {
            // What comes after the first `all` is never looked at.
            policy.all.get_or_insert(qualifier);
        }
        ("include", Some(domain)) if !domain.is_empty() => {
            policy.lookups += 1;
            policy.includes.push(domain.to_ascii_lowercase());
        }
        ("exists", Some(domain)) if !domain.is_empty() => policy.lookups += 1,
        ("a" | "mx", value) if value != Some("") => policy.lookups += 1,
        ("ptr", value) if value != Some("") => {
            policy.lookups += 1;
            return Err("is no longer to be used (RFC 7208, section 5.5)");
        }
        ("ip4", Some(network)) if is_network::<Ipv4Addr>(network, 32) => {}
        ("ip6", Some(network)) if is_network::<Ipv6Addr>(network, 128) => {}
        ("ip4" | "ip6", _) => return Err("is not an address or network"),
        ("all" | "include" | "exists" | "a" | "mx" | "ptr", _) => return Err("is incomplete"),
        _ => return Err("is not a mechanism of SPF"),
    }
    Ok(())
}

fn modifier(policy: &mut Policy, name: &str, value: &str) -> Result<(), &'static str> {
    match name.to_ascii_lowercase().as_str() {
        "redirect" if policy.redirect.is_some() => Err("is given more than once"),
        "redirect" if value.is_empty() => Err("is incomplete"),
        "redirect" => {
            policy.redirect = Some(value.to_ascii_lowercase());
            Ok(())
        }
        // Unknown modifiers are to be ignored (RFC 7208, section 6).
        "" => Err("is not a mechanism of SPF"),
        _ => Ok(()),
    }
}

fn is_network<A: std::str::FromStr>(network: &str, most: u8) -> bool {
    let (address, length) = network.split_once('/').unwrap_or((network, "0"));
    address.parse::<A>().is_ok() && length.parse().is_ok_and(|length: u8| length <= most)
}

#[cfg(test)]
mod tests {
    use super::{Known, Progress, Qualifier, Spf, evaluate};

    /// Evaluates with everything known from the start.
    fn spf(record: &str, others: &[(&str, &str)]) -> Spf {
        let known: Known = others
            .iter()
            .map(|(name, text)| ((*name).to_owned(), vec![(*text).to_owned()]))
            .collect();
        match evaluate(&["unrelated", record], &known) {
            Progress::Done(Some(spf)) => spf,
            other => panic!("{record}: {other:?}"),
        }
    }

    #[test]
    fn terms_are_read() {
        let record = "v=spf1 a mx/24 a:x.example/24//64 ip4:192.0.2.0/24 ip6:2001:db8::/32 \
                      exists:%{i}.x.example exp=e.x.example unknown=1 ~all";
        let spf = spf(record, &[]);
        assert_eq!(spf.problems, Vec::<String>::new());
        assert_eq!((spf.valid, spf.lookups), (Some(true), Some(4)));
        assert_eq!(spf.all, Some(Qualifier::Softfail));
    }

    #[test]
    fn lookups_of_includes_count() {
        let others = [
            ("a.example", "v=spf1 include:b.example a mx -all"),
            ("b.example", "v=spf1 ip4:192.0.2.1 exists:x.example ?all"),
        ];
        let found = spf("v=spf1 include:A.example -all", &others);
        assert_eq!((found.lookups, found.valid), (Some(5), Some(true)));
        assert_eq!(found.all, Some(Qualifier::Fail), "an include brings no all");

        let eleven = "v=spf1 a a a a a a a a a a a -all";
        let found = spf(eleven, &[]);
        assert_eq!((found.lookups, found.valid), (Some(11), Some(false)));
        assert!(spf("v=spf1 a a a a a a a a a a -all", &[]).valid.unwrap());
    }

    #[test]
    fn a_redirect_decides_unless_there_is_an_all() {
        let others = [("r.example", "v=spf1 mx -all")];
        let redirected = spf("v=spf1 redirect=r.example", &others);
        assert_eq!(redirected.all, Some(Qualifier::Fail));
        assert_eq!(redirected.lookups, Some(2));
        let ignored = spf("v=spf1 ?all redirect=r.example", &[]);
        assert_eq!(
            (ignored.all, ignored.lookups),
            (Some(Qualifier::Neutral), Some(0))
        );
        assert_eq!(spf("v=spf1 mx", &[]).all, None);
    }

    #[test]
    fn loops_and_missing_includes_end() {
        let round = [
            ("a.example", "v=spf1 include:b.example"),
            ("b.example", "v=spf1 include:a.example"),
        ];
        let found = spf("v=spf1 include:a.example -all", &round);
        assert_eq!(found.valid, Some(false));
        assert!(found.lookups.unwrap() > 10 && found.lookups.unwrap() < 40);

        let Progress::Needs(names) = evaluate(&["v=spf1 include:a.example"], &Known::new()) else {
            panic!("nothing is known of a.example");
        };
        assert_eq!(names, ["a.example"]);
        let gone = Known::from([("a.example".to_owned(), Vec::new())]);
        let Progress::Done(Some(found)) = evaluate(&["v=spf1 include:a.example"], &gone) else {
            panic!("everything is known");
        };
        assert_eq!(found.problems, ["a.example has no SPF record"]);
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (record, problem) in [
            ("v=spf1 ip4:300.0.0.1 -all", "is not an address or network"),
            (
                "v=spf1 ip4:192.0.2.0/40 -all",
                "is not an address or network",
            ),
            ("v=spf1 include: -all", "is incomplete"),
            ("v=spf1 ipv4:192.0.2.1 -all", "is not a mechanism of SPF"),
            ("v=spf1 ptr -all", "no longer to be used"),
            ("v=spf1 redirect=a redirect=b -all", "more than once"),
            ("v=spf1 -all:x", "is incomplete"),
        ] {
            let found = spf(record, &[]);
            assert_eq!(found.valid, Some(false), "{record}");
            assert!(found.problems[0].contains(problem), "{:?}", found.problems);
        }
        let two = evaluate(&["v=spf1 -all", "v=spf1 mx -all"], &Known::new());
        let Progress::Done(Some(two)) = two else {
            panic!("nothing is referred to");
        };
        assert_eq!(two.valid, Some(false));
        for text in ["v=spf10 -all", "spf1 -all", ""] {
            let none = evaluate(&[text], &Known::new());
            assert!(matches!(none, Progress::Done(None)), "{text}");
        }
    }
}
