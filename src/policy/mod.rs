//! Policies: what to do when a call fails, hangs or floods. Each is a pure state machine with time and randomness as
//! arguments, one file each; whoever performs calls (the engine, the bus) asks them.
//!
//! # Layout
//! - [`backoff`]: how long to wait before the next attempt
//! - [`budget`]: how many retries the calls so far have paid for
//! - [`hedge`]: when a second attempt starts although the first has not failed
//! - [`latency`]: how long calls take
//! - [`rate_limit`]: how many calls may start in a time
//! - [`retry`]: whether there is a next attempt
//! - [`mod@retry_after`]: when the server says to come back

pub mod backoff;
pub mod budget;
pub mod hedge;
pub mod latency;
pub mod rate_limit;
pub mod retry;
pub mod retry_after;

pub use backoff::{Backoff, Growth, Jitter};
pub use budget::{Budget, BudgetOptions};
pub use hedge::{HedgeDelay, HedgeOptions};
pub use latency::Latencies;
pub use rate_limit::{BucketOptions, Cost, RateLimit, RateLimitOptions, Turn, Unit};
pub use retry::Retry;
pub use retry_after::retry_after;
