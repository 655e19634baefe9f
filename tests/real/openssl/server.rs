//! OpenSSL's server with its files, on a free port of loopback.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use ready::probe::Probe;
use ready::probe::tls::Tls;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::support::certificates::{Authority, Identity, pem};
use crate::support::context;

pub use ready::probe::tls::Facts;

/// A key and its chain in files, and the root to trust.
pub struct Chain {
    folder: TempDir,
    root: PathBuf,
    beside: Option<Box<Chain>>,
}

impl Chain {
    /// A chain made in this process.
    pub fn of(identity: &Identity, root: &Authority) -> Self {
        let chain = Self::empty();
        let (leaf, rest) = identity.chain.split_first().unwrap();
        chain.write("leaf.pem", &pem("CERTIFICATE", leaf));
        let rest: String = rest.iter().map(|one| pem("CERTIFICATE", one)).collect();
        chain.write("rest.pem", &rest);
        chain.write("leaf.key", &pem("PRIVATE KEY", identity.key.secret_der()));
        chain.write("root.pem", &pem("CERTIFICATE", &root.certificate));
        chain
    }

    /// A chain with RSA keys of this size and this hash, which only OpenSSL would make.
    pub async fn rsa(openssl: &Path, bits: u32, hash: &str) -> Self {
        let chain = Self::empty();
        chain.write(
            "extensions",
            "subjectAltName=DNS:localhost\nauthorityKeyIdentifier=keyid\n\
             keyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth\n",
        );
        let key = format!("rsa:{bits}");
        for command in [
            "req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 30 \
             -subj /O=Old/CN=Old -addext keyUsage=critical,keyCertSign",
            &format!("req -newkey {key} -nodes -keyout leaf.key -out leaf.csr -subj /CN=localhost"),
            &format!(
                "x509 -req -in leaf.csr -CA root.pem -CAkey root.key -set_serial 4660 -days 20 \
                 {hash} -extfile extensions -out leaf.pem"
            ),
        ] {
            chain.run(openssl, command).await;
        }
        chain.write("rest.pem", "");
        chain
    }

    /// Adds another key and certificate for clients that want the other kind.
    pub fn beside(mut self, other: Self) -> Self {
        let roots = [&self.root, &other.root].map(|root| std::fs::read_to_string(root).unwrap());
        self.write("root.pem", &roots.concat());
        self.beside = Some(Box::new(other));
        self
    }

    /// A signed answer that the certificate is not revoked; the file it is in.
    pub async fn ocsp_answer(&self, openssl: &Path) -> String {
        let entry = "V\t491231235959Z\t\t1234\tunknown\t/CN=localhost\n";
        self.write("index", entry);
        let command = "ocsp -index index -CA root.pem -rsigner root.pem -rkey root.key \
                       -issuer root.pem -cert leaf.pem -no_nonce -ndays 5 -respout answer.der";
        self.run(openssl, command).await;
        self.path("answer.der").to_str().unwrap().to_owned()
    }

    fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root.pem");
        Self {
            folder,
            root,
            beside: None,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path(name), content).unwrap();
    }

    async fn run(&self, openssl: &Path, arguments: &str) {
        let mut command = Command::new(openssl);
        command
            .args(arguments.split_whitespace())
            .current_dir(self.folder.path());
        let output = command.output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {arguments}: {said}");
    }

    fn arguments(&self) -> Vec<String> {
        let path = |name: &str| self.path(name).to_str().unwrap().to_owned();
        let mut all = vec!["-cert".to_owned(), path("leaf.pem")];
        all.extend(["-key".to_owned(), path("leaf.key")]);
        if std::fs::metadata(self.path("rest.pem")).unwrap().len() > 0 {
            all.extend(["-cert_chain".to_owned(), path("rest.pem")]);
        }
        if let Some(other) = &self.beside {
            let path = |name: &str| other.path(name).to_str().unwrap().to_owned();
            all.extend(["-dcert".to_owned(), path("leaf.pem")]);
            all.extend(["-dkey".to_owned(), path("leaf.key")]);
        }
        all
    }
}

/// A running server; it ends with the value.
pub struct Server {
    /// Where it listens.
    pub port: u16,
    /// The file of roots that makes its chain trusted, if anything does.
    pub root: PathBuf,
    _child: Child,
}

impl Server {
    /// Starts `openssl s_server` with a chain and more arguments.
    pub async fn start(openssl: &Path, chain: &Chain, arguments: &[&str]) -> Self {
        let mut child = Command::new(openssl)
            .args(["s_server", "-accept", "127.0.0.1:0"])
            .args(chain.arguments())
            .args(arguments)
            // It ends when its input does.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next_line().await.unwrap();
            let line = line.expect("openssl s_server says where it listens");
            if let Some(address) = line.strip_prefix("ACCEPT ") {
                break address.rsplit(':').next().unwrap().parse().unwrap();
            }
        };
        // Reading on keeps the server from waiting for us.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self {
            port,
            root: chain.root.clone(),
            _child: child,
        }
    }

    /// What the probe says, with the clock of this machine.
    pub async fn ask(&self) -> ready::probe::Answer<Facts> {
        let roots: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&self.root)
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let mut context = context(&roots);
        context.now = jiff::Timestamp::now();
        context.timeout = std::time::Duration::from_secs(30);
        let probe = serde_json::json!({"host": "localhost", "port": self.port});
        let probe: Tls = serde_json::from_value(probe).unwrap();
        probe.gather(&context).await.unwrap()
    }
}
