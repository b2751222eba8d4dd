//! The only place that names wasm-bindgen: what the package's JavaScript calls, and conversions.
//!
//! The host's loop, its promises and all handlers are JavaScript; Rust decides what happens next. Everything exported is
//! a free function over small integers that name engines, buses, plans and runs, so there is no object to free by hand,
//! no finalizer that could touch a fresh instance after a panic, and a call costs a few nanoseconds. No function here
//! runs user code while it holds a borrow: a getter that a template reads may call back in.
//!
//! The package has two wasm files of this crate, one with the feature `engine` and one with `coach`: they share nothing but source.
//!
//! # Layout
//! - [`convert`]: errors, JSON and values across the border
//! - [`engine`], [`plan`], [`run`]: engines, compiled definitions, and runs of them
//! - [`policy`]: policies on their own
//! - `failure`: what the host reports of an error
//! - [`bus`], [`filter`]: topics, their filters, requests, and the health of features
//! - [`coach`]: the features that are written in Rust, and the templates
//! - [`model`]: exchanges with models
//! - [`mod@panic`]: what is left to do when the core has panicked

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::rc::Rc;

use slab::Slab;

#[cfg(feature = "engine")]
pub mod bus;
#[cfg(feature = "coach")]
pub mod coach;
pub mod convert;
#[cfg(feature = "engine")]
pub mod engine;
#[cfg(feature = "engine")]
mod failure;
#[cfg(feature = "fault-injection")]
mod fault;
#[cfg(feature = "engine")]
pub mod filter;
#[cfg(feature = "engine")]
pub mod model;
pub mod panic;
#[cfg(feature = "engine")]
pub mod plan;
#[cfg(feature = "engine")]
pub mod policy;
#[cfg(feature = "engine")]
pub mod run;

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

/// Things that JavaScript knows by their number. Numbers start at 1: wasm reads `undefined` as 0, and that must name
/// nobody. No thread ever ends here that would drop them. Each is borrowed by itself and through one function, since a closure for every use of the table would be a
/// copy of it.
struct Table<T>(ManuallyDrop<RefCell<Slab<Rc<RefCell<T>>>>>);

impl<T> Table<T> {
    const fn new() -> Self {
        Self(ManuallyDrop::new(RefCell::new(Slab::new())))
    }

    #[inline(never)]
    fn add(&self, thing: T) -> u32 {
        self.0.borrow_mut().insert(Rc::new(RefCell::new(thing))) as u32 + 1
    }

    #[inline(never)]
    fn get(&self, number: u32) -> Option<Rc<RefCell<T>>> {
        self.0.borrow().get(number.wrapping_sub(1) as usize).map(Rc::clone)
    }

    #[inline(never)]
    fn remove(&self, number: u32) {
        // Dropped when the table is free again.
        let removed = self.0.borrow_mut().try_remove(number.wrapping_sub(1) as usize);
        drop(removed);
    }
}
