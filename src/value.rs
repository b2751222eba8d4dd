//! A cheap handle to data, in Rust or still on the host's side.
//!
//! Expressions read values, and most values belong to JavaScript: copying them into Rust would cost more than all the
//! rest of a step. So a value may stay where it is, as a [`HostValue`] that is read field by field when somebody asks,
//! and that goes back to the host as the very object that it was.

use std::fmt;
use std::rc::Rc;

/// A value as expressions and templates see it. Cloning is cheap.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Value {
    /// Nothing; also what JavaScript calls `undefined`.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(f64),
    /// Text.
    String(Rc<str>),
    /// A list.
    List(Rc<Vec<Value>>),
    /// Named fields, in their order.
    Map(Rc<Vec<(Rc<str>, Value)>>),
    /// A value on the host's side, by reference.
    Host(Rc<dyn HostValue>),
}

/// A value on the host's side.
pub trait HostValue: fmt::Debug {
    /// The field `key` of a map, or `None` when there is none.
    fn field(&self, key: &str) -> Option<Value>;

    /// The element `index` of a list, or `None` when there is none.
    fn element(&self, index: usize) -> Option<Value>;

    /// The text, when the value is a string.
    fn as_text(&self) -> Option<String>;

    /// A copy of the value as JSON; what JSON cannot hold is null.
    fn to_json(&self) -> serde_json::Value;

    /// What kind of value it is, for messages: `a map`, `a list`, `a string`, …
    fn describe(&self) -> &'static str;

    /// The value itself, for the host that made it.
    fn as_any(&self) -> &dyn std::any::Any;
}

impl Value {
    /// The field `key` of a map, or `None` when there is none.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<Value> {
        match self {
            Self::Map(fields) => fields.iter().find(|(name, _)| &**name == key).map(|(_, value)| value.clone()),
            Self::Host(host) => host.field(key),
            _ => None,
        }
    }

    /// The element `index` of a list, or `None` when there is none.
    #[must_use]
    pub fn element(&self, index: usize) -> Option<Value> {
        match self {
            Self::List(elements) => elements.get(index).cloned(),
            Self::Host(host) => host.element(index),
            _ => None,
        }
    }

    /// The value as text within other text: a string as it is, anything else as JSON.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::String(text) => text.to_string(),
            Self::Host(host) => host.as_text().unwrap_or_else(|| host.to_json().to_string()),
            other => other.to_json().to_string(),
        }
    }

    /// What kind of value it is, for messages.
    #[must_use]
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Host(host) => host.describe(),
        }
    }

    fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Number(number) => json_number(*number),
            Self::String(text) => Json::String(text.to_string()),
            Self::List(elements) => elements.iter().map(Self::to_json).collect(),
            Self::Map(fields) => fields.iter().map(|(key, value)| (key.to_string(), value.to_json())).collect(),
            Self::Host(host) => host.to_json(),
        }
    }
}

/// JavaScript has one kind of number; a whole one is an integer in JSON, as whoever reads it expects.
pub(crate) fn json_number(number: f64) -> serde_json::Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= EXACT { (number as i64).into() } else { number.into() }
}

impl From<&serde_json::Value> for Value {
    fn from(json: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::Number(number.as_f64().unwrap_or(f64::NAN)),
            Json::String(text) => Self::String(text.as_str().into()),
            Json::Array(elements) => Self::List(Rc::new(elements.iter().map(Self::from).collect())),
            Json::Object(fields) => {
                Self::Map(Rc::new(fields.iter().map(|(key, value)| (key.as_str().into(), Self::from(value))).collect()))
            }
        }
    }
}

impl From<&Value> for serde_json::Value {
    fn from(value: &Value) -> Self {
        value.to_json()
    }
}
