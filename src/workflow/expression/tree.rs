//! What an expression is, once parsed.

use super::Root;
use crate::value::Value;

/// A node, as an index into its tree.
pub(super) type NodeIx = u32;

/// What stands where nothing was parsed: the first node of every tree.
pub(super) const NOTHING: NodeIx = 0;

/// An expression. Nodes stand in one list, and know those below them by index: no node owns another one, so that
/// building a tree, and giving up halfway, takes little code.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// As it was written.
    pub(super) source: String,
    pub(super) root: NodeIx,
    nodes: Vec<Node>,
    edges: Vec<NodeIx>,
    literals: Vec<Value>,
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
    pub(super) fn new(source: &str) -> Self {
        let mut tree = Self { source: source.to_owned(), ..Self::default() };
        let nothing = tree.add_literal(Value::Null);
        tree.root = tree.add(0, nothing, &[], 0);
        tree
    }

    /// Adds a node above others; [`NOTHING`] when it would stand higher than `highest`.
    pub(super) fn add(&mut self, at: usize, kind: NodeKind, below: &[NodeIx], highest: usize) -> NodeIx {
        let mut height = 0;
        for below in below {
            height = height.max(self.node(*below).height + 1);
        }
        if height > highest {
            return NOTHING;
        }
        let first = self.edges.len();
        self.edges.extend_from_slice(below);
        self.nodes.push(Node { at, height, below: (first, self.edges.len()), kind });
        self.nodes.len() as NodeIx - 1
    }

    pub(super) fn add_literal(&mut self, value: Value) -> NodeKind {
        self.literals.push(value);
        NodeKind::Literal(self.literals.len() as u32 - 1)
    }

    pub(super) fn literal(&self, literal: u32) -> &Value {
        &self.literals[literal as usize]
    }

    pub(super) fn node(&self, node: NodeIx) -> &Node {
        &self.nodes[node as usize]
    }

    /// The nodes right below one.
    pub(super) fn below(&self, node: &Node) -> &[NodeIx] {
        &self.edges[node.below.0..node.below.1]
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum NodeKind {
    /// A value, as an index into the list of those.
    Literal(u32),
    Root(Root),
    /// The variable of a macro; they are counted from the outermost one.
    Local(usize),
    /// `a.b`: a value and the name of a field.
    Field,
    /// An element of a list, or a field of a map whose name is computed.
    Index,
    Not,
    Negate,
    Binary(Operator),
    Conditional,
    List,
    /// Keys and values take turns.
    Map,
    /// What it is called with. Of a macro: what it goes through; then what is asked about each element, which is a
    /// condition, a value, or both.
    Call(Function),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    In,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
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
        ("in", Self::In, 2),
        ("<", Self::Less, 2),
        ("<=", Self::LessOrEqual, 2),
        (">", Self::Greater, 2),
        (">=", Self::GreaterOrEqual, 2),
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

/// What is called with a value, then what is called on one. `size` is both; the macros come last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub(super) enum Function {
    Has,
    String,
    Int,
    Double,
    Size,
    Contains,
    StartsWith,
    EndsWith,
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
    /// With a condition before the value.
    MapSome,
}

impl Function {
    const ALL: [Self; 13] = [
        Self::Has,
        Self::String,
        Self::Int,
        Self::Double,
        Self::Size,
        Self::Contains,
        Self::StartsWith,
        Self::EndsWith,
        Self::All,
        Self::Exists,
        Self::ExistsOne,
        Self::Filter,
        Self::Map,
    ];
    const NAMES: [&'static str; 14] = [
        "has",
        "string",
        "int",
        "double",
        "size",
        "contains",
        "startsWith",
        "endsWith",
        "all",
        "exists",
        "exists_one",
        "filter",
        "map",
        "map",
    ];

    /// What is called with a value, as in `size(list)`.
    pub(super) fn free() -> &'static [&'static str] {
        &Self::NAMES[..=Self::Size as usize]
    }

    /// What is called on a value, as in `text.contains(part)`.
    pub(super) fn methods() -> &'static [&'static str] {
        &Self::NAMES[Self::Size as usize..=Self::Map as usize]
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// How many values it takes, the one before the dot included.
    pub(super) fn arity(self) -> usize {
        if self > Self::Size { 2 } else { 1 }
    }

    /// Whether it introduces a name for each element.
    pub(super) fn is_macro(self) -> bool {
        self >= Self::All
    }
}
