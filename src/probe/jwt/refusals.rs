//! Showing an endpoint tokens that it must refuse.

use http::StatusCode;

use super::facts::Refusals;
use super::token::{Token, unusable};
use super::{Context, Jwt, ProbeError};
use crate::probe::http::client::Call;
use crate::probe::http::deadline::Deadline;
use crate::reason::Reason;

/// How many forged tokens are shown.
pub(super) const FORGERIES: u32 = 4;

/// Shows the genuine token first; an endpoint that refuses that, too, shows nothing.
pub(super) async fn show(
    jwt: &Jwt,
    endpoint: &str,
    token: &Token,
    expired: Option<&Token>,
    context: &Context,
    deadline: Deadline,
) -> Result<Result<Refusals, ProbeError>, ProbeError> {
    let ask = async |token: Option<&str>| {
        let call = Call::of(&jwt.asking(endpoint, token), context)?;
        let reply = call.ask(context, deadline).await?;
        Ok::<_, ProbeError>((reply.status, reply.place().to_owned()))
    };
    // A token that has not expired would be taken with good reason.
    if let Some(expired) = expired
        && expired.expired(context.now) != Some(true)
    {
        return Err(unusable("expired", "it has not expired"));
    }
    let (genuine, place) = ask(Some(&token.text)).await?;
    if matches!(genuine, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        let cause = format!("{place} refused the credential");
        return Ok(Err(ProbeError::new(Reason::CredentialRefused, cause)));
    }
    let status = async |token: Option<&str>| Ok::<_, ProbeError>(ask(token).await?.0.as_u16());
    Ok(Ok(Refusals {
        genuine: genuine.as_u16(),
        stranger: status(None).await?,
        signature_changed: status(Some(&token.with_changed_signature())).await?,
        claims_changed: status(Some(&token.with_changed_claims())).await?,
        signature_removed: status(Some(&token.without_signature())).await?,
        alg_none: status(Some(&token.under_alg_none())).await?,
        expired: match expired {
            Some(expired) => Some(status(Some(&expired.text)).await?),
            None => None,
        },
    }))
}
