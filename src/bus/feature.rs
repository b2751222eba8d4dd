//! What a feature is, whoever wrote it.
//!
//! A feature is a name, a version and named actions. One written in JavaScript is a plain object of functions; one
//! written in Rust implements [`Feature`]. Both are described by [`FeatureInfo`], registered on the same bus and
//! called by the same request, so a caller cannot tell them apart.

use crate::error::Error;
use crate::value::Value;

/// What a feature says of itself.
#[derive(Clone, Debug)]
pub struct FeatureInfo {
    /// Its name: letters, digits, `-` and `_`.
    pub name: String,
    /// Its version (SemVer).
    pub version: String,
    /// One sentence on what it is for.
    pub description: String,
    /// What it can do, in words that others look for.
    pub capabilities: Vec<String>,
    /// What it can be asked to do.
    pub actions: Vec<ActionInfo>,
}

/// What an action of a feature says of itself.
#[derive(Clone, Debug)]
pub struct ActionInfo {
    /// Its name.
    pub name: String,
    /// What it is given, as a JSON Schema.
    pub input: Value,
    /// What it answers: the name of a schema that is published with the package.
    pub output: String,
}

/// A feature written in Rust.
pub trait Feature {
    /// What it says of itself.
    fn info(&self) -> FeatureInfo;

    /// Performs one of the actions that [`info`](Self::info) names.
    ///
    /// # Errors
    /// Whatever the action finds wrong with `params`; `bus.no_such_action` for a name that `info` does not list.
    fn call(&self, action: &str, params: &Value) -> Result<Value, Error>;
}
