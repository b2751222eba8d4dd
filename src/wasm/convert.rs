//! Errors, JSON and values across the border.
//!
//! Data crosses node by node. Text would be faster for a large workout, but a JSON parser and a writer, with their tables
//! for floats, are some 40 KB of wasm, and the engine that JavaScript runs in has both.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::prelude::*;

use crate::error::{Code, Error, Problem};
use crate::value::{self, HostValue, Value, ValueKind, put};

/// How deep data may nest, as in `serde_json`: reading is recursive, and the stack of the core is small.
const MAX_DEPTH: u32 = 128;

/// The fields of a plain object, filled one by one: a function for each kind of value, in the wasm once, instead of code for
/// each list of fields. They become own properties whatever their name; assigning `__proto__` would not.
#[derive(Default)]
pub(super) struct Fields(Array);

impl Fields {
    #[inline(never)]
    pub(super) fn value(&self, name: &str, value: &JsValue) -> &Self {
        self.0.push(&Array::of2(&name.into(), value));
        self
    }

    #[inline(never)]
    pub(super) fn text(&self, name: &str, text: &str) -> &Self {
        self.value(name, &text.into())
    }

    #[inline(never)]
    pub(super) fn number(&self, name: &str, number: f64) -> &Self {
        self.value(name, &number.into())
    }

    pub(super) fn flag(&self, name: &str, flag: bool) -> &Self {
        self.value(name, &flag.into())
    }

    /// A number for each of the names, between which there are spaces.
    #[inline(never)]
    pub(super) fn numbers(&self, names: &str, numbers: &[f64]) -> &Self {
        for (name, number) in names.split(' ').zip(numbers) {
            self.number(name, *number);
        }
        self
    }

    #[inline(never)]
    pub(super) fn object(&self) -> JsValue {
        Object::from_entries(&self.0).map_or(JsValue::NULL, Into::into)
    }
}

/// The fields of an error, as a plain object that the facade makes a `RepflowError` of.
pub(super) fn error_to_js(error: &Error) -> JsValue {
    let problems: Array = error.problems().iter().map(problem_to_js).collect();
    Fields::default()
        .text("code", error.code().as_str())
        .text("kind", error.kind().name())
        .text("severity", error.code().severity().name())
        .flag("retryable", error.is_retryable())
        .text("message", error.message())
        .value("problems", &problems)
        .object()
}

pub(super) fn problem_to_js(problem: &Problem) -> JsValue {
    let fields = Fields::default();
    fields.text("pointer", &problem.pointer).text("message", &problem.message);
    if let Some(suggestion) = &problem.suggestion {
        fields.text("suggestion", suggestion);
    }
    fields.object()
}

/// Reads a duration such as `"10s"`: milliseconds, or `undefined` for what is not a duration.
#[wasm_bindgen(js_name = parseDuration)]
pub fn parse_duration(text: &str) -> Option<f64> {
    crate::time::parse_duration(text).map(|duration| duration.as_secs_f64() * 1_000.0)
}

/// A JavaScript value as plain data; what JSON cannot hold is an error about `what`.
pub(super) fn data_from_js(value: &JsValue, code: Code, what: &str) -> Result<Value, Error> {
    let refuse = |why: &str| {
        let message = format!("it must be plain data that JSON can hold: {why}");
        Error::invalid(code, what, vec![Problem::new("", message)])
    };
    if value.is_undefined() {
        return Ok(Value::Null);
    }
    plain(value)
        .ok_or_else(|| refuse("functions, symbols, BigInt, circles and getters that throw are not data"))
        .and_then(|plain| data_from_plain(&plain, code, what))
}

/// Plain data that the host has made of what somebody gave: reading it runs no code.
pub(super) fn data_from_plain(value: &JsValue, code: Code, what: &str) -> Result<Value, Error> {
    read(value, MAX_DEPTH).ok_or_else(|| {
        let message = "it must be plain data that JSON can hold: it is nested deeper than 128 levels";
        Error::invalid(code, what, vec![Problem::new("", message)])
    })
}

/// The value as JSON would give it back: plain objects and lists, without getters, so that reading it runs no code.
fn plain(value: &JsValue) -> Option<JsValue> {
    let text = JSON::stringify(value).ok()?.as_string()?;
    JSON::parse(&text).ok()
}

/// Reads plain data; `None` when it nests too deep.
fn read(value: &JsValue, depth: u32) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    if let Some(scalar) = scalar(value) {
        return Some(scalar);
    }
    if let Some(list) = value.dyn_ref::<Array>() {
        let mut elements = Vec::new();
        for element in list.iter() {
            elements.push(read(&element, depth)?);
        }
        return Some(Value::List(Rc::new(elements)));
    }
    let mut fields = value::Fields::new();
    for entry in Object::entries(value.dyn_ref::<Object>()?).iter() {
        let entry: Array = entry.unchecked_into();
        put(&mut fields, &entry.get(0).as_string()?, read(&entry.get(1), depth)?);
    }
    Some(Value::Map(Rc::new(fields)))
}

/// A copy of a null, a boolean, a number or a text; `None` of anything else.
fn scalar(value: &JsValue) -> Option<Value> {
    if let Some(text) = value.as_string() {
        return Some(Value::String(text.into()));
    }
    if let Some(number) = value.as_f64() {
        return Some(Value::Number(number));
    }
    if value.is_undefined() || value.is_null() {
        return Some(Value::Null);
    }
    value.as_bool().map(Value::Bool)
}

