//! The bus: features, requests and topics.

pub mod feature;
