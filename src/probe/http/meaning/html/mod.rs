//! An HTML page: what it loads and from where, what it sends, and what its head says.
//!
//! The text is tokenized, not rendered: nothing that scripts add is seen.

mod collect;
mod sri;
mod words;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

pub use sri::SriClass;
pub(in crate::probe) use sri::same_site;

/// What an HTML page loads, sends and says. Lists hold at most 200 entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Html {
    /// Whether the document starts with a doctype; without one browsers use quirks mode.
    pub doctype: bool,
    /// Content of `<title>`, trimmed; left out when it is missing or empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The language that `<html lang>` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    /// The character set that a meta element names, in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charset: Option<String>,
    /// Content of `<meta name=viewport>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub viewport: Option<String>,
    /// Content of `<meta name=description>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Content of `<meta name=robots>`, in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub robots: Option<String>,
    /// Content of `<meta name=generator>`, which often names software and version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generator: Option<String>,
    /// Address of `<link rel=canonical>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canonical: Option<String>,
    /// Address of `<link rel=icon>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Address of `<link rel=manifest>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// Content of `<meta http-equiv=refresh>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta_refresh: Option<String>,
    /// Contents of `<meta http-equiv=content-security-policy>`.
    pub meta_csp: Vec<String>,
    /// Contents of `<meta name=referrer>` and `<meta http-equiv=referrer-policy>`.
    pub meta_referrer: Vec<String>,
    /// Scripts with an address.
    pub scripts: Vec<Script>,
    /// Style sheets and modules that `<link>` loads.
    pub links: Vec<Link>,
    /// How many scripts are written in the page itself.
    pub inline_scripts: u32,
    /// How many `on…` attributes hold script.
    pub inline_handlers: u32,
    /// Addresses of scripts from other sites (another registrable domain) without `integrity`.
    pub foreign_without_integrity: Vec<String>,
    /// Subresource integrity as the MDN HTTP Observatory classifies it.
    pub sri: SriClass,
    /// Addresses of scripts, styles, frames and other active content that are loaded over plain
    /// HTTP by this HTTPS page; browsers block them.
    pub mixed_active: Vec<String>,
    /// The same for images, audio and video; browsers upgrade or warn.
    pub mixed_passive: Vec<String>,
    /// Addresses of forms that send over plain HTTP.
    pub insecure_forms: Vec<String>,
    /// Whether there is a password field.
    pub password_field: bool,
    /// Images without an `alt` attribute.
    pub images_without_alt: u32,
}

/// A script with an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Script {
    /// The address as written in the page.
    pub src: String,
    /// The whole address; left out when it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Whether an `integrity` attribute pins its content.
    pub integrity: bool,
    /// The `crossorigin` attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crossorigin: Option<String>,
    /// Whether it is loaded over HTTPS.
    pub https: bool,
    /// Whether it comes from the page's own registrable domain.
    pub same_site: bool,
}

/// A style sheet or module that the head of a page loads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Link {
    /// The whole address.
    pub url: String,
    /// `stylesheet`, `modulepreload`, or `preload` of a script or style.
    pub rel: String,
    /// Whether it is a style sheet, as `rel` or `as` says.
    pub style: bool,
    /// Whether an `integrity` attribute pins its content.
    pub integrity: bool,
}

/// Whether a content type is HTML; an answer without one is sniffed, and counts when it looks
/// like markup.
pub(in crate::probe) fn is_html(content_type: Option<&str>, body: &[u8]) -> bool {
    let Some(content_type) = content_type else {
        let start: Vec<u8> = body
            .iter()
            .copied()
            .skip_while(u8::is_ascii_whitespace)
            .take(9)
            .map(|byte| byte.to_ascii_lowercase())
            .collect();
        return start == b"<!doctype" || start.starts_with(b"<html");
    };
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("text/html")
        || essence.eq_ignore_ascii_case("application/xhtml+xml")
}

/// A page, and what is read of it.
pub(super) struct Page {
    pub(super) html: Html,
    /// SHA-256 of the text and its characters; nothing where its end cannot be told.
    pub(super) text: Option<(String, u64)>,
}

/// Reads the page that came from `url`.
pub(super) fn read(body: &[u8], url: &Url) -> Page {
    let mut found = collect::collect(body);
    Page {
        text: found.text.take(),
        html: html(found, url),
    }
}

fn html(found: collect::Found, url: &Url) -> Html {
    let base = found
        .base
        .as_deref()
        .and_then(|href| url.join(href).ok())
        .unwrap_or_else(|| url.clone());
    let secure = url.scheme() == "https";
    let scripts: Vec<Script> = found
        .scripts
        .iter()
        .map(|tag| script(tag, &base, url))
        .collect();
    let plain = |list: &[String]| -> Vec<String> {
        let mut plain: Vec<String> = list
            .iter()
            .filter_map(|address| base.join(address.trim()).ok())
            .filter(|address| address.scheme() == "http")
            .map(|address| super::text::short(address.as_str()))
            .collect();
        plain.sort();
        plain.dedup();
        plain
    };
    let mixed = |list: &[String]| if secure { plain(list) } else { Vec::new() };
    Html {
        sri: sri::classify(&found.scripts, found.inline_scripts, url),
        foreign_without_integrity: scripts
            .iter()
            .filter(|script| !script.same_site && !script.integrity)
            .map(|script| script.src.clone())
            .collect(),
        scripts,
        links: found
            .links
            .iter()
            .filter_map(|tag| link(tag, &base))
            .collect(),
        mixed_active: mixed(&found.active),
        mixed_passive: mixed(&found.passive),
        insecure_forms: plain(&found.forms),
        doctype: found.doctype,
        title: found.title,
        lang: found.lang,
        charset: found.charset,
        viewport: found.viewport,
        description: found.description,
        robots: found.robots,
        generator: found.generator,
        canonical: found.canonical,
        icon: found.icon,
        manifest: found.manifest,
        meta_refresh: found.meta_refresh,
        meta_csp: found.meta_csp,
        meta_referrer: found.meta_referrer,
        inline_scripts: found.inline_scripts,
        inline_handlers: found.inline_handlers,
        password_field: found.password_field,
        images_without_alt: found.images_without_alt,
    }
}

