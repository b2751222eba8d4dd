//! Answers from a recording.

use repflow::Code;
use repflow::ai::{Answer, Failure, ModelEvent, ModelRequest, Outcome, Provider, Recorded, ToolCall, Usage};
use serde_json::{Value as Json, json};

use crate::request::full;
use crate::support::{Outcome as End, give, json as to_json, question, value};

fn cassette(exchanges: Json) -> Json {
    json!({ "version": 1, "exchanges": exchanges })
}

fn ask(cassette: &Json, request: &Json) -> End {
    let recorded = Recorded::parse(&value(cassette)).expect("a cassette");
    let request = ModelRequest::parse(&value(request)).expect("a request");
    let exchange = recorded.stream(&request).expect("it was recorded");
    assert!(exchange.outgoing().is_none(), "there is nothing to send");
    give(exchange, 200, [])
}

fn answer() -> Answer {
    Answer {
        outcome: Outcome::ToolCalls,
        text: "Let me look.".to_owned(),
        refusal: None,
        tool_calls: vec![ToolCall { id: "c".into(), name: "find".into(), arguments: "{}".into() }],
        usage: Some(Usage {
            input_tokens: 7,
            output_tokens: 5,
            cached_tokens: 1,
            cache_write_tokens: 2,
            reasoning_tokens: 3,
        }),
        model: Some("model-b".into()),
        id: Some("resp_1".into()),
    }
}

#[test]
fn an_answer_is_written_and_played_as_it_was() {
    let written = to_json(&answer().to_value());
    assert_eq!(written["usage"]["totalTokens"], 12);
    let (events, end) = ask(&cassette(json!([{ "request": full(), "answer": written }])), &full());
    assert_eq!(end, Ok(answer()));
    let parts = [ModelEvent::Text("Let me look.".into()), ModelEvent::ToolCall { index: 0, arguments: "{}".into() }];
    assert_eq!(events, parts, "as it would come whole");
}

#[test]
fn parts_come_as_they_came() {
    let parts = vec![
        ModelEvent::Text("Let ".into()),
        ModelEvent::Text("me".into()),
        ModelEvent::Refusal("no".into()),
        ModelEvent::ToolCall { index: 1, arguments: "{".into() },
    ];
    let written: Vec<Json> = parts.iter().map(|part| to_json(&part.to_value())).collect();
    let exchange = json!({ "request": full(), "answer": to_json(&answer().to_value()), "parts": written });
    assert_eq!(ask(&cassette(json!([exchange])), &full()), (parts, Ok(answer())));
}

#[test]
fn failures_are_played_too() {
    let service = Failure::Service {
        status: Some(429),
        code: Some("slow_down".into()),
        error_type: Some("requests".into()),
        param: Some("model".into()),
        message: "slower".into(),
    };
    for failure in [service, Failure::Truncated, Failure::Malformed("no JSON".into()), Failure::TooLarge(7)] {
        let exchange = json!({
            "request": full(), "failure": to_json(&failure.to_value()), "parts": [{ "type": "text", "text": "a" }],
        });
        let (events, end) = ask(&cassette(json!([exchange])), &full());
        assert_eq!((events.len(), end), (1, Err(failure)));
    }
}

#[test]
fn a_request_is_the_same_in_any_order_of_keys_and_the_first_one_answers() {
    let exchange = |input: Json, text: &str| {
        let request =
            json!({ "messages": [{ "content": "x", "role": "user" }], "task": { "input": input, "name": "t" } });
        json!({ "request": request, "answer": { "outcome": "completed", "text": text } })
    };
    let cassette = cassette(json!([
        exchange(json!({ "a": 1, "b": [1, { "c": null }] }), "first"),
        exchange(json!({ "a": 1, "b": [1, { "c": null }] }), "second"),
        exchange(json!({ "a": 1, "b": [1, { "c": false }] }), "other"),
    ]));
    let request = |input: &str| {
        let input: Json = serde_json::from_str(input).expect("JSON");
        json!({ "task": { "name": "t", "input": input }, "messages": [{ "role": "user", "content": "x" }] })
    };
    let text = |input: &str| ask(&cassette, &request(input)).1.expect("an answer").text;
    assert_eq!(text(r#"{ "b": [1.0, { "c": null }], "a": 1 }"#), "first");
    assert_eq!(text(r#"{ "b": [1, { "c": false }], "a": 1 }"#), "other");
}

#[test]
fn what_was_not_recorded_says_so() {
    let recorded = Recorded::parse(&value(&cassette(json!([])))).expect("a cassette");
    let error = recorded.complete(&question()).err().expect("it was not recorded");
    assert_eq!(error.code(), Code::ConfigInvalid);
    assert!(error.message().contains("no exchange of the cassette"), "{error}");
    assert!(!recorded.capabilities().network);
    assert_eq!(recorded.name(), "recorded");
}

#[test]
fn what_is_wrong_with_a_cassette_is_told_where_it_stands() {
    let wrong = json!({ "version": 2, "exchanges": [
        { "request": { "messages": [] }, "answer": { "outcome": "completed" } },
        { "request": full() },
        { "request": full(), "answer": { "outcome": "compleded" }, "parts": [{ "type": "txt" }] },
        { "request": full(), "failure": { "failure": "lost" } },
    ] });
    let error = Recorded::parse(&value(&wrong)).expect_err("it is wrong");
    let pointers: Vec<&str> = error.problems().iter().map(|problem| problem.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/version",
            "/exchanges/0/request/messages",
            "/exchanges/1/answer",
            "/exchanges/2/parts",
            "/exchanges/2/answer",
            "/exchanges/3/failure",
        ]
    );
}
