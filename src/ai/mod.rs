//! The model client: what a model is asked, how the question travels, and what becomes of the answer.
//!
//! Everything here is pure. An [`Exchange`] is one question on its way: it says what to send, takes the bytes that come
//! back in whatever pieces they come, and ends with an [`Answer`] or with an [`Failure`]. Who sends, waits
//! and gives up is the host; when to try again is decided by [`policy`](crate::policy), as for any other call. So the same
//! client runs over the browser's `fetch`, over a recorded conversation, and under a test that cuts the stream at every
//! byte.
//!
//! # Layout
//! - [`request`]: what a model is asked; [`answer`]: what it answers, whole and in parts
//! - [`provider`]: who answers, and one question on its way

pub mod answer;
pub mod provider;
pub mod request;

pub use answer::{Answer, ModelEvent, Outcome, ToolCall, Usage};
pub use provider::{Capabilities, Exchange, Failure, Outgoing, Provider};
pub use request::{Message, ModelRequest, Role, Schema, Tool};
