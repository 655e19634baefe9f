//! One module per probe kind: good, refused, slow, garbage.

mod tcp;
mod tls;
