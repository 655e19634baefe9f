//! What probes are handed, from the command line, the profile and the environment.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::Ui;
use crate::cli::{Allowed, NetworkArgs, WayArgs};
use crate::evidence::Target;
use crate::gather::Limits;
use crate::host::Host;
use crate::plan::Allow;
use crate::probe::Context;
use crate::probe::net::resolve::Resolver;
use crate::probe::net::tls::Trust;
use crate::probe::net::{Net, Overrides};
use crate::profile::{Profile, SecretSpec};
use crate::secret::{Secret, Secrets};
use crate::store;

/// The network, secrets and clock of a run.
pub(super) fn context(args: &WayArgs, profile: &Profile, ui: &Ui<'_>) -> anyhow::Result<Context> {
    let mut overrides = Overrides::default();
    for one in &args.resolve {
        overrides.insert(one.host.as_deref(), one.port, one.address, one.to_port);
    }
    let resolver = match args.dns {
        Some(server) => Resolver::at(server.0),
        None => Resolver::of_the_system(),
    };
    let mut roots = Vec::new();
    for file in &args.ca {
        roots.extend(certificates(&ui.host.cwd.join(file))?);
    }
    let net = Net::new(overrides, resolver, Trust::new(&roots));
    let secrets = secrets(&profile.secrets, ui.host)?;
    let target = target(args, profile, &secrets);
    Ok(Context {
        target: Some(target.into()),
        ..of(net, secrets, ui.host)
    })
}

/// What a run with these arguments is about.
fn target(args: &WayArgs, profile: &Profile, secrets: &Secrets) -> Target {
    let redactor = secrets.redactor();
    let mut vars = Target::texts(&profile.vars);
    for value in vars.values_mut() {
        *value = redactor.mask(value);
    }
    let resolve = args.resolve.iter().map(|one| format!("--resolve {one}"));
    let dns = args.dns.iter().map(|server| format!("--dns {}", server.0));
    let ca = args
        .ca
        .iter()
        .map(|file| format!("--ca {}", file.display()));
    let mut overrides: Vec<String> = resolve.chain(dns).chain(ca).collect();
    overrides.sort();
    Target {
        vars,
        overrides: overrides.join(" "),
    }
}

/// A context around a network.
pub(super) fn of(net: Net, secrets: Secrets, host: &Host) -> Context {
    Context {
        net: Arc::new(net),
        secrets: Arc::new(secrets),
        traffic: Arc::default(),
        http: Arc::default(),
        env: Arc::new(host.env.clone()),
        cwd: host.cwd.as_path().into(),
        store: Path::new(store::USUAL).into(),
        target: None,
        now: host.now,
        timeout: std::time::Duration::ZERO,
    }
}

/// The threads that questions are asked on.
pub(super) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the network threads")
}

/// What `--allow` allows.
pub(super) fn allow(allowed: &[Allowed]) -> Allow {
    Allow {
        intrusive: allowed.contains(&Allowed::Intrusive),
        exec: allowed.contains(&Allowed::Exec),
    }
}

/// How much at once and for how long.
pub(super) fn limits(args: &NetworkArgs) -> Limits {
    Limits {
        total: args.concurrency.into(),
        per_host: args.per_host.into(),
        deadline: args.deadline.map(crate::units::Duration::as_std),
    }
}

fn certificates(file: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let unreadable = || format!("--ca {}", file.display());
    let found = CertificateDer::pem_file_iter(file)
        .with_context(unreadable)?
        .collect::<Result<Vec<_>, _>>()
        .with_context(unreadable)?;
    if found.is_empty() {
        bail!("--ca {}: there is no PEM certificate in it", file.display());
    }
    Ok(found)
}

/// Takes each declared secret from the variable of its name, or from the file that `NAME_FILE`
/// names. One that is in neither is left out; the checks that need it say so.
fn secrets(declared: &[SecretSpec], host: &Host) -> anyhow::Result<Secrets> {
    let mut found = Vec::new();
    for SecretSpec { name, .. } in declared {
        if let Some(value) = host.env.get(name).filter(|value| !value.is_empty()) {
            found.push((name.clone(), Secret::new(value)));
        } else if let Some(file) = host
            .env
            .get(&format!("{name}_FILE"))
            .filter(|file| !file.is_empty())
        {
            let value = std::fs::read_to_string(host.cwd.join(file))
                .with_context(|| format!("{name}_FILE={file}"))?;
            found.push((
                name.clone(),
                Secret::new(value.trim_end_matches(['\r', '\n'])),
            ));
        }
    }
    Ok(found.into_iter().collect())
}
