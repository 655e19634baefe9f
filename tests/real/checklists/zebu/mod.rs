//! `zebu` on two complete stands: as it should be, with a filled ledger, and broken.

mod app;
mod repository;
mod vendors;
mod vm;
mod world;

use self::world::{Front, World};
use super::{Told, alone, assert_told, day, in_short, ledger};

#[test]
fn a_golden_zebu_is_ready() {
    alone(&["203.0.113.10/32"], async || {
        let mut world = World::start(false).await?;
        let ledger = ledger(&world.bench, include_str!("ledger.yaml"));
        world.args.extend(["--ledger".to_owned(), ledger]);
        world.args.extend(["--store".to_owned(), "runs".to_owned()]);
        let told = world.audit(&["--save"]);
        assert_eq!(told.except(&["pass", "attested", "na"]), "");
        told.assert_ready();
        operations(&world);
        // The proxy saw the burst last: nothing else was refused for it.
        let log = world.nginx.requests();
        assert!(
            log.iter()
                .any(|line| line == "api.zebu.example POST /api/v1/portfolios/p1/trades")
        );
        let last = log.iter().rev().take(50);
        assert!(
            last.clone()
                .all(|line| line == "api.zebu.example GET /health"),
            "{log:?}"
        );
        Some(())
    });
}

/// The recurring work of the same Zebu: what the run before saw nobody needs to say.
fn operations(world: &World) {
    let unknown = [
        "address",
        "redis_host",
        "db_host",
        "migration_head",
        "offsite_endpoint",
    ];
    let mut args = Vec::new();
    for pair in world.args.chunks(2) {
        let (name, value) = (&*pair[0], &*pair[1]);
        let is_unknown = unknown
            .iter()
            .any(|one| value.starts_with(&format!("{one}=")));
        if !is_unknown && !["--profile", "--ledger", "--save"].contains(&name) {
            args.extend_from_slice(pair);
        }
    }
    let text = include_str!("operations.ledger.yaml").replace("@TODAY@", &day(0));
    std::fs::write(world.bench.path("operations.ledger.yaml"), text).unwrap();
    for word in [
        "--profile",
        "zebu-operations",
        "--ledger",
        "operations.ledger.yaml",
    ] {
        args.push(word.to_owned());
    }
    let told = Told::audit(&world.bench, &args);
    assert_eq!(told.except(&["pass", "attested"]), "");
    assert_eq!(told.ran.code, Some(0), "{}", told.ran.out);
    let seen = told
        .checks()
        .find(|check| check["id"] == "zebu.ops.monthly.metrics-review");
    assert_eq!(seen.unwrap()["status"], "pass");
}

#[test]
fn on_a_broken_zebu_each_non_negotiable_fails_for_its_own_reason() {
    alone(&["203.0.113.10/32"], async || {
        let mut world = World::start(true).await?;
        let told = world.audit(&[]);
        let mut text = told.assert_blocked();
        // What only shows behind a certificate that is accepted.
        drop(world.nginx);
        world.nginx = Front::Lax.start(&world.root)?;
        text += "\nwith a good certificate\n";
        let told = world.audit(&[]);
        let https = told
            .checks()
            .filter(|check| check["id"].as_str().unwrap().starts_with("zebu.pre.https."));
        text += &https.fold(String::new(), |all, check| all + &in_short(check));
        assert_told!("broken", text);
        Some(())
    });
}
