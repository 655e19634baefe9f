//! What stands in the text of one file: secrets, addresses of developers' machines, traces of
//! debugging, the origins that are named, and references to further files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::facts::{Finding, Kind, Mention};
use crate::probe::secrets::{self, ASSIGNMENT};

/// The most different texts of one sort that are kept of a file.
const MOST: usize = 100;

/// What one file has in it.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    pub(super) secrets: Vec<Finding>,
    pub(super) local: Vec<Mention>,
    pub(super) debug: Vec<Mention>,
    pub(super) origins: BTreeSet<String>,
    /// Positions in the list of texts that were looked for.
    pub(super) found: Vec<usize>,
    /// Files that it names, as written.
    pub(super) names: BTreeSet<String>,
    /// Whether it makes up the names of further parts when it runs, so that they cannot be read
    /// off it.
    pub(super) makes_names: bool,
    /// The source map that it names last, as written.
    pub(super) map: Option<String>,
    /// Whether there was more than is kept.
    pub(super) cut: bool,
}

macro_rules! patterns {
    ($($name:ident = $pattern:literal;)+) => {
        struct Patterns { $($name: Regex,)+ }

        static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
            Some(Patterns { $($name: Regex::new($pattern).ok()?,)+ })
        });
    };
}

patterns! {
    // An address of this machine or of a private network, with its scheme: the bare word
    // `localhost` stands in many a library that asks whether it runs there.
    local = r"(?i-u)\b(?:https?|wss?)://(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|0\.0\.0\.0|\[::1?\]|10\.\d{1,3}\.\d{1,3}\.\d{1,3}|192\.168\.\d{1,3}\.\d{1,3}|172\.(?:1[6-9]|2\d|3[01])\.\d{1,3}\.\d{1,3}|[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,4}\.(?:local|localhost|internal|test|lan))(?::\d{1,5})?";
    console = r"(?-u)\bconsole\.(?:log|debug|trace)\s{0,8}\(";
    debugger = r"(?-u)(?:^|[;{})\s])debugger\s{0,8}(?:;|\}|\n)";
    origin = r"(?i-u)\b(?:https?|wss?)://[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?(?::\d{1,5})?";
    // Parts that are loaded later: `import("./a.js")`, lists of what belongs to a part.
    name = r#"(?-u)["'`]([\w@./~%-]{1,300}\.(?:m?js|css))(?:\?[\w=&.-]{0,100})?["'`]"#;
    // webpack's function from the number of a part to its file.
    makes_names = r"(?-u)\b\w{1,3}\.(?:u|miniCssF)\s{0,2}=\s{0,2}(?:function\s{0,2}\(\w{1,9}\)|\(?\w{1,9}\)?\s{0,2}=>)";
    is_map = r#"(?-u)"(?:mappings|sections)"\s{0,8}:"#;
    map = r"(?m-u)(?://|/\*)[#@]\s{0,4}sourceMappingURL=([^\s'\x22*]{1,2000})";
}

