//! The `manifests` probe on the manifests in `tests/manifests`, and on temporary ones.

use std::fs;
use std::path::Path;
use std::time::Duration;

use ready::probe::manifests::{Facts, Manifests};
use ready::probe::{Answer, Context, Probe, ProbeError};
use ready::reason::Reason;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::context;

async fn ask(folder: &Path, probe: Manifests) -> Result<Answer<Facts>, ProbeError> {
    assert_eq!(probe.validate(), Ok(()));
    let context = Context {
        cwd: folder.into(),
        timeout: Duration::from_mins(1),
        ..context(&[])
    };
    probe.gather(&context).await
}

async fn kept(path: &str) -> Answer<Facts> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifests");
    ask(&folder, Manifests::at(path)).await.unwrap()
}

fn written(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

async fn of(files: &[(&str, &str)], path: &str) -> Result<Answer<Facts>, ProbeError> {
    ask(written(files).path(), Manifests::at(path)).await
}

fn data(facts: &Facts) -> Value {
    serde_json::to_value(facts).unwrap()
}

/// The elements of a list whose `field` is `value`.
fn one<'v>(list: &'v Value, field: &str, value: &str) -> &'v Value {
    let found = list
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one[field] == value);
    found.unwrap_or_else(|| panic!("no {field} {value} in {list:#}"))
}

/// Without the files that things come from, and in an order of its own.
fn plain(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.iter_mut().for_each(plain);
            items.sort_by_key(Value::to_string);
        }
        Value::Object(fields) => {
            for name in ["path", "files", "kustomizations", "unused"] {
                fields.shift_remove(name);
            }
            fields.values_mut().for_each(plain);
        }
        _ => {}
    }
}

const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  \
    template:\n    metadata: {labels: {app: a}}\n    spec: {containers: [{name: a, image: 'a:1'}]}\n";

#[tokio::test]
async fn a_kustomization_is_built_as_kustomize_does_it() {
    let (own, theirs) = (kept("shop/prod").await, kept("built/shop.yaml").await);
    assert!(
        own.gaps.is_empty() && theirs.gaps.is_empty(),
        "{:?}",
        own.gaps
    );
    let (mut ours, mut theirs) = (data(&own.facts), data(&theirs.facts));
    plain(&mut ours);
    plain(&mut theirs);
    assert_eq!(ours, theirs);
    assert_eq!(own.facts.unused, ["shop/prod/forgotten.yaml"]);
    let files = own.facts.files;
    assert!(
        files.contains(&"shop/base/network.yaml".to_owned()),
        "{files:?}"
    );
    let [base, overlay] = &*own.facts.kustomizations else {
        panic!("{:?}", own.facts.kustomizations);
    };
    assert_eq!(base.path, "shop/base/kustomization.yaml");
    assert_eq!(overlay.resources, ["../base", "namespace.yaml"]);
    // From above, the base is not read once more by itself.
    let above = kept("shop").await.facts;
    assert_eq!(above.model, own.facts.model);
}

