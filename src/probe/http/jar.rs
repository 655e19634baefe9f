//! Cookies of one session, as a browser keeps them: by domain, path, expiry and `Secure`.
//!
//! It knows no public suffixes: the hosts of one question are its author's.

use std::sync::{Mutex, MutexGuard, PoisonError};

use cookie_store::{CookieStore, RawCookie};
use http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};
use url::Url;

/// Cookies that are kept, and that are remembered of one step; browsers keep about as many of
/// one domain.
const MOST_COOKIES: usize = 100;
/// Bytes of one cookie with its attributes, as browsers have it.
const LONGEST_COOKIE: usize = 4096;

/// The cookies of one session. Requests of a session go one after the other.
#[derive(Debug, Default)]
pub(in crate::probe) struct Jar(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    store: CookieStore,
    set: HeaderMap,
}

impl Jar {
    /// Every `set-cookie` since the last call, those of redirects too.
    pub(in crate::probe) fn take_set(&self) -> HeaderMap {
        std::mem::take(&mut self.kept().set)
    }

    /// Adds the cookies for this address, unless the request has some of its own.
    pub(super) fn fill(&self, headers: &mut HeaderMap, url: &Url) {
        if headers.contains_key(COOKIE) {
            return;
        }
        let kept = self.kept();
        let pairs = kept.store.get_request_values(url);
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        // What no header can hold cannot have come in one.
        if let Ok(mut value) = HeaderValue::from_str(&pairs.join("; "))
            && !pairs.is_empty()
        {
            value.set_sensitive(true);
            headers.insert(COOKIE, value);
        }
    }

    /// Keeps what an answer from this address sets.
    pub(super) fn keep(&self, headers: &HeaderMap, url: &Url) {
        let mut kept = self.kept();
        for header in headers.get_all(SET_COOKIE) {
            if header.len() > LONGEST_COOKIE || kept.set.len() >= MOST_COOKIES {
                continue;
            }
            kept.set.append(SET_COOKIE, header.clone());
            let parsed = header.to_str().ok().and_then(|text| {
                let cookie = RawCookie::parse(text).ok()?;
                Some(cookie.into_owned())
            });
            let has_room = kept.store.iter_any().count() < MOST_COOKIES;
            if let Some(cookie) = parsed.filter(|_| has_room) {
                // One that is for another host, or not for this scheme, is not taken.
                let _ = kept.store.insert_raw(&cookie, url);
            }
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(jar: &Jar, url: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        jar.fill(&mut headers, &url.parse().unwrap());
        let value = headers.get(COOKIE)?;
        Some(value.to_str().unwrap().to_owned())
    }

    fn keep(jar: &Jar, cookie: &str, url: &str) {
        let mut headers = HeaderMap::new();
        headers.insert(SET_COOKIE, cookie.parse().unwrap());
        jar.keep(&headers, &url.parse().unwrap());
    }

    #[test]
    fn cookies_go_where_they_belong() {
        let jar = Jar::default();
        keep(&jar, "sid=1; Path=/; HttpOnly", "http://a.example/login");
        keep(&jar, "safe=2; Secure; Path=/", "https://a.example/");
        keep(&jar, "foreign=3; Domain=b.example", "http://a.example/");
        assert_eq!(sent(&jar, "http://a.example/me").as_deref(), Some("sid=1"));
        assert_eq!(sent(&jar, "http://b.example/"), None);
        assert_eq!(jar.take_set().len(), 3);
        assert!(jar.take_set().is_empty());
        keep(&jar, "sid=; Max-Age=0; Path=/", "http://a.example/logout");
        assert_eq!(sent(&jar, "http://a.example/me"), None);
    }

    #[test]
    fn a_cookie_of_the_request_itself_stays() {
        let jar = Jar::default();
        keep(&jar, "sid=new", "http://a.example/");
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, "sid=old".parse().unwrap());
        jar.fill(&mut headers, &"http://a.example/".parse().unwrap());
        assert_eq!(headers[COOKIE], "sid=old");
    }

    #[test]
    fn a_flood_of_cookies_ends() {
        let jar = Jar::default();
        for number in 0..1000 {
            keep(&jar, &format!("c{number}=x"), "http://a.example/");
        }
        assert_eq!(jar.take_set().len(), MOST_COOKIES);
        keep(
            &jar,
            &format!("big={}", "x".repeat(5000)),
            "http://a.example/",
        );
        assert!(jar.take_set().is_empty());
    }
}
