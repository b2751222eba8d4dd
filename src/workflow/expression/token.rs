//! The words of an expression.
//!
//! One word is read at a time, when the parser asks for the next one. What CEL has and this subset has not (`b"bytes"`,
//! `1u`, `'''long strings'''`) is refused here, with a word on what to write instead.

use super::SyntaxError;
use super::message::fill;
use crate::number;
use crate::small::{is_among, part, rest};
use crate::value::Value;

/// The end, where every further word is; also what comes after a problem, so that whoever reads ends soon.
pub(super) const END: u8 = 0;
pub(super) const NAME: u8 = b'a';
/// A string or a number, whose value stands next to it.
pub(super) const LITERAL: u8 = b'0';
/// An operator of two characters. Those of one are what they are.
pub(super) const LONG: u8 = b'=';

/// An expression, and where reading it has come to.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    source: &'a str,
    /// What kind of word is next: one of the constants, or the character of which it consists.
    pub(super) kind: u8,
    /// The byte at which it starts.
    pub(super) at: usize,
    end: usize,
    /// What it is worth. Of a whole number this is the magnitude, as a minus before it is a word of its own: `i64::MIN` is
    /// one more than fits without a minus.
    pub(super) literal: Value,
    /// The first problem; there can be others that follow from it.
    pub(super) problem: Option<SyntaxError>,
}

impl<'a> Tokens<'a> {
    /// With the first word.
    pub(super) fn new(source: &'a str) -> Self {
        let mut tokens = Self { source, kind: END, at: 0, end: 0, literal: Value::Null, problem: None };
        tokens.take();
        tokens
    }

    /// The word as it is written.
    pub(super) fn text(&self) -> &'a str {
        part(self.source, self.at..self.end)
    }

    /// The byte before another one.
    pub(super) fn before(&self, at: usize) -> u8 {
        if at > 0 { self.source.as_bytes()[at - 1] } else { b' ' }
    }

    /// Notes a problem, with `word` for each `@` of the message and the suggestion, and moves to the end.
    pub(super) fn fail(&mut self, at: usize, message: &str, suggestion: &str, word: &str) -> u8 {
        let suggestion = (!suggestion.is_empty()).then(|| fill(suggestion, &[word]));
        self.note(at, fill(message, &[word]), suggestion)
    }

    pub(super) fn note(&mut self, offset: usize, message: String, suggestion: Option<String>) -> u8 {
        if self.problem.is_none() {
            self.problem = Some(SyntaxError { offset, message, suggestion });
        }
        (self.kind, self.at, self.end) = (END, self.source.len(), self.source.len());
        END
    }

    /// Moves on to the next word, and gives where it was.
    pub(super) fn take(&mut self) -> usize {
        let before = self.at;
        let bytes = self.source.as_bytes();
        self.literal = Value::Null;
        self.at = past(bytes, self.end, u8::is_ascii_whitespace);
        let at = self.at;
        let byte = |at: usize| bytes.get(at).copied().unwrap_or_default();
        let (first, second) = (byte(at), byte(at + 1));
        let is_quote = |byte: u8| byte == b'"' || byte == b'\'';
        self.end = at + 1;
        self.kind = if at == bytes.len() {
            self.end = at;
            END
        } else if is_quote(first) {
            self.string(at, false)
        } else if is_quote(second) && first.eq_ignore_ascii_case(&b'r') {
            self.string(at + 1, true)
        } else if is_quote(second) && first.eq_ignore_ascii_case(&b'b') {
            self.fail(at, "bytes are not part of the language; write the string without the `b`", "", "")
        } else if first.is_ascii_digit() || first == b'.' && second.is_ascii_digit() {
            self.number()
        } else if is_name(&first) {
            self.end = past(bytes, at, is_name);
            NAME
        } else if second == b'=' && is_among(first, b"=!<>") || second == first && is_among(first, b"&|") {
            self.end = at + 2;
            LONG
        } else if is_among(first, b"<>+-*/%!?:.,()[]{}") {
            first
        } else {
            let message = match first {
                b'=' => "unexpected `@`; `==` compares two values",
                b'&' => "unexpected `@`; `&&` is true when both sides are",
                b'|' => "unexpected `@`; `||` is true when one side is",
                _ => "unexpected `@`; a key that is no plain name is written as `[\"key\"]`",
            };
            while !self.source.is_char_boundary(self.end) {
                self.end += 1;
            }
            self.fail(at, message, "", self.text())
        };
        before
    }

    /// A number. A double has a fraction or an exponent; without either it is a whole number, decimal or `0x…`.
    fn number(&mut self) -> u8 {
        let (start, bytes) = (self.at, self.source.as_bytes());
        let is = |at: usize, one: &[u8]| bytes.get(at).is_some_and(|byte| is_among(*byte, one));
        let mut end = past(bytes, start, u8::is_ascii_digit);
        let hexadecimal = past(bytes, end + 1, u8::is_ascii_hexdigit);
        let is_hexadecimal = bytes[start..end] == *b"0" && is(end, b"xX") && hexadecimal > end + 1;
        let mut is_double = false;
        if is_hexadecimal {
            end = hexadecimal;
        }
        for (marks, signs) in [(&b"."[..], &b""[..]), (b"eE", b"+-")] {
            let digits = end + 1 + usize::from(is(end + 1, signs));
            let after = past(bytes, digits, u8::is_ascii_digit);
            if !is_hexadecimal && is(end, marks) && after > digits {
                is_double = true;
                end = after;
            }
        }
        let text = part(self.source, start..end);
        if is(end, b"uU") {
            return self.fail(start, "unsigned numbers are not part of the language; write `@`", "", text);
        }
        if bytes.get(end).is_some_and(is_name) {
            return self.fail(end, "expected an operator after the number `@`", "", text);
        }
        self.end = end;
        let found = if is_double {
            number::parse(text).filter(|number| number.is_finite()).map(Value::Number)
        } else {
            let size = if is_hexadecimal { number::whole(rest(text, 2), 16) } else { number::whole(text, 10) };
            size.map(|size| Value::Int(size as i64))
        };
        match found {
            Some(number) => self.literal = number,
            None => return self.fail(start, TOO_LARGE, "", text),
        }
        LITERAL
    }

    /// A string literal in either kind of quotes; in a raw one a backslash is a character like any other.
    fn string(&mut self, open: usize, raw: bool) -> u8 {
        let bytes = self.source.as_bytes();
        let quote = bytes[open];
        if bytes[open + 1..].starts_with(&[quote, quote]) {
            return self.fail(open, "a string has one quote at each end, and `\\n` for a line break", "", "");
        }
        let mut text = String::new();
        let (mut from, mut at) = (open + 1, open + 1);
        while let Some(byte) = bytes.get(at).copied() {
            if byte == b'\n' || byte == b'\r' {
                return self.fail(at, "a line break in a string is written `\\n`", "", "");
            }
            let is_escape = byte == b'\\' && !raw;
            if !is_escape && byte != quote {
                at += 1;
                continue;
            }
            text.push_str(part(self.source, from..at));
            if !is_escape {
                self.literal = Value::String(text.into());
                self.end = at + 1;
                return LITERAL;
            }
            let Some((c, end)) = escape(self.source, at + 1) else {
                let message = "unknown escape in the string; there are \\n \\r \\t \\\\ \\\" \\' \\` \\? \\a \\b \\f \\v \\x41 \
                               \\u0041 \\U00000041 \\101";
                return self.fail(at, message, "", "");
            };
            text.push(c);
            (from, at) = (end, end);
        }
        self.fail(open, "the string does not end", "", "")
    }
}

