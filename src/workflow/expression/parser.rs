//! From words to a tree: recursive descent, with the binary operators by how tightly they bind.
//!
//! Names are resolved on the way, so that an expression that parses reads only what there is: a step becomes its index, a
//! variable its depth.

use std::rc::Rc;

use super::token::{Token, Tokens, Word, is_name};
use super::tree::{Function, Macro, Node, NodeKind, Operator, Root};
use super::{MAX_DEPTH, Names, SyntaxError, Unresolved};
use crate::error::nearest;
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

type Parsed = Result<Node, SyntaxError>;

pub(super) struct Parser<'a, 'n> {
    source: &'a str,
    tokens: Tokens<'a>,
    token: Token<'a>,
    names: &'n mut dyn Names,
    /// The variables of the macros around this place, outermost first.
    locals: Vec<&'a str>,
    depth: usize,
}

/// Parses a whole expression.
pub(super) fn parse(source: &str, names: &mut dyn Names) -> Parsed {
    let mut tokens = Tokens::new(source);
    let token = tokens.next()?;
    let mut parser = Parser { source, tokens, token, names, locals: Vec::new(), depth: 0 };
    let node = parser.expression()?;
    if parser.token.word == Word::End {
        return Ok(node);
    }
    let (message, suggestion) = match parser.token.word {
        Word::Name("and") => ("expected an operator; `&&` is true when both sides are", Some("&&")),
        Word::Name("or") => ("expected an operator; `||` is true when one side is", Some("||")),
        _ => ("expected an operator or the end of the expression", None),
    };
    Err(SyntaxError { offset: parser.token.at, message: message.to_owned(), suggestion: suggestion.map(str::to_owned) })
}

