//! Reads `nft -j list ruleset`.

use serde_json::Value;

use super::{Allowed, Filter, Rule, Verdict, Walk};

/// What the chains on the way in do. A packet has to get through all of them, so one that is
/// closed is enough.
pub(super) fn nft(text: &str, family: &str) -> Option<Filter> {
    let whole: Value = serde_json::from_str(text).ok()?;
    let entries = whole.get("nftables")?.as_array()?;
    let own = if family == "ipv4" { "ip" } else { "ip6" };
    let chains = entries.iter().filter_map(|entry| entry.get("chain"));
    let mut open = Filter::default();
    for chain in chains {
        if chain.get("hook").and_then(Value::as_str) != Some("input") {
            continue;
        }
        let of = chain.get("family")?.as_str()?;
        if (of != "inet" && of != own) || chain.get("type")?.as_str()? != "filter" {
            continue;
        }
        let table = chain.get("table")?.as_str()?;
        let drops = match chain
            .get("policy")
            .map_or("accept", |text| text.as_str().unwrap_or(""))
        {
            "drop" => true,
            "accept" => false,
            _ => return None,
        };
        let rules = |chain: &str| -> Vec<Rule> {
            let rules = entries.iter().filter_map(|entry| entry.get("rule"));
            let here = rules.filter(|rule| {
                let is = |key, value| rule.get(key).and_then(Value::as_str) == Some(value);
                is("family", of) && is("table", table) && is("chain", chain)
            });
            here.map(|rule| read(rule, family)).collect()
        };
        let filter = Walk::new(&rules).run(chain.get("name")?.as_str()?, drops)?;
        if filter.closed {
            return Some(filter);
        }
        open = filter;
    }
    Some(open)
}

fn read(rule: &Value, family: &str) -> Rule {
    let mut allowed = Allowed::everything(family);
    let (mut always, mut verdict) = (true, Verdict::Nothing);
    let (mut own, mut riddle) = (false, false);
    let statements = rule.get("expr").and_then(Value::as_array);
    for statement in statements.into_iter().flatten() {
        let Some((name, body)) = statement
            .as_object()
            .and_then(|object| object.iter().next())
        else {
            riddle = true;
            always = false;
            continue;
        };
        let target = || {
            body.get("target")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        match name.as_str() {
            "accept" => verdict = Verdict::Accept,
            "drop" | "reject" => verdict = Verdict::Drop,
            "return" => verdict = Verdict::Return,
            "jump" | "goto" => verdict = Verdict::Go(target()),
            "counter" | "log" | "notrack" => {}
            "limit" => always = false,
            "match" => {
                always = false;
                match condition(body, &mut allowed) {
                    Some(is_own) => own |= is_own,
                    None => riddle = true,
                }
            }
            // A table of verdicts; the usual one is about connections that are there already.
            "vmap" => {
                always = false;
                let key = body.get("key").and_then(|key| key.get("ct"));
                own |= key.and_then(|ct| ct.get("key")) == Some(&Value::from("state"));
                riddle |= !own;
                verdict = Verdict::Accept;
            }
            _ => {
                always = false;
                riddle = true;
            }
        }
    }
    let allows = if own {
        Ok(None)
    } else if riddle {
        Err(rule.to_string())
    } else {
        Ok(Some(allowed))
    };
    Rule {
        always,
        verdict,
        allows,
    }
}

/// Puts a condition into what is allowed: whether it holds for the machine's own packets and
/// for answers alone. `None` if it is not understood.
fn condition(body: &Value, allowed: &mut Allowed) -> Option<bool> {
    if !["==", "in"].contains(&body.get("op")?.as_str()?) {
        return None;
    }
    let (left, right) = (body.get("left")?, body.get("right")?);
    if let Some(key) = left.get("ct").and_then(|ct| ct.get("key")) {
        let states = text(right)?;
        return (key == "state").then(|| !states.split(',').any(|state| state == "new"));
    }
    if let Some(key) = left.get("meta").and_then(|meta| meta.get("key")) {
        let value = text(right)?;
        match key.as_str()? {
            "iif" | "iifname" => {
                let own = value == "lo";
                allowed.interface = Some(value);
                return Some(own);
            }
            "l4proto" => allowed.protocol = value,
            // The version of IP.
            "nfproto" | "protocol" => {}
            _ => return None,
        }
        return Some(false);
    }
    let payload = left.get("payload")?;
    let protocol = payload.get("protocol")?.as_str()?;
    match (protocol, payload.get("field")?.as_str()?) {
        ("ip" | "ip6", "saddr") => allowed.from = text(right)?,
        ("ip", "protocol") | ("ip6", "nexthdr") => allowed.protocol = text(right)?,
        ("icmp" | "icmpv6", _) => protocol.clone_into(&mut allowed.protocol),
        (_, "dport") => {
            // `th` stands for TCP and UDP alike.
            let protocol = if protocol == "th" { "any" } else { protocol };
            if allowed.protocol == "any" {
                protocol.clone_into(&mut allowed.protocol);
            }
            allowed.ports = text(right)?;
        }
        ("ip" | "ip6", "daddr") | (_, "sport") => {}
        _ => return None,
    }
    Some(false)
}

/// A value in the words of iptables.
fn text(value: &Value) -> Option<String> {
    let list = |values: &[Value]| -> Option<String> {
        let texts: Option<Vec<String>> = values.iter().map(text).collect();
        Some(texts?.join(","))
    };
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(values) => list(values),
        Value::Object(_) => {
            if let Some(set) = value.get("set") {
                return text(set);
            }
            if let Some([low, high]) = value
                .get("range")
                .and_then(Value::as_array)
                .map(Vec::as_slice)
            {
                return Some(format!("{}:{}", text(low)?, text(high)?));
            }
            let prefix = value.get("prefix")?;
            let (address, length) = (prefix.get("addr")?, prefix.get("len")?);
            Some(format!("{}/{length}", text(address)?))
        }
        _ => None,
    }
}
