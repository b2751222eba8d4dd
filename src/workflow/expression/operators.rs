//! Arithmetic and comparison.

use std::cmp::Ordering;
use std::rc::Rc;

use super::evaluate::{Evaluation, Found, fail, refuse, whole};
use super::tree::Operator;
use crate::value::{Value, ValueKind};

pub(super) const OVERFLOW: &str = "the result does not fit a whole number of 64 bits; `double(…)` goes further";

/// How deep two values may nest that are compared: those of a host may go in circles.
const MAX_NESTING: usize = 128;

impl Evaluation<'_> {
    /// An operator that needs both of its values.
    pub(super) fn operate(&mut self, at: usize, operator: Operator, left: Value, right: Value) -> Found {
        Ok(Value::Bool(match operator {
            Operator::Equal => self.equal(at, left, right, 0)?,
            Operator::NotEqual => !self.equal(at, left, right, 0)?,
            Operator::In => self.contains(at, &left, &right)?,
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
                let order = order(at, operator, &left, &right)?;
                match operator {
                    Operator::Less => order == Some(Ordering::Less),
                    Operator::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
                    Operator::Greater => order == Some(Ordering::Greater),
                    _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
                }
            }
            _ => return self.calculate(at, operator, left, right),
        }))
    }

    fn calculate(&mut self, at: usize, operator: Operator, left: Value, right: Value) -> Found {
        if operator == Operator::Add {
            match (&left, &right) {
                (Value::String(left), Value::String(right)) => {
                    self.build(at, left.len() + right.len())?;
                    let mut both = String::with_capacity(left.len() + right.len());
                    both.push_str(left);
                    both.push_str(right);
                    return Ok(Value::String(both.into()));
                }
                _ if left.kind() == ValueKind::List && right.kind() == ValueKind::List => {
                    return self.join(at, &left, &right);
                }
                _ => {}
            }
        }
        if operator == Operator::Remainder
            && let (Some(left), Some(right)) = (whole(&left), whole(&right))
        {
            return integers(at, operator, left, right);
        }
        match (&left, &right) {
            (Value::Int(left), Value::Int(right)) => integers(at, operator, *left, *right),
            _ => match (double(&left), double(&right), operator) {
                (Some(left), Some(right), Operator::Add) => Ok(Value::Number(left + right)),
                (Some(left), Some(right), Operator::Subtract) => Ok(Value::Number(left - right)),
                (Some(left), Some(right), Operator::Multiply) => Ok(Value::Number(left * right)),
                (Some(left), Some(right), Operator::Divide) => Ok(Value::Number(left / right)),
                _ => mismatch(at, operator, &left, &right),
            },
        }
    }

    fn join(&mut self, at: usize, left: &Value, right: &Value) -> Found {
        let mut elements = Vec::new();
        for list in [left, right] {
            self.build(at, list.size())?;
            self.spend(at, list.size())?;
            elements.extend((0..list.size()).map(|index| list.element(index).unwrap_or(Value::Null)));
        }
        Ok(Value::List(Rc::new(elements)))
    }

    /// `in`: among the elements of a list, or the keys of a map.
    fn contains(&mut self, at: usize, sought: &Value, within: &Value) -> Found<bool> {
        match within.kind() {
            ValueKind::List => {
                for index in 0..within.size() {
                    let element = within.element(index).unwrap_or(Value::Null);
                    if self.equal(at, sought.clone(), element, 0)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            ValueKind::Map => match (sought, sought.kind()) {
                (Value::String(key), _) => Ok(within.field(key).is_some()),
                // Could be keys, though not of this map.
                (_, ValueKind::Bool | ValueKind::Number) => Ok(false),
                _ => refuse(at, "a key of a map is a string", sought),
            },
            _ => refuse(at, "`in` looks into a list or a map", within),
        }
    }

    /// Whether two values are the same data. Those of different kinds are not; a number is one whatever its kind.
    fn equal(&mut self, at: usize, left: Value, right: Value, depth: usize) -> Found<bool> {
        self.spend(at, 1)?;
        if depth > MAX_NESTING {
            return fail(at, format!("the values are nested deeper than {MAX_NESTING} levels; compare parts of them"));
        }
        let (left, right) = (self.read(at, left)?, self.read(at, right)?);
        match (left.kind(), right.kind()) {
            (ValueKind::Other, _) => fail(at, format!("{} is not data that can be compared", left.describe())),
            (_, ValueKind::Other) => fail(at, format!("{} is not data that can be compared", right.describe())),
            (a, b) if a != b => Ok(false),
            (ValueKind::List, _) => {
                if left.size() != right.size() {
                    return Ok(false);
                }
                for index in 0..left.size() {
                    let element = |list: &Value| list.element(index).unwrap_or(Value::Null);
                    if !self.equal(at, element(&left), element(&right), depth + 1)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (ValueKind::Map, _) => {
                let keys = left.keys();
                self.spend(at, keys.len())?;
                if keys.len() != right.size() {
                    return Ok(false);
                }
                for key in keys {
                    let (Some(left), Some(right)) = (left.field(&key), right.field(&key)) else { return Ok(false) };
                    if !self.equal(at, left, right, depth + 1)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            _ => Ok(match (&left, &right) {
                (Value::Null, _) => true,
                (Value::Bool(left), Value::Bool(right)) => left == right,
                (Value::String(left), Value::String(right)) => left == right,
                (Value::Int(left), Value::Int(right)) => left == right,
                _ => double(&left) == double(&right),
            }),
        }
    }
}

/// How two values are ordered; not at all when one is NaN.
fn order(at: usize, operator: Operator, left: &Value, right: &Value) -> Found<Option<Ordering>> {
    Ok(match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::Int(left), Value::Int(right)) => Some(left.cmp(right)),
        _ => match (double(left), double(right)) {
            (Some(left), Some(right)) => left.partial_cmp(&right),
            _ => return mismatch(at, operator, left, right),
        },
    })
}

fn integers(at: usize, operator: Operator, left: i64, right: i64) -> Found {
    if right == 0 && matches!(operator, Operator::Divide | Operator::Remainder) {
        return fail(at, "a whole number cannot be divided by 0; check for it with `x == 0 ? … : …`");
    }
    let result = match operator {
        Operator::Add => left.checked_add(right),
        Operator::Subtract => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
        Operator::Divide => left.checked_div(right),
        _ => left.checked_rem(right),
    };
    result.map_or_else(|| fail(at, OVERFLOW), |result| Ok(Value::Int(result)))
}

/// A number of either kind as a double.
fn double(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Int(number) => Some(*number as f64),
        _ => None,
    }
}

fn mismatch<T>(at: usize, operator: Operator, left: &Value, right: &Value) -> Found<T> {
    let takes = match operator {
        Operator::Add => "two numbers, two strings or two lists",
        Operator::Remainder => "two whole numbers",
        Operator::Subtract | Operator::Multiply | Operator::Divide => "two numbers",
        _ => "two numbers, two strings or two booleans",
    };
    let convert = match (left.kind(), right.kind()) {
        (ValueKind::String, ValueKind::Number) | (ValueKind::Number, ValueKind::String) => {
            "; convert one with `string(…)` or `double(…)`"
        }
        (ValueKind::Number, ValueKind::Number) => "; `int(…)` drops a fraction",
        _ => "",
    };
    let (sign, left, right) = (operator.sign(), left.describe(), right.describe());
    fail(at, format!("`{sign}` takes {takes}, not {left} and {right}{convert}"))
}
