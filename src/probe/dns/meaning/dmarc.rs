//! DMARC policies (RFC 7489, section 6.3).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tags::{Tags, list};

/// What a domain wants done with mail that is not its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dmarc {
    /// The record's text.
    pub record: String,
    /// The name it was found at: the one asked for, or that of the registrable domain.
    pub record_at: String,
    /// Whether there is exactly one record and it follows the rules.
    pub valid: bool,
    /// `none`, `quarantine` or `reject`, for the name it was found at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// The same for names below it; as `policy` where the record does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subdomain_policy: Option<Policy>,
    /// The policy that counts for the name asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_policy: Option<Policy>,
    /// Share of mail that the policy is applied to, in percent.
    pub pct: u8,
    /// Where daily reports go.
    pub rua: Vec<String>,
    /// Where reports on single messages go.
    pub ruf: Vec<String>,
    /// Whether DKIM signatures must be of exactly this domain.
    pub strict_dkim: bool,
    /// Whether SPF must be of exactly this domain.
    pub strict_spf: bool,
    /// What is wrong with it, in words.
    pub problems: Vec<String>,
}

/// What is done with mail that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Nothing.
    None,
    /// It goes to the junk folder.
    Quarantine,
    /// It is not taken.
    Reject,
}

/// The policy among the texts found at `name`; `None` when there is none.
/// `inherited` says that the name asked about is below it.
pub(in crate::probe::dns) fn parse(texts: &[&str], name: &str, inherited: bool) -> Option<Dmarc> {
    let mut policies = texts
        .iter()
        .filter(|text| Tags::parse(text).begin_with("DMARC1"));
    let record = *policies.next()?;
    let more = policies.count();
    let tags = Tags::parse(record);
    let mut problems = tags.problems.clone();
    if more > 0 {
        problems.push(format!("{} DMARC records: none of them counts", more + 1));
    }
    let mut read = |tag: &str| {
        let value = tags.find(tag)?;
        let policy = policy(value);
        if policy.is_none() {
            problems.push(format!("`{tag}={value}` is not none, quarantine or reject"));
        }
        policy
    };
    let (policy, below) = (read("p"), read("sp"));
    if tags.find("p").is_none() {
        problems.push("`p=` is missing".to_owned());
    }
    let pct = match tags.find("pct").map(str::parse) {
        None => 100,
        Some(Ok(pct)) if pct <= 100 => pct,
        Some(_) => {
            problems.push("`pct=` is not a number from 0 to 100".to_owned());
            100
        }
    };
    let mut uris = |tag: &str| {
        let uris = tags.find(tag).map(list).unwrap_or_default();
        for uri in uris.iter().filter(|uri| !is_uri(uri)) {
            problems.push(format!("`{tag}={uri}` is not a mailto: address"));
        }
        uris
    };
    let (rua, ruf) = (uris("rua"), uris("ruf"));
    let subdomain_policy = below.or(policy);
    Some(Dmarc {
        record: record.to_owned(),
        record_at: name.to_owned(),
        valid: problems.is_empty(),
        policy,
        subdomain_policy,
        effective_policy: if inherited { subdomain_policy } else { policy },
        pct,
        rua,
        ruf,
        strict_dkim: tags.find("adkim") == Some("s"),
        strict_spf: tags.find("aspf") == Some("s"),
        problems,
    })
}

fn policy(word: &str) -> Option<Policy> {
    match word.to_ascii_lowercase().as_str() {
        "none" => Some(Policy::None),
        "quarantine" => Some(Policy::Quarantine),
        "reject" => Some(Policy::Reject),
        _ => None,
    }
}

fn is_uri(uri: &str) -> bool {
    let mailto = uri
        .get(..7)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("mailto:"));
    mailto && uri.contains('@') || uri.starts_with("https://")
}

#[cfg(test)]
mod tests {
    use super::{Policy, parse};

    #[test]
    fn a_policy_is_read() {
        let text = "v=DMARC1; p=Reject; sp=quarantine; pct=50; adkim=s; \
                    rua=mailto:a@x.example, mailto:b@x.example!10m;";
        let dmarc = parse(&["unrelated", text], "_dmarc.x.example", false).unwrap();
        assert!(dmarc.valid, "{:?}", dmarc.problems);
        assert_eq!(dmarc.policy, Some(Policy::Reject));
        assert_eq!(dmarc.subdomain_policy, Some(Policy::Quarantine));
        assert_eq!(dmarc.effective_policy, Some(Policy::Reject));
        assert_eq!((dmarc.pct, dmarc.rua.len()), (50, 2));
        assert!(dmarc.strict_dkim && !dmarc.strict_spf);
        let below = parse(&[text], "_dmarc.x.example", true).unwrap();
        assert_eq!(below.effective_policy, Some(Policy::Quarantine));
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, problem) in [
            ("v=DMARC1", "`p=` is missing"),
            ("v=DMARC1; p=block", "is not none, quarantine or reject"),
            ("v=DMARC1; p=none; pct=200", "`pct=`"),
            ("v=DMARC1; p=none; pct=-1", "`pct=`"),
            ("v=DMARC1; p=none; rua=a@x.example", "mailto:"),
            ("v=DMARC1; p=none; p=reject", "more than once"),
            ("v=DMARC1; p=none; reject", "not `tag=value`"),
        ] {
            let dmarc = parse(&[text], "x", false).unwrap();
            assert!(!dmarc.valid, "{text}");
            assert!(
                dmarc.problems[0].contains(problem),
                "{text}: {:?}",
                dmarc.problems
            );
        }
        let two = parse(&["v=DMARC1; p=none", "v=DMARC1; p=reject"], "x", false).unwrap();
        assert!(!two.valid);
        assert_eq!(
            parse(&["p=none; v=DMARC1", "v=spf1 -all", ""], "x", false),
            None
        );
    }
}
