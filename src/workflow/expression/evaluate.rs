//! From a tree to a value.
//!
//! Lists and maps are walked where they are; only a null, a boolean, a number or a text is copied from its host, and only
//! when an operator looks at it. What an evaluation may cost is bounded, so that data from outside cannot hold up
//! everything else: each part that is evaluated and each element that is visited is a step.

use std::rc::Rc;

use super::tree::{Macro, Node, NodeKind, Operator, Root};
use super::{MAX_SIZE, MAX_STEPS, Scope};
use crate::value::{Value, ValueKind};

/// Why an expression has no value.
#[derive(Debug)]
pub(super) struct Failure {
    /// The byte of the source that it is about.
    pub(super) at: usize,
    /// Whether a path led nowhere.
    pub(super) nowhere: bool,
    pub(super) message: String,
}

pub(super) type Found<T = Value> = Result<T, Box<Failure>>;

pub(super) fn fail<T>(at: usize, message: impl Into<String>) -> Found<T> {
    Err(Box::new(Failure { at, nowhere: false, message: message.into() }))
}

/// One evaluation of an expression.
pub(super) struct Evaluation<'a> {
    scope: &'a dyn Scope,
    /// The elements that the macros around this place are at, outermost first.
    locals: Vec<Value>,
    /// How many steps are left. Once there are none every further one fails, so that no operator can absorb it.
    steps: u32,
    /// How many bytes of text and elements of lists may still be built.
    room: usize,
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(scope: &'a dyn Scope) -> Self {
        Self { scope, locals: Vec::new(), steps: MAX_STEPS, room: MAX_SIZE }
    }

    /// Takes some of the steps that are left.
    pub(super) fn spend(&mut self, at: usize, steps: usize) -> Found<()> {
        match u32::try_from(steps).ok().and_then(|steps| self.steps.checked_sub(steps)) {
            Some(left) => {
                self.steps = left;
                Ok(())
            }
            None => {
                self.steps = 0;
                fail(at, format!("it takes more than {MAX_STEPS} steps; compute this in a step, from less data"))
            }
        }
    }

    /// Takes some of the room for what is built.
    pub(super) fn build(&mut self, at: usize, size: usize) -> Found<()> {
        self.spend(at, size / 64)?;
        match self.room.checked_sub(size) {
            Some(left) => {
                self.room = left;
                Ok(())
            }
            None => {
                self.steps = 0;
                let message = format!("it builds more than {MAX_SIZE} characters and elements; compute this in a step");
                fail(at, message)
            }
        }
    }

    /// The value as text within other text, as the host writes it.
    pub(super) fn text_of(&self, value: &Value) -> String {
        self.scope.text_of(value)
    }

    /// The value of a node; a scalar of the host is copied.
    pub(super) fn scalar(&mut self, node: &Node) -> Found {
        let value = self.value(node)?;
        let Value::Host(_) = value else { return Ok(value) };
        self.read(node.at, value)
    }

    /// A scalar of the host, copied; long texts cost steps.
    pub(super) fn read(&mut self, at: usize, value: Value) -> Found {
        let value = value.into_scalar();
        if let Value::String(text) = &value {
            self.spend(at, text.len() / 64)?;
        }
        Ok(value)
    }

    /// The value of a node.
    pub(super) fn value(&mut self, node: &Node) -> Found {
        self.spend(node.at, 1)?;
        Ok(match &node.kind {
            NodeKind::Literal(value) => value.clone(),
            NodeKind::Root(root) => self.root(root),
            NodeKind::Local(local) => self.locals[*local].clone(),
            NodeKind::Field(of, key) => {
                let of = self.value(of)?;
                field(node.at, &of, key)?
            }
            NodeKind::Has(of, key) => {
                let of = self.value(of)?;
                if of.kind() != ValueKind::Map {
                    return fail(node.at, format!("`has` looks into a map, and there is {}", of.describe()));
                }
                Value::Bool(of.field(key).is_some())
            }
            NodeKind::Index(parts) => {
                let of = self.value(&parts[0])?;
                let index = self.scalar(&parts[1])?;
                element(node.at, &of, &index)?
            }
            NodeKind::Not(of) => Value::Bool(!self.truth(of, "`!` takes a boolean")?),
            NodeKind::Negate(of) => match self.scalar(of)? {
                Value::Number(number) => Value::Number(-number),
                Value::Int(number) => match number.checked_neg() {
                    Some(number) => Value::Int(number),
                    None => return fail(node.at, super::operators::OVERFLOW),
                },
                other => return fail(node.at, format!("`-` takes a number, not {}", other.describe())),
            },
            NodeKind::Binary(Operator::And, sides) => Value::Bool(self.decide(sides, false)?),
            NodeKind::Binary(Operator::Or, sides) => Value::Bool(self.decide(sides, true)?),
            NodeKind::Binary(operator, sides) => {
                let left = self.scalar(&sides[0])?;
                let right = self.scalar(&sides[1])?;
                self.operate(node.at, *operator, left, right)?
            }
            NodeKind::Conditional(parts) => {
                let yes = self.truth(&parts[0], "what stands before `?` must be a boolean")?;
                self.value(&parts[if yes { 1 } else { 2 }])?
            }
            NodeKind::List(elements) => {
                self.build(node.at, elements.len())?;
                let elements: Found<Vec<Value>> = elements.iter().map(|element| self.value(element)).collect();
                Value::List(Rc::new(elements?))
            }
            NodeKind::Map(entries) => self.map(node.at, entries)?,
            NodeKind::Call(function, arguments) => self.call(node.at, *function, arguments)?,
            NodeKind::Macro(which, parts) => self.expand(node.at, *which, parts)?,
        })
    }

    fn root(&self, root: &Root) -> Value {
        match root {
            Root::Input => self.scope.input(),
            Root::RunId => Value::String(self.scope.run_id()),
            Root::Output(step) => self.scope.output(*step),
            Root::Status(step) => Value::String(self.scope.status(*step)),
            Root::Variable(depth) => self.scope.variable(*depth),
            Root::LoopIndex => Value::Int(i64::from(self.scope.index())),
        }
    }

    /// A node whose value must be a boolean, because of `rule`.
    fn truth(&mut self, node: &Node, rule: &str) -> Found<bool> {
        match self.scalar(node)? {
            Value::Bool(value) => Ok(value),
            other => fail(node.at, format!("{rule}, not {}; compare it with something", other.describe())),
        }
    }

    /// `&&` and `||`: a side that is `decisive` decides, even when the other one has no value.
    fn decide(&mut self, sides: &[Node; 2], decisive: bool) -> Found<bool> {
        let rule = if decisive { "`||` takes booleans" } else { "`&&` takes booleans" };
        let left = self.truth(&sides[0], rule);
        if left.as_ref().is_ok_and(|left| *left == decisive) {
            return Ok(decisive);
        }
        match self.truth(&sides[1], rule) {
            Ok(right) if right == decisive => Ok(decisive),
            right => left.and(right),
        }
    }

    fn map(&mut self, at: usize, entries: &[Node]) -> Found {
        self.build(at, entries.len())?;
        let mut fields: Vec<(Rc<str>, Value)> = Vec::with_capacity(entries.len() / 2);
        for entry in entries.chunks_exact(2) {
            let name = match self.scalar(&entry[0])? {
                Value::String(name) => name,
                other => return fail(entry[0].at, format!("a key of a map is a string, not {}", other.describe())),
            };
            self.spend(at, fields.len() / 16)?;
            if fields.iter().any(|(other, _)| *other == name) {
                return fail(entry[0].at, format!("the key `{name}` occurs twice in the map"));
            }
            let value = self.value(&entry[1])?;
            fields.push((name, value));
        }
        Ok(Value::Map(Rc::new(fields)))
    }

    /// A macro: over the elements of a list, or the keys of a map.
    fn expand(&mut self, at: usize, which: Macro, parts: &[Node]) -> Found {
        const CONDITION: &str = "the condition of the macro must be a boolean";
        let range = self.value(&parts[0])?;
        let range = match range.kind() {
            ValueKind::List => range,
            ValueKind::Map => {
                let keys = range.keys();
                self.build(at, keys.len())?;
                Value::List(Rc::new(keys.into_iter().map(Value::String).collect()))
            }
            _ => return fail(at, format!("a macro goes through a list or a map, not {}", range.describe())),
        };
        let (mut found, mut count, mut problem) = (Vec::new(), 0, None);
        for index in 0..range.size() {
            self.spend(at, 1)?;
            let element = element(at, &range, &Value::Int(index as i64))?;
            self.locals.push(element.clone());
            let keep = match which {
                Macro::Map => Ok(true),
                _ => self.truth(&parts[1], CONDITION),
            };
            let value = match (&keep, which) {
                (Ok(true), Macro::Map | Macro::MapSome) => self.value(&parts[parts.len() - 1]),
                _ => Ok(element),
            };
            self.locals.pop();
            match (which, keep) {
                (Macro::All, Ok(false)) => return Ok(Value::Bool(false)),
                (Macro::Exists, Ok(true)) => return Ok(Value::Bool(true)),
                // As of `&&` and `||`: a later element may decide.
                (Macro::All | Macro::Exists, Err(failure)) => problem = problem.or(Some(failure)),
                (_, Err(failure)) => return Err(failure),
                (Macro::ExistsOne, Ok(true)) => count += 1,
                (Macro::Map | Macro::MapSome | Macro::Filter, Ok(true)) => {
                    self.build(at, 1)?;
                    found.push(value?);
                }
                (_, Ok(_)) => {}
            }
        }
        match (which, problem) {
            (_, Some(failure)) => Err(failure),
            (Macro::All, None) => Ok(Value::Bool(true)),
            (Macro::Exists, None) => Ok(Value::Bool(false)),
            (Macro::ExistsOne, None) => Ok(Value::Bool(count == 1)),
            (Macro::Map | Macro::MapSome | Macro::Filter, None) => Ok(Value::List(Rc::new(found))),
        }
    }
}

