//! The `bundle` probe against a front end that Vite built and nginx serves.

use ready::probe::bundle::{Bundle, Facts};
use ready::probe::{Answer, Probe};
use serde_json::json;

use super::nginx::Nginx;
use super::program;
use crate::support::certificates::{Authority, Leaf};

/// Every file of a folder in `front_end`, which its `build` made.
fn built(folder: &str, key: &str) -> Vec<(String, String)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/real/front_end")
        .join(folder);
    let files = walkdir::WalkDir::new(&root).into_iter().map(Result::unwrap);
    files
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let name = entry
                .path()
                .strip_prefix(&root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            let text = std::fs::read_to_string(entry.path()).unwrap();
            (name, text.replace("@KEY@", key))
        })
        .collect()
}

async fn ask(folder: &str, configuration: &str, key: &str) -> Option<(Answer<Facts>, String)> {
    let root = Authority::root("Test CA");
    let identity = root.sign(&Leaf::default());
    let nginx = Nginx::start(
        &program("nginx")?,
        configuration,
        (&identity, &root),
        &built(folder, key),
    );
    let url = format!("https://localhost:{}/", nginx.tls);
    let find = ["api.shop.example", "pk_shop"];
    let probe: Bundle = serde_json::from_value(json!({"url": url, "find": find})).unwrap();
    assert_eq!(probe.validate(), Ok(()));
    let context = crate::support::context(std::slice::from_ref(&root.certificate));
    Some((probe.gather(&context).await.unwrap(), url))
}

#[tokio::test]
async fn a_front_end_built_for_production_is_clean() {
    let configuration = include_str!("nginx/front_end.conf");
    let Some((Answer { facts, gaps }, url)) = ask("good", configuration, "").await else {
        return;
    };
    assert!(gaps.is_empty(), "{gaps:?}");
    let files = facts.files.unwrap();
    assert_eq!(files.len(), 4, "{files:?}");
    assert!(files.iter().all(|file| file.hashed && file.immutable));
    assert!(files.iter().all(|file| file.max_age == Some(31_536_000)));
    let later: Vec<&str> = files
        .iter()
        .filter(|file| !file.initial)
        .filter_map(|file| file.url.strip_prefix(&*url))
        .map(|name| name.split('-').next().unwrap())
        .collect();
    assert_eq!(later, ["assets/about", "assets/about"]);
    let main = files
        .iter()
        .find(|file| file.url.contains("/index-") && file.bytes > 2000)
        .unwrap();
    assert!(main.compressed && main.transferred < main.bytes, "{main:?}");
    assert_eq!(facts.secrets, Some(Vec::new()));
    assert_eq!(
        (facts.local, facts.debug),
        (Some(Vec::new()), Some(Vec::new()))
    );
    assert_eq!(
        (facts.source_maps, facts.broken),
        (Some(Vec::new()), Some(Vec::new()))
    );
    assert!(facts.origins.unwrap().contains("https://api.shop.example"));
    assert_eq!(
        facts.found,
        Some(vec!["api.shop.example".to_owned(), "pk_shop".to_owned()])
    );
    assert!(facts.initial_transferred < facts.initial_bytes);
}

#[tokio::test]
async fn a_developers_front_end_gives_all_away() {
    // Made when the test runs, so that no key stands here.
    let letters: String = (0..24_u8)
        .map(|at| char::from(b'a' + (at * 7) % 26))
        .collect();
    let key = format!("sk_{}_{letters}7Q", "live");
    let configuration = include_str!("nginx/usual.conf");
    let Some((Answer { facts, gaps }, url)) = ask("bad", configuration, &key).await else {
        return;
    };
    assert!(gaps.is_empty(), "{gaps:?}");
    let shown = serde_json::to_string(&facts).unwrap();
    assert!(!shown.contains(&key), "{shown}");
    let secrets = facts.secrets.unwrap();
    assert_eq!(secrets[0].rule, "stripe-key");
    assert!(secrets[0].url.starts_with(&format!("{url}assets/index-")));
    let maps = facts.source_maps.unwrap();
    assert_eq!(maps.len(), 2, "{maps:?}");
    let local = facts.local.unwrap();
    assert_eq!((local.len(), &*local[0].text), (1, "http://localhost:3000"));
    assert_eq!(facts.debug.unwrap()[0].text, "console");
    assert_eq!(facts.found, Some(Vec::new()));
}
