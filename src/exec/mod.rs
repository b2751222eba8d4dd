//! What every executor needs, whatever it executes: timers, and slots that limit what runs at once.
//!
//! Both are plain data structures with the time as an argument. The loop that uses them belongs to the host: in
//! JavaScript it is the package's own loop over promises, in tests it is the simulator.
//!
//! # Layout
//! - [`timers`]: many deadlines behind one host timer
//! - [`slots`]: a concurrency limit with a first-in, first-out queue behind it

pub mod slots;
pub mod timers;

pub use slots::Slots;
pub use timers::{TimerId, Timers};
