//! Repflow: the workflow engine for AI features that run where the user is.

pub mod bus;
pub mod error;
pub mod exec;
pub mod fitness;
pub mod number;
pub mod policy;
pub mod rng;
#[cfg(feature = "sim")]
pub mod sim;
pub mod small;
pub mod time;
pub mod value;
pub mod workflow;

pub use error::{Error, Kind, Problem, Severity};

#[cfg(target_arch = "wasm32")]
pub mod wasm;
