//! Prometheus, which has watched for some hours already, with rules and an Alertmanager.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::real::program;
use crate::real::services::Service;

/// Both; they end with the value.
pub(super) struct Watcher {
    prometheus: Service,
    _alertmanager: Option<Service>,
}

/// A series of the past: what it was, and by how much it grew each minute.
pub(super) type Past<'a> = (&'a str, f64, f64);

impl Watcher {
    /// Starts it with a past, with rules, with what it scrapes, each a job with a port, and with
    /// an Alertmanager if rules lead anywhere. It is ready to be asked.
    pub(super) async fn start(
        past: &[Past<'_>],
        rules: &str,
        jobs: &[(&str, u16)],
        is_heard: bool,
    ) -> Option<Self> {
        let (server, promtool) = (program("prometheus")?, program("promtool")?);
        let alertmanager = if is_heard {
            Some(alertmanager().await?)
        } else {
            None
        };
        let folder = tempfile::tempdir().unwrap();
        remember(&promtool, past, folder.path());
        std::fs::write(folder.path().join("rules.yml"), rules).unwrap();
        let heard = alertmanager.as_ref().map_or(String::new(), |one| {
            let target = format!("'127.0.0.1:{}'", one.port);
            format!(
                "alerting: {{alertmanagers: [{{static_configs: [{{targets: [{target}]}}]}}]}}\n"
            )
        });
        let jobs = jobs.iter().fold(String::new(), |mut all, (job, port)| {
            let target = format!("[{{targets: ['127.0.0.1:{port}']}}]");
            _ = writeln!(all, "- {{job_name: {job}, static_configs: {target}}}");
            all
        });
        let prometheus = Service::start(&server, folder, |port, folder| {
            let config = format!(
                "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [rules.yml]\n\
                 {heard}scrape_configs:\n{jobs}"
            );
            std::fs::write(folder.join("p.yml"), config).unwrap();
            vec![
                format!("--config.file={}/p.yml", folder.display()),
                format!("--storage.tsdb.path={}/data", folder.display()),
                format!("--web.listen-address=127.0.0.1:{port}"),
            ]
        })
        .await;
        let watcher = Self {
            prometheus,
            _alertmanager: alertmanager,
        };
        watcher.wait(is_heard).await;
        Some(watcher)
    }

    /// Where it is.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.prometheus.port)
    }

    /// Waits until it has looked at everything once.
    async fn wait(&self, is_heard: bool) {
        let start = Instant::now();
        loop {
            let looked = ["targets?state=active", "rules"].map(|path| self.get(path));
            let heard = self.get("alertmanagers");
            let is_new = looked
                .iter()
                .any(|text| text.contains("\"unknown\"") || !text.contains("success"));
            if !is_new && heard.contains("\"url\"") == is_heard {
                return;
            }
            assert!(
                start.elapsed() < Duration::from_mins(1),
                "{looked:?} {heard}"
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    fn get(&self, path: &str) -> String {
        let mut answer = String::new();
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", self.prometheus.port)).unwrap();
        write!(stream, "GET /api/v1/{path} HTTP/1.0\r\n\r\n").unwrap();
        _ = stream.read_to_string(&mut answer);
        answer
    }
}

/// Writes what it remembers of the last three hours.
fn remember(promtool: &Path, past: &[Past<'_>], folder: &Path) {
    let now = Timestamp::now().as_second();
    let mut text = String::new();
    for (series, first, each) in past {
        for minute in 0..180_i32 {
            let value = first + each * f64::from(minute);
            let time = now - 60 * i64::from(180 - minute);
            _ = writeln!(text, "{series} {value} {time}");
        }
    }
    text += "# EOF\n";
    std::fs::write(folder.join("past"), text).unwrap();
    let ran = Command::new(promtool)
        .args(["tsdb", "create-blocks-from", "openmetrics", "past", "data"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
}

async fn alertmanager() -> Option<Service> {
    let manager = program("prometheus-alertmanager")?;
    let folder = tempfile::tempdir().unwrap();
    let config = "route: {receiver: oncall}\nreceivers: [{name: oncall}]\n";
    std::fs::write(folder.path().join("m.yml"), config).unwrap();
    let arguments = |port: u16, folder: &Path| {
        vec![
            format!("--config.file={}/m.yml", folder.display()),
            format!("--storage.path={}/data", folder.display()),
            format!("--web.listen-address=127.0.0.1:{port}"),
            "--cluster.listen-address=".to_owned(),
        ]
    };
    Some(Service::start(&manager, folder, arguments).await)
}
