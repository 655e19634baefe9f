//! What a merged service says of itself.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{
    Dependency, EnvironmentFile, Healthcheck, HealthcheckState, Image, Service, Variable,
};
use super::field::{Field, Told, last_of_each};
use super::interpolate::Filled;
use super::merge::{dependencies, pairs};
use super::node::Node;
use crate::probe::container::{Limits, Logging, Reference, bytes, capability};
use crate::probe::env_file::judge;

/// How long Compose waits for a service to end, where it does not say.
const USUAL_GRACE: f64 = 10.0;

pub(super) fn service(name: &str, field: &Field<'_>) -> Told<Service> {
    let get = |key| field.get(key);
    let own = |text: Option<&str>| text.map(str::to_owned);
    let deploy = get("deploy")?;
    let replicas = match deploy.get("replicas")?.read(whole)? {
        Some(replicas) => Some(replicas),
        None => get("scale")?.read(whole)?,
    };
    Ok(Service {
        name: name.to_owned(),
        build: !get("build")?.is_nothing(),
        restart: restart(field)?,
        healthcheck: healthcheck(&get("healthcheck")?)?,
        limits: limits(field)?,
        logging: logging(&get("logging")?)?,
        privileged: get("privileged")?.flag()?,
        user: own(get("user")?.text()?),
        read_only: get("read_only")?.flag()?,
        network_mode: own(get("network_mode")?.text()?),
        pid: own(get("pid")?.text()?),
        ipc: own(get("ipc")?.text()?),
        cap_add: capabilities(&get("cap_add")?)?,
        cap_drop: capabilities(&get("cap_drop")?)?,
        security_opt: get("security_opt")?.words()?,
        depends_on: depends_on(field)?,
        env_files: env_files(&get("env_file")?)?,
        replicas: replicas.unwrap_or(1),
        stop_grace_seconds: get("stop_grace_period")?.seconds()?.unwrap_or(USUAL_GRACE),
    })
}

fn whole(text: &str) -> Option<u64> {
    text.parse().ok()
}

/// `cap_net_admin` and `NET_ADMIN` are the same.
fn capabilities(field: &Field<'_>) -> Told<BTreeSet<String>> {
    let words: Vec<String> = field.words()?;
    Ok(words.iter().map(|word| capability(word)).collect())
}

fn restart(field: &Field<'_>) -> Told<String> {
    if let Some(policy) = field.get("restart")?.text()? {
        return Ok(policy.to_owned());
    }
    let policy = field.get("deploy")?.get("restart_policy")?;
    Ok(match policy.get("condition")?.text()? {
        None | Some("none") => "no",
        Some("any") => "always",
        Some(other) => other,
    }
    .to_owned())
}

fn healthcheck(field: &Field<'_>) -> Told<Healthcheck> {
    let test = field.get("test")?;
    let first = if test.is_list() {
        match test.items()?.first() {
            Some(word) => word.text()?,
            None => None,
        }
    } else {
        test.text()?
    };
    let state = match first {
        _ if field.get("disable")?.flag()? => HealthcheckState::Disabled,
        Some("NONE") => HealthcheckState::Disabled,
        Some(_) => HealthcheckState::Set,
        None => HealthcheckState::Absent,
    };
    Ok(Healthcheck {
        state,
        interval_seconds: field.get("interval")?.seconds()?,
        timeout_seconds: field.get("timeout")?.seconds()?,
        start_period_seconds: field.get("start_period")?.seconds()?,
        retries: field.get("retries")?.read(whole)?,
    })
}

/// A limit of 0 is none.
fn limits(field: &Field<'_>) -> Told<Limits> {
    let deployed = field.get("deploy")?.get("resources")?.get("limits")?;
    let either = |new: &str, old: &str| -> Told<Field<'_>> {
        let new = deployed.get(new)?;
        if new.is_nothing() {
            field.get(old)
        } else {
            Ok(new)
        }
    };
    let number = |text: &str| text.parse().ok().filter(|number: &f64| number.is_finite());
    let cpus = match either("cpus", "cpus")?.read(number)? {
        Some(cpus) => Some(cpus),
        None => quota(field)?,
    };
    let pids = either("pids", "pids_limit")?.read(|text| text.parse::<i64>().ok())?;
    Ok(Limits {
        memory_bytes: either("memory", "mem_limit")?
            .read(bytes)?
            .filter(|size| *size > 0),
        cpus: cpus.filter(|cpus| *cpus > 0.0),
        pids: pids
            .and_then(|pids| u64::try_from(pids).ok())
            .filter(|pids| *pids > 0),
    })
}

/// The older way to limit processors: microseconds of each 100 ms.
fn quota(field: &Field<'_>) -> Told<Option<f64>> {
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    let period = field.get("cpu_period")?.read(number)?;
    let quota = field.get("cpu_quota")?.read(number)?;
    let period = period.filter(|period| *period > 0.0).unwrap_or(100_000.0);
    Ok(quota.map(|quota| quota / period))
}