/// A value as text within other text: a string as it is, anything else as JSON.
pub(super) fn text_of(value: &Value) -> String {
    let value = value_to_js(value);
    let text = value.as_string().or_else(|| JSON::stringify(&value).ok()?.as_string());
    text.unwrap_or_else(|| "null".to_owned())
}

/// A value that stays on the JavaScript side.
struct JsRef(JsValue);

/// Without the value: to show it would take a good part of the glue.
impl fmt::Debug for JsRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JsRef")
    }
}

/// Lends a JavaScript value to the core, by reference.
pub(super) fn value_from_js(value: JsValue) -> Value {
    Value::Host(Rc::new(JsRef(value)))
}

/// A value of the core in JavaScript: what came from there goes back as the very object it was.
pub(super) fn value_to_js(value: &Value) -> JsValue {
    match value {
        Value::Null => JsValue::NULL,
        Value::Bool(value) => JsValue::from_bool(*value),
        Value::Number(number) => JsValue::from_f64(*number),
        Value::Int(number) => JsValue::from_f64(*number as f64),
        Value::String(text) => JsValue::from_str(text),
        Value::List(elements) => elements.iter().map(value_to_js).collect::<Array>().into(),
        Value::Map(fields) => {
            let object = Fields::default();
            for (name, field) in fields.iter() {
                object.value(name, &value_to_js(field));
            }
            object.object()
        }
        Value::Host(host) => match host.as_any().downcast_ref::<JsRef>() {
            Some(JsRef(value)) => value.clone(),
            None => value_to_js(&host.to_data()),
        },
    }
}

/// Whether a value is a list. `Array.isArray` throws on a revoked proxy, which nobody catches; this does not.
fn is_list(value: &JsValue) -> bool {
    value.is_object() && Reflect::get_prototype_of(value.unchecked_ref()).is_ok() && Array::is_array(value)
}

thread_local! {
    /// Made once: to make a text of another one costs more than to look the length up.
    static LENGTH: JsValue = "length".into();
}

impl JsRef {
    /// Of a list. A proxy may throw when it is asked.
    fn length(&self) -> Option<f64> {
        LENGTH.with(|key| Reflect::get(&self.0, key)).ok()?.as_f64()
    }
}

/// The value as an object that `Reflect` takes. Not `dyn_ref`, which asks `instanceof`: an object without a prototype, or
/// of another realm, is one as well.
fn as_object(value: &JsValue) -> Option<&Object> {
    (value.is_object() || value.is_function()).then(|| value.unchecked_ref())
}

impl HostValue for JsRef {
    fn kind(&self) -> ValueKind {
        let value = &self.0;
        if value.is_undefined() || value.is_null() {
            ValueKind::Null
        } else if value.is_string() {
            ValueKind::String
        } else if value.is_object() {
            if is_list(value) { ValueKind::List } else { ValueKind::Map }
        } else if value.as_f64().is_some() {
            ValueKind::Number
        } else if value.as_bool().is_some() {
            ValueKind::Bool
        } else {
            ValueKind::Other
        }
    }

    fn scalar(&self) -> Option<Value> {
        scalar(&self.0)
    }

    fn size(&self) -> usize {
        if !is_list(&self.0) {
            return self.keys().len();
        }
        self.length().unwrap_or_default() as usize
    }

    /// The fields that `Object.keys` names. A proxy may throw when it is asked, and then has none.
    fn keys(&self) -> Vec<Rc<str>> {
        let Some(object) = as_object(&self.0) else { return Vec::new() };
        let is_listed = |key: &JsValue| {
            let descriptor = Reflect::get_own_property_descriptor(object, key);
            descriptor.and_then(|it| Reflect::get(&it, &"enumerable".into())).is_ok_and(|it| it.is_truthy())
        };
        let keys = Reflect::own_keys(object).unwrap_or_default();
        let mut listed = Vec::new();
        for key in keys.iter() {
            if is_listed(&key) {
                listed.extend(key.as_string().map(Rc::from));
            }
        }
        listed
    }

    /// Own properties only: `constructor` and its kin are not data. What throws when it is read is not there.
    fn field(&self, key: &str) -> Option<Value> {
        let object = as_object(&self.0)?;
        let key = JsValue::from_str(key);
        let descriptor = Reflect::get_own_property_descriptor(object, &key).ok()?;
        (!descriptor.is_undefined()).then(|| Reflect::get(object, &key).ok().map(value_from_js)).flatten()
    }

    fn element(&self, index: usize) -> Option<Value> {
        if !is_list(&self.0) {
            return None;
        }
        let length = self.length()?;
        let index = u32::try_from(index).ok().filter(|index| f64::from(*index) < length)?;
        Reflect::get_u32(&self.0, index).ok().map(value_from_js)
    }

    fn to_data(&self) -> Value {
        // JSON would give it back as it is, but for the sign of zero.
        if let Some(number) = self.0.as_f64().filter(|number| number.is_finite()) {
            return Value::Number(number + 0.0);
        }
        plain(&self.0).and_then(|plain| read(&plain, MAX_DEPTH)).unwrap_or_default()
    }

    fn describe(&self) -> &'static str {
        match self.kind() {
            ValueKind::Null if self.0.is_undefined() => "undefined",
            ValueKind::Map => "an object",
            ValueKind::Other if self.0.is_function() => "a function",
            ValueKind::Other if self.0.is_symbol() => "a symbol",
            ValueKind::Other => "a BigInt",
            kind => kind.describe(),
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
