//! What an expression is, once parsed.

use std::rc::Rc;

use crate::value::Value;
use crate::workflow::plan::StepIx;

/// A node, as an index into its tree.
pub(super) type NodeIx = u32;

/// An expression. Nodes stand in one list, and know those below them by index: no node owns another one, so that
/// building a tree, and giving up halfway, takes little code.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) root: NodeIx,
    nodes: Vec<Node>,
    edges: Vec<NodeIx>,
}

/// A part of an expression.
#[derive(Debug)]
pub(super) struct Node {
    /// The byte that messages about it point at: of an operator its sign, of a path what comes last in it.
    pub(super) at: usize,
    /// How many nodes lie below, along the longest way.
    height: usize,
    /// Where those right below it stand among the edges.
    below: (usize, usize),
    pub(super) kind: NodeKind,
}

impl Tree {
    /// Adds a node above others; `None` when it would stand higher than `highest`.
    pub(super) fn add(&mut self, at: usize, kind: NodeKind, below: &[NodeIx], highest: usize) -> Option<NodeIx> {
        let height = below.iter().map(|below| self.node(*below).height + 1).max().unwrap_or_default();
        if height > highest {
            return None;
        }
        let first = self.edges.len();
        self.edges.extend_from_slice(below);
        self.nodes.push(Node { at, height, below: (first, self.edges.len()), kind });
        Some(self.nodes.len() as NodeIx - 1)
    }

    pub(super) fn node(&self, node: NodeIx) -> &Node {
        &self.nodes[node as usize]
    }

    /// The nodes right below one.
    pub(super) fn below(&self, node: &Node) -> &[NodeIx] {
        &self.edges[node.below.0..node.below.1]
    }
}

#[derive(Debug)]
pub(super) enum NodeKind {
    Literal(Value),
    Root(Root),
    /// The variable of a macro; they are counted from the outermost one.
    Local(usize),
    Field(Rc<str>),
    Has(Rc<str>),
    /// An element of a list, or a field of a map whose name is computed.
    Index,
    Not,
    Negate,
    Binary(Operator),
    Conditional,
    List,
    /// Keys and values take turns.
    Map,
    Call(Function),
    /// What it goes through; then what is asked about each element: a condition, a value, or both.
    Macro(Macro),
}

/// Where a path begins.
#[derive(Clone, Copy, Debug)]
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
