//! One request and its answer, as the reading of headers and pages needs it.

/// One request and its answer.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// Where the answer came from.
    pub url: &'a url::Url,
    /// How it was asked for.
    pub method: &'a http::Method,
    /// The `Origin` that the request named, if it did.
    pub origin: Option<&'a str>,
    /// Whether it came over TLS.
    pub https: bool,
    /// The status.
    pub status: http::StatusCode,
    /// The headers, duplicates kept, as the server sent them.
    pub headers: &'a http::HeaderMap,
    /// The body after decompression, cut at the size limit.
    pub body: &'a [u8],
    /// `Content-Type` as sent, where it is text.
    pub content_type: Option<&'a str>,
}
