//! The bus: who is there, who hears what, and until when an answer is awaited.

#[path = "bus/registry.rs"]
mod registry;
#[path = "bus/requests.rs"]
mod requests;
#[path = "bus/topics.rs"]
mod topics;
