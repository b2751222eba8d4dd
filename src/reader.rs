//! Reads JSON one key at a time and keeps every problem, instead of stopping at the first.
//!
//! Whoever reads calls this a hundred times, so it is made for short calls, which keep the wasm small: messages come as
//! `format_args!`, a place is written out only when something is wrong there, and what is generic only covers something
//! that is not.

use std::cell::RefCell;
use std::fmt;
use std::time::Duration;

use crate::error::{Code, Error, Problem, nearest};
use crate::number;
use crate::time::{MAX_DURATION, parse_duration};
use crate::value::{Fields, Value, ValueKind, get};

/// Where something stands in a JSON value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum At<'a> {
    /// Where this pointer leads; the empty one leads to the whole.
    Pointer(&'a str),
    /// Under a key of an object.
    Key(&'a At<'a>, &'a str),
    /// At a place of a list.
    Place(&'a At<'a>, usize),
}

impl At<'_> {
    /// The JSON pointer (RFC 6901).
    pub(crate) fn pointer(&self) -> String {
        let mut pointer = String::new();
        self.write(&mut pointer);
        pointer
    }

    fn write(&self, pointer: &mut String) {
        match self {
            Self::Pointer(text) => pointer.push_str(text),
            Self::Key(parent, key) => {
                parent.write(pointer);
                pointer.push('/');
                for char in key.chars() {
                    match char {
                        '~' => pointer.push_str("~0"),
                        '/' => pointer.push_str("~1"),
                        other => pointer.push(other),
                    }
                }
            }
            Self::Place(parent, place) => {
                parent.write(pointer);
                pointer.push('/');
                push_number(pointer, *place);
            }
        }
    }
}

/// Without the formatter, which a first run would have compiled for this alone.
fn push_number(text: &mut String, number: usize) {
    if number > 9 {
        push_number(text, number / 10);
    }
    text.push(char::from(b'0' + (number % 10) as u8));
}

/// Collects what is wrong, with where it is. Everybody who reads has it, so it is shared.
#[derive(Debug, Default)]
pub(crate) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    /// Notes a problem.
    #[inline(never)]
    pub(crate) fn note(&self, at: &At<'_>, message: fmt::Arguments<'_>) {
        self.note_near(at, message, None);
    }

    /// Notes a problem, and what was probably meant.
    #[inline(never)]
    pub(crate) fn note_near(&self, at: &At<'_>, message: fmt::Arguments<'_>, suggestion: Option<&str>) {
        let suggestion = suggestion.map(str::to_owned);
        self.push(Problem { pointer: at.pointer(), message: message.to_string(), suggestion });
    }

    /// Adds a problem.
    pub(crate) fn push(&self, problem: Problem) {
        self.0.borrow_mut().push(problem);
    }

    /// All of them.
    pub(crate) fn all(self) -> Vec<Problem> {
        self.0.into_inner()
    }

    /// What was read, unless there is a problem: then an error about `what`.
    pub(crate) fn or<T>(self, read: Option<T>, code: Code, what: &str) -> Result<T, Error> {
        let problems = self.0.into_inner();
        match read {
            Some(read) if problems.is_empty() => Ok(read),
            _ => Err(Error::invalid(code, what, problems)),
        }
    }
}

/// A JSON object, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Object<'a> {
    fields: &'a Fields,
    at: At<'a>,
    pub(crate) problems: &'a Problems,
}

impl<'a> Object<'a> {
    /// The object at a place, or a problem when there is something else.
    #[inline(never)]
    pub(crate) fn read(json: &'a Value, at: At<'a>, what: &str, problems: &'a Problems) -> Option<Self> {
        match json {
            Value::Map(fields) => Some(Self { fields, at, problems }),
            other => {
                problems.note(&at, format_args!("{what} must be an object, not {}", describe(other)));
                None
            }
        }
    }

    /// The object under `key`, with no keys but these.
    #[inline(never)]
    pub(crate) fn nested<'b>(&'b self, key: &'b str, known: &[&str]) -> Option<Object<'b>> {
        let nested = self.get(key)?;
        let what = format!("`{key}`");
        let object = Object::read(nested, At::Key(&self.at, key), &what, self.problems)?;
        object.check_keys(&what, known);
        Some(object)
    }

