//! The words of an expression.
//!
//! One word is read at a time, when the parser asks for the next one. What CEL has and this subset has not (`b"bytes"`,
//! `1u`, `'''long strings'''`) is refused here, with a word on what to write instead.

use std::rc::Rc;

use super::SyntaxError;
use crate::number;

/// A word, and the byte that it starts at.
#[derive(Clone, Debug)]
pub(super) struct Token<'a> {
    pub(super) at: usize,
    pub(super) word: Word<'a>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word<'a> {
    Name(&'a str),
    Text(Rc<str>),
    /// The magnitude of a whole number; a minus before it is a word of its own.
    Int(u64),
    Double(f64),
    Symbol(&'static str),
    End,
}

/// Longer ones stand before those that they begin with.
const SYMBOLS: [&str; 24] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",", "(", ")", "[", "]",
    "{", "}",
];

/// What CEL counts as space.
pub(super) const SPACE: [char; 5] = [' ', '\t', '\n', '\r', '\x0c'];

/// The rest of an expression that has not been read.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    source: &'a str,
    at: usize,
}

fn error<T>(at: usize, message: impl Into<String>) -> Result<T, SyntaxError> {
    Err(SyntaxError { offset: at, message: message.into(), suggestion: None })
}

impl<'a> Tokens<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self { source, at: 0 }
    }

    /// The next word; at the end it is [`Word::End`], again and again.
    pub(super) fn next(&mut self) -> Result<Token<'a>, SyntaxError> {
        let rest = &self.source[self.at..];
        self.at += rest.len() - rest.trim_start_matches(SPACE).len();
        let at = self.at;
        let rest = &self.source[at..];
        let mut bytes = rest.bytes();
        let word = match (bytes.next(), bytes.next()) {
            (None, _) => Word::End,
            (Some(b'"' | b'\''), _) => Word::Text(self.text(false)?),
            (Some(b'r' | b'R'), Some(b'"' | b'\'')) => {
                self.at += 1;
                Word::Text(self.text(true)?)
            }
            (Some(b'b' | b'B'), Some(b'"' | b'\'')) => {
                return error(at, "bytes are not part of the language; write the string without the `b`");
            }
            (Some(b'0'..=b'9'), _) | (Some(b'.'), Some(b'0'..=b'9')) => self.number()?,
            (Some(first), _) if is_name(first) => {
                let name = &rest[..rest.bytes().take_while(|byte| is_name(*byte)).count()];
                self.at += name.len();
                Word::Name(name)
            }
            _ => self.symbol()?,
        };
        Ok(Token { at, word })
    }

    fn symbol(&mut self) -> Result<Word<'a>, SyntaxError> {
        let rest = &self.source[self.at..];
        if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            self.at += symbol.len();
            return Ok(Word::Symbol(symbol));
        }
        let advice = match rest.as_bytes() {
            [b'=', ..] => "; `==` compares two values",
            [b'&', ..] => "; `&&` is true when both sides are",
            [b'|', ..] => "; `||` is true when one side is",
            _ => "; a name has letters from a to z, digits and `_`, and any other key is written as `[\"key\"]`",
        };
        let found: String = rest.chars().take(1).collect();
        error(self.at, format!("unexpected `{found}`{advice}"))
    }

    /// A number. A double has a fraction or an exponent; without either it is a whole number, decimal or `0x…`.
    fn number(&mut self) -> Result<Word<'a>, SyntaxError> {
        let start = self.at;
        let bytes = &self.source.as_bytes()[start..];
        let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        let mut end = digits(0);
        let mut is_double = false;
        let hexadecimal = end == 1 && bytes[0] == b'0' && matches!(bytes.get(1), Some(b'x' | b'X'));
        if hexadecimal {
            end = 2 + bytes[2..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        } else {
            if bytes.get(end) == Some(&b'.') && is_digit(end + 1) {
                is_double = true;
                end += 1 + digits(end + 1);
            }
            if matches!(bytes.get(end), Some(b'e' | b'E')) {
                let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
                if is_digit(end + 1 + sign) {
                    is_double = true;
                    end += 1 + sign + digits(end + 1 + sign);
                }
            }
        }
        let text = &self.source[start..start + end];
        self.at += end;
        match bytes.get(end) {
            Some(b'u' | b'U') => {
                return error(start, format!("unsigned numbers are not part of the language; write `{text}`"));
            }
            Some(byte) if is_name(*byte) => {
                return error(start + end, format!("expected an operator after the number `{text}`"));
            }
            _ => {}
        }
        if is_double {
            return match number::parse(text).filter(|number| number.is_finite()) {
                Some(number) => Ok(Word::Double(number)),
                None => error(start, "the number is too large for a double"),
            };
        }
        let (digits, radix) = if hexadecimal { (&text[2..], 16) } else { (text, 10) };
        // One more than the largest whole number, because of the smallest: a minus follows from outside.
        match u64::from_str_radix(digits, radix).ok().filter(|number| *number <= 1 << 63) {
            Some(number) => Ok(Word::Int(number)),
            None if digits.is_empty() => error(start, "expected hexadecimal digits after `0x`"),
            None => error(start, format!("the whole number is too large for 64 bits; write `{text}.0` for a double")),
        }
    }

    /// A string literal in either kind of quotes; in a raw one a backslash is a character like any other.
    fn text(&mut self, raw: bool) -> Result<Rc<str>, SyntaxError> {
        let start = self.at;
        let rest = &self.source[start..];
        let quote = if rest.starts_with('"') { '"' } else { '\'' };
        if rest.len() > 2 && rest.chars().take(3).all(|c| c == quote) {
            return error(start, "a string has one quote at each end; a line break in it is written `\\n`");
        }
        let mut chars = rest.char_indices().skip(1);
        let mut text = String::new();
        while let Some((at, c)) = chars.next() {
            match c {
                c if c == quote => {
                    self.at += at + 1;
                    return Ok(text.into());
                }
                '\n' | '\r' => return error(start + at, "a line break in a string is written `\\n`"),
                '\\' if !raw => {
                    let Some((c, length)) = escape(&rest[at + 1..]) else {
                        return error(
                            start + at,
                            "unknown escape in the string; there are \\n \\r \\t \\\\ \\\" \\' \\` \\? \\a \\b \\f \\v \
                             \\x41 \\u0041 \\U00000041 \\101",
                        );
                    };
                    text.push(c);
                    for _ in 0..length {
                        chars.next();
                    }
                }
                c => text.push(c),
            }
        }
        error(start, "the string does not end")
    }
}

