//! From words to a tree: recursive descent, with the binary operators by how tightly they bind.
//!
//! Names are resolved on the way, so that an expression that parses reads only what there is: a step becomes its index, a
//! variable its depth.
//!
//! The first problem is kept, and then no word is left. So nothing has to be handed up: everything ends by itself, with
//! nodes that nobody looks at.

use super::paths::unknown;
use super::token::{END, LITERAL, NAME, TOO_LARGE, Tokens};
use super::tree::{Function, NOTHING, NodeIx, NodeKind, Operator, Tree};
use super::{MAX_DEPTH, Names, SyntaxError};
use crate::value::Value;

/// Words of the language, which name nothing; the first four cannot even be a field. CEL keeps the others for itself.
const WORDS: [&str; 21] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "namespace",
    "package",
    "return",
    "var",
    "void",
    "while",
];

const EXPECTED_VALUE: &str = "expected a value, such as `input.goal`, `steps.a.output`, `run.id`, `\"text\"` or `5`";
const NOT_A_NAME: &str = "`@` is a word of the language; a field of this name is written as `[\"@\"]`";

pub(super) struct Parser<'a, 'n> {
    pub(super) tokens: Tokens<'a>,
    pub(super) names: &'n mut dyn Names,
    /// The variables of the macros around this place, outermost first.
    pub(super) locals: Vec<&'a str>,
    depth: usize,
    tree: Tree,
}

/// Parses a whole expression.
pub(super) fn parse(source: &str, names: &mut dyn Names) -> Result<Tree, SyntaxError> {
    let (tokens, locals, tree) = (Tokens::new(source), Vec::new(), Tree::new(source));
    let mut parser = Parser { tokens, names, locals, depth: 0, tree };
    parser.tree.root = parser.expression();
    if parser.tokens.kind != END {
        let suggestion = match parser.tokens.text() {
            "and" => "&&",
            "or" => "||",
            _ => "",
        };
        let message = "expected an operator or the end of the expression; `&&` is and, `||` is or";
        parser.tokens.fail(parser.tokens.at, message, suggestion, "");
    }
    let Parser { tokens, tree, .. } = parser;
    tokens.problem.map_or(Ok(tree), Err)
}

