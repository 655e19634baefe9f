//! Who may show the page in a frame: `X-Frame-Options` and CSP `frame-ancestors` together.

use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::csp::{Csp, is_broad};
use super::text::members;

/// Who may show the page in a frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Framing {
    /// What `X-Frame-Options` says.
    pub x_frame_options: XFrameOptions,
    /// Sources of the enforced `frame-ancestors`, which overrules `X-Frame-Options`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_ancestors: Option<Vec<String>>,
    /// Whether a current browser keeps other sites from framing the page: `frame-ancestors`
    /// without a broad source, or, when there is none, `X-Frame-Options: DENY` or `SAMEORIGIN`.
    pub restricted: bool,
    /// What the MDN HTTP Observatory's test comes to.
    pub class: FramingClass,
}

/// What `X-Frame-Options` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum XFrameOptions {
    /// Nobody may frame it.
    Deny,
    /// Pages of the same origin may.
    Sameorigin,
    /// The obsolete `ALLOW-FROM`, which current browsers ignore.
    AllowFrom,
    /// Not a known value, or several that contradict.
    Invalid,
    /// The header is not there.
    Absent,
}

/// Framing as the MDN HTTP Observatory classifies it, which asks only whether
/// `frame-ancestors` exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FramingClass {
    /// `frame-ancestors` is there.
    ViaCsp,
    /// `DENY` or `SAMEORIGIN`.
    DenyOrSameorigin,
    /// `ALLOW-FROM`.
    AllowFrom,
    /// Not a known value.
    Invalid,
    /// Neither header.
    Absent,
}

/// Reads the header beside an already read policy.
pub(super) fn read(headers: &HeaderMap, csp: &Csp) -> Framing {
    let x_frame_options = options(&members(headers, "x-frame-options"));
    let frame_ancestors = csp.frame_ancestors.clone();
    let by_header = matches!(
        x_frame_options,
        XFrameOptions::Deny | XFrameOptions::Sameorigin
    );
    let restricted = frame_ancestors.as_ref().map_or(by_header, |sources| {
        !sources.iter().any(|source| is_broad(source))
    });
    let class = match x_frame_options {
        _ if frame_ancestors.is_some() => FramingClass::ViaCsp,
        XFrameOptions::Deny | XFrameOptions::Sameorigin => FramingClass::DenyOrSameorigin,
        XFrameOptions::AllowFrom => FramingClass::AllowFrom,
        XFrameOptions::Invalid => FramingClass::Invalid,
        XFrameOptions::Absent => FramingClass::Absent,
    };
    Framing {
        x_frame_options,
        frame_ancestors,
        restricted,
        class,
    }
}

fn options(members: &[String]) -> XFrameOptions {
    let mut found = members.iter().map(|member| {
        let member = member.to_ascii_lowercase();
        match member.as_str() {
            "deny" => XFrameOptions::Deny,
            "sameorigin" => XFrameOptions::Sameorigin,
            _ if member.starts_with("allow-from") => XFrameOptions::AllowFrom,
            _ => XFrameOptions::Invalid,
        }
    });
    let Some(first) = found.next() else {
        return XFrameOptions::Absent;
    };
    if found.all(|other| other == first) {
        first
    } else {
        XFrameOptions::Invalid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_value_twice_is_one_and_contradictions_are_invalid() {
        let of =
            |list: &[&str]| options(&list.iter().map(|&word| word.to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["DENY"]), XFrameOptions::Deny);
        assert_eq!(of(&["SameOrigin", "SAMEORIGIN"]), XFrameOptions::Sameorigin);
        assert_eq!(of(&["DENY", "SAMEORIGIN"]), XFrameOptions::Invalid);
        assert_eq!(
            of(&["ALLOW-FROM https://a.example"]),
            XFrameOptions::AllowFrom
        );
        assert_eq!(of(&["ALLOWALL"]), XFrameOptions::Invalid);
        assert_eq!(of(&[]), XFrameOptions::Absent);
    }
}
