//! Reads JSON one key at a time and keeps every problem, instead of stopping at the first.

use std::time::Duration;

use serde_json::{Map, Value as Json};

use crate::error::{Problem, nearest};
use crate::number;
use crate::time::{MAX_DURATION, parse_duration};

/// Collects what is wrong, with where it is.
#[derive(Debug, Default)]
pub(crate) struct Problems(pub(crate) Vec<Problem>);

impl Problems {
    /// Notes a problem at `pointer`.
    pub(crate) fn note(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem::new(pointer, message));
    }

    /// Notes a problem with a name that nobody knows, and the closest one that somebody does.
    pub(crate) fn note_unknown<'a>(
        &mut self,
        pointer: impl Into<String>,
        message: impl Into<String>,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) {
        let suggestion = nearest(name, known).map(str::to_owned);
        self.0.push(Problem { suggestion, ..Problem::new(pointer, message) });
    }
}

/// A JSON object, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Object<'a> {
    fields: &'a Map<String, Json>,
    pointer: &'a str,
}

impl<'a> Object<'a> {
    /// The object at `pointer`, or a problem when there is something else.
    pub(crate) fn read(json: &'a Json, pointer: &'a str, what: &str, problems: &mut Problems) -> Option<Self> {
        match json {
            Json::Object(fields) => Some(Self { fields, pointer }),
            other => {
                problems.note(pointer, format!("{what} must be an object, not {}", describe(other)));
                None
            }
        }
    }

    /// Where the field `key` stands.
    pub(crate) fn pointer_to(&self, key: &str) -> String {
        join(self.pointer, key)
    }

