//! Timers against a plain model of themselves.

#[path = "exec/timers.rs"]
mod timers;
