//! The command line: types only. What a command does is in [`crate::commands`].

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};

mod ledger;
mod store;

pub use ledger::{Attest, EntryArgs, LedgerArgs, Sign, Waive};
pub use store::StoreArgs;

use crate::exit::Exit;
use crate::units::Duration;

/// Asks a running system whether it is ready for production, and shows how it knows.
#[derive(Clone, Debug, Parser)]
#[command(version, after_help = exit_codes(), max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Colour in the output.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
}

/// When output is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Ask the system, judge the answers, print a scored verdict.
    #[command(after_help = exit_codes())]
    Audit(Audit),
    /// List everything that would be contacted, before anything is sent.
    Plan(Plan),
    /// Ask the system and save the evidence, without judging it.
    Gather(Gather),
    /// Judge saved evidence; contacts nothing.
    Judge(Judge),
    /// Render a saved report again.
    Report(Report),
    /// Look for mistakes in a profile and its ledger, all at once; contacts nothing.
    Validate(Validate),
    /// Vouch for what no probe can see: adds to the ledger.
    Attest(Attest),
    /// Accept failing checks until a date: adds to the ledger.
    Waive(Waive),
    /// Approve sections as a saved report shows them: adds to the ledger.
    Sign(Sign),
    /// Make a profile of a Markdown checklist, or write the answers back into it.
    #[command(after_help = exit_codes())]
    Import(Import),
    /// List the built-in checks or profiles, the probe kinds, the report formats or reason codes.
    List(List),
    /// Explain a check, a profile, a probe kind or a reason code.
    Explain(Explain),
    /// Start a small flawed service in this process and audit it.
    Demo(Demo),
    /// Print a JSON Schema, for editors and other programs.
    Schema(Schema),
    /// Print a completion script for a shell.
    Completions(Completions),
    /// Print the manual page, or write one for each command.
    Man(Man),
}

/// `ready audit`
#[derive(Clone, Debug, Args)]
pub struct Audit {
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented on its type")]
    pub profile: ProfileArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented on its type")]
    pub network: NetworkArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented on its type")]
    pub ledger: LedgerArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented on its type")]
    pub output: OutputArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented on its type")]
    pub store: StoreArgs,
    /// Save the run, so that later ones can tell when a check last passed.
    #[arg(long)]
    pub save: bool,
}

/// `ready plan`
#[derive(Clone, Debug, Args)]
pub struct Plan {
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented on its type")]
    pub profile: ProfileArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented on its type")]
    pub ledger: LedgerArgs,
    /// Allow questions that change something.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT")]
    pub allow: Vec<Allowed>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// `ready gather`
#[derive(Clone, Debug, Args)]
pub struct Gather {
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented on its type")]
    pub profile: ProfileArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented on its type")]
    pub network: NetworkArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented on its type")]
    pub ledger: LedgerArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented on its type")]
    pub store: StoreArgs,
    /// Where to write the evidence; standard output by default.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `ready judge`
#[derive(Clone, Debug, Args)]
pub struct Judge {
    /// Evidence that `ready gather` wrote.
    #[arg(value_name = "EVIDENCE.json")]
    pub evidence: PathBuf,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented on its type")]
    pub profile: ProfileOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented on its type")]
    pub ledger: LedgerArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented on its type")]
    pub output: OutputArgs,
}

/// `ready report`
#[derive(Clone, Debug, Args)]
pub struct Report {
    /// A report that `--report json=FILE` wrote.
    #[arg(value_name = "RUN.json")]
    pub run: PathBuf,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented on its type")]
    pub output: OutputArgs,
}

/// `ready validate`
#[derive(Clone, Debug, Args)]
pub struct Validate {
    /// A built-in profile's id, or a file.
    #[arg(value_name = "PROFILE", required_unless_present = "profile")]
    pub reference: Option<String>,
    /// The same, as other commands take it.
    #[arg(long, short, value_name = "PROFILE", conflicts_with = "reference")]
    pub profile: Option<String>,
    /// Set a variable.
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    pub set: Vec<(String, String)>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented on its type")]
    pub ledger: LedgerArgs,
}

/// `ready import`
#[derive(Clone, Debug, Args)]
pub struct Import {
    /// The checklist.
    #[arg(value_name = "CHECKLIST.md")]
    pub checklist: PathBuf,
    /// Where to write the profile; standard output by default.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Id of the profile; by default the document's name.
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// The profile of an earlier import, whose ids stay.
    #[arg(long, short, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// Set a variable of that profile.
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting, requires = "profile")]
    pub set: Vec<(String, String)>,
    /// Write the answers of this report (`--report json=RUN.json`) into the checklist.
    #[arg(long, value_name = "RUN.json", conflicts_with_all = ["output", "id", "profile"])]
    pub write_back: Option<PathBuf>,
    /// Only look whether the checklist claims more than this report shows.
    #[arg(long, value_name = "RUN.json", conflicts_with_all = ["output", "id", "profile", "write_back"])]
    pub check: Option<PathBuf>,
}

