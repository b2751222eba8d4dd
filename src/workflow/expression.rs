//! Expressions: what stands between `{{` and `}}`.
//!
//! The language is a subset of CEL (the Common Expression Language). This version has paths and string literals:
//! `input.goal`, `steps.analyze.output.zones[2]`, `input["a key"]`, `run.id`. A path that leads nowhere is an error with
//! its place, never an empty value.

use std::rc::Rc;

use super::plan::StepIx;
use crate::error::{Code, Error};
use crate::value::Value;

/// What an expression can see. The host answers, because the host holds the values.
pub trait Scope {
    /// The input of the run.
    fn input(&self) -> Value;

    /// The output of a step that has completed.
    fn output(&self, step: StepIx) -> Value;

    /// Where a step is, such as `"completed"`.
    fn status(&self, step: StepIx) -> Rc<str>;

    /// The item of the loop `depth` levels out from the innermost.
    fn variable(&self, depth: u32) -> Value;

    /// The index of the innermost iteration.
    fn index(&self) -> u32;

    /// The id of the run.
    fn run_id(&self) -> Rc<str>;

    /// A value as text within other text: a string as it is, anything else as JSON.
    fn text_of(&self, value: &Value) -> String {
        value.to_text()
    }
}

/// What an expression may name.
pub trait Names {
    /// Finds a step by its id.
    fn step(&mut self, id: &str) -> Result<StepIx, Unresolved>;

    /// Names of the loop variables in sight, innermost first.
    fn variables(&self) -> &[Rc<str>];
}

/// Why an expression cannot refer to a step.
#[derive(Debug)]
pub struct Unresolved {
    /// What is wrong, and what to do.
    pub message: String,
    /// What was probably meant.
    pub suggestion: Option<String>,
}

/// A parsed expression.
#[derive(Clone, Debug)]
pub struct Expression {
    source: Rc<str>,
    node: Node,
}

#[derive(Clone, Debug)]
enum Node {
    Literal(Rc<str>),
    Path { root: Root, keys: Vec<Key> },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Root {
    Input,
    RunId,
    Variable(u32),
    Index,
    Status(StepIx),
    Literal(bool),
    Output(StepIx),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    Field(Rc<str>),
    Element(usize),
}

/// What is wrong with an expression: the byte offset in its source, what was found, and near misses to offer.
#[derive(Debug)]
pub struct SyntaxError {
    /// Where, in bytes from the start of the expression.
    pub offset: usize,
    /// What is wrong there and what was expected.
    pub message: String,
    /// What was probably meant.
    pub suggestion: Option<String>,
}

impl Expression {
    /// Parses an expression; `resolve` finds a step by its id, or says what is wrong with referring to it.
    ///
    /// # Errors
    /// The first thing that is not an expression of the language, or not a step.
    pub fn parse(source: &str, resolve: &mut dyn Names) -> Result<Self, SyntaxError> {
        let mut parser = Parser { source, at: 0 };
        let node = parser.expression(resolve)?;
        parser.skip_space();
        if parser.at < source.len() {
            return Err(parser.error(
                "expected the end of the expression; this version has paths such as `steps.a.output.name[0]` and strings",
            ));
        }
        Ok(Self { source: source.trim().into(), node })
    }

    /// Whether the condition holds.
    pub fn holds(&self, scope: &dyn Scope) -> Result<bool, Error> {
        match self.evaluate(scope)? {
            Value::Bool(value) => Ok(value),
            Value::Host(host) if host.to_json().is_boolean() => Ok(host.to_json() == true),
            other => Err(Error::new(Code::ExpressionFailed, format!("not a boolean: {}", other.describe()))),
        }
    }

    /// The value of the expression.
    ///
    /// # Errors
    /// `expression.failed` when a path leads nowhere.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, Error> {
        let (root, keys) = match &self.node {
            Node::Literal(text) => return Ok(Value::String(text.clone())),
            Node::Path { root, keys } => (root, keys),
        };
        let mut value = match root {
            Root::Input => scope.input(),
            Root::RunId => Value::String(scope.run_id()),
            Root::Output(step) => scope.output(*step),
            Root::Variable(depth) => scope.variable(*depth),
            Root::Index => Value::Number(f64::from(scope.index())),
            Root::Status(step) => Value::String(scope.status(*step)),
            Root::Literal(value) => Value::Bool(*value),
        };
        for key in keys {
            let found = match key {
                Key::Field(name) => value.field(name),
                Key::Element(index) => value.element(*index),
            };
            let Some(found) = found else {
                let wanted = match key {
                    Key::Field(name) => format!("no field `{name}`"),
                    Key::Element(index) => format!("no element {index}"),
                };
                let message = format!(
                    "`{{{{ {} }}}}` leads nowhere: there is {} that has {wanted}; check the path, or what the step returns",
                    self.source,
                    value.describe()
                );
                return Err(Error::new(Code::ExpressionFailed, message));
            };
            value = found;
        }
        Ok(value)
    }
}

