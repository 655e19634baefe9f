//! Requests with their credentials. How they are signed is `object_store`'s.

use bytes::Bytes;
use http::Method;
use http::header::{self, HeaderValue};
use object_store::aws::{AwsAuthorizer, AwsCredential};
use object_store::azure::{AzureAccessKey, AzureAuthorizer, AzureCredential, split_sas};
use object_store::client::{HttpRequest, HttpRequestBody};
use url::Url;

use super::Backups;
use super::facts::Api;
use super::place::Bucket;
use crate::probe::http::client::Call;
use crate::probe::{Context, ProbeError};
use crate::reason::Reason;

/// Who asks.
pub(super) enum Signer {
    /// Anybody.
    Nobody,
    /// Whoever has this key of S3's, for this region.
    Key(AwsCredential, String),
    /// Whoever has this token.
    Token(String),
    /// Whoever has this key or signature, for this account.
    Azure(AzureCredential, String),
}

impl Signer {
    /// Whoever has the question's credentials. A secret that is set to nothing would ask as a
    /// stranger, and be told something else.
    pub(super) fn new(
        question: &Backups,
        bucket: &Bucket,
        context: &Context,
    ) -> Result<Self, ProbeError> {
        let filled = |template: &String| -> Result<Option<String>, ProbeError> {
            if template.is_empty() {
                return Ok(None);
            }
            let secret = context.secrets.fill(template)?;
            let value = secret.reveal().trim();
            if value.is_empty() {
                let cause = "a secret that the question needs is empty";
                return Err(ProbeError::new(Reason::CredentialMissing, cause));
            }
            if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(unusable("holds other characters than credentials have"));
            }
            Ok(Some(value.to_owned()))
        };
        let key = filled(&question.access_key)?;
        let (secret, token) = (filled(&question.secret_key)?, filled(&question.token)?);
        let account = bucket.account.clone();
        Ok(match (bucket.api, key, secret, token) {
            (Api::Azure, _, Some(secret), _) => {
                let key = AzureAccessKey::try_new(&secret)
                    .map_err(|_| unusable("is no account key of Azure"))?;
                Self::Azure(AzureCredential::AccessKey(key), account)
            }
            (Api::Azure, _, None, Some(token)) => {
                let pairs = split_sas(&token)
                    .map_err(|_| unusable("is no shared access signature of Azure"))?;
                Self::Azure(AzureCredential::SASToken(pairs), account)
            }
            (_, Some(key_id), Some(secret_key), token) => {
                let credential = AwsCredential {
                    key_id,
                    secret_key,
                    token,
                };
                Self::Key(credential, bucket.region.clone())
            }
            (Api::Google, None, None, Some(token)) => Self::Token(token),
            _ => Self::Nobody,
        })
    }

    /// Whether there are credentials.
    pub(super) fn is_somebody(&self) -> bool {
        !matches!(self, Self::Nobody)
    }

    /// The request for this address, for a part of the object where that is said.
    pub(super) fn call(&self, url: &Url, range: Option<&str>) -> Result<Call, ProbeError> {
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.uri_mut() = url
            .as_str()
            .parse()
            .map_err(|_| unusable("makes an address that cannot be asked"))?;
        if let Some(range) = range {
            let range = HeaderValue::from_str(range).map_err(|_| unusable("makes no range"))?;
            request.headers_mut().insert(header::RANGE, range);
        }
        let signed = match self {
            Self::Nobody => Ok(()),
            Self::Token(token) => HeaderValue::from_str(&format!("Bearer {token}"))
                .map(|value| {
                    request.headers_mut().insert(header::AUTHORIZATION, value);
                })
                .map_err(|_| unusable("is no token")),
            Self::Key(credential, region) => AwsAuthorizer::new(credential, "s3", region)
                .try_authorize(&mut request, None)
                .map_err(|_| unusable("cannot be signed with")),
            Self::Azure(credential, account) => AzureAuthorizer::new(credential, account)
                .try_authorize(&mut request)
                .map_err(|_| unusable("cannot be signed with")),
        };
        signed?;
        let (parts, _) = request.into_parts();
        let address = parts.uri.to_string();
        let address = address.parse().map_err(|_| unusable("makes no address"))?;
        let call = Call::new(Method::GET, address, parts.headers, Bytes::new());
        Ok(call.unchanged())
    }
}

fn unusable(what: &str) -> ProbeError {
    let cause = "a credential for the backups cannot be used";
    ProbeError::new(Reason::CredentialUnusable, cause).with_detail(format!("its value {what}"))
}
