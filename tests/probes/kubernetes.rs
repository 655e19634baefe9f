//! The `kubernetes` probe against API servers in this process.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response};
use ready::probe::kubernetes::{Facts, Kubernetes};
use ready::probe::{Answer, Context, Probe, ProbeError};
use ready::reason::Reason;
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::certificates::{Authority, Leaf, pem};
use crate::support::context;
use crate::support::http::{Body, Server, clear, full, raw, secure_for, status};

const TOKEN: &str = "c4nary-t0ken/with+odd=chars";

pub(crate) type Answers = Arc<dyn Fn(&str, &str) -> Option<(u16, Value)> + Send + Sync>;

/// An API server with a certificate of its own authority.
pub(crate) struct Cluster {
    server: Server,
    authority: Authority,
    asked: Arc<Mutex<Vec<String>>>,
}

/// What the cluster of these tests holds, by the path of the list.
fn held(path: &str) -> Vec<Value> {
    let meta = |namespace: &str, name: &str| json!({"namespace": namespace, "name": name});
    let pod = json!({"containers": [{"name": "web", "image": "shop/web:1.4.2"}]});
    let template = |app: &str| json!({"metadata": {"labels": {"app": app}}, "spec": pod});
    let owned = |name: &str, by: &str, kind: &str| {
        json!({"namespace": "shop", "name": name,
        "creationTimestamp": "2026-11-21T11:00:00Z",
        "ownerReferences": [{"kind": kind, "name": by, "controller": true}]})
    };
    match path {
        "/apis/apps/v1/deployments" => vec![
            json!({"metadata": meta("shop", "web"), "spec": {"replicas": 2, "template": template("web")},
                "status": {"readyReplicas": 2, "updatedReplicas": 2, "conditions": [{"type": "Progressing", "status": "True"}]}}),
            json!({"metadata": meta("shop", "api"), "spec": {"replicas": 3, "template": template("api")},
                "status": {"readyReplicas": 1, "conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]}}),
            json!({"metadata": meta("kube-system", "coredns"), "spec": {"template": template("dns")}, "status": {}}),
        ],
        "/apis/apps/v1/daemonsets" => vec![
            json!({"metadata": meta("shop", "agent"), "spec": {"template": template("agent")},
                "status": {"desiredNumberScheduled": 2, "numberReady": 2, "updatedNumberScheduled": 2}}),
        ],
        "/apis/apps/v1/replicasets" => vec![
            json!({"metadata": owned("web-1", "web", "Deployment"), "spec": {"template": template("web")}}),
            json!({"metadata": owned("web-2", "web", "Deployment"), "spec": {"template": template("web")}}),
            json!({"metadata": meta("shop", "free"), "spec": {"template": template("free")}}),
        ],
        "/apis/batch/v1/cronjobs" => vec![json!({"metadata": meta("shop", "backup"),
                "spec": {"schedule": "0 2 * * *", "concurrencyPolicy": "Forbid",
                    "jobTemplate": {"spec": {"template": template("backup")}}},
                "status": {"lastScheduleTime": "2026-11-21T11:59:00Z", "lastSuccessfulTime": "2026-11-21T02:00:00Z"}})],
        "/apis/batch/v1/jobs" => vec![
            json!({"metadata": owned("backup-1", "backup", "CronJob"), "spec": {"template": template("backup")}}),
        ],
        "/api/v1/pods" => vec![
            json!({"metadata": owned("web-1-a", "web-1", "ReplicaSet"), "spec": {"nodeName": "n1", "containers": pod["containers"]},
                "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
                    "containerStatuses": [{"restartCount": 3, "state": {"running": {}},
                        "lastState": {"terminated": {"reason": "OOMKilled", "finishedAt": "2026-11-21T11:58:20Z"}}}]}}),
            json!({"metadata": meta("shop", "debug"), "spec": pod,
                "status": {"phase": "Pending", "containerStatuses": [{"restartCount": 0, "state": {"waiting": {"reason": "ImagePullBackOff"}}}]}}),
        ],
        "/apis/networking.k8s.io/v1/networkpolicies" => vec![
            json!({"metadata": meta("shop", "web"), "spec": {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress"]}}),
        ],
        "/api/v1/namespaces" => vec![
            json!({"metadata": {"name": "shop"}}),
            json!({"metadata": {"name": "kube-system", "labels": {"name": "kube-system"}}}),
        ],
        "/api/v1/nodes" => vec![
            json!({"metadata": {"name": "n1"}, "spec": {"unschedulable": true},
                "status": {"nodeInfo": {"kubeletVersion": "v1.31.2"}, "conditions": [
                    {"type": "Ready", "status": "True"}, {"type": "DiskPressure", "status": "True"},
                    {"type": "MemoryPressure", "status": "False"}]}}),
        ],
        "/api/v1/events" => vec![
            json!({"metadata": meta("shop", "e1"), "type": "Warning", "reason": "BackOff", "message": "a secret?",
                "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "debug"},
                "count": 7, "lastTimestamp": "2026-11-21T11:59:30Z"}),
        ],
        "/apis/rbac.authorization.k8s.io/v1/clusterroles" => vec![
            json!({"metadata": {"name": "cluster-admin", "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}},
                "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}),
        ],
        "/api/v1/secrets" => vec![
            json!({"metadata": {"namespace": "shop", "name": "web", "labels": {"a": "b"},
                "annotations": {"last": "p4ss"}, "ownerReferences": [{"kind": "SealedSecret", "name": "web"}]}}),
        ],
        "/apis/bitnami.com/v1alpha1/sealedsecrets" => vec![
            json!({"metadata": meta("shop", "web"), "spec": {}, "status": {"conditions": [{"type": "Synced", "status": "True"}]}}),
        ],
        _ => Vec::new(),
    }
}

fn listed(items: &[Value]) -> Value {
    json!({"kind": "SomethingList", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": items})
}

/// The path of the list of all namespaces.
fn of_all(path: &str) -> String {
    path.replace("/namespaces/shop/", "/")
}

/// What the API says unless something else is said for a test.
fn usual(path: &str, query: &str) -> (u16, Value) {
    match path {
        "/version" => return (200, json!({"major": "1", "gitVersion": "v1.31.2"})),
        "/api/v1/namespaces/shop" => {
            return (
                200,
                json!({"kind": "Namespace", "metadata": {"name": "shop"}}),
            );
        }
        path if path.starts_with("/apis/monitoring.coreos.com/") => {
            return (404, json!({"kind": "Status"}));
        }
        "/apis/traefik.io/v1alpha1/middlewares" => return (404, json!({"kind": "Status"})),
        path if path.starts_with("/api/v1/namespaces/")
            && !path.starts_with("/api/v1/namespaces/shop/") =>
        {
            return (404, json!({"kind": "Status", "message": "not found"}));
        }
        _ => {}
    }
    let all = held(&of_all(path));
    let given = |name: &str| {
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .and_then(|(_, value)| value.parse::<usize>().ok())
    };
    let (from, limit) = (given("continue").unwrap_or(0), given("limit").unwrap());
    let end = all.len().min(from + limit);
    let mut page = listed(&all[from..end]);
    if end < all.len() {
        page["metadata"]["continue"] = json!(end.to_string());
    }
    (200, page)
}

pub(crate) async fn cluster_with(special: Answers, clients: Option<&Authority>) -> Cluster {
    let authority = Authority::root("Cluster");
    let leaf = Leaf::good_for_years(&["kubernetes.example", "127.0.0.1"]);
    let identity = authority.sign(&leaf);
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = asked.clone();
    let wants_token = clients.is_none();
    let handle = move |request: Request<Bytes>| {
        let (special, log) = (special.clone(), log.clone());
        async move {
            let path = request.uri().path().to_owned();
            let query = request.uri().query().unwrap_or_default().to_owned();
            let header = |name: &str| {
                let value = request
                    .headers()
                    .get(name)
                    .map(|value| value.to_str().unwrap());
                value.unwrap_or_default().to_owned()
            };
            log.lock()
                .unwrap()
                .push(format!("{path} {}", header("accept")));
            let authorization = header("authorization");
            if wants_token && authorization != format!("Bearer {TOKEN}") {
                let body = json!({"kind": "Status", "message": format!("no: {authorization}")});
                return answer(401, &body);
            }
            if path.ends_with("/slow") || special(&path, "slow").is_some() {
                tokio::time::sleep(Duration::from_mins(1)).await;
            }
            let (code, body) = special(&path, &query).unwrap_or_else(|| usual(&path, &query));
            answer(code, &body)
        }
    };
    let server = secure_for(identity, clients, &["h2", "http/1.1"], handle).await;
    Cluster {
        server,
        authority,
        asked,
    }
}

fn answer(code: u16, body: &Value) -> Response<Body> {
    let body = match body {
        Value::String(text) => text.clone(),
        json => json.to_string(),
    };
    status(code).body(full(body)).unwrap()
}

pub(crate) async fn cluster() -> Cluster {
    cluster_with(Arc::new(|_, _| None), None).await
}

/// A cluster in which one list is answered otherwise.
async fn but(path: &'static str, code: u16, body: Value) -> Cluster {
    let special = move |asked: &str, query: &str| {
        (asked == path && query != "slow").then(|| (code, body.clone()))
    };
    cluster_with(Arc::new(special), None).await
}

impl Cluster {
    fn ca(&self) -> String {
        pem("CERTIFICATE", &self.authority.certificate)
    }

    /// A kubeconfig for it, with its token.
    pub(crate) fn usual_config(&self) -> String {
        self.config(&format!("token: {TOKEN}"))
    }

    fn config(&self, user: &str) -> String {
        let data = STANDARD.encode(self.ca());
        config(
            self.server.port,
            &format!("certificate-authority-data: {data}"),
            user,
        )
    }

    async fn ask(&self, more: Value) -> Result<Answer<Facts>, ProbeError> {
        let config = self.usual_config();
        ask(&[("config", &config)], more).await
    }
}

fn config(port: u16, cluster: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: here\n\
         contexts:\n- {{name: here, context: {{cluster: c, user: u}}}}\n- {{name: anonymous, context: {{cluster: c}}}}\n- {{name: lost, context: {{cluster: x}}}}\n\
         clusters:\n- name: c\n  cluster: {{server: 'https://127.0.0.1:{port}', {cluster}}}\n\
         users:\n- name: u\n  user: {{{user}}}\n"
    )
}

async fn ask(files: &[(&str, &str)], more: Value) -> Result<Answer<Facts>, ProbeError> {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let mut fields = json!({"kubeconfig": "config"});
    fields
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let probe: Kubernetes = serde_json::from_value(fields).unwrap();
    assert_eq!(probe.validate(), Ok(()));
    let context = Context {
        cwd: folder.path().into(),
        timeout: Duration::from_secs(20),
        ..context(&[])
    };
    let answer = probe.gather(&context).await;
    assert!(!format!("{answer:?}").contains("c4nary"), "{answer:?}");
    answer
}

fn data(facts: &Facts) -> Value {
    serde_json::to_value(facts).unwrap()
}

fn names(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap();
    list.iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_cluster_is_told_as_manifests_are_and_how_it_is_doing() {
    let cluster = cluster().await;
    let Answer { facts, gaps } = cluster.ask(json!({})).await.unwrap();
    assert_eq!(gaps, BTreeMap::new());
    let facts = data(&facts);
    assert_eq!(facts["version"], "1.31.2");
    let workloads = names(&facts["workloads"]);
    assert_eq!(
        workloads,
        ["web", "api", "agent", "free", "backup", "debug"]
    );
    assert_eq!(
        facts["rollouts"],
        json!([
            {"namespace": "shop", "kind": "Deployment", "name": "web", "desired": 2, "ready": 2,
                "updated": 2, "stalled": false, "healthy": true, "revisions": 2},
            {"namespace": "shop", "kind": "Deployment", "name": "api", "desired": 3, "ready": 1,
                "updated": 0, "stalled": true, "healthy": false, "revisions": 0},
            {"namespace": "shop", "kind": "DaemonSet", "name": "agent", "desired": 2, "ready": 2,
                "updated": 2, "stalled": false, "healthy": true}])
    );
    assert_eq!(
        facts["pods"],
        json!([
            {"namespace": "shop", "name": "web-1-a", "owner": "ReplicaSet/web-1", "phase": "Running",
                "ready": true, "restarts": 3, "last_restart_age_seconds": 100, "waiting": [],
                "ended": ["OOMKilled"], "age_seconds": 3600, "node": "n1"},
            {"namespace": "shop", "name": "debug", "phase": "Pending", "ready": false,
                "restarts": 0, "waiting": ["ImagePullBackOff"], "ended": []}])
    );
    assert_eq!(
        facts["nodes"],
        json!([{"name": "n1", "ready": true, "cordoned": true, "troubles": ["DiskPressure"], "kubelet": "1.31.2"}])
    );
    assert_eq!(
        facts["warnings"],
        json!([{"namespace": "shop", "kind": "Pod", "name": "debug", "reason": "BackOff", "count": 7, "age_seconds": 30}])
    );
    let backup = &facts["cron_jobs"][0];
    assert_eq!(backup["last_success_age_seconds"], 36_000);
    assert_eq!(backup["last_start_age_seconds"], 60);
    assert_eq!(facts["isolation"][0]["ingress"], true);
    assert_eq!(facts["isolation"][1]["ingress"], false);
    assert_eq!(facts["roles"][0]["built_in"], true);
    assert_eq!(facts["monitors"], json!([]));
    assert_eq!(facts.get("secrets"), None);
    assert!(!facts.to_string().contains("a secret?"));
}

#[tokio::test]
async fn one_namespace_is_asked_for_itself() {
    let cluster = cluster().await;
    let Answer { facts, gaps } = cluster.ask(json!({"namespace": "shop"})).await.unwrap();
    assert_eq!(gaps, BTreeMap::new());
    // The lists of this stand hold all namespaces, and what was asked for is not sorted out.
    assert!(names(&data(&facts)["workloads"]).contains(&"coredns"));
    let asked = cluster.asked.lock().unwrap().clone();
    let is_wide = |line: &&String| line.starts_with("/apis/apps/v1/deployments");
    assert_eq!(asked.iter().find(is_wide), None, "{asked:?}");
    let told = cluster.ask(json!({"namespace": "shpo"})).await.unwrap_err();
    assert_eq!(told.reason, Reason::ApiNotFound);
    assert!(told.cause.contains("no namespace shpo"), "{told:?}");
}

#[tokio::test]
async fn a_namespace_that_may_not_be_seen_and_holds_nothing_may_be_none() {
    let special = |path: &str, query: &str| {
        let is_it = path == "/api/v1/namespaces/other" && query != "slow";
        let below = path.starts_with("/api/v1/namespaces/other/");
        match (is_it, below && query != "slow") {
            (true, _) => Some((403, json!({"kind": "Status"}))),
            (_, true) => Some((200, listed(&[]))),
            _ => None,
        }
    };
    let cluster = cluster_with(Arc::new(special), None).await;
    let told = cluster
        .ask(json!({"namespace": "other"}))
        .await
        .unwrap_err();
    assert_eq!(told.reason, Reason::PermissionDenied);
}

#[tokio::test]
async fn a_list_that_may_not_be_read_takes_down_just_what_needs_it() {
    let policies = "/apis/networking.k8s.io/v1/networkpolicies";
    for (path, gone, kept) in [
        (
            policies,
            &[
                "network_policies",
                "isolation",
                "default_deny",
                "dns_cut_off",
            ][..],
            "workloads",
        ),
        ("/api/v1/nodes", &["nodes"], "workloads"),
        ("/api/v1/serviceaccounts", &["tokens"], "workloads"),
        (
            "/apis/apps/v1/daemonsets",
            &["rollouts", "workloads", "containers", "isolation"],
            "pods",
        ),
        ("/api/v1/pods", &["pods", "workloads"], "rollouts"),
        ("/api/v1/events", &["warnings"], "pods"),
        ("/apis/apps/v1/replicasets", &["workloads"], "pods"),
        ("/version", &["version"], "pods"),
    ] {
        let cluster = but(path, 403, json!({"kind": "Status", "message": "forbidden"})).await;
        let Answer { facts, gaps } = cluster.ask(json!({})).await.unwrap();
        let facts = data(&facts);
        for fact in gone {
            assert_eq!(
                gaps[*fact].reason,
                Reason::PermissionDenied,
                "{path} {fact}"
            );
            assert_eq!(facts.get(fact), None, "{path} {fact}");
        }
        assert!(
            facts.get(kept).is_some() && !gaps.contains_key(kept),
            "{path} {gaps:?}"
        );
    }
}

#[tokio::test]
async fn lists_are_read_page_by_page_to_their_end_or_not_at_all() {
    let many = |count: usize| {
        let pods: Vec<Value> = (0..count)
            .map(|n| json!({"metadata": {"name": format!("p{n}"), "namespace": "shop"}, "spec": {"containers": [{"name": "a"}]}}))
            .collect();
        move |path: &str, query: &str| {
            if path != "/api/v1/pods" || query == "slow" {
                return None;
            }
            let from = query
                .split("continue=")
                .nth(1)
                .map_or(0, |from| from.parse().unwrap());
            let end = pods.len().min(from + 100);
            let mut page = listed(&pods[from..end]);
            if end < pods.len() {
                page["metadata"]["continue"] = json!(end.to_string());
            }
            Some((200, page))
        }
    };
    let cluster = cluster_with(Arc::new(many(250)), None).await;
    let facts = cluster.ask(json!({})).await.unwrap().facts;
    assert_eq!(facts.pods.unwrap().len(), 250);
    let cluster = cluster_with(Arc::new(many(5001)), None).await;
    let Answer { facts, gaps } = cluster.ask(json!({})).await.unwrap();
    assert_eq!(gaps["pods"].reason, Reason::FileTruncated);
    assert_eq!((facts.pods, facts.model.workloads), (None, None));
}

#[tokio::test]
async fn garbage_is_no_answer_and_no_empty_list() {
    let pod = |more: Value| {
        listed(&[json!({"metadata": {"name": "p", "namespace": "shop"}, "spec": more})])
    };
    let endless = json!({"kind": "PodList", "metadata": {"continue": "x"}, "items": []});
    for body in [
        json!("<html>"),
        json!({}),
        json!({"kind": "PodList"}),
        json!({"kind": "Status", "items": []}),
        json!({"kind": "PodList", "items": {}}),
        json!({"kind": "PodList", "items": [1]}),
        pod(json!({"containers": "c4nary"})),
        pod(json!({"containers": []})),
        listed(&vec![json!({}); 501]),
        endless,
    ] {
        let cluster = but("/api/v1/pods", 200, body.clone()).await;
        let Answer { facts, gaps } = cluster.ask(json!({})).await.unwrap();
        assert_eq!(gaps["workloads"].reason, Reason::ApiUnavailable, "{body}");
        assert_eq!(facts.model.workloads, None, "{body}");
        assert!(facts.nodes.is_some());
    }
    for body in [json!("<html>"), json!({})] {
        let cluster = but("/version", 200, body).await;
        let told = cluster.ask(json!({})).await.unwrap_err();
        assert_eq!(told.reason, Reason::ApiUnavailable);
    }
}

#[tokio::test]
async fn a_wrong_token_and_none_are_refused_and_the_token_stays_inside() {
    let cluster = cluster().await;
    for user in ["token: c4nary-wrong-t0ken", "tokenFile: token"] {
        let config = cluster.config(user);
        let files = [("config", config.as_str()), ("token", "c4nary-of-file\n")];
        let told = ask(&files, json!({})).await.unwrap_err();
        assert_eq!(told.reason, Reason::CredentialRefused, "{told:?}");
        assert!(
            told.detail.unwrap().contains("***"),
            "what the API writes back is masked"
        );
    }
    let config = cluster.config(&format!("token: {TOKEN}"));
    let told = ask(&[("config", &config)], json!({"context": "anonymous"}))
        .await
        .unwrap_err();
    assert_eq!(told.reason, Reason::CredentialRefused);
    let config = cluster.config("tokenFile: token");
    let files = [
        ("config", config.as_str()),
        ("token", &format!("{TOKEN}\n")),
    ];
    assert!(ask(&files, json!({})).await.is_ok());
}

#[tokio::test]
async fn the_cluster_is_believed_by_its_own_authority_alone() {
    let cluster = cluster().await;
    let (port, user) = (cluster.server.port, format!("token: {TOKEN}"));
    let other = pem("CERTIFICATE", &Authority::root("Other").certificate);
    let ca = cluster.ca();
    let told = ask(&[("config", &config(port, "", &user))], json!({}))
        .await
        .unwrap_err();
    assert_eq!(told.reason, Reason::ApiUnavailable);
    assert!(told.detail.unwrap().starts_with("tls.unknown-issuer"));
    let by_file = config(port, "certificate-authority: ca.crt", &user);
    for (authority, is_fine) in [(&ca, true), (&other, false)] {
        let files = [("config", by_file.as_str()), ("ca.crt", authority)];
        assert_eq!(ask(&files, json!({})).await.is_ok(), is_fine);
    }
    for (name, is_fine) in [("kubernetes.example", true), ("other.example", false)] {
        let more = format!("certificate-authority: ca.crt, tls-server-name: {name}");
        let config = config(port, &more, &user);
        let files = [("config", config.as_str()), ("ca.crt", &ca)];
        assert_eq!(ask(&files, json!({})).await.is_ok(), is_fine, "{name}");
    }
    // Nothing was sent to a server that was not believed.
    assert!(
        cluster
            .asked
            .lock()
            .unwrap()
            .iter()
            .all(|line| line.starts_with('/'))
    );
}

#[tokio::test]
async fn a_client_certificate_logs_in() {
    let staff = Authority::root_dated("Staff", "2020-01-01", "2045-01-01");
    let leaf = Leaf {
        for_clients: true,
        ..Leaf::dated("2020-01-01", "2045-01-01")
    };
    let client = staff.sign(&leaf);
    let PrivateKeyDer::Pkcs8(key) = &client.key else {
        panic!("a key in PKCS #8");
    };
    let certificate = pem("CERTIFICATE", &client.chain[0]);
    let key = pem("PRIVATE KEY", key.secret_pkcs8_der());
    let cluster = cluster_with(Arc::new(|_, _| None), Some(&staff)).await;
    let inline = format!(
        "client-certificate-data: {}, client-key-data: {}",
        STANDARD.encode(&certificate),
        STANDARD.encode(&key)
    );
    for user in [
        inline.as_str(),
        "client-certificate: c.crt, client-key: c.key",
    ] {
        let config = cluster.config(user);
        let files = [
            ("config", config.as_str()),
            ("c.crt", &certificate),
            ("c.key", &key),
        ];
        let facts = ask(&files, json!({})).await.unwrap().facts;
        assert_eq!(facts.version.as_deref(), Some("1.31.2"));
    }
    let config = cluster.config("");
    let told = ask(&[("config", &config)], json!({})).await.unwrap_err();
    assert!(
        matches!(
            told.reason,
            Reason::TlsClientCertificate | Reason::ApiUnavailable
        ),
        "{told:?}"
    );
    let config = cluster.config("client-certificate: c.crt");
    let files = [("config", config.as_str()), ("c.crt", &certificate)];
    let told = ask(&files, json!({})).await.unwrap_err();
    assert_eq!(told.reason, Reason::CredentialUnusable);
}

#[tokio::test]
async fn a_kubeconfig_that_cannot_be_used_is_our_inability() {
    let plain = config(1, "", "token: c4nary");
    for (config, context, reason) in [
        (plain.clone(), "prod", Reason::CredentialMissing),
        (plain.clone(), "lost", Reason::CredentialMissing),
        (
            plain.replace("current-context: here", "x: y"),
            "",
            Reason::CredentialMissing,
        ),
        (
            config(1, "", "exec: {command: aws}"),
            "",
            Reason::CredentialUnusable,
        ),
        (
            config(1, "", "auth-provider: {name: gcp}"),
            "",
            Reason::CredentialUnusable,
        ),
        (
            config(1, "", "username: a, password: c4nary"),
            "",
            Reason::CredentialUnusable,
        ),
        (
            config(1, "", "token: c4nary, as: admin"),
            "",
            Reason::CredentialUnusable,
        ),
        (
            config(1, "insecure-skip-tls-verify: true", "token: c4nary"),
            "",
            Reason::CredentialUnusable,
        ),
        (
            config(1, "proxy-url: 'http://a'", "token: c4nary"),
            "",
            Reason::CredentialUnusable,
        ),
        (
            config(1, "certificate-authority-data: '%%'", "token: c4nary"),
            "",
            Reason::CredentialUnusable,
        ),
        (
            config(1, "certificate-authority-data: c4nary00", "token: c4nary"),
            "",
            Reason::CredentialUnusable,
        ),
        (
            config(1, "certificate-authority: none.crt", "token: c4nary"),
            "",
            Reason::CredentialMissing,
        ),
        (
            config(
                1,
                "",
                "client-certificate-data: YQ==, client-key-data: YzRuYXJ5",
            ),
            "",
            Reason::CredentialUnusable,
        ),
        (
            plain.replace("https://127.0.0.1", "http://c.example"),
            "",
            Reason::CredentialUnusable,
        ),
        (
            plain.replace("https://127.0.0.1", "https://u:c4nary@127.0.0.1"),
            "",
            Reason::CredentialUnusable,
        ),
        (
            plain.replace("https://127.0.0.1:1", "unix:/x"),
            "",
            Reason::CredentialUnusable,
        ),
        ("users: c4nary".to_owned(), "", Reason::CredentialUnusable),
        ("users: [\n".to_owned(), "", Reason::CredentialUnusable),
    ] {
        let told = ask(&[("config", &config)], json!({"context": context}))
            .await
            .unwrap_err();
        assert_eq!(told.reason, reason, "{config}: {told:?}");
    }
    let told = ask(&[], json!({})).await.unwrap_err();
    assert_eq!(told.reason, Reason::CredentialMissing);
    let told = ask(&[], json!({"kubeconfig": ""})).await.unwrap_err();
    assert_eq!(told.cause, "there is no kubeconfig");
}

#[tokio::test]
async fn several_kubeconfigs_are_one() {
    let cluster = cluster().await;
    let whole = cluster.config(&format!("token: {TOKEN}"));
    let (head, users) = whole.split_once("users:").unwrap();
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a"), head).unwrap();
    fs::write(
        folder.path().join("b"),
        format!("current-context: other\nusers:{users}"),
    )
    .unwrap();
    let paths: Vec<PathBuf> = ["a", "b"].map(|name| folder.path().join(name)).into();
    let listed = std::env::join_paths(paths).unwrap().into_string().unwrap();
    let context = Context {
        env: Arc::new(BTreeMap::from([("KUBECONFIG".to_owned(), listed)])),
        timeout: Duration::from_secs(20),
        ..context(&[])
    };
    let probe: Kubernetes = serde_json::from_value(json!({})).unwrap();
    assert!(probe.gather(&context).await.is_ok());
}

#[tokio::test]
async fn an_api_that_does_not_answer_says_nothing_of_the_workloads() {
    let silent = raw(async |stream| {
        let _stream = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    for (port, code) in [(silent.port, "timeout"), (closed, "tcp.refused")] {
        let folder = TempDir::new().unwrap();
        fs::write(
            folder.path().join("config"),
            config(port, "", "token: c4nary"),
        )
        .unwrap();
        let context = Context {
            cwd: folder.path().into(),
            timeout: Duration::from_secs(2),
            ..context(&[])
        };
        let probe: Kubernetes = serde_json::from_value(json!({"kubeconfig": "config"})).unwrap();
        let told = probe.gather(&context).await.unwrap_err();
        assert_eq!(told.reason, Reason::ApiUnavailable);
        assert!(told.detail.unwrap().contains(code));
    }
}

#[tokio::test]
async fn lists_that_come_too_late_are_unknown() {
    let slow = |path: &str, query: &str| {
        (path == "/api/v1/nodes" && query == "slow").then(|| (200, json!({})))
    };
    let cluster = cluster_with(Arc::new(slow), None).await;
    let folder = TempDir::new().unwrap();
    let config = cluster.config(&format!("token: {TOKEN}"));
    fs::write(folder.path().join("config"), config).unwrap();
    let context = Context {
        cwd: folder.path().into(),
        timeout: Duration::from_secs(8),
        ..context(&[])
    };
    let probe: Kubernetes = serde_json::from_value(json!({"kubeconfig": "config"})).unwrap();
    let Answer { facts, gaps } = probe.gather(&context).await.unwrap();
    assert_eq!(gaps["nodes"].reason, Reason::ApiUnavailable);
    assert_eq!(facts.nodes, None);
    assert!(facts.model.workloads.is_some());
}

#[tokio::test]
async fn secrets_are_asked_for_by_name_and_extensions_by_their_resource() {
    let cluster = cluster().await;
    let more = json!({"secrets": true, "custom": ["bitnami.com/v1alpha1/sealedsecrets", "traefik.io/v1alpha1/middlewares"]});
    let Answer { facts, gaps } = cluster.ask(more).await.unwrap();
    assert_eq!(gaps, BTreeMap::new());
    let facts = data(&facts);
    assert_eq!(
        facts["secrets"],
        json!([{"namespace": "shop", "name": "web", "owners": ["SealedSecret"], "labels": {"a": "b"}}])
    );
    assert_eq!(
        facts["custom"],
        json!([
            {"resource": "bitnami.com/v1alpha1/sealedsecrets", "installed": true,
                "objects": [{"namespace": "shop", "name": "web", "conditions": {"Synced": "True"}}]},
            {"resource": "traefik.io/v1alpha1/middlewares", "installed": false, "objects": []}])
    );
    let asked = cluster.asked.lock().unwrap().clone();
    let secrets: Vec<_> = asked
        .iter()
        .filter(|line| line.starts_with("/api/v1/secrets"))
        .collect();
    assert_eq!(secrets.len(), 1);
    assert!(
        secrets[0].contains("PartialObjectMetadataList"),
        "{secrets:?}"
    );
}

#[tokio::test]
async fn a_server_and_a_token_can_be_given_without_a_kubeconfig() {
    let server = clear(async |request: Request<Bytes>| {
        let path = request
            .uri()
            .path()
            .strip_prefix("/k8s")
            .unwrap()
            .to_owned();
        let (code, body) = usual(&path, request.uri().query().unwrap_or_default());
        answer(code, &body)
    })
    .await;
    let probe: Kubernetes =
        serde_json::from_value(json!({"server": format!("http://127.0.0.1:{}/k8s/", server.port)}))
            .unwrap();
    assert_eq!(probe.validate(), Ok(()));
    let context = Context {
        timeout: Duration::from_secs(20),
        ..context(&[])
    };
    let facts = probe.gather(&context).await.unwrap().facts;
    assert_eq!(facts.version.as_deref(), Some("1.31.2"));
    let lacking = Kubernetes {
        token: "${secrets.T}".to_owned(),
        ..probe
    };
    let told = lacking.gather(&context).await.unwrap_err();
    assert_eq!(told.reason, Reason::CredentialMissing);
}

#[test]
fn fields_are_checked_and_the_plan_names_the_cluster() {
    for (fields, field) in [
        (json!({"token": "${secrets.T}"}), "server"),
        (json!({"server": "https://a", "context": "b"}), "server"),
        (json!({"server": "a"}), "server"),
        (json!({"server": "https://a", "token": "t"}), "token"),
        (json!({"namespace": "../x"}), "namespace"),
        (json!({"custom": ["secrets"]}), "custom"),
        (json!({"custom": ["a/b/../c"]}), "custom"),
        (json!({"kubeconfig": "\u{0}"}), "kubeconfig"),
    ] {
        let probe: Kubernetes = serde_json::from_value(fields.clone()).unwrap();
        assert_eq!(probe.validate().unwrap_err().field, field, "{fields}");
    }
    let fields = json!({"kubeconfig": "~/k 1", "context": "prod", "namespace": "shop"});
    let probe: Kubernetes = serde_json::from_value(fields).unwrap();
    let contact = &probe.contacts()[0];
    assert_eq!(contact.place(), "the cluster of prod in ~/k 1");
    let by_hand = probe.reproduce();
    assert!(
        by_hand.contains("--kubeconfig='~/k 1' --context=prod get "),
        "{by_hand}"
    );
    assert!(by_hand.contains("--namespace=shop"), "{by_hand}");
    let fields = json!({"server": "https://10.0.0.1:6443", "token": "${secrets.T}"});
    let probe: Kubernetes = serde_json::from_value(fields).unwrap();
    assert_eq!(probe.contacts()[0].place(), "10.0.0.1:6443");
    assert!(
        probe.reproduce().contains("--token=\"$T\""),
        "{}",
        probe.reproduce()
    );
}
