//! Policies: what to do when a call fails, hangs or floods. Each is a pure state machine with time and randomness as
//! arguments, one file each; [`guards`] puts them around a call, in their order, and is what whoever performs calls asks.
//!
//! # Layout
//! - [`options`]: the policies around a call, and how they are written
//! - [`guards`]: all of them around a call, as one state machine
//! - [`retry`], [`backoff`], [`budget`], [`retry_after`](mod@retry_after): whether there is a next attempt, and when
//! - [`breaker`]: whether a service is asked at all; [`window`]: the recent calls, by which it decides
//! - [`bulkhead`], [`adaptive`]: how many calls at once
//! - [`rate_limit`]: how many calls in a while
//! - [`hedge`], [`latency`]: when to ask a second time beside the first
//! - [`cache`], [`single_flight`]: whether to ask again for what is known, or is being asked already
//! - [`failure`], [`classify`](mod@classify): what an error means

pub mod adaptive;
pub mod backoff;
pub mod breaker;
pub mod budget;
pub mod bulkhead;
pub mod cache;
pub mod classify;
pub mod failure;
pub mod guards;
pub mod hedge;
pub mod latency;
pub mod options;
pub mod rate_limit;
pub mod retry;
pub mod retry_after;
pub mod single_flight;
pub mod window;

pub use adaptive::{Adaptive, AdaptiveOptions, Algorithm};
pub use backoff::{Backoff, Growth, Jitter, Progress};
pub use breaker::{Breaker, BreakerOptions, BreakerSnapshot, BreakerState, Change, Permit, Refusal, Sample};
pub use budget::{Budget, BudgetOptions};
pub use bulkhead::{Bulkhead, BulkheadOptions, Entry};
pub use cache::{Cache, CacheOptions, Lookup};
pub use classify::{Class, Facts, Row, classify};
pub use failure::{Failure, Filter, Outcome};
pub use guards::{AbortReason, CallId, Command, End, FailureReason, Guards, Made, Request, Stats, Then, Wiring};
pub use hedge::{HedgeDelay, HedgeOptions, HedgeWith};
pub use latency::Latencies;
pub(crate) use options::Names;
pub use options::{Options, Part};
pub use rate_limit::{BucketOptions, Cost, Observed, RateLimit, RateLimitOptions, Turn, Unit};
pub use retry::Retry;
pub use retry_after::retry_after;
pub use single_flight::{Flights, Join};
pub(crate) use window::Samples;
pub use window::{Counts, Window};
