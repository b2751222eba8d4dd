//! The coach: general fitness information for healthy adults, worked out offline. It is **not medical advice**.
//!
//! A request becomes a workout without a network, a model, a clock or luck: the same request and seed give the same
//! bytes. What a coach would insist on is code and data: who may train at all, what an injury rules out, how much and
//! how hard, what balances a session, and that it takes the time that was asked for. Experts can check the figures
//! in the data files under `data/`, each with its source; choices without a published source are called *house*.
//!
//! A model may choose and explain better than these rules. It is never trusted more: whatever builds a workout, the same
//! [`check`] decides whether it is correct.
//!
//! ```
//! use repflow::fitness::{check, request::WorkoutRequest, session};
//! use repflow::value::Value;
//! use serde_json::json;
//!
//! let request = WorkoutRequest::parse(&Value::from(&json!({
//!     "userId": "user123", "duration": 30, "focus": "strength",
//!     "equipment": ["dumbbells", "bench"], "fitnessLevel": "intermediate",
//! })))?;
//! let workout = session::build(&request)?;
//! assert_eq!(check::check(&workout, &request), []);
//! # Ok::<(), repflow::Error>(())
//! ```
//!
//! # Layout
//! - [`request`]: what is asked, parsed with every problem listed; [`words`]: the closed vocabularies
//! - [`catalogue`], [`prescription`], [`contraindications`]: the data, and what may be asked of it
//! - [`screening`]: whether to train today; [`strength`], [`heart_rate`], [`energy`], [`time_budget`]: the formulas
//! - [`adaptation`]: how to go on in a session; [`live`]: a session that stays open
//! - [`history`], [`progression`], [`recommendation`]: what was trained, and what follows from it
//! - [`session`]: the builder; [`workout`]: what it builds; [`check`]: the invariants
//! - [`programme`]: twelve weeks of sessions
//! - [`group`]: one session for several people; [`preferences`]: what somebody likes to do
//! - [`strategy`]: what a model is asked and what becomes of its answer
//! - [`features`]: what is registered on the bus; [`templates`]: the workflow definitions
//! - `schema`: the JSON Schema of all that is answered (feature `schema`)
//! - `record`, `reader`, `form`, `figures`, `id`: data as JSON and back, in little code
//!
//! The coach is most of what the package weighs, so it is written for size: `build.rs` makes static tables of the data
//! files, nothing is monomorphised that a table or a trait object can do, and floats are formatted by
//! [`number`](crate::number) alone.

pub mod adaptation;
pub mod catalogue;
pub mod check;
pub mod contraindications;
pub mod energy;
pub mod features;
mod figures;
mod form;
pub mod group;
pub mod heart_rate;
pub mod history;
mod id;
pub mod live;
pub mod preferences;
pub mod prescription;
pub mod programme;
pub mod progression;
mod reader;
pub mod recommendation;
mod record;
pub mod request;
#[cfg(feature = "schema")]
pub mod schema;
pub mod screening;
pub mod session;
pub mod strategy;
pub mod strength;
pub mod templates;
pub mod time_budget;
pub mod words;
pub mod workout;