impl<'a> Parser<'a, '_> {
    fn error<T>(&self, at: usize, message: impl Into<String>) -> Result<T, SyntaxError> {
        self.error_with(at, message, None)
    }

    fn error_with<T>(&self, at: usize, message: impl Into<String>, suggestion: Option<&str>) -> Result<T, SyntaxError> {
        Err(SyntaxError { offset: at, message: message.into(), suggestion: suggestion.map(str::to_owned) })
    }

    /// Moves on, and gives what was there.
    fn take(&mut self) -> Result<Token<'a>, SyntaxError> {
        let next = self.tokens.next()?;
        Ok(std::mem::replace(&mut self.token, next))
    }

    fn is_at(&self, symbol: &str) -> bool {
        matches!(self.token.word, Word::Symbol(found) if found == symbol)
    }

    fn eat(&mut self, symbol: &str) -> Result<bool, SyntaxError> {
        let found = self.is_at(symbol);
        if found {
            self.take()?;
        }
        Ok(found)
    }

    fn expect(&mut self, symbol: &str) -> Result<(), SyntaxError> {
        if self.eat(symbol)? { Ok(()) } else { self.error(self.token.at, format!("expected `{symbol}`")) }
    }

    fn node(&self, at: usize, height: usize, kind: NodeKind) -> Parsed {
        if height > MAX_DEPTH { self.too_deep(at) } else { Ok(Node { at, height, kind }) }
    }

    fn above(&self, at: usize, below: Node, kind: impl FnOnce(Box<Node>) -> NodeKind) -> Parsed {
        self.node(at, below.height + 1, kind(Box::new(below)))
    }

    fn above_all(&self, at: usize, below: Vec<Node>, kind: impl FnOnce(Vec<Node>) -> NodeKind) -> Parsed {
        let height = below.iter().map(|node| node.height).max().map_or(0, |height| height + 1);
        self.node(at, height, kind(below))
    }

    fn too_deep<T>(&self, at: usize) -> Result<T, SyntaxError> {
        self.error(
            at,
            format!("the expression is nested deeper than {MAX_DEPTH} levels; compute a part of it in a step"),
        )
    }

    /// `a ? b : c`, and all that binds more tightly.
    fn expression(&mut self) -> Parsed {
        if self.depth == MAX_DEPTH {
            return self.too_deep(self.token.at);
        }
        self.depth += 1;
        let condition = self.binary(0)?;
        let node = if self.is_at("?") {
            let at = self.take()?.at;
            let yes = self.binary(0)?;
            self.expect(":")?;
            let no = self.expression()?;
            let height = condition.height.max(yes.height).max(no.height) + 1;
            self.node(at, height, NodeKind::Conditional(Box::new([condition, yes, no])))?
        } else {
            condition
        };
        self.depth -= 1;
        Ok(node)
    }

    /// Operators that bind at least as tightly as `least`, from left to right.
    fn binary(&mut self, least: u8) -> Parsed {
        let mut left = self.unary()?;
        loop {
            let sign = match self.token.word {
                Word::Symbol(sign) => sign,
                Word::Name("in") => "in",
                _ => return Ok(left),
            };
            let found = Operator::ALL.iter().find(|(other, _, binds)| *other == sign && *binds >= least);
            let Some((_, operator, binds)) = found else { return Ok(left) };
            let at = self.take()?.at;
            let right = self.binary(binds + 1)?;
            let height = left.height.max(right.height) + 1;
            left = self.node(at, height, NodeKind::Binary(*operator, Box::new([left, right])))?;
        }
    }

    /// Any number of `!`, or any number of `-`, before a value.
    fn unary(&mut self) -> Parsed {
        let sign = match self.token.word {
            Word::Symbol(sign @ ("!" | "-")) => sign,
            _ => return self.member(),
        };
        let mut signs = Vec::new();
        while self.is_at(sign) {
            signs.push(self.take()?.at);
            // A minus right before a number is a part of the number.
            if sign == "-" && matches!(self.token.word, Word::Int(_) | Word::Double(_)) {
                break;
            }
        }
        let mut node = if sign == "-" && matches!(self.token.word, Word::Int(_) | Word::Double(_)) {
            let at = signs.pop().unwrap_or_default();
            let number = match self.take()?.word {
                Word::Int(number) => Value::Int((number as i64).wrapping_neg()),
                Word::Double(number) => Value::Number(-number),
                _ => Value::Null,
            };
            let number = self.node(at, 0, NodeKind::Literal(number))?;
            self.members_of(number)?
        } else {
            self.member()?
        };
        while let Some(at) = signs.pop() {
            node = self.above(at, node, if sign == "!" { NodeKind::Not } else { NodeKind::Negate })?;
        }
        Ok(node)
    }

    fn member(&mut self) -> Parsed {
        let first = self.primary()?;
        self.members_of(first)
    }

    /// `.name`, `[index]` and `.method(…)`, as many as there are.
    fn members_of(&mut self, mut node: Node) -> Parsed {
        loop {
            if self.eat(".")? {
                let (at, name) = self.field_name()?;
                node = if self.is_at("(") {
                    self.method(node, at, name)?
                } else {
                    self.above(at, node, |node| NodeKind::Field(node, name.into()))?
                };
            } else if self.eat("[")? {
                let index = self.expression()?;
                self.expect("]")?;
                let height = node.height.max(index.height) + 1;
                node = self.node(index.at, height, NodeKind::Index(Box::new([node, index])))?;
            } else {
                return Ok(node);
            }
        }
    }

    fn field_name(&mut self) -> Result<(usize, &'a str), SyntaxError> {
        let at = self.token.at;
        match self.token.word {
            Word::Name(name) if KEYWORDS.contains(&name) => {
                self.error(at, format!("`{name}` is a word of the language; as a field it is written `[\"{name}\"]`"))
            }
            Word::Name(name) => {
                self.take()?;
                Ok((at, name))
            }
            _ => self.error(at, "expected a field name; a list has elements such as `[0]`"),
        }
    }

    fn primary(&mut self) -> Parsed {
        let at = self.token.at;
        match self.token.word {
            Word::Name(name) => {
                let literal = match name {
                    "true" => Some(Value::Bool(true)),
                    "false" => Some(Value::Bool(false)),
                    "null" => Some(Value::Null),
                    _ => None,
                };
                if let Some(literal) = literal {
                    self.take()?;
                    return self.node(at, 0, NodeKind::Literal(literal));
                }
                if name == "in" || RESERVED.contains(&name) {
                    return self.error(at, format!("{EXPECTED_VALUE}, not the word `{name}` of the language"));
                }
                self.take()?;
                if self.is_at("(") { self.function(at, name) } else { self.root(at, name) }
            }
            Word::Int(number) => {
                let Ok(number) = i64::try_from(number) else {
                    return self.error(at, "the whole number is too large for 64 bits; with a fraction it is a double");
                };
                self.take()?;
                self.node(at, 0, NodeKind::Literal(Value::Int(number)))
            }
            Word::Double(number) => {
                self.take()?;
                self.node(at, 0, NodeKind::Literal(Value::Number(number)))
            }
            Word::Text(_) => match self.take()?.word {
                Word::Text(text) => self.node(at, 0, NodeKind::Literal(Value::String(text))),
                _ => self.error(at, EXPECTED_VALUE),
            },
            Word::Symbol("(") => {
                self.take()?;
                let node = self.expression()?;
                self.expect(")")?;
                Ok(node)
            }
            Word::Symbol("[") => {
                self.take()?;
                let elements = self.items("]", false)?;
                self.above_all(at, elements, NodeKind::List)
            }
            Word::Symbol("{") => {
                self.take()?;
                let entries = self.items("}", true)?;
                self.above_all(at, entries, NodeKind::Map)
            }
            _ => self.error(at, EXPECTED_VALUE),
        }
    }

    /// What stands between commas, up to `end`; one comma may follow the last. With `keys`, each is `key: value`.
    fn items(&mut self, end: &'static str, keys: bool) -> Result<Vec<Node>, SyntaxError> {
        let mut items = Vec::new();
        while !self.is_at(end) {
            let item = self.expression()?;
            if keys {
                if let NodeKind::Literal(key) = &item.kind
                    && !matches!(key, Value::String(_))
                {
                    return self.error(item.at, format!("a key of a map is a string, not {}", key.describe()));
                }
                items.push(item);
                self.expect(":")?;
                let value = self.expression()?;
                items.push(value);
            } else {
                items.push(item);
            }
            if !self.is_at(end) && !self.eat(",")? {
                return self.error(self.token.at, format!("expected `,` or `{end}`"));
            }
        }
        self.take()?;
        Ok(items)
    }

    /// What is handed to a function, with its parentheses.
    fn arguments(&mut self) -> Result<Vec<Node>, SyntaxError> {
        self.expect("(")?;
        let mut arguments = Vec::new();
        if self.eat(")")? {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression()?);
            if self.eat(")")? {
                return Ok(arguments);
            }
            if !self.eat(",")? {
                return self.error(self.token.at, "expected `,` or `)`");
            }
        }
    }

    /// `name(…)`.
    fn function(&mut self, at: usize, name: &str) -> Parsed {
        if name == "has" {
            let arguments = self.arguments()?;
            let mut arguments = arguments.into_iter();
            return match (arguments.next().map(|node| node.kind), arguments.next()) {
                (Some(NodeKind::Field(of, key)), None) => self.above(at, *of, |of| NodeKind::Has(of, key)),
                _ => self.error_with(
                    at,
                    "`has` takes a field of a value, as in `has(input.goal)`",
                    Some("has(input.goal)"),
                ),
            };
        }
        let functions = Function::ALL.iter().filter(|(_, function)| function.is_free());
        if let Some((_, function)) = functions.clone().find(|(known, _)| *known == name) {
            let arguments = self.arguments()?;
            return self.call(at, *function, arguments);
        }
        let methods = self.methods();
        if methods.clone().any(|known| known == name) {
            let example = format!("value.{name}(…)");
            return self.error_with(at, format!("`{name}` is called on a value: `{example}`"), Some(&example));
        }
        let names = functions.map(|(known, _)| *known).chain(["has"]);
        self.unknown_function(at, name, names, methods)
    }

    /// `node.name(…)`.
    fn method(&mut self, node: Node, at: usize, name: &str) -> Parsed {
        if let Some((_, found)) = Macro::ALL.iter().find(|(known, _)| *known == name) {
            return self.expand(node, at, name, *found);
        }
        let found = Function::ALL.iter().find(|(known, function)| *known == name && function.is_method());
        if let Some((_, function)) = found {
            let mut arguments = self.arguments()?;
            arguments.insert(0, node);
            return self.call(at, *function, arguments);
        }
        let free = Function::ALL.iter().map(|(known, _)| *known).chain(["has"]);
        if free.clone().any(|known| known == name) {
            let example = format!("{name}(value)");
            return self.error_with(at, format!("`{name}` is called with a value: `{example}`"), Some(&example));
        }
        self.unknown_function(at, name, self.methods(), free)
    }

    fn methods(&self) -> impl Iterator<Item = &'static str> + Clone + use<> {
        let functions = Function::ALL.iter().filter(|(_, function)| function.is_method());
        functions.map(|(known, _)| *known).chain(Macro::ALL.iter().map(|(known, _)| *known))
    }

    fn unknown_function<T>(
        &self,
        at: usize,
        name: &str,
        here: impl Iterator<Item = &'static str>,
        elsewhere: impl Iterator<Item = &'static str>,
    ) -> Result<T, SyntaxError> {
        let here: Vec<&str> = here.collect();
        let suggestion = nearest(name, here.iter().copied().chain(elsewhere));
        let message = format!("unknown function `{name}`; there are {}", crate::reader::list(&here));
        self.error_with(at, message, suggestion)
    }

    fn call(&self, at: usize, function: Function, arguments: Vec<Node>) -> Parsed {
        if arguments.len() == function.arity() {
            return self.above_all(at, arguments, |arguments| NodeKind::Call(function, arguments));
        }
        let name = function.name();
        let example = match (function.arity(), function.is_free()) {
            (1, true) => format!("`{name}(value)`"),
            (_, _) => format!("`text.{name}(\"part\")`"),
        };
        self.error(at, format!("`{name}` takes one value: {example}"))
    }

    /// `node.all(name, condition)` and its kin.
    fn expand(&mut self, node: Node, at: usize, name: &str, found: Macro) -> Parsed {
        let example = if found == Macro::Map { "x.name" } else { "x > 0" };
        let usage = format!("`{name}` takes a name and what to ask about it: `list.{name}(x, {example})`");
        self.expect("(")?;
        let local = match self.token.word {
            Word::Name(local) if !KEYWORDS.contains(&local) && !RESERVED.contains(&local) => local,
            _ => return self.error(self.token.at, usage),
        };
        self.take()?;
        if !self.is_at(",") {
            return self.error(self.token.at, usage);
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
            _ => return self.error(at, usage),
        };
        self.above_all(at, parts, |parts| NodeKind::Macro(found, parts))
    }

    /// A name that is not a function's: of a variable, or where a path begins.
    fn root(&mut self, at: usize, name: &'a str) -> Parsed {
        let root = if let Some(local) = self.locals.iter().rposition(|local| *local == name) {
            NodeKind::Local(local)
        } else if let Some(depth) = self.names.variables().iter().position(|variable| **variable == *name) {
            NodeKind::Root(Root::Variable(depth as u32))
        } else if name == "index" && !self.names.variables().is_empty() {
            NodeKind::Root(Root::LoopIndex)
        } else {
            match name {
                "input" | "parameters" => NodeKind::Root(Root::Input),
                "run" => match self.key()? {
                    Some((_, key)) if &*key == "id" => NodeKind::Root(Root::RunId),
                    _ => return self.error_with(at, "`run` has one field, `run.id`", Some("run.id")),
                },
                "steps" => return self.step(at),
                _ => return self.unknown_name(at, name),
            }
        };
        self.node(at, 0, root)
    }

    fn step(&mut self, at: usize) -> Parsed {
        let Some((at, id)) = self.key()? else {
            return self.error(at, "expected the id of a step after `steps`, as in `steps.a.output`");
        };
        // In CEL `a-b` subtracts, and there is nothing to subtract from a step itself.
        if self.is_at("-") {
            return self.error(self.token.at, "a name with `-` is written as a key: `steps[\"my-step\"].output`");
        }
        let step = match self.names.step(&id) {
            Ok(step) => step,
            Err(Unresolved { message, suggestion }) => return self.error_with(at, message, suggestion.as_deref()),
        };
        let root = match self.key()?.as_ref().map(|(_, key)| &**key) {
            Some("output") => Root::Output(step),
            Some("status") => Root::Status(step),
            _ => {
                let is_plain = id.bytes().all(is_name);
                let path = if is_plain { format!("steps.{id}.output") } else { format!("steps[\"{id}\"].output") };
                let message = format!("expected `output` or `status` after the id of a step: `{path}`");
                return self.error_with(at, message, Some(&path));
            }
        };
        self.node(at, 0, NodeKind::Root(root))
    }

    /// `.name` or `["name"]`, if one comes next, and where what it names stands.
    fn key(&mut self) -> Result<Option<(usize, Rc<str>)>, SyntaxError> {
        if self.eat(".")? {
            let (at, name) = self.field_name()?;
            return Ok(Some((at, name.into())));
        }
        if !self.is_at("[") {
            return Ok(None);
        }
        self.take()?;
        let token = self.take()?;
        let Word::Text(key) = token.word else { return Ok(None) };
        self.expect("]")?;
        Ok(Some((token.at, key)))
    }

    fn unknown_name(&mut self, at: usize, name: &str) -> Parsed {
        let before = &self.source.as_bytes()[..at];
        if let [.., letter, b'-'] = before
            && is_name(*letter)
        {
            return self.error(at, "a name with `-` is written as a key, as in `input[\"my-goal\"]`");
        }
        let variables = self.names.variables().to_vec();
        let index = if variables.is_empty() { None } else { Some("index") };
        let names = self.locals.iter().rev().copied().chain(variables.iter().map(|it| &**it)).chain(index);
        let names: Vec<&str> = ["input", "parameters", "steps", "run"].into_iter().chain(names).collect();
        let suggestion = nearest(name, names.iter().copied());
        let message = format!("unknown name `{name}`; there are {}", crate::reader::list(&names));
        self.error_with(at, message, suggestion)
    }
}
