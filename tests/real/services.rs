//! Real servers of other protocols, each on a free port of loopback in a folder of its own.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A running server; it ends with the value.
pub struct Service {
    /// Where it listens.
    pub port: u16,
    _folder: TempDir,
    child: Child,
}

impl Drop for Service {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// A port of loopback that nobody uses at the moment.
pub fn free_port() -> u16 {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}

impl Service {
    /// Starts a program with the arguments that `arguments` makes of a free port and its
    /// folder, and waits until it listens.
    pub async fn start(
        program: &Path,
        folder: TempDir,
        arguments: impl Fn(u16, &Path) -> Vec<String>,
    ) -> Self {
        Self::start_on(free_port(), program, folder, arguments).await
    }

    /// The same on a certain port.
    pub async fn start_on(
        port: u16,
        program: &Path,
        folder: TempDir,
        arguments: impl Fn(u16, &Path) -> Vec<String>,
    ) -> Self {
        let child = Command::new(program)
            .args(arguments(port, folder.path()))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let service = Self {
            port,
            _folder: folder,
            child,
        };
        let start = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                start.elapsed() < Duration::from_secs(20),
                "{} does not listen",
                program.display()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        service
    }
}
