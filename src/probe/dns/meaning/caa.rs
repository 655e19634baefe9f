//! Which authorities may issue certificates (RFC 8659).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::probe::dns::record::CaaRecord;

/// What the CAA records that count for a name say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Caa {
    /// The name they were found at: the one asked for, or the closest above it that has any.
    pub record_at: String,
    /// Whether they say who may issue certificates; records that only name a contact do not.
    pub restricts: bool,
    /// Authorities that may issue certificates, such as `letsencrypt.org`; empty for nobody.
    pub issuers: Vec<String>,
    /// The same for wildcard certificates.
    pub wildcard_issuers: Vec<String>,
    /// Where violations are reported.
    pub iodef: Vec<String>,
    /// Critical properties that issuers do not know, so that they issue nothing.
    pub unknown_critical: Vec<String>,
}

/// The summary of the records found at `name`.
pub(in crate::probe::dns) fn summarise(records: &[CaaRecord], name: &str) -> Caa {
    let values = |tag: &str| {
        let tagged: Vec<&str> = records
            .iter()
            .filter(|record| record.tag == tag)
            .map(|record| record.value.as_str())
            .collect();
        (!tagged.is_empty()).then_some(tagged)
    };
    let issuers = |values: &[&str]| {
        let mut issuers: Vec<String> = values
            .iter()
            .map(|value| value.split(';').next().unwrap_or_default().trim())
            .filter(|issuer| !issuer.is_empty())
            .map(str::to_ascii_lowercase)
            .collect();
        issuers.sort();
        issuers.dedup();
        issuers
    };
    let issue = values("issue");
    let plain = issuers(issue.as_deref().unwrap_or_default());
    let wildcard = values("issuewild").map_or_else(|| plain.clone(), |wild| issuers(&wild));
    let known = [
        "issue",
        "issuewild",
        "iodef",
        "issuemail",
        "contactemail",
        "contactphone",
    ];
    Caa {
        record_at: name.to_owned(),
        restricts: issue.is_some(),
        issuers: plain,
        wildcard_issuers: wildcard,
        iodef: values("iodef")
            .unwrap_or_default()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        unknown_critical: records
            .iter()
            .filter(|record| record.flags >= 128 && !known.contains(&record.tag.as_str()))
            .map(|record| record.tag.clone())
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::summarise;
    use crate::probe::dns::record::CaaRecord;

    fn caa(list: &[(u8, &str, &str)]) -> super::Caa {
        let records: Vec<CaaRecord> = list
            .iter()
            .map(|(flags, tag, value)| CaaRecord {
                flags: *flags,
                tag: (*tag).to_owned(),
                value: (*value).to_owned(),
            })
            .collect();
        summarise(&records, "x.example")
    }

    #[test]
    fn issuers_are_told() {
        let caa = caa(&[
            (0, "issue", "LetsEncrypt.org; validationmethods=dns-01"),
            (0, "issue", "pki.goog"),
            (0, "issuewild", ";"),
            (0, "iodef", "mailto:sec@x.example"),
        ]);
        assert!(caa.restricts);
        assert_eq!(caa.issuers, ["letsencrypt.org", "pki.goog"]);
        assert!(caa.wildcard_issuers.is_empty());
        assert_eq!(caa.iodef, ["mailto:sec@x.example"]);
    }

    #[test]
    fn a_contact_alone_restricts_nothing() {
        let contact = caa(&[(0, "iodef", "mailto:sec@x.example"), (128, "future", "x")]);
        assert!(!contact.restricts);
        assert_eq!(contact.unknown_critical, ["future"]);
        let nobody = caa(&[(128, "issue", ";")]);
        assert!(
            nobody.restricts && nobody.issuers.is_empty() && nobody.wildcard_issuers.is_empty()
        );
    }
}