    /// Reads the objects in the list under `key`, each with no keys but these. Without a list there are none.
    #[inline(never)]
    pub(crate) fn each(&self, key: &str, what: &str, known: &[&str], read: &mut dyn FnMut(usize, &Object<'_>)) {
        let at = At::Key(&self.at, key);
        for (index, element) in self.list(key).unwrap_or_default().iter().enumerate() {
            if let Some(object) = Object::read(element, At::Place(&at, index), what, self.problems) {
                object.check_keys(what, known);
                read(index, &object);
            }
        }
    }

    /// Where the object stands.
    pub(crate) fn at(&self) -> &At<'a> {
        &self.at
    }

    /// The field `key`.
    #[inline(never)]
    pub(crate) fn get(&self, key: &str) -> Option<&'a Value> {
        get(self.fields, key)
    }

    /// Whether there is a field `key`.
    #[inline(never)]
    pub(crate) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Whether the field `key` is a list without elements.
    pub(crate) fn has_empty(&self, key: &str) -> bool {
        self.get(key).and_then(Value::as_list).is_some_and(<[Value]>::is_empty)
    }

    /// Notes a problem with the field `key`.
    #[inline(never)]
    pub(crate) fn note(&self, key: &str, message: fmt::Arguments<'_>) {
        self.problems.note(&At::Key(&self.at, key), message);
    }

    /// Notes a problem when the field `key` is not there: `why` says what it is for.
    #[inline(never)]
    pub(crate) fn require(&self, key: &str, why: &str) -> bool {
        let has = self.has(key);
        if !has {
            self.problems.note(&self.at, format_args!("`{key}` is missing: {why}"));
        }
        has
    }

    /// Notes what the field `key` must be, and what it is.
    #[inline(never)]
    pub(crate) fn must_be(&self, key: &str, expected: &str, given: &str) {
        self.note(key, format_args!("`{key}` must be {expected}, not {given}"));
    }

    /// Refuses keys that are not `known`.
    #[inline(never)]
    pub(crate) fn check_keys(&self, what: &str, known: &[&str]) {
        for (key, _) in self.fields.iter().filter(|(key, _)| !known.contains(&&**key)) {
            let message = format_args!("unknown key `{key}` in {what}; known keys are {}", list(known));
            self.problems.note_near(&At::Key(&self.at, key), message, nearest(key, known.iter().copied()));
        }
    }

    /// A string, when the key is there.
    #[inline(never)]
    pub(crate) fn string(&self, key: &str) -> Option<&'a str> {
        let json = self.get(key)?;
        if json.as_str().is_none() {
            self.must_be(key, "a string", describe(json));
        }
        json.as_str()
    }

    /// A list, when the key is there.
    #[inline(never)]
    pub(crate) fn list(&self, key: &str) -> Option<&'a [Value]> {
        match self.get(key)? {
            Value::List(elements) => Some(elements),
            other => {
                self.must_be(key, "a list", describe(other));
                None
            }
        }
    }

    /// A number that `fits`, when the key is there.
    #[inline(never)]
    pub(crate) fn number(&self, key: &str, expected: &str, fits: &dyn Fn(f64) -> bool) -> Option<f64> {
        let json = self.get(key)?;
        let number = json.as_f64().filter(|n| fits(*n));
        if number.is_none() {
            self.must_be(key, expected, &describe_value(json));
        }
        number
    }

    /// A whole number of at least 1, when the key is there.
    #[inline(never)]
    pub(crate) fn count(&self, key: &str) -> Option<u32> {
        self.whole_from(1.0, key, "a whole number of at least 1")
    }

    /// Puts a whole number of at least 1 in a place, when the key is there.
    #[inline(never)]
    pub(crate) fn count_into(&self, key: &str, place: &mut u32) {
        *place = self.count(key).unwrap_or(*place);
    }

    /// A whole number from 0, when the key is there.
    pub(crate) fn whole(&self, key: &str) -> Option<u32> {
        self.whole_from(0.0, key, "a whole number, 0 or more")
    }

    #[inline(never)]
    fn whole_from(&self, least: f64, key: &str, expected: &str) -> Option<u32> {
        let most = f64::from(u32::MAX);
        let is_too_large = self.get(key).and_then(Value::as_f64).is_some_and(|n| n > most);
        let bound = if is_too_large { ", and 4294967295 at most" } else { "" };
        // JavaScript has one number type, so 3.0 is the whole number 3.
        let fits = |n: f64| n.fract() == 0.0 && least <= n && n <= most;
        self.number(key, &format!("{expected}{bound}"), &fits).map(|n| n as u32)
    }

    /// A whole number, negative or not, when the key is there.
    pub(crate) fn integer(&self, key: &str) -> Option<i32> {
        let fits = |n: f64| n.fract() == 0.0 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&n);
        self.number(key, "a whole number", &fits).map(|n| n as i32)
    }

    /// A share: above 0, and 1 at most; when the key is there.
    #[inline(never)]
    pub(crate) fn share(&self, key: &str) -> Option<f64> {
        self.number(key, "a number above 0 and up to 1", &|n| n > 0.0 && n <= 1.0)
    }

    /// Puts a share in a place, when the key is there.
    #[inline(never)]
    pub(crate) fn share_into(&self, key: &str, place: &mut f64) {
        *place = self.share(key).unwrap_or(*place);
    }

    /// True or false, when the key is there.
    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        let json = self.get(key)?;
        if json.as_bool().is_none() {
            self.must_be(key, "true or false", &describe_value(json));
        }
        json.as_bool()
    }

    /// A duration, when the key is there: a string with a unit, or whole milliseconds.
    #[inline(never)]
    pub(crate) fn duration(&self, key: &str) -> Option<Duration> {
        let json = self.get(key)?;
        let duration = match json {
            Value::String(text) => parse_duration(text),
            _ => json
                .as_f64()
                .filter(|ms| ms.fract() == 0.0 && (0.0..=MAX_DURATION.as_millis() as f64).contains(ms))
                .map(|ms| Duration::from_millis(ms as u64)),
        };
        if duration.is_none() {
            let expected = "a duration such as \"250ms\", \"10s\" or \"5m\", up to 3650 days, or whole milliseconds";
            self.must_be(key, expected, &describe_value(json));
        }
        duration
    }

    /// Puts a duration in a place, when the key is there.
    #[inline(never)]
    pub(crate) fn duration_into(&self, key: &str, place: &mut Duration) {
        *place = self.duration(key).unwrap_or(*place);
    }

    /// A duration of more than nothing, when the key is there.
    #[inline(never)]
    pub(crate) fn timeout(&self, key: &str) -> Option<Duration> {
        let duration = self.duration(key)?;
        if duration.is_zero() {
            self.note(key, format_args!("`{key}` must be longer than nothing"));
            return None;
        }
        Some(duration)
    }

    /// Puts a duration of more than nothing in a place, when the key is there.
    #[inline(never)]
    pub(crate) fn timeout_into(&self, key: &str, place: &mut Duration) {
        *place = self.timeout(key).unwrap_or(*place);
    }

    /// One of a few words, when the key is there: the value at the place of the word.
    pub(crate) fn choice<T: Copy>(&self, key: &str, words: &[&str], values: &[T]) -> Option<T> {
        self.place(key, words).and_then(|place| values.get(place).copied())
    }

    #[inline(never)]
    fn place(&self, key: &str, words: &[&str]) -> Option<usize> {
        let text = self.string(key)?;
        let found = words.iter().position(|word| *word == text);
        if found.is_none() {
            let message = format_args!("`{key}` must be one of {}, not `{text}`", list(words));
            self.problems.note_near(&At::Key(&self.at, key), message, nearest(text, words.iter().copied()));
        }
        found
    }
}

/// Names in a sentence: `a`, `b` and `c`.
pub(crate) fn list(names: &[&str]) -> String {
    let mut text = String::new();
    for name in names {
        text.push_str(if text.is_empty() { "`" } else { ", `" });
        text.push_str(name);
        text.push('`');
    }
    text
}

/// The kind of a JSON value, for messages.
#[inline(never)]
pub(crate) fn describe(json: &Value) -> &'static str {
    match json.kind() {
        ValueKind::Map => "an object",
        kind => kind.describe(),
    }
}

/// The value itself when it is short, otherwise its kind.
#[inline(never)]
pub(crate) fn describe_value(json: &Value) -> String {
    match json {
        Value::String(text) if text.chars().count() <= 40 => format!("`\"{text}\"`"),
        Value::Number(number) => format!("`{}`", number::format(*number)),
        Value::Int(number) => format!("`{number}`"),
        Value::Bool(value) => format!("`{value}`"),
        _ => describe(json).to_owned(),
    }
}
