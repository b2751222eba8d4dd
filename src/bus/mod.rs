//! The bus: how features find and call each other, and tell what happened.
//!
//! The registry says who is there and what they can do, topics say who hears what and in which order, and requests say
//! until when an answer is awaited. The bus keeps names, orders and deadlines; handlers and values stay with the host.
//!
//! # Layout
//! - [`feature`]: what a feature is, whoever wrote it
//! - [`registry`]: who is there
//! - [`topics`]: who hears what, in which order
//! - [`requests`]: until when an answer is awaited

pub mod feature;
pub mod registry;
pub mod requests;
pub mod topics;

pub use feature::{Feature, FeatureInfo};
pub use registry::Registry;
pub use requests::{RequestId, Requests};
pub use topics::{SubscriptionId, Topics};
