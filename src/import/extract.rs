//! What an item's text states: addresses, ports, files, numbers with their units.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use super::addresses::{ENDINGS, command, is_host, own};
use super::said::pattern;

/// Values of one kind that are kept.
const MOST: usize = 12;

pattern!(URL, r#"https?://[^\s`"'<>()\[\]|${}]+"#);
pattern!(
    ROUTE,
    r"(?:^|[\s`(])(?:(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)\s+)?(/[A-Za-z0-9_~.%{}:-]+(?:/[A-Za-z0-9_~.%{}:*-]+)*/?)"
);
pattern!(ROOT, r"\b(?:GET|HEAD)\s+/(?:[\s`)]|$)");
pattern!(
    HOST,
    r"(?i)\b(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}\b"
);
pattern!(
    FILE,
    r"(?:^|[\s`(,])((?:[A-Za-z0-9_.@*-]+/)*[A-Za-z0-9_.@*-]*\.[A-Za-z0-9]{1,10}|(?:[A-Za-z0-9_.@-]+/)+[A-Za-z0-9_.@-]*|Dockerfile|Makefile|CODEOWNERS|LICENSE|README|CHANGELOG)"
);
pattern!(ENV, r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b");
pattern!(ASSIGNED, r"\b([A-Z][A-Z0-9_]+)=([A-Za-z0-9_./:-]+)");
pattern!(
    PORT,
    r"(?i)\bports?\b[^0-9]{0,20}(\d{2,5})\b|\(:?(\d{2,5})(?:/tcp)?[,)]|:(\d{2,5})\b"
);
pattern!(
    LENGTH,
    r"(?i)(\d+)(?:-second|-minute|-hour|-day|-year| ?(?:seconds?|secs?|s|milliseconds?|ms|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w|months?|years?|y))\b"
);
pattern!(PERCENT, r"(\d{1,3}(?:\.\d+)?) ?%");
pattern!(VERSION, r"\bv?(\d{1,4}(?:\.\d{1,4}){1,3}|\d{1,3}\+)");
pattern!(
    CHARACTERS,
    r"(?i)(\d{1,4})\+?[ -](?:characters?|chars?|bytes?)\b"
);
pattern!(
    SIZE,
    r"(?i)(\d{1,6})\+?[ -]?(?:GB|GiB|G)?[ -]?(v?CPUs?\b|(?:CPU )?cores?\b|RAM\b|memory\b|SSD\b|NVMe\b|disk\b|storage\b)"
);
pattern!(NUMBER, r"\b(\d{1,9})\b");
pattern!(
    PER,
    r"(?i)(\d{1,7}) ?(?:req(?:uest)?s?|calls?)? ?(?:/|per) ?(?:s|sec(?:ond)?|min(?:ute)?|h|hour)\b"
);

/// What an item's text states.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Stated {
    /// Values by the word that `fill:` knows them by, in the order of the text.
    values: BTreeMap<&'static str, Vec<Value>>,
}

impl Stated {
    /// Reads `text`; `code` are its parts in code type.
    pub(super) fn of(text: &str, code: &[String]) -> Self {
        let mut stated = Self::default();
        stated.addresses(text);
        stated.names(text);
        stated.numbers(text);
        for part in code {
            if let Some(command) = command(part) {
                stated.add("command", json!(command));
            }
        }
        stated
    }

    /// Takes in how the item is called: all of its name, and the first word of it that is
    /// none of `empty`.
    pub(super) fn named(&mut self, name: &str, empty: &[&str]) {
        let bare = name.split('(').next().unwrap_or(name).trim();
        if !bare.is_empty() && !bare.contains('$') {
            self.add("name", json!(bare));
        }
        let words = bare.split(|c: char| !c.is_alphanumeric() && c != '-');
        let telling = words
            .map(str::to_lowercase)
            .find(|word| word.len() > 3 && !empty.contains(&word.as_str()) && !word.contains('$'));
        if let Some(word) = telling {
            self.add("subject", json!(word));
        }
    }

    /// What shape an item of this name has, as words that phrases know: `@file` if its name is
    /// one, `@env` if it begins with a variable; `@path`, `@route`, `@host`, `@command` if it
    /// states one.
    pub(super) fn shapes(&self, name: &str) -> Vec<&'static str> {
        let mut shapes = vec!["@item"];
        let files = self.all("file");
        let bare = name.split(['(', '→']).next().unwrap_or(name);
        let bare = bare.split(" - ").next().unwrap_or(bare);
        let empty = ["add", "and", "create", "created", "update"];
        let mut parts = bare
            .split([' ', ','])
            .filter(|part| !part.is_empty() && !empty.contains(&part.to_lowercase().as_str()))
            .peekable();
        if parts.peek().is_some() && parts.all(|part| files.iter().any(|file| file == part)) {
            shapes.push("@file");
        }
        let first = self.first("env").and_then(Value::as_str);
        if first.is_some_and(|env| name.starts_with(env)) {
            shapes.push("@env");
        }
        for (kind, shape) in [
            ("file", "@path"),
            ("route", "@route"),
            ("host", "@host"),
            ("command", "@command"),
        ] {
            if self.first(kind).is_some() {
                shapes.push(shape);
            }
        }
        shapes
    }

    /// The first value of a kind.
    pub(super) fn first(&self, kind: &str) -> Option<&Value> {
        self.values.get(kind)?.first()
    }

    /// All values of a kind.
    pub(super) fn all(&self, kind: &str) -> &[Value] {
        self.values.get(kind).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, kind: &'static str, value: Value) {
        let values = self.values.entry(kind).or_default();
        if values.len() < MOST && !values.contains(&value) {
            values.push(value);
        }
    }

    fn addresses(&mut self, text: &str) {
        for found in URL.find_iter(text) {
            let url = found.as_str().trim_end_matches(['.', ',', ';', ':', '*']);
            if url::Url::parse(url).is_ok_and(|url| url.host_str().is_some()) {
                self.add("url", json!(own(url)));
            }
        }
        let rest = URL.replace_all(text, " ");
        for found in HOST.find_iter(&rest) {
            let host = found.as_str();
            let before = rest[..found.start()].chars().next_back();
            if !before.is_some_and(|c| "/@_-".contains(c)) && is_host(host) {
                self.add("host", json!(own(&host.to_ascii_lowercase())));
            }
        }
        for found in ROUTE.captures_iter(&rest) {
            self.add("route", json!(&found[1]));
        }
        if ROOT.is_match(&rest) {
            self.add("route", json!("/"));
        }
        for found in PORT.captures_iter(&rest) {
            let digits = found.iter().skip(1).flatten().next();
            let port = digits.and_then(|port| port.as_str().parse::<u16>().ok());
            if let Some(port) = port.filter(|port| *port > 0) {
                self.add("port", json!(port));
            }
        }
    }

    fn names(&mut self, text: &str) {
        let rest = URL.replace_all(text, " ");
        for found in FILE.captures_iter(&rest) {
            let file = found[1].trim_end_matches(['.', ',']);
            // `Node.js` is a product.
            let product =
                file.strip_suffix(".js").is_some() && file.starts_with(char::is_uppercase);
            let letters = !product && file.chars().any(char::is_alphabetic);
            let ending = file
                .rsplit('.')
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            let named = ENDINGS.contains(&ending.as_str()) || file.matches('/').count() > 1;
            let plain = !file.contains('.') && !file.contains('/');
            if letters
                && file.len() > 3
                && (named || plain || file.ends_with('/'))
                && !is_host(file)
            {
                self.add("file", json!(file));
                let anywhere = if file.contains('/') {
                    file.to_owned()
                } else {
                    format!("**/{file}")
                };
                self.add("anywhere", json!(anywhere));
            }
        }
        for found in ENV.find_iter(&rest) {
            self.add("env", json!(found.as_str()));
        }
        for found in ASSIGNED.captures_iter(&rest) {
            self.add("env", json!(&found[1]));
            self.add("assigned", json!(format!("{}={}", &found[1], &found[2])));
        }
    }

    fn numbers(&mut self, text: &str) {
        for found in LENGTH.captures_iter(text) {
            let Ok(count) = found[1].parse::<u64>() else {
                continue;
            };
            let unit = found[0][found[1].len()..]
                .trim_start_matches([' ', '-'])
                .to_ascii_lowercase();
            if let Some(ms) = milliseconds(&unit).and_then(|unit| unit.checked_mul(count)) {
                self.length(ms);
            }
        }
        for found in PERCENT.captures_iter(text) {
            if let Ok(percent) = found[1].parse::<f64>() {
                self.add("percent", whole(percent));
            }
        }
        for found in VERSION.captures_iter(text) {
            self.add("version", json!(found[1].trim_end_matches('+')));
        }
        for found in SIZE.captures_iter(text) {
            let kind = match found[2].to_ascii_lowercase().as_str() {
                "ram" | "memory" => "memory_gb",
                "ssd" | "nvme" | "disk" | "storage" => "disk_gb",
                _ => "cores",
            };
            if let Ok(count) = found[1].parse::<u32>() {
                self.add(kind, json!(count));
            }
        }
        if let Some(found) = CHARACTERS.captures(text)
            && let Ok(count) = found[1].parse::<u32>()
        {
            self.add("characters", json!(count));
        }
        if let Some(found) = PER.captures(text)
            && let Ok(count) = found[1].parse::<u32>()
        {
            self.add("rate", json!(count));
        }
        for found in NUMBER.captures_iter(text) {
            if let Ok(number) = found[1].parse::<u64>() {
                self.add("number", json!(number));
            }
        }
    }

    fn length(&mut self, ms: u64) {
        self.add("milliseconds", json!(ms));
        if ms >= 1000 {
            self.add("seconds", json!(ms / 1000));
        }
        if ms >= 86_400_000 {
            self.add("days", json!(ms / 86_400_000));
            self.add("duration", json!(format!("{}d", ms / 86_400_000)));
        } else if ms >= 60_000 {
            self.add("duration", json!(format!("{}m", ms / 60_000)));
        }
    }
}

