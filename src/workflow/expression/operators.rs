//! Arithmetic and comparison.

use std::cmp::Ordering;
use std::rc::Rc;

use super::evaluate::Evaluation;
use super::message::fill;
use super::tree::{NodeKind, Operator};
use crate::value::{Value, ValueKind};

const OVERFLOW: &str = "the result does not fit a whole number of 64 bits; `double(…)` goes further";

/// How deep two values may nest that are compared: those of a host may go in circles.
const MAX_NESTING: usize = 128;

impl Evaluation<'_> {
    /// What needs the values of all that it is about; there are one or two.
    pub(super) fn apply(&mut self, at: usize, kind: NodeKind, first: &Value, second: &Value) -> Value {
        match kind {
            NodeKind::Call(function) => self.call(at, function, first, second),
            NodeKind::Binary(operator) => self.operate(at, operator, first, second),
            NodeKind::Negate => match first {
                Value::Number(number) => Value::Number(-number),
                Value::Int(i64::MIN) => self.fail(at, OVERFLOW, &[]),
                Value::Int(number) => Value::Int(-number),
                _ => self.refuse(at, "-", "a number", first),
            },
            _ => self.element(at, first, second),
        }
    }

    fn operate(&mut self, at: usize, operator: Operator, left: &Value, right: &Value) -> Value {
        let takes = match operator {
            Operator::Equal | Operator::NotEqual => {
                let equal = self.equal(at, left.clone(), right.clone(), 0);
                return Value::Bool(equal == (operator == Operator::Equal));
            }
            Operator::In => return self.contains(at, left, right),
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
                match order(left, right) {
                    Order::Some(order) => {
                        return Value::Bool(match operator {
                            Operator::Less => order.is_lt(),
                            Operator::LessOrEqual => order.is_le(),
                            Operator::Greater => order.is_gt(),
                            _ => order.is_ge(),
                        });
                    }
                    // Of NaN.
                    Order::None => return Value::Bool(false),
                    Order::Unlike => "two numbers, two strings or two booleans",
                }
            }
            Operator::Add => match (left, right) {
                (Value::String(left), Value::String(right)) => {
                    self.build(at, left.len() + right.len());
                    return Value::String(fill("@@", &[left, right]).into());
                }
                _ if left.kind() == ValueKind::List && right.kind() == ValueKind::List => {
                    return self.join(at, left, right);
                }
                _ => "two numbers, two strings or two lists",
            },
            Operator::Remainder => "two whole numbers",
            _ => "two numbers",
        };
        if operator >= Operator::Add
            && let Some(result) = self.calculate(at, operator, left, right)
        {
            return result;
        }
        let convert = match (left.kind(), right.kind()) {
            (ValueKind::String, ValueKind::Number) | (ValueKind::Number, ValueKind::String) => {
                "; convert one with `string(…)` or `double(…)`"
            }
            (ValueKind::Number, ValueKind::Number) => "; `int(…)` drops a fraction",
            _ => "",
        };
        let words = [operator.sign(), takes, left.describe(), right.describe(), convert];
        self.fail(at, "`@` takes @, not @ and @@", &words)
    }

    /// Arithmetic; `None` for what is no number, and for a fraction where whole numbers are needed.
    fn calculate(&mut self, at: usize, operator: Operator, left: &Value, right: &Value) -> Option<Value> {
        /// Half the distance between a whole number that does not fit and what its lowest 64 bits are worth.
        const FAR: f64 = 9_223_372_036_854_775_808.0;
        let whole = match (left, right) {
            (Value::Int(left), Value::Int(right)) => Some((*left, *right)),
            _ if operator == Operator::Remainder => Some((integer(left)?, integer(right)?)),
            _ => None,
        };
        let (a, b) = (double(left)?, double(right)?);
        let near = match operator {
            Operator::Add => a + b,
            Operator::Subtract => a - b,
            Operator::Multiply => a * b,
            _ => a / b,
        };
        let Some((left, right)) = whole else { return Some(Value::Number(near)) };
        let lowest = match operator {
            Operator::Add => left.wrapping_add(right),
            Operator::Subtract => left.wrapping_sub(right),
            Operator::Multiply => left.wrapping_mul(right),
            _ if right == 0 => {
                let message = "a whole number cannot be divided by 0; check for it with `x == 0 ? … : …`";
                return Some(self.fail(at, message, &[]));
            }
            _ => left.wrapping_div(right),
        };
        Some(if (lowest as f64 - near).abs() > FAR {
            self.fail(at, OVERFLOW, &[])
        } else if operator == Operator::Remainder {
            Value::Int(left - lowest * right)
        } else {
            Value::Int(lowest)
        })
    }

    fn join(&mut self, at: usize, left: &Value, right: &Value) -> Value {
        let mut elements = Vec::new();
        for list in [left, right] {
            let size = list.size();
            self.build(at, size);
            self.spend(at, size);
            if self.failure.is_some() {
                break;
            }
            for index in 0..size {
                elements.push(list.element(index).unwrap_or(Value::Null));
            }
        }
        Value::List(Rc::new(elements))
    }

    /// `in`: among the elements of a list, or the keys of a map.
    fn contains(&mut self, at: usize, sought: &Value, within: &Value) -> Value {
        let found = match within.kind() {
            ValueKind::List => {
                let mut index = 0;
                let size = within.size();
                while index < size && self.failure.is_none() {
                    let element = within.element(index).unwrap_or(Value::Null);
                    if self.equal(at, sought.clone(), element, 0) {
                        break;
                    }
                    index += 1;
                }
                index < size
            }
            ValueKind::Map => match (sought, sought.kind()) {
                (Value::String(key), _) => within.field(key).is_some(),
                // Could be keys, though not of this map.
                (_, ValueKind::Bool | ValueKind::Number) => false,
                _ => return self.fail(at, "a key of a map is a string, not @", &[sought.describe()]),
            },
            _ => return self.fail(at, "`in` looks into a list or a map, not @", &[within.describe()]),
        };
        Value::Bool(found)
    }

    /// Whether two values are the same data. Those of different kinds are not; a number is one whatever its kind.
    fn equal(&mut self, at: usize, left: Value, right: Value, depth: usize) -> bool {
        self.spend(at, 1);
        if depth > MAX_NESTING {
            self.fail(at, "the values are nested deeper than 128 levels; compare parts of them", &[]);
        }
        let (left, right) = (self.read(at, left), self.read(at, right));
        let (kind, other) = (left.kind(), right.kind());
        for (value, kind) in [(&left, kind), (&right, other)] {
            if kind == ValueKind::Other {
                self.fail(at, "@ is not data that can be compared", &[value.describe()]);
            }
        }
        if self.failure.is_some() || kind != other {
            return false;
        }
        match (&left, &right) {
            (Value::Bool(left), Value::Bool(right)) => return left == right,
            (Value::String(left), Value::String(right)) => {
                self.spend(at, left.len() / 64);
                return left == right;
            }
            (Value::Int(left), Value::Int(right)) => return left == right,
            _ if kind == ValueKind::Number => return double(&left) == double(&right),
            _ => {}
        }
        let (keys, size) = match kind {
            ValueKind::Map => {
                let keys = left.keys();
                self.spend(at, keys.len());
                let size = keys.len();
                (keys, size)
            }
            _ => (Vec::new(), left.size()),
        };
        if size != right.size() {
            return false;
        }
        for index in 0..size {
            let (left, right) = match keys.get(index) {
                Some(key) => (left.field(key), right.field(key)),
                None => (left.element(index), right.element(index)),
            };
            let (Some(left), Some(right)) = (left, right) else { return false };
            if !self.equal(at, left, right, depth + 1) {
                return false;
            }
        }
        true
    }
}

/// How two values are ordered: not at all when one is NaN, nor when they are not alike.
enum Order {
    Some(Ordering),
    None,
    Unlike,
}

fn order(left: &Value, right: &Value) -> Order {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Order::Some(left.cmp(right)),
        (Value::Bool(left), Value::Bool(right)) => Order::Some(left.cmp(right)),
        (Value::Int(left), Value::Int(right)) => Order::Some(left.cmp(right)),
        _ => match (double(left), double(right)) {
            (Some(left), Some(right)) => left.partial_cmp(&right).map_or(Order::None, Order::Some),
            _ => Order::Unlike,
        },
    }
}

/// A number of either kind as a double.
fn double(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Int(number) => Some(*number as f64),
        _ => None,
    }
}

/// A whole number of either kind.
pub(super) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Number(number) => whole(*number),
        _ => None,
    }
}

/// A double that is a whole number, of 64 bits.
pub(super) fn whole(number: f64) -> Option<i64> {
    /// From here on a double does not fit.
    const END: f64 = 9_223_372_036_854_775_808.0;
    (number.fract() == 0.0 && (-END..END).contains(&number)).then_some(number as i64)
}
