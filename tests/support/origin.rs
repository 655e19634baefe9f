//! A plain HTTP/1.1 server on threads that remembers what it was asked, for tests that run the
//! binary. It does exactly what its handler says, well-formed or not.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A running server; it ends with the test process.
pub struct Origin {
    /// Where it listens.
    pub address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
}

type Handler = dyn Fn(&str, &mut TcpStream) + Send + Sync;

impl Origin {
    /// Calls `handler` with each request's target (`/path`) and the connection to answer on.
    pub fn start(handler: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let handler: Arc<Handler> = Arc::new(handler);
        let requests = log.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (handler, requests) = (handler.clone(), requests.clone());
                std::thread::spawn(move || serve(stream.unwrap(), &*handler, &requests));
            }
        });
        Self { address, log }
    }

    /// A server that answers everything with 200 and this body.
    pub fn always(body: &'static str) -> Self {
        Self::start(move |_, stream| ok(stream, body))
    }

    /// The request lines so far.
    pub fn requests(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// `http://127.0.0.1:PORT` and `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// Answers 200 with a body.
pub fn ok(stream: &mut TcpStream, body: &str) {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    // The client may be gone, as some tests want it to be.
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body.as_bytes()));
}

fn serve(mut stream: TcpStream, handler: &Handler, log: &Mutex<Vec<String>>) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            match reader.read_line(&mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) if line == "\r\n" => break,
                Ok(_) => head.push(line.trim_end().to_owned()),
            }
        }
        let Some(first) = head.first() else { return };
        log.lock().unwrap().push(first.clone());
        let target = first.split(' ').nth(1).unwrap_or_default().to_owned();
        handler(&target, &mut stream);
    }
}