fn nowhere<T>(at: usize, of: &Value, wanted: String) -> Found<T> {
    let message = format!("there is {} that has {wanted}", of.describe());
    Err(Box::new(Failure { at, nowhere: true, message }))
}

/// A field, which must be there.
fn field(at: usize, of: &Value, key: &str) -> Found {
    of.field(key).map_or_else(|| nowhere(at, of, format!("no field `{key}`")), Ok)
}

/// An element of a list or a field of a map, which must be there.
fn element(at: usize, of: &Value, index: &Value) -> Found {
    match (index, whole(index)) {
        (Value::String(key), _) => field(at, of, key),
        (_, Some(index)) => {
            let found = usize::try_from(index).ok().and_then(|index| of.element(index));
            found.map_or_else(|| nowhere(at, of, format!("no element {index}")), Ok)
        }
        _ => {
            let message = "an index is a whole number, or a string for a field of a map";
            fail(at, format!("{message}; here it is {}", index.describe()))
        }
    }
}

/// A whole number of either kind.
pub(super) fn whole(value: &Value) -> Option<i64> {
    /// From here on a double does not fit.
    const END: f64 = 9_223_372_036_854_775_808.0;
    match value {
        Value::Int(number) => Some(*number),
        Value::Number(number) => (number.fract() == 0.0 && (-END..END).contains(number)).then_some(*number as i64),
        _ => None,
    }
}