    /// Where the object itself stands.
    pub(crate) fn pointer(&self) -> &'a str {
        self.pointer
    }

    /// The field `key`.
    pub(crate) fn get(&self, key: &str) -> Option<&'a Json> {
        self.fields.get(key)
    }

    /// Refuses keys that are not `known`. A key of `planned` is one that the format has but this version does not.
    pub(crate) fn check_keys(&self, what: &str, known: &[&str], planned: &[&str], problems: &mut Problems) {
        for key in self.fields.keys().map(String::as_str) {
            if known.contains(&key) {
                continue;
            }
            let pointer = self.pointer_to(key);
            if planned.contains(&key) {
                problems.note(pointer, format!("`{key}` is not supported by this version"));
            } else {
                let message = format!("unknown key `{key}` in {what}; known keys are {}", list(known));
                problems.note_unknown(pointer, message, key, known.iter().copied());
            }
        }
    }

    /// A string, when the key is there.
    pub(crate) fn string(&self, key: &str, problems: &mut Problems) -> Option<&'a str> {
        match self.fields.get(key)? {
            Json::String(text) => Some(text),
            other => {
                problems.note(self.pointer_to(key), format!("`{key}` must be a string, not {}", describe(other)));
                None
            }
        }
    }

    /// A list, when the key is there.
    pub(crate) fn list(&self, key: &str, problems: &mut Problems) -> Option<&'a [Json]> {
        match self.fields.get(key)? {
            Json::Array(elements) => Some(elements),
            other => {
                problems.note(self.pointer_to(key), format!("`{key}` must be a list, not {}", describe(other)));
                None
            }
        }
    }

    /// A whole number of at least 1, when the key is there.
    pub(crate) fn count(&self, key: &str, problems: &mut Problems) -> Option<u32> {
        self.whole_from(1.0, key, "a whole number of at least 1", problems)
    }

    /// A whole number from 0, when the key is there.
    pub(crate) fn whole(&self, key: &str, problems: &mut Problems) -> Option<u32> {
        self.whole_from(0.0, key, "a whole number, 0 or more", problems)
    }

    fn whole_from(&self, least: f64, key: &str, expected: &str, problems: &mut Problems) -> Option<u32> {
        let most = f64::from(u32::MAX);
        let is_too_large = self.get(key).and_then(Json::as_f64).is_some_and(|n| n > most);
        let bound = if is_too_large { ", and 4294967295 at most" } else { "" };
        // JavaScript has one number type, so 3.0 is the whole number 3.
        let fits = |n: f64| n.fract() == 0.0 && (least..=most).contains(&n);
        self.number_within(key, &format!("{expected}{bound}"), problems, fits).map(|n| n as u32)
    }

    /// A whole number, negative or not, when the key is there.
    pub(crate) fn integer(&self, key: &str, problems: &mut Problems) -> Option<i32> {
        let json = self.fields.get(key)?;
        let fits = |n: &f64| n.fract() == 0.0 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(n);
        let number = json.as_f64().filter(fits);
        if number.is_none() {
            let given = describe_value(json);
            problems.note(self.pointer_to(key), format!("`{key}` must be a whole number, not {given}"));
        }
        number.map(|n| n as i32)
    }

    /// A share: above 0, and 1 at most; when the key is there.
    pub(crate) fn share(&self, key: &str, problems: &mut Problems) -> Option<f64> {
        self.number_within(key, "a number above 0 and up to 1", problems, |n| n > 0.0 && n <= 1.0)
    }

    /// A number from 0 that `fits`, when the key is there.
    pub(crate) fn number_within(
        &self,
        key: &str,
        expected: &str,
        problems: &mut Problems,
        fits: impl FnOnce(f64) -> bool,
    ) -> Option<f64> {
        let json = self.fields.get(key)?;
        let number = json.as_f64().filter(|n| *n >= 0.0 && fits(*n));
        if number.is_none() {
            problems.note(self.pointer_to(key), format!("`{key}` must be {expected}, not {}", describe_value(json)));
        }
        number
    }

    /// True or false, when the key is there.
    pub(crate) fn flag(&self, key: &str, problems: &mut Problems) -> Option<bool> {
        let json = self.fields.get(key)?;
        if json.as_bool().is_none() {
            let given = describe_value(json);
            problems.note(self.pointer_to(key), format!("`{key}` must be true or false, not {given}"));
        }
        json.as_bool()
    }

    /// A duration, when the key is there: a string with a unit, or whole milliseconds.
    pub(crate) fn duration(&self, key: &str, problems: &mut Problems) -> Option<Duration> {
        let json = self.fields.get(key)?;
        let duration = match json {
            Json::String(text) => parse_duration(text),
            Json::Number(number) => number
                .as_f64()
                .filter(|ms| ms.fract() == 0.0 && (0.0..=MAX_DURATION.as_millis() as f64).contains(ms))
                .map(|ms| Duration::from_millis(ms as u64)),
            _ => None,
        };
        if duration.is_none() {
            let given = describe_value(json);
            problems.note(
                self.pointer_to(key),
                format!("`{key}` must be a duration such as \"250ms\", \"10s\" or \"5m\", up to 3650 days, or whole milliseconds, not {given}"),
            );
        }
        duration
    }

    /// A duration of more than nothing, when the key is there.
    pub(crate) fn timeout(&self, key: &str, problems: &mut Problems) -> Option<Duration> {
        let duration = self.duration(key, problems)?;
        if duration.is_zero() {
            problems.note(self.pointer_to(key), format!("`{key}` must be longer than nothing"));
            return None;
        }
        Some(duration)
    }

    /// One of a few words, when the key is there.
    pub(crate) fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)], problems: &mut Problems) -> Option<T> {
        let text = self.string(key, problems)?;
        let found = choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            let message = format!("`{key}` must be one of {}, not `{text}`", list(&names));
            problems.note_unknown(self.pointer_to(key), message, text, names.iter().copied());
        }
        found
    }
}

/// The pointer to `token` below `pointer`, escaped as RFC 6901 says.
pub(crate) fn join(pointer: &str, token: impl std::fmt::Display) -> String {
    format!("{pointer}/{}", token.to_string().replace('~', "~0").replace('/', "~1"))
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
pub(crate) fn describe(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

/// The value itself when it is short, otherwise its kind.
pub(crate) fn describe_value(json: &Json) -> String {
    match json {
        Json::String(text) if text.chars().count() <= 40 => format!("`\"{text}\"`"),
        Json::Number(number) => format!("`{}`", number::format(number.as_f64().unwrap_or(f64::NAN))),
        Json::Bool(value) => format!("`{value}`"),
        _ => describe(json).to_owned(),
    }
}
