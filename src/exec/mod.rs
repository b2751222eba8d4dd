//! What every executor needs, whatever it executes: timers.
//!
//! A plain data structure with the time as an argument. The loop that uses it belongs to the host: in JavaScript it is
//! the package's own loop over promises, in tests it is the simulator.
//!
//! # Layout
//! - [`timers`]: many deadlines behind one host timer

pub mod timers;

pub use timers::{TimerId, Timers};
