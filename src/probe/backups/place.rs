//! Where backups lie, and what would be contacted there.

use url::Url;

use super::facts::Api;
use super::{Backups, TimeFrom};
use crate::probe::shell::quoted;
use crate::probe::{Access, Contact};

/// Where backups lie.
#[derive(Debug)]
pub(super) enum Place {
    /// A folder of this machine.
    Folder(String),
    /// A bucket or container.
    Bucket(Bucket),
}

/// A bucket or container, and a prefix in it.
#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) api: Api,
    /// Where it is asked, without a `/` at the end.
    address: Url,
    /// Its name.
    pub(super) name: String,
    /// Azure's account; empty elsewhere.
    pub(super) account: String,
    /// Region, for signatures.
    pub(super) region: String,
    /// What names start with.
    pub(super) prefix: String,
}

/// Services keep names shorter than this.
const LONGEST_NAME: usize = 1024;

impl Place {
    /// Reads a location; the error names the field and says what is wrong with it.
    pub(super) fn new(
        location: &str,
        endpoint: &str,
        region: &str,
    ) -> Result<Self, (&'static str, &'static str)> {
        let Some((scheme, rest)) = location.split_once("://") else {
            if location.trim().is_empty() || location.contains('\0') {
                return Err(("location", "is no path"));
            }
            return Ok(Self::Folder(location.to_owned()));
        };
        let api = match scheme {
            "s3" => Api::S3,
            "gs" => Api::Google,
            "az" => Api::Azure,
            _ => {
                return Err((
                    "location",
                    "starts with `s3://`, `gs://` or `az://`, or is a path",
                ));
            }
        };
        let (account, rest) = match api {
            Api::Azure => rest.split_once('/').ok_or((
                "location",
                "names the account and the container: az://account/container/prefix",
            ))?,
            _ => ("", rest),
        };
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if !is_name(name) || (api == Api::Azure && !is_name(account)) {
            return Err((
                "location",
                "names a bucket: letters, digits, `-`, `.` and `_`",
            ));
        }
        if prefix.len() > LONGEST_NAME {
            return Err(("location", "has a prefix that is longer than names can be"));
        }
        if !is_name(region) {
            return Err(("region", "is a name such as eu-central-1"));
        }
        let base = match (endpoint, api) {
            ("", Api::Google) => "https://storage.googleapis.com".to_owned(),
            ("", Api::Azure) => format!("https://{account}.blob.core.windows.net"),
            ("", _) => format!("https://s3.{region}.amazonaws.com"),
            (given, _) => given.trim_end_matches('/').to_owned(),
        };
        let address = format!("{base}/{name}").parse::<Url>().ok();
        let address = address.filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty()
                && url.password().is_none()
                && url.path().ends_with(&format!("/{name}"))
        });
        Ok(Self::Bucket(Bucket {
            api,
            address: address.ok_or(("endpoint", "is no address such as https://s3.example"))?,
            name: name.to_owned(),
            account: account.to_owned(),
            region: region.to_owned(),
            prefix: prefix.to_owned(),
        }))
    }

    pub(super) fn api(&self) -> Api {
        match self {
            Self::Folder(_) => Api::Folder,
            Self::Bucket(bucket) => bucket.api,
        }
    }
}

/// Names of buckets, accounts and regions, so that they are a part of an address as they are.
fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !name.is_empty() && name.len() <= 255 && name.bytes().all(fits) && !name.starts_with('.')
}

impl Bucket {
    /// `host:port`, for causes.
    pub(super) fn subject(&self) -> String {
        let port = self.address.port_or_known_default().unwrap_or_default();
        format!("{}:{port}", self.address.host_str().unwrap_or_default())
    }

    /// The bucket with these parameters.
    pub(super) fn asking(&self, parameters: &[(&str, &str)]) -> Url {
        let mut url = self.address.clone();
        let parts: Vec<String> = parameters
            .iter()
            .map(|(key, value)| match *value {
                "" => (*key).to_owned(),
                value => format!("{key}={}", escaped(value, "")),
            })
            .collect();
        url.set_query(Some(&parts.join("&")));
        url
    }

    /// The address of the first page of names, or of one after a page that says how it goes on.
    pub(super) fn page(&self, next: Option<&str>) -> Url {
        self.names(next.unwrap_or_default(), "")
    }

