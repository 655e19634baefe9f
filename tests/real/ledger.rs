//! Signed ledgers with the real `ssh-keygen`.

use std::process::Command;

use jiff::ToSpan as _;

use super::program;
use crate::support::binary::{Bench, Ran};

const PROFILE: &str = "ready: 1\nid: shop\nvars: {release: {default: '1.10'}}\nchecks:\n  \
    - {id: terms, attest: {ask: Read them}}\n  \
    - {id: gone, probe: {file: {path: gone}}, expect: file.exists}\n";

const LEDGER: &str = "ledger: 1\nallowed_signers: signers\n";
const ANA: &str = "Ana <ana@shop.example>";

/// A folder with keys of Ana and Eve, of which Ana's is allowed.
fn bench() -> Option<Bench> {
    let keygen = program("ssh-keygen")?;
    let bench = Bench::new()
        .file("p.yaml", PROFILE)
        .file("p.ledger.yaml", LEDGER);
    for name in ["ana", "eve"] {
        let made = Command::new(&keygen)
            .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
            .arg(bench.path(name))
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
    }
    allow(&bench, "ana@shop.example", "", "ana");
    Some(bench)
}

/// Lists a key, and no other.
fn allow(bench: &Bench, who: &str, options: &str, key: &str) {
    let key = bench.read(&format!("{key}.pub"));
    let line = format!("{who} namespaces=\"ready-ledger\"{options} {key}");
    std::fs::write(bench.path("signers"), line).unwrap();
}

fn rewrite(bench: &Bench, ledger: &str) {
    std::fs::write(bench.path("p.ledger.yaml"), ledger).unwrap();
}

fn add(bench: &Bench, args: &[&str]) -> Ran {
    bench.ready(&[args, &["--profile", "p.yaml"]].concat())
}

fn attest(bench: &Bench, by: &str, key: &str) -> Ran {
    let note = "it's \"fine\": 10";
    add(
        bench,
        &["attest", "terms", "--note", note, "--by", by, "--key", key],
    )
}

/// A ledger with Ana's word about `terms`, signed.
fn attested() -> Option<Bench> {
    let bench = bench()?;
    let ran = attest(&bench, ANA, "ana");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    Some(bench)
}

fn validate(bench: &Bench) -> Ran {
    bench.ready(&["validate", "p.yaml"])
}

/// Whoever reads the ledger is told this code at this place, and goes no further.
fn refused(bench: &Bench, code: &str, place: (usize, usize)) {
    let place = format!("--> p.ledger.yaml:{}:{}\n", place.0, place.1);
    for command in ["validate", "audit"] {
        let ran = bench.ready(&[command, "--profile", "p.yaml"]);
        assert_eq!(ran.code, Some(2), "{command}: {}", ran.out);
        assert!(ran.err.contains(&format!("[{code}]")), "{}", ran.err);
        assert!(ran.err.contains(&place), "{place}: {}", ran.err);
    }
}

/// Where a part of the ledger begins, as messages say it.
fn place(ledger: &str, part: &str) -> (usize, usize) {
    let before = &ledger[..ledger.find(part).unwrap()];
    let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}

fn signature_of(ledger: &str) -> (usize, usize) {
    let (line, column) = place(ledger, "signature: ");
    (line, column + "signature: ".len())
}

#[test]
fn signed_entries_count_and_may_be_spelled_otherwise() {
    let Some(bench) = attested() else {
        return;
    };
    let until = ready::ledger::today(jiff::Timestamp::now()).saturating_add(9.days());
    let until = until.to_string();
    let waiver = [
        ["waive", "gone"],
        ["--owner", "ana@shop.example"],
        ["--reason", "It will be mended"],
        ["--until", &until],
        ["--key", "ana"],
    ];
    let ran = add(&bench, waiver.as_flattened());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let ran = bench.ready(&["audit", "--profile", "p.yaml", "--report", "json"]);
    for status in ["attested", "waived"] {
        let wanted = format!("\"status\": \"{status}\"");
        assert!(ran.out.contains(&wanted), "{}{}", ran.out, ran.err);
    }

    let signed = bench.read("p.ledger.yaml");
    let again = signed
        .replace("by: Ana <", "by:   'Ana <")
        .replace("shop.example>\n", "shop.example>' # me\n");
    assert_ne!(again, signed);
    rewrite(&bench, &again);
    let ran = validate(&bench);
    assert_eq!(ran.code, Some(0), "spelling is free: {}", ran.err);

    let changed = signed.replace("It will be mended", "It was always so");
    rewrite(&bench, &changed);
    let at = place(&changed, "It was always so").0 + 1;
    let line = changed
        .lines()
        .skip(at)
        .position(|line| line.contains("signature: "));
    let line = at + line.unwrap() + 1;
    refused(&bench, "ledger.signature", (line, 16));
}

