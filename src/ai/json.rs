//! Reads JSON that others wrote, where anything may be missing, and writes JSON.

use std::rc::Rc;

use crate::value::{Fields, Value, ValueKind};

/// What parses JSON text: `JSON.parse` in the wasm, `serde_json` elsewhere. `None` for what is no JSON.
pub type Json = fn(&str) -> Option<Value>;

/// Writes an object, field by field.
#[derive(Debug, Default)]
pub(crate) struct Write(Fields);

impl Write {
    #[inline(never)]
    pub(crate) fn value(&mut self, key: &str, value: Value) -> &mut Self {
        self.0.push((key.into(), value));
        self
    }

    #[inline(never)]
    pub(crate) fn text(&mut self, key: &str, text: &str) -> &mut Self {
        self.value(key, Value::String(text.into()))
    }

    #[inline(never)]
    pub(crate) fn maybe_text(&mut self, key: &str, text: &Option<String>) -> &mut Self {
        if let Some(text) = text {
            self.text(key, text);
        }
        self
    }

    #[inline(never)]
    pub(crate) fn maybe_number(&mut self, key: &str, number: Option<f64>) -> &mut Self {
        if let Some(number) = number {
            self.value(key, Value::Number(number));
        }
        self
    }

    /// A list, when it has elements.
    #[inline(never)]
    pub(crate) fn list(&mut self, key: &str, elements: Vec<Value>) -> &mut Self {
        if !elements.is_empty() {
            self.value(key, Value::List(Rc::new(elements)));
        }
        self
    }

    /// What was written.
    #[inline(never)]
    pub(crate) fn end(&mut self) -> Value {
        Value::Map(Rc::new(std::mem::take(&mut self.0)))
    }
}

/// Begins an object of a type.
#[inline(never)]
pub(crate) fn typed(kind: &str) -> Write {
    let mut written = Write::default();
    written.text("type", kind);
    written
}

/// An object with one field.
pub(crate) fn object(key: &str, value: Value) -> Value {
    Write::default().value(key, value).end()
}

/// The field at `path`, which has dots between the keys that lead to it; none when it is null.
#[inline(never)]
pub(crate) fn field(value: &Value, path: &str) -> Option<Value> {
    let mut value = value.clone();
    for key in path.split('.') {
        value = value.field(key)?;
    }
    Some(value).filter(|field| field.kind() != ValueKind::Null)
}

/// The text of a string.
#[inline(never)]
pub(crate) fn text(value: Value) -> Option<String> {
    value.into_scalar().as_str().map(str::to_owned)
}

/// The text of the field at `path`.
#[inline(never)]
pub(crate) fn text_in(value: &Value, path: &str) -> Option<String> {
    text(field(value, path)?)
}

/// The number of the field at `path`.
#[inline(never)]
pub(crate) fn number_in(value: &Value, path: &str) -> Option<f64> {
    field(value, path)?.into_scalar().as_f64()
}

/// The elements of the list in the field at `path`; none when there is none.
#[inline(never)]
pub(crate) fn list_in(value: &Value, path: &str) -> Vec<Value> {
    let Some(list) = field(value, path) else { return Vec::new() };
    let mut elements = Vec::new();
    while let Some(element) = list.element(elements.len()) {
        elements.push(element);
    }
    elements
}

/// Whether it is an object.
pub(crate) fn is_object(value: &Value) -> bool {
    value.kind() == ValueKind::Map
}
