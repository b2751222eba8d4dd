//! The model client: what a model is asked, how the question travels, and what becomes of the answer.
//!
//! Everything here is pure. An [`Exchange`] is one question on its way: it says what to send, takes the bytes that come
//! back in whatever pieces they come, and ends with an [`Answer`] or with a [`Failure`]. Who sends,
//! waits and gives up is the host; when to try again is decided by [`policy`](crate::policy), as for any other call. So the same
//! client runs over the browser's `fetch`, and under a test that cuts the stream at every
//! byte.
//!
//! # Layout
//! - [`request`]: what a model is asked; [`answer`]: what it answers, whole and in parts
//! - [`provider`]: who answers, and one question on its way
//! - [`openai`]: services that are compatible with OpenAI's; [`sse`]: the streams in which they answer
//! - [`partial`]: JSON of which only the beginning is there; [`strict`]: schemas that services enforce
//! - [`failure`](mod@failure): which of our errors a failed call is; [`rate`]: what services say of their limits
//! - `json`: reading what others wrote, and writing

pub mod answer;
pub mod failure;
mod json;
pub mod openai;
pub mod partial;
pub mod provider;
pub mod rate;
pub mod request;
pub mod sse;
pub mod strict;

pub use answer::{Answer, ModelEvent, Outcome, ToolCall, Usage};
pub use json::Json;
pub use openai::{Api, OpenAi};
pub use provider::{Capabilities, Exchange, Failure, Outgoing, Provider};
pub use request::{Message, ModelRequest, Role, Schema, Tool};
