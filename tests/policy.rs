//! What to do when a call fails, hangs or floods.

#[path = "policy/adaptive.rs"]
mod adaptive;
#[path = "policy/backoff.rs"]
mod backoff;
#[path = "policy/breaker.rs"]
mod breaker;
#[path = "policy/brownout.rs"]
mod brownout;
#[path = "policy/budget.rs"]
mod budget;
#[path = "policy/bulkhead.rs"]
mod bulkhead;
#[path = "policy/cache.rs"]
mod cache;
#[path = "policy/classify.rs"]
mod classify;
#[path = "policy/guards.rs"]
mod guards;
#[path = "policy/hedge.rs"]
mod hedge;
#[path = "policy/options.rs"]
mod options;
#[path = "policy/rate_limit.rs"]
mod rate_limit;
#[path = "policy/retry.rs"]
mod retry;
#[path = "policy/retry_after.rs"]
mod retry_after;
#[path = "policy/single_flight.rs"]
mod single_flight;
