//! Runs `git` so that it only reads, and reads what it prints within limits.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::probe::{Context, ProbeError};
use crate::reason::Reason;

/// The most that is read of a short answer, in bytes.
const LONGEST_ANSWER: u64 = 4 * 1024 * 1024;
/// The most that is read of what it complains about, in bytes.
const LONGEST_COMPLAINT: u64 = 4 * 1024;
/// A longer line is read only up to here, in bytes.
const LONGEST_LINE: usize = 64 * 1024;

/// Settings that keep Git from running other programs.
const SETTINGS: &[&str] = &[
    "--no-pager",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "log.showSignature=false",
    "-c",
    "core.quotePath=false",
];

/// Variables that keep it from asking anybody and from the configuration of user and system.
const VARIABLES: &[(&str, &str)] = &[
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_ATTR_NOSYSTEM", "1"),
    ("LC_ALL", "C"),
];

/// The program, at a folder.
pub(super) struct Program {
    shown: String,
    folder: PathBuf,
    path: Option<String>,
    deadline: Instant,
}

/// A short answer.
pub(super) struct Said {
    pub(super) code: Option<i32>,
    pub(super) out: Vec<u8>,
    err: String,
}

impl Program {
    pub(super) fn new(folder: &str, context: &Context, deadline: Instant) -> Self {
        Self {
            shown: folder.to_owned(),
            folder: context.cwd.join(folder),
            path: context.env.get("PATH").cloned(),
            deadline,
        }
    }

    fn start(&self, args: &[&str]) -> Result<Child, ProbeError> {
        let mut command = Command::new("git");
        command
            .args(SETTINGS)
            .args(args)
            .current_dir(&self.folder)
            .env_clear()
            .envs(self.path.iter().map(|path| ("PATH", path)))
            .envs(VARIABLES.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command.spawn().map_err(|error| {
            if !self.folder.is_dir() {
                let cause = format!("the folder {} does not exist", self.shown);
                return ProbeError::new(Reason::FolderMissing, cause);
            }
            let (reason, what) = match error.kind() {
                std::io::ErrorKind::NotFound => (Reason::ToolMissing, "is not installed"),
                _ => (Reason::PermissionDenied, "cannot be run"),
            };
            ProbeError::new(reason, format!("git {what}")).with_detail(error.to_string())
        })
    }

    /// All that a command prints; one that ends with another code than 0 or 1 has failed.
    pub(super) async fn say(&self, args: &[&str]) -> Result<Said, ProbeError> {
        let mut child = self.start(args)?;
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let read = async {
            let out = async {
                if let Some(stdout) = stdout {
                    _ = stdout.take(LONGEST_ANSWER + 1).read_to_end(&mut out).await;
                }
            };
            let err = async {
                if let Some(stderr) = stderr {
                    _ = stderr.take(LONGEST_COMPLAINT).read_to_end(&mut err).await;
                }
            };
            tokio::join!(out, err);
            child.wait().await
        };
        let status = self.in_time(read).await?;
        let status = status.map_err(|error| self.failed(&error.to_string()))?;
        let err = String::from_utf8_lossy(&err).trim().to_owned();
        if u64::try_from(out.len()).is_ok_and(|length| length > LONGEST_ANSWER) {
            return Err(self.failed("it printed more than 4 MiB"));
        }
        let code = status.code();
        let said = Said { code, out, err };
        match code {
            Some(0 | 1) => Ok(said),
            _ => Err(self.refused(&said.err)),
        }
    }

    /// Hands each line that a command prints to `each` until that says to stop; the answer is
    /// whether every line was seen whole, within the time.
    pub(super) async fn lines(
        &self,
        args: &[&str],
        mut each: impl FnMut(&[u8]) -> bool,
    ) -> Result<bool, ProbeError> {
        let mut child = self.start(args)?;
        let Some(stdout) = child.stdout.take() else {
            return Ok(false);
        };
        // Nobody reads the complaints, so they must not fill a pipe.
        drop(child.stderr.take());
        let mut input = BufReader::with_capacity(64 * 1024, stdout);
        let mut line = Vec::new();
        let mut whole = true;
        let read = async {
            loop {
                let piece = input.fill_buf().await?;
                if piece.is_empty() {
                    let ended = child.wait().await?;
                    return std::io::Result::Ok(matches!(ended.code(), Some(0 | 1)));
                }
                let end = piece.iter().position(|byte| *byte == b'\n');
                let text = piece.get(..end.unwrap_or(piece.len())).unwrap_or(piece);
                let room = LONGEST_LINE.saturating_sub(line.len());
                whole &= text.len() <= room;
                line.extend(text.iter().take(room));
                let used = end.map_or(piece.len(), |end| end + 1);
                input.consume(used);
                if end.is_some() {
                    if !each(&line) {
                        return Ok(false);
                    }
                    line.clear();
                }
            }
        };
        match self.in_time(read).await {
            Ok(Ok(ended)) => Ok(ended && whole),
            // What was seen until then is kept.
            Ok(Err(_)) | Err(_) => Ok(false),
        }
    }

    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Result<T, ProbeError> {
        // A moment is left to tell what was found until then.
        let left = self.deadline.saturating_duration_since(Instant::now());
        let left = left.saturating_sub(Duration::from_millis(100));
        tokio::time::timeout(left, work).await.map_err(|_| {
            let cause = format!("git in {} did not answer in time", self.shown);
            ProbeError::new(Reason::ProbeTimeout, cause)
        })
    }

    /// Git ended because it cannot say anything here.
    fn refused(&self, words: &str) -> ProbeError {
        let (reason, what) = if words.contains("dubious ownership") {
            (Reason::PermissionDenied, "belongs to another user")
        } else if words.contains("not a git repository") {
            (Reason::GitRepository, "is no Git repository")
        } else {
            return self.failed(words);
        };
        ProbeError::new(reason, format!("{} {what}", self.shown)).with_detail(words)
    }

    pub(super) fn failed(&self, words: &str) -> ProbeError {
        let cause = format!("git could not read {}", self.shown);
        ProbeError::new(Reason::GitRepository, cause).with_detail(words)
    }
}

impl Said {
    /// The answer as one piece of text without the space around it.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).trim().to_owned()
    }
}
