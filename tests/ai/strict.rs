//! Schemas that model servers enforce.

use repflow::ai::strict::problems;
use serde_json::{Value as Json, json};

use crate::support::value;

fn wrong(schema: &Json) -> Vec<(String, String)> {
    problems(&value(schema)).into_iter().map(|problem| (problem.pointer, problem.message)).collect()
}

fn pointers(schema: &Json) -> Vec<String> {
    wrong(schema).into_iter().map(|(pointer, _)| pointer).collect()
}

/// A root with one property.
fn with(property: Json) -> Json {
    json!({ "type": "object", "properties": { "a": property }, "required": ["a"], "additionalProperties": false })
}

#[test]
fn a_strict_schema_has_no_problems() {
    let schema = json!({
        "type": "object",
        "properties": {
            "analysis": { "type": "string" },
            "note": { "type": ["string", "null"] },
            "exercises": { "type": "array", "items": { "$ref": "#/$defs/exercise" } },
            "either": { "anyOf": [{ "type": "string" }, { "type": "null" }] },
            "next": { "$ref": "#" },
        },
        "required": ["analysis", "note", "exercises", "either", "next"],
        "additionalProperties": false,
        "$defs": {
            "exercise": {
                "type": "object",
                "properties": { "id": { "enum": ["squat", "row"] }, "not": { "type": "integer" } },
                "required": ["id", "not"],
                "additionalProperties": false,
            },
        },
    });
    assert_eq!(wrong(&schema), []);
    assert_eq!(wrong(&json!({ "type": "object", "additionalProperties": false })), []);
}

#[test]
fn the_root_is_an_object() {
    for root in
        [json!({ "type": "array", "items": {} }), json!({ "anyOf": [] }), json!({}), json!({ "type": ["object"] })]
    {
        let message = &wrong(&root)[0].1;
        assert!(message.contains("the root must be of the type `object`"), "{root}: {message}");
    }
    assert!(!wrong(&json!(true)).is_empty());
}

#[test]
fn every_property_is_required_and_there_are_no_others() {
    let nested = json!({ "type": ["object", "null"], "properties": { "x": {}, "y": {}, "z": {} }, "required": ["y"] });
    assert_eq!(
        wrong(&with(nested)),
        [
            ("/properties/a".to_owned(), "`additionalProperties` must be false".to_owned()),
            (
                "/properties/a".to_owned(),
                "`required` must name every property; `x`, `z` is missing (what is optional may be null)".to_owned()
            ),
        ]
    );
    assert_eq!(pointers(&with(json!({ "type": "object", "additionalProperties": {} }))), ["/properties/a"]);
}

#[test]
fn what_cannot_be_enforced_is_named_where_it_stands() {
    for key in ["allOf", "oneOf", "not", "if", "then", "else", "patternProperties", "dependentRequired"] {
        assert_eq!(pointers(&with(json!({ key: [] }))), [format!("/properties/a/{key}")]);
    }
    for to in ["https://example.com/schema.json", "other.json#/a", ""] {
        assert_eq!(pointers(&with(json!({ "$ref": to }))), ["/properties/a/$ref"], "{to}");
    }
    let deep = json!({ "anyOf": [{ "items": { "not": {} } }] });
    assert_eq!(pointers(&with(deep)), ["/properties/a/anyOf/0/items/not"]);
    assert_eq!(pointers(&with(json!({ "items": 5 }))), ["/properties/a/items"]);
}

#[test]
fn a_thousand_enum_values_are_enough() {
    let values: Vec<u32> = (0..500).collect();
    let schema = |more: Json| {
        json!({
            "type": "object",
            "properties": { "a": { "enum": values }, "b": { "enum": values }, "c": more },
            "required": ["a", "b", "c"],
            "additionalProperties": false,
        })
    };
    assert_eq!(wrong(&schema(json!({}))), []);
    let one_more = wrong(&schema(json!({ "enum": [1] })));
    assert_eq!(one_more, [(String::new(), "1001 values of `enum`s; there may be 1000 at most".to_owned())]);
}
