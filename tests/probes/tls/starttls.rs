//! Servers that speak another protocol first and really switch to TLS.

use ready::probe::tls::{Starttls, Tls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::server::{Setup, ask, good, probe, serve, speak};
use crate::support::certificates::Leaf;

/// What the server says first, and what it answers to lines that start with a word. An answer
/// that starts with `!` is said without the mark, and TLS follows.
type Script = (&'static str, &'static [(&'static str, &'static str)]);

const SMTP: Script = (
    "220-mail.example\r\n220 ESMTP\r\n",
    &[
        (
            "EHLO",
            "250-mail.example\r\n250-SIZE 1000\r\n250 STARTTLS\r\n",
        ),
        ("STARTTLS", "!220 go ahead\r\n"),
    ],
);
const IMAP: Script = (
    "* OK IMAP4rev1 ready\r\n",
    &[("a1 STARTTLS", "!* CAPABILITY IMAP4rev1\r\na1 OK begin\r\n")],
);
const POP3: Script = ("+OK POP3 ready\r\n", &[("STLS", "!+OK begin\r\n")]);

/// Follows the script; true if TLS comes next.
async fn follow(stream: &mut TcpStream, (greeting, answers): Script) -> std::io::Result<bool> {
    stream.write_all(greeting.as_bytes()).await?;
    loop {
        let mut line = Vec::new();
        while !line.ends_with(b"\n") {
            line.push(stream.read_u8().await?);
        }
        let line = String::from_utf8_lossy(&line).into_owned();
        let answer = answers.iter().find(|(word, _)| line.starts_with(word));
        let answer = answer.map_or("500 what?\r\n", |(_, answer)| answer);
        let bare = answer.trim_start_matches('!');
        stream.write_all(bare.as_bytes()).await?;
        if bare != answer {
            return Ok(true);
        }
    }
}

async fn scripted(acceptor: TlsAcceptor, script: Script) -> u16 {
    serve(move |mut stream| {
        let acceptor = acceptor.clone();
        async move {
            if follow(&mut stream, script).await.unwrap_or(false) {
                speak(&acceptor, stream).await;
            }
        }
    })
    .await
}

async fn postgres(acceptor: TlsAcceptor, answer: u8) -> u16 {
    serve(move |mut stream| {
        let acceptor = acceptor.clone();
        async move {
            let mut request = [0; 8];
            let read = stream.read_exact(&mut request).await;
            if read.is_ok() && request == [0, 0, 0, 8, 4, 210, 22, 47] {
                let _ = stream.write_all(&[answer]).await;
                speak(&acceptor, stream).await;
            }
        }
    })
    .await
}

fn with(starttls: Starttls, port: u16) -> Tls {
    Tls {
        starttls: Some(starttls),
        ..probe(port)
    }
}

#[tokio::test]
async fn each_protocol_switches_to_tls_and_is_scanned() {
    let (root, identity) = good(&Leaf::default());
    let acceptor = TlsAcceptor::from(Setup::of(identity).config());
    let servers = [
        (Starttls::Smtp, scripted(acceptor.clone(), SMTP).await),
        (Starttls::Imap, scripted(acceptor.clone(), IMAP).await),
        (Starttls::Pop3, scripted(acceptor.clone(), POP3).await),
        (Starttls::Postgres, postgres(acceptor, b'S').await),
    ];
    for (starttls, port) in servers {
        let answer = ask(&with(starttls, port), &[&root]).await.unwrap();
        assert!(answer.gaps.is_empty(), "{starttls:?}: {:?}", answer.gaps);
        assert!(answer.facts.verified, "{starttls:?}");
        assert_eq!(answer.facts.alpn, None);
        assert_eq!(answer.facts.versions.unwrap(), ["TLS1.2", "TLS1.3"]);
    }
}

#[tokio::test]
async fn a_server_without_starttls_refuses() {
    let (_, identity) = good(&Leaf::default());
    let acceptor = TlsAcceptor::from(Setup::of(identity).config());
    let plain: Script = ("220 mail.example\r\n", &[("EHLO", "250 mail.example\r\n")]);
    let busy: Script = ("554 no\r\n", &[]);
    let no_tls: Script = ("* OK ready\r\n", &[("a1", "a1 BAD unknown\r\n")]);
    let servers = [
        (Starttls::Smtp, scripted(acceptor.clone(), plain).await),
        (Starttls::Smtp, scripted(acceptor.clone(), busy).await),
        (Starttls::Imap, scripted(acceptor.clone(), no_tls).await),
        (Starttls::Pop3, scripted(acceptor.clone(), busy).await),
        (Starttls::Postgres, postgres(acceptor, b'N').await),
    ];
    for (starttls, port) in servers {
        let error = ask(&with(starttls, port), &[]).await.unwrap_err();
        assert_eq!(error.reason.code(), "starttls.refused", "{starttls:?}");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_at_first_is_waited_for_no_longer_than_allowed() {
    let port = serve(|stream| async move {
        tokio::time::sleep(std::time::Duration::from_mins(1)).await;
        drop(stream);
    })
    .await;
    let mut context = super::server::trusting(&[]);
    context.timeout = std::time::Duration::from_millis(800);
    let asked = super::server::ask_in(&with(Starttls::Smtp, port), &context).await;
    assert_eq!(asked.unwrap_err().reason.code(), "tls.timeout");
}