fn milliseconds(unit: &str) -> Option<u64> {
    Some(match unit {
        "ms" | "millisecond" | "milliseconds" => 1,
        "s" | "sec" | "secs" | "second" | "seconds" => 1000,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600_000,
        "d" | "day" | "days" => 86_400_000,
        "w" | "week" | "weeks" => 7 * 86_400_000,
        "month" | "months" => 31 * 86_400_000,
        "y" | "year" | "years" => 366 * 86_400_000,
        _ => return None,
    })
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "compared with the same number"
)]
fn whole(number: f64) -> Value {
    if number.fract().abs() < f64::EPSILON {
        json!(number as i64)
    } else {
        json!(number)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Stated;
    use crate::import::addresses::{command, domains};

    #[test]
    fn values_are_found_in_sentences() {
        for (text, kind, value) in [
            (
                "GET /api/v1/health returns 200",
                "route",
                json!("/api/v1/health"),
            ),
            ("Web health (GET /) every 60s", "route", json!("/")),
            ("Web health (GET /) every 60s", "seconds", json!(60)),
            ("p95 < 500ms", "milliseconds", json!(500)),
            ("port 5432 only from localhost", "port", json!(5432)),
            (
                "Database port (5432) only accessible from localhost",
                "port",
                json!(5432),
            ),
            ("expires in < 14 days", "days", json!(14)),
            ("PostgreSQL 16.7+", "version", json!("16.7")),
            ("Node.js 20+", "version", json!("20")),
            (
                "SESSION_SECRET, 32+ characters",
                "env",
                json!("SESSION_SECRET"),
            ),
            ("SESSION_SECRET, 32+ characters", "characters", json!(32)),
            (
                "APP_ENV=production in .env",
                "assigned",
                json!("APP_ENV=production"),
            ),
            ("secrets in .env (chmod 600 .env)", "file", json!(".env")),
            (
                "workflow (.github/workflows/ci.yml)",
                "file",
                json!(".github/workflows/ci.yml"),
            ),
            (
                "Landing page (visualkit.live)",
                "host",
                json!("visualkit.live"),
            ),
            (
                "https://api.yourdomain.com/health",
                "url",
                json!("https://api.${domain}/health"),
            ),
            ("disk above 80%", "percent", json!(80)),
            ("100 req/min per IP", "rate", json!(100)),
            ("(4 vCPU, 8GB RAM, 80GB SSD)", "cores", json!(4)),
            (
                "(4+ CPU cores, 8+ GB RAM, 50+ GB disk)",
                "memory_gb",
                json!(8),
            ),
            ("(4 vCPU, 8GB RAM, 80GB SSD)", "disk_gb", json!(80)),
        ] {
            assert_eq!(
                Stated::of(text, &[]).first(kind),
                Some(&value),
                "{kind} of {text}"
            );
        }
    }

    #[test]
    fn what_looks_alike_is_none() {
        for (text, kind) in [
            ("read/write and TCP/IP", "route"),
            ("auth.test.ts and Node.js and README.md", "host"),
            ("ratio 3:1", "port"),
            ("port 99999", "port"),
            ("1.5 times", "days"),
        ] {
            assert_eq!(Stated::of(text, &[]).first(kind), None, "{kind} of {text}");
        }
    }

    #[test]
    fn only_commands_that_build_and_test_are_taken() {
        assert_eq!(command("pnpm test"), Some("pnpm test"));
        for other in [
            "rm -rf /",
            "npm test; rm -rf /",
            "curl https://a.example",
            "npm",
            "make `x`",
        ] {
            assert_eq!(command(other), None, "{other}");
        }
    }

    #[test]
    fn the_domain_is_the_one_that_is_named_most() {
        let texts = [
            "app.zebu.dev",
            "zebu.dev and github.com",
            "https://yourdomain.com/",
        ];
        assert_eq!(domains(texts.into_iter()), ["zebu.dev", "github.com"]);
    }
}