pub(super) const TOO_LARGE: &str =
    "`@` is too large for 64 bits; a large number is written as a double, such as `1e20`";

/// Where those bytes end that begin at `at` and are alike.
fn past(bytes: &[u8], mut at: usize, alike: fn(&u8) -> bool) -> usize {
    while bytes.get(at).is_some_and(alike) {
        at += 1;
    }
    at
}

/// The character that an escape stands for, and where it ends, from what comes after the backslash.
fn escape(source: &str, at: usize) -> Option<(char, usize)> {
    /// Each letter with its character.
    const LETTERS: &[u8; 24] = b"n\nr\rt\ta\x07b\x08f\x0cv\x0b\\\\\"\"''``??";
    let letter = *source.as_bytes().get(at)?;
    let (first, end, radix) = match letter {
        b'x' | b'X' => (at + 1, at + 3, 16),
        b'u' => (at + 1, at + 5, 16),
        b'U' => (at + 1, at + 9, 16),
        b'0'..=b'3' => (at, at + 3, 8),
        _ => {
            let known = LETTERS.chunks_exact(2).find(|known| known[0] == letter)?;
            return Some((char::from(known[1]), at + 1));
        }
    };
    let number = number::whole(source.get(first..end)?, radix)?;
    Some((char::from_u32(u32::try_from(number).ok()?)?, end))
}

pub(super) fn is_name(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_'
}

/// Where `}}` closes the expression. One inside of a string does not, nor one that closes a map that was opened.
pub(in crate::workflow) fn find_close(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut open) = (0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' | b'\'' => {
                // As in `r"…"`, but not in `for"…"`, which is no string of either kind.
                let raw = at > 0 && matches!(bytes[at - 1], b'r' | b'R') && (at == 1 || !is_name(&bytes[at - 2]));
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
