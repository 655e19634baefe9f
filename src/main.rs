//! The `ready` binary.

fn main() {}