fn logging(field: &Field<'_>) -> Told<Logging> {
    let driver = field.get("driver")?.text()?.map(str::to_owned);
    let options = field.get("options")?;
    let mut values = BTreeMap::new();
    for (name, value) in options.entries()? {
        // The values of other options are no facts, and need not be known.
        let value = if matches!(name, "max-size" | "max-file") {
            value.text()?.unwrap_or_default().to_owned()
        } else {
            String::new()
        };
        values.insert(name.to_owned(), value);
    }
    Logging::of(driver, &values)
        .map_err(|name| super::field::Trouble::Odd(format!("{}.{name}", options.path)))
}

fn depends_on(field: &Field<'_>) -> Told<Vec<Dependency>> {
    let field = field.get("depends_on")?;
    let map = dependencies(field.node().clone());
    let field = Field::new(&map, field.path.clone());
    let entries = field.entries()?.into_iter();
    entries
        .map(|(service, options)| {
            let condition = options.get("condition")?.text()?;
            Ok(Dependency {
                service: service.to_owned(),
                condition: condition.unwrap_or("service_started").to_owned(),
            })
        })
        .collect()
}

fn env_files(field: &Field<'_>) -> Told<Vec<EnvironmentFile>> {
    let mut files: Vec<EnvironmentFile> = Vec::new();
    let items = if field.is_list() {
        field.items()?
    } else if field.is_nothing() {
        Vec::new()
    } else {
        vec![field.clone()]
    };
    for item in items {
        let file = if item.is_map() {
            let is_optional =
                !item.get("required")?.is_nothing() && !item.get("required")?.flag()?;
            EnvironmentFile {
                path: item.get("path")?.word()?,
                required: !is_optional,
            }
        } else {
            EnvironmentFile {
                path: item.word()?,
                required: true,
            }
        };
        files.push(file);
    }
    Ok(last_of_each(files, |file| &file.path))
}

/// The image of a service, where it is named.
pub(super) fn image(name: &str, field: &Field<'_>) -> Told<Option<Image>> {
    let image = field.get("image")?;
    let Some(reference) = image.text()? else {
        return Ok(None);
    };
    let parsed = Reference::parse(reference).ok_or_else(|| image.odd())?;
    let pin = parsed.pin();
    Ok(Some(Image {
        service: name.to_owned(),
        reference: reference.to_owned(),
        registry: parsed.registry,
        repository: parsed.repository,
        tag: parsed.tag,
        digest: parsed.digest,
        pin,
        build: !field.get("build")?.is_nothing(),
    }))
}

/// The variables of a service, each once.
pub(super) fn environment(service: &str, field: &Field<'_>) -> Told<Vec<Variable>> {
    let field = field.get("environment")?;
    let list = Node::List(pairs(field.node().clone()));
    let field = Field::new(&list, field.path.clone());
    let mut variables: Vec<Variable> = Vec::new();
    for item in field.items()? {
        let filled = item.filled()?.ok_or_else(|| item.odd())?;
        variables.push(variable(service, filled).ok_or_else(|| item.odd())?);
    }
    Ok(last_of_each(variables, |variable| &variable.name))
}

fn variable(service: &str, filled: &Filled) -> Option<Variable> {
    let split = |text: &str| match text.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
        None => (text.to_owned(), None),
    };
    let (name, value) = split(&filled.text);
    if name.is_empty() {
        return None;
    }
    let Some(value) = value else {
        // Handed on from whoever starts Compose.
        return Some(Variable {
            service: service.to_owned(),
            secret: judge(&name, "").0,
            name,
            written: false,
            kind: None,
        });
    };
    let written = split(&filled.written).1.unwrap_or_default();
    let (secret, kind) = judge(&name, &value);
    Some(Variable {
        service: service.to_owned(),
        secret: secret || judge(&name, &written).0,
        written: stands(written.trim()),
        name,
        kind: filled.unset.is_none().then_some(kind),
    })
}

/// Whether a value, of which variables are written `$NAME`, holds more than those.
fn stands(written: &str) -> bool {
    if written.starts_with('/') {
        return false;
    }
    if written.contains("://") {
        // The name says nothing here: is there a password in the address?
        return judge("", written).0;
    }
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut rest = written;
    while let Some(tail) = rest.strip_prefix('$') {
        rest = tail.trim_start_matches(is_name);
    }
    !rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::stands;

    #[test]
    fn what_stands_in_a_file_is_told_from_what_variables_bring() {
        for (written, holds) in [
            ("", false),
            ("$A", false),
            ("$A$B", false),
            ("x$A", true),
            ("$A-x", true),
            ("s3cret", true),
            ("/run/secrets/x", false),
            ("postgres://db/app", false),
            ("postgres://app:$PW@db/app", false),
            ("postgres://app:s3cret@db/app", true),
            ("postgres://$U:s3cret@$H/app", true),
            ("_ecret", true),
        ] {
            assert_eq!(stands(written), holds, "{written}");
        }
    }
}
