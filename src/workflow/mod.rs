//! What a workflow is, and how a run of it moves.
//!
//! A workflow is data: a [`Definition`] is read from JSON with every problem listed, and compiled into a [`Plan`],
//! where ids are integers and each step knows who waits for it. A [`Run`] is a state machine over a plan. It performs
//! nothing: inputs go in (a call settled, its time is over, somebody cancelled), effects come out (call this, set that
//! timer, settle), and time and randomness are arguments. How often a call is tried, and when, is not its business but
//! that of the [policies](crate::policy) of its step. An [`Engine`] connects the two for many runs, and is what a host
//! drives: the page, a Worker, a test.
//!
//! Values never enter the planner. The host holds inputs and outputs, and lends them as [`Value`](crate::value::Value)
//! when a template asks for a field; between two JavaScript handlers a value is the same object on both sides.
//!
//! # Layout
//! - [`definition`]: what is written, checked one key at a time
//! - `question`: what only values tell
//! - [`expression`], [`template`]: `{{ steps.a.output.x }}`, alone and inside of data
//! - [`plan`]: the graph; `compile`: how it comes about, checked as a whole
//! - [`run`]: the state machine; [`state`]: where each step is; [`message`]: what goes in and comes out; [`event`]: what it
//!   tells; [`log`]: all of that
//! - [`engine`]: many runs, one clock

mod compile;
pub mod definition;
pub mod engine;
pub mod event;
pub mod expression;
pub mod log;
pub mod message;
pub mod plan;
mod question;
pub mod run;
pub mod state;
pub mod template;

pub use definition::Definition;
pub use engine::{Command, Engine, RunId};
pub use event::{Decision, Event, EventKind, Vain};
pub use expression::{Expression, Names, Root, Scope, Unresolved};
pub use log::Log;
pub use message::{AbortReason, Effect, Input, Note, Question, RunEnd};
pub use plan::{Plan, StepIx};
pub use question::decide;
pub use run::{Phase, Run};
pub use state::{NodeIx, Status, StepState};
pub use template::Template;
