//! The functions, each with what it takes.

use super::evaluate::{Evaluation, Found, fail, refuse};
use super::tree::{Function, NodeIx};
use crate::number;
use crate::value::{Value, ValueKind};

impl Evaluation<'_> {
    /// A function, whose number of arguments has been checked.
    pub(super) fn call(&mut self, at: usize, function: Function, arguments: &[NodeIx]) -> Found {
        let first = self.scalar(arguments[0])?;
        if function.arity() == 2 {
            let second = self.scalar(arguments[1])?;
            let (Value::String(text), Value::String(part)) = (&first, &second) else {
                let found = format!("{} and {}", first.describe(), second.describe());
                return fail(at, format!("`{}` takes two strings, not {found}", function.name()));
            };
            self.spend(at, text.len() / 64 * (1 + part.len() / 16))?;
            let (text, part) = (text.as_bytes(), part.as_bytes());
            return Ok(Value::Bool(match function {
                // Byte by byte: the standard library's search is some 2 KB of wasm. In UTF-8 it finds the same.
                Function::Contains => part.is_empty() || text.windows(part.len()).any(|window| window == part),
                Function::StartsWith => text.starts_with(part),
                _ => text.ends_with(part),
            }));
        }
        match function {
            Function::Size => size(at, &first),
            Function::String => self.string(at, first),
            Function::Int => int(at, &first),
            _ => double(at, &first),
        }
    }

    /// `string(…)`; numbers are written as JSON writes them.
    fn string(&mut self, at: usize, value: Value) -> Found {
        let text = match &value {
            Value::String(_) => return Ok(value),
            Value::Bool(value) => if *value { "true" } else { "false" }.to_owned(),
            Value::Int(number) => number.to_string(),
            Value::Number(number) if number.is_nan() => "NaN".to_owned(),
            Value::Number(number) if number.is_infinite() => {
                if *number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
            }
            // JSON has no sign for it, and CEL does.
            Value::Number(number) if *number == 0.0 && number.is_sign_negative() => "-0".to_owned(),
            Value::Number(_) => self.text_of(&value),
            _ => return refuse(at, "`string` takes a number, a boolean or a string", &value),
        };
        self.build(at, text.len())?;
        Ok(Value::String(text.into()))
    }
}

/// `size(…)`: characters of a text, elements of a list, fields of a map.
fn size(at: usize, value: &Value) -> Found {
    let size = match (value, value.kind()) {
        (Value::String(text), _) => text.chars().count(),
        (_, ValueKind::List | ValueKind::Map) => value.size(),
        _ => return refuse(at, "`size` takes a string, a list or a map", value),
    };
    Ok(Value::Int(size as i64))
}

/// `int(…)`; what a double has after the point is dropped.
fn int(at: usize, value: &Value) -> Found {
    /// From here on a double does not fit.
    const END: f64 = 9_223_372_036_854_775_808.0;
    match value {
        Value::Int(number) => Ok(Value::Int(*number)),
        Value::Number(number) if (-END..END).contains(number) => Ok(Value::Int(*number as i64)),
        Value::Number(_) => fail(at, "the number does not fit a whole number of 64 bits"),
        Value::String(text) => match read_int(text) {
            Some(number) => Ok(Value::Int(number)),
            None => fail(at, "the string is not a whole number; `int(double(…))` drops a fraction"),
        },
        _ => refuse(at, "`int` takes a number or a string", value),
    }
}

/// A whole number in text, with a sign or without.
fn read_int(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let size = digits.parse::<u64>().ok().filter(|_| !digits.starts_with('+'))?;
    match text.starts_with('-') {
        true => (size <= 1 << 63).then_some((size as i64).wrapping_neg()),
        false => i64::try_from(size).ok(),
    }
}

/// `double(…)`.
fn double(at: usize, value: &Value) -> Found {
    match value {
        Value::Int(number) => Ok(Value::Number(*number as f64)),
        Value::Number(number) => Ok(Value::Number(*number)),
        Value::String(text) => {
            let number = match &**text {
                "NaN" => Some(f64::NAN),
                "Infinity" => Some(f64::INFINITY),
                "-Infinity" => Some(f64::NEG_INFINITY),
                digits => number::parse(digits).filter(|number| number.is_finite()),
            };
            number.map_or_else(|| fail(at, "the string is not a number such as `1.5`"), |it| Ok(Value::Number(it)))
        }
        _ => refuse(at, "`double` takes a number or a string", value),
    }
}
