//! The announcements of MTA-STS (RFC 8461, section 3.1) and TLS reports (RFC 8460, section 3).
//! The MTA-STS policy itself is a web page and not asked for here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tags::{Tags, list};

/// A domain's announcement that mail to it needs a trusted certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MtaSts {
    /// Whether there is exactly one record and it follows the rules.
    pub valid: bool,
    /// Version of the policy; it changes when the policy does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What is wrong with it, in words.
    pub problems: Vec<String>,
}

/// Where reports on failed encryption of mail go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TlsRpt {
    /// Whether there is exactly one record and it follows the rules.
    pub valid: bool,
    /// Where reports go.
    pub rua: Vec<String>,
    /// What is wrong with it, in words.
    pub problems: Vec<String>,
}

/// The announcement among the texts found at `_mta-sts.`; `None` when there is none.
pub(in crate::probe::dns) fn mta_sts(texts: &[&str]) -> Option<MtaSts> {
    let (tags, mut problems) = only(texts, "STSv1")?;
    let id = tags.find("id").map(str::to_owned);
    let proper = |id: &String| {
        (1..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    match &id {
        None => problems.push("`id=` is missing".to_owned()),
        Some(id) if !proper(id) => {
            problems.push("`id=` is not 1 to 32 letters and digits".to_owned());
        }
        Some(_) => {}
    }
    Some(MtaSts {
        valid: problems.is_empty(),
        id,
        problems,
    })
}

/// The addresses among the texts found at `_smtp._tls.`; `None` when there is no record.
pub(in crate::probe::dns) fn tls_rpt(texts: &[&str]) -> Option<TlsRpt> {
    let (tags, mut problems) = only(texts, "TLSRPTv1")?;
    let rua = tags.find("rua").map(list).unwrap_or_default();
    if rua.is_empty() {
        problems.push("`rua=` is missing".to_owned());
    }
    let known = |uri: &String| uri.starts_with("mailto:") || uri.starts_with("https:");
    for uri in rua.iter().filter(|uri| !known(uri)) {
        problems.push(format!("`rua={uri}` is neither mailto: nor https:"));
    }
    Some(TlsRpt {
        valid: problems.is_empty(),
        rua,
        problems,
    })
}

fn only<'t>(texts: &[&'t str], version: &str) -> Option<(Tags<'t>, Vec<String>)> {
    let mut records = texts
        .iter()
        .map(|text| Tags::parse(text))
        .filter(|tags| tags.begin_with(version));
    let tags = records.next()?;
    let mut problems = tags.problems.clone();
    let more = records.count();
    if more > 0 {
        problems.push(format!("{} records: none of them counts", more + 1));
    }
    Some((tags, problems))
}

#[cfg(test)]
mod tests {
    use super::{mta_sts, tls_rpt};

    #[test]
    fn announcements_are_read() {
        let sts = mta_sts(&["v=STSv1; id=20261121T1;"]).unwrap();
        assert!(sts.valid && sts.id.as_deref() == Some("20261121T1"));
        let rpt = tls_rpt(&["v=TLSRPTv1;rua=mailto:tls@x.example,https://r.example/"]).unwrap();
        assert!(rpt.valid && rpt.rua.len() == 2);
        assert_eq!(mta_sts(&["v=TLSRPTv1; rua=mailto:a@x.example"]), None);
        assert_eq!(tls_rpt(&[]), None);
    }

    #[test]
    fn what_is_wrong_is_told() {
        for text in [
            "v=STSv1",
            "v=STSv1; id=",
            "v=STSv1; id=a-b",
            "v=STSv1; id=a; id=b",
        ] {
            assert!(!mta_sts(&[text]).unwrap().valid, "{text}");
        }
        assert!(!mta_sts(&["v=STSv1; id=a", "v=STSv1; id=b"]).unwrap().valid);
        for text in ["v=TLSRPTv1", "v=TLSRPTv1; rua=tls@x.example"] {
            assert!(!tls_rpt(&[text]).unwrap().valid, "{text}");
        }
    }
}
