//! Starting a program, listening to it, and ending it with everything it started.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin};

use super::facts::{self, Facts};
use super::{ALWAYS_PASSED, Command};
use crate::probe::{Context, ProbeError};
use crate::reason::Reason;
use crate::text::short_line;

/// How long is listened to what a program that has ended left open.
const LINGER: Duration = Duration::from_millis(500);

/// How many characters of an output an error quotes.
const QUOTED: usize = 200;

/// Runs the command to its end, or until the context's time is over.
pub(super) async fn run(command: &Command, context: &Context) -> Result<Facts, ProbeError> {
    let said = command.stdin.as_deref();
    let said = said.map(|said| context.secrets.fill(said)).transpose()?;
    let program = prepare(command, context)?;
    let said = said.as_ref().map(crate::secret::Secret::reveal);
    let name = command.name();
    let ran = listen(program, &name, said, command.max_output, context.timeout).await?;
    match ran.status {
        Some(status) => Ok(described(command, status, &ran)),
        None => Err(ran.too_slow(&name)),
    }
}

/// A program that was started, and what it printed.
pub(in crate::probe) struct Ran {
    /// How it ended; `None` when it was ended because its time was over.
    pub(in crate::probe) status: Option<ExitStatus>,
    /// The start of the standard output.
    pub(in crate::probe) out: Kept,
    /// The start of the standard error.
    pub(in crate::probe) err: Kept,
    took: Duration,
}

impl Ran {
    /// It was ended because its time was over.
    pub(in crate::probe) fn too_slow(&self, name: &str) -> ProbeError {
        let cause = format!("{name} did not end in time");
        let quoted = self.err.quoted().or_else(|| self.out.quoted());
        ProbeError::new(Reason::ProbeTimeout, cause).with_detail(format!(
            "ended after {} ms; it had printed {} bytes{}",
            self.took.as_millis(),
            self.out.total.saturating_add(self.err.total),
            quoted.map(|text| format!(": {text}")).unwrap_or_default(),
        ))
    }
}

/// Starts a program as the leader of a process group, says `said` to it, and keeps the first
/// `most` bytes of each output. What is left of the group at its end, or when `limit` is over,
/// is ended with it. Causes call it `name`.
pub(in crate::probe) async fn listen(
    mut program: tokio::process::Command,
    name: &str,
    said: Option<&str>,
    most: u32,
    limit: Duration,
) -> Result<Ran, ProbeError> {
    program
        .stdin(said.map_or_else(Stdio::null, |_| Stdio::piped()))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let start = Instant::now();
    let mut child = program.spawn().map_err(|error| not_run(name, &error))?;
    let group = Group::of(&child);
    let (mut out, mut err) = (Kept::new(most), Kept::new(most));
    let streams = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let ended = {
        let mut talk = Box::pin(async {
            let (stdin, stdout, stderr) = streams;
            tokio::join!(say(stdin, said), out.read(stdout), err.read(stderr));
        });
        let mut talking = true;
        let end = async {
            loop {
                tokio::select! {
                    ended = child.wait() => break ended,
                    () = &mut talk, if talking => talking = false,
                }
            }
        };
        let ended = tokio::time::timeout(limit, end).await;
        group.end();
        if talking && ended.is_ok() {
            _ = tokio::time::timeout(LINGER, talk).await;
        }
        ended
    };
    let status = ended.ok().transpose().map_err(|error| {
        let cause = format!("how {name} ended is not known");
        ProbeError::new(Reason::ProbeInternal, cause).with_detail(error.to_string())
    })?;
    let took = start.elapsed();
    Ok(Ran {
        status,
        out,
        err,
        took,
    })
}

fn described(command: &Command, status: ExitStatus, ran: &Ran) -> Facts {
    let truncated = ran.out.is_cut() || ran.err.is_cut();
    let whole = !ran.out.is_cut();
    let (stdout, stderr) = (ran.out.text(), ran.err.text());
    let pattern = command.number.as_deref().filter(|_| whole);
    Facts {
        exit_code: status.code(),
        signal: status.signal(),
        json: serde_json::from_str(&stdout).ok().filter(|_| whole),
        number: pattern.and_then(|pattern| facts::number(pattern, &stdout)),
        stdout,
        stderr,
        duration_ms: ran.took.as_secs_f64() * 1000.0,
        truncated,
    }
}

