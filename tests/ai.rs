//! The model client: what is sent, what is read of every kind of answer, and what becomes of answers that are none.

#[path = "ai/answers.rs"]
mod answers;
#[path = "ai/body.rs"]
mod body;
#[path = "ai/failure.rs"]
mod failure;
#[path = "ai/partial.rs"]
mod partial;
#[path = "ai/rate.rs"]
mod rate;
#[path = "ai/request.rs"]
mod request;
#[path = "ai/sse.rs"]
mod sse;
#[path = "ai/streams.rs"]
mod streams;
#[path = "ai/strict.rs"]
mod strict;
#[path = "ai/support.rs"]
mod support;
#[path = "ai/usage.rs"]
mod usage;
