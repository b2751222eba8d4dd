//! The bus: how features find and call each other, and tell what happened.
//!
//! Topics say who hears what and in which order, requests say until when an answer is awaited, and health says how a
//! feature does. Names, handlers and values stay with the host, which is where a feature is looked up: that must work
//! before there is a core, and after it has panicked.
//!
//! # Layout
//! - [`feature`]: what a feature is, whoever wrote it
//! - [`health`]: how healthy it is
//! - [`topics`]: who hears what, in which order
//! - [`requests`]: until when an answer is awaited

pub mod feature;
pub mod health;
pub mod requests;
pub mod topics;

pub use feature::{ActionInfo, Feature, FeatureInfo};
pub use health::{Health, HealthOptions, HealthStatus};
pub use requests::{RequestId, Requests};
pub use topics::{SubscriptionId, Topics};