/// `ready list`
#[derive(Clone, Debug, Args)]
pub struct List {
    /// What to list.
    #[arg(value_enum)]
    pub what: Listed,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// What `ready list` lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Listed {
    /// The catalogue of built-in checks.
    Checks,
    /// The built-in profiles.
    Profiles,
    /// The kinds of questions.
    Probes,
    /// The report formats.
    Formats,
    /// The reason codes.
    Reasons,
}

/// `ready explain`
#[derive(Clone, Debug, Args)]
pub struct Explain {
    /// `tls/certificate-valid`, `web`, `http`, `tcp.refused` …; `check`, `profile`, `probe` or
    /// `reason` may stand before it.
    #[arg(value_name = "ID", required = true, num_args = 1..=2)]
    pub words: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// `ready demo`
#[derive(Clone, Debug, Args)]
pub struct Demo {
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented on its type")]
    pub output: OutputArgs,
}

/// `ready schema`
#[derive(Clone, Debug, Args)]
pub struct Schema {
    /// `profile`, `check`, `ledger`, `report`, or a probe kind for its facts.
    #[arg(default_value = "profile")]
    pub of: String,
}

/// `ready completions`
#[derive(Clone, Debug, Args)]
pub struct Completions {
    /// Which shell.
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// `ready man`
#[derive(Clone, Debug, Args)]
pub struct Man {
    /// Write one page for each command into this folder.
    #[arg(long, value_name = "FOLDER")]
    pub to: Option<PathBuf>,
}

/// Which checks.
#[derive(Clone, Debug, Default, Args)]
pub struct ProfileArgs {
    /// Audit these sites with the built-in profile `web`, or set `url` of the profile given.
    #[arg(value_name = "URL")]
    pub urls: Vec<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented on its type")]
    pub options: ProfileOptions,
}

/// Which checks, for commands that take another first argument.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Profile")]
pub struct ProfileOptions {
    /// A built-in profile's id, or a file [default: web].
    #[arg(long, short, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// Set a variable of the profile.
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    pub set: Vec<(String, String)>,
    /// Only these checks: ids, sections or tags; `*` stands for anything.
    #[arg(long, value_delimiter = ',', value_name = "WHAT")]
    pub only: Vec<String>,
    /// Not these checks.
    #[arg(long, value_delimiter = ',', value_name = "WHAT")]
    pub skip: Vec<String>,
}

/// How the outside world is reached.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Network")]
pub struct NetworkArgs {
    /// Allow questions that change something.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT")]
    pub allow: Vec<Allowed>,
    /// Time for the whole run; the rest is told as not reached.
    #[arg(long, value_name = "TIME")]
    pub deadline: Option<Duration>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented on its type")]
    pub ways: WayArgs,
    /// Questions under way at once.
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..))]
    pub concurrency: u16,
    /// Questions under way at once to one host.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..))]
    pub per_host: u16,
}

