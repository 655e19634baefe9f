//! Workloads and their containers.

use jiff::Timestamp;

use super::raw::Object;
use super::raw::pod::{self, PodSecurity, PodSpec};
use super::raw::workload::{ControllerSpec, CronJobSpec, CronJobStatus};
use super::{
    Container, CronJob, Image, Inventory, Role, ValueSource, Variable, Workload, hide, quantity,
};
use crate::probe::env_file::rule::judge;

/// Seconds that pods get to end unless they say otherwise.
const USUAL_GRACE: i64 = 30;
/// Older versions that are kept unless it is said otherwise.
const USUAL_HISTORY: u64 = 10;

/// What a workload says beside its pods.
#[derive(Default)]
struct Around {
    replicas: Option<u64>,
    strategy: Option<String>,
    revision_history_limit: Option<u64>,
    suspended: Option<bool>,
}

impl Inventory {
    /// Adds a Deployment, `StatefulSet`, `DaemonSet`, `ReplicaSet`,
    /// `ReplicationController` or Job.
    pub(in crate::probe) fn add_controller<T>(
        &mut self,
        kind: &str,
        object: &Object<ControllerSpec, T>,
    ) -> Result<(), String> {
        let spec = &object.spec;
        let is_counted = matches!(
            kind,
            "Deployment" | "StatefulSet" | "ReplicaSet" | "ReplicationController"
        );
        let is_rolled = matches!(kind, "Deployment" | "StatefulSet" | "DaemonSet");
        let strategy = spec.strategy.as_ref().or(spec.update_strategy.as_ref());
        let strategy = strategy.and_then(|strategy| strategy.kind.clone());
        let around = Around {
            replicas: is_counted.then(|| spec.replicas.unwrap_or(1)),
            strategy: is_rolled.then(|| strategy.unwrap_or_else(|| "RollingUpdate".to_owned())),
            revision_history_limit: is_rolled
                .then(|| spec.revision_history_limit.unwrap_or(USUAL_HISTORY)),
            suspended: (kind == "Job").then(|| spec.suspend.unwrap_or(false)),
        };
        let (namespace, name) = self.called(&object.metadata)?;
        self.add_pods(kind, namespace, name, around, &spec.template)
    }

    /// Adds a pod that nothing else made.
    pub(in crate::probe) fn add_pod<T>(
        &mut self,
        object: &Object<PodSpec, T>,
    ) -> Result<(), String> {
        let (namespace, name) = self.called(&object.metadata)?;
        let template = pod::Template {
            metadata: object.metadata.clone(),
            spec: object.spec.clone(),
        };
        self.add_pods("Pod", namespace, name, Around::default(), &template)
    }

    /// Adds a `CronJob`; ages are counted from `now`.
    pub(in crate::probe) fn add_cron_job(
        &mut self,
        object: &Object<CronJobSpec, CronJobStatus>,
        now: Timestamp,
    ) -> Result<(), String> {
        let (namespace, name) = self.called(&object.metadata)?;
        let (spec, status) = (&object.spec, &object.status);
        if spec.schedule.trim().is_empty() {
            return Err("spec.schedule is missing".to_owned());
        }
        let suspended = spec.suspend.unwrap_or(false);
        let age = |time: Option<Timestamp>| {
            time.map(|time| now.as_second().saturating_sub(time.as_second()))
        };
        let around = Around {
            suspended: Some(suspended),
            ..Around::default()
        };
        let template = &spec.job_template.spec.template;
        self.add_pods("CronJob", namespace.clone(), name.clone(), around, template)?;
        let policy = spec.concurrency_policy.clone();
        self.cron_jobs.push(CronJob {
            namespace,
            name,
            schedule: spec.schedule.clone(),
            time_zone: spec.time_zone.clone(),
            concurrency_policy: policy.unwrap_or_else(|| "Allow".to_owned()),
            suspended,
            starting_deadline_seconds: spec.starting_deadline_seconds,
            last_start_age_seconds: age(status.last_schedule_time),
            last_success_age_seconds: age(status.last_successful_time),
        });
        Ok(())
    }

