//! Expressions: what stands between `{{` and `}}`, and in `when`.
//!
//! The language is a strict subset of [CEL](https://github.com/google/cel-spec), the Common Expression Language: what is
//! accepted here means the same in any other implementation, with the extension named below. It always ends, has no
//! effects, and reads a value of the host where it is: walking `steps.load.output.user.name` copies one text.
//!
//! # What there is
//! - Literals: `42`, `0x2a`, `-1.5`, `1e3`, `"text"`, `'text'`, `r"raw \ text"`, `true`, `false`, `null`, `[1, 2]`,
//!   `{"key": 1}`. The keys of a map are strings.
//! - Paths: `input.goal`, `input["a key"]`, `input.sets[0]`; `has(input.goal)` tells whether the last field is there.
//! - Operators, from the loosest to the tightest: `a ? b : c`; `||`; `&&`; `== != < <= > >= in`; `+ -`; `* / %`; `! -`.
//!   `+` also joins two strings or two lists; `in` looks for an element of a list, or a key of a map.
//! - Functions: `size(x)` or `x.size()`, `text.contains(part)`, `text.startsWith(part)`, `text.endsWith(part)`,
//!   `string(x)`, `int(x)`, `double(x)`.
//! - Macros over the elements of a list or the keys of a map: `list.all(x, condition)`, `list.exists(x, condition)`,
//!   `list.exists_one(x, condition)`, `list.filter(x, condition)`, `list.map(x, value)`, `list.map(x, condition, value)`.
//!
//! Paths begin at `input` (also called `parameters`), `steps.<id>.output`, `steps.<id>.status`, `run.id`; inside of a loop
//! also at its variable and at `index`, which counts from 0. The variable of a macro hides what has its name outside.
//! Outside of a workflow, as in the filter of a subscription, paths begin at the variables that are given there.
//!
//! # What it means
//! - Numbers in data are doubles, as in JSON; `2` in an expression, `size(…)`, `int(…)` and `index` are whole numbers of
//!   64 bits. Two whole numbers divide to a whole number (`7 / 2` is 3), and a result that does not fit is an error, as is
//!   dividing by 0. Doubles follow IEEE 754.
//! - **The extension:** where a whole number meets a double, it becomes one, so that `input.weight * 2` works. CEL refuses
//!   to calculate with two kinds of numbers. Likewise `%` and the index of a list take a double without a fraction, and `%`
//!   gives a whole number.
//! - `==` compares any two values: numbers by what they are worth, lists and maps by what is in them, and different types
//!   are not equal. `<` and its kin compare two numbers, two strings (by code point) or two booleans; anything else is an
//!   error. NaN equals nothing, itself included.
//! - `false && x` and `x && false` are false even when `x` has no value, and `true || x` likewise; `all` and `exists` go by
//!   the same rule. Otherwise an error anywhere is an error of the whole, never `false`.
//! - A path that leads nowhere is an error. `has` asks about the last field only: `has(input.a.b)` fails without `a`. A field
//!   that holds null, or JavaScript's `undefined`, is there.
//! - Of a JavaScript object the own properties count; a getter that throws is not there; a macro, `size` and `==` see what
//!   `Object.keys` lists. A function can be passed on and not be compared.
//! - `string(x)` writes a number as JSON does. `int(x)` drops a fraction, and reads a string of digits; `double(x)` reads a
//!   number as JSON has it, `NaN` and `Infinity`.
//!
//! # What CEL has besides
//! Unsigned numbers, bytes, timestamps and durations, `matches` and other regular expressions, messages, `type()` and
//! `dyn()`, keys of maps that are not strings, strings in three quotes, and comments.
//!
//! # Bounds
//! An expression nests at most [`MAX_DEPTH`] levels (`a + b + c` nests two), takes [`MAX_STEPS`] steps (each part that is
//! evaluated, other than a literal, and each element that is visited is one), and builds [`MAX_SIZE`] bytes of text and
//! elements of lists. What goes further is an error that says so, and that no `||` absorbs.

mod evaluate;
mod functions;
mod message;
mod operators;
mod parser;
mod paths;
mod token;
mod tree;

use std::rc::Rc;

use super::plan::StepIx;
use crate::error::{Code, Error, Problem};
use crate::small::{part, rest};
use crate::value::Value;
use evaluate::{Evaluation, Failure};
pub(super) use token::find_close;
use tree::{NodeKind, Tree};

/// How deep an expression may nest. Parsing and evaluating are recursive, and the stack of the core is small.
pub const MAX_DEPTH: usize = 64;

/// How many steps an evaluation may take.
pub const MAX_STEPS: u32 = 100_000;

/// How many bytes of text and elements of lists an evaluation may build.
pub const MAX_SIZE: usize = 1_000_000;

/// Where a path begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// The input of the run.
    Input,
    /// The id of the run, as text.
    RunId,
    /// The output of a step that has settled.
    Output(StepIx),
    /// What became of a step, as text: `completed`, `skipped`, …
    Status(StepIx),
    /// The item of the loop that is so many levels out from the innermost one, which is 0. Outside of a workflow, the
    /// variable of that place among those given.
    Variable(u32),
    /// Which iteration of the innermost loop it is, from 0, as a whole number.
    Index,
}

