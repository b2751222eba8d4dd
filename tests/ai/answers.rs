//! Whole answers, and what says that there is none.

use repflow::ai::{Api, Failure, ModelEvent, OpenAi, Outcome, Provider, ToolCall};
use serde_json::{Value as Json, json};

use crate::support::{give, question, service, streamed, whole};

const BOTH: [Api; 2] = [Api::Responses, Api::Chat];

fn chat(message: Json, finish: Json) -> Json {
    json!({ "id": "chatcmpl-1", "object": "chat.completion", "model": "model-a-2026",
        "choices": [{ "index": 0, "message": message, "finish_reason": finish, "logprobs": null }] })
}

fn response(status: &str, output: Json, more: Json) -> Json {
    let mut response = json!({ "id": "resp_1", "object": "response", "model": "model-a-2026", "status": status,
        "error": null, "incomplete_details": null, "output": output });
    response.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    response
}

fn message(content: Json) -> Json {
    json!({ "type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": content })
}

fn outcome(api: Api, body: &Json) -> Outcome {
    whole(api, 200, &body.to_string()).1.expect("an answer").outcome
}

#[test]
fn a_text_is_an_answer() {
    let reasoning = json!({ "type": "reasoning", "id": "rs_1", "summary": [] });
    let text = |text: &str| json!({ "type": "output_text", "text": text, "annotations": [] });
    let output = json!([reasoning, message(json!([text("Three "), text("sets.")]))]);
    for (api, body) in [
        (Api::Chat, chat(json!({ "role": "assistant", "content": "Three sets.", "refusal": null }), json!("stop"))),
        (Api::Responses, response("completed", output, json!({}))),
    ] {
        let (events, end) = whole(api, 200, &body.to_string());
        let answer = end.expect("an answer");
        assert_eq!((answer.outcome, answer.text.as_str()), (Outcome::Completed, "Three sets."));
        assert_eq!((answer.refusal, answer.usage), (None, None));
        assert_eq!(answer.model.as_deref(), Some("model-a-2026"));
        assert!(answer.id.is_some());
        assert!(matches!(&events[0], ModelEvent::Text(text) if text.starts_with("Three ")));
    }
}

#[test]
fn outcomes_are_told_apart() {
    let said = || json!({ "role": "assistant", "content": "Thr" });
    assert_eq!(outcome(Api::Chat, &chat(said(), json!("length"))), Outcome::Length);
    assert_eq!(outcome(Api::Chat, &chat(said(), json!("content_filter"))), Outcome::ContentFilter);
    assert_eq!(outcome(Api::Chat, &chat(said(), json!(null))), Outcome::Completed, "some servers do not say it");
    let incomplete =
        |reason: &str| response("incomplete", json!([]), json!({ "incomplete_details": { "reason": reason } }));
    assert_eq!(outcome(Api::Responses, &incomplete("max_output_tokens")), Outcome::Length);
    assert_eq!(outcome(Api::Responses, &incomplete("content_filter")), Outcome::ContentFilter);
    assert_eq!(outcome(Api::Responses, &incomplete("something new")), Outcome::Length, "what is there is not all");
}

#[test]
fn a_refusal_is_none_of_the_text() {
    let refused = json!([{ "type": "refusal", "refusal": "I cannot." }]);
    for (api, body) in [
        (Api::Chat, chat(json!({ "content": null, "refusal": "I cannot." }), json!("stop"))),
        (Api::Responses, response("completed", json!([message(refused)]), json!({}))),
    ] {
        let (events, end) = whole(api, 200, &body.to_string());
        let answer = end.expect("an answer");
        assert_eq!((answer.outcome, answer.text.as_str()), (Outcome::Refusal, ""));
        assert_eq!(answer.refusal.as_deref(), Some("I cannot."));
        assert_eq!(events, [ModelEvent::Refusal("I cannot.".into())]);
    }
}

#[test]
fn tools_are_asked_for() {
    let calls = json!([
        { "id": "c1", "type": "function", "function": { "name": "find", "arguments": "{\"q\":1}" } },
        { "id": "c2", "type": "function", "function": { "name": "find", "arguments": "{}" } },
    ]);
    let output = json!([
        { "type": "function_call", "id": "fc_1", "call_id": "c1", "name": "find", "arguments": "{\"q\":1}" },
        { "type": "function_call", "id": "fc_2", "call_id": "c2", "name": "find", "arguments": "{}" },
    ]);
    let call = |id: &str, arguments: &str| ToolCall { id: id.into(), name: "find".into(), arguments: arguments.into() };
    for (api, body) in [
        (Api::Chat, chat(json!({ "content": null, "tool_calls": calls }), json!("tool_calls"))),
        (Api::Responses, response("completed", output, json!({}))),
    ] {
        let (events, end) = whole(api, 200, &body.to_string());
        let answer = end.expect("an answer");
        assert_eq!(answer.outcome, Outcome::ToolCalls);
        assert_eq!(answer.tool_calls, [call("c1", "{\"q\":1}"), call("c2", "{}")]);
        assert_eq!(events[1], ModelEvent::ToolCall { index: 1, arguments: "{}".into() });
    }
}