/// The character that an escape stands for, and how many bytes it has after the backslash.
fn escape(rest: &str) -> Option<(char, usize)> {
    let (digits, radix, skip) = match rest.bytes().next()? {
        b'x' | b'X' => (2, 16, 1),
        b'u' => (4, 16, 1),
        b'U' => (8, 16, 1),
        b'0'..=b'3' => (3, 8, 0),
        letter => {
            let c = match letter {
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                b'a' => '\x07',
                b'b' => '\x08',
                b'f' => '\x0c',
                b'v' => '\x0b',
                b'\\' | b'"' | b'\'' | b'`' | b'?' => char::from(letter),
                _ => return None,
            };
            return Some((c, 1));
        }
    };
    let digits = rest.get(skip..skip + digits)?;
    // `from_str_radix` takes a sign, too.
    let is_number = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u64::from_str_radix(digits, radix).ok().filter(|_| is_number)?;
    Some((char::from_u32(u32::try_from(number).ok()?)?, skip + digits.len()))
}

pub(super) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Where `}}` closes the expression. One inside of a string does not, nor one that closes a map that was opened.
pub(in crate::workflow) fn find_close(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut open) = (0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' | b'\'' => {
                // As in `r"…"`, but not in `for"…"`, which is no string of either kind.
                let raw = at > 0 && matches!(bytes[at - 1], b'r' | b'R') && (at == 1 || !is_name(bytes[at - 2]));
                at += 1;
                while *bytes.get(at)? != *byte {
                    at += if bytes[at] == b'\\' && !raw { 2 } else { 1 };
                }
            }
            b'{' => open += 1,
            b'}' if open > 0 => open -= 1,
            b'}' if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}