/// What an expression can see. The host answers, because the host holds the values.
pub trait Scope {
    /// What stands at the beginning of a path.
    fn root(&self, root: Root) -> Value;

    /// A value as text within other text: a string as it is, anything else as JSON.
    fn text_of(&self, value: &Value) -> String {
        value.to_text()
    }
}

/// What the names of an expression stand for, while it is parsed.
pub trait Names {
    /// Finds a step by its id.
    ///
    /// # Errors
    /// What is wrong with referring to it from here.
    fn step(&mut self, id: &str) -> Result<StepIx, Unresolved>;

    /// The variables of the loops around the expression, innermost first; none outside of loops. Outside of a
    /// workflow, whatever there is.
    fn variables(&self) -> &[Rc<str>];

    /// Whether the expression is part of a workflow. Elsewhere the variables are all that it may name.
    fn are_of_workflow(&self) -> bool {
        true
    }
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
pub struct Expression(Rc<Tree>);

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

impl SyntaxError {
    /// The problem of the text that stands at `pointer`, told by its column. The offset is one of that text.
    #[must_use]
    pub fn problem(self, text: &str, pointer: String) -> Problem {
        let column = column(text, self.offset);
        let message = message::fill("column @: @", &[column.as_str(), &self.message]);
        Problem { pointer, message, suggestion: self.suggestion }
    }
}

/// The column of a byte, counted in characters from 1.
pub(super) fn column(text: &str, at: usize) -> String {
    (part(text, 0..at).chars().count() + 1).to_string()
}

impl Expression {
    /// Parses an expression.
    ///
    /// # Errors
    /// The first thing that is not an expression of the language, or a name that stands for nothing.
    pub fn parse(source: &str, names: &mut dyn Names) -> Result<Self, SyntaxError> {
        let start = source.len() - source.trim_ascii_start().len();
        let trimmed = source.trim_ascii();
        match parser::parse(trimmed, names) {
            Ok(tree) => Ok(Self(Rc::new(tree))),
            Err(mut error) => {
                error.offset += start;
                Err(error)
            }
        }
    }

    /// Where its value begins to be found when it is a path and nothing more, so that no evaluation is needed. `lead` is told the
    /// names of fields and the places of elements that lead on from there, the last one first.
    #[must_use]
    pub fn as_path(&self, lead: &mut dyn FnMut(&Value)) -> Option<Root> {
        let tree = &self.0;
        let mut node = tree.node(tree.root);
        loop {
            match (node.kind, tree.below(node)) {
                (NodeKind::Root(root), _) => return Some(root),
                (NodeKind::Field | NodeKind::Index, [of, key]) => {
                    let NodeKind::Literal(key) = tree.node(*key).kind else { return None };
                    match tree.literal(key) {
                        key @ (Value::String(_) | Value::Int(0..)) => lead(key),
                        _ => return None,
                    }
                    node = tree.node(*of);
                }
                _ => return None,
            }
        }
    }

    /// Parses what stands where only an expression can: with or without `{{ }}` around it.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and for text that is more than one expression.
    pub fn parse_condition(source: &str, names: &mut dyn Names) -> Result<Self, SyntaxError> {
        let mut start = source.len() - source.trim_ascii_start().len();
        let mut inside = source;
        if rest(source, start).starts_with("{{") {
            let open = start + 2;
            match find_close(rest(source, open)) {
                Some(end) if rest(source, open + end + 2).trim_ascii_start().is_empty() => {
                    inside = part(source, open..open + end);
                    start = open;
                }
                _ => {
                    let message = "expected one expression, without braces or in one pair of `{{` and `}}`".to_owned();
                    return Err(SyntaxError { offset: start, message, suggestion: None });
                }
            }
        } else {
            start = 0;
        }
        let mut parsed = Self::parse(inside, names);
        if let Err(error) = &mut parsed {
            error.offset += start;
        }
        parsed
    }

    /// The value of the expression.
    ///
    /// # Errors
    /// `expression.failed` when it has none, with the column where it went wrong, counted in characters from 1.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, Error> {
        let mut evaluation = Evaluation::new(&self.0, scope);
        let value = evaluation.value(self.0.root);
        match evaluation.failure {
            Some(failure) => Err(self.failed(&failure)),
            None => Ok(value),
        }
    }

    /// The value of the expression as a condition. `who` asks, as messages say it: `when`, for example.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate), and when the value is not a boolean.
    pub fn holds(&self, scope: &dyn Scope, who: &str) -> Result<bool, Error> {
        let mut evaluation = Evaluation::new(&self.0, scope);
        let value = evaluation.truth(self.0.root, who);
        match evaluation.failure {
            Some(failure) => Err(self.failed(&failure)),
            None => Ok(value),
        }
    }

    #[cold]
    fn failed(&self, failure: &Failure) -> Error {
        let source = &self.0.source;
        let column = column(source, failure.at);
        let words = [source, column.as_str(), &failure.message];
        Error::new(Code::ExpressionFailed, message::fill("`{{ @ }}` fails at column @: @", &words))
    }
}
