//! Streams as servers send them, cut anywhere.

use proptest::prelude::*;
use repflow::ai::{Answer, Api, Failure, ModelEvent, OpenAi, Outcome, Provider, ToolCall, Usage};
use serde_json::{Value as Json, json};

use crate::support::{chat, give, joined, question, responses, service, streamed, whole};

/// How a stream ends, which is the same however it is cut.
fn read(api: Api, body: &str) -> (Vec<ModelEvent>, Result<Answer, Failure>) {
    let (events, end) = streamed(api, body, body.len().max(1));
    for size in 1..body.len().min(9) {
        let (others, other_end) = streamed(api, body, size);
        assert_eq!(other_end, end, "in pieces of {size}");
        if end.is_ok() {
            assert_eq!(others, events, "in pieces of {size}");
        }
    }
    for place in 0..=body.len() {
        let (one, other) = body.as_bytes().split_at(place);
        let exchange = service(api).stream(&question()).expect("a request");
        assert_eq!(give(exchange, 200, [one, other]).1, end, "cut at {place}");
    }
    (events, end)
}

fn answer(api: Api, body: &str) -> Answer {
    read(api, body).1.expect("an answer")
}

fn chunk(delta: Json, finish: Json) -> Json {
    json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "model-a-2026",
        "system_fingerprint": "fp", "choices": [{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish }] })
}

fn text(text: &str) -> Json {
    chunk(json!({ "content": text }), json!(null))
}

