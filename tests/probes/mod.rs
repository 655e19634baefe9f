//! One module per probe kind: good, refused, slow, garbage.

mod dns;
mod tcp;
mod tls;
