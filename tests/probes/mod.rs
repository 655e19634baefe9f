//! One module per probe kind: good, refused, slow, garbage.

mod dns;
mod http;
mod tcp;
mod tls;
