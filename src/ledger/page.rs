//! A web page that a word is about: how it is asked for, and what is compared.

use crate::evidence::Outcome;
use crate::probe::http::Http;
use crate::probe::{AnyProbe, Probe as _};
use crate::secret::references;

/// Characters of text below which an HTML page is one that scripts write: what people read then
/// is not in the answer, and would change unseen.
const SHORTEST_TEXT: u64 = 200;

/// A page as it was when somebody spoke of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Where it is.
    pub url: String,
    /// SHA-256 of its text, as the fact `http.text_sha256`.
    pub sha256: String,
}

/// What became of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Now {
    /// It says what it said.
    Same,
    /// It says something else.
    Changed,
    /// What it says could not be found out, and why.
    Unread(String),
}

impl Page {
    /// The page compared with what a run saw of it; `None` if the run did not ask.
    pub fn now(&self, seen: Option<&Outcome>) -> Now {
        let Some(seen) = seen else {
            return Now::Unread("the evidence has no answer to it".to_owned());
        };
        match text_sha256(&self.url, seen) {
            Ok(sha256) if sha256 == self.sha256 => Now::Same,
            Ok(_) => Now::Changed,
            Err(why) => Now::Unread(why),
        }
    }
}

/// The question that a page at this address is asked for with: the plain one, so that it is
/// shared with checks of the page.
pub fn question(url: &str) -> AnyProbe {
    AnyProbe::Http(Http::get(url))
}

/// SHA-256 of the text in an answer to [`question`], or why there is none to compare.
pub fn text_sha256(url: &str, seen: &Outcome) -> Result<String, String> {
    let (facts, gaps) = match seen {
        Outcome::Answer { facts, gaps } => (facts, gaps),
        Outcome::Error(error) => return Err(error.cause.clone()),
    };
    if let Some(gap) = gaps.get("text_sha256") {
        return Err(gap.cause.clone());
    }
    match facts["status"].as_u64() {
        Some(200) => {}
        Some(other) => return Err(format!("{url} answers {other}")),
        None => return Err(format!("{url} has no status")),
    }
    if facts["decoded_bytes"] == 0 {
        return Err(format!("{url} answers with nothing to read"));
    }
    if facts.get("html").is_some() {
        let characters = facts["text_characters"].as_u64().unwrap_or_default();
        if characters < SHORTEST_TEXT {
            return Err(format!(
                "of the text of {url} only {characters} characters are in the answer: it is too \
                 short, or scripts write it"
            ));
        }
    }
    let sha256 = facts["text_sha256"].as_str();
    sha256
        .map(str::to_owned)
        .ok_or_else(|| format!("{url} has no text that could be told"))
}

/// Whether an address can be asked as anybody would; if not, why.
pub fn is_public(url: &str) -> Result<(), String> {
    if !references(url).is_empty() {
        return Err("a page that people approve needs no secret".to_owned());
    }
    Http::get(url).validate().map_err(|invalid| invalid.message)
}

/// Whether two addresses are the same.
pub fn is_same(one: &str, other: &str) -> bool {
    match (url::Url::parse(one), url::Url::parse(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Now, Page};
    use crate::evidence::Outcome;
    use crate::probe::ProbeError;
    use crate::reason::Reason;

    fn page() -> Page {
        Page {
            url: "https://a.example/terms".to_owned(),
            sha256: "aa".to_owned(),
        }
    }

    fn answer(facts: Value) -> Outcome {
        Outcome::Answer {
            facts,
            gaps: [].into(),
        }
    }

    #[test]
    fn only_a_whole_page_is_compared() {
        let long = json!({"status": 200, "html": {}, "text_characters": 4000, "text_sha256": "aa"});
        assert_eq!(page().now(Some(&answer(long.clone()))), Now::Same);
        let plain = json!({"status": 200, "text_sha256": "bb"});
        assert_eq!(page().now(Some(&answer(plain))), Now::Changed);

        let other = |key: &str, value: Value| {
            let mut facts = long.clone();
            facts[key] = value;
            answer(facts)
        };
        let mut cut = other("status", 200.into());
        if let Outcome::Answer { gaps, .. } = &mut cut {
            let error = ProbeError::new(Reason::HttpTruncated, "it is too long");
            gaps.insert("text_sha256".to_owned(), error);
        }
        let refused = ProbeError::new(Reason::TcpRefused, "a.example:443 refused the connection");
        for (seen, why) in [
            (
                Some(other("status", 404.into())),
                "https://a.example/terms answers 404",
            ),
            (
                Some(other("text_characters", 12.into())),
                "of the text of https://a.example/terms only 12 characters are in the answer: it is too short, or scripts write it",
            ),
            (
                Some(other("text_sha256", Value::Null)),
                "https://a.example/terms has no text that could be told",
            ),
            (Some(cut), "it is too long"),
            (
                Some(Outcome::Error(refused)),
                "a.example:443 refused the connection",
            ),
            (None, "the evidence has no answer to it"),
        ] {
            assert_eq!(page().now(seen.as_ref()), Now::Unread(why.to_owned()));
        }
    }

    #[test]
    fn addresses_are_compared_as_addresses() {
        assert!(super::is_same(
            "https://A.example",
            "https://a.example:443/"
        ));
        assert!(!super::is_same(
            "https://a.example/terms",
            "https://a.example/terms/"
        ));
        assert!(!super::is_same("http://a.example/", "https://a.example/"));
    }
}
