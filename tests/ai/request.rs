//! What a model is asked, and everything that is wrong with it.

use repflow::Code;
use repflow::ai::{ModelRequest, Role};
use serde_json::{Value as Json, json};

use crate::support::{json as to_json, value};

pub(crate) fn full() -> Json {
    json!({
        "model": "model-b",
        "messages": [
            { "role": "system", "content": "You are a coach." },
            { "role": "system", "content": "Be brief." },
            { "role": "user", "content": "Which squat?" },
            { "role": "assistant", "content": "", "toolCalls": [{ "id": "c1", "name": "find", "arguments": "{}" }] },
            { "role": "tool", "content": "front squat", "toolCallId": "c1" },
            { "role": "assistant", "content": "The front squat." },
        ],
        "schema": { "name": "plan_1", "schema": { "type": "object" } },
        "tools": [{ "name": "find", "description": "Finds exercises", "parameters": { "type": "object" } }],
        "maxOutputTokens": 800,
        "temperature": 0.5,
        "effort": "low",
        "promptCacheKey": "plans",
        "safetyIdentifier": "u-1",
        "task": { "name": "analysis", "input": { "age": 30 } },
        "extra": { "text": { "verbosity": "low" }, "top_p": 0.9 },
    })
}

fn problems(request: &Json) -> Vec<(String, String)> {
    let error = ModelRequest::parse(&value(request)).expect_err("it is wrong");
    assert_eq!(error.code(), Code::ConfigInvalid);
    error.problems().iter().map(|problem| (problem.pointer.clone(), problem.message.clone())).collect()
}

fn with(change: Json) -> Json {
    let mut request = json!({ "messages": [{ "role": "user", "content": "Hello" }] });
    let fields = change.as_object().expect("fields").clone();
    request.as_object_mut().expect("an object").extend(fields);
    request
}

#[test]
fn a_request_is_read_and_written_as_it_was() {
    let request = ModelRequest::parse(&value(&full())).expect("it is right");
    assert_eq!(request.messages[4].role, Role::Tool);
    assert_eq!(to_json(&request.to_value()), full());
    let short = with(json!({}));
    assert_eq!(to_json(&ModelRequest::parse(&value(&short)).expect("it is right").to_value()), short);
}

#[test]
fn every_problem_is_found() {
    let request = json!({
        "messages": [{ "role": "robot", "content": "x" }, { "role": "user" }, "hello", { "content": 5, "role": "user" }],
        "schema": { "name": "my plan", "schema": [] },
        "tools": [{ "name": "", "parameters": {} }],
        "maxOutputTokens": 0,
        "temperature": 2.1,
        "task": { "input": 1 },
        "extra": { "store": true },
        "mesages": [],
    });
    let pointers: Vec<_> = problems(&request).into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(
        pointers,
        [
            "/mesages",
            "/messages/0/role",
            "/messages/1",
            "/messages/2",
            "/messages/3/content",
            "/tools/0",
            "/tools/0/name",
            "/extra",
            "/schema/name",
            "/schema/schema",
            "/maxOutputTokens",
            "/temperature",
            "/task",
        ]
    );
}

#[test]
fn there_is_at_least_one_message() {
    for request in [json!({}), json!({ "messages": [] })] {
        assert!(problems(&request)[0].1.contains("a request has at least one message"), "{request}");
    }
    assert_eq!(problems(&json!([]))[0].1, "a request to a model must be an object, not a list");
}

#[test]
fn ranges_are_kept() {
    let fine = |request: Json| ModelRequest::parse(&value(&request)).is_ok();
    for temperature in [0.0, 1.0, 2.0] {
        assert!(fine(with(json!({ "temperature": temperature }))));
    }
    assert!(!fine(with(json!({ "temperature": -0.1 }))));
    assert!(fine(with(json!({ "maxOutputTokens": 1 }))));
    for count in [json!(0), json!(1.5), json!(-1), json!("1")] {
        assert!(!fine(with(json!({ "maxOutputTokens": count }))));
    }
    for (name, is_fine) in [("a", true), ("A-z_9", true), ("", false), ("a b", false), ("ä", false)] {
        assert_eq!(fine(with(json!({ "schema": { "name": name, "schema": {} } }))), is_fine, "{name}");
    }
    assert!(fine(with(json!({ "schema": { "name": "a".repeat(64), "schema": {} } }))));
    assert!(!fine(with(json!({ "schema": { "name": "a".repeat(65), "schema": {} } }))));
}

#[test]
fn tools_are_called_by_assistants_and_answer_as_tools() {
    let message = |message: Json| problems(&json!({ "messages": [message] }))[0].1.clone();
    let calls = json!([{ "id": "c", "name": "n", "arguments": "{}" }]);
    let text = message(json!({ "role": "user", "content": "x", "toolCalls": calls }));
    assert_eq!(text, "only an `assistant` calls tools");
    let text = message(json!({ "role": "tool", "content": "x" }));
    assert_eq!(text, "`toolCallId` is missing: the `id` of the tool call that this message answers");
    let text = message(json!({ "role": "user", "content": "x", "toolCallId": "c" }));
    assert_eq!(text, "only a `tool` answers a tool call");
    let silent = json!({ "messages": [{ "role": "assistant", "toolCalls": calls }] });
    assert!(ModelRequest::parse(&value(&silent)).is_ok(), "who calls need not say anything");
}

#[test]
fn what_was_meant_is_suggested() {
    let error = ModelRequest::parse(&value(&with(json!({ "temprature": 1 })))).expect_err("it is wrong");
    assert_eq!(error.problems()[0].suggestion.as_deref(), Some("temperature"));
}
