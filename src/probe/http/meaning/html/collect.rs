//! One pass over the tokens of a page, keeping what the facts are made from.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};

use super::super::text::{MOST, short};
use super::words::Words;

/// What was found on the page, addresses as written.
#[derive(Default)]
pub(super) struct Found {
    pub(super) doctype: bool,
    pub(super) title: Option<String>,
    pub(super) lang: Option<String>,
    pub(super) charset: Option<String>,
    pub(super) viewport: Option<String>,
    pub(super) description: Option<String>,
    pub(super) robots: Option<String>,
    pub(super) generator: Option<String>,
    pub(super) canonical: Option<String>,
    pub(super) icon: Option<String>,
    pub(super) manifest: Option<String>,
    pub(super) meta_refresh: Option<String>,
    pub(super) meta_csp: Vec<String>,
    pub(super) meta_referrer: Vec<String>,
    pub(super) base: Option<String>,
    pub(super) scripts: Vec<ScriptTag>,
    pub(super) links: Vec<LinkTag>,
    pub(super) inline_scripts: u32,
    pub(super) inline_handlers: u32,
    pub(super) active: Vec<String>,
    pub(super) passive: Vec<String>,
    pub(super) forms: Vec<String>,
    pub(super) password_field: bool,
    pub(super) images_without_alt: u32,
    /// SHA-256 of the text and its characters.
    pub(super) text: Option<(String, u64)>,
}

/// A script element with an address.
pub(super) struct ScriptTag {
    pub(super) src: String,
    pub(super) integrity: Option<String>,
    pub(super) crossorigin: Option<String>,
}

/// A link element that loads a style or a module.
pub(super) struct LinkTag {
    pub(super) href: String,
    pub(super) rel: &'static str,
    pub(super) style: bool,
    pub(super) integrity: bool,
}

/// Reads the page once.
pub(super) fn collect(body: &[u8]) -> Found {
    let mut reader = Reader::default();
    // Nothing is handed on token by token: a page may be nothing but mistakes, and the
    // tokenizer would keep one token for each of them.
    let mut emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, _: Span<()>| -> Option<()> {
        reader.read(&event);
        None
    });
    emitter.naively_switch_states(true);
    for Ok(()) in Tokenizer::new_with_emitter(body, emitter) {}
    reader.found.text = reader.words.done();
    reader.found
}

/// What is being read.
#[derive(Default)]
struct Reader {
    found: Found,
    words: Words,
    tag: StartTag,
    in_title: bool,
}

/// A start tag; of attributes with the same name the first counts.
#[derive(Default)]
struct StartTag {
    name: Vec<u8>,
    attributes: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The attribute whose value comes next, unless it is a repeated one.
    current: Option<Vec<u8>>,
}

impl Reader {
    fn read(&mut self, event: &CallbackEvent<'_>) {
        match event {
            CallbackEvent::OpenStartTag { name } => {
                self.tag = StartTag {
                    name: name.to_vec(),
                    ..StartTag::default()
                }
            }
            CallbackEvent::AttributeName { name } => self.tag.attribute(name),
            CallbackEvent::AttributeValue { value } => self.tag.value(value),
            CallbackEvent::CloseStartTag { .. } => {
                self.in_title = self.tag.name == b"title" && self.found.title.is_none();
                self.words.opened(&self.tag.name);
                self.found.tag(&self.tag);
            }
            CallbackEvent::String { value } => {
                self.words.said(value);
                if self.in_title {
                    let title = short(String::from_utf8_lossy(value).trim());
                    self.found.title = (!title.is_empty()).then_some(title);
                }
            }
            CallbackEvent::EndTag { name } => {
                self.words.closed(name);
                self.in_title = false;
            }
            CallbackEvent::Doctype { .. } => self.found.doctype = true,
            _ => {}
        }
    }
}

impl StartTag {
    fn attribute(&mut self, name: &[u8]) {
        self.current = match self.attributes.entry(name.to_vec()) {
            Entry::Occupied(_) => None,
            Entry::Vacant(vacant) => {
                vacant.insert(Vec::new());
                Some(name.to_vec())
            }
        };
    }

    fn value(&mut self, value: &[u8]) {
        let current = self.current.take();
        if let Some(known) = current.and_then(|name| self.attributes.get_mut(&name)) {
            known.extend_from_slice(value);
        }
    }
}

impl Found {
    fn tag(&mut self, tag: &StartTag) {
        self.count_handlers(tag);
        match tag.name.as_slice() {
            b"html" => self.lang = self.lang.take().or_else(|| filled(tag, "lang")),
            b"base" => self.base = self.base.take().or_else(|| filled(tag, "href")),
            b"meta" => self.meta(tag),
            b"link" => self.link(tag),
            b"script" => self.script(tag),
            b"iframe" | b"frame" | b"embed" => keep(&mut self.active, filled(tag, "src")),
            b"object" => keep(&mut self.active, filled(tag, "data")),
            b"img" => {
                if attribute(tag, "alt").is_none() {
                    self.images_without_alt = self.images_without_alt.saturating_add(1);
                }
                self.media(tag);
            }
            b"audio" | b"video" | b"source" | b"track" => self.media(tag),
            b"form" => keep(&mut self.forms, filled(tag, "action")),
            b"button" => keep(&mut self.forms, filled(tag, "formaction")),
            b"input" => {
                keep(&mut self.forms, filled(tag, "formaction"));
                self.password_field |= is(tag, "type", "password");
            }
            _ => {}
        }
    }