fn service_failure(api: Api, status: u16, body: &str) -> (Option<u16>, [Option<String>; 3], String) {
    match whole(api, status, body).1 {
        Err(Failure::Service { status, code, error_type, param, message }) => {
            (status, [code, error_type, param], message)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn errors_come_in_many_shapes() {
    let some = |texts: [&str; 3]| texts.map(|text| (!text.is_empty()).then(|| text.to_owned()));
    for (body, fields, message) in [
        (
            r#"{"error":{"message":"Bad key","type":"invalid_request_error","param":"model","code":"invalid_api_key"}}"#,
            ["invalid_api_key", "invalid_request_error", "model"],
            "Bad key",
        ),
        (r#"{"error":{"message":"Bad key","type":null,"param":null,"code":null}}"#, ["", "", ""], "Bad key"),
        (
            r#"{"error":{"code":401,"message":"Bad key","type":"authentication_error"}}"#,
            ["401", "authentication_error", ""],
            "Bad key",
        ),
        (r#"{"error":"Bad key"}"#, ["", "", ""], "Bad key"),
        (
            r#"{"object":"error","message":"Bad key","type":"BadRequestError","code":400}"#,
            ["400", "BadRequestError", ""],
            "Bad key",
        ),
        (r#"{"detail":"Bad key"}"#, ["", "", ""], "Bad key"),
        (r#"[{"error":{"code":400,"message":"Bad key","status":"INVALID_ARGUMENT"}}]"#, ["400", "", ""], "Bad key"),
        (r#"{"oops":1}"#, ["", "", ""], r#"{"oops":1}"#),
        ("<html>Bad gateway</html>", ["", "", ""], "<html>Bad gateway</html>"),
        ("5", ["", "", ""], "5"),
        ("null", ["", "", ""], "null"),
        ("", ["", "", ""], "the service does not say what is wrong"),
    ] {
        for api in BOTH {
            assert_eq!(service_failure(api, 401, body), (Some(401), some(fields), message.to_owned()), "{body}");
        }
    }
}

#[test]
fn of_a_body_that_is_no_json_there_is_the_beginning() {
    let body = "größe ".repeat(100);
    let (_, _, message) = service_failure(Api::Chat, 502, &body);
    assert_eq!(message, body.chars().take(200).collect::<String>());
    let provider = OpenAi { max_bytes: 50, ..service(Api::Chat) };
    let exchange = provider.stream(&question()).expect("a request");
    let (_, end) = give(exchange, 502, body.as_bytes().chunks(7));
    assert!(
        matches!(end, Err(Failure::Service { message, .. }) if message.starts_with("größe")),
        "and no more is kept"
    );
}

#[test]
fn an_answer_may_say_that_there_is_none() {
    let failed = json!({ "error": { "code": "rate_limit_exceeded", "message": "Slow down" } });
    let told = service_failure(Api::Responses, 200, &response("failed", json!([]), failed).to_string());
    assert_eq!(told, (None, [Some("rate_limit_exceeded".into()), None, None], "Slow down".into()));
    let told = service_failure(Api::Responses, 200, &response("failed", json!([]), json!({})).to_string());
    assert_eq!(told.2, "the service says that it failed, and not why");
    let told = service_failure(Api::Chat, 200, r#"{"error":{"message":"Provider returned error","code":502}}"#);
    assert_eq!(told, (None, [Some("502".into()), None, None], "Provider returned error".into()));
}

#[test]
fn an_answer_without_what_answers_have_is_malformed() {
    for (api, body) in [
        (Api::Chat, "{}"),
        (Api::Chat, r#"{"choices":[]}"#),
        (Api::Chat, r#"{"choices":[{"index":0}]}"#),
        (Api::Chat, r#"{"choices":[{"message":"x"}]}"#),
        (Api::Chat, r#"{"output":[]}"#),
        (Api::Responses, "{}"),
        (Api::Responses, r#"{"status":"completed"}"#),
        (Api::Responses, r#"{"output":"x"}"#),
        (Api::Responses, r#"{"status":"queued","output":[]}"#),
        (Api::Responses, r#"{"status":"cancelled","output":[]}"#),
    ] {
        let end = whole(api, 200, body).1;
        assert!(matches!(end, Err(Failure::Malformed(_))), "{body}: {end:?}");
    }
    for api in BOTH {
        for body in ["", "null", "5", "[]", "\"x\"", "<html>", "{\"choices\": [{"] {
            let end = whole(api, 200, body).1;
            assert!(matches!(end, Err(Failure::Malformed(_))), "{body}: {end:?}");
        }
    }
}

#[test]
fn an_answer_that_is_too_large_is_a_failure() {
    let body = chat(json!({ "content": "x".repeat(500) }), json!("stop")).to_string();
    for (most, is_fine) in [(body.len(), true), (body.len() - 1, false)] {
        let provider = OpenAi { max_bytes: most, ..service(Api::Chat) };
        let exchange = provider.complete(&question()).expect("a request");
        let (_, end) = give(exchange, 200, body.as_bytes().chunks(64));
        assert_eq!(end.is_ok(), is_fine);
        assert!(is_fine || end == Err(Failure::TooLarge(most)));
    }
}

#[test]
fn a_server_that_cannot_stream_answers_as_a_whole() {
    let body = chat(json!({ "content": "Three sets." }), json!("stop")).to_string();
    for size in [1, 7, body.len()] {
        let (events, end) = streamed(Api::Chat, &body, size);
        assert_eq!(end.expect("an answer").text, "Three sets.");
        assert_eq!(events, [ModelEvent::Text("Three sets.".into())]);
    }
    let (_, end) = streamed(Api::Chat, r#"{"error":{"message":"no"}}"#, 3);
    assert!(matches!(end, Err(Failure::Service { .. })));
}
