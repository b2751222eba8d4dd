//! Reading JSON that came from outside: everything that is wrong is collected, each problem with its JSON pointer.
//!
//! Every method gives a harmless value where it reports a problem, so that reading goes on and finds the next one.

use super::words::Vocabulary;
use crate::error::{Problem, nearest};
use crate::number;
pub(super) use crate::reader::At;
use crate::reader::describe;
use crate::small::{join, part};
use crate::value::{Fields, Value};

/// Collects problems while it reads.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) problems: Vec<Problem>,
}

impl Reader {
    pub(super) fn problem(&mut self, at: &At<'_>, message: &str) {
        self.problem_with(at, message.to_owned(), None);
    }

    pub(super) fn problem_with(&mut self, at: &At<'_>, message: String, suggestion: Option<&str>) {
        let suggestion = suggestion.map(str::to_owned);
        self.problems.push(Problem { pointer: at.pointer(), message, suggestion });
    }

    /// `what` was expected, with its article.
    pub(super) fn expected(&mut self, at: &At<'_>, what: &str, json: Option<&Value>) {
        let message = match json {
            Some(json) => format!("expected {what}, got {}", describe(json)),
            None => "is missing".to_owned(),
        };
        self.problem_with(at, message, None);
    }

    pub(super) fn unknown_keys(&mut self, object: &Fields, at: &At<'_>, known: &[&str]) {
        for (key, _) in object.iter().filter(|(key, _)| !known.contains(&&**key)) {
            let message = format!("is not a known key; known are {}", join(known, ", "));
            self.problem_with(&At::Key(at, key), message, nearest_of(key, known));
        }
    }

    /// The fields of an object.
    pub(super) fn object<'j>(&mut self, json: Option<&'j Value>, at: &At<'_>) -> Option<&'j Fields> {
        let object = json.and_then(Value::as_map);
        if object.is_none() {
            self.expected(at, "an object", json);
        }
        object
    }

    /// The elements of a list.
    pub(super) fn list<'j>(&mut self, json: Option<&'j Value>, at: &At<'_>) -> &'j [Value] {
        match json {
            Some(Value::List(items)) => items,
            _ => {
                self.expected(at, "a list", json);
                &[]
            }
        }
    }

    pub(super) fn text<'j>(&mut self, json: Option<&'j Value>, at: &At<'_>) -> Option<&'j str> {
        let text = json.and_then(Value::as_str);
        if text.is_none() {
            self.expected(at, "a string", json);
        }
        text
    }

    pub(super) fn flag(&mut self, json: Option<&Value>, at: &At<'_>) -> Option<bool> {
        let flag = json.and_then(Value::as_bool);
        if flag.is_none() {
            self.expected(at, "true or false", json);
        }
        flag
    }

    pub(super) fn number(&mut self, json: Option<&Value>, at: &At<'_>) -> Option<f64> {
        let number = json.and_then(Value::as_f64);
        if number.is_none() {
            match json.and_then(Value::as_str) {
                // Plain data has no such numbers: the facade hands them on as text, so that they are not taken for nothing.
                Some(text @ ("NaN" | "Infinity" | "-Infinity")) => {
                    self.problem_with(at, format!("expected a finite number, got `{text}`"), None);
                }
                _ => self.expected(at, "a number", json),
            }
        }
        number
    }

    /// A number between `min` and `max`, both included.
    pub(super) fn number_within(&mut self, json: Option<&Value>, at: &At<'_>, (min, max): (f64, f64)) -> Option<f64> {
        let number = self.number(json, at)?;
        if min <= number && number <= max {
            return Some(number);
        }
        let [given, min, max] = [number, min, max].map(number::format);
        self.problem_with(at, format!("{given} is out of range; {min} to {max} is allowed"), None);
        None
    }

    /// A whole number between `min` and `max`, both included, of `unit`.
    pub(super) fn whole_within(
        &mut self,
        json: Option<&Value>,
        at: &At<'_>,
        (min, max): (u32, u32),
        unit: &str,
    ) -> Option<u32> {
        let number = self.number_within(json, at, (f64::from(min), f64::from(max)))?;
        if number.fract() == 0.0 {
            return Some(number as u32);
        }
        let of = if unit.is_empty() { "" } else { " of " };
        self.problem_with(at, format!("expected a whole number{of}{unit}, got {}", number::format(number)), None);
        None
    }

    /// The place of a word, spelt as in the vocabulary; the first place where it is not.
    pub(super) fn word(&mut self, json: Option<&Value>, at: &At<'_>, words: &Vocabulary) -> usize {
        let Some(text) = self.text(json, at) else { return 0 };
        words.place(text).unwrap_or_else(|| {
            self.unknown_word(text, at, words);
            0
        })
    }

    /// The place of a word, by its spelling or by another that people use, in any case, with spaces or hyphens.
    pub(super) fn forgiven_word(&mut self, json: &Value, at: &At<'_>, words: &Vocabulary) -> Option<usize> {
        let text = self.text(Some(json), at)?;
        let name = canonical(text);
        let place = words.place(&name).or_else(|| words.place_of_alias(&name));
        if place.is_none() {
            self.unknown_word(&name, at, words);
        }
        place
    }

    fn unknown_word(&mut self, name: &str, at: &At<'_>, words: &Vocabulary) {
        let known = words.of_bits(u32::MAX);
        let message = format!("`{}` is not known; known are {}", shorten(name), join(&known, ", "));
        self.problem_with(at, message, nearest_of(name, &known));
    }
}

/// Lower case, with underscores between words.
pub(super) fn canonical(text: &str) -> String {
    let mut name = String::new();
    for part in text.trim().split([' ', '-', '_']).filter(|part| !part.is_empty()) {
        if !name.is_empty() {
            name.push('_');
        }
        name.push_str(part);
    }
    name.make_ascii_lowercase();
    name
}

/// [`nearest`], compiled once for everything that the coach reads.
pub(super) fn nearest_of<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    nearest(word, known.iter().copied())
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(59) {
        Some((end, last)) if end + last.len_utf8() < text.len() => format!("{}…", part(text, 0..end)),
        _ => text.to_owned(),
    }
}
