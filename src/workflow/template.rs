//! Templates: data with expressions in it.
//!
//! A string that is one `{{ expression }}` becomes the value itself, by reference; mixed with other text the value
//! becomes text. Everything else stays as it was written. `{{ "{{" }}` writes two braces. A condition is one expression,
//! and may do without the braces.

use std::rc::Rc;

use super::expression::{Expression, Names, Root, Scope, SyntaxError, column, find_close};
use crate::error::Error;
use crate::reader::{At, Problems};
use crate::small::{part, rest};
use crate::value::Value;

/// Data with expressions in it.
#[derive(Clone, Debug)]
pub enum Template {
    /// Data without any.
    Literal(Value),
    /// One expression, whose value keeps its type.
    Expression(Expression),
    /// Text with expressions in it.
    Text(Vec<Part>),
    /// A list of templates.
    List(Vec<Template>),
    /// Named templates.
    Map(Vec<(Rc<str>, Template)>),
}

/// A part of a text.
#[derive(Clone, Debug)]
pub enum Part {
    /// Text as it stands.
    Text(Rc<str>),
    /// An expression whose value becomes text.
    Expression(Expression),
}

impl Template {
    /// Reads a template and notes everything that is wrong in it.
    pub(super) fn parse(json: &Value, at: &At<'_>, names: &mut dyn Names, problems: &Problems) -> Self {
        match json {
            Value::String(text) => parse_text(text, at, names, problems),
            Value::List(elements) => {
                let mut parts = Vec::with_capacity(elements.len());
                for (index, element) in elements.iter().enumerate() {
                    parts.push(Self::parse(element, &At::Place(at, index), names, problems));
                }
                if parts.iter().all(Self::is_literal) { Self::Literal(json.clone()) } else { Self::List(parts) }
            }
            Value::Map(fields) => {
                let mut parts: Vec<(Rc<str>, Self)> = Vec::with_capacity(fields.len());
                for (key, field) in fields.iter() {
                    parts.push((Rc::clone(key), Self::parse(field, &At::Key(at, key), names, problems)));
                }
                if parts.iter().all(|(_, part)| part.is_literal()) {
                    Self::Literal(json.clone())
                } else {
                    Self::Map(parts)
                }
            }
            other => Self::Literal(other.clone()),
        }
    }

    /// As [`Expression::as_path`].
    #[must_use]
    pub fn as_path(&self, lead: &mut dyn FnMut(&Value)) -> Option<Root> {
        match self {
            Self::Expression(expression) => expression.as_path(lead),
            _ => None,
        }
    }

    /// Reads a condition: an expression, with or without `{{ }}` around it. `None` when it is wrong, which is noted.
    pub(super) fn condition(text: &str, at: &At<'_>, names: &mut dyn Names, problems: &Problems) -> Option<Expression> {
        Expression::parse_condition(text, names).map_err(|error| note(error, text, 0, at, problems)).ok()
    }

    /// The data, with every expression replaced by its value.
    ///
    /// # Errors
    /// `expression.failed` for the first expression that has no value.
    pub fn fill(&self, scope: &dyn Scope) -> Result<Value, Error> {
        let mut problem = None;
        let value = self.value(scope, &mut problem);
        problem.map_or(Ok(value), Err)
    }

    /// The data, unless there is or comes a problem.
    fn value(&self, scope: &dyn Scope, problem: &mut Option<Error>) -> Value {
        match self {
            Self::Literal(value) => value.clone(),
            Self::Expression(expression) => evaluate(expression, scope, problem),
            Self::Text(parts) => {
                let mut text = String::new();
                for part in parts {
                    match part {
                        Part::Text(part) => text.push_str(part),
                        Part::Expression(expression) => {
                            text.push_str(&scope.text_of(&evaluate(expression, scope, problem)));
                        }
                    }
                }
                Value::String(text.into())
            }
            Self::List(parts) => {
                let mut elements = Vec::new();
                for part in parts {
                    elements.push(part.value(scope, problem));
                }
                Value::List(Rc::new(elements))
            }
            Self::Map(parts) => {
                let mut fields = Vec::new();
                for (key, part) in parts {
                    fields.push((Rc::clone(key), part.value(scope, problem)));
                }
                Value::Map(Rc::new(fields))
            }
        }
    }

    fn is_literal(&self) -> bool {
        matches!(self, Self::Literal(_))
    }
}

fn evaluate(expression: &Expression, scope: &dyn Scope, problem: &mut Option<Error>) -> Value {
    if problem.is_none() {
        match expression.evaluate(scope) {
            Ok(value) => return value,
            Err(error) => *problem = Some(error),
        }
    }
    Value::Null
}

fn parse_text(text: &str, at: &At<'_>, names: &mut dyn Names, problems: &Problems) -> Template {
    let mut parts = Vec::new();
    let mut done = 0;
    while let Some(found) = find_open(rest(text, done)) {
        let open = done + found;
        if open > done {
            parts.push(Part::Text(part(text, done..open).into()));
        }
        let start = open + 2;
        let Some(end) = find_close(rest(text, start)).map(|found| start + found) else {
            let message = format_args!("`{{{{` at column {} is not closed by `}}}}`", column(text, open));
            problems.note(at, message);
            return Template::Literal(Value::Null);
        };
        match Expression::parse(part(text, start..end), names) {
            Ok(expression) => parts.push(Part::Expression(expression)),
            Err(error) => note(error, text, start, at, problems),
        }
        done = end + 2;
    }
    if done < text.len() {
        parts.push(Part::Text(rest(text, done).into()));
    }
    if parts.len() > 1 {
        return Template::Text(parts);
    }
    match parts.pop() {
        None => Template::Literal(Value::String("".into())),
        Some(Part::Text(text)) => Template::Literal(Value::String(text)),
        Some(Part::Expression(expression)) => Template::Expression(expression),
    }
}

/// Where the first expression of a text begins. Byte by byte: the standard library's search is some 2 KB of wasm.
pub(super) fn find_open(text: &str) -> Option<usize> {
    text.as_bytes().windows(2).position(|braces| braces == b"{{")
}

/// Notes what is wrong with an expression that starts at a byte of a text.
fn note(mut error: SyntaxError, text: &str, start: usize, at: &At<'_>, problems: &Problems) {
    error.offset += start;
    problems.push(error.problem(text, at.pointer()));
}
