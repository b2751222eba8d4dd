//! What an expression is, once parsed.

use std::rc::Rc;

use crate::value::Value;
use crate::workflow::plan::StepIx;

/// A part of an expression.
#[derive(Debug)]
pub(super) struct Node {
    /// The byte that messages about it point at: of an operator its sign, of a path what comes last in it.
    pub(super) at: usize,
    /// How many nodes lie below, along the longest way.
    pub(super) height: usize,
    pub(super) kind: NodeKind,
}

#[derive(Debug)]
pub(super) enum NodeKind {
    Literal(Value),
    Root(Root),
    /// The variable of a macro; they are counted from the outermost one.
    Local(usize),
    Field(Box<Node>, Rc<str>),
    Has(Box<Node>, Rc<str>),
    /// An element of a list, or a field of a map whose name is computed.
    Index(Box<[Node; 2]>),
    Not(Box<Node>),
    Negate(Box<Node>),
    Binary(Operator, Box<[Node; 2]>),
    Conditional(Box<[Node; 3]>),
    List(Vec<Node>),
    /// Keys and values take turns.
    Map(Vec<Node>),
    Call(Function, Vec<Node>),
    /// What it goes through; then what is asked about each element: a condition, a value, or both.
    Macro(Macro, Vec<Node>),
}

/// Where a path begins.
#[derive(Debug)]
pub(super) enum Root {
    Input,
    RunId,
    Output(StepIx),
    Status(StepIx),
    Variable(u32),
    LoopIndex,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operator {
    /// Each with its sign and how tightly it binds.
    pub(super) const ALL: [(&'static str, Self, u8); 14] = [
        ("||", Self::Or, 0),
        ("&&", Self::And, 1),
        ("==", Self::Equal, 2),
        ("!=", Self::NotEqual, 2),
        ("<", Self::Less, 2),
        ("<=", Self::LessOrEqual, 2),
        (">", Self::Greater, 2),
        (">=", Self::GreaterOrEqual, 2),
        ("in", Self::In, 2),
        ("+", Self::Add, 3),
        ("-", Self::Subtract, 3),
        ("*", Self::Multiply, 4),
        ("/", Self::Divide, 4),
        ("%", Self::Remainder, 4),
    ];

    pub(super) fn sign(self) -> &'static str {
        Self::ALL[self as usize].0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Size,
    Contains,
    StartsWith,
    EndsWith,
    String,
    Int,
    Double,
}

impl Function {
    pub(super) const ALL: [(&'static str, Self); 7] = [
        ("size", Self::Size),
        ("contains", Self::Contains),
        ("startsWith", Self::StartsWith),
        ("endsWith", Self::EndsWith),
        ("string", Self::String),
        ("int", Self::Int),
        ("double", Self::Double),
    ];

    pub(super) fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }

    /// Whether it is called on a value, as in `text.contains(part)`.
    pub(super) fn is_method(self) -> bool {
        matches!(self, Self::Size | Self::Contains | Self::StartsWith | Self::EndsWith)
    }

    /// Whether it is called with a value, as in `size(list)`.
    pub(super) fn is_free(self) -> bool {
        matches!(self, Self::Size | Self::String | Self::Int | Self::Double)
    }

    /// How many values it takes, the one before the dot included.
    pub(super) fn arity(self) -> usize {
        if matches!(self, Self::Contains | Self::StartsWith | Self::EndsWith) { 2 } else { 1 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Macro {
    All,
    Exists,
    ExistsOne,
    Map,
    /// With a condition before the value.
    MapSome,
    Filter,
}

impl Macro {
    pub(super) const ALL: [(&'static str, Self); 5] = [
        ("all", Self::All),
        ("exists", Self::Exists),
        ("exists_one", Self::ExistsOne),
        ("map", Self::Map),
        ("filter", Self::Filter),
    ];
}
