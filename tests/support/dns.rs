//! Name servers on loopback: real zones, signed or not, and servers that misbehave.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_net::runtime::TokioRuntimeProvider;
use hickory_proto::dnssec::crypto::Ed25519SigningKey;
use hickory_proto::dnssec::rdata::DNSKEY;
use hickory_proto::dnssec::{DnssecSigner, SigningKey as _, TrustAnchors};
use hickory_proto::op::{Message, MessageType, ResponseCode};
use hickory_proto::rr::{Name, RecordSet, RecordType, RrKey};
use hickory_proto::serialize::txt::Parser;
use hickory_server::Server;
use hickory_server::dnssec::NxProofKind;
use hickory_server::store::in_memory::InMemoryZoneHandler;
use hickory_server::zone_handler::{AxfrPolicy, Catalog, ZoneType};
use tokio::net::{TcpListener, UdpSocket};

type Handler = InMemoryZoneHandler<TokioRuntimeProvider>;

/// A zone to serve.
pub struct Zone {
    origin: Name,
    handler: Handler,
    /// The key that vouches for it, when it is signed.
    pub anchors: TrustAnchors,
}

impl Zone {
    /// From the text of a zone file, which begins with `$ORIGIN`.
    pub fn new(text: &str) -> Self {
        let (origin, records) = Parser::new(text, None, None).parse().unwrap();
        let proofs = Some(NxProofKind::Nsec);
        let handler = Handler::new(
            origin.clone(),
            records,
            ZoneType::Primary,
            AxfrPolicy::Deny,
            proofs,
        );
        Self {
            origin,
            handler: handler.unwrap(),
            anchors: TrustAnchors::empty(),
        }
    }

    /// The same, signed with a new key.
    pub fn signed(text: &str) -> Self {
        let mut zone = Self::new(text);
        let pkcs8 = Ed25519SigningKey::generate_pkcs8().unwrap();
        let key = Ed25519SigningKey::from_pkcs8(&pkcs8).unwrap();
        let public = key.to_public_key().unwrap();
        zone.anchors
            .insert_with_name(&public, zone.origin.clone().into());
        let signer = DnssecSigner::new(
            DNSKEY::from_key(&public),
            Box::new(key),
            zone.origin.clone(),
            Duration::from_hours(24),
        );
        zone.handler.add_zone_signing_key_mut(signer).unwrap();
        zone.handler.secure_zone_mut().unwrap();
        zone
    }

    /// Puts the address of one name under the signature of another's.
    pub fn tamper(&mut self, name: &str, with: &str) {
        let key = |name: &str| {
            let mut name = Name::from_ascii(name).unwrap();
            name.set_fqdn(true);
            RrKey::new(name.into(), RecordType::A)
        };
        let records = self.handler.records_get_mut();
        let signed = records[&key(name)].clone();
        let other = records[&key(with)].clone();
        let mut forged = RecordSet::new(signed.name().clone(), RecordType::A, 0);
        for record in other.records_without_rrsigs() {
            let mut record = record.clone();
            record.name = signed.name().clone();
            forged.insert(record, 1);
        }
        for signature in signed.rrsigs() {
            forged.insert_rrsig(signature.clone());
        }
        records.insert(key(name), Arc::new(forged));
    }
}

/// Serves zones over UDP and TCP until the test ends.
pub async fn serve(zones: Vec<Zone>) -> SocketAddr {
    let (udp, tcp) = sockets().await;
    serve_on(udp, tcp, zones)
}

/// Serves zones on sockets whose address had to be known before.
pub fn serve_on(udp: UdpSocket, tcp: TcpListener, zones: Vec<Zone>) -> SocketAddr {
    let address = udp.local_addr().unwrap();
    let mut catalog = Catalog::new();
    for zone in zones {
        catalog.upsert(zone.origin.into(), vec![Arc::new(zone.handler)]);
    }
    let mut server = Server::new(catalog);
    server.register_socket(udp);
    server.register_listener(tcp, Duration::from_secs(5), 32);
    tokio::spawn(async move { server.block_until_done().await });
    address
}

/// A free port, for both UDP and TCP.
pub async fn sockets() -> (UdpSocket, TcpListener) {
    loop {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            return (udp, tcp);
        }
    }
}

/// Answers each datagram with what `reply` makes of it; `None` is silence.
pub async fn respond<F>(reply: F) -> SocketAddr
where
    F: Fn(&Message, &[u8]) -> Option<Vec<u8>> + Send + 'static,
{
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let asked = &buffer[..length];
            let message = Message::from_vec(asked).unwrap();
            if let Some(answer) = reply(&message, asked) {
                socket.send_to(&answer, from).await.unwrap();
            }
        }
    });
    address
}

/// An answer to `asked` with this code and nothing else.
pub fn answer(asked: &Message, code: ResponseCode) -> Message {
    let mut message = Message::response(asked.metadata.id, asked.metadata.op_code);
    message.metadata.message_type = MessageType::Response;
    message.metadata.response_code = code;
    message.add_queries(asked.queries.iter().cloned());
    message
}