/// Reads a file's text. Of a source map only secrets are looked for: it holds what the bundler
/// left out.
pub(super) fn scan(text: &[u8], url: &str, kind: Kind, wanted: &[String]) -> Scanned {
    let mut scanned = Scanned {
        secrets: secrets_of(text, url),
        ..Scanned::default()
    };
    let Some(patterns) = LazyLock::force(&PATTERNS) else {
        scanned.cut = true;
        return scanned;
    };
    if kind == Kind::SourceMap {
        return scanned;
    }
    let mut whole = true;
    let mut all = |pattern, name| {
        let (places, all) = places(pattern, name, text, url);
        whole &= all;
        places
    };
    scanned.local = all(&patterns.local, None);
    scanned.debug = all(&patterns.console, Some("console"));
    scanned
        .debug
        .extend(all(&patterns.debugger, Some("debugger")));
    scanned.cut = !whole;
    let origins = patterns
        .origin
        .find_iter(text)
        .map(|found| found.as_bytes());
    let origins = origins.map(<[u8]>::to_ascii_lowercase);
    let names = patterns
        .name
        .captures_iter(text)
        .filter_map(|all| all.get(1));
    let names = names.map(|name| name.as_bytes().to_vec());
    scanned.cut |= !keep(&mut scanned.origins, origins);
    scanned.cut |= !keep(&mut scanned.names, names);
    let is_in =
        |wanted: &str| Regex::new(&regex::escape(wanted)).is_ok_and(|one| one.is_match(text));
    let positions = wanted.iter().enumerate().filter(|(_, text)| is_in(text));
    scanned.found = positions.map(|(at, _)| at).collect();
    scanned.makes_names = kind == Kind::Script && patterns.makes_names.is_match(text);
    let maps = patterns
        .map
        .captures_iter(text)
        .filter_map(|all| all.get(1));
    scanned.map = maps
        .last()
        .map(|map| String::from_utf8_lossy(map.as_bytes()).into_owned());
    scanned
}

/// Whether a text is a source map.
pub(super) fn is_map(text: &[u8]) -> bool {
    let patterns = LazyLock::force(&PATTERNS).as_ref();
    patterns.is_none_or(|patterns| patterns.is_map.is_match(text))
}

/// Keeps different texts; whether that was all of them.
fn keep(set: &mut BTreeSet<String>, texts: impl Iterator<Item = Vec<u8>>) -> bool {
    for text in texts {
        let text = String::from_utf8_lossy(&text).into_owned();
        if set.len() == MOST * 10 && !set.contains(&text) {
            return false;
        }
        set.insert(text);
    }
    true
}

/// The first place of every rule, and how many there are.
fn secrets_of(text: &[u8], url: &str) -> Vec<Finding> {
    let mut taken: Vec<std::ops::Range<usize>> = Vec::new();
    let mut found: BTreeMap<&str, Finding> = BTreeMap::new();
    for secret in secrets::all(text) {
        let overlaps = taken
            .iter()
            .any(|other| other.start < secret.whole.end && secret.whole.start < other.end);
        if overlaps || (secret.rule == ASSIGNMENT && !is_literal(text, &secret.value)) {
            continue;
        }
        found
            .entry(secret.rule)
            .and_modify(|known| known.count += 1)
            .or_insert_with(|| {
                let (line, column) = place(text, secret.value.start);
                Finding {
                    url: url.to_owned(),
                    rule: secret.rule.to_owned(),
                    line,
                    column,
                    count: 1,
                }
            });
        if secret.rule != ASSIGNMENT && taken.len() < MOST {
            taken.push(secret.whole);
        }
    }
    found.into_values().collect()
}

/// Keys that their vendors mean to be public.
const PUBLIC: &[&[u8]] = &[b"pk_", b"pk.", b"phc_", b"pub"];

/// Whether what is assigned is a text and not a piece of code, a path, or a public key.
fn is_literal(text: &[u8], value: &std::ops::Range<usize>) -> bool {
    let before = value.start.checked_sub(1).and_then(|at| text.get(at));
    let quoted = before.is_some_and(|byte| b"'\"`".contains(byte));
    let value = text.get(value.clone()).unwrap_or_default();
    let public = PUBLIC.iter().any(|start| value.starts_with(start));
    quoted && !public && !value.starts_with(b"/") && !value.starts_with(b"./")
}

/// Line and column of an offset, both from 1 on, the column in bytes.
fn place(text: &[u8], offset: usize) -> (u64, u64) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.split(|byte| *byte == b'\n').count();
    let start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    (line as u64, (offset - start) as u64 + 1)
}

