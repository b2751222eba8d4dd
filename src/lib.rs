//! Repflow: the workflow engine for AI features that run where the user is.
//!
//! This crate is the core of the npm package `repflow`. It is compiled to WebAssembly and decides; the JavaScript around
//! it performs. An app never sees the border: it constructs a `FeatureBus` and a `WorkflowOrchestrator`, registers
//! features that are plain functions, and awaits promises.
//!
//! # The idea
//! A workflow is data: steps that request actions of features, in sequence, in parallel, or as a graph. A run of it is a
//! state machine without I/O. Inputs go in (an attempt settled, a timer fired, somebody cancelled), effects come out (call
//! this handler, wake me then, the run has ended), and time and randomness are arguments:
//!
//! ```
//! use repflow::policy::Outcome;
//! use repflow::time::Timestamp;
//! use repflow::workflow::{Command, Engine, NodeIx, Plan, RunEnd};
//! use std::{rc::Rc, time::Duration};
//!
//! let plan = Plan::from_json(
//!     r#"{ "id": "greet", "steps": [
//!         { "id": "load", "call": "profiles.load", "with": { "user": "{{ input.userId }}" } },
//!         { "id": "greet", "call": "greeter.hello", "with": "{{ steps.load.output.name }}" }
//!     ] }"#,
//!     Duration::from_secs(30),
//! )?;
//! let (load, greet) = (NodeIx(0), NodeIx(1));
//! let now = Timestamp::EPOCH;
//!
//! let mut engine = Engine::default();
//! let run = engine.start(Rc::new(plan), 42, None, now);
//! assert_eq!(engine.drain_commands().last(), Some(Command::Call { run, node: load, attempt: 1, level: 0 }));
//!
//! engine.settle(run, load, 1, &Outcome::COMPLETED, now);
//! assert_eq!(engine.drain_commands().last(), Some(Command::Call { run, node: greet, attempt: 1, level: 0 }));
//!
//! engine.settle(run, greet, 1, &Outcome::COMPLETED, now);
//! assert_eq!(engine.drain_commands().last(), Some(Command::Settle { run, end: RunEnd::Completed }));
//! # Ok::<(), repflow::Error>(())
//! ```
//!
//! Because nothing in it touches the world, the same machine runs in a page, on a Worker, and under a simulator that puts
//! hours of workflow and every kind of fault into milliseconds, and repeats each of them from its seed.
//!
//! Values never enter it. The host keeps what handlers take and return, and lends a value when a template asks for a field
//! of it: what one JavaScript handler returns is the very object that the next one gets.
//!
//! # Layout
//! - [`error`]: the one public error, and the table of its codes
//! - [`time`], [`rng`]: instants, durations and seeded randomness; nothing else reads a clock or draws a number
//! - [`value`]: a cheap handle to data, here or on the host's side
//! - [`policy`]: what guards a call: retry, breaker, limits, timeouts, cache, as pure decisions
//! - [`exec`]: timers, for whoever executes something
//! - [`workflow`]: what a workflow is, and how a run moves
//! - [`bus`]: features and their health, topics and requests
//! - [`ai`]: the model client: what a model is asked, and what becomes of the answer
//! - [`fitness`]: the coach, whose features answer with no key and no network
//! - `sim`: the simulator (feature `sim`)
//! - `wasm`: the border to JavaScript, only when compiled for it, and the only place that names wasm-bindgen
//! - [`number`], [`small`]: formatting and sorting in a few bytes
//!
//! Arrows point one way: `wasm` to everything; `fitness` to `ai`, `bus` (for the trait of a feature) and below; `ai` to
//! `policy`; `workflow` to
//! `policy` and `exec`; `bus` to `policy`; `policy` to `exec`. `workflow` knows neither `bus` nor `fitness`; what connects a step to a feature is
//! the host.

pub mod ai;
pub mod bus;
pub mod error;
pub mod exec;
pub mod fitness;
pub mod number;
pub mod policy;
mod reader;
pub mod rng;
#[cfg(feature = "sim")]
pub mod sim;
pub mod small;
pub mod time;
pub mod value;
#[cfg(target_arch = "wasm32")]
pub mod wasm;
pub mod workflow;

pub use error::{Code, Error, Kind, Problem, Severity};
