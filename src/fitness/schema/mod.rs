//! The JSON Schema of what the coach answers, made of the very types that it answers with.
//!
//! # Layout
//! - `answers`: what is answered without a type of its own
//! - `requests.json`: what is asked, which is read forgivingly and so has no types; by hand
//!
//! It is published with the package as `coach.schema.json`, and as the types of `coach.d.ts`. Only who asks for the feature `schema` compiles this: the
//! package carries the file, and none of the code.

mod answers;

use serde_json::{Map, Value as Json, json};

use crate::value::Value;

/// Everything that the coach answers.
#[must_use]
pub fn answers() -> Definitions {
    let mut definitions = Definitions::default();
    super::workout::Workout::schema(&mut definitions);
    super::programme::Programme::schema(&mut definitions);
    super::adaptation::Adaptation::schema(&mut definitions);
    super::group::GroupWorkout::schema(&mut definitions);
    answers::describe(&mut definitions);
    definitions
}

/// What has a JSON Schema.
pub trait Described {
    /// Its schema; what has a name becomes a definition, and the schema refers to it.
    fn schema(definitions: &mut Definitions) -> Json;
}

/// A field: what its documentation says, and its schema.
pub type Field = (&'static str, fn(&mut Definitions) -> Json);

/// Schemas by name.
#[derive(Debug, Default)]
pub struct Definitions(Map<String, Json>);

impl Definitions {
    /// Adds a record, and all that is in it. `names` are those of its fields, each followed by a space; one that ends in `?` may
    /// be absent.
    pub fn record(&mut self, name: &str, names: &str, fields: &[Field]) -> Json {
        if !self.0.contains_key(name) {
            // It may hold itself.
            self.0.insert(name.to_owned(), Json::Null);
            let (mut properties, mut required) = (Map::new(), Vec::new());
            for (name, (doc, schema)) in names.split_terminator(' ').zip(fields) {
                let (name, may_lack) = name.strip_suffix('?').map_or((name, false), |name| (name, true));
                let schema = schema(self);
                let schema = if may_lack { without_null(schema) } else { schema };
                if !may_lack {
                    required.push(name);
                }
                properties.insert(name.to_owned(), described(schema, doc.trim()));
            }
            let record = json!({ "type": "object", "properties": properties, "required": required });
            self.0.insert(name.to_owned(), record);
        }
        reference(name)
    }

    /// Adds a vocabulary: words, and what each of them means.
    pub fn word(&mut self, name: &str, words: &[(&str, &str)]) -> Json {
        let choices: Vec<Json> = words.iter().map(|(word, doc)| json!({ "const": word, "description": doc })).collect();
        self.0.insert(name.to_owned(), json!({ "type": "string", "oneOf": choices }));
        reference(name)
    }

    /// Says of a field of a record what its type leaves open.
    pub fn refine<T: Described>(&mut self, record: &str, field: &str) {
        let schema = T::schema(self);
        if let (Some(known), Some(schema)) = (self.0[record]["properties"][field].as_object_mut(), schema.as_object()) {
            known.extend(schema.clone());
        }
    }

    /// The whole schema document, under its address, with what is asked.
    #[must_use]
    pub fn document(&self, id: &str, title: &str) -> Json {
        let mut all: Map<String, Json> = serde_json::from_str(include_str!("requests.json")).unwrap_or_default();
        all.extend(self.0.clone());
        json!({ "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": id, "title": title, "$defs": all })
    }

    /// The same as declarations of TypeScript, by name.
    #[must_use]
    pub fn declarations(&self) -> String {
        let mut text = String::new();
        for (name, schema) in &self.0 {
            match &schema["properties"] {
                Json::Object(properties) => {
                    let required = schema["required"].as_array().cloned().unwrap_or_default();
                    text += &format!("export interface {name} {{\n");
                    for (key, property) in properties {
                        if let Some(doc) = property["description"].as_str() {
                            text += &format!("  /** {doc} */\n");
                        }
                        let mark = if required.contains(&json!(key)) { "" } else { "?" };
                        text += &format!("  {key}{mark}: {};\n", type_of(property));
                    }
                    text += "}\n\n";
                }
                _ => text += &format!("export type {name} = {};\n\n", type_of(schema)),
            }
        }
        text
    }
}

/// A schema as a type of TypeScript.
fn type_of(schema: &Json) -> String {
    let many = |list: &Json, between: &str| {
        list.as_array().into_iter().flatten().map(type_of).collect::<Vec<_>>().join(between)
    };
    if let Some(name) = schema["$ref"].as_str() {
        return name.trim_start_matches("#/$defs/").to_owned();
    }
    if schema["oneOf"].is_array() || schema["anyOf"].is_array() {
        return many(&schema[if schema["oneOf"].is_array() { "oneOf" } else { "anyOf" }], " | ");
    }
    match schema["type"].as_str() {
        _ if schema["const"].is_string() => schema["const"].to_string(),
        Some("integer") => "number".to_owned(),
        Some("array") if schema["prefixItems"].is_array() => format!("[{}]", many(&schema["prefixItems"], ", ")),
        Some("array") => format!("Array<{}>", type_of(&schema["items"])),
        Some("object") => format!("Record<string, {}>", type_of(&schema["additionalProperties"])),
        Some(name) => name.to_owned(),
        None => "unknown".to_owned(),
    }
}

fn reference(name: &str) -> Json {
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// A schema with a description, which may stand beside a reference.
fn described(mut schema: Json, doc: &str) -> Json {
    if let (Some(schema), false) = (schema.as_object_mut(), doc.is_empty()) {
        schema.insert("description".to_owned(), json!(without_links(doc)));
    }
    schema
}

/// A text in which a link of rustdoc is only what it shows.
fn without_links(doc: &str) -> String {
    let mut text = String::new();
    let mut rest = doc;
    while let Some((before, link)) = rest.split_once("[`") {
        let (shown, after) = link.split_once("`]").unwrap_or((link, ""));
        let target = after.strip_prefix('(').and_then(|target| target.split_once(')'));
        text.extend([before, "`", shown, "`"]);
        rest = target.map_or(after, |(_, rest)| rest);
    }
    text + rest
}

/// What is left of "this or null".
fn without_null(schema: Json) -> Json {
    schema["anyOf"].get(0).cloned().unwrap_or(schema)
}

/// What is described by a literal schema.
macro_rules! plain {
    ($($type:ty: $schema:tt;)*) => { $(
        impl Described for $type {
            fn schema(_: &mut Definitions) -> Json {
                json!($schema)
            }
        }
    )* };
}

plain! {
    String: { "type": "string" };
    bool: { "type": "boolean" };
    u32: { "type": "integer", "minimum": 0 };
    f64: { "type": "number" };
    Value: {};
    super::group::Counts: { "type": "object", "additionalProperties": { "type": "integer", "minimum": 0 } };
    super::figures::Figures: { "type": "object", "additionalProperties": { "type": "number" } };
}

impl<T: Described> Described for Option<T> {
    fn schema(definitions: &mut Definitions) -> Json {
        json!({ "anyOf": [T::schema(definitions), { "type": "null" }] })
    }
}

impl<T: Described> Described for Vec<T> {
    fn schema(definitions: &mut Definitions) -> Json {
        json!({ "type": "array", "items": T::schema(definitions) })
    }
}

impl<T: Described> Described for (T, T) {
    fn schema(definitions: &mut Definitions) -> Json {
        json!({ "type": "array", "prefixItems": [T::schema(definitions), T::schema(definitions)], "minItems": 2, "maxItems": 2 })
    }
}
