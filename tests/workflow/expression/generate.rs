//! Random expressions, mostly well typed, over random data.

use repflow::rng::Rng;
use serde_json::{Map, Value as Json, json};

const NAMES: [&str; 5] = ["a", "b", "c", "name", "list"];
const TEXTS: [&str; 8] = ["", "a", "b", "ab", "größer", "7", "😀 \\ ' \"", "1.5"];

fn pick<'a, T: ?Sized>(rng: &mut Rng, of: &[&'a T]) -> &'a T {
    of[rng.below(of.len())]
}

/// What an expression is meant to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Bool,
    Int,
    Double,
    Text,
    List,
    Map,
    Any,
}

const TYPES: [Type; 6] = [Type::Bool, Type::Int, Type::Double, Type::Text, Type::List, Type::Map];

/// Data as it comes from outside: its numbers are doubles.
pub(super) fn data(rng: &mut Rng) -> Json {
    let mut fields = Map::new();
    for name in NAMES {
        if rng.below(5) > 0 {
            fields.insert(name.to_owned(), some_json(rng, if name == "list" { 2 } else { 3 }));
        }
    }
    if rng.below(4) > 0 {
        let elements: Vec<Json> = (0..rng.below(4)).map(|_| some_json(rng, 1)).collect();
        fields.insert("list".to_owned(), json!(elements));
    }
    // These have one type each, so that enough expressions have a value.
    fields.insert("flag".to_owned(), json!(rng.below(2) == 0));
    fields.insert("number".to_owned(), json!((rng.below(33) as f64 - 16.0) / 4.0));
    fields.insert("text".to_owned(), json!(pick(rng, &TEXTS)));
    fields.insert("numbers".to_owned(), (0..rng.below(4)).map(|_| json!(rng.below(9) as f64 / 2.0)).collect());
    fields.insert("map".to_owned(), json!({ "a": rng.below(9) as f64, "b": pick(rng, &TEXTS), "c": null }));
    Json::Object(fields)
}

fn some_json(rng: &mut Rng, depth: u32) -> Json {
    match rng.below(if depth == 0 { 5 } else { 8 }) {
        0 => Json::Null,
        1 => json!(rng.below(2) == 0),
        2 | 3 => json!((rng.below(33) as f64 - 16.0) / 4.0),
        4 => json!(pick(rng, &TEXTS)),
        5 | 6 => (0..rng.below(4)).map(|_| some_json(rng, depth - 1)).collect(),
        _ => {
            let fields = (0..rng.below(4)).map(|_| (pick(rng, &NAMES).to_owned(), some_json(rng, depth - 1)));
            Json::Object(fields.collect())
        }
    }
}

/// Writes an expression; with `mixed` some that calculate with two kinds of numbers.
pub(super) fn expression(rng: &mut Rng, mixed: bool) -> String {
    let mut writer = Writer { rng, mixed, locals: Vec::new() };
    let wanted = writer.some_type();
    let depth = 1 + writer.rng.below(5) as u32;
    writer.write(wanted, depth)
}

/// A string as a literal, in one of the ways to write it.
pub(super) fn literal(rng: &mut Rng, text: &str) -> String {
    let quote = if rng.below(2) == 0 { '\'' } else { '"' };
    if rng.below(4) == 0 && !text.contains([quote, '\n', '\r']) {
        return format!("r{quote}{text}{quote}");
    }
    let mut source = String::from(quote);
    for c in text.chars() {
        match (c, rng.below(8)) {
            ('\n', _) => source.push_str("\\n"),
            ('\r', _) => source.push_str("\\r"),
            ('\\', _) => source.push_str("\\\\"),
            (c, _) if c == quote => source.extend(['\\', quote]),
            (c, 0) => source.push_str(&format!("\\U{:08x}", c as u32)),
            (c, 1) if (c as u32) < 0x1_0000 => source.push_str(&format!("\\u{:04X}", c as u32)),
            (c, 2) if (c as u32) < 0x80 => source.push_str(&format!("\\x{:02x}", c as u32)),
            (c, 3) if (c as u32) < 0x80 => source.push_str(&format!("\\{:03o}", c as u32)),
            (c, _) => source.push(c),
        }
    }
    source.push(quote);
    source
}

struct Writer<'a> {
    rng: &'a mut Rng,
    mixed: bool,
    /// The variables of the macros around this place.
    locals: Vec<&'static str>,
}

