//! Reads a file as the document it is. YAML is read here with the crate's serde front end,
//! because a file of the target needs no places for diagnostics, only its data.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::{Map, Number, Value};

use super::Format;
use super::facts::Heading;

/// More headings than this are not kept.
const MOST_HEADINGS: usize = 1000;
/// What is shown of a heading, in characters.
const HEADING_CHARS: usize = 300;

/// How a file is read.
pub(super) enum Reader {
    /// As data.
    Data(fn(&str) -> Result<Value, String>),
    /// For its headings.
    Headings,
}

/// How a file of this name is read; `None` if it is not.
pub(super) fn reader(format: Format, path: &str) -> Option<Reader> {
    let format = match format {
        Format::Auto => by_name(path)?,
        given => given,
    };
    match format {
        Format::None | Format::Auto => None,
        Format::Json => Some(Reader::Data(json)),
        Format::Yaml => Some(Reader::Data(yaml)),
        Format::Toml => Some(Reader::Data(toml)),
        Format::Markdown => Some(Reader::Headings),
    }
}

fn by_name(path: &str) -> Option<Format> {
    let (_, extension) = path.rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "json" => Some(Format::Json),
        "yaml" | "yml" => Some(Format::Yaml),
        "toml" => Some(Format::Toml),
        "md" | "markdown" => Some(Format::Markdown),
        _ => None,
    }
}

/// A JSON file; the error says in one line what is wrong with it.
pub(in crate::probe) fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// All documents of a YAML file; the error says in one line what is wrong with it.
pub(in crate::probe) fn documents(text: &str) -> Result<Vec<Value>, String> {
    serde_yaml::from_multiple(text).map_err(|error| {
        error
            .to_string()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()
    })
}

fn yaml(text: &str) -> Result<Value, String> {
    let mut documents = documents(text)?;
    Ok(match documents.len() {
        1 => documents.remove(0),
        0 => Value::Null,
        _ => Value::Array(documents),
    })
}

fn toml(text: &str) -> Result<Value, String> {
    let table: toml::Table = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    Ok(plain(toml::Value::Table(table)))
}

fn plain(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::Number(number.into()),
        // JSON has no infinity; its name is better than nothing.
        toml::Value::Float(number) => Number::from_f64(number)
            .map_or_else(|| Value::String(number.to_string()), Value::Number),
        toml::Value::Boolean(value) => Value::Bool(value),
        toml::Value::Datetime(time) => Value::String(time.to_string()),
        toml::Value::Array(items) => Value::Array(items.into_iter().map(plain).collect()),
        toml::Value::Table(table) => Value::Object(
            table
                .into_iter()
                .map(|(name, value)| (name, plain(value)))
                .collect::<Map<_, _>>(),
        ),
    }
}

/// The headings of a Markdown file; those in code are none.
pub(super) fn headings(path: &str, text: &str) -> Vec<Heading> {
    let mut headings = Vec::new();
    let mut open: Option<Heading> = None;
    // Events come in order, so lines are counted once.
    let (mut counted, mut line) = (0, 1_u64);
    for (event, range) in Parser::new_ext(text, Options::empty()).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                let between = text
                    .as_bytes()
                    .get(counted..range.start)
                    .unwrap_or_default();
                line += between
                    .iter()
                    .map(|byte| u64::from(*byte == b'\n'))
                    .sum::<u64>();
                counted = range.start.max(counted);
                open = Some(Heading {
                    path: path.to_owned(),
                    line,
                    level: level as u8,
                    text: String::new(),
                });
            }
            Event::End(TagEnd::Heading(_)) => {
                if let Some(mut heading) = open.take() {
                    heading.text = heading.text.trim().chars().take(HEADING_CHARS).collect();
                    headings.push(heading);
                }
                if headings.len() >= MOST_HEADINGS {
                    break;
                }
            }
            Event::Text(piece) | Event::Code(piece) => {
                if let Some(heading) = &mut open {
                    heading.text.push_str(&piece);
                }
            }
            _ => {}
        }
    }
    headings
}

#[cfg(test)]
mod tests {
    use super::{headings, json, toml, yaml};
    use serde_json::json;

    #[test]
    fn documents_become_plain_data() {
        let text = "a: 1\nb: [x, 'no', 2.5]\n";
        assert_eq!(yaml(text).unwrap(), json!({"a": 1, "b": ["x", "no", 2.5]}));
        let several = yaml("a: 1\n---\nb: 2\n").unwrap();
        assert_eq!(several, json!([{"a": 1}, {"b": 2}]));
        let text = "when = 2026-11-21\n[a]\nb = [1, 1.5, true, \"x\", inf]\n";
        let data = json!({"when": "2026-11-21", "a": {"b": [1, 1.5, true, "x", "inf"]}});
        assert_eq!(toml(text).unwrap(), data);
        assert_eq!(json("{\"a\": null}").unwrap(), json!({"a": null}));
    }

    #[test]
    fn hostile_documents_are_refused() {
        let deep = "[".repeat(100_000);
        for read in [json, yaml, toml] {
            assert!(read(&deep).is_err());
            let message = read("{").unwrap_err();
            assert!(!message.is_empty() && !message.contains('\n'), "{message}");
        }
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let below = format!("*a{}, ", level - 1).repeat(9);
            bomb.extend([format!("a{level}: &a{level} [{below}]\n")]);
        }
        assert!(yaml(&bomb).is_err());
    }

    #[test]
    fn headings_are_not_looked_for_in_code() {
        let text = "# The `ready` *way*\n\n```sh\n# no heading\n```\n\nSetext\n---\n\n### Deep\n";
        let found: Vec<_> = headings("x.md", text)
            .into_iter()
            .map(|heading| (heading.line, heading.level, heading.text))
            .collect();
        assert_eq!(
            found,
            [
                (1, 1, "The ready way".to_owned()),
                (7, 2, "Setext".to_owned()),
                (10, 3, "Deep".to_owned())
            ]
        );
    }
}
