//! Timers and slots against plain models of themselves.

#[path = "exec/slots.rs"]
mod slots;
#[path = "exec/timers.rs"]
mod timers;
