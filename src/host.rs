//! What the program is told by the machine it runs on, read once in `main`.
//!
//! Nothing else reads the environment or the clock, so every command can be run in a test
//! with a `Host` made of literals. It does not read files: those are named by arguments.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::PathBuf;

use jiff::Timestamp;

/// Environment, working directory, clock and terminal of this run.
#[derive(Clone, Debug)]
pub struct Host {
    /// Environment variables; secrets are taken from here.
    pub env: BTreeMap<String, String>,
    /// Directory that relative paths start from.
    pub cwd: PathBuf,
    /// When the run started. Ages and days left are counted from here.
    pub now: Timestamp,
    /// Whether standard input is a terminal, so that somebody can be asked.
    pub stdin_is_terminal: bool,
    /// Whether standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Whether standard error is a terminal; progress is shown only there.
    pub stderr_is_terminal: bool,
    /// Columns of the terminal, if there is one.
    pub columns: Option<u16>,
}

impl Host {
    /// Reads this process's surroundings.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment and the clock"
    )]
    pub fn of_this_process() -> Self {
        let env = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self {
            env,
            cwd: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            now: Timestamp::now(),
            stdin_is_terminal: std::io::stdin().is_terminal(),
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
            columns: terminal_size::terminal_size().map(|(width, _)| width.0),
        }
    }
}