/// The program with its arguments, folder and variables, not yet started.
fn prepare(command: &Command, context: &Context) -> Result<tokio::process::Command, ProbeError> {
    let (first, rest) = command.argv.split_first().ok_or_else(|| {
        ProbeError::new(Reason::ProbeInternal, "a command without a program was run")
    })?;
    let mut program = if command.shell {
        let mut shell = tokio::process::Command::new("/bin/sh");
        shell.arg("-c").arg(first);
        shell
    } else {
        let mut program = tokio::process::Command::new(first);
        program.args(rest);
        program
    };
    let folder = match &command.cwd {
        Some(folder) => context.cwd.join(folder),
        None => context.cwd.to_path_buf(),
    };
    if !folder.is_dir() {
        let cause = format!("the folder {} does not exist", folder.display());
        return Err(ProbeError::new(Reason::FolderMissing, cause));
    }
    program.current_dir(folder).env_clear();
    let passed = ALWAYS_PASSED.iter().copied();
    for name in passed.chain(command.env.iter().map(String::as_str)) {
        if let Some(value) = context.env.get(name) {
            program.env(name, value);
        }
    }
    for (name, value) in &command.set {
        program.env(name, context.secrets.fill(value)?.reveal());
    }
    Ok(program)
}

fn not_run(name: &str, error: &io::Error) -> ProbeError {
    let (reason, what) = match error.kind() {
        io::ErrorKind::NotFound => (Reason::ToolMissing, "is not installed"),
        _ => (Reason::PermissionDenied, "cannot be run"),
    };
    ProbeError::new(reason, format!("{name} {what}")).with_detail(error.to_string())
}

/// A program that closes its input early does not want the rest.
async fn say(stdin: Option<ChildStdin>, said: Option<&str>) {
    if let (Some(mut stdin), Some(said)) = (stdin, said) {
        _ = stdin.write_all(said.as_bytes()).await;
    }
}

/// A program and what it has started, as far as that stayed with it. Ended at the latest when
/// nobody waits for it any more.
struct Group(Option<Pid>);

impl Group {
    /// The group of a child that leads its own.
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    fn end(mut self) {
        self.kill();
    }

    fn kill(&mut self) {
        if let Some(group) = self.0.take() {
            // That nobody is left is what is wanted.
            _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The start of an output, and how much there was.
pub(in crate::probe) struct Kept {
    bytes: Vec<u8>,
    most: usize,
    total: u64,
}

impl Kept {
    fn new(most: u32) -> Self {
        Self {
            bytes: Vec::new(),
            most: usize::try_from(most).unwrap_or(usize::MAX),
            total: 0,
        }
    }

    /// Reads to the end; what there is no room for is dropped, so that the program never waits
    /// for us.
    async fn read(&mut self, stream: Option<impl AsyncRead + Unpin>) {
        let Some(mut stream) = stream else { return };
        let mut buffer = vec![0; 64 << 10];
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            let room = self.most.saturating_sub(self.bytes.len());
            let part = buffer.get(..count.min(room)).unwrap_or_default();
            self.bytes.extend_from_slice(part);
            self.total = self.total.saturating_add(count as u64);
        }
    }

    /// Whether there was more than was kept.
    pub(in crate::probe) fn is_cut(&self) -> bool {
        self.total > self.bytes.len() as u64
    }

    /// What was kept; what is no UTF-8 is replaced.
    pub(in crate::probe) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The start of it for an error; `None` when there is nothing.
    pub(in crate::probe) fn quoted(&self) -> Option<String> {
        let start = self.bytes.get(..self.bytes.len().min(4 * QUOTED))?;
        let text = String::from_utf8_lossy(start);
        (!text.trim().is_empty()).then(|| short_line(&text, QUOTED))
    }
}