    fn count_handlers(&mut self, tag: &StartTag) {
        for name in tag.attributes.keys() {
            let handler = name.len() > 4 && name.starts_with(b"on");
            if handler && name.iter().all(u8::is_ascii_lowercase) {
                self.inline_handlers = self.inline_handlers.saturating_add(1);
            }
        }
    }

    fn meta(&mut self, tag: &StartTag) {
        if let Some(charset) = filled(tag, "charset") {
            self.charset = Some(charset.to_ascii_lowercase());
        }
        let Some(content) = filled(tag, "content") else {
            return;
        };
        let name = attribute(tag, "name")
            .unwrap_or_default()
            .to_ascii_lowercase();
        let equivalent = attribute(tag, "http-equiv")
            .unwrap_or_default()
            .to_ascii_lowercase();
        match (name.trim(), equivalent.trim()) {
            ("viewport", _) => self.viewport = Some(content),
            ("description", _) => self.description = Some(content),
            ("robots", _) => self.robots = Some(content.to_ascii_lowercase()),
            ("generator", _) => self.generator = Some(content),
            ("referrer", _) | (_, "referrer-policy") => {
                keep(&mut self.meta_referrer, Some(content));
            }
            (_, "content-security-policy") => keep(&mut self.meta_csp, Some(content)),
            (_, "refresh") => self.meta_refresh = Some(content),
            (_, "content-type") => {
                let lower = content.to_ascii_lowercase();
                let charset = lower
                    .split_once("charset=")
                    .map(|(_, rest)| rest.trim().to_owned());
                self.charset = self.charset.take().or(charset);
            }
            _ => {}
        }
    }

    fn link(&mut self, tag: &StartTag) {
        let Some(href) = filled(tag, "href") else {
            return;
        };
        let rel = attribute(tag, "rel")
            .unwrap_or_default()
            .to_ascii_lowercase();
        let has = |word: &str| rel.split_ascii_whitespace().any(|own| own == word);
        self.load(tag, &href, &has);
        if has("canonical") {
            self.canonical = Some(href);
        } else if has("icon") {
            self.icon = Some(href.clone());
            keep(&mut self.passive, Some(href));
        } else if has("manifest") {
            self.manifest = Some(href.clone());
            keep(&mut self.active, Some(href));
        } else if [
            "stylesheet",
            "preload",
            "modulepreload",
            "prefetch",
            "import",
        ]
        .iter()
        .any(|word| has(word))
        {
            keep(&mut self.active, Some(href));
        }
    }

    /// Keeps what a link loads that is run or laid out.
    fn load(&mut self, tag: &StartTag, href: &str, has: &dyn Fn(&str) -> bool) {
        let style = has("stylesheet") || is(tag, "as", "style");
        let of_use = style || is(tag, "as", "script");
        let rel = if has("stylesheet") {
            "stylesheet"
        } else if has("modulepreload") {
            "modulepreload"
        } else if has("preload") && of_use {
            "preload"
        } else {
            return;
        };
        if self.links.len() < MOST {
            self.links.push(LinkTag {
                href: href.to_owned(),
                rel,
                style,
                integrity: filled(tag, "integrity").is_some(),
            });
        }
    }

    fn script(&mut self, tag: &StartTag) {
        let Some(src) = filled(tag, "src") else {
            if !attribute(tag, "type").is_some_and(|kind| is_data(&kind)) {
                self.inline_scripts = self.inline_scripts.saturating_add(1);
            }
            return;
        };
        keep(&mut self.active, Some(src.clone()));
        if self.scripts.len() < MOST {
            self.scripts.push(ScriptTag {
                src,
                integrity: filled(tag, "integrity"),
                crossorigin: attribute(tag, "crossorigin"),
            });
        }
    }

    fn media(&mut self, tag: &StartTag) {
        keep(&mut self.passive, filled(tag, "src"));
        keep(&mut self.passive, filled(tag, "poster"));
        let candidates = filled(tag, "srcset").unwrap_or_default();
        for candidate in candidates.split(',') {
            let address = candidate.split_ascii_whitespace().next();
            keep(&mut self.passive, address.map(str::to_owned));
        }
    }
}

/// Whether a script's type makes it data that is never run.
fn is_data(kind: &str) -> bool {
    let kind = kind.trim().to_ascii_lowercase();
    !(kind.is_empty()
        || kind == "module"
        || kind.ends_with("javascript")
        || kind.ends_with("ecmascript"))
}

fn keep(list: &mut Vec<String>, address: Option<String>) {
    if let Some(address) = address.filter(|_| list.len() < MOST) {
        list.push(address);
    }
}

fn attribute(tag: &StartTag, name: &str) -> Option<String> {
    let value = tag.attributes.get(name.as_bytes())?;
    Some(short(&String::from_utf8_lossy(value)))
}

/// An attribute with something in it, trimmed.
fn filled(tag: &StartTag, name: &str) -> Option<String> {
    let value = attribute(tag, name)?.trim().to_owned();
    (!value.is_empty()).then_some(value)
}

fn is(tag: &StartTag, name: &str, word: &str) -> bool {
    attribute(tag, name).is_some_and(|value| value.trim().eq_ignore_ascii_case(word))
}
