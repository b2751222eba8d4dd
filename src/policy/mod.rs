//! Policies: what to do when a call fails, hangs or floods. Each is a pure state machine with time and randomness as
//! arguments, one file each; whoever performs calls (the engine, the bus) asks them.
//!
//! # Layout
//! - [`breaker`]: whether to call at all, after what the recent calls came to
//! - [`backoff`]: how long to wait before the next attempt
//! - [`adaptive`]: how many calls a service can take at once, learnt
//! - [`retry`]: whether there is a next attempt

pub mod adaptive;
pub mod backoff;
pub mod breaker;
pub mod retry;

pub use adaptive::{Adaptive, AdaptiveOptions, Algorithm};
pub use backoff::{Backoff, Growth, Jitter};
pub use breaker::{Breaker, BreakerOptions};
pub use retry::Retry;