    /// The address of a page with a single name.
    pub(super) fn glimpse(&self) -> Url {
        self.names("", "1")
    }

    fn names(&self, next: &str, most: &str) -> Url {
        let mut parameters = match self.api {
            Api::Azure => vec![
                ("restype", "container"),
                ("comp", "list"),
                ("marker", next),
                ("maxresults", most),
            ],
            _ => vec![
                ("list-type", "2"),
                ("continuation-token", next),
                ("max-keys", most),
            ],
        };
        parameters.push(("prefix", &self.prefix));
        parameters.retain(|(_, value)| !value.is_empty());
        self.asking(&parameters)
    }

    /// The address of an object; `None` for a name that addresses cannot hold, such as one with
    /// `/../` in it.
    pub(super) fn object(&self, name: &str) -> Option<Url> {
        let path = format!("{}/{}", self.address.path(), escaped(name, "/"));
        let mut url = self.address.clone();
        url.set_path(&path);
        (url.path() == path).then_some(url)
    }

    pub(super) fn contacts(&self) -> Vec<Contact> {
        let contact = |action: String, count| Contact {
            host: self.address.host_str().unwrap_or_default().to_owned(),
            port: self.address.port_or_known_default(),
            action,
            count,
            access: Access::ReadOnly,
        };
        let place = self.address.path();
        let mut contacts = vec![
            contact(format!("GET names in {place}"), super::bucket::MOST_PAGES),
            contact("GET start of the newest backup".to_owned(), 1),
            contact(
                format!("GET {place} and the newest backup without credentials"),
                2,
            ),
        ];
        let kept = match self.api {
            Api::S3 => "?versioning, ?object-lock",
            Api::Google => "?versioning",
            _ => return contacts,
        };
        let count = if self.api == Api::S3 { 2 } else { 1 };
        contacts.push(contact(format!("GET {place}{kept}"), count));
        contacts
    }

    pub(super) fn reproduce(&self, question: &Backups) -> String {
        let sorted = match question.time_from {
            TimeFrom::Modified => " | sort",
            TimeFrom::Name => "",
        };
        if self.api == Api::Azure {
            let with = match (question.secret_key.as_str(), question.token.as_str()) {
                ("", "") => String::new(),
                ("", token) => format!(" --sas-token {}", quoted(token)),
                (key, _) => format!(" --account-key {}", quoted(key)),
            };
            return format!(
                "az storage blob list --account-name {} --container-name {} --prefix {}{with} --output table",
                quoted(&self.account),
                quoted(&self.name),
                quoted(&self.prefix)
            );
        }
        if self.api == Api::Google && question.access_key.is_empty() {
            let with = match question.token.as_str() {
                "" => String::new(),
                token => format!(" -H \"authorization: Bearer \"{}", quoted(token)),
            };
            return format!("curl -sS{with} {}", quoted(self.page(None).as_str()));
        }
        let mut words = String::new();
        for (name, value) in [
            ("AWS_ACCESS_KEY_ID", &question.access_key),
            ("AWS_SECRET_ACCESS_KEY", &question.secret_key),
            ("AWS_SESSION_TOKEN", &question.token),
        ] {
            if !value.is_empty() {
                crate::text::push(&mut words, format_args!("{name}={} ", quoted(value)));
            }
        }
        let unsigned = if question.access_key.is_empty() {
            " --no-sign-request"
        } else {
            ""
        };
        let endpoint = self.address.as_str();
        let endpoint = endpoint.strip_suffix(&format!("/{}", self.name));
        format!(
            "{words}aws s3 ls --recursive {}{unsigned} --region {} --endpoint-url {}{sorted}",
            quoted(&format!("s3://{}/{}", self.name, self.prefix)),
            quoted(&self.region),
            quoted(endpoint.unwrap_or_default()),
        )
    }
}

/// Percent-encoded but for letters, digits, `-`, `.`, `_`, `~` and what is to stay, which is how
/// signatures are made.
fn escaped(text: &str, stays: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if plain || stays.as_bytes().contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            crate::text::push(&mut escaped, format_args!("%{byte:02X}"));
        }
    }
    escaped
}