fn usage_chunk() -> Json {
    json!({ "id": "chatcmpl-1", "model": "model-a-2026", "choices": [],
        "usage": { "prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14 } })
}

const USAGE: Usage =
    Usage { input_tokens: 9, output_tokens: 5, cached_tokens: 0, cache_write_tokens: 0, reasoning_tokens: 0 };

#[test]
fn chat_as_openai_sends_it() {
    let body = chat(&[
        chunk(json!({ "role": "assistant", "content": "", "refusal": null }), json!(null)),
        text("Three "),
        text("größe 😀 sets."),
        chunk(json!({}), json!("stop")),
        usage_chunk(),
    ]);
    let (events, end) = read(Api::Chat, &body);
    assert_eq!(events, [ModelEvent::Text("Three ".into()), ModelEvent::Text("größe 😀 sets.".into())]);
    assert_eq!(
        end,
        Ok(Answer {
            outcome: Outcome::Completed,
            text: "Three größe 😀 sets.".into(),
            refusal: None,
            tool_calls: Vec::new(),
            usage: Some(USAGE),
            model: Some("model-a-2026".into()),
            id: Some("chatcmpl-1".into()),
        })
    );
}

#[test]
fn chat_with_comments_other_line_ends_and_no_done() {
    let plain = ": OPENROUTER PROCESSING\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n: keep-alive\n\n\
                 data:{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    for end in ["\n", "\r", "\r\n"] {
        assert_eq!(answer(Api::Chat, &plain.replace('\n', end)).text, "a");
    }
}

#[test]
fn chat_finish_reasons() {
    let ended = |reason: &str| answer(Api::Chat, &chat(&[text("a"), chunk(json!({}), json!(reason))])).outcome;
    assert_eq!(ended("stop"), Outcome::Completed);
    assert_eq!(ended("length"), Outcome::Length);
    assert_eq!(ended("content_filter"), Outcome::ContentFilter);
    assert_eq!(answer(Api::Chat, &chat(&[text("a")])).outcome, Outcome::Completed, "`[DONE]` is an end as well");
}

#[test]
fn chat_tool_calls_by_index() {
    let call = |call: Json| chunk(json!({ "tool_calls": [call] }), json!(null));
    let body = chat(&[
        call(json!({ "index": 0, "id": "c1", "type": "function", "function": { "name": "find", "arguments": "" } })),
        call(json!({ "index": 0, "function": { "arguments": "{\"q\":" } })),
        call(json!({ "index": 1, "id": "c2", "type": "function", "function": { "name": "plan", "arguments": "{" } })),
        call(json!({ "index": 0, "function": { "arguments": "1}" } })),
        call(json!({ "index": 1, "id": "c2", "function": { "name": "plan", "arguments": "}" } })),
        chunk(json!({}), json!("tool_calls")),
    ]);
    let (events, end) = read(Api::Chat, &body);
    let answer = end.expect("an answer");
    assert_eq!(answer.outcome, Outcome::ToolCalls);
    let call = |id: &str, name: &str, arguments: &str| ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: arguments.into(),
    };
    assert_eq!(answer.tool_calls, [call("c1", "find", "{\"q\":1}"), call("c2", "plan", "{}")]);
    let indexes: Vec<_> =
        events.iter().map(|it| if let ModelEvent::ToolCall { index, .. } = it { *index } else { 9 }).collect();
    assert_eq!(indexes, [0, 1, 0, 1]);
}

#[test]
fn chat_tool_calls_without_an_index_are_told_apart_by_their_ids() {
    let call = |id: &str| {
        let call = json!({ "id": id, "function": { "name": "find", "arguments": "{}" } });
        chunk(json!({ "tool_calls": [call] }), json!(null))
    };
    let answer = answer(Api::Chat, &chat(&[call("c1"), call("c2"), chunk(json!({}), json!("stop"))]));
    assert_eq!((answer.outcome, answer.tool_calls.len()), (Outcome::ToolCalls, 2));
}

#[test]
fn refusals_come_in_pieces() {
    let refusal = |text: &str| chunk(json!({ "refusal": text }), json!(null));
    let body = chat(&[refusal("I "), refusal("cannot."), chunk(json!({}), json!("stop"))]);
    let (events, end) = read(Api::Chat, &body);
    let answer = end.expect("an answer");
    assert_eq!(
        (answer.outcome, answer.refusal.as_deref(), answer.text.as_str()),
        (Outcome::Refusal, Some("I cannot."), "")
    );
    assert_eq!(events.len(), 2);

    let delta = |text: &str| json!({ "type": "response.refusal.delta", "item_id": "m", "delta": text });
    let body = responses(&[
        delta("I "),
        delta("cannot."),
        json!({ "type": "response.refusal.done", "item_id": "m", "refusal": "I cannot." }),
        json!({ "type": "response.completed", "response": {} }),
    ]);
    let (events, end) = read(Api::Responses, &body);
    assert_eq!(end.expect("an answer").refusal.as_deref(), Some("I cannot."));
    assert_eq!(events.len(), 2);
}

fn output_text(text: &str) -> Json {
    json!([{ "type": "message", "id": "msg_1", "content": [{ "type": "output_text", "text": text, "annotations": [] }] }])
}

fn delta(text: &str) -> Json {
    json!({ "type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": text })
}

#[test]
fn responses_as_openai_sends_it() {
    let about = json!({ "id": "resp_1", "object": "response", "model": "model-a-2026", "status": "in_progress", "output": [], "error": null, "usage": null });
    let mut completed = about.clone();
    completed["status"] = json!("completed");
    completed["output"] = output_text("Three sets.");
    completed["usage"] = json!({ "input_tokens": 9, "output_tokens": 5, "total_tokens": 14 });
    let body = responses(&[
        json!({ "type": "response.created", "sequence_number": 0, "response": about }),
        json!({ "type": "response.in_progress", "sequence_number": 1, "response": about }),
        json!({ "type": "response.output_item.added", "output_index": 0, "item": { "type": "message", "id": "msg_1", "content": [] } }),
        json!({ "type": "response.content_part.added", "item_id": "msg_1", "part": { "type": "output_text", "text": "" } }),
        delta("Three "),
        json!({ "type": "response.something.new", "delta": "never" }),
        delta("sets."),
        json!({ "type": "response.output_text.done", "item_id": "msg_1", "text": "Three sets." }),
        json!({ "type": "response.output_item.done", "output_index": 0, "item": output_text("Three sets.")[0] }),
        json!({ "type": "response.completed", "sequence_number": 9, "response": completed }),
    ]);
    let (events, end) = read(Api::Responses, &body);
    assert_eq!(events, [ModelEvent::Text("Three ".into()), ModelEvent::Text("sets.".into())]);
    let answer = end.expect("an answer");
    assert_eq!((answer.outcome, answer.text.as_str(), answer.usage), (Outcome::Completed, "Three sets.", Some(USAGE)));
    assert_eq!((answer.id.as_deref(), answer.model.as_deref()), (Some("resp_1"), Some("model-a-2026")));
}

/// llama.cpp's server leaves out sequence numbers, places and the output at the end.
#[test]
fn responses_as_llama_cpp_sends_it() {
    let body = responses(&[
        json!({ "type": "response.created", "response": { "id": "resp_1", "object": "response", "status": "in_progress" } }),
        json!({ "type": "response.output_item.added", "item": { "type": "message", "id": "msg_1", "content": [] } }),
        json!({ "type": "response.output_text.delta", "item_id": "msg_1", "delta": "a" }),
        json!({ "type": "response.output_text.delta", "item_id": "msg_1", "delta": "b" }),
        json!({ "type": "response.output_item.added", "item": { "type": "function_call", "id": "fc_1", "call_id": "c1", "name": "find", "arguments": "" } }),
        json!({ "type": "response.output_item.added", "item": { "type": "function_call", "id": "fc_2", "call_id": "c2", "name": "plan", "arguments": "" } }),
        json!({ "type": "response.function_call_arguments.delta", "item_id": "fc_1", "delta": "{" }),
        json!({ "type": "response.function_call_arguments.delta", "item_id": "fc_2", "delta": "[]" }),
        json!({ "type": "response.function_call_arguments.delta", "item_id": "fc_1", "delta": "}" }),
        json!({ "type": "response.completed", "response": { "id": "resp_1", "status": "completed" } }),
    ]);
    let answer = answer(Api::Responses, &body);
    assert_eq!((answer.outcome, answer.text.as_str()), (Outcome::ToolCalls, "ab"));
    let calls: Vec<_> =
        answer.tool_calls.iter().map(|call| (call.id.as_str(), call.name.as_str(), call.arguments.as_str())).collect();
    assert_eq!(calls, [("c1", "find", "{}"), ("c2", "plan", "[]")]);
}

#[test]
fn responses_whose_deltas_are_missing_are_read_from_their_end() {
    let call = json!({ "type": "function_call", "id": "fc_1", "call_id": "c1", "name": "find", "arguments": "{}" });
    let completed = |output: Json| json!({ "type": "response.completed", "response": { "output": output } });
    let said = json!({ "type": "response.output_text.done", "item_id": "msg_1", "text": "whole" });
    for events in [
        vec![completed(json!([output_text("whole")[0], call]))],
        vec![said.clone(), completed(json!([output_text("whole")[0], call]))],
        vec![delta("whole"), said.clone(), completed(json!([output_text("another")[0], call]))],
        vec![said, json!({ "type": "response.output_item.done", "item": call }), completed(json!([]))],
        vec![
            delta("whole"),
            json!({ "type": "response.output_item.added", "item": { "type": "function_call", "id": "fc_1", "call_id": "c1", "name": "find" } }),
            json!({ "type": "response.function_call_arguments.done", "item_id": "fc_1", "arguments": "{}" }),
            json!({ "type": "response.output_item.done", "item": call }),
            completed(json!([call])),
        ],
    ] {
        let (told, end) = read(Api::Responses, &responses(&events));
        let answer = end.expect("an answer");
        assert_eq!(answer.text, "whole", "{events:?}");
        assert_eq!(
            answer.tool_calls,
            [ToolCall { id: "c1".into(), name: "find".into(), arguments: "{}".into() }],
            "{events:?}"
        );
        let parts = [ModelEvent::Text("whole".into()), ModelEvent::ToolCall { index: 0, arguments: "{}".into() }];
        assert_eq!(told, parts, "nothing is told twice");
    }
}

#[test]
fn responses_that_are_not_complete() {
    let end = |reason: &str| {
        let response =
            json!({ "status": "incomplete", "incomplete_details": { "reason": reason }, "output": output_text("ab") });
        let answer = answer(
            Api::Responses,
            &responses(&[delta("ab"), json!({ "type": "response.incomplete", "response": response })]),
        );
        assert_eq!(answer.text, "ab");
        answer.outcome
    };
    assert_eq!(end("max_output_tokens"), Outcome::Length);
    assert_eq!(end("content_filter"), Outcome::ContentFilter);
}

fn failed(api: Api, body: &str) -> (Option<String>, Option<String>, String) {
    match read(api, body).1 {
        Err(Failure::Service { status: None, code, error_type, message, .. }) => (code, error_type, message),
        other => panic!("{other:?}"),
    }
}

#[test]
fn errors_in_the_middle_of_a_stream() {
    let told = |code: &str, message: &str| (Some(code.to_owned()), None, message.to_owned());
    let error = json!({ "code": "server_is_overloaded", "message": "Later" });
    let event = json!({ "type": "response.failed", "response": { "status": "failed", "error": error } });
    assert_eq!(failed(Api::Responses, &responses(&[delta("a"), event])), told("server_is_overloaded", "Later"));
    let event =
        json!({ "type": "error", "code": "slow_down", "message": "Slower", "param": null, "sequence_number": 3 });
    assert_eq!(failed(Api::Responses, &responses(&[delta("a"), event])), told("slow_down", "Slower"));
    let event = json!({ "type": "error", "error": { "type": "server_error", "code": "x", "message": "Oh" } });
    let (code, kind, message) = failed(Api::Responses, &responses(&[event]));
    assert_eq!((code.as_deref(), kind.as_deref(), message.as_str()), (Some("x"), Some("server_error"), "Oh"));
    let untyped = "event: error\ndata: {\"message\":\"Oh\",\"code\":500}\n\n";
    for api in [Api::Chat, Api::Responses] {
        assert_eq!(failed(api, untyped), told("500", "Oh"));
    }
    let chunk = json!({ "error": { "message": "Provider died", "code": 502 }, "choices": [] });
    assert_eq!(failed(Api::Chat, &chat(&[text("a"), chunk])), told("502", "Provider died"));
    let chunk = json!({ "error": "Provider died" });
    assert_eq!(failed(Api::Chat, &chat(&[chunk])), (None, None, "Provider died".into()));
}

#[test]
fn what_is_no_json_is_an_error_and_never_skipped() {
    for data in ["{\"choices\":[", "hello", "", "5", "null", "[1]", "[DONE"] {
        for api in [Api::Chat, Api::Responses] {
            let body = format!("data: {data}\n\ndata: [DONE]\n\n");
            let end = read(api, &body).1;
            assert!(matches!(end, Err(Failure::Malformed(_))), "{data}: {end:?}");
        }
    }
    let end = read(Api::Responses, "data: [DONE]\n\n").1;
    assert!(matches!(end, Err(Failure::Malformed(_))), "that is an end of the other endpoint");
}

#[test]
fn a_stream_that_ends_before_its_answer_is_truncated_wherever_that_is() {
    let chats = chat(&[text("a"), text("b"), chunk(json!({}), json!("stop")), usage_chunk()]);
    let events =
        responses(&[delta("a"), delta("b"), json!({ "type": "response.completed", "response": { "output": [] } })]);
    // Where the answer has ended: behind the event that says so.
    let finished = chats.find("\"stop\"").and_then(|at| chats[at..].find("\n\n").map(|end| at + end + 2));
    for (api, body, ended) in [(Api::Chat, &chats, finished.expect("it ends")), (Api::Responses, &events, events.len())]
    {
        for place in 0..=body.len() {
            let end = streamed(api, &body[..place], 64).1;
            if place < ended {
                assert_eq!(end, Err(Failure::Truncated), "{:?}", &body[..place]);
            } else {
                assert_eq!(end.map(|answer| answer.text), Ok("ab".into()), "{:?}", &body[..place]);
            }
        }
    }
    assert_eq!(streamed(Api::Chat, "data: [DONE]\n\n", 5).1, Err(Failure::Truncated), "there was no answer");
}

#[test]
fn what_comes_after_the_end_is_not_read() {
    let body = format!("{}data: not JSON\n\n", chat(&[text("a"), chunk(json!({}), json!("stop"))]));
    assert_eq!(answer(Api::Chat, &body).text, "a");
    let end = json!({ "type": "response.completed", "response": { "output": [] } });
    let body = format!("{}data: not JSON\n\n", responses(&[delta("a"), end, delta("b")]));
    assert_eq!(answer(Api::Responses, &body).text, "a");
}

#[test]
fn neither_an_event_nor_an_answer_grows_without_end() {
    let provider = OpenAi { max_bytes: 400, ..service(Api::Chat) };
    let run = |body: &str| give(provider.stream(&question()).expect("a request"), 200, body.as_bytes().chunks(7)).1;
    assert_eq!(run(&format!("data: {}", "x".repeat(500))), Err(Failure::TooLarge(400)));
    assert_eq!(run(&chat(&vec![text("0123456789"); 41])), Err(Failure::TooLarge(400)));
    assert!(run(&chat(&vec![text("0123456789"); 39])).is_ok());
    let call = |index: usize| chunk(json!({ "tool_calls": [{ "index": index }] }), json!(null));
    let calls: Vec<Json> = (0..5).map(call).collect();
    assert_eq!(run(&chat(&calls)), Err(Failure::TooLarge(400)), "calls without end");
}

proptest! {
    /// A stream and a whole answer that say the same are the same answer.
    #[test]
    fn a_stream_folds_to_the_whole_answer(
        pieces in prop::collection::vec("[a-z {}\"\\\\\n\ré😀]{0,8}", 0..8),
        refusal in prop::collection::vec("[a-z ]{0,4}", 0..3),
        calls in prop::collection::vec(prop::collection::vec("[a-z{}\"]{0,5}", 0..4), 0..3),
        reason in prop::sample::select(vec!["stop", "length", "content_filter"]),
        has_usage: bool,
        size in 1_usize..40,
    ) {
        let usage = has_usage.then(|| json!({ "prompt_tokens": 9, "completion_tokens": 5 }));
        let name = |place: usize| (format!("c{place}"), format!("tool{place}"));
        let mut chunks: Vec<Json> = pieces.iter().map(|piece| text(piece)).collect();
        chunks.extend(refusal.iter().map(|piece| chunk(json!({ "refusal": piece }), json!(null))));
        let mut whole_calls = Vec::new();
        for (place, arguments) in calls.iter().enumerate() {
            let (id, name) = name(place);
            let call = |call: Json| chunk(json!({ "tool_calls": [call] }), json!(null));
            chunks.push(call(json!({ "index": place, "id": id, "function": { "name": name } })));
            chunks.extend(arguments.iter().map(|it| call(json!({ "index": place, "function": { "arguments": it } }))));
            whole_calls.push(json!({ "id": id, "function": { "name": name, "arguments": arguments.concat() } }));
        }
        chunks.push(chunk(json!({}), json!(reason)));
        chunks.extend(usage.as_ref().map(|usage| json!({ "choices": [], "usage": usage })));
        let message = json!({ "content": pieces.concat(), "refusal": refusal.concat(), "tool_calls": whole_calls });
        let body = json!({ "id": "chatcmpl-1", "model": "model-a-2026", "usage": usage,
            "choices": [{ "index": 0, "message": message, "finish_reason": reason }] });
        let (events, end) = streamed(Api::Chat, &chat(&chunks), size);
        let (whole_events, whole_end) = whole(Api::Chat, 200, &body.to_string());
        prop_assert_eq!(&end, &whole_end);
        if calls.is_empty() {
            prop_assert_eq!(joined(events), whole_events);
        }

        let mut told: Vec<Json> = pieces.iter().map(|piece| delta(piece)).collect();
        told.extend(refusal.iter().map(|it| json!({ "type": "response.refusal.delta", "item_id": "m", "delta": it })));
        let content = json!([
            { "type": "output_text", "text": pieces.concat() }, { "type": "refusal", "refusal": refusal.concat() },
        ]);
        let mut output = vec![json!({ "type": "message", "id": "msg_1", "content": content })];
        for (place, arguments) in calls.iter().enumerate() {
            let (id, name) = name(place);
            let key = format!("fc_{place}");
            let item = |arguments: &str| json!({ "type": "function_call", "id": key, "call_id": id, "name": name, "arguments": arguments });
            told.push(json!({ "type": "response.output_item.added", "item": item("") }));
            for it in arguments {
                told.push(json!({ "type": "response.function_call_arguments.delta", "item_id": key, "delta": it }));
            }
            output.push(item(&arguments.concat()));
        }
        let (status, why) = match reason {
            "stop" => ("completed", json!(null)),
            "length" => ("incomplete", json!({ "reason": "max_output_tokens" })),
            reason => ("incomplete", json!({ "reason": reason })),
        };
        let response = json!({ "id": "chatcmpl-1", "model": "model-a-2026", "status": status, "incomplete_details": why,
            "output": output, "usage": usage });
        told.push(json!({ "type": format!("response.{status}"), "response": response }));
        prop_assert_eq!(&streamed(Api::Responses, &responses(&told), size).1, &end);
        prop_assert_eq!(&whole(Api::Responses, 200, &response.to_string()).1, &end);
    }

    /// Whatever comes ends in an answer or in a failure.
    #[test]
    fn any_bytes_end_somehow(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        start in prop::sample::select(vec!["", "data: ", "data: {\"choices\":[{\"delta\":", "{", "event: error\ndata: "]),
        status in prop::sample::select(vec![200_u16, 429, 500]),
        is_chat: bool,
        is_streamed: bool,
    ) {
        let provider = service(if is_chat { Api::Chat } else { Api::Responses });
        let exchange = if is_streamed { provider.stream(&question()) } else { provider.complete(&question()) };
        let body = [start.as_bytes(), &bytes].concat();
        let _ = give(exchange.expect("a request"), status, body.chunks(11));
    }
}
