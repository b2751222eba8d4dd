//! From words to a tree: recursive descent, with the binary operators by how tightly they bind.
//!
//! Names are resolved on the way, so that an expression that parses reads only what there is: a step becomes its index, a
//! variable its depth.

//!
//! The first problem ends it: it is kept, and `None` is handed up.

use std::rc::Rc;

use super::token::{Token, Tokens, Word, is_name};
use super::tree::{Function, Macro, NodeIx, NodeKind, Operator, Root, Tree};
use super::{MAX_DEPTH, Names, SyntaxError, Unresolved};
use crate::error::nearest;
use crate::reader::list;
use crate::value::Value;

/// CEL keeps these for itself; a field may have such a name where it is written as `["for"]`.
const RESERVED: [&str; 17] = [
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
const KEYWORDS: [&str; 4] = ["true", "false", "null", "in"];

const EXPECTED_VALUE: &str = "expected a value, such as `input.goal`, `steps.a.output`, `run.id`, `\"text\"` or `5`";

/// What is called with a value, as in `size(list)`.
const FREE: [&str; 5] = ["size", "string", "int", "double", "has"];

/// What is called on a value, as in `text.contains(part)`.
const METHODS: [&str; 9] =
    ["size", "contains", "startsWith", "endsWith", "all", "exists", "exists_one", "map", "filter"];

pub(super) struct Parser<'a, 'n> {
    source: &'a str,
    tokens: Tokens<'a>,
    token: Token<'a>,
    names: &'n mut dyn Names,
    /// The variables of the macros around this place, outermost first.
    locals: Vec<&'a str>,
    depth: usize,
    tree: Tree,
    problem: Option<SyntaxError>,
}

/// Parses a whole expression.
pub(super) fn parse(source: &str, names: &mut dyn Names) -> Result<Tree, SyntaxError> {
    let token = Token { at: 0, word: Word::End };
    let tokens = Tokens::new(source);
    let (locals, tree) = (Vec::new(), Tree::default());
    let mut parser = Parser { source, tokens, token, names, locals, depth: 0, tree, problem: None };
    parser.whole();
    match parser.problem {
        Some(problem) => Err(problem),
        None => Ok(parser.tree),
    }
}

impl<'a> Parser<'a, '_> {
    fn whole(&mut self) -> Option<()> {
        self.take()?;
        self.tree.root = self.expression()?;
        match self.token.word {
            Word::End => Some(()),
            Word::Name("and") => {
                self.fail_near(self.token.at, "expected an operator; `&&` is true when both sides are", "&&")
            }
            Word::Name("or") => {
                self.fail_near(self.token.at, "expected an operator; `||` is true when one side is", "||")
            }
            _ => self.fail(self.token.at, "expected an operator or the end of the expression"),
        }
    }

    fn note(&mut self, offset: usize, message: String, suggestion: Option<String>) {
        self.problem = Some(SyntaxError { offset, message, suggestion });
    }

    fn fail<T>(&mut self, at: usize, message: &str) -> Option<T> {
        self.note(at, message.to_owned(), None);
        None
    }

    fn fail_near<T>(&mut self, at: usize, message: &str, suggestion: &str) -> Option<T> {
        self.note(at, message.to_owned(), Some(suggestion.to_owned()));
        None
    }

    fn fail_unknown<T>(&mut self, at: usize, what: &str, name: &str, there: &[&str], elsewhere: &[&str]) -> Option<T> {
        let suggestion = nearest(name, there.iter().chain(elsewhere).copied()).map(str::to_owned);
        self.note(at, format!("unknown {what} `{name}`; there are {}", list(there)), suggestion);
        None
    }

    /// Moves on, and gives where it was.
    fn take(&mut self) -> Option<usize> {
        match self.tokens.next() {
            Ok(next) => Some(std::mem::replace(&mut self.token, next).at),
            Err(problem) => {
                self.problem = Some(problem);
                None
            }
        }
    }

    fn is_at(&self, symbol: &str) -> bool {
        matches!(self.token.word, Word::Symbol(found) if found == symbol)
    }

    fn eat(&mut self, symbol: &str) -> Option<bool> {
        let found = self.is_at(symbol);
        if found {
            self.take()?;
        }
        Some(found)
    }

    fn expect(&mut self, symbol: &str) -> Option<()> {
        if self.eat(symbol)? {
            return Some(());
        }
        self.note(self.token.at, format!("expected `{symbol}`"), None);
        None
    }

    fn node(&mut self, at: usize, kind: NodeKind, below: &[NodeIx]) -> Option<NodeIx> {
        let node = self.tree.add(at, kind, below, MAX_DEPTH);
        if node.is_none() {
            self.too_deep(at);
        }
        node
    }

    fn literal(&mut self, at: usize, value: Value) -> Option<NodeIx> {
        self.node(at, NodeKind::Literal(value), &[])
    }

    fn too_deep(&mut self, at: usize) {
        let message =
            format!("the expression is nested deeper than {MAX_DEPTH} levels; compute a part of it in a step");
        self.note(at, message, None);
    }

    /// `a ? b : c`, and all that binds more tightly.
    fn expression(&mut self) -> Option<NodeIx> {
        if self.depth == MAX_DEPTH {
            self.too_deep(self.token.at);
            return None;
        }
        self.depth += 1;
        let mut node = self.binary(0)?;
        if self.is_at("?") {
            let at = self.take()?;
            let yes = self.binary(0)?;
            self.expect(":")?;
            let no = self.expression()?;
            node = self.node(at, NodeKind::Conditional, &[node, yes, no])?;
        }
        self.depth -= 1;
        Some(node)
    }

    /// Operators that bind at least as tightly as `least`, from left to right.
    fn binary(&mut self, least: u8) -> Option<NodeIx> {
        let mut left = self.unary()?;
        loop {
            let sign = match self.token.word {
                Word::Symbol(sign) => sign,
                Word::Name("in") => "in",
                _ => return Some(left),
            };
            let found = Operator::ALL.iter().find(|(other, _, binds)| *other == sign && *binds >= least);
            let Some((_, operator, binds)) = found else { return Some(left) };
            let at = self.take()?;
            let right = self.binary(binds + 1)?;
            left = self.node(at, NodeKind::Binary(*operator), &[left, right])?;
        }
    }

    /// Any number of `!`, or any number of `-`, before a value. A minus right before a number is a part of the number.
    fn unary(&mut self) -> Option<NodeIx> {
        let sign = match self.token.word {
            Word::Symbol(sign @ ("!" | "-")) => sign,
            _ => return self.member(),
        };
        let mut signs = Vec::new();
        while self.is_at(sign) {
            signs.push(self.take()?);
        }
        let number = match self.token.word {
            Word::Int(number) if sign == "-" => Some(Value::Int((number as i64).wrapping_neg())),
            Word::Double(number) if sign == "-" => Some(Value::Number(-number)),
            _ => None,
        };
        let mut node = match (number, signs.last()) {
            (Some(number), Some(at)) => {
                let at = *at;
                signs.pop();
                self.take()?;
                let number = self.literal(at, number)?;
                self.members_of(number)?
            }
            _ => self.member()?,
        };
        while let Some(at) = signs.pop() {
            node = self.node(at, if sign == "!" { NodeKind::Not } else { NodeKind::Negate }, &[node])?;
        }
        Some(node)
    }

    fn member(&mut self) -> Option<NodeIx> {
        let first = self.primary()?;
        self.members_of(first)
    }

    /// `.name`, `[index]` and `.method(…)`, as many as there are.
    fn members_of(&mut self, mut node: NodeIx) -> Option<NodeIx> {
        loop {
            if self.eat(".")? {
                let (at, name) = self.field_name()?;
                node = if self.is_at("(") {
                    self.method(node, at, name)?
                } else {
                    self.node(at, NodeKind::Field(name.into()), &[node])?
                };
            } else if self.eat("[")? {
                let index = self.expression()?;
                self.expect("]")?;
                let at = self.tree.node(index).at;
                node = self.node(at, NodeKind::Index, &[node, index])?;
            } else {
                return Some(node);
            }
        }
    }

    fn field_name(&mut self) -> Option<(usize, &'a str)> {
        match self.token.word {
            Word::Name(name) if KEYWORDS.contains(&name) => {
                let message = format!("`{name}` is a word of the language; as a field it is written `[\"{name}\"]`");
                self.note(self.token.at, message, None);
                None
            }
            Word::Name(name) => Some((self.take()?, name)),
            _ => self.fail(self.token.at, "expected a field name; a list has elements such as `[0]`"),
        }
    }

    fn primary(&mut self) -> Option<NodeIx> {
        let at = self.token.at;
        let literal = match &self.token.word {
            Word::Name("true") => Value::Bool(true),
            Word::Name("false") => Value::Bool(false),
            Word::Name("null") => Value::Null,
            Word::Double(number) => Value::Number(*number),
            Word::Text(text) => Value::String(Rc::clone(text)),
            Word::Int(number) => match i64::try_from(*number) {
                Ok(number) => Value::Int(number),
                Err(_) => {
                    return self.fail(at, "the whole number is too large for 64 bits; with a fraction it is a double");
                }
            },
            Word::Name(name) if *name == "in" || RESERVED.contains(name) => {
                let message = format!("{EXPECTED_VALUE}, not the word `{name}` of the language");
                self.note(at, message, None);
                return None;
            }
            Word::Name(name) => {
                let name = *name;
                self.take()?;
                return if self.is_at("(") { self.function(at, name) } else { self.root(at, name) };
            }
            Word::Symbol("(") => {
                self.take()?;
                let node = self.expression()?;
                self.expect(")")?;
                return Some(node);
            }
            Word::Symbol("[") => return self.items(at, "]"),
            Word::Symbol("{") => return self.items(at, "}"),
            _ => return self.fail(at, EXPECTED_VALUE),
        };
        self.take()?;
        self.literal(at, literal)
    }

    /// A list, or a map, up to `end`; a comma may follow what is last in it.
    fn items(&mut self, at: usize, end: &'static str) -> Option<NodeIx> {
        self.take()?;
        let is_map = end == "}";
        let mut items = Vec::new();
        while !self.eat(end)? {
            let item = self.expression()?;
            items.push(item);
            if is_map {
                let key = self.tree.node(item);
                if let NodeKind::Literal(value) = &key.kind
                    && !matches!(value, Value::String(_))
                {
                    let (at, message) = (key.at, format!("a key of a map is a string, not {}", value.describe()));
                    self.note(at, message, None);
                    return None;
                }
                self.expect(":")?;
                items.push(self.expression()?);
            }
            if !self.is_at(end) && !self.eat(",")? {
                self.note(self.token.at, format!("expected `,` or `{end}`"), None);
                return None;
            }
        }
        self.node(at, if is_map { NodeKind::Map } else { NodeKind::List }, &items)
    }

    /// What is handed to a function after `first`, with its parentheses.
    fn arguments(&mut self, first: Option<NodeIx>) -> Option<Vec<NodeIx>> {
        self.take()?;
        let mut arguments: Vec<NodeIx> = first.into_iter().collect();
        if self.eat(")")? {
            return Some(arguments);
        }
        loop {
            arguments.push(self.expression()?);
            if self.eat(")")? {
                return Some(arguments);
            }
            if !self.eat(",")? {
                return self.fail(self.token.at, "expected `,` or `)`");
            }
        }
    }

    /// `name(…)`.
    fn function(&mut self, at: usize, name: &str) -> Option<NodeIx> {
        if name == "has" {
            let arguments = self.arguments(None)?;
            if let [only] = arguments[..] {
                let node = self.tree.node(only);
                if let NodeKind::Field(key) = &node.kind {
                    let (key, of) = (Rc::clone(key), self.tree.below(node)[0]);
                    return self.node(at, NodeKind::Has(key), &[of]);
                }
            }
            return self.fail_near(at, "`has` takes a field of a value, as in `has(input.goal)`", "has(input.goal)");
        }
        match Function::ALL.iter().find(|(known, _)| *known == name) {
            Some((_, function)) if FREE.contains(&name) => self.call(at, *function, None),
            _ if METHODS.contains(&name) => {
                let example = format!("value.{name}(…)");
                self.fail_near(at, &format!("`{name}` is called on a value: `{example}`"), &example)
            }
            _ => self.fail_unknown(at, "function", name, &FREE, &METHODS),
        }
    }

    /// `node.name(…)`.
    fn method(&mut self, node: NodeIx, at: usize, name: &str) -> Option<NodeIx> {
        if let Some((_, found)) = Macro::ALL.iter().find(|(known, _)| *known == name) {
            return self.expand(node, at, name, *found);
        }
        match Function::ALL.iter().find(|(known, _)| *known == name) {
            Some((_, function)) if METHODS.contains(&name) => self.call(at, *function, Some(node)),
            _ if FREE.contains(&name) => {
                let example = format!("{name}(value)");
                self.fail_near(at, &format!("`{name}` is called with a value: `{example}`"), &example)
            }
            _ => self.fail_unknown(at, "function", name, &METHODS, &FREE),
        }
    }

    fn call(&mut self, at: usize, function: Function, first: Option<NodeIx>) -> Option<NodeIx> {
        let arguments = self.arguments(first)?;
        if arguments.len() == function.arity() {
            return self.node(at, NodeKind::Call(function), &arguments);
        }
        let name = function.name();
        let example = if function.arity() == 1 { ("", "(value)") } else { ("text.", "(\"part\")") };
        self.note(at, format!("`{name}` takes one value: `{}{name}{}`", example.0, example.1), None);
        None
    }

    /// `node.all(name, condition)` and its kin.
    fn expand(&mut self, node: NodeIx, at: usize, name: &str, found: Macro) -> Option<NodeIx> {
        self.take()?;
        let local = match self.token.word {
            Word::Name(local) if !KEYWORDS.contains(&local) && !RESERVED.contains(&local) => local,
            _ => return self.misused(self.token.at, name),
        };
        self.take()?;
        if !self.is_at(",") {
            return self.misused(self.token.at, name);
        }
        let mut parts = vec![node];
        self.locals.push(local);
        while self.eat(",")? {
            parts.push(self.expression()?);
        }
        self.locals.pop();
        self.expect(")")?;
        let found = match (found, parts.len()) {
            (Macro::Map, 3) => Macro::MapSome,
            (found, 2) => found,
            _ => return self.misused(at, name),
        };
        self.node(at, NodeKind::Macro(found), &parts)
    }

    fn misused(&mut self, at: usize, name: &str) -> Option<NodeIx> {
        let example = if name == "map" { "x.name" } else { "x > 0" };
        let message = format!("`{name}` takes a name and what to ask about it: `list.{name}(x, {example})`");
        self.note(at, message, None);
        None
    }

    /// A name that is not a function's: of a variable, or where a path begins.
    fn root(&mut self, at: usize, name: &'a str) -> Option<NodeIx> {
        let variables = self.names.variables();
        let root = if let Some(local) = self.locals.iter().rposition(|local| *local == name) {
            return self.node(at, NodeKind::Local(local), &[]);
        } else if let Some(depth) = variables.iter().position(|variable| **variable == *name) {
            Root::Variable(depth as u32)
        } else if name == "index" && !variables.is_empty() {
            Root::LoopIndex
        } else {
            match name {
                "input" | "parameters" => Root::Input,
                "run" => match self.key()? {
                    Some((_, key)) if &*key == "id" => Root::RunId,
                    _ => return self.fail_near(at, "`run` has one field, `run.id`", "run.id"),
                },
                "steps" => return self.step(at),
                _ => return self.unknown_name(at, name),
            }
        };
        self.node(at, NodeKind::Root(root), &[])
    }

    fn step(&mut self, at: usize) -> Option<NodeIx> {
        let Some((at, id)) = self.key()? else {
            return self.fail(at, "expected the id of a step after `steps`, as in `steps.a.output`");
        };
        // In CEL `a-b` subtracts, and there is nothing to subtract from a step itself.
        if self.is_at("-") {
            let message = "a name with `-` is written as a key: `steps[\"my-step\"].output`";
            return self.fail(self.token.at, message);
        }
        let step = match self.names.step(&id) {
            Ok(step) => step,
            Err(Unresolved { message, suggestion }) => {
                self.note(at, message, suggestion);
                return None;
            }
        };
        let root = match self.key()?.as_ref().map(|(_, key)| &**key) {
            Some("output") => Root::Output(step),
            Some("status") => Root::Status(step),
            _ => {
                let is_plain = id.bytes().all(is_name);
                let path = if is_plain { format!("steps.{id}.output") } else { format!("steps[\"{id}\"].output") };
                let message = format!("expected `output` or `status` after the id of a step: `{path}`");
                return self.fail_near(at, &message, &path);
            }
        };
        self.node(at, NodeKind::Root(root), &[])
    }

    /// `.name` or `["name"]`, if one comes next, and where what it names stands.
    fn key(&mut self) -> Option<Option<(usize, Rc<str>)>> {
        if self.eat(".")? {
            let (at, name) = self.field_name()?;
            return Some(Some((at, name.into())));
        }
        if !self.eat("[")? {
            return Some(None);
        }
        let Word::Text(key) = &self.token.word else { return Some(None) };
        let key = Rc::clone(key);
        let at = self.take()?;
        self.expect("]")?;
        Some(Some((at, key)))
    }

    fn unknown_name(&mut self, at: usize, name: &str) -> Option<NodeIx> {
        if let [.., letter, b'-'] = self.source.as_bytes()[..at]
            && is_name(letter)
        {
            return self.fail(at, "a name with `-` is written as a key, as in `input[\"my-goal\"]`");
        }
        let variables = self.names.variables().to_vec();
        let mut names = vec!["input", "parameters", "steps", "run"];
        names.extend(self.locals.iter().rev());
        for variable in &variables {
            names.push(variable);
        }
        if !variables.is_empty() {
            names.push("index");
        }
        self.fail_unknown(at, "name", name, &names, &[])
    }
}
