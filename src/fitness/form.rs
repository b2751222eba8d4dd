//! The shape of data from outside: of a model's answer, and of the params of features. A schema, and the reading of what is
//! said.
//!
//! One table serves both, so that nothing can be said that is not read, and nothing is read that cannot be said. The
//! schema keeps to the strict subset that model servers enforce; lengths and bounds are for the reading alone, because
//! not every server takes them in a schema.

use std::rc::Rc;

use crate::error::{Code, Error};
use crate::fitness::reader::{At, Reader};
use crate::fitness::record::{Object, ToJson};
use crate::value::{Fields, Value, get};

/// The shape of a part of an answer.
#[derive(Debug)]
pub(in crate::fitness) enum Form {
    /// Plain text, cut to so many characters.
    Text(usize),
    /// A whole number inside bounds.
    Whole(i16, i16),
    /// A number inside bounds.
    Number(i16, i16),
    /// True or false.
    Flag,
    /// One of some words, separated by spaces.
    Word(&'static str),
    /// An id of a list of ids.
    Id(usize),
    /// A list with its least and greatest length.
    List(usize, usize, &'static Form),
    /// An object with exactly these fields; in params, those whose name ends in `?` may be absent.
    Object(&'static [(&'static str, Form)]),
    /// In params: what somebody else reads, by its name in `coach.schema.json`.
    Ref(&'static str),
}

/// The ids that an answer may name: the candidates, and two more lists.
pub(in crate::fitness) type Ids = [Vec<String>; 3];

impl Form {
    /// As a JSON Schema.
    pub(in crate::fitness) fn schema(&self, ids: &Ids) -> Value {
        let typed = |name: &str| Object("type", &[&name]).to_json();
        match self {
            Self::Text(_) => typed("string"),
            Self::Ref(name) => Object("$ref", &[&format!("coach.schema.json#/$defs/{name}")]).to_json(),
            Self::Whole(..) => typed("integer"),
            Self::Number(..) => typed("number"),
            Self::Flag => typed("boolean"),
            Self::Word(words) => one_of(&words.split(' ').collect::<Vec<_>>()),
            Self::Id(list) => one_of(&ids[*list]),
            Self::List(_, _, of) => Object("type items", &[&"array", &of.schema(ids)]).to_json(),
            Self::Object(fields) => {
                let (mut properties, mut required) = (Fields::new(), Vec::new());
                for (name, form) in *fields {
                    match name.strip_suffix('?') {
                        Some(name) => properties.push((name.into(), form.schema(ids))),
                        None => {
                            properties.push(((*name).into(), form.schema(ids)));
                            required.push(*name);
                        }
                    }
                }
                let properties = Value::Map(Rc::new(properties));
                Object("type properties required additionalProperties", &[&"object", &properties, &required, &false])
                    .to_json()
            }
        }
    }

    /// The params of an action in this shape.
    ///
    /// # Errors
    /// `workout.invalid` with everything that is wrong.
    pub(in crate::fitness) fn read_params(&self, params: &Value) -> Result<Value, Error> {
        let mut reader = Reader::default();
        let read = self.read(Some(params), &At::Pointer(""), &Ids::default(), &mut reader);
        if reader.problems.is_empty() {
            Ok(read)
        } else {
            Err(Error::invalid(Code::WorkoutInvalid, "the params", reader.problems))
        }
    }

