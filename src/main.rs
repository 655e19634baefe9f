//! The `ready` binary: reads its surroundings, runs a command, returns its exit code.

use std::process::ExitCode;

use clap::Parser as _;
use ready::exit::Exit;
use ready::host::Host;

fn main() -> ExitCode {
    let cli = ready::cli::Cli::parse();
    let host = Host::of_this_process();
    match ready::commands::run(cli, &host) {
        Ok(exit) => exit.into(),
        Err(error) => {
            ready::commands::complain(&error);
            Exit::Usage.into()
        }
    }
}
