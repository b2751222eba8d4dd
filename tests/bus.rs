//! The bus: how healthy a feature is, who hears what, and until when an answer is awaited.

#[path = "bus/health.rs"]
mod health;
#[path = "bus/requests.rs"]
mod requests;
#[path = "bus/topics.rs"]
mod topics;
