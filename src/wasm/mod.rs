//! The only place that names wasm-bindgen: what the package's JavaScript calls, and conversions.
//!
//! The host's loop, its promises and all handlers are JavaScript; Rust decides what happens next. Everything exported is
//! a free function over small integers that name engines, buses, plans and runs, so there is no object to free by hand,
//! no finalizer that could touch a fresh instance after a panic, and a call costs a few nanoseconds. No function here
//! runs user code while it holds a borrow: a getter that a template reads may call back in.
//!
//! # Layout
//! - [`convert`]: errors, JSON and values across the border
//! - [`engine`], [`plan`], [`run`]: engines, compiled definitions, and runs of them
//! - [`policy`]: policies on their own
//! - `failure`: what the host reports of an error
//! - [`bus`]: features, topics and requests
//! - [`coach`]: the features that are written in Rust, and the templates
//! - [`mod@panic`]: what is left to do when the core has panicked

pub mod bus;
pub mod coach;
pub mod convert;
pub mod engine;
mod failure;
#[cfg(feature = "fault-injection")]
mod fault;
pub mod panic;
pub mod plan;
pub mod policy;
pub mod run;

/// The number by which JavaScript knows what stands at `slot`. Numbers start at 1: wasm reads `undefined` as 0, and that
/// must name nobody.
fn handle(slot: usize) -> u32 {
    slot as u32 + 1
}

/// Where the owner of a number stands; beyond everything for 0.
fn slot(handle: u32) -> usize {
    handle.wrapping_sub(1) as usize
}