struct Parser<'a> {
    source: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError { offset: self.at, message: message.into(), suggestion: None }
    }

    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn skip_space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, token: char) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len_utf8();
        }
        found
    }

    fn expression(&mut self, resolve: &mut dyn Names) -> Result<Node, SyntaxError> {
        self.skip_space();
        if self.rest().starts_with(['"', '\'']) {
            return Ok(Node::Literal(self.string()?));
        }
        let start = self.at;
        let root = self.name("`input`, `steps` or `run`")?;
        let mut keys = Vec::new();
        while let Some(key) = self.key()? {
            keys.push(key);
        }
        let fail = |offset: usize, message: String, suggestion| Err(SyntaxError { offset, message, suggestion });
        match root {
            "true" | "false" => Ok(Node::Path { root: Root::Literal(root == "true"), keys: Vec::new() }),
            "index" => Ok(Node::Path { root: Root::Index, keys: Vec::new() }),
            name if resolve.variables().iter().any(|it| &**it == name) => {
                let depth = resolve.variables().iter().position(|it| &**it == name).unwrap_or(0) as u32;
                Ok(Node::Path { root: Root::Variable(depth), keys: keys.into_iter().map(|(_, key)| key).collect() })
            }
            "input" => Ok(Node::Path { root: Root::Input, keys: keys.into_iter().map(|(_, key)| key).collect() }),
            "run" => match keys.as_slice() {
                [(_, Key::Field(name))] if &**name == "id" => Ok(Node::Path { root: Root::RunId, keys: Vec::new() }),
                _ => fail(start, "`run` has one field, `run.id`".to_owned(), Some("run.id".to_owned())),
            },
            "steps" => {
                let mut keys = keys.into_iter();
                let Some((offset, Key::Field(id))) = keys.next() else {
                    return fail(
                        start,
                        "expected the id of a step after `steps`, as in `steps.a.output`".to_owned(),
                        None,
                    );
                };
                let step = match resolve.step(&id) {
                    Ok(step) => step,
                    Err(Unresolved { message, suggestion }) => return fail(offset, message, suggestion),
                };
                match keys.next() {
                    Some((_, Key::Field(name))) if &*name == "output" => {
                        let keys = keys.map(|(_, key)| key).collect();
                        Ok(Node::Path { root: Root::Output(step), keys })
                    }
                    Some((_, Key::Field(name))) if &*name == "status" => {
                        Ok(Node::Path { root: Root::Status(step), keys: Vec::new() })
                    }
                    _ => fail(
                        offset,
                        format!("expected `output` after the id of a step: `steps.{id}.output`"),
                        Some(format!("steps.{id}.output")),
                    ),
                }
            }
            other => {
                let suggestion = crate::error::nearest(other, ["input", "steps", "run"]).map(str::to_owned);
                fail(start, format!("unknown name `{other}`; there are `input`, `steps` and `run`"), suggestion)
            }
        }
    }

    /// `.name`, `[0]` or `["name"]`, if one comes next, and where what it names stands.
    fn key(&mut self) -> Result<Option<(usize, Key)>, SyntaxError> {
        if self.eat('.') {
            self.skip_space();
            let start = self.at;
            return Ok(Some((start, Key::Field(self.name("a field name")?.into()))));
        }
        if !self.eat('[') {
            return Ok(None);
        }
        self.skip_space();
        let start = self.at;
        let key = if self.rest().starts_with(['"', '\'']) {
            Key::Field(self.string()?)
        } else {
            let digits = self.rest().len() - self.rest().trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let index = self.rest()[..digits].parse();
            let Ok(index) = index else {
                return Err(self.error("expected an index such as `[0]` or a key such as `[\"name\"]`"));
            };
            self.at += digits;
            Key::Element(index)
        };
        if !self.eat(']') {
            return Err(self.error("expected `]`"));
        }
        Ok(Some((start, key)))
    }

    fn name(&mut self, expected: &str) -> Result<&'a str, SyntaxError> {
        self.skip_space();
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        if end == 0 || rest.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(self.error(format!("expected {expected}")));
        }
        self.at += end;
        // In CEL `a-b` subtracts; a step whose id has a hyphen is reached as steps["my-step"].
        if self.rest().starts_with('-') {
            return Err(self.error("a name with `-` is written as a key: `steps[\"my-step\"].output`"));
        }
        Ok(&rest[..end])
    }

    /// A string literal in either kind of quotes, with CEL's common escapes.
    fn string(&mut self) -> Result<Rc<str>, SyntaxError> {
        let mut chars = self.rest().char_indices();
        let Some((_, quote)) = chars.next() else { return Err(self.error("expected a string")) };
        let mut text = String::new();
        while let Some((at, c)) = chars.next() {
            match c {
                c if c == quote => {
                    self.at += at + 1;
                    return Ok(text.into());
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, escaped @ ('\\' | '"' | '\''))) => text.push(escaped),
                    _ => return Err(self.error("unknown escape in the string; there are \\n \\t \\\\ \\\" \\'")),
                },
                c => text.push(c),
            }
        }
        Err(self.error("the string does not end"))
    }
}