/// Which way leads to a host.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Network")]
pub struct WayArgs {
    /// Go to this address for a host and port; `*` stands for any.
    #[arg(long, value_name = "HOST:PORT:ADDR[:PORT]")]
    pub resolve: Vec<Resolve>,
    /// Ask this name server instead of the system's.
    #[arg(long, value_name = "ADDR:PORT")]
    pub dns: Option<DnsServer>,
    /// Trust the certificates in this PEM file as well.
    #[arg(long, value_name = "FILE")]
    pub ca: Vec<PathBuf>,
}

/// What is allowed beyond reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Allowed {
    /// Questions that write, burst, upload or look like an attack.
    Intrusive,
    /// Running programs.
    Exec,
}

/// What is printed and what it takes to pass.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Report")]
pub struct OutputArgs {
    /// A report format, with a file to write it to; may be given several times.
    #[arg(long, value_name = "FORMAT[=FILE]")]
    pub report: Vec<ReportTo>,
    /// Not ready below this score.
    #[arg(long, value_name = "SCORE", value_parser = score)]
    pub min_score: Option<f64>,
    /// Show every check, also those that pass.
    #[arg(long, short)]
    pub verbose: bool,
}

/// A format, and the file it goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportTo {
    /// One of `ready list formats`.
    pub format: String,
    /// The file; standard output if there is none.
    pub file: Option<PathBuf>,
}

impl FromStr for ReportTo {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = match text.split_once('=') {
            Some((_, "")) => return Err("a file name is missing after `=`".to_owned()),
            Some((format, file)) => (format, Some(PathBuf::from(file))),
            None => (text, None),
        };
        Ok(Self {
            format: format.to_owned(),
            file,
        })
    }
}

/// An address given by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    /// The host; `None` for any.
    pub host: Option<String>,
    /// The port; `None` for any.
    pub port: Option<u16>,
    /// Where to go instead.
    pub address: IpAddr,
    /// The port to go to instead, if another.
    pub to_port: Option<u16>,
}

impl fmt::Display for Resolve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.host.as_deref().unwrap_or("*"))?;
        match self.port {
            Some(port) => write!(f, ":{port}:")?,
            None => f.write_str(":*:")?,
        }
        match self.to_port {
            Some(port) => write!(f, "{}", SocketAddr::new(self.address, port)),
            None => write!(f, "{}", self.address),
        }
    }
}

impl FromStr for Resolve {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not HOST:PORT:ADDR, such as example.com:443:127.0.0.1 or '*:*:[::1]:8443'"
            )
        };
        let (host, rest) = text.split_once(':').ok_or_else(wrong)?;
        let (port, target) = rest.split_once(':').ok_or_else(wrong)?;
        let port = match port {
            "*" => None,
            port => Some(port.parse().map_err(|_| wrong())?),
        };
        let (address, to_port) = if let Ok(address) = target.parse::<SocketAddr>() {
            (address.ip(), Some(address.port()))
        } else {
            let bare = target.trim_start_matches('[').trim_end_matches(']');
            (bare.parse().map_err(|_| wrong())?, None)
        };
        Ok(Self {
            host: (host != "*").then(|| host.to_owned()),
            port,
            address,
            to_port,
        })
    }
}

/// A name server's address; port 53 unless given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DnsServer(pub SocketAddr);

impl FromStr for DnsServer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse()
            .or_else(|_| text.parse().map(|ip: IpAddr| SocketAddr::new(ip, 53)))
            .map(Self)
            .map_err(|_| format!("`{text}` is no address, such as 1.1.1.1 or 127.0.0.1:5353"))
    }
}

fn setting(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| format!("`{text}` is not NAME=VALUE"))
}

fn score(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|score| (0.0..=100.0).contains(score))
        .ok_or_else(|| format!("`{text}` is not a score from 0 to 100"))
}

fn exit_codes() -> String {
    let lines = Exit::TABLE
        .iter()
        .map(|(exit, meaning)| format!("\n  {:>3}  {meaning}", *exit as u8));
    format!("Exit codes:{}", lines.collect::<String>())
}
