//! The only place that names wasm-bindgen: what the package's JavaScript calls, and conversions.
//!
//! The host's loop, its promises and all handlers are JavaScript; Rust decides what happens next. Everything exported is
//! a free function over small integers that name engines, buses, plans and runs, so there is no object to free by hand,
//! no finalizer that could touch a fresh instance after a panic, and a call costs a few nanoseconds. No function here
//! runs user code while it holds a borrow: a getter that a template reads may call back in.
//!
//! The package has three wasm files of this crate, one with each of the features `engine`, `coach` and `model`: they share nothing but
//! source.
//!
//! # Layout
//! - [`convert`]: errors, JSON and values across the border
//! - [`engine`], [`plan`], [`run`]: engines, compiled definitions, and runs of them
//! - [`policy`]: policies on their own
//! - [`failure`]: what the host reports of an error
//! - [`bus`], [`filter`]: topics, their filters, requests, and the health of features
//! - [`coach`]: the features that are written in Rust, and the templates
//! - [`model`]: exchanges with models
//! - [`mod@panic`]: what is left to do when the core has panicked

#[cfg(feature = "engine")]
pub mod bus;
#[cfg(feature = "coach")]
pub mod coach;
#[cfg_attr(not(feature = "engine"), allow(dead_code, reason = "some of it is for the engine alone"))]
pub mod convert;
#[cfg(feature = "engine")]
pub mod engine;
#[cfg(feature = "engine")]
pub mod failure;
#[cfg(feature = "fault-injection")]
pub mod fault;
#[cfg(feature = "engine")]
pub mod filter;
#[cfg(feature = "model")]
pub mod model;
pub mod panic;
#[cfg(feature = "engine")]
pub mod plan;
#[cfg(feature = "engine")]
pub mod policy;
#[cfg(feature = "engine")]
pub mod run;
#[cfg(any(feature = "engine", feature = "model"))]
mod table;

#[cfg(any(feature = "engine", feature = "model"))]
use table::Table;

/// Two-level segregated fit: it allocates and frees in constant time, in a fifth of the code of the standard library's
/// allocator (1.3 KB instead of 7).
#[global_allocator]
static ALLOCATOR: rlsf::GlobalTlsf<Lean> = rlsf::GlobalTlsf::new();

struct Lean;

impl rlsf::GlobalTlsfOptions for Lean {
    const ENABLE_REALLOCATION: bool = false;
    // Memory that grew page by page is one piece: a long list finds its place in it.
    const COALESCE_POOLS: bool = true;
}
