//! The `tcp` probe against listeners in this process.

use ready::probe::Probe;
use ready::probe::tcp::Tcp;
use tokio::net::TcpListener;

#[tokio::test]
async fn a_listening_port_is_open() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let probe = Tcp {
        host: "db.example".to_owned(),
        port,
    };
    let answer = probe.gather(&crate::support::context(&[])).await.unwrap();
    assert!(answer.facts.open);
}
