//! What each command does, one file each. They hold the order of things and no rules.

mod access;
mod attest;
mod audit;
mod demo;
mod entry;
mod explain;
mod gather;
mod import;
mod judge;
mod ledger;
mod list;
mod load;
mod network;
mod output;
mod pages;
mod plan;
mod progress;
mod report;
mod save;
mod schema;
mod shell;
mod sign;
mod validate;
mod waive;

use std::io::{self, Write};

use crate::cli::{Cli, Color, Command};
use crate::exit::Exit;
use crate::host::Host;

/// Runs a command. An error is a usage error: its text says what to do.
pub fn run(cli: Cli, host: &Host) -> anyhow::Result<Exit> {
    let ui = Ui {
        host,
        color: cli.color,
    };
    match cli.command {
        Command::Audit(args) => audit::run(&args, &ui),
        Command::Plan(args) => plan::run(&args, &ui),
        Command::Gather(args) => gather::run(&args, &ui),
        Command::Judge(args) => judge::run(&args, &ui),
        Command::Report(args) => report::run(&args, &ui),
        Command::Validate(args) => validate::run(&args, &ui),
        Command::Attest(args) => attest::run(&args, &ui),
        Command::Waive(args) => waive::run(&args, &ui),
        Command::Sign(args) => sign::run(&args, &ui),
        Command::Import(args) => import::run(&args, &ui),
        Command::List(args) => list::run(&args),
        Command::Explain(args) => explain::run(&args, &ui),
        Command::Demo(args) => demo::run(&args, &ui),
        Command::Schema(args) => schema::run(&args),
        Command::Completions(args) => shell::completions(&args),
        Command::Man(args) => shell::man(&args, &ui),
    }
}

/// Tells people why a command could not run. A profile's mistakes are laid out already.
pub fn complain(error: &anyhow::Error) {
    let text = match error.downcast_ref::<load::Refused>() {
        Some(refused) => refused.to_string(),
        None => format!("error: {error:#}\n"),
    };
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Where a command prints, and how.
#[derive(Clone, Copy, Debug)]
struct Ui<'a> {
    host: &'a Host,
    color: Color,
}

impl Ui<'_> {
    /// Whether standard output is coloured.
    fn color_stdout(&self) -> bool {
        self.colored(self.host.stdout_is_terminal)
    }

    /// Whether standard error is coloured.
    fn color_stderr(&self) -> bool {
        self.colored(self.host.stderr_is_terminal)
    }

    fn colored(&self, terminal: bool) -> bool {
        let set = |name: &str| {
            self.host
                .env
                .get(name)
                .is_some_and(|value| !value.is_empty())
        };
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if set("NO_COLOR") => false,
            Color::Auto if set("CLICOLOR_FORCE") => true,
            Color::Auto => terminal && self.host.env.get("TERM").is_none_or(|term| term != "dumb"),
        }
    }

    /// Columns to lay text out for.
    fn width(&self) -> usize {
        self.host.columns.map_or(100, usize::from).clamp(40, 160)
    }
}

/// Writes to standard output. A reader that has seen enough (`| head`) is no error.
fn print(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Writes to standard error, for people; nothing can be done if nobody reads it.
fn tell(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