impl Writer<'_> {
    fn one_in(&mut self, count: usize) -> bool {
        self.rng.below(count) == 0
    }

    fn some_type(&mut self) -> Type {
        TYPES[self.rng.below(TYPES.len())]
    }

    /// The other implementation, like the one in Go, lets `--x` and `!!x` cancel out without a look at `x`. Here the second
    /// sign is an operator like the first (langdef.md, Syntax, `Unary`), and these are not compared.
    fn unary(&mut self, sign: char, wanted: Type, depth: u32) -> String {
        let part = self.part(wanted, depth);
        if part.starts_with(sign) { format!("{sign}({part})") } else { format!("{sign}{part}") }
    }

    /// Without parentheses it may bind otherwise than it was meant, which is an expression as well.
    fn part(&mut self, wanted: Type, depth: u32) -> String {
        let source = self.write(wanted, depth);
        if self.one_in(4) { source } else { format!("({source})") }
    }

    fn binary(&mut self, left: Type, signs: &[&str], right: Type, depth: u32) -> String {
        let (left, right) = (self.part(left, depth), self.part(right, depth));
        format!("{left} {} {right}", pick(self.rng, signs))
    }

    fn write(&mut self, wanted: Type, depth: u32) -> String {
        // Now and then something of another type, which most places refuse.
        let wanted = if wanted == Type::Any || self.one_in(40) { self.some_type() } else { wanted };
        let Some(below) = depth.checked_sub(1) else { return self.leaf(wanted) };
        match self.rng.below(20) {
            0 => return self.leaf(wanted),
            1 => {
                let (condition, yes, no) =
                    (self.part(Type::Bool, below), self.part(wanted, below), self.part(wanted, below));
                return format!("{condition} ? {yes} : {no}");
            }
            2 => return self.path(),
            3 => {
                let list = self.part(Type::List, below);
                let index = if self.one_in(2) { self.rng.below(3).to_string() } else { self.write(Type::Int, below) };
                return format!("{list}[{index}]");
            }
            4 => {
                let map = self.part(Type::Map, below);
                let name = pick(self.rng, &NAMES);
                return if self.one_in(2) { format!("{map}.{name}") } else { format!("{map}['{name}']") };
            }
            _ => {}
        }
        match wanted {
            Type::Bool | Type::Any => self.condition(below),
            Type::Int => match self.rng.below(9) {
                0 => self.unary('-', Type::Int, below),
                1 => {
                    let sized = [Type::Text, Type::List, Type::Map][self.rng.below(3)];
                    let part = self.part(sized, below);
                    if self.one_in(2) { format!("size({part})") } else { format!("{part}.size()") }
                }
                2 => {
                    let from = [Type::Int, Type::Double, Type::Text][self.rng.below(3)];
                    format!("int({})", self.write(from, below))
                }
                _ => self.binary(Type::Int, &["+", "-", "*", "/", "%"], Type::Int, below),
            },
            Type::Double => match self.rng.below(8) {
                0 => self.unary('-', Type::Double, below),
                1 => {
                    let from = [Type::Int, Type::Double, Type::Text][self.rng.below(3)];
                    format!("double({})", self.write(from, below))
                }
                2 if self.mixed => self.binary(Type::Int, &["+", "-", "*", "/", "%"], Type::Double, below),
                _ => self.binary(Type::Double, &["+", "-", "*", "/"], Type::Double, below),
            },
            Type::Text => match self.rng.below(4) {
                0 => {
                    let from = [Type::Int, Type::Double, Type::Text, Type::Bool][self.rng.below(4)];
                    format!("string({})", self.write(from, below))
                }
                _ => self.binary(Type::Text, &["+"], Type::Text, below),
            },
            Type::List => match self.rng.below(6) {
                0 => self.binary(Type::List, &["+"], Type::List, below),
                1 => self.comprehension("filter", &[Type::Bool], below),
                2 => self.comprehension("map", &[Type::Any], below),
                3 => self.comprehension("map", &[Type::Bool, Type::Any], below),
                _ => {
                    let elements: Vec<String> = (0..self.rng.below(4)).map(|_| self.write(Type::Any, below)).collect();
                    format!("[{}]", elements.join(", "))
                }
            },
            Type::Map => {
                let names = NAMES.iter().filter(|_| self.rng.below(2) == 0).collect::<Vec<_>>();
                let mut fields = Vec::new();
                for name in names {
                    fields.push(format!("'{name}': {}", self.write(Type::Any, below)));
                }
                if self.one_in(10) {
                    fields.push(format!("{}: 1", self.write(Type::Text, below)));
                }
                format!("{{{}}}", fields.join(", "))
            }
        }
    }

    fn condition(&mut self, below: u32) -> String {
        match self.rng.below(14) {
            0 => self.unary('!', Type::Bool, below),
            1..=3 => self.binary(Type::Bool, &["&&", "||"], Type::Bool, below),
            4 | 5 => {
                let side = self.some_type();
                self.binary(side, &["==", "!="], side, below)
            }
            6 => self.binary(Type::Any, &["==", "!="], Type::Any, below),
            7 | 8 => {
                let side = [Type::Int, Type::Double, Type::Text, Type::Bool][self.rng.below(4)];
                self.binary(side, &["<", "<=", ">", ">="], side, below)
            }
            9 => self.binary(Type::Int, &["<", "<=", ">", ">=", "=="], Type::Double, below),
            10 => {
                let within = if self.one_in(3) { Type::Map } else { Type::List };
                self.binary(Type::Any, &["in"], within, below)
            }
            11 => {
                let (text, part) = (self.part(Type::Text, below), self.write(Type::Text, below));
                format!("{text}.{}({part})", pick(self.rng, &["contains", "startsWith", "endsWith"]))
            }
            12 => {
                let of = if self.one_in(2) { "input".to_owned() } else { self.part(Type::Map, below) };
                format!("has({of}.{})", pick(self.rng, &NAMES))
            }
            _ => {
                let name = pick(self.rng, &["all", "exists", "exists_one"]);
                self.comprehension(name, &[Type::Bool], below)
            }
        }
    }

    fn comprehension(&mut self, name: &str, parts: &[Type], below: u32) -> String {
        let range = if self.one_in(4) { Type::Map } else { Type::List };
        let range = self.part(range, below);
        // A name of data now and then, which it hides.
        let local = pick(self.rng, &["x", "y", "z", "input"]);
        self.locals.push(local);
        let parts: Vec<String> = parts.iter().map(|part| self.write(*part, below)).collect();
        self.locals.pop();
        format!("{range}.{name}({local}, {})", parts.join(", "))
    }

    fn leaf(&mut self, wanted: Type) -> String {
        if !self.locals.is_empty() && self.one_in(2) {
            return self.locals[self.rng.below(self.locals.len())].to_owned();
        }
        if self.one_in(12) {
            return self.path();
        }
        let typed = match wanted {
            Type::Bool => Some("flag"),
            Type::Double => Some("number"),
            Type::Text => Some("text"),
            Type::List => Some("numbers"),
            Type::Map => Some("map"),
            Type::Int | Type::Any => None,
        };
        if let Some(name) = typed.filter(|_| self.one_in(3)) {
            return format!("{}.{name}", pick(self.rng, &["input", "parameters", "steps.analyze.output"]));
        }
        match wanted {
            Type::Bool | Type::Any => pick(self.rng, &["true", "false"]).to_owned(),
            Type::Int => match self.rng.below(12) {
                0 => "9223372036854775807".to_owned(),
                1 => "-9223372036854775808".to_owned(),
                2 => "0x10".to_owned(),
                _ => (self.rng.below(12) as i64 - 3).to_string(),
            },
            Type::Double => {
                let number = (self.rng.below(33) as f64 - 16.0) / 4.0;
                if self.one_in(4) { format!("{number:?}e1") } else { format!("{number:?}") }
            }
            Type::Text => {
                let text = pick(self.rng, &TEXTS);
                literal(self.rng, text)
            }
            Type::List => pick(self.rng, &["[]", "[1, 2]", "[1.5, 'a', null]", "input.list"]).to_owned(),
            Type::Map => pick(self.rng, &["{}", "{'a': 1, 'b': 2.0}", "input", "input.map"]).to_owned(),
        }
    }

    fn path(&mut self) -> String {
        let mut path = match self.rng.below(12) {
            0 => return "run.id".to_owned(),
            1 => return "steps.analyze.status".to_owned(),
            2 => return "null".to_owned(),
            3 => "steps['analyze'].output".to_owned(),
            4 if !self.locals.is_empty() => self.locals[self.locals.len() - 1].to_owned(),
            _ => "input".to_owned(),
        };
        loop {
            match self.rng.below(6) {
                0 | 1 => path.push_str(&format!(".{}", pick(self.rng, &NAMES))),
                2 => path.push_str(&format!("['{}']", pick(self.rng, &NAMES))),
                3 => path.push_str(&format!("[{}]", self.rng.below(3))),
                _ => return path,
            }
        }
    }
}
