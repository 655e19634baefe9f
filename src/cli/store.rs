//! The arguments that are about saved runs.

use std::path::PathBuf;

use clap::Args;

use crate::store;

/// Where saved runs are.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Saved runs")]
pub struct StoreArgs {
    /// Folder of saved runs: checks that ask about earlier runs look there, and `--save` adds to it.
    #[arg(long, value_name = "FOLDER", default_value = store::USUAL, value_parser = folder)]
    pub store: PathBuf,
}

fn folder(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    if text.contains("://") {
        return Err("runs are saved in folders of this machine, not at addresses".to_owned());
    }
    Ok(text.into())
}
