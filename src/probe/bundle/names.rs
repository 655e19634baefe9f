//! Names of built files: where they lead to, and whether they hold a hash.

use url::Url;

/// Where a name that stands in a script leads to; `None` where it is just a word.
pub(super) fn resolve(name: &str, script: &Url, page: &Url) -> Option<Url> {
    if name.starts_with("./") || name.starts_with("../") || name.starts_with('/') {
        return script.join(name).ok();
    }
    // Bundlers write names from the folder that everything was built into, which the address
    // of the script itself shows: `assets/a.js` beside `/shop/assets/index.js`.
    let (folder, _) = name.split_once('/')?;
    let inner = format!("/{folder}/");
    match script.path().rfind(&inner) {
        Some(at) => {
            let base = script.path().get(..at).unwrap_or_default();
            script.join(&format!("{base}/{name}")).ok()
        }
        None => page.join(name).ok(),
    }
}

/// Whether a part of a file's name looks like a hash: digits among its letters and no word, or
/// eight letters of both sizes as some bundlers make them.
pub(super) fn is_hashed(url: &Url) -> bool {
    let name = url.path().rsplit('/').next().unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.split('.').any(|part| {
        // A hash may have `-` and `_` in it, and follows on a name with one of them.
        let ends = part.match_indices(['-', '_']);
        let mut ends = ends.map(|(at, _)| part.get(at + 1..).unwrap_or_default());
        let alone = !part.contains(['-', '_']) && looks_random(part);
        alone || ends.any(looks_random)
    })
}

fn looks_random(text: &str) -> bool {
    let has = |is: fn(&char) -> bool| text.chars().any(|letter| is(&letter));
    let digits = has(char::is_ascii_digit) && has(char::is_ascii_alphabetic);
    let mixed = has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase);
    let word = text
        .split(|letter: char| !letter.is_ascii_lowercase())
        .any(|run| run.len() > 5 && !run.chars().all(|letter| letter.is_ascii_hexdigit()));
    let plain = text
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'));
    plain && !word && ((digits && text.len() >= 8) || (mixed && text.len() == 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_where_bundlers_mean_them_to() {
        let page: Url = "https://a.example/shop/start".parse().unwrap();
        let script: Url = "https://a.example/shop/assets/index.js".parse().unwrap();
        for (name, leads) in [
            ("./b.js", Some("https://a.example/shop/assets/b.js")),
            ("/b.css", Some("https://a.example/b.css")),
            ("assets/b.js", Some("https://a.example/shop/assets/b.js")),
            ("js/b.js", Some("https://a.example/shop/js/b.js")),
            ("moment.js", None),
        ] {
            let url = resolve(name, &script, &page);
            assert_eq!(url.as_ref().map(Url::as_str), leads, "{name}");
        }
    }

    #[test]
    fn hashes_are_told_from_words() {
        for (name, hashed) in [
            ("index-DiwrgTda.js", true),
            ("index-D-ygp3pr.js", true),
            ("main.1a2b3c4d.chunk.css", true),
            ("main.1a2b3c4d5e6f7a8b.js", true),
            ("chunk-AB3D5F7H.js", true),
            ("1f2e3d4c5b6a7988.js", true),
            ("polyfill.js", false),
            ("main.js", false),
            ("main-component2x.js", false),
            ("jquery-3.7.1.min.js", false),
        ] {
            let url: Url = format!("https://a.example/x/{name}").parse().unwrap();
            assert_eq!(is_hashed(&url), hashed, "{name}");
        }
    }
}
