//! Policies: what to do when a call fails, hangs or floods. Each is a pure state machine with time and randomness as
//! arguments, one file each; whoever performs calls (the engine, the bus) asks them.
//!
//! # Layout
//! - [`backoff`]: how long to wait before the next attempt
//! - [`cache`]: what was answered before, fresh or stale
//! - [`classify`](mod@classify): what an error of the outside world means
//! - [`retry`]: whether there is a next attempt
//! - [`single_flight`]: callers that ask for the same share one piece of work

pub mod backoff;
pub mod cache;
pub mod classify;
pub mod retry;
pub mod single_flight;

pub use backoff::{Backoff, Growth, Jitter};
pub use cache::{Cache, CacheOptions, Lookup};
pub use classify::{Class, Facts, Row, classify};
pub use retry::Retry;
pub use single_flight::{Flights, Join};
