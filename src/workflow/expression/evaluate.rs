//! From a tree to a value.
//!
//! Lists and maps are walked where they are; only a null, a boolean, a number or a text is copied from its host, and only
//! when an operator looks at it. What an evaluation may cost is bounded, so that data from outside cannot hold up
//! everything else: each part that is evaluated, other than a literal, and each element that is visited is a step.
//!
//! The first failure is kept, and while there is one nothing has a value: what is handed up then is anything, and nobody
//! looks at it. Only `&&`, `||`, `all` and `exists` take it back, when something else decides.

use std::rc::Rc;

use super::message::fill;
use super::tree::{Function, NodeIx, NodeKind, Operator, Tree};
use super::{MAX_SIZE, MAX_STEPS, Scope};
use crate::value::{Value, ValueKind};

/// Why an expression has no value.
#[derive(Debug)]
pub(super) struct Failure {
    /// The byte of the source that it is about.
    pub(super) at: usize,
    pub(super) message: String,
}

/// One evaluation of an expression.
pub(super) struct Evaluation<'a> {
    tree: &'a Tree,
    pub(super) scope: &'a dyn Scope,
    /// The elements that the macros around this place are at, outermost first.
    locals: Vec<Value>,
    /// How many steps are left, and one. Once that is taken everything fails, so that no operator can absorb it.
    steps: u32,
    /// How many bytes of text and elements of lists may still be built.
    room: usize,
    pub(super) failure: Option<Box<Failure>>,
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(tree: &'a Tree, scope: &'a dyn Scope) -> Self {
        Self { tree, scope, locals: Vec::new(), steps: MAX_STEPS + 1, room: MAX_SIZE, failure: None }
    }

    /// Fails, unless something has failed already. What it gives is no value.
    #[inline(never)]
    pub(super) fn fail(&mut self, at: usize, message: &str, words: &[&str]) -> Value {
        if self.failure.is_none() {
            self.failure = Some(Box::new(Failure { at, message: fill(message, words) }));
        }
        Value::Null
    }

    /// Fails because `who` takes something else than what was found.
    #[inline(never)]
    pub(super) fn refuse(&mut self, at: usize, who: &str, takes: &str, found: &Value) -> Value {
        self.fail(at, "`@` takes @, not @", &[who, takes, found.describe()])
    }

    /// Takes some of the steps that are left.
    #[inline(never)]
    pub(super) fn spend(&mut self, at: usize, steps: usize) {
        self.steps = u32::try_from(steps).map_or(0, |steps| self.steps.saturating_sub(steps));
        if self.steps == 0 {
            self.fail(at, "it takes more than 100000 steps; compute this in a step, from less data", &[]);
        }
    }

    /// Takes some of the room for what is built.
    #[inline(never)]
    pub(super) fn build(&mut self, at: usize, size: usize) {
        self.spend(at, size / 64);
        match self.room.checked_sub(size) {
            Some(left) => self.room = left,
            None => {
                self.steps = 0;
                self.fail(at, "it builds more than 1000000 characters and elements; compute this in a step", &[]);
            }
        }
    }

    /// The value of a node; a scalar of the host is copied.
    fn scalar(&mut self, node: NodeIx) -> Value {
        let value = self.value(node);
        self.read(self.tree.node(node).at, value)
    }

    /// A scalar of the host, copied; long texts cost steps.
    pub(super) fn read(&mut self, at: usize, value: Value) -> Value {
        if !matches!(value, Value::Host(_)) {
            return value;
        }
        let value = value.into_scalar();
        if let Value::String(text) = &value {
            self.spend(at, text.len() / 64);
        }
        value
    }

    /// The value of a node.
    pub(super) fn value(&mut self, node: NodeIx) -> Value {
        let node = self.tree.node(node);
        let (at, below) = (node.at, self.tree.below(node));
        if self.failure.is_none() {
            self.spend(at, usize::from(!matches!(node.kind, NodeKind::Literal(_))));
        }
        if self.failure.is_some() {
            return Value::Null;
        }
        match node.kind {
            NodeKind::Literal(literal) => self.tree.literal(literal).clone(),
            NodeKind::Root(root) => self.scope.root(root),
            NodeKind::Local(local) => self.locals[local].clone(),
            NodeKind::Not => Value::Bool(!self.truth(below[0], "!")),
            NodeKind::Binary(Operator::And) => Value::Bool(self.decide(below, "&&", false)),
            NodeKind::Binary(Operator::Or) => Value::Bool(self.decide(below, "||", true)),
            NodeKind::Conditional => {
                let yes = self.truth(below[0], "?");
                self.value(below[if yes { 1 } else { 2 }])
            }
            NodeKind::List => {
                self.build(at, below.len());
                let mut elements = Vec::new();
                for element in below {
                    elements.push(self.value(*element));
                }
                Value::List(Rc::new(elements))
            }
            NodeKind::Map => self.map(at, below),
            NodeKind::Call(function) if function.is_macro() => self.expand(at, function, below),
            kind => {
                // A map or a list stays where it is either way; of what these look into, a message says what it is there.
                let first = match kind {
                    NodeKind::Field | NodeKind::Index | NodeKind::Call(Function::Has) => self.value(below[0]),
                    _ => self.scalar(below[0]),
                };
                let second = below.get(1).map_or(Value::Null, |second| self.scalar(*second));
                if self.failure.is_some() { Value::Null } else { self.apply(at, kind, &first, &second) }
            }
        }
    }

    /// A node whose value must be a boolean, because of what takes it.
    pub(super) fn truth(&mut self, node: NodeIx, who: &str) -> bool {
        let value = self.scalar(node);
        if let Value::Bool(value) = value {
            return value;
        }
        let message = "`@` takes a boolean, not @; compare it with something, as in `input.count > 0`";
        self.fail(self.tree.node(node).at, message, &[who, value.describe()]);
        false
    }

    /// `&&` and `||`: a side that is `decisive` decides, even when the other one has no value.
    fn decide(&mut self, sides: &[NodeIx], sign: &str, decisive: bool) -> bool {
        let mut left = None;
        for side in sides {
            let truth = self.truth(*side, sign);
            if self.failure.is_none() && truth == decisive {
                return decisive;
            }
            left = left.or(self.failure.take());
        }
        self.failure = left;
        !decisive
    }

    fn map(&mut self, at: usize, entries: &[NodeIx]) -> Value {
        self.build(at, entries.len());
        let mut fields: Vec<(Rc<str>, Value)> = Vec::new();
        for entry in entries.chunks_exact(2) {
            let key_at = self.tree.node(entry[0]).at;
            let key = self.scalar(entry[0]);
            let Value::String(name) = key else {
                return self.fail(key_at, "a key of a map is a string, not @", &[key.describe()]);
            };
            self.spend(at, fields.len() / 16);
            if fields.iter().any(|(other, _)| *other == name) {
                return self.fail(key_at, "the key `@` occurs twice in the map", &[&name]);
            }
            let value = self.value(entry[1]);
            fields.push((name, value));
        }
        Value::Map(Rc::new(fields))
    }

    /// A macro: over the elements of a list, or the keys of a map.
    fn expand(&mut self, at: usize, function: Function, parts: &[NodeIx]) -> Value {
        let range = self.value(parts[0]);
        let (keys, size) = match range.kind() {
            ValueKind::List => (Vec::new(), range.size()),
            ValueKind::Map => {
                let keys = range.keys();
                let size = keys.len();
                (keys, size)
            }
            _ => return self.refuse(at, function.name(), "a list or a map", &range),
        };
        self.build(at, keys.len());
        let (mut found, mut absorbed) = (Vec::new(), None);
        for index in 0..size {
            self.spend(at, 1);
            let element = match keys.get(index) {
                Some(key) => Value::String(Rc::clone(key)),
                None => self.element(at, &range, &Value::Int(index as i64)),
            };
            if self.failure.is_some() {
                break;
            }
            self.locals.push(element.clone());
            let keep = function == Function::Map || self.truth(parts[1], function.name());
            let value = match function {
                Function::Map | Function::MapSome if keep => self.value(parts[parts.len() - 1]),
                _ => element,
            };
            self.locals.pop();
            let is_decided = matches!(function, Function::All | Function::Exists);
            if self.failure.is_some() {
                if !is_decided {
                    break;
                }
                // As of `&&` and `||`: a later element may decide.
                absorbed = absorbed.or(self.failure.take());
            } else if is_decided {
                if keep == (function == Function::Exists) {
                    return Value::Bool(keep);
                }
            } else if keep {
                if function != Function::ExistsOne {
                    self.build(at, 1);
                }
                found.push(value);
            }
        }
        self.failure = self.failure.take().or(absorbed);
        match function {
            Function::All => Value::Bool(true),
            Function::Exists => Value::Bool(false),
            Function::ExistsOne => Value::Bool(found.len() == 1),
            _ => Value::List(Rc::new(found)),
        }
    }
}
