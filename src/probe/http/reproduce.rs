//! The question as a curl command, secrets as `$NAME`.

use super::question::{Auth, Body, Http, Version};
use crate::probe::shell::quoted;

/// A command that shows the same answer by hand.
pub(super) fn curl(question: &Http) -> String {
    let mut words = vec!["curl -sS --compressed".to_owned()];
    match question.method.as_str() {
        "HEAD" => words.push("-I".to_owned()),
        "GET" if question.body.is_none() => words.push("-i".to_owned()),
        "POST" if question.body.is_some() => words.push("-i".to_owned()),
        method => words.push(format!("-i -X {}", quoted(method))),
    }
    if question.redirects > 0 {
        words.push(format!("-L --max-redirs {}", question.redirects));
    }
    let clear = question.url.starts_with("http:");
    match question.version {
        Version::Auto => {}
        Version::One => words.push("--http1.1".to_owned()),
        Version::Two if clear => words.push("--http2-prior-knowledge".to_owned()),
        Version::Two => words.push("--http2".to_owned()),
    }
    if !question.verify {
        words.push("-k".to_owned());
    }
    match &question.auth {
        None => {}
        Some(Auth::Bearer(token)) => {
            let value = format!("Authorization: Bearer {token}");
            words.push(format!("-H {}", quoted(&value)));
        }
        Some(Auth::Basic { user, password }) => {
            words.push(format!("-u {}", quoted(&format!("{user}:{password}"))));
        }
    }
    for (name, value) in &question.headers {
        // curl leaves a header out that has no value, unless it ends in a semicolon.
        let header = match value.as_str() {
            "" => format!("{name};"),
            value => format!("{name}: {value}"),
        };
        words.push(format!("-H {}", quoted(&header)));
    }
    if let Some(body) = &question.body {
        let named = |name: &String| name.eq_ignore_ascii_case("content-type");
        let (text, content_type) = match body {
            Body::Text(text) => (text, "'Content-Type:'"),
            Body::Json(json) => (json, "'Content-Type: application/json'"),
        };
        if !question.headers.keys().any(named) {
            words.push(format!("-H {content_type}"));
        }
        words.push(format!("--data-raw {}", quoted(text)));
    }
    words.push(quoted(&question.url));
    words.join(" ")
}
