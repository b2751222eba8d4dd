//! What to do when a call fails.

#[path = "policy/backoff.rs"]
mod backoff;
#[path = "policy/budget.rs"]
mod budget;
#[path = "policy/hedge.rs"]
mod hedge;
#[path = "policy/rate_limit.rs"]
mod rate_limit;
#[path = "policy/retry.rs"]
mod retry;
#[path = "policy/retry_after.rs"]
mod retry_after;