/// The first place of every different text that a pattern takes, and how many there are; and
/// whether these are all. They go by `name` where one is given.
fn places(pattern: &Regex, name: Option<&str>, text: &[u8], url: &str) -> (Vec<Mention>, bool) {
    let mut found: BTreeMap<String, Mention> = BTreeMap::new();
    for hit in pattern.find_iter(text) {
        let words = name.map_or_else(
            || String::from_utf8_lossy(hit.as_bytes()).to_ascii_lowercase(),
            str::to_owned,
        );
        if let Some(known) = found.get_mut(&words) {
            known.count += 1;
            continue;
        }
        if found.len() == MOST {
            return (found.into_values().collect(), false);
        }
        let (line, column) = place(text, hit.start());
        let mention = Mention {
            url: url.to_owned(),
            text: words.clone(),
            line,
            column,
            count: 1,
        };
        found.insert(words, mention);
    }
    (found.into_values().collect(), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> Scanned {
        scan(text.as_bytes(), "u", Kind::Script, &["pk_test_".to_owned()])
    }

    fn texts(mentions: &[Mention]) -> Vec<(&str, u64)> {
        let texts = mentions.iter().map(|one| (one.text.as_str(), one.count));
        texts.collect()
    }

    #[test]
    fn developers_leave_traces() {
        let found = script(
            "a('HTTP://LocalHost:3000/x');b(`ws://192.168.1.20`);c('http://[::1]:5173');\n\
             if(location.hostname==='localhost'){console.log(1);console . log(2);console.error(3)}\
             function f(){debugger;}var s='no debugger here';d('http://db.internal/');e(\"http://localhost:3000\")",
        );
        let local = [
            ("http://[::1]:5173", 1),
            ("http://db.internal", 1),
            ("http://localhost:3000", 2),
            ("ws://192.168.1.20", 1),
        ];
        assert_eq!(texts(&found.local), local);
        assert_eq!((found.local[2].line, found.local[2].column), (1, 4));
        assert_eq!(texts(&found.debug), [("console", 1), ("debugger", 1)]);
        assert_eq!(found.debug[0].line, 2);
    }

    #[test]
    fn names_origins_and_maps_are_read_off_the_text() {
        let found = script(
            "const m=[\"assets/About-1a2b3c4d.js\",'./x.css?v=2'];fetch(\"https://API.zebu.example:8443/v1\");\
             k='pk_test_abc';//# sourceMappingURL=old.js.map\n//# sourceMappingURL=index.js.map",
        );
        let names: Vec<&String> = found.names.iter().collect();
        assert_eq!(names, ["./x.css", "assets/About-1a2b3c4d.js"]);
        let origins: Vec<&String> = found.origins.iter().collect();
        assert_eq!(origins, ["https://api.zebu.example:8443"]);
        assert_eq!(found.map.as_deref(), Some("index.js.map"));
        assert_eq!((found.found, found.makes_names), (vec![0], false));
        let webpack = script("r.u=e=>\"static/js/\"+e+\".\"+{1:\"ab\"}[e]+\".chunk.js\"");
        assert!(webpack.makes_names);
    }

    #[test]
    fn secrets_are_literals_and_stand_alone() {
        // A key made when the test runs, so that none stands here.
        let key: String = (0..24).map(|at| char::from(b'a' + (at * 7) % 26)).collect();
        let live = format!("sk_{}_{}1A9Z", "live", key);
        let found = script(&format!(
            "x;\nvar c={{apiKey:\"{live}\",token:\"pk_{key}7Q3\",password:n.a8.{key}9Z,secret:\"/v1/{key}4\"}}"
        ));
        let rules: Vec<_> = found
            .secrets
            .iter()
            .map(|one| (&*one.rule, one.line, one.count))
            .collect();
        assert_eq!(rules, [("stripe-key", 2, 1)]);
        let told = format!("{found:?}");
        assert!(!told.contains(&key), "{told}");
    }

    #[test]
    fn more_than_is_kept_is_told() {
        let many: Vec<String> = (0..200)
            .map(|at| format!("'http://localhost:{at}';"))
            .collect();
        assert!(script(&many.concat()).cut);
    }
}