#[tokio::test]
async fn workloads_and_containers_are_told_with_what_holds_for_them() {
    let facts = data(&kept("shop/prod").await.facts);
    let web = one(&facts["workloads"], "name", "prod-web");
    assert_eq!(
        *web,
        json!({"namespace": "shop", "kind": "Deployment", "name": "prod-web",
            "path": "shop/base/web.yaml", "replicas": 1, "strategy": "Recreate",
            "labels": {"app": "web", "app.kubernetes.io/part-of": "shop"},
            "revision_history_limit": 10, "host_network": false, "host_pid": false,
            "host_ipc": false, "host_paths": [], "service_account": "prod-web",
            "topology_spread": true, "anti_affinity": false, "termination_grace_seconds": 45})
    );
    let container = one(&facts["containers"], "name", "web");
    let variable = |name: &str, source: &str, secret: bool| json!({"name": name, "source": source, "secret": secret});
    assert_eq!(
        *container,
        json!({"namespace": "shop", "kind": "Deployment", "workload": "prod-web", "name": "web",
            "role": "main", "command": [],
            "args": ["--port=3000", "--admin-password=$(ADMIN_PASSWORD)"],
            "image": {"reference": "registry.example:5000/shop/web:1.4.2",
                "name": "registry.example:5000/shop/web", "tag": "1.4.2", "pinned": true},
            "liveness_probe": true, "readiness_probe": true, "startup_probe": false,
            "pre_stop": true, "cpu_request_millicores": 250,
            "memory_request_bytes": 134_217_728, "memory_limit_bytes": 536_870_912,
            "non_root": true, "read_only_root": true, "privileged": false,
            "privilege_escalation": false, "capabilities_added": [],
            "capabilities_dropped": ["ALL"], "seccomp": "RuntimeDefault", "host_ports": [],
            "env": [
                {"name": "NATS_URL", "source": "value", "secret": false, "value": "ok", "scheme": "tls"},
                variable("ADMIN_PASSWORD", "secret", true), variable("POD_IP", "field", false),
                variable("DB_PASSWORD", "reference", true),
                {"name": "REGION", "source": "value", "secret": false, "value": "ok"}],
            "env_secrets": ["web-extra"], "secret_variables": ["ADMIN_PASSWORD"]})
    );
    let init = one(&facts["containers"], "name", "migrate");
    assert_eq!(init["role"], "init");
    assert_eq!(init["cpu_request_millicores"], 100);
    let nats = one(&facts["containers"], "name", "nats");
    assert_eq!(nats["args"][0], "--tls");
    assert_eq!(
        (&nats["non_root"], &nats["run_as_user"]),
        (&json!(true), &json!(1000))
    );
    assert_eq!(nats["privilege_escalation"], true);
    assert_eq!(nats["seccomp"], "absent");
    assert_eq!(nats["capabilities_dropped"], json!(["ALL"]));
    let backup = one(&facts["workloads"], "kind", "CronJob");
    assert_eq!(backup["priority_class"], "background");
    assert_eq!(
        facts["cron_jobs"],
        json!([{"namespace": "shop", "name": "prod-backup", "schedule": "30 1 * * *",
            "time_zone": "Etc/UTC", "concurrency_policy": "Forbid", "suspended": false,
            "starting_deadline_seconds": 600}])
    );
}

#[tokio::test]
async fn what_objects_come_to_together_is_told() {
    let facts = data(&kept("shop/prod").await.facts);
    let isolation = |name: &str| one(&facts["isolation"], "name", name).clone();
    assert_eq!(
        isolation("prod-web"),
        json!({"namespace": "shop", "kind": "Deployment", "name": "prod-web",
            "policies": ["prod-default-deny", "prod-web"], "ingress": true, "egress": true,
            "dns": "open", "outside": true})
    );
    assert_eq!(isolation("prod-backup")["dns"], "cut-off");
    assert_eq!(isolation("prod-nats")["outside"], false);
    let cut_off = ["shop/CronJob/prod-backup", "shop/StatefulSet/prod-nats"];
    let mut told: Vec<_> = facts["dns_cut_off"].as_array().unwrap().iter().collect();
    told.sort_by_key(ToString::to_string);
    assert_eq!(told, cut_off);
    assert_eq!(
        facts["default_deny"],
        json!([{"namespace": "shop", "ingress": true, "egress": true}])
    );
    let survival = |name: &str| one(&facts["resilience"], "name", name).clone();
    assert_eq!(
        survival("prod-web"),
        json!({"namespace": "shop", "kind": "Deployment", "name": "prod-web",
            "least_replicas": 2, "autoscaled": true, "budgets": ["prod-web"], "immovable": false})
    );
    let nats = survival("prod-nats");
    assert_eq!(
        (&nats["immovable"], &nats["least_replicas"]),
        (&json!(true), &json!(5))
    );
    let token = |name: &str| one(&facts["tokens"], "name", name)["mounted"].clone();
    assert_eq!(
        [token("prod-web"), token("prod-nats"), token("prod-backup")],
        [false, false, true]
    );
    let ingress = one(&facts["ingresses"], "name", "prod-web");
    assert_eq!(ingress["plain_hosts"], json!(["shop.example"]));
    assert_eq!(
        ingress["annotations"]["nginx.ingress.kubernetes.io/limit-rpm"],
        "120"
    );
    assert_eq!(facts["monitors"][0]["fits"], json!(["shop/prod-web"]));
    assert_eq!(facts["services"][0]["kind"], "LoadBalancer");
    assert_eq!(
        facts["services"][0]["source_ranges"],
        json!(["192.0.2.0/24"])
    );
    assert_eq!(
        facts["namespaces"],
        json!([{"name": "shop", "pod_security": "restricted"}])
    );
    assert_eq!(
        facts["quotas"],
        json!([{"namespace": "shop", "name": "prod-quota"}])
    );
    assert_eq!(facts["limit_ranges"].as_array().unwrap().len(), 1);
    let role = &facts["roles"][0];
    assert_eq!(
        (&role["any_verb"], &role["reads_secrets"]),
        (&json!(false), &json!(false))
    );
    let subject = json!({"kind": "ServiceAccount", "name": "prod-web", "namespace": "shop"});
    assert_eq!(facts["bindings"][0]["subjects"], json!([subject]));
}

