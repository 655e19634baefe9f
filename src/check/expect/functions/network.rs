//! Functions over addresses, URLs and headers.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use cel::ExecutionError;
use cel::common::types::{CelBool, CelInt, CelMap, CelMapKey, CelString};
use cel::common::value::{CowVal, Val};
use ipnet::IpNet;

use super::super::value::escape;
use super::{Given, failed, string};

/// `cidr_contains('10.0.0.0/8', '10.1.2.3')`.
pub(super) fn cidr_contains<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    let network = string(&arguments, 0)?;
    let network: IpNet = network
        .parse()
        .or_else(|_| network.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| {
            failed(
                "cidr_contains",
                format!("`{}` is not a network; write 10.0.0.0/8", escape(network)),
            )
        })?;
    let address = address("cidr_contains", string(&arguments, 1)?)?;
    Ok(CowVal::owned(CelBool::from(network.contains(&address))))
}

/// `is_private_ip('10.1.2.3')`.
pub(super) fn is_private_ip<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    let address = address("is_private_ip", string(&arguments, 0)?)?;
    let private = match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => is_private_v6(address),
    };
    Ok(CowVal::owned(CelBool::from(private)))
}

/// An address, with one that is mapped into IPv6 taken out of it.
fn address(name: &str, text: &str) -> Result<IpAddr, ExecutionError> {
    text.trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>()
        .map(|address| address.to_canonical())
        .map_err(|_| failed(name, format!("`{}` is not an IP address", escape(text))))
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || first == 0
        || (first == 100 && (64..128).contains(&second))
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || address.is_unique_local()
        || address.is_unicast_link_local()
}

/// `header(http.headers, 'X-Name')`.
pub(super) fn header<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    let name = string(&arguments, 1)?;
    let found = arguments
        .first()
        .and_then(|headers| headers.downcast_ref::<CelMap>())
        .into_iter()
        .flat_map(CelMap::inner)
        .find(|(key, _)| {
            key.inner()
                .downcast_ref::<CelString>()
                .is_some_and(|key| key.inner().eq_ignore_ascii_case(name))
        });
    match found {
        Some((_, value)) => Ok(CowVal::Owned(value.clone())),
        None => Err(ExecutionError::no_such_key(&name.to_ascii_lowercase())),
    }
}

/// `url('https://a.example/path')`.
pub(super) fn url<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Given<'b, 'v> {
    let text = string(&arguments, 0)?;
    let url = url::Url::parse(text)
        .map_err(|_| failed("url", format!("`{}` is not a URL", escape(text))))?;
    let mut parts: HashMap<CelMapKey<'v>, Box<dyn Val + 'v>> = HashMap::new();
    let mut part = |name: &'static str, value: Option<String>| {
        if let Some(value) = value {
            parts.insert(CelMapKey::from(name), Box::new(CelString::from(value)));
        }
    };
    let host = url.host_str().map(str::to_owned);
    let domain = url
        .domain()
        .and_then(|host| psl::domain_str(host))
        .map(str::to_owned);
    part("scheme", Some(url.scheme().to_owned()));
    part("path", Some(url.path().to_owned()));
    part("query", url.query().map(str::to_owned));
    part(
        "origin",
        host.is_some().then(|| url.origin().ascii_serialization()),
    );
    part("domain", domain.or_else(|| host.clone()));
    part("host", host);
    if let Some(port) = url.port_or_known_default() {
        parts.insert(
            CelMapKey::from("port"),
            Box::new(CelInt::from(i64::from(port))),
        );
    }
    Ok(CowVal::owned(CelMap::from(parts)))
}
