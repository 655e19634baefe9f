//! `ready schema`: JSON Schemas for editors and other programs.

use anyhow::Context as _;

use super::print;
use crate::cli::Schema;
use crate::exit::Exit;
use crate::{ledger, probe, profile, report};

pub(super) fn run(args: &Schema) -> anyhow::Result<Exit> {
    let schema = match args.of.as_str() {
        "profile" => profile::schema::profile(),
        "check" => profile::schema::check(),
        "ledger" => ledger::schema(),
        "report" => report::json::schema(),
        kind => probe::facts_schemas().remove(kind).with_context(|| {
            format!(
                "there is no schema `{kind}`; there are profile, check, ledger, report and the facts of {}",
                probe::AnyProbe::KINDS.join(", ")
            )
        })?,
    };
    let mut json = serde_json::to_vec_pretty(&schema)?;
    json.push(b'\n');
    print(&json)?;
    Ok(Exit::Ready)
}
