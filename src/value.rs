//! A cheap handle to data, in Rust or still on the host's side.
//!
//! Expressions read values, and most values belong to JavaScript: copying them into Rust would cost more than all the
//! rest of a step. So a value may stay where it is, as a [`HostValue`] that is read field by field when somebody asks,
//! and that goes back to the host as the very object that it was.
//!
//! Data from outside has one kind of number, a double, as JSON and JavaScript have. Whole numbers of 64 bits come from
//! expressions only ([`Value::Int`]) and become ordinary numbers when they leave.

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
    /// A whole number, as expressions count and index with.
    Int(i64),
    /// Text.
    String(Rc<str>),
    /// A list.
    List(Rc<Vec<Value>>),
    /// Named fields, in their order.
    Map(Rc<Vec<(Rc<str>, Value)>>),
    /// A value on the host's side, by reference.
    Host(Rc<dyn HostValue>),
}

/// What kind of value it is, wherever it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueKind {
    /// Nothing.
    Null,
    /// True or false.
    Bool,
    /// A number of either kind.
    Number,
    /// Text.
    String,
    /// A list.
    List,
    /// Named fields.
    Map,
    /// No data: a function, say. It can be passed on, and not looked into.
    Other,
}

impl ValueKind {
    /// The kind, for messages.
    #[must_use]
    pub fn describe(self) -> &'static str {
        const WORDS: [&str; 7] = ["null", "a boolean", "a number", "a string", "a list", "a map", "no data"];
        WORDS[self as usize]
    }
}

/// A value on the host's side.
pub trait HostValue: fmt::Debug {
    /// What kind of value it is.
    fn kind(&self) -> ValueKind;

    /// A copy of a null, a boolean, a number or a text; `None` of anything else.
    fn scalar(&self) -> Option<Value>;

    /// How many elements a list has, or fields a map; 0 for anything else.
    fn size(&self) -> usize;

    /// The names of the fields of a map, in their order; none for anything else.
    fn keys(&self) -> Vec<Rc<str>>;

    /// The field `key` of a map, or `None` when there is none.
    fn field(&self, key: &str) -> Option<Value>;

    /// The element `index` of a list, or `None` when there is none.
    fn element(&self, index: usize) -> Option<Value>;

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

    /// What kind of value it is.
    #[must_use]
    pub fn kind(&self) -> ValueKind {
        match self {
            Self::Null => ValueKind::Null,
            Self::Bool(_) => ValueKind::Bool,
            Self::Number(_) | Self::Int(_) => ValueKind::Number,
            Self::String(_) => ValueKind::String,
            Self::List(_) => ValueKind::List,
            Self::Map(_) => ValueKind::Map,
            Self::Host(host) => host.kind(),
        }
    }

    /// How many elements a list has, or fields a map; 0 for anything else.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::List(elements) => elements.len(),
            Self::Map(fields) => fields.len(),
            Self::Host(host) => host.size(),
            _ => 0,
        }
    }

    /// The names of the fields of a map, in their order; none for anything else.
    #[must_use]
    pub fn keys(&self) -> Vec<Rc<str>> {
        match self {
            Self::Map(fields) => fields.iter().map(|(name, _)| name.clone()).collect(),
            Self::Host(host) => host.keys(),
            _ => Vec::new(),
        }
    }

    /// The value with a host's null, boolean, number or text copied out of it. Lists and maps stay where they are.
    #[must_use]
    pub fn into_scalar(self) -> Value {
        let Self::Host(host) = &self else { return self };
        host.scalar().unwrap_or(self)
    }

    /// The value as text within other text: a string as it is, anything else as JSON.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self.clone().into_scalar() {
            Self::String(text) => text.to_string(),
            other => other.to_json().to_string(),
        }
    }

    /// What kind of value it is, for messages.
    #[must_use]
    pub fn describe(&self) -> &'static str {
        if let Self::Host(host) = self { host.describe() } else { self.kind().describe() }
    }

    fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Number(number) => json_number(*number),
            Self::Int(number) => (*number).into(),
            Self::String(text) => Json::String(text.to_string()),
            Self::List(elements) => elements.iter().map(Self::to_json).collect(),
            Self::Map(fields) => {
                // One by one: to collect them is to sort them, with 4 KB of wasm.
                let mut object = serde_json::Map::new();
                for (key, value) in fields.iter() {
                    object.insert(key.to_string(), value.to_json());
                }
                Json::Object(object)
            }
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
            Json::Array(elements) => {
                let mut list = Vec::with_capacity(elements.len());
                for element in elements {
                    list.push(element.into());
                }
                Self::List(Rc::new(list))
            }
            Json::Object(fields) => {
                let mut map: Vec<(Rc<str>, Self)> = Vec::with_capacity(fields.len());
                for (key, field) in fields {
                    map.push((key.as_str().into(), field.into()));
                }
                Self::Map(Rc::new(map))
            }
        }
    }
}

impl From<&Value> for serde_json::Value {
    fn from(value: &Value) -> Self {
        value.to_json()
    }
}
