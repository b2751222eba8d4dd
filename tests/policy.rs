//! What to do when a call fails.

#[path = "policy/backoff.rs"]
mod backoff;
#[path = "policy/cache.rs"]
mod cache;
#[path = "policy/classify.rs"]
mod classify;
#[path = "policy/retry.rs"]
mod retry;
#[path = "policy/single_flight.rs"]
mod single_flight;
