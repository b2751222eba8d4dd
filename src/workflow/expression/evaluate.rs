//! From a tree to a value.
//!
//! Lists and maps are walked where they are; only a null, a boolean, a number or a text is copied from its host, and only
//! when an operator looks at it. What an evaluation may cost is bounded, so that data from outside cannot hold up
//! everything else: each part that is evaluated and each element that is visited is a step.

use std::rc::Rc;

use super::tree::{Macro, NodeIx, NodeKind, Operator, Root, Tree};
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
    Err(failure(at, false, message.into()))
}

/// Fails because of a `rule` that what was found does not follow.
pub(super) fn refuse<T>(at: usize, rule: &str, found: &Value) -> Found<T> {
    fail(at, format!("{rule}, not {}", found.describe()))
}

/// Kept out of line, as there are many callers.
#[inline(never)]
fn failure(at: usize, nowhere: bool, message: String) -> Box<Failure> {
    Box::new(Failure { at, nowhere, message })
}

/// One evaluation of an expression.
pub(super) struct Evaluation<'a> {
    tree: &'a Tree,
    scope: &'a dyn Scope,
    /// The elements that the macros around this place are at, outermost first.
    locals: Vec<Value>,
    /// How many steps are left. Once there are none every further one fails, so that no operator can absorb it.
    steps: u32,
    /// How many bytes of text and elements of lists may still be built.
    room: usize,
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(tree: &'a Tree, scope: &'a dyn Scope) -> Self {
        Self { tree, scope, locals: Vec::new(), steps: MAX_STEPS, room: MAX_SIZE }
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
    pub(super) fn scalar(&mut self, node: NodeIx) -> Found {
        let value = self.value(node)?;
        let Value::Host(_) = value else { return Ok(value) };
        self.read(self.at(node), value)
    }

    /// A scalar of the host, copied; long texts cost steps.
    pub(super) fn read(&mut self, at: usize, value: Value) -> Found {
        let value = value.into_scalar();
        if let Value::String(text) = &value {
            self.spend(at, text.len() / 64)?;
        }
        Ok(value)
    }

    /// Where a node stands.
    pub(super) fn at(&self, node: NodeIx) -> usize {
        self.tree.node(node).at
    }

    /// The value of a node.
    pub(super) fn value(&mut self, node: NodeIx) -> Found {
        let tree = self.tree;
        let node = tree.node(node);
        let (at, below) = (node.at, tree.below(node));
        self.spend(at, 1)?;
        Ok(match &node.kind {
            NodeKind::Literal(value) => value.clone(),
            NodeKind::Root(root) => self.root(*root),
            NodeKind::Local(local) => self.locals[*local].clone(),
            NodeKind::Field(key) => {
                let of = self.value(below[0])?;
                field(at, &of, key)?
            }
            NodeKind::Has(key) => {
                let of = self.value(below[0])?;
                if of.kind() != ValueKind::Map {
                    return refuse(at, "`has` looks into a map", &of);
                }
                Value::Bool(of.field(key).is_some())
            }
            NodeKind::Index => {
                let of = self.value(below[0])?;
                let index = self.scalar(below[1])?;
                element(at, &of, &index)?
            }
            NodeKind::Not => Value::Bool(!self.truth(below[0], "`!` takes a boolean")?),
            NodeKind::Negate => match self.scalar(below[0])? {
                Value::Number(number) => Value::Number(-number),
                Value::Int(number) => match number.checked_neg() {
                    Some(number) => Value::Int(number),
                    None => return fail(at, super::operators::OVERFLOW),
                },
                other => return refuse(at, "`-` takes a number", &other),
            },
            NodeKind::Binary(Operator::And) => Value::Bool(self.decide(below, false)?),
            NodeKind::Binary(Operator::Or) => Value::Bool(self.decide(below, true)?),
            NodeKind::Binary(operator) => {
                let left = self.scalar(below[0])?;
                let right = self.scalar(below[1])?;
                self.operate(at, *operator, left, right)?
            }
            NodeKind::Conditional => {
                let yes = self.truth(below[0], "what stands before `?` must be a boolean")?;
                self.value(below[if yes { 1 } else { 2 }])?
            }
            NodeKind::List => {
                self.build(at, below.len())?;
                let mut elements = Vec::new();
                for element in below {
                    elements.push(self.value(*element)?);
                }
                Value::List(Rc::new(elements))
            }
            NodeKind::Map => self.map(at, below)?,
            NodeKind::Call(function) => self.call(at, *function, below)?,
            NodeKind::Macro(which) => self.expand(at, *which, below)?,
        })
    }

    fn root(&self, root: Root) -> Value {
        match root {
            Root::Input => self.scope.input(),
            Root::RunId => Value::String(self.scope.run_id()),
            Root::Output(step) => self.scope.output(step),
            Root::Status(step) => Value::String(self.scope.status(step)),
            Root::Variable(depth) => self.scope.variable(depth),
            Root::LoopIndex => Value::Int(i64::from(self.scope.index())),
        }
    }

    /// A node whose value must be a boolean, because of `rule`.
    fn truth(&mut self, node: NodeIx, rule: &str) -> Found<bool> {
        match self.scalar(node)? {
            Value::Bool(value) => Ok(value),
            other => {
                let message = format!("{rule}, not {}; compare it with something", other.describe());
                fail(self.at(node), message)
            }
        }
    }

    /// `&&` and `||`: a side that is `decisive` decides, even when the other one has no value.
    fn decide(&mut self, sides: &[NodeIx], decisive: bool) -> Found<bool> {
        let rule = if decisive { "`||` takes booleans" } else { "`&&` takes booleans" };
        let left = self.truth(sides[0], rule);
        if left.as_ref().is_ok_and(|left| *left == decisive) {
            return Ok(decisive);
        }
        match self.truth(sides[1], rule) {
            Ok(right) if right == decisive => Ok(decisive),
            right => left.and(right),
        }
    }

    fn map(&mut self, at: usize, entries: &[NodeIx]) -> Found {
        self.build(at, entries.len())?;
        let mut fields: Vec<(Rc<str>, Value)> = Vec::with_capacity(entries.len() / 2);
        for entry in entries.chunks_exact(2) {
            let name = match self.scalar(entry[0])? {
                Value::String(name) => name,
                other => return refuse(self.at(entry[0]), "a key of a map is a string", &other),
            };
            self.spend(at, fields.len() / 16)?;
            if fields.iter().any(|(other, _)| *other == name) {
                return fail(self.at(entry[0]), format!("the key `{name}` occurs twice in the map"));
            }
            let value = self.value(entry[1])?;
            fields.push((name, value));
        }
        Ok(Value::Map(Rc::new(fields)))
    }

    /// A macro: over the elements of a list, or the keys of a map.
    fn expand(&mut self, at: usize, which: Macro, parts: &[NodeIx]) -> Found {
        const CONDITION: &str = "the condition of the macro must be a boolean";
        let range = self.value(parts[0])?;
        let range = match range.kind() {
            ValueKind::List => range,
            ValueKind::Map => {
                let keys = range.keys();
                self.build(at, keys.len())?;
                Value::List(Rc::new(keys.into_iter().map(Value::String).collect()))
            }
            _ => return refuse(at, "a macro goes through a list or a map", &range),
        };
        let (mut found, mut count, mut problem) = (Vec::new(), 0, None);
        for index in 0..range.size() {
            self.spend(at, 1)?;
            let element = element(at, &range, &Value::Int(index as i64))?;
            self.locals.push(element.clone());
            let keep = match which {
                Macro::Map => Ok(true),
                _ => self.truth(parts[1], CONDITION),
            };
            let value = match (&keep, which) {
                (Ok(true), Macro::Map | Macro::MapSome) => self.value(parts[parts.len() - 1]),
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
    Err(failure(at, true, message))
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
        _ => refuse(at, "an index is a whole number, or a string for a field of a map", index),
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
