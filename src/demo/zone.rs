//! The shop's DNS zone: anyone may send its mail, and any authority may issue for it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use hickory_net::runtime::TokioRuntimeProvider;
use hickory_proto::serialize::txt::Parser;
use hickory_server::Server;
use hickory_server::store::in_memory::InMemoryZoneHandler;
use hickory_server::zone_handler::{AxfrPolicy, Catalog, ZoneType};
use tokio::net::{TcpListener, UdpSocket};

const ZONE: &str = r#"
$ORIGIN shop.test.
$TTL 300
@      IN SOA   ns1 hostmaster 2026010101 7200 3600 1209600 300
@      IN NS    ns1
ns1    IN A     127.0.0.1
@      IN A     127.0.0.1
www    IN CNAME shop.test.
@      IN MX    10 mail
mail   IN A     127.0.0.1
@      IN TXT   "v=spf1 mx +all"
_dmarc IN TXT   "v=DMARC1; p=none"
"#;

/// The zone above: checks of who may issue certificates look there too.
const PARENT: &str = r"
$ORIGIN test.
$TTL 300
@    IN SOA ns1.shop hostmaster.shop 2026010101 7200 3600 1209600 300
@    IN NS  ns1.shop
shop IN NS  ns1.shop
";

/// Serves the zones on a free port of `any`'s address, over UDP and TCP.
pub(super) async fn serve(any: SocketAddr) -> anyhow::Result<SocketAddr> {
    let mut catalog = Catalog::new();
    for text in [PARENT, ZONE] {
        let (origin, records) = Parser::new(text, None, None)
            .parse()
            .map_err(|error| anyhow!("the demo's zone: {error}"))?;
        let zone = InMemoryZoneHandler::<TokioRuntimeProvider>::new(
            origin.clone(),
            records,
            ZoneType::Primary,
            AxfrPolicy::Deny,
            None,
        )
        .map_err(|error| anyhow!("the demo's zone: {error}"))?;
        catalog.upsert(origin.into(), vec![Arc::new(zone)]);
    }

    let udp = UdpSocket::bind(any).await?;
    let address = udp.local_addr()?;
    let mut server = Server::new(catalog);
    server.register_socket(udp);
    server.register_listener(
        TcpListener::bind(address).await?,
        Duration::from_secs(5),
        32,
    );
    tokio::spawn(async move { server.block_until_done().await });
    Ok(address)
}