    /// What is said in this shape; something harmless where it is not, with a problem.
    pub(in crate::fitness) fn read(&self, json: Option<&Value>, at: &At<'_>, ids: &Ids, reader: &mut Reader) -> Value {
        match self {
            Self::Text(most) => plain(reader.text(json, at).unwrap_or_default(), *most).to_json(),
            Self::Ref(_) => json.cloned().unwrap_or_default(),
            Self::Flag => reader.flag(json, at).unwrap_or_default().to_json(),
            Self::Number(min, max) | Self::Whole(min, max) => {
                let bounds = (f64::from(*min), f64::from(*max));
                let number = reader.number_within(json, at, bounds).unwrap_or(bounds.0);
                if matches!(self, Self::Number(..)) {
                    return Value::Number(number);
                }
                if number.fract() != 0.0 {
                    reader.problem(at, "is not a whole number");
                }
                Value::Int(number as i64)
            }
            Self::Word(words) => known(json, at, &|text| words.split(' ').any(|word| word == text), reader),
            Self::Id(list) => known(json, at, &|text| ids[*list].iter().any(|id| id == text), reader),
            Self::List(least, most, of) => {
                let items = reader.list(json, at);
                if items.len() < *least || items.len() > *most {
                    let message = format!("{} are given; {least} to {most} are allowed", items.len());
                    reader.problem_with(at, message, None);
                }
                let mut list = Vec::new();
                for (place, item) in items.iter().take(*most).enumerate() {
                    list.push(of.read(Some(item), &At::Place(at, place), ids, reader));
                }
                list.to_json()
            }
            Self::Object(fields) => {
                let nothing = Fields::new();
                let object = reader.object(json, at).unwrap_or(&nothing);
                let mut read = Fields::new();
                for (name, form) in *fields {
                    let (name, optional) = name.strip_suffix('?').map_or((*name, false), |name| (name, true));
                    let json = get(object, name);
                    if !optional || json.is_some_and(|json| !json.is_null()) {
                        read.push((name.into(), form.read(json, &At::Key(at, name), ids, reader)));
                    }
                }
                for (key, _) in object {
                    if !fields.iter().any(|(name, _)| name.trim_end_matches('?') == &**key) {
                        reader.problem(&At::Key(at, &plain(key, 60)), "is not known here");
                    }
                }
                Value::Map(Rc::new(read))
            }
        }
    }
}

fn one_of(words: &dyn ToJson) -> Value {
    Object("type enum", &[&"string", &words.to_json()]).to_json()
}

/// A word that is one of those that are known.
fn known(json: Option<&Value>, at: &At<'_>, is_known: &dyn Fn(&str) -> bool, reader: &mut Reader) -> Value {
    let text = reader.text(json, at).unwrap_or_default();
    if is_known(text) {
        return text.to_json();
    }
    let message = format!("`{}` is not one of those that the schema allows", plain(text, 60));
    reader.problem_with(at, message, None);
    "".to_json()
}

/// A text on one line, without control characters, of at most so many characters.
pub(in crate::fitness) fn plain(text: &str, most: usize) -> String {
    let mut plain = String::new();
    for char in text.trim().chars().take(most) {
        plain.push(if char.is_control() { ' ' } else { char });
    }
    plain
}

/// A field that was read.
pub(in crate::fitness) fn field<'a>(json: &'a Value, key: &str) -> Option<&'a Value> {
    get(json.as_map()?, key)
}

/// The number of a field that was read, when it is there.
pub(in crate::fitness) fn figure(json: &Value, key: &str) -> Option<f64> {
    field(json, key)?.as_f64()
}

/// The number of a field that was read.
pub(in crate::fitness) fn number(json: &Value, key: &str) -> f64 {
    figure(json, key).unwrap_or_default()
}

/// The whole number, 0 or more, of a field that was read.
pub(in crate::fitness) fn whole(json: &Value, key: &str) -> u32 {
    number(json, key) as u32
}

/// The text of a field that was read.
pub(in crate::fitness) fn text<'a>(json: &'a Value, key: &str) -> &'a str {
    field(json, key).and_then(Value::as_str).unwrap_or_default()
}

/// The list of a field that was read.
pub(in crate::fitness) fn list<'a>(json: &'a Value, key: &str) -> &'a [Value] {
    field(json, key).and_then(Value::as_list).unwrap_or_default()
}

/// The texts of a list that was read.
pub(in crate::fitness) fn texts(json: &Value, key: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for item in list(json, key) {
        texts.push(item.as_str().unwrap_or_default().to_owned());
    }
    texts
}
