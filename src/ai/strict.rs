//! Whether a JSON Schema is in the strict subset that model servers enforce.
//!
//! Source: OpenAI's guide to structured outputs (November 2026). A schema outside of it is refused by the service, with less
//! to go by.

use crate::error::Problem;
use crate::reader::{At, Problems, list};
use crate::value::{Fields, Value, get};

/// The most values of all `enum`s together.
const MOST_ENUM_VALUES: usize = 1_000;
/// Keywords that hold schemas by name, in a list, and one; `enum` and `$ref`; and what a strict schema cannot say.
const KEYWORDS: [&str; 17] = [
    "properties",
    "$defs",
    "definitions",
    "anyOf",
    "prefixItems",
    "items",
    "enum",
    "$ref",
    "allOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "patternProperties",
    "dependentRequired",
    "dependentSchemas",
];

/// Why a JSON Schema is not in the strict subset; nothing when it is.
///
/// ```
/// use repflow::ai::strict::problems;
/// use repflow::value::Value;
///
/// let json = serde_json::json!({ "type": "object", "properties": { "sets": { "type": "integer" } } });
/// let problems = problems(&Value::from(&json));
/// assert_eq!(problems.len(), 2, "`required`, and `additionalProperties`");
/// ```
#[must_use]
pub fn problems(schema: &Value) -> Vec<Problem> {
    let problems = Problems::default();
    let at = At::Pointer("");
    let is_object = schema.field("type").is_some_and(|it| it.as_str() == Some("object"));
    if !is_object {
        problems.note(&at, format_args!("the root must be of the type `object`; put what it is into a property"));
    }
    let mut check = Check { problems, enum_values: 0 };
    check.schema(schema, &at);
    if check.enum_values > MOST_ENUM_VALUES {
        let message = format_args!("{} values of `enum`s; there may be {MOST_ENUM_VALUES} at most", check.enum_values);
        check.problems.note(&at, message);
    }
    check.problems.all()
}

struct Check {
    problems: Problems,
    enum_values: usize,
}

impl Check {
    fn schema(&mut self, schema: &Value, at: &At<'_>) {
        let Some(fields) = schema.as_map() else {
            self.problems.note(at, format_args!("a schema must be an object, not {}", crate::reader::describe(schema)));
            return;
        };
        for (key, field) in fields.iter() {
            let at = At::Key(at, key);
            match KEYWORDS.iter().position(|keyword| *keyword == &**key) {
                Some(0..=2) => {
                    for (name, schema) in field.as_map().into_iter().flatten() {
                        self.schema(schema, &At::Key(&at, name));
                    }
                }
                Some(3..=4) => {
                    for (place, schema) in field.as_list().unwrap_or_default().iter().enumerate() {
                        self.schema(schema, &At::Place(&at, place));
                    }
                }
                Some(5) => self.schema(field, &at),
                Some(6) => self.enum_values += field.size(),
                Some(7) if !field.as_str().is_some_and(|to| to.starts_with('#')) => {
                    self.problems
                        .note(&at, format_args!("`$ref` must lead to a place in the schema, such as `#/$defs/a`"));
                }
                Some(8..) => {
                    self.problems
                        .note(&at, format_args!("a strict schema has no `{key}`; use `anyOf`, or check it afterwards"));
                }
                _ => {}
            }
        }
        self.object(fields, at);
    }

    /// What an object must say.
    fn object(&self, fields: &Fields, at: &At<'_>) {
        let is_object = |kind: &Value| kind.as_str() == Some("object");
        let kind = get(fields, "type");
        let may_be_object =
            kind.is_some_and(|kind| is_object(kind) || kind.as_list().unwrap_or_default().iter().any(is_object));
        let properties = get(fields, "properties");
        if !may_be_object && properties.is_none() {
            return;
        }
        if get(fields, "additionalProperties").and_then(Value::as_bool) != Some(false) {
            self.problems.note(at, format_args!("`additionalProperties` must be false"));
        }
        let required = get(fields, "required").and_then(Value::as_list).unwrap_or_default();
        let mut missing = Vec::new();
        for (name, _) in properties.and_then(Value::as_map).into_iter().flatten() {
            if !required.iter().any(|it| it.as_str() == Some(name)) {
                missing.push(&**name);
            }
        }
        if !missing.is_empty() {
            let message = format_args!(
                "`required` must name every property; {} is missing (what is optional may be null)",
                list(&missing)
            );
            self.problems.note(at, message);
        }
    }
}
