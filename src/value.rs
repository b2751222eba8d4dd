//! A cheap handle to data, in Rust or still on the host's side.
//!
//! Expressions read values, and most values belong to JavaScript: copying them into Rust would cost more than all the
//! rest of a step. So a value may stay where it is, as a [`HostValue`] that is read field by field when somebody asks,
//! and that goes back to the host as the very object that it was.
//!
//! Definitions, options and what the coach reads and answers are values as well, so that there is one type of data in the
//! wasm. Texts are read and written by `serde_json`, outside of the wasm only: it would bring a parser and a sorted map.
//!
//! Data from outside has one kind of number, a double, as JSON and JavaScript have. Whole numbers of 64 bits come from
//! expressions and from the coach only ([`Value::Int`]), and become ordinary numbers when they leave.

use std::fmt;
use std::rc::Rc;

/// A value as expressions and templates see it. Cloning is cheap.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Value {
    /// Nothing; also what JavaScript calls `undefined`.
    #[default]
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
    Map(Rc<Fields>),
    /// A value on the host's side, by reference.
    Host(Rc<dyn HostValue>),
}

/// Named fields, in their order.
pub type Fields = Vec<(Rc<str>, Value)>;

/// The field `key`, or `None` when there is none.
#[inline(never)]
pub(crate) fn get<'a>(fields: &'a Fields, key: &str) -> Option<&'a Value> {
    fields.iter().find(|(name, _)| &**name == key).map(|(_, value)| value)
}

/// Sets the field `key` of fields that stand in the order of their names.
#[inline(never)]
pub(crate) fn put(fields: &mut Fields, key: &str, value: Value) {
    let place = fields.partition_point(|(name, _)| &**name < key);
    match fields.get_mut(place) {
        Some((name, old)) if &**name == key => *old = value,
        _ => fields.insert(place, (key.into(), value)),
    }
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

    /// A copy of the value as plain data; what JSON cannot hold is null.
    fn to_data(&self) -> Value;

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
            Self::Map(fields) => get(fields, key).cloned(),
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

    /// The value with a copy of what is on the host's side; what JSON cannot hold is null.
    #[must_use]
    pub(crate) fn into_data(self) -> Value {
        let Self::Host(host) = &self else { return self };
        host.to_data()
    }

    /// The value as text within other text: a string as it is, anything else as JSON.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self.clone().into_scalar() {
            Self::String(text) => text.to_string(),
            other => serde_json::Value::from(&other).to_string(),
        }
    }

    /// What kind of value it is, for messages.
    #[must_use]
    pub fn describe(&self) -> &'static str {
        if let Self::Host(host) = self { host.describe() } else { self.kind().describe() }
    }

    /// The text of a string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The number of a number of either kind.
    pub(crate) fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Int(number) => Some(*number as f64),
            _ => None,
        }
    }

    /// Whether a boolean is true.
    pub(crate) fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }

    /// The elements of a list that lives here.
    pub(crate) fn as_list(&self) -> Option<&[Value]> {
        if let Self::List(elements) = self { Some(elements) } else { None }
    }

    /// The fields of a map that lives here.
    pub(crate) fn as_map(&self) -> Option<&Fields> {
        if let Self::Map(fields) = self { Some(fields) } else { None }
    }

    /// Whether it is text that lives here.
    pub(crate) fn is_string(&self) -> bool {
        self.as_str().is_some()
    }

    /// Whether it is a map that lives here.
    pub(crate) fn is_map(&self) -> bool {
        self.as_map().is_some()
    }

    /// Whether it is nothing.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
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
                let mut map = Fields::with_capacity(fields.len());
                for (key, field) in fields {
                    map.push((key.as_str().into(), field.into()));
                }
                Self::Map(Rc::new(map))
            }
        }
    }
}

/// JavaScript has one kind of number; a whole one is an integer in JSON, as whoever reads it expects.
impl From<&Value> for serde_json::Value {
    fn from(value: &Value) -> Self {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) if number.fract() == 0.0 && number.abs() <= EXACT => (*number as i64).into(),
            Value::Number(number) => (*number).into(),
            Value::Int(number) => (*number).into(),
            Value::String(text) => Self::String(text.to_string()),
            Value::List(elements) => elements.iter().map(Self::from).collect(),
            Value::Map(fields) => fields.iter().map(|(key, value)| (key.to_string(), Self::from(value))).collect(),
            Value::Host(host) => Self::from(&host.to_data()),
        }
    }
}
