//! The answers of buckets that are read, and nothing else of them.

use jiff::Timestamp;
use quick_xml::events::Event;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A page of names of S3 and Google.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListBucketResult {
    is_truncated: bool,
    next_continuation_token: Option<String>,
    #[serde(default)]
    contents: Vec<Content>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    key: String,
    size: u64,
    last_modified: String,
}

/// A page of names of Azure.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EnumerationResults {
    blobs: Blobs,
    next_marker: String,
}

#[derive(Debug, Deserialize)]
struct Blobs {
    #[serde(rename = "Blob", default)]
    blobs: Vec<Blob>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Blob {
    name: String,
    properties: Properties,
}

#[derive(Debug, Deserialize)]
struct Properties {
    #[serde(rename = "Last-Modified")]
    last_modified: String,
    #[serde(rename = "Content-Length")]
    content_length: u64,
    #[serde(rename = "ResourceType")]
    resource_type: Option<String>,
}

/// Whether a bucket keeps versions.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Versioning {
    pub(super) status: Option<String>,
}

/// Whether a bucket locks objects.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Locking {
    pub(super) object_lock_enabled: Option<String>,
    pub(super) rule: Option<Rule>,
}

/// How new objects are locked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Rule {
    pub(super) default_retention: Option<Retention>,
}

/// How and for how long.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Retention {
    pub(super) mode: Option<String>,
    pub(super) days: Option<u64>,
    pub(super) years: Option<u64>,
}

/// Why something was not done.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Refusal {
    pub(super) code: String,
    #[serde(default)]
    pub(super) message: String,
}

/// A page of names.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) objects: Vec<Object>,
    /// How to ask for the next page.
    pub(super) next: Option<String>,
}

/// An object of a page.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) modified: Timestamp,
}

/// Reads a document whose outermost element has this name. Others are refused, as everything
/// that may be absent would be so in a page of another kind.
pub(super) fn read<T: DeserializeOwned>(body: &[u8], outermost: &str) -> Result<T, String> {
    let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = quick_xml::Reader::from_str(text);
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(tag) | Event::Empty(tag) => {
                if tag.local_name().as_ref() == outermost.as_bytes() {
                    break;
                }
                return Err(format!("it is no {outermost}"));
            }
            Event::Eof => return Err(format!("there is no {outermost}")),
            _ => {}
        }
    }
    quick_xml::de::from_str(text).map_err(|error| error.to_string())
}

/// A page of names of S3 and Google.
pub(super) fn s3_page(body: &[u8]) -> Result<Page, String> {
    let list: ListBucketResult = read(body, "ListBucketResult")?;
    let next = list.next_continuation_token.filter(|next| !next.is_empty());
    if list.is_truncated && next.is_none() {
        return Err("it is cut off and does not say how it goes on".to_owned());
    }
    let objects = list.contents.into_iter().map(|content| {
        let modified = content.last_modified.parse();
        Ok(Object {
            name: content.key,
            bytes: content.size,
            modified: modified.map_err(|error: jiff::Error| error.to_string())?,
        })
    });
    Ok(Page {
        objects: objects.collect::<Result<_, String>>()?,
        next: next.filter(|_| list.is_truncated),
    })
}

/// A page of names of Azure.
pub(super) fn azure_page(body: &[u8]) -> Result<Page, String> {
    let list: EnumerationResults = read(body, "EnumerationResults")?;
    let is_file = |blob: &Blob| blob.properties.resource_type.as_deref() != Some("directory");
    let objects = list.blobs.blobs.into_iter().filter(is_file).map(|blob| {
        let modified = jiff::fmt::rfc2822::parse(&blob.properties.last_modified);
        Ok(Object {
            name: blob.name,
            bytes: blob.properties.content_length,
            modified: modified.map_err(|error| error.to_string())?.timestamp(),
        })
    });
    Ok(Page {
        objects: objects.collect::<Result<_, String>>()?,
        next: Some(list.next_marker).filter(|next| !next.is_empty()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_and_other_documents_are_not() {
        let s3 = br#"<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
            <Name>b</Name><IsTruncated>true</IsTruncated><NextContinuationToken>t&amp;1</NextContinuationToken>
            <Contents><Key>a &amp; b</Key><LastModified>2026-11-21T03:00:00.000Z</LastModified><ETag>&quot;x&quot;</ETag><Size>7</Size></Contents>
            <Contents><Key>c</Key><LastModified>2026-11-21T03:00:01Z</LastModified><Size>0</Size></Contents>
            </ListBucketResult>"#;
        let page = s3_page(s3).unwrap();
        assert_eq!(page.next.as_deref(), Some("t&1"));
        assert_eq!(page.objects.len(), 2);
        assert_eq!(
            (page.objects[0].name.as_str(), page.objects[0].bytes),
            ("a & b", 7)
        );
        let azure = "\u{feff}<?xml version=\"1.0\"?><EnumerationResults><Blobs><Blob><Name>d</Name><Properties>\
            <Last-Modified>Sat, 21 Nov 2026 03:00:00 GMT</Last-Modified><Content-Length>9</Content-Length>\
            </Properties></Blob><Blob><Name>f</Name><Properties><Last-Modified>Sat, 21 Nov 2026 03:00:00 GMT</Last-Modified>\
            <Content-Length>0</Content-Length><ResourceType>directory</ResourceType></Properties></Blob></Blobs><NextMarker /></EnumerationResults>";
        let page = azure_page(azure.as_bytes()).unwrap();
        assert_eq!((page.objects.len(), page.next), (1, None));
        assert_eq!(page.objects[0].modified.to_string(), "2026-11-21T03:00:00Z");
        for wrong in [
            "",
            "x",
            "<html><body/></html>",
            "<ListBucketResult/>",
            "{}",
            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
            "<ListBucketResult><IsTruncated>perhaps</IsTruncated></ListBucketResult>",
            "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a</Key></Contents></ListBucketResult>",
            "<ListBucketResult><IsTruncated>false</IsTruncated>",
        ] {
            assert!(s3_page(wrong.as_bytes()).is_err(), "{wrong}");
            assert!(azure_page(wrong.as_bytes()).is_err(), "{wrong}");
        }
        assert!(read::<Versioning>(b"<html/>", "VersioningConfiguration").is_err());
    }
}
