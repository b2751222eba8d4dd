//! What everything rests on: errors, time, randomness and values.

#[path = "core/error.rs"]
mod error;
#[path = "core/rng.rs"]
mod rng;
#[path = "core/small.rs"]
mod small;
#[path = "core/time.rs"]
mod time;
#[path = "core/value.rs"]
mod value;
