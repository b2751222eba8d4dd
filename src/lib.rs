//! Repflow: the workflow engine for AI features that run where the user is.

pub mod bus;
pub mod error;
pub mod fitness;
pub mod rng;
pub mod time;

pub use error::{Error, Kind, Problem, Severity};
