//! What sslyze says of the same server, compared fact by fact.

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine as _;
use ready::probe::tls::{Certificate, Facts};
use serde_json::Value;
use tokio::process::Command;

use super::server::Server;

/// Names of the versions here and there.
const VERSIONS: [(&str, &str); 5] = [
    ("SSLv3", "ssl_3_0"),
    ("TLS1.0", "tls_1_0"),
    ("TLS1.1", "tls_1_1"),
    ("TLS1.2", "tls_1_2"),
    ("TLS1.3", "tls_1_3"),
];

/// Asks sslyze about everything that the probe knows as well.
pub async fn ask(sslyze: &Path, server: &Server) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sslyze.json");
    let output = Command::new(sslyze)
        .args(["--mozilla_config", "disable", "--slow_connection"])
        .args(["--certinfo", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2"])
        .args([
            "--tlsv1_3",
            "--elliptic_curves",
            "--reneg",
            "--compression",
            "--ems",
        ])
        .arg("--certinfo_ca_file")
        .arg(&server.root)
        .arg("--json_out")
        .arg(&file)
        .arg(format!("localhost:{}", server.port))
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(file.is_file(), "sslyze wrote nothing: {said}");
    let text = std::fs::read_to_string(&file).unwrap();
    // The modulus of a key is written as one number of hundreds of digits.
    let text = regex::Regex::new("[0-9]{200,}")
        .unwrap()
        .replace_all(&text, "0");
    let report: Value = serde_json::from_str(&text).unwrap();
    let mut result = report["server_scan_results"][0]["scan_result"].clone();
    assert!(result.is_object(), "sslyze could not scan: {said}");
    result["trust_store"] = server.root.to_str().unwrap().into();
    result
}

/// Both must say the same.
pub fn compare(ours: &Facts, theirs: &Value) {
    versions(ours, theirs);
    groups(ours, theirs);
    habits(ours, theirs);
    certificates(ours, theirs);
}

fn versions(ours: &Facts, theirs: &Value) {
    for (name, key) in VERSIONS {
        let result = &theirs[format!("{key}_cipher_suites")]["result"];
        let is_spoken = ours
            .versions
            .as_ref()
            .unwrap()
            .iter()
            .any(|one| one == name);
        assert_eq!(result["is_tls_version_supported"], is_spoken, "{name}");
        let names = |key: &str| -> BTreeSet<&str> {
            list(&result[key])
                .iter()
                .map(|suite| suite["cipher_suite"]["name"].as_str().unwrap())
                .collect()
        };
        let ours: BTreeSet<&str> = ours
            .suites
            .iter()
            .flatten()
            .filter(|suite| suite.version == name)
            .map(|suite| suite.name.as_str())
            .collect();
        // sslyze does not ask about every suite that there is.
        let (accepted, refused) = (
            names("accepted_cipher_suites"),
            names("rejected_cipher_suites"),
        );
        let missed: Vec<_> = accepted.difference(&ours).collect();
        let invented: Vec<_> = ours.intersection(&refused).collect();
        assert!(missed.is_empty(), "{name} suites missed: {missed:?}");
        assert!(invented.is_empty(), "{name} suites invented: {invented:?}");
    }
}

fn groups(ours: &Facts, theirs: &Value) {
    let result = &theirs["elliptic_curves"]["result"];
    let theirs: BTreeSet<&str> = list(&result["supported_curves"])
        .iter()
        .map(|curve| match curve["name"].as_str().unwrap() {
            "prime256v1" => "secp256r1",
            name => name,
        })
        .collect();
    let curves = ["X25519", "X448", "secp256r1", "secp384r1", "secp521r1"];
    let of = |version: &str| -> BTreeSet<&str> {
        let groups = ours.groups.as_ref().unwrap().iter();
        groups
            .filter(|group| group.version == version && curves.contains(&group.name.as_str()))
            .map(|group| group.name.as_str())
            .collect()
    };
    // sslyze asks in the newest version alone, about one curve at a time; where the certificate
    // has a curve of its own, TLS 1.2 refuses all others then.
    if of("TLS1.3").is_empty() {
        let newest = ours.versions.as_ref().unwrap().last().unwrap();
        assert!(theirs.is_subset(&of(newest)), "curves of {newest}");
    } else {
        assert_eq!(of("TLS1.3"), theirs, "curves: ours and sslyze's");
    }
}

fn habits(ours: &Facts, theirs: &Value) {
    let theirs_compress = &theirs["tls_compression"]["result"]["supports_compression"];
    assert_eq!(theirs_compress, &ours.compression.unwrap());
    if let Some(secure) = ours.secure_renegotiation {
        let result = &theirs["session_renegotiation"]["result"];
        assert_eq!(result["supports_secure_renegotiation"], secure);
    }
    if let Some(bound) = ours.extended_master_secret {
        let result = &theirs["tls_extended_master_secret"]["result"];
        assert_eq!(result["supports_ems_extension"], bound);
    }
}

fn certificates(ours: &Facts, theirs: &Value) {
    let result = &theirs["certificate_info"]["result"];
    let deployments = list(&result["certificate_deployments"]);
    let leaves: Vec<&Certificate> = std::iter::once(&ours.certificate)
        .chain(&ours.other_certificates)
        .collect();
    assert_eq!(leaves.len(), deployments.len(), "kinds of certificates");
    let mut all_verified = true;
    for leaf in leaves {
        let deployment = deployments
            .iter()
            .find(|one| hex(&one["received_certificate_chain"][0]) == leaf.sha256);
        let deployment = deployment.expect("sslyze saw the same certificate");
        certificate(leaf, &deployment["received_certificate_chain"][0]);
        let staple = &deployment["leaf_certificate_has_must_staple_extension"];
        assert_eq!(staple, &ours.must_staple);
        let stamps = &deployment["leaf_certificate_signed_certificate_timestamps_count"];
        assert_eq!(stamps, &ours.sct_count);
        all_verified &= list(&deployment["path_validation_results"])
            .iter()
            .filter(|one| one["trust_store"]["path"] == theirs["trust_store"])
            .all(|one| one["was_validation_successful"] == true);
    }
    // sslyze tells a small key by its size alone.
    let is_good = ours
        .problems
        .iter()
        .all(|problem| problem.reason.code() == "tls.weak-key");
    assert_eq!(is_good, all_verified, "chain, name and dates");
    let sent = list(&deployments[0]["received_certificate_chain"]);
    if ours.other_certificates.is_empty() {
        let theirs: Vec<String> = sent.iter().map(hex).collect();
        let ours: Vec<&str> = ours.chain.iter().map(|one| one.sha256.as_str()).collect();
        assert_eq!(ours, theirs, "chain as sent");
    }
}

fn certificate(ours: &Certificate, theirs: &Value) {
    assert_eq!(theirs["not_valid_after"], ours.not_after);
    assert_eq!(theirs["not_valid_before"], ours.not_before);
    assert_eq!(theirs["public_key"]["key_size"], ours.key_bits.unwrap());
    let hash = theirs["signature_hash_algorithm"]["name"].as_str();
    assert_eq!(hash, ours.signature_hash.as_deref());
    let names: Vec<&str> = list(&theirs["subject_alternative_name"]["dns_names"])
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    assert_eq!(names, ours.names);
    let common_name = |subject: &str| {
        let parts = subject.split(',').map(str::trim);
        parts
            .filter(|part| part.starts_with("CN="))
            .map(str::to_owned)
            .next()
    };
    let subject = theirs["subject"]["rfc4514_string"].as_str().unwrap();
    assert_eq!(common_name(subject), common_name(&ours.subject));
}

fn hex(certificate: &Value) -> String {
    let text = certificate["fingerprint_sha256"].as_str().unwrap();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap();
    bytes
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
