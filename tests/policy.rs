//! What to do when a call fails.

#[path = "policy/adaptive.rs"]
mod adaptive;
#[path = "policy/backoff.rs"]
mod backoff;
#[path = "policy/breaker.rs"]
mod breaker;
#[path = "policy/retry.rs"]
mod retry;