    fn add_pods(
        &mut self,
        kind: &str,
        namespace: String,
        name: String,
        around: Around,
        template: &pod::Template,
    ) -> Result<(), String> {
        let spec = &template.spec;
        if spec.containers.is_empty() {
            return Err("it has no containers".to_owned());
        }
        let main = spec.containers.iter().map(|one| (one, Role::Main));
        let init = spec.init_containers.iter().map(|one| {
            let stays = one.restart_policy.as_deref() == Some("Always");
            (one, if stays { Role::Sidecar } else { Role::Init })
        });
        for (one, role) in main.chain(init) {
            let described = container(one, spec.security_context.as_ref())?;
            self.containers.push(Container {
                namespace: namespace.clone(),
                kind: kind.to_owned(),
                workload: name.clone(),
                role,
                ..described
            });
        }
        self.automount.push(spec.automount_service_account_token);
        self.workloads.push(Workload {
            namespace,
            kind: kind.to_owned(),
            name,
            path: self.path.clone(),
            labels: template.metadata.labels.0.clone(),
            replicas: around.replicas,
            strategy: around.strategy,
            revision_history_limit: around.revision_history_limit,
            suspended: around.suspended,
            ..workload(spec)
        });
        Ok(())
    }
}

/// What a pod says of itself.
fn workload(spec: &PodSpec) -> Workload {
    let account = spec.service_account_name.as_ref();
    let account = account.or(spec.service_account.as_ref());
    let apart = spec.affinity.as_ref();
    let apart = apart.and_then(|affinity| affinity.pod_anti_affinity.as_ref());
    let paths = spec.volumes.iter().filter_map(|one| one.host_path.as_ref());
    Workload {
        host_network: spec.host_network.unwrap_or(false),
        host_pid: spec.host_pid.unwrap_or(false),
        host_ipc: spec.host_ipc.unwrap_or(false),
        host_paths: paths.map(|host| host.path.clone()).collect(),
        service_account: account
            .filter(|name| !name.is_empty())
            .map_or_else(|| "default".to_owned(), Clone::clone),
        topology_spread: !spec.topology_spread_constraints.is_empty(),
        anti_affinity: apart.is_some_and(|rules| {
            !rules
                .required_during_scheduling_ignored_during_execution
                .is_empty()
                || !rules
                    .preferred_during_scheduling_ignored_during_execution
                    .is_empty()
        }),
        termination_grace_seconds: spec.termination_grace_period_seconds.unwrap_or(USUAL_GRACE),
        priority_class: spec.priority_class_name.clone(),
        ..Workload::default()
    }
}

fn container(raw: &pod::Container, pod: Option<&PodSecurity>) -> Result<Container, String> {
    let secrets = raw
        .env_from
        .iter()
        .filter_map(|from| from.secret_ref.as_ref());
    let env: Vec<Variable> = raw.env.iter().map(variable).collect();
    let from_secrets = env.iter().filter(|one| one.source == ValueSource::Secret);
    let mut described = Container {
        name: raw.name.clone(),
        image: raw.image.as_deref().map(Image::read),
        command: hide::words(&raw.command),
        args: hide::words(&raw.args),
        liveness_probe: raw.liveness_probe.is_some(),
        readiness_probe: raw.readiness_probe.is_some(),
        startup_probe: raw.startup_probe.is_some(),
        pre_stop: raw
            .lifecycle
            .as_ref()
            .is_some_and(|life| life.pre_stop.is_some()),
        host_ports: raw.ports.iter().filter_map(|port| port.host_port).collect(),
        secret_variables: from_secrets.map(|one| one.name.clone()).collect(),
        env,
        env_secrets: secrets.map(|secret| secret.name.clone()).collect(),
        ..Container::default()
    };
    described.host_ports.retain(|port| *port != 0);
    measure(&mut described, raw)?;
    secure(&mut described, raw, pod);
    Ok(described)
}

