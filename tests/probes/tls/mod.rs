//! The `tls` probe and the judgement of certificate chains.

mod chains;
