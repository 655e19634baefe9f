//! `ready completions` and `ready man`: made from the command line's own definition.

use anyhow::Context as _;
use clap::CommandFactory;

use super::{Ui, print};
use crate::cli::{Cli, Completions, Man};
use crate::exit::Exit;

pub(super) fn completions(args: &Completions) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "ready", &mut script);
    print(&script)?;
    Ok(Exit::Ready)
}

pub(super) fn man(args: &Man, ui: &Ui<'_>) -> anyhow::Result<Exit> {
    if let Some(folder) = &args.to {
        let folder = ui.host.cwd.join(folder);
        std::fs::create_dir_all(&folder)
            .and_then(|()| clap_mangen::generate_to(Cli::command(), &folder))
            .with_context(|| format!("cannot write manual pages to {}", folder.display()))?;
        return Ok(Exit::Ready);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    print(&page)?;
    Ok(Exit::Ready)
}
