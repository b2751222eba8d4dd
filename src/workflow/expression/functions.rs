//! Paths and functions, each with what it takes.

use super::evaluate::Evaluation;
use super::operators::{integer, whole};
use super::tree::Function;
use crate::number;
use crate::small::rest;
use crate::value::{Value, ValueKind};

/// Numbers that JSON cannot hold, or not with their sign.
const UNLIKE_JSON: [(&str, f64); 4] =
    [("NaN", f64::NAN), ("Infinity", f64::INFINITY), ("-Infinity", f64::NEG_INFINITY), ("-0", -0.0)];

impl Evaluation<'_> {
    /// A function, whose number of arguments has been checked.
    pub(super) fn call(&mut self, at: usize, function: Function, first: &Value, second: &Value) -> Value {
        let takes = match function {
            Function::Has if first.kind() == ValueKind::Map => {
                let Value::String(key) = second else { return Value::Null };
                return Value::Bool(first.field(key).is_some());
            }
            Function::Has => "a field of a map",
            Function::Contains | Function::StartsWith | Function::EndsWith => {
                if let (Value::String(text), Value::String(part)) = (first, second) {
                    self.spend(at, text.len() / 64 * (1 + part.len() / 16));
                    let (text, part) = (text.as_bytes(), part.as_bytes());
                    return Value::Bool(match function {
                        // Byte by byte: the standard library's search is some 2 KB of wasm. In UTF-8 it finds the same.
                        Function::Contains => part.is_empty() || text.windows(part.len()).any(|window| window == part),
                        Function::StartsWith => text.starts_with(part),
                        _ => text.ends_with(part),
                    });
                }
                let words = [function.name(), first.describe(), second.describe()];
                return self.fail(at, "`@` takes two strings, not @ and @", &words);
            }
            Function::Size => match (first, first.kind()) {
                (Value::String(text), _) => return Value::Int(text.chars().count() as i64),
                (_, ValueKind::List | ValueKind::Map) => return Value::Int(first.size() as i64),
                _ => "a string, a list or a map",
            },
            Function::String => match self.string(first) {
                Some(text) => {
                    self.build(at, text.len());
                    return Value::String(text.into());
                }
                None => "a number, a boolean or a string",
            },
            _ => match (function, first) {
                (Function::Int, Value::Int(_)) | (Function::Double, Value::Number(_)) => return first.clone(),
                (Function::Double, Value::Int(number)) => return Value::Number(*number as f64),
                (_, Value::Number(number)) => match whole(number.trunc()) {
                    Some(number) => return Value::Int(number),
                    None => return self.unfit(at, function, "a number that fits 64 bits"),
                },
                (Function::Int, Value::String(text)) => match read_int(text) {
                    Some(number) => return Value::Int(number),
                    None => return self.unfit(at, function, "a string of digits (`int(double(…))` drops a fraction)"),
                },
                (_, Value::String(text)) => match read_double(text) {
                    Some(number) => return Value::Number(number),
                    None => return self.unfit(at, function, "a string such as `1.5`"),
                },
                _ => "a number or a string",
            },
        };
        self.refuse(at, function.name(), takes, first)
    }

    /// `string(…)`; numbers are written as JSON writes them.
    fn string(&self, value: &Value) -> Option<String> {
        let text = match value {
            Value::String(text) => text,
            Value::Bool(true) => "true",
            Value::Bool(false) => "false",
            Value::Number(number) => {
                let is = |other: f64| other.to_bits() == number.to_bits() || other.is_nan() && number.is_nan();
                match UNLIKE_JSON.iter().find(|(_, other)| is(*other)) {
                    Some((name, _)) => name,
                    None => return Some(self.scope.text_of(value)),
                }
            }
            Value::Int(number) => return Some(number.to_string()),
            _ => return None,
        };
        Some(text.to_owned())
    }

    /// An element of a list or a field of a map, which must be there.
    pub(super) fn element(&mut self, at: usize, of: &Value, index: &Value) -> Value {
        let (found, what) = match (index, integer(index)) {
            (Value::String(key), _) => (of.field(key), "field"),
            (_, Some(index)) => (usize::try_from(index).ok().and_then(|index| of.element(index)), "element"),
            _ => {
                let message = "an index is a whole number, or a string for a field of a map, not @";
                return self.fail(at, message, &[index.describe()]);
            }
        };
        if let Some(found) = found {
            return found;
        }
        let name = self.string(index).unwrap_or_default();
        let message = "there is @ that has no @ `@`; check the path, or what the step returns";
        self.fail(at, message, &[of.describe(), what, &name])
    }

    /// Fails because a value of the right kind is none that can be converted.
    fn unfit(&mut self, at: usize, function: Function, takes: &str) -> Value {
        self.fail(at, "`@` takes @, not this one", &[function.name(), takes])
    }
}

/// A whole number in text, with a sign or without.
fn read_int(text: &str) -> Option<i64> {
    let sign = text.bytes().next().filter(|first| matches!(first, b'-' | b'+'));
    let size = number::whole(if sign.is_some() { rest(text, 1) } else { text }, 10)?;
    if sign == Some(b'-') { Some((size as i64).wrapping_neg()) } else { i64::try_from(size).ok() }
}

/// A number in text.
fn read_double(text: &str) -> Option<f64> {
    match UNLIKE_JSON.iter().find(|(name, _)| *name == text) {
        Some((_, number)) => Some(*number),
        None => number::parse(text).filter(|number| number.is_finite()),
    }
}
