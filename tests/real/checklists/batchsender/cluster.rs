//! `BatchSender`'s cluster, as its API tells it.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::probes::kubernetes::{Cluster, cluster_with};

/// Starts its API server.
pub(super) async fn start() -> Cluster {
    let answer = |path: &str, query: &str| (query != "slow").then(|| (200, said(path)));
    cluster_with(Arc::new(answer), None).await
}

fn said(path: &str) -> Value {
    if path == "/version" {
        return json!({"major": "1", "minor": "34", "gitVersion": "v1.34.2"});
    }
    if let Some(name) = path.strip_prefix("/api/v1/namespaces/")
        && !name.contains('/')
    {
        return json!({"kind": "Namespace", "metadata": {"name": name}});
    }
    let parts: Vec<&str> = path.split('/').collect();
    let namespace = parts.iter().position(|part| *part == "namespaces");
    let namespace = namespace.and_then(|at| parts.get(at + 1));
    let items: Vec<Value> = held(parts.last().copied().unwrap_or_default())
        .into_iter()
        .filter(|item| namespace.is_none_or(|name| item["metadata"]["namespace"] == *name))
        .collect();
    json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": items})
}

/// What there is, by the plural name of its kind.
fn held(plural: &str) -> Vec<Value> {
    match plural {
        "deployments" => vec![
            deployment("batchsender", "worker", "batchsender/worker:1.4.2"),
            deployment("batchsender", "kong", "kong:3.9.1"),
            deployment(
                "kube-system",
                "sealed-secrets-controller",
                "bitnami/sealed-secrets-controller:0.32.2",
            ),
        ],
        "replicasets" => [("worker", 1), ("worker", 2), ("kong", 1), ("kong", 2)]
            .map(|(name, number)| {
                json!({"metadata": {"namespace": "batchsender", "name": format!("{name}-{number}"),
                    "ownerReferences": [{"kind": "Deployment", "name": name, "controller": true}]},
                    "spec": {"template": template(name, "batchsender/worker:1.4.2")}})
            })
            .to_vec(),
        "namespaces" => ["batchsender", "kube-system", "monitoring"]
            .map(|name| json!({"metadata": {"name": name}}))
            .to_vec(),
        "secrets" => vec![
            json!({"metadata": {"namespace": "batchsender", "name": "worker",
                "ownerReferences": [{"kind": "SealedSecret", "name": "worker", "controller": true}]}}),
            json!({"metadata": {"namespace": "batchsender", "name": "nats",
                "ownerReferences": [{"kind": "SealedSecret", "name": "nats", "controller": true}]}}),
            json!({"metadata": {"namespace": "monitoring", "name": "sh.helm.release.v1.kube-prometheus-stack.v3",
                "labels": {"owner": "helm", "name": "kube-prometheus-stack", "status": "deployed", "version": "3"}}}),
        ],
        _ => Vec::new(),
    }
}

fn template(app: &str, image: &str) -> Value {
    json!({"metadata": {"labels": {"app": app}}, "spec": {"containers": [{"name": app, "image": image}]}})
}

fn deployment(namespace: &str, name: &str, image: &str) -> Value {
    json!({"metadata": {"namespace": namespace, "name": name},
        "spec": {"replicas": 2, "revisionHistoryLimit": 10, "template": template(name, image)},
        "status": {"readyReplicas": 2, "updatedReplicas": 2, "availableReplicas": 2,
            "conditions": [{"type": "Progressing", "status": "True"}]}})
}
