//! nginx with a configuration, certificates and pages of its own, on free ports of loopback.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::certificates::{Authority, Identity, pem};

/// A running nginx; it ends with the value, and with the test process if that is killed.
pub struct Nginx {
    /// Where it speaks TLS.
    pub tls: u16,
    /// Where it speaks plain HTTP.
    pub plain: u16,
    folder: TempDir,
    shell: Child,
}

impl Nginx {
    /// Starts it with a configuration in which `@FOLDER@`, `@TLS@` and `@PLAIN@` are replaced,
    /// and with these pages: path and content.
    pub fn start(
        nginx: &Path,
        configuration: &str,
        (identity, root): (&Identity, &Authority),
        pages: &[(String, String)],
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &str| {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, content).unwrap();
        };
        let chain: String = identity
            .chain
            .iter()
            .map(|one| pem("CERTIFICATE", one))
            .collect();
        write("chain.pem", &chain);
        write("key.pem", &pem("PRIVATE KEY", identity.key.secret_der()));
        write("root.pem", &pem("CERTIFICATE", &root.certificate));
        for (path, content) in pages {
            write(&format!("pages/{path}"), content);
        }
        // Another process may take a port between the choice and nginx's start.
        for _ in 0..5 {
            let (tls, plain) = (free_port(), free_port());
            let text = configuration
                .replace("@FOLDER@", folder.path().to_str().unwrap())
                .replace("@TLS@", &tls.to_string())
                .replace("@PLAIN@", &plain.to_string());
            write("nginx.conf", &text);
            let mut shell = spawn(nginx, folder.path());
            if answers(&mut shell, plain) {
                return Self {
                    tls,
                    plain,
                    folder,
                    shell,
                };
            }
        }
        let log = std::fs::read_to_string(folder.path().join("error.log"));
        panic!("nginx did not start: {}", log.unwrap_or_default());
    }

    /// The file with the root that makes its certificate trusted.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("root.pem")
    }

    /// The requests so far, one line each, as the configuration writes them.
    pub fn requests(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.folder.path().join("access.log")).unwrap();
        log.lines().map(ToOwned::to_owned).collect()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        end(&mut self.shell);
    }
}

/// Starts nginx under a shell that ends it when its input ends, which happens also when this
/// process is killed.
fn spawn(nginx: &Path, folder: &Path) -> Child {
    let script = r#""$1" -p "$2" -c "$2/nginx.conf" -e "$2/error.log" </dev/null & read -r _; kill $!; wait"#;
    Command::new("sh")
        .args(["-c", script, "sh"])
        .args([nginx, folder])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn end(shell: &mut Child) {
    drop(shell.stdin.take());
    _ = shell.wait();
}

/// Whether it listens within some seconds; it is ended if not.
fn answers(shell: &mut Child, port: u16) -> bool {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(5) {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    end(shell);
    false
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