fn link(tag: &collect::LinkTag, base: &Url) -> Option<Link> {
    let url = base.join(tag.href.trim()).ok()?;
    Some(Link {
        url: super::text::short(url.as_str()),
        rel: tag.rel.to_owned(),
        style: tag.style,
        integrity: tag.integrity,
    })
}

fn script(tag: &collect::ScriptTag, base: &Url, page: &Url) -> Script {
    let url = base.join(tag.src.trim()).ok();
    Script {
        src: tag.src.clone(),
        integrity: tag.integrity.is_some(),
        crossorigin: tag.crossorigin.clone(),
        https: url.as_ref().is_some_and(|url| url.scheme() == "https"),
        same_site: url.as_ref().is_some_and(|url| {
            matches!(url.scheme(), "data" | "blob") || sri::same_site(url, page)
        }),
        url: url.map(|url| super::text::short(url.as_str())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(html: &str) -> Html {
        read(
            html.as_bytes(),
            &"https://www.zebu.example/a/b".parse().unwrap(),
        )
        .html
    }

    #[test]
    fn the_head_is_read() {
        let html = page(
            "<!DOCTYPE html><html lang=en><head><meta charset=UTF-8><title> Zebu &amp; Co </title>\
             <meta name=Viewport content='width=device-width'>\
             <meta name=generator content='WordPress 6.4'>\
             <link rel='canonical' href='https://zebu.example/'>\
             <link rel='shortcut icon' href=/favicon.ico>\
             <meta http-equiv=Content-Security-Policy content=\"default-src 'self'\">\
             <meta name=referrer content=no-referrer><meta http-equiv=refresh content='5; url=/x'>",
        );
        assert!(html.doctype);
        assert_eq!(html.title.as_deref(), Some("Zebu & Co"));
        assert_eq!(html.lang.as_deref(), Some("en"));
        assert_eq!(html.charset.as_deref(), Some("utf-8"));
        assert_eq!(html.viewport.as_deref(), Some("width=device-width"));
        assert_eq!(html.generator.as_deref(), Some("WordPress 6.4"));
        assert_eq!(html.canonical.as_deref(), Some("https://zebu.example/"));
        assert_eq!(html.icon.as_deref(), Some("/favicon.ico"));
        assert_eq!(html.meta_csp, ["default-src 'self'"]);
        assert_eq!(html.meta_referrer, ["no-referrer"]);
        assert_eq!(html.meta_refresh.as_deref(), Some("5; url=/x"));
    }

    #[test]
    fn plain_http_is_mixed_content_by_kind() {
        let html = page(
            "<script src=http://cdn.example/a.js></script><img src='http://i.example/a.png' alt=a>\
             <link rel=stylesheet href=http://c.example/a.css><iframe src=//f.example/></iframe>\
             <form action=http://zebu.example/login><input type=Password></form>\
             <a href=http://fine.example>link</a><img src=/local.png>\
             <script>var x = '<img src=http://not.example/a.png>';</script><!-- <script src=http://c.example> -->",
        );
        assert_eq!(
            html.mixed_active,
            ["http://c.example/a.css", "http://cdn.example/a.js"]
        );
        assert_eq!(html.mixed_passive, ["http://i.example/a.png"]);
        assert_eq!(html.insecure_forms, ["http://zebu.example/login"]);
        assert!(html.password_field);
        assert_eq!((html.inline_scripts, html.images_without_alt), (1, 1));
    }

    #[test]
    fn scripts_of_the_same_site_are_told_from_foreign_ones() {
        let html = page(
            "<script src=/a.js></script><script src=https://static.zebu.example/b.js></script>\
             <script src=https://cdn.other.example/c.js></script>\
             <script src=https://cdn.other.example/d.js integrity=sha384-x crossorigin></script>",
        );
        assert_eq!(
            html.foreign_without_integrity,
            ["https://cdn.other.example/c.js"]
        );
        let same: Vec<bool> = html.scripts.iter().map(|script| script.same_site).collect();
        assert_eq!(same, [true, true, false, false]);
        assert_eq!(
            html.scripts[0].url.as_deref(),
            Some("https://www.zebu.example/a.js")
        );
    }

    #[test]
    fn a_base_element_moves_relative_addresses() {
        let html = page("<base href=http://old.example/><script src=app.js></script>");
        assert_eq!(html.mixed_active, ["http://old.example/app.js"]);
    }

    #[test]
    fn html_is_known_by_type_or_else_by_its_start() {
        assert!(is_html(Some("Text/HTML; charset=utf-8"), b""));
        assert!(!is_html(Some("application/json"), b"<!doctype html>"));
        assert!(is_html(None, b"\n <!DOCTYPE html>"));
        assert!(!is_html(None, b"{}"));
    }
}
