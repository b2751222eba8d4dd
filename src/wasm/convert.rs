//! Errors, JSON and values across the border.

use std::any::Any;
use std::rc::Rc;

use js_sys::{Array, JSON, JsString, Object, Reflect};
use serde::Serialize;
use serde_json::Value as Json;
use wasm_bindgen::prelude::*;

use crate::error::{Code, Error, Kind, Problem, Severity};
use crate::value::{HostValue, Value};

/// An error as the facade expects it: the fields of `RepflowError`.
#[derive(Serialize)]
struct ErrorFields<'a> {
    code: &'static str,
    kind: Kind,
    severity: Severity,
    retryable: bool,
    message: &'a str,
    problems: &'a [Problem],
}

/// The fields of an error, as a plain object that the facade makes a `RepflowError` of.
pub(super) fn error_to_js(error: &Error) -> JsValue {
    serialize(&ErrorFields {
        code: error.code().as_str(),
        kind: error.kind(),
        severity: error.code().severity(),
        retryable: error.is_retryable(),
        message: error.message(),
        problems: error.problems(),
    })
}

/// The table of errors, for errors that the facade raises itself: `{ code: { kind, severity, retryable } }`.
#[wasm_bindgen(js_name = errorCodes)]
pub fn error_codes() -> JsValue {
    let entries: Array = Code::ALL
        .iter()
        .map(|code| {
            let fields = error_to_js(&Error::new(*code, ""));
            Array::of2(&code.as_str().into(), &fields)
        })
        .collect();
    Object::from_entries(&entries).map_or(JsValue::NULL, Into::into)
}

/// Reads a duration such as `"10s"`: milliseconds, or `undefined` for what is not a duration.
#[wasm_bindgen(js_name = parseDuration)]
pub fn parse_duration(text: &str) -> Option<f64> {
    crate::time::parse_duration(text).map(|duration| duration.as_secs_f64() * 1_000.0)
}

/// Data of ours as a JavaScript value, by way of JSON text: for a workout of 10 KB that is several times faster than
/// setting fields one by one.
pub(super) fn serialize(data: &impl Serialize) -> JsValue {
    serde_json::to_string(data).ok().and_then(|text| JSON::parse(&text).ok()).unwrap_or(JsValue::NULL)
}

/// A JavaScript value as JSON; what JSON cannot hold is an error about `what`.
pub(super) fn json_from_js(value: &JsValue, code: Code, what: &str) -> Result<Json, Error> {
    if value.is_undefined() {
        return Ok(Json::Null);
    }
    let refuse = |why: &str| {
        let message = format!("it must be plain data that JSON can hold: {why}");
        Error::invalid(code, what, vec![Problem::new("", message)])
    };
    let text = JSON::stringify(value).map_err(|_| refuse("it has a circle, a BigInt or a getter that throws"))?;
    let text = text.as_string().ok_or_else(|| refuse("functions and symbols are not data"))?;
    serde_json::from_str(&text).map_err(|error| refuse(&error.to_string()))
}

/// A value that stays on the JavaScript side.
#[derive(Debug)]
struct JsRef(JsValue);

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
        Value::String(text) => JsValue::from_str(text),
        Value::List(elements) => elements.iter().map(value_to_js).collect::<Array>().into(),
        Value::Map(fields) => {
            // Entries become own properties, whatever their name; assigning `__proto__` would not.
            let entries: Array =
                fields.iter().map(|(key, value)| Array::of2(&(&**key).into(), &value_to_js(value))).collect();
            Object::from_entries(&entries).map_or(JsValue::NULL, Into::into)
        }
        Value::Host(host) => match host.as_any().downcast_ref::<JsRef>() {
            Some(JsRef(value)) => value.clone(),
            None => serialize(&host.to_json()),
        },
    }
}

impl HostValue for JsRef {
    /// Own properties only: `constructor` and its kin are not data. What throws when it is read is not there.
    fn field(&self, key: &str) -> Option<Value> {
        let object = self.0.dyn_ref::<Object>()?;
        let key = JsValue::from_str(key);
        let descriptor = Reflect::get_own_property_descriptor(object, &key).ok()?;
        (!descriptor.is_undefined()).then(|| Reflect::get(object, &key).ok().map(value_from_js)).flatten()
    }

    fn element(&self, index: usize) -> Option<Value> {
        if !Array::is_array(&self.0) {
            return None;
        }
        let length = Reflect::get(&self.0, &"length".into()).ok()?.as_f64()?;
        let index = u32::try_from(index).ok().filter(|index| f64::from(*index) < length)?;
        Reflect::get_u32(&self.0, index).ok().map(value_from_js)
    }

    fn as_text(&self) -> Option<String> {
        self.0.as_string()
    }

    fn to_json(&self) -> Json {
        let text = JSON::stringify(&self.0).ok().and_then(|text: JsString| text.as_string());
        text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(Json::Null)
    }

    fn describe(&self) -> &'static str {
        let value = &self.0;
        if value.is_undefined() {
            "undefined"
        } else if value.is_null() {
            "null"
        } else if value.is_string() {
            "a string"
        } else if value.as_f64().is_some() {
            "a number"
        } else if value.as_bool().is_some() {
            "a boolean"
        } else if Array::is_array(value) {
            "a list"
        } else if value.is_function() {
            "a function"
        } else {
            "an object"
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