#[tokio::test]
async fn bad_manifests_are_told_without_their_secrets() {
    let answer = kept("flawed").await;
    assert!(answer.gaps.is_empty(), "{:?}", answer.gaps);
    let facts = data(&answer.facts);
    let text = facts.to_string();
    for secret in ["hunter2", "f3b1c9d0", "c2VjcmV0", "ENC["] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let worker = one(&facts["containers"], "name", "worker");
    assert_eq!(worker["image"]["pinned"], false);
    assert_eq!(worker["args"], json!(["--token", "***"]));
    let plain: Vec<_> = worker["env"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["name"].as_str().unwrap(),
                one["secret"] == true,
                one["value"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        plain,
        [
            ("API_TOKEN", true, "ok"),
            ("DATABASE_URL", true, "default"),
            ("PORT", false, "ok"),
            ("EMPTY_SECRET", true, "empty")
        ]
    );
    let agent = one(&facts["containers"], "name", "agent");
    for field in ["privileged", "privilege_escalation"] {
        assert_eq!(agent[field], true, "{field}");
    }
    assert_eq!(agent["non_root"], false);
    assert_eq!(agent["host_ports"], json!([9100]));
    assert_eq!(agent["capabilities_added"], json!(["NET_ADMIN"]));
    let host = one(&facts["workloads"], "name", "agent");
    for field in ["host_network", "host_pid", "host_ipc"] {
        assert_eq!(host[field], true, "{field}");
    }
    assert_eq!(host["host_paths"], json!(["/"]));
    assert_eq!(
        facts["secrets"],
        json!([
            {"namespace": "default", "name": "worker", "path": "flawed/all.yaml",
                "kind": "Opaque", "keys": ["key", "password"], "encrypted": false},
            {"namespace": "default", "name": "sealed", "path": "flawed/all.yaml",
                "kind": "Opaque", "keys": ["key"], "encrypted": true}])
    );
    let everything = one(&facts["roles"], "name", "everything");
    for field in ["any_verb", "any_resource", "reads_secrets"] {
        assert_eq!(everything[field], true, "{field}");
    }
    assert_eq!(everything.get("namespace"), None);
    let own = one(&facts["roles"], "name", "own");
    assert_eq!(
        (&own["built_in"], &own["escalates"], &own["any_verb"]),
        (&json!(true), &json!(true), &json!(false))
    );
    let master = &facts["bindings"][0];
    assert_eq!(
        (&master["cluster_admin"], &master["everybody"]),
        (&json!(true), &json!(true))
    );
    let plain = &facts["ingresses"][0];
    assert_eq!(
        (&plain["any_host"], &plain["tls"], &plain["class"]),
        (&json!(true), &json!(false), &json!("nginx"))
    );
    assert_eq!(facts["services"], json!([]));
    assert_eq!(
        one(&facts["objects"], "api_version", "serving.knative.dev/v1")["kind"],
        "Service"
    );
}

#[tokio::test]
async fn a_wrong_network_policy_is_seen_through() {
    let facts = data(&kept("flawed").await.facts);
    let policy = one(&facts["network_policies"], "name", "worker-policy");
    // The ingress controller is in another namespace, so this permits nobody.
    assert_eq!(policy["ingress_rules"][0]["peers"][0]["own_workloads"], 0);
    assert_eq!(policy["ingress_rules"][0]["fits_nobody"], true);
    assert_eq!(policy["egress_ports"], json!(["TCP/4222", "TCP/5432"]));
    assert_eq!(policy["egress_rules"][1]["all_pods"], true);
    assert_eq!(policy["egress_rules"][1]["ports"], json!(["TCP/5432"]));
    assert_eq!(policy["workloads"], json!(["worker"]));
    let worker = one(&facts["isolation"], "name", "worker");
    assert_eq!(
        (&worker["dns"], &worker["outside"]),
        (&json!("cut-off"), &json!(false))
    );
    let debug = one(&facts["isolation"], "name", "debug");
    assert_eq!(
        (&debug["ingress"], &debug["egress"], &debug["dns"]),
        (&json!(false), &json!(false), &json!("open"))
    );
    assert_eq!(facts["dns_cut_off"], json!(["default/Deployment/worker"]));
}

async fn dns(rule: &str) -> Value {
    let policy = format!(
        "{DEPLOYMENT}---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p}}\n\
         spec: {{podSelector: {{}}, policyTypes: [Egress], egress: [{rule}]}}\n"
    );
    let Answer { facts, gaps } = of(&[("a.yaml", &policy)], "a.yaml").await.unwrap();
    let told = data(&facts)["isolation"][0]["dns"].clone();
    let reason = gaps.get("dns_cut_off").map(|error| error.reason);
    assert_eq!(reason.is_some(), told == "unclear", "{rule}: {gaps:?}");
    if let Some(reason) = reason {
        assert_eq!(reason, Reason::KubernetesIndeterminate);
        assert_eq!(facts.model.dns_cut_off, None);
    }
    told
}

#[tokio::test]
async fn dns_is_open_cut_off_or_not_clear() {
    let system = "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}";
    let udp = "ports: [{protocol: UDP, port: 53}]";
    for (rule, expected) in [
        ("{}", "open"),
        (&format!("{{{udp}}}"), "open"),
        ("{ports: [{port: 53}]}", "cut-off"),
        ("{ports: [{protocol: UDP}]}", "open"),
        ("{ports: [{protocol: UDP, port: 50, endPort: 60}]}", "open"),
        ("{ports: [{protocol: UDP, port: dns}]}", "open"),
        ("{ports: [{port: 443}]}", "cut-off"),
        (&format!("{{to: [{{{system}}}], {udp}}}"), "open"),
        (
            &format!("{{to: [{{{system}, podSelector: {{matchLabels: {{app: x}}}}}}]}}"),
            "cut-off",
        ),
        (
            &format!("{{to: [{{{system}, podSelector: {{matchLabels: {{x: coredns}}}}}}]}}"),
            "unclear",
        ),
        ("{to: [{namespaceSelector: {}}]}", "open"),
        (
            "{to: [{namespaceSelector: {matchLabels: {name: kube-system}}}]}",
            "unclear",
        ),
        (
            "{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: web}}}]}",
            "cut-off",
        ),
        ("{to: [{podSelector: {}}]}", "cut-off"),
        ("{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}", "open"),
        ("{to: [{ipBlock: {cidr: 169.254.20.10/32}}]}", "unclear"),
    ] {
        assert_eq!(dns(rule).await, expected, "{rule}");
    }
    assert_eq!(dns("").await, "cut-off");
}

#[tokio::test]
async fn what_is_no_yaml_hides_what_may_be_in_it() {
    for (files, reason, words) in [
        (
            &[
                ("m/a.yaml", DEPLOYMENT),
                ("m/b.yaml", "a: {{ .Values.a }}\n"),
            ][..],
            Reason::FileUnreadable,
            "m/b.yaml is a template",
        ),
        (
            &[("m/a.yaml", DEPLOYMENT), ("m/b.yaml", "a: [\n")],
            Reason::FileMalformed,
            "m/b.yaml is malformed",
        ),
        (
            &[("m/a.yaml", DEPLOYMENT), ("m/b.json", "{")],
            Reason::FileMalformed,
            "m/b.json is malformed",
        ),
        (
            &[
                ("m/a.yaml", DEPLOYMENT),
                ("m/Chart.yaml", "apiVersion: v2\nname: x\n"),
            ],
            Reason::FileUnreadable,
            "m is a chart of Helm",
        ),
        (
            &[(
                "m/a.yaml",
                &DEPLOYMENT.replace("name: a}", "name: '{{ .Release.Name }}'}"),
            )],
            Reason::FileUnreadable,
            "template",
        ),
        (
            &[(
                "m/a.yaml",
                &DEPLOYMENT.replace("image: 'a:1'", "env: s3cret"),
            )],
            Reason::FileMalformed,
            "malformed",
        ),
        (
            &[(
                "m/a.yaml",
                &DEPLOYMENT.replace("[{name: a, image: 'a:1'}]", "[]"),
            )],
            Reason::FileMalformed,
            "malformed",
        ),
        (
            &[("m/a.yaml", &DEPLOYMENT.replace("name: a}", "}"))],
            Reason::FileMalformed,
            "malformed",
        ),
    ] {
        let Answer { facts, gaps } = of(files, "m").await.unwrap();
        for path in [
            "workloads",
            "containers",
            "isolation",
            "objects",
            "secrets",
            "dns_cut_off",
            "namespaces",
        ] {
            let error = &gaps[path];
            assert_eq!(error.reason, reason, "{path}: {error:?}");
            assert!(error.cause.contains(words), "{error:?}");
            assert!(!format!("{error:?}").contains("s3cret"));
        }
        assert_eq!((facts.model.workloads, facts.objects), (None, None));
    }
    let told = kept("chart").await;
    assert_eq!(told.gaps["workloads"].reason, Reason::FileUnreadable);
    assert_eq!(told.facts.others, ["chart/Chart.yaml", "chart/values.yaml"]);
}

#[tokio::test]
async fn what_a_kustomization_does_not_follow_hides_what_it_may_change() {
    for (more, path, reason) in [
        (
            "components: [c]",
            "workloads",
            Reason::KubernetesIndeterminate,
        ),
        (
            "helmCharts: [{name: x}]",
            "containers",
            Reason::KubernetesIndeterminate,
        ),
        (
            "replacements: []",
            "isolation",
            Reason::KubernetesIndeterminate,
        ),
        (
            "bases: ['github.com/org/repo//k8s?ref=v1']",
            "workloads",
            Reason::KubernetesIndeterminate,
        ),
        (
            "bases: ['https://example.com/a.yaml']",
            "workloads",
            Reason::KubernetesIndeterminate,
        ),
        (
            "bases: [/etc]",
            "workloads",
            Reason::KubernetesIndeterminate,
        ),
        ("bases: [missing.yaml]", "workloads", Reason::FileMalformed),
        ("bases: [.]", "workloads", Reason::FileMalformed),
        ("bases: [empty]", "workloads", Reason::FileMalformed),
        ("images: 3", "workloads", Reason::FileMalformed),
        (
            "secretGenerator: [{name: x}]",
            "secrets",
            Reason::KubernetesIndeterminate,
        ),
        (
            "configMapGenerator: [{name: x}]",
            "objects",
            Reason::KubernetesIndeterminate,
        ),
        (
            "patches: [{path: p.yaml, options: {allowNameChange: true}}]",
            "workloads",
            Reason::KubernetesIndeterminate,
        ),
        (
            "patches: [{patch: '[{op: remove, path: /none}]', target: {name: a}}]",
            "workloads",
            Reason::FileMalformed,
        ),
        (
            "patches: [{patch: '{kind: Deployment, apiVersion: apps/v1, metadata: {name: z}}'}]",
            "workloads",
            Reason::FileMalformed,
        ),
        (
            "patches: [{patch: '{spec: {replicas: 1}}', target: {labelSelector: 'a in (b)'}}]",
            "workloads",
            Reason::KubernetesIndeterminate,
        ),
    ] {
        let kustomization = format!("resources: [a.yaml]\n{more}\n");
        let files = [
            ("k/a.yaml", DEPLOYMENT),
            (
                "k/p.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n",
            ),
            ("k/empty/x.txt", ""),
            ("k/kustomization.yaml", &kustomization),
        ];
        let Answer { facts, gaps } = of(&files, "k").await.unwrap();
        assert_eq!(
            gaps.get(path).map(|error| error.reason),
            Some(reason),
            "{more}: {gaps:?}"
        );
        let knows_workloads = matches!(path, "secrets" | "objects");
        assert_eq!(facts.model.workloads.is_some(), knows_workloads, "{more}");
    }
}

#[tokio::test]
async fn patches_change_and_remove() {
    let kustomization = "resources: [a.yaml]\ncommonLabels: {team: x}\nnameSuffix: -v2\npatchesStrategicMerge:\n- |\n  \
        $patch: delete\n  apiVersion: v1\n  kind: Secret\n  metadata: {name: s}\n\
        patchesJson6902:\n- target: {version: v1, kind: Deployment, name: a}\n  path: p.json\n";
    let secret = format!(
        "{DEPLOYMENT}---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{a: b}}\n"
    );
    let patch = r#"[{"op": "add", "path": "/spec/replicas", "value": 4}]"#;
    let files = [
        ("k/a.yaml", secret.as_str()),
        ("k/p.json", patch),
        ("k/kustomization.yml", kustomization),
    ];
    let Answer { facts, gaps } = of(&files, "k/").await.unwrap();
    // The operations are the only document of their file, and that is a list.
    assert!(gaps.is_empty(), "{gaps:?}");
    let facts = data(&facts);
    assert_eq!(facts["secrets"], json!([]));
    let workload = &facts["workloads"][0];
    assert_eq!(
        (&workload["name"], &workload["replicas"]),
        (&json!("a-v2"), &json!(4))
    );
    assert_eq!(workload["labels"], json!({"app": "a", "team": "x"}));
}

#[tokio::test]
async fn nothing_to_read_is_our_inability() {
    for (files, path, reason) in [
        (
            &[("a.yaml", DEPLOYMENT)][..],
            "missing",
            Reason::FolderMissing,
        ),
        (&[("m/readme.md", "x")], "m", Reason::FileUnreadable),
        (
            &[("m/values.yaml", "a: 1\n"), ("m/empty.yaml", "---\n")],
            "m",
            Reason::FileUnreadable,
        ),
        (
            &[("m/a.yaml", DEPLOYMENT)],
            "x/*.yaml",
            Reason::FileUnreadable,
        ),
    ] {
        let told = of(files, path).await.unwrap_err();
        assert_eq!(told.reason, reason, "{path}: {told:?}");
    }
}

#[tokio::test]
async fn patterns_exclusions_and_the_namespace_are_followed() {
    let files = [
        ("m/a.yaml", DEPLOYMENT),
        ("m/b/c.yml", "a: [\n"),
        ("m/node_modules/x.yaml", "a: [\n"),
    ];
    let folder = written(&files);
    for (path, exclude) in [
        ("m/*.yaml", vec![]),
        ("m", vec!["b".to_owned(), "node_modules".to_owned()]),
        ("m/a.yaml", vec![]),
    ] {
        let probe = Manifests {
            namespace: "shop".to_owned(),
            exclude,
            ..Manifests::at(path)
        };
        let Answer { facts, gaps } = ask(folder.path(), probe).await.unwrap();
        assert!(gaps.is_empty(), "{path}: {gaps:?}");
        assert_eq!(facts.files, ["m/a.yaml"]);
        assert_eq!(facts.model.workloads.unwrap()[0].namespace, "shop");
    }
}

#[tokio::test]
async fn hostile_manifests_end_within_bounds() {
    let many = format!(
        "apiVersion: v1\nkind: List\nitems: [{}]\n",
        "{apiVersion: v1, kind: X},".repeat(2001)
    );
    let large = format!("#{}\n", "x".repeat(5 << 20));
    let values = format!("a: [{}]\n", "1,".repeat(240_000));
    let long = DEPLOYMENT.replace("image: 'a:1'", &format!("args: [{}]", "a,".repeat(600)));
    let deep = format!(
        "{}[]{}",
        "{\"kind\": \"List\", \"apiVersion\": \"v1\", \"items\": [".repeat(60),
        "]}".repeat(60)
    );
    for (files, reason) in [
        (&[("m/a.yaml", many.as_str())][..], Reason::FileTruncated),
        (
            &[("m/a.yaml", DEPLOYMENT), ("m/b.yaml", &large)],
            Reason::FileTruncated,
        ),
        (
            &[
                ("m/a.yaml", DEPLOYMENT),
                ("m/b.yaml", &values),
                ("m/c.yaml", &values),
            ],
            Reason::FileTruncated,
        ),
        (&[("m/a.yaml", &long)], Reason::FileMalformed),
        (
            &[("m/a.yaml", DEPLOYMENT), ("m/b.json", &deep)],
            Reason::FileMalformed,
        ),
    ] {
        let Answer { facts, gaps } = of(files, "m").await.unwrap();
        assert_eq!(gaps["workloads"].reason, reason, "{gaps:?}");
        assert_eq!(facts.model.workloads, None);
    }
    let circle = [
        ("a/kustomization.yaml", "resources: [../b]\n"),
        ("b/kustomization.yaml", "resources: [../a]\n"),
        ("c/kustomization.yaml", "resources: [../a]\n"),
    ];
    let told = of(&circle, "c").await.unwrap();
    assert_eq!(told.gaps["workloads"].reason, Reason::FileMalformed);
}

#[tokio::test]
async fn time_that_is_over_is_told() {
    let folder = written(&[("a.yaml", DEPLOYMENT)]);
    let context = Context {
        cwd: folder.path().into(),
        timeout: Duration::ZERO,
        ..context(&[])
    };
    let told = Manifests::at("a.yaml").gather(&context).await.unwrap();
    assert_eq!(told.gaps["workloads"].reason, Reason::FileTruncated);
}

#[test]
fn fields_are_checked_and_the_way_by_hand_is_told() {
    for (path, namespace, field) in [
        (" ", "a", "path"),
        ("a\0", "a", "path"),
        ("a/[", "a", "path"),
        ("a", " ", "namespace"),
    ] {
        let probe = Manifests {
            namespace: namespace.to_owned(),
            ..Manifests::at(path)
        };
        assert_eq!(probe.validate().unwrap_err().field, field);
    }
    let probe = Manifests::at("my k8s");
    assert!(
        probe.reproduce().ends_with("-f 'my k8s'"),
        "{}",
        probe.reproduce()
    );
    assert_eq!(probe.contacts()[0].action, "read manifests at my k8s");
}