/// Puts in what is set aside and what is the most. What has a limit and asks for nothing gets
/// its limit set aside.
fn measure(described: &mut Container, raw: &pod::Container) -> Result<(), String> {
    let none = pod::Resources::default();
    let resources = raw.resources.as_ref().unwrap_or(&none);
    let odd = |field: &str| format!("resources of {}: {field} is no quantity", raw.name);
    let read = |from: &super::raw::Entries<super::raw::Scalar>, cpu: bool| {
        let (field, parse): (_, fn(&_) -> _) = if cpu {
            ("cpu", quantity::millicores)
        } else {
            ("memory", quantity::bytes)
        };
        let written = from.get(field);
        let parsed = written.map(|quantity| parse(quantity).ok_or_else(|| odd(field)));
        parsed.transpose()
    };
    described.cpu_limit_millicores = read(&resources.limits, true)?;
    described.memory_limit_bytes = read(&resources.limits, false)?;
    let request = read(&resources.requests, true)?;
    described.cpu_request_millicores = request.or(described.cpu_limit_millicores);
    let request = read(&resources.requests, false)?;
    described.memory_request_bytes = request.or(described.memory_limit_bytes);
    Ok(())
}

/// Puts in what holds for the container: its own word before the pod's.
fn secure(described: &mut Container, raw: &pod::Container, pod: Option<&PodSecurity>) {
    let none = pod::Security::default();
    let own = raw.security_context.as_ref().unwrap_or(&none);
    let user = own.run_as_user.or(pod.and_then(|pod| pod.run_as_user));
    let must_not = own
        .run_as_non_root
        .or(pod.and_then(|pod| pod.run_as_non_root));
    let filter = own.seccomp_profile.as_ref();
    let filter = filter.or(pod.and_then(|pod| pod.seccomp_profile.as_ref()));
    let capital = |names: &[String]| -> Vec<String> {
        let names = names.iter().map(|name| name.to_ascii_uppercase());
        names
            .map(|name| name.strip_prefix("CAP_").unwrap_or(&name).to_owned())
            .collect()
    };
    if let Some(capabilities) = &own.capabilities {
        described.capabilities_added = capital(&capabilities.add);
        described.capabilities_dropped = capital(&capabilities.drop);
    }
    described.run_as_user = user;
    described.non_root = match user {
        Some(user) => user > 0,
        None => must_not == Some(true),
    };
    described.read_only_root = own.read_only_root_filesystem.unwrap_or(false);
    described.privileged = own.privileged.unwrap_or(false);
    let is_mighty = ["SYS_ADMIN", "ALL"].iter().any(|name| {
        described
            .capabilities_added
            .iter()
            .any(|added| added == name)
    });
    described.privilege_escalation =
        described.privileged || is_mighty || own.allow_privilege_escalation.unwrap_or(true);
    described.seccomp = filter.map_or_else(|| "absent".to_owned(), |filter| filter.kind.clone());
}

fn variable(raw: &pod::Variable) -> Variable {
    let written = raw.value.as_deref().unwrap_or_default();
    let source = match &raw.value_from {
        Some(from) if from.secret_key_ref.is_some() => ValueSource::Secret,
        Some(from) if from.config_map_key_ref.is_some() => ValueSource::ConfigMap,
        Some(_) => ValueSource::Field,
        None if is_reference(written) => ValueSource::Reference,
        None => ValueSource::Value,
    };
    let (secret, kind) = judge(&raw.name, written);
    let is_written = source == ValueSource::Value;
    let scheme = written.split_once("://").map(|(scheme, _)| scheme);
    let is_scheme = |text: &&str| {
        !text.is_empty()
            && text.len() <= 20
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'+')
    };
    Variable {
        name: raw.name.clone(),
        source,
        secret,
        value: is_written.then_some(kind),
        scheme: scheme.filter(is_scheme).map(str::to_ascii_lowercase),
    }
}

/// `$(NAME)`, and nothing else.
fn is_reference(value: &str) -> bool {
    let name = value
        .strip_prefix("$(")
        .and_then(|rest| rest.strip_suffix(')'));
    name.is_some_and(|name| !name.is_empty() && !name.contains([')', '(']))
}