#[test]
fn a_signed_entry_cannot_be_changed() {
    let Some(bench) = bench() else {
        return;
    };
    let args = ["attest", "terms", "--release", "1.10", "--note", "fine"];
    let ran = add(
        &bench,
        &[&args[..], &["--by", ANA, "--key", "ana"]].concat(),
    );
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let signed = bench.read("p.ledger.yaml");
    for (from, to) in [
        ("note: fine", "note: fin"),
        ("note: fine", "note: ~"),
        ("    note: fine\n", ""),
        ("release: \"1.10\"", "release: 1.1"),
        ("Ana <ana@", "Eve <eve@"),
        ("Ana <ana@", "Anna <ana@"),
        ("U1NIU0lH", "U1NIU0lI"),
        ("signature: ", "signature: '-----' # "),
        ("signature: ", "signature: ~ # "),
    ] {
        let changed = signed.replacen(from, to, 1);
        assert_ne!(changed, signed, "{from}");
        rewrite(&bench, &changed);
        refused(&bench, "ledger.signature", signature_of(&changed));
    }
    let unsigned = signed.replace("    signature:", "    #");
    rewrite(&bench, &unsigned);
    refused(&bench, "ledger.unsigned", place(&unsigned, "check: terms"));
    let lost = signed.replace("allowed_signers: signers", "");
    rewrite(&bench, &lost);
    refused(&bench, "ledger.unverifiable", signature_of(&lost));
    let nobody = signed.replace("allowed_signers: signers", "allowed_signers: nobody");
    rewrite(&bench, &nobody);
    refused(&bench, "ledger.signature", signature_of(&nobody));

    rewrite(&bench, &signed);
    let other = PROFILE.replace("id: shop", "id: bakery");
    std::fs::write(bench.path("p.yaml"), other).unwrap();
    refused(&bench, "ledger.signature", signature_of(&signed));
}

#[test]
fn a_key_counts_while_it_is_listed_and_valid() {
    let Some(bench) = attested() else {
        return;
    };
    let signed = bench.read("p.ledger.yaml");
    let day = |offset: i64| {
        let today = ready::ledger::today(jiff::Timestamp::now());
        let day = today.saturating_add(offset.days());
        day.strftime("%Y%m%d").to_string()
    };
    let (before, after) = (day(-2), day(2));
    for (who, options, key, counts) in [
        ("ana@shop.example", String::new(), "ana", true),
        ("*@shop.example", String::new(), "ana", true),
        (
            "ana@shop.example",
            format!(",valid-after=\"{before}\",valid-before=\"{after}\""),
            "ana",
            true,
        ),
        (
            "ana@shop.example",
            format!(",valid-before=\"{before}\""),
            "ana",
            false,
        ),
        (
            "ana@shop.example",
            format!(",valid-after=\"{after}\""),
            "ana",
            false,
        ),
        ("ana@shop.example", String::new(), "eve", false),
        ("eve@shop.example", String::new(), "ana", false),
    ] {
        allow(&bench, who, &options, key);
        if counts {
            let ran = validate(&bench);
            assert_eq!(ran.code, Some(0), "{who}{options}: {}", ran.err);
        } else {
            refused(&bench, "ledger.signature", signature_of(&signed));
        }
    }
    let key = bench.read("ana.pub");
    for signers in [
        String::new(),
        "garbage\n".to_owned(),
        format!("ana@shop.example namespaces=\"git\" {key}"),
    ] {
        std::fs::write(bench.path("signers"), signers).unwrap();
        refused(&bench, "ledger.signature", signature_of(&signed));
    }
    std::fs::remove_file(bench.path("signers")).unwrap();
    refused(&bench, "ledger.signature", signature_of(&signed));
}

#[test]
fn a_key_that_is_not_listed_or_not_ones_own_adds_nothing() {
    let Some(bench) = bench() else {
        return;
    };
    for (by, key, told) in [
        ("Eve <eve@shop.example>", "eve", "ledger.signature"),
        (ANA, "eve", "ledger.signature"),
        (ANA, "none", "cannot sign with"),
    ] {
        let ran = attest(&bench, by, key);
        assert_eq!(ran.code, Some(2), "{}", ran.out);
        assert!(ran.err.contains(told), "{}", ran.err);
    }
    let ran = add(&bench, &["attest", "terms", "--by", ANA]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("ledger.unsigned"), "{}", ran.err);
    assert_eq!(bench.read("p.ledger.yaml"), LEDGER);
}

#[test]
fn whoever_runs_it_may_demand_signatures_whatever_the_ledger_says() {
    let Some(bench) = attested() else {
        return;
    };
    std::fs::rename(bench.path("signers"), bench.path("trusted")).unwrap();
    let trusting = ["validate", "p.yaml", "--allowed-signers", "trusted"];
    let signed = bench.read("p.ledger.yaml");
    for named in ["", "allowed_signers: signers\n"] {
        rewrite(&bench, &signed.replace("allowed_signers: signers\n", named));
        let ran = bench.ready(&trusting);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
    }
    // A list of one's own in the ledger does not help.
    allow(&bench, "eve@shop.example", "", "eve");
    rewrite(&bench, LEDGER);
    let ran = attest(&bench, "eve@shop.example", "eve");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let ran = bench.ready(&trusting);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("[ledger.signature]"), "{}", ran.err);

    rewrite(
        &bench,
        "ledger: 1\nattestations:\n  - {check: terms, by: Eve, at: 2026-01-02}\n",
    );
    assert_eq!(validate(&bench).code, Some(0));
    let ran = bench.ready(&trusting);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("[ledger.unsigned]"), "{}", ran.err);
    assert!(ran.err.contains("--> p.ledger.yaml:3:5"), "{}", ran.err);
}