impl<'a> Parser<'a, '_> {
    pub(super) fn fail(&mut self, at: usize, message: &str, word: &str) -> NodeIx {
        self.fail_near(at, message, "", word)
    }

    /// With `word` for each `@` of the message and the suggestion.
    pub(super) fn fail_near(&mut self, at: usize, message: &str, suggestion: &str, word: &str) -> NodeIx {
        self.tokens.fail(at, message, suggestion, word);
        NOTHING
    }

    pub(super) fn eat(&mut self, kind: u8) -> bool {
        let found = self.tokens.kind == kind;
        if found {
            self.tokens.take();
        }
        found
    }

    pub(super) fn expect(&mut self, kind: u8, sign: &str) {
        if !self.eat(kind) {
            self.fail(self.tokens.at, "expected `@`", sign);
        }
    }

    pub(super) fn node(&mut self, at: usize, kind: NodeKind, below: &[NodeIx]) -> NodeIx {
        let node = self.tree.add(at, kind, below, MAX_DEPTH);
        if node == NOTHING { self.too_deep(at) } else { node }
    }

    fn literal(&mut self, at: usize, value: Value) -> NodeIx {
        let kind = self.tree.add_literal(value);
        self.node(at, kind, &[])
    }

    fn too_deep(&mut self, at: usize) -> NodeIx {
        self.fail(at, "the expression is nested deeper than 64 levels; compute a part of it in a step", "")
    }

    /// `a ? b : c`, and all that binds more tightly.
    fn expression(&mut self) -> NodeIx {
        if self.depth == MAX_DEPTH {
            return self.too_deep(self.tokens.at);
        }
        self.depth += 1;
        let mut node = self.binary(0);
        if self.tokens.kind == b'?' {
            let at = self.tokens.take();
            let yes = self.binary(0);
            self.expect(b':', ":");
            let no = self.expression();
            node = self.node(at, NodeKind::Conditional, &[node, yes, no]);
        }
        self.depth -= 1;
        node
    }

    /// Operators that bind at least as tightly as `least`, from left to right.
    fn binary(&mut self, least: u8) -> NodeIx {
        let mut left = self.unary();
        loop {
            let sign = self.tokens.text();
            let found = Operator::ALL.iter().find(|(other, _, binds)| *other == sign && *binds >= least);
            let Some((_, operator, binds)) = found else { return left };
            let at = self.tokens.take();
            let right = self.binary(binds + 1);
            left = self.node(at, NodeKind::Binary(*operator), &[left, right]);
        }
    }

    /// Any number of `!`, or any number of `-`, before a value. A minus right before a number is a part of the number.
    fn unary(&mut self) -> NodeIx {
        let sign = self.tokens.kind;
        if sign != b'!' && sign != b'-' {
            return self.member();
        }
        let mut signs = Vec::new();
        while self.tokens.kind == sign {
            signs.push(self.tokens.take() as u32);
        }
        if sign == b'-' {
            let number = match self.tokens.literal {
                Value::Int(number) => Value::Int(number.wrapping_neg()),
                Value::Number(number) => Value::Number(-number),
                _ => Value::Null,
            };
            if !matches!(number, Value::Null) {
                self.tokens.literal = number;
                self.tokens.at = signs.pop().unwrap_or_default() as usize;
            }
        }
        let kind = if sign == b'!' { NodeKind::Not } else { NodeKind::Negate };
        let mut node = self.member();
        while let Some(at) = signs.pop() {
            node = self.node(at as usize, kind, &[node]);
        }
        node
    }

    /// A value, then `.name`, `[index]` and `.method(…)`, as many as there are.
    fn member(&mut self) -> NodeIx {
        let mut node = self.primary();
        loop {
            if self.eat(b'.') {
                let (at, name) = self.field_name();
                node = if self.tokens.kind == b'(' {
                    self.call(at, name, node)
                } else {
                    let name = self.literal(at, Value::String(name.into()));
                    self.node(at, NodeKind::Field, &[node, name])
                };
            } else if self.eat(b'[') {
                let index = self.expression();
                self.expect(b']', "]");
                node = self.node(self.tree.node(index).at, NodeKind::Index, &[node, index]);
            } else {
                return node;
            }
        }
    }

    pub(super) fn field_name(&mut self) -> (usize, &'a str) {
        let name = self.tokens.text();
        if self.tokens.kind != NAME {
            self.fail(self.tokens.at, "expected a field name; a list has elements such as `[0]`", "");
        } else if WORDS[..4].contains(&name) {
            self.fail(self.tokens.at, NOT_A_NAME, name);
        }
        (self.tokens.take(), name)
    }

    fn primary(&mut self) -> NodeIx {
        let (at, text) = (self.tokens.at, self.tokens.text());
        let value = match self.tokens.kind {
            LITERAL => std::mem::replace(&mut self.tokens.literal, Value::Null),
            NAME => match text {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                name if WORDS.contains(&name) => return self.fail(at, NOT_A_NAME, name),
                name => {
                    self.tokens.take();
                    return if self.tokens.kind == b'(' { self.call(at, name, NOTHING) } else { self.root(at, name) };
                }
            },
            b'(' => {
                self.tokens.take();
                let node = self.expression();
                self.expect(b')', ")");
                return node;
            }
            b'[' => return self.items(at, NodeKind::List, b']', NOTHING),
            b'{' => return self.items(at, NodeKind::Map, b'}', NOTHING),
            _ => return self.fail(at, EXPECTED_VALUE, ""),
        };
        if let Value::Int(i64::MIN) = value
            && !text.starts_with('-')
        {
            return self.fail(at, TOO_LARGE, text);
        }
        self.tokens.take();
        self.literal(at, value)
    }

    /// Expressions up to the `end` of a list, a map or a call, after a `first` one, if there is. A comma may follow the
    /// last one in a list or a map.
    fn items(&mut self, at: usize, kind: NodeKind, end: u8, first: NodeIx) -> NodeIx {
        self.tokens.take();
        let mut items = Vec::new();
        if first != NOTHING {
            items.push(first);
        }
        let is_call = end == b')';
        let mut more = !self.eat(end);
        while more {
            let item = self.expression();
            items.push(item);
            if end == b'}' {
                let key = self.tree.node(item);
                if let NodeKind::Literal(literal) = key.kind
                    && let value = self.tree.literal(literal)
                    && !matches!(value, Value::String(_))
                {
                    let (at, found) = (key.at, value.describe());
                    return self.fail(at, "a key of a map is a string, not @", found);
                }
                self.expect(b':', ":");
                items.push(self.expression());
            }
            let comma = self.eat(b',');
            more = comma && is_call || !self.eat(end);
            if more && !comma {
                let end = if is_call {
                    ")"
                } else if end == b']' {
                    "]"
                } else {
                    "}"
                };
                return self.fail(self.tokens.at, "expected `,` or `@`", end);
            }
        }
        self.node(at, kind, &items)
    }

    /// `name(…)`, or `of.name(…)`.
    fn call(&mut self, at: usize, name: &'a str, of: NodeIx) -> NodeIx {
        let (free, methods) = (Function::free(), Function::methods());
        let (there, elsewhere) = if of == NOTHING { (free, methods) } else { (methods, free) };
        let Some(function) = Function::named(name) else {
            return unknown(&mut self.tokens, at, name, there, elsewhere);
        };
        if of == NOTHING && function > Function::Size || of != NOTHING && function < Function::Size {
            let (message, example) = match of {
                NOTHING => ("`@` is called on a value: `value.@(…)`", "value.@(…)"),
                _ => ("`@` is called with a value: `@(value)`", "@(value)"),
            };
            return self.fail_near(at, message, example, name);
        }
        if function.is_macro() {
            return self.expand(at, function, of);
        }
        let node = self.items(at, NodeKind::Call(function), b')', of);
        let arguments = self.tree.below(self.tree.node(node));
        let is_well = arguments.len() == function.arity();
        if function == Function::Has {
            if let [field] = *arguments
                && let field = self.tree.node(field)
                && let NodeKind::Field = field.kind
                && let [of, key] = *self.tree.below(field)
            {
                return self.node(at, NodeKind::Call(Function::Has), &[of, key]);
            }
            let (message, example) = ("`has` takes a field of a value, as in `@`", "has(input.goal)");
            return self.fail_near(at, message, "@", example);
        }
        let example = if function.arity() == 1 {
            "`@` takes one value: `@(value)`"
        } else {
            "`@` takes one value: `text.@(\"part\")`"
        };
        if is_well { node } else { self.fail(at, example, name) }
    }

    /// `of.all(name, condition)` and its kin.
    fn expand(&mut self, at: usize, mut function: Function, of: NodeIx) -> NodeIx {
        self.tokens.take();
        let local = self.tokens.text();
        if self.tokens.kind != NAME || WORDS.contains(&local) {
            return self.misused(self.tokens.at, function);
        }
        self.tokens.take();
        if self.tokens.kind != b',' {
            return self.misused(self.tokens.at, function);
        }
        let mut parts = vec![of];
        self.locals.push(local);
        while self.eat(b',') {
            parts.push(self.expression());
        }
        self.locals.pop();
        self.expect(b')', ")");
        if function == Function::Map && parts.len() == 3 {
            function = Function::MapSome;
        } else if parts.len() != 2 {
            return self.misused(at, function);
        }
        self.node(at, NodeKind::Call(function), &parts)
    }

    fn misused(&mut self, at: usize, function: Function) -> NodeIx {
        let message = if function == Function::Map {
            "`@` takes a name and what to ask about it: `list.@(x, x.name)`"
        } else {
            "`@` takes a name and what to ask about it: `list.@(x, x > 0)`"
        };
        self.fail(at, message, function.name())
    }
}
