//! What is sent to either endpoint.

use proptest::prelude::*;
use repflow::ai::{Api, ModelRequest, Provider};
use repflow::{Code, ai};
use serde_json::{Value as Json, json};

use crate::request::full;
use crate::support::{json as to_json, question, service, value};

fn body(api: Api, request: &ModelRequest, streamed: bool) -> Json {
    let provider = service(api);
    let exchange = if streamed { provider.stream(request) } else { provider.complete(request) };
    to_json(&exchange.expect("a request").outgoing().expect("a body").body)
}

fn parsed(json: &Json) -> ModelRequest {
    ModelRequest::parse(&value(json)).expect("it is right")
}

#[test]
fn everything_as_responses_has_it() {
    assert_eq!(
        body(Api::Responses, &parsed(&full()), true),
        json!({
            "model": "model-b",
            "instructions": "You are a coach.\n\nBe brief.",
            "input": [
                { "role": "user", "content": "Which squat?" },
                { "type": "function_call", "call_id": "c1", "name": "find", "arguments": "{}" },
                { "type": "function_call_output", "call_id": "c1", "output": "front squat" },
                { "role": "assistant", "content": "The front squat." },
            ],
            "text": {
                "format": { "type": "json_schema", "name": "plan_1", "schema": { "type": "object" }, "strict": true },
                "verbosity": "low",
            },
            "tools": [{
                "type": "function", "name": "find", "description": "Finds exercises",
                "parameters": { "type": "object" }, "strict": true,
            }],
            "max_output_tokens": 800,
            "temperature": 0.5,
            "reasoning": { "effort": "low" },
            "prompt_cache_key": "plans",
            "safety_identifier": "u-1",
            "top_p": 0.9,
            "stream": true,
            "store": false,
        })
    );
}

#[test]
fn everything_as_chat_completions_has_it() {
    let mut request = full();
    request["extra"] = json!({ "top_p": 0.9 });
    assert_eq!(
        body(Api::Chat, &parsed(&request), true),
        json!({
            "model": "model-b",
            "messages": [
                { "role": "system", "content": "You are a coach." },
                { "role": "system", "content": "Be brief." },
                { "role": "user", "content": "Which squat?" },
                { "role": "assistant", "content": "", "tool_calls": [
                    { "type": "function", "id": "c1", "function": { "name": "find", "arguments": "{}" } },
                ] },
                { "role": "tool", "content": "front squat", "tool_call_id": "c1" },
                { "role": "assistant", "content": "The front squat." },
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": { "name": "plan_1", "schema": { "type": "object" }, "strict": true },
            },
            "tools": [{ "type": "function", "function": {
                "name": "find", "description": "Finds exercises", "parameters": { "type": "object" }, "strict": true,
            } }],
            "max_completion_tokens": 800,
            "temperature": 0.5,
            "reasoning_effort": "low",
            "prompt_cache_key": "plans",
            "safety_identifier": "u-1",
            "top_p": 0.9,
            "stream": true,
            "stream_options": { "include_usage": true },
            "store": false,
        })
    );
}

#[test]
fn a_short_request_is_a_short_body() {
    let (store, stream) = (false, false);
    assert_eq!(
        body(Api::Responses, &question(), false),
        json!({ "model": "model-a", "input": [{ "role": "user", "content": "How many sets?" }],
            "store": store, "stream": stream })
    );
    assert_eq!(
        body(Api::Chat, &question(), false),
        json!({ "model": "model-a", "messages": [{ "role": "user", "content": "How many sets?" }],
            "store": store, "stream": stream })
    );
}

#[test]
fn where_the_app_alone_speaks_that_is_the_input() {
    let request = parsed(&json!({ "messages": [{ "role": "system", "content": "Say hello." }] }));
    let body = body(Api::Responses, &request, false);
    assert_eq!(body["input"], json!([{ "role": "system", "content": "Say hello." }]));
    assert_eq!(body.get("instructions"), None);
    let request = parsed(&json!({ "messages": [
        { "role": "user", "content": "a" }, { "role": "system", "content": "b" },
    ] }));
    let later = self::body(Api::Responses, &request, false);
    assert_eq!(later["input"][1], json!({ "role": "system", "content": "b" }), "in its place");
}

#[test]
fn the_paths_and_the_provider() {
    for (api, path) in [(Api::Responses, "/responses"), (Api::Chat, "/chat/completions")] {
        let exchange = service(api).complete(&question()).expect("a request");
        assert_eq!(exchange.outgoing().expect("a body").path, path);
        assert_eq!(service(api).name(), "openai");
        assert!(service(api).capabilities().network);
    }
    let nameless = ai::OpenAi { model: None, ..service(Api::Chat) };
    let error = nameless.stream(&question()).err().expect("there is no model");
    assert_eq!((error.code(), error.problems()[0].pointer.as_str()), (Code::ConfigInvalid, "/model"));
}

#[test]
fn a_provider_is_described() {
    let read = |json: Json| ai::OpenAi::parse(&value(&json), crate::support::read);
    let provider = read(json!({ "kind": "openai" })).expect("it is right");
    assert_eq!((provider.api, provider.model, provider.max_bytes), (Api::Responses, None, 8 << 20));
    let provider =
        read(json!({ "kind": "openai", "api": "chat", "model": "m", "maxBytes": 100 })).expect("it is right");
    assert_eq!((provider.api, provider.model.as_deref(), provider.max_bytes), (Api::Chat, Some("m"), 100));
    let wrong = json!({ "kind": "openai", "api": "caht", "model": 5, "maxBytes": 0, "modle": "m" });
    assert_eq!(read(wrong).expect_err("it is wrong").problems().len(), 4);
}

fn values() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![Just(json!(null)), any::<bool>().prop_map(Json::from), "[a-z]{0,4}".prop_map(Json::from)];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop::collection::btree_map("[a-z]{1,4}", inner, 0..4).prop_map(Json::from_iter)
    })
}

proptest! {
    /// Whatever is asked for, nothing is stored, and the answer comes as it is read.
    #[test]
    fn nothing_is_ever_stored(
        extra in prop::collection::btree_map("store|stream|[a-z]{1,5}", values(), 0..5),
        is_chat: bool,
        streamed: bool,
    ) {
        let api = if is_chat { Api::Chat } else { Api::Responses };
        let request = ModelRequest { extra: Some(value(&Json::from_iter(extra.clone()))), ..question() };
        let body = body(api, &request, streamed);
        prop_assert_eq!(&body["store"], &json!(false));
        prop_assert_eq!(&body["stream"], &json!(streamed));
        for (key, field) in extra.iter().filter(|(key, _)| !["store", "stream"].contains(&key.as_str())) {
            prop_assert_eq!(&body[key], field);
        }
    }
}
