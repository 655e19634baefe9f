//! The exit codes, the same for every command and format.

/// How a run ended, as the shell sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Ready, or the command did what it was asked.
    Ready = 0,
    /// Not ready: a blocker failed, or a score can no longer reach its minimum.
    NotReady = 1,
    /// The command line, a profile or a ledger is wrong; nothing was contacted.
    Usage = 2,
    /// Nothing is known to be wrong, but too much is unknown.
    Inconclusive = 3,
    /// Interrupted by Ctrl-C or SIGTERM; a partial report was written.
    Interrupted = 130,
}

impl Exit {
    /// Every code with its meaning, in ascending order; `--help` and the README print this.
    pub const TABLE: &[(Self, &str)] = &[
        (Self::Ready, "ready"),
        (Self::NotReady, "not ready"),
        (Self::Usage, "usage, profile or ledger file is wrong"),
        (
            Self::Inconclusive,
            "inconclusive: nothing known to be wrong, but too much is unknown",
        ),
        (
            Self::Interrupted,
            "interrupted; a partial report is still written",
        ),
    ];
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
