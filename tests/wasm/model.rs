//! Exchanges with models, as the facade has them.

use js_sys::{Array, JSON, Reflect};
use repflow::wasm::{failure, model};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

fn js(text: &str) -> JsValue {
    JSON::parse(text).expect("the test writes JSON")
}

fn text(value: &JsValue) -> String {
    JSON::stringify(value).expect("plain data").into()
}

fn field(value: &JsValue, key: &str) -> JsValue {
    Reflect::get(value, &key.into()).expect("an object")
}

const CHAT: &str = r#"{ "kind": "openai", "api": "chat", "model": "model-a" }"#;
const QUESTION: &str = r#"{ "messages": [{ "role": "user", "content": "Hello" }] }"#;

fn begin() -> u32 {
    let begun = model::exchange_begin(&js(CHAT), &js(QUESTION), true).expect("a request");
    assert_eq!(field(&begun, "path").as_string().as_deref(), Some("/chat/completions"));
    assert_eq!(
        text(&field(&begun, "body")),
        concat!(
            r#"{"model":"model-a","messages":[{"role":"user","content":"Hello"}],"#,
            r#""stream_options":{"include_usage":true},"store":false,"stream":true}"#
        )
    );
    field(&begun, "exchange").as_f64().expect("a number") as u32
}

#[wasm_bindgen_test]
fn an_answer_comes_in_parts_and_as_a_whole() {
    let exchange = begin();
    model::exchange_head(exchange, 200);
    let first = br#"data: {"id":"c1","choices":[{"delta":{"content":"Hi "#;
    assert_eq!(text(&model::exchange_take(exchange, first)), r#"{"events":[]}"#);
    let rest = "größe\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";
    let taken = model::exchange_take(exchange, rest.as_bytes());
    assert_eq!(text(&taken), r#"{"events":[{"type":"text","text":"Hi größe"}]}"#);
    let finished = model::exchange_finish(exchange);
    assert_eq!(
        text(&finished),
        concat!(
            r#"{"events":[],"answer":{"outcome":"completed","text":"Hi größe","toolCalls":[],"usage":{"inputTokens":3,"#,
            r#""outputTokens":2,"cachedTokens":0,"cacheWriteTokens":0,"reasoningTokens":0,"totalTokens":5},"id":"c1"}}"#
        )
    );
    assert!(model::exchange_finish(exchange).is_undefined(), "it is over");
    model::exchange_free(exchange);
}

#[wasm_bindgen_test]
fn a_failure_comes_with_what_was_said_before_it() {
    let exchange = begin();
    model::exchange_head(exchange, 429);
    let body = br#"{"error":{"message":"Slower","code":"slow_down","type":"requests"}}"#;
    assert_eq!(text(&model::exchange_take(exchange, body)), r#"{"events":[]}"#);
    assert_eq!(
        text(&field(&model::exchange_finish(exchange), "failure")),
        r#"{"status":429,"code":"slow_down","type":"requests","failure":"service","message":"Slower"}"#
    );
    let exchange = begin();
    model::exchange_head(exchange, 200);
    let broken = b"data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\ndata: {\n\n";
    let taken = model::exchange_take(exchange, broken);
    assert_eq!(text(&field(&taken, "events")), r#"[{"type":"text","text":"Hi"}]"#);
    assert_eq!(field(&field(&taken, "failure"), "failure"), "malformed");
    let exchange = begin();
    assert_eq!(field(&field(&model::exchange_finish(exchange), "failure"), "failure"), "truncated");
}

#[wasm_bindgen_test]
fn what_is_wrong_with_a_request_or_a_provider_is_an_error() {
    for (provider, request) in
        [(CHAT, r#"{ "messages": [] }"#), (r#"{ "kind": "openia" }"#, QUESTION), (r#"{ "kind": "openai" }"#, QUESTION)]
    {
        let error = model::exchange_begin(&js(provider), &js(request), false).expect_err(provider);
        assert_eq!(field(&error, "code"), "config.invalid", "{provider}");
    }
    assert_eq!(
        text(&model::provider_info(&js(CHAT)).expect("a provider")),
        r#"{"name":"openai","streaming":true,"structuredOutput":true,"tools":true,"network":true}"#
    );
}

#[wasm_bindgen_test]
fn what_else_the_facade_asks() {
    let told: Array = js(r#"[null, null, null, 429, null, null, "1500"]"#).unchecked_into();
    assert_eq!(
        text(&failure::failure_of(Some(told))),
        r#"{"code":"ai.rate_limited","kind":"rate_limited","severity":"error","retryable":true,"retryAfterMs":1500}"#
    );
    assert_eq!(field(&failure::failure_of(None), "code"), "ai.failed");
    assert_eq!(model::close_json(r#"{"a":[1,"größ"#), r#"{"a":[1,"größ"]}"#);
    let headers: Array = js(r#"["60", "59", "1s", null, "149984", "6m0s"]"#).unchecked_into();
    assert_eq!(
        text(&model::rate_limits_of(&headers)),
        r#"{"requests":{"limit":60,"remaining":59,"resetMs":1000},"tokens":{"remaining":149984,"resetMs":360000}}"#
    );
    let problems = model::strict_problems(&js(r#"{ "type": "object", "properties": { "a": { "not": {} } } }"#));
    assert_eq!(problems.expect("a schema").length(), 3);
}
