//! Exchanges with models.
//!
//! The facade sends what [`exchange_begin`] says, and gives the bytes that come back to [`exchange_take`]. What ends an
//! exchange is a part of what these answer, since what came before it counts as well; only what is wrong with a call is thrown.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, JSON};
use wasm_bindgen::prelude::*;

use super::Table;
use super::convert::{Fields, data_from_js, data_from_plain, error_to_js, problem_to_js, value_to_js};
use crate::ai::rate::Left;
use crate::ai::{Exchange, Failure, ModelEvent, ModelRequest, OpenAi, Provider, partial, strict};
use crate::error::{Code, Error, Problem};
use crate::value::Value;

thread_local! {
    static EXCHANGES: Table<Box<dyn Exchange>> = const { Table::new() };
}

#[inline(never)]
fn exchange(number: u32) -> Option<Rc<RefCell<Box<dyn Exchange>>>> {
    EXCHANGES.with(|exchanges| exchanges.get(number))
}

/// Parses JSON with the host, which has a parser.
fn json(text: &str) -> Option<Value> {
    data_from_plain(&JSON::parse(text).ok()?, Code::AiMalformed, "the answer").ok()
}

/// The provider that an object describes: `{ kind: "openai", api, model?, maxBytes? }`.
fn provider(described: &JsValue) -> Result<Box<dyn Provider>, Error> {
    const WHAT: &str = "the provider";
    let described = data_from_js(described, Code::ConfigInvalid, WHAT)?;
    let refuse = |message: &str| {
        let problems = vec![Problem::new("/kind", message)];
        Err(Error::invalid(Code::ConfigInvalid, WHAT, problems))
    };
    match described.field("kind").unwrap_or_default().as_str() {
        Some("openai") => Ok(Box::new(OpenAi::parse(&described, json)?)),
        _ => refuse("`kind` must be `openai`"),
    }
}

/// What a provider is: `{ name, streaming, structuredOutput, tools, network }`.
#[wasm_bindgen(js_name = providerInfo)]
pub fn provider_info(described: &JsValue) -> Result<JsValue, JsValue> {
    let provider = provider(described).map_err(|error| error_to_js(&error))?;
    let can = provider.capabilities();
    Ok(Fields::default()
        .text("name", provider.name())
        .flag("streaming", can.streaming)
        .flag("structuredOutput", can.structured_output)
        .flag("tools", can.tools)
        .flag("network", can.network)
        .object())
}

/// Checks a question, whoever it is for.
#[wasm_bindgen(js_name = checkQuestion)]
pub fn check_question(request: &JsValue) -> Result<(), JsValue> {
    question(request).map(drop).map_err(|error| error_to_js(&error))
}

fn question(request: &JsValue) -> Result<ModelRequest, Error> {
    ModelRequest::parse(&data_from_js(request, Code::ConfigInvalid, "the request to the model")?)
}

/// Begins an exchange: `{ exchange, path?, body? }`, where there is nothing to send when the answer is here already.
#[wasm_bindgen(js_name = exchangeBegin)]
pub fn exchange_begin(described: &JsValue, request: &JsValue, streamed: bool) -> Result<JsValue, JsValue> {
    begin(described, request, streamed).map_err(|error| error_to_js(&error))
}

fn begin(described: &JsValue, request: &JsValue, streamed: bool) -> Result<JsValue, Error> {
    let provider = provider(described)?;
    let request = question(request)?;
    let exchange = if streamed { provider.stream(&request) } else { provider.complete(&request) }?;
    let fields = Fields::default();
    if let Some(outgoing) = exchange.outgoing() {
        fields.text("path", outgoing.path).value("body", &value_to_js(&outgoing.body));
    }
    let number = EXCHANGES.with(|exchanges| exchanges.add(exchange));
    Ok(fields.number("exchange", number.into()).object())
}

/// The answer begins, with this HTTP status.
#[wasm_bindgen(js_name = exchangeHead)]
pub fn exchange_head(number: u32, status: u16) {
    if let Some(exchange) = exchange(number) {
        exchange.borrow_mut().head(status);
    }
}

/// More of the answer, cut anywhere: `{ events, failure? }`. With a failure the exchange is over.
#[wasm_bindgen(js_name = exchangeTake)]
pub fn exchange_take(number: u32, bytes: &[u8]) -> JsValue {
    came(number, &mut |exchange, events| exchange.take(bytes, events).map(|()| Value::Null))
}

/// The answer has ended: `{ events, answer?, failure? }`, one of the two. The exchange is over.
#[wasm_bindgen(js_name = exchangeFinish)]
pub fn exchange_finish(number: u32) -> JsValue {
    let answer = came(number, &mut |exchange, events| exchange.finish(events).map(|answer| answer.to_value()));
    exchange_free(number);
    answer
}

/// Something that is given to an exchange.
type Given<'a> = dyn FnMut(&mut dyn Exchange, &mut Vec<ModelEvent>) -> Result<Value, Failure> + 'a;

/// What an exchange makes of it.
fn came(number: u32, act: &mut Given<'_>) -> JsValue {
    let mut events = Vec::new();
    let Some(exchange) = exchange(number) else { return JsValue::UNDEFINED };
    let result = act(&mut **exchange.borrow_mut(), &mut events);
    let fields = Fields::default();
    fields.value("events", &events_to_js(&events));
    match result {
        Ok(Value::Null) => {}
        Ok(answer) => {
            fields.value("answer", &value_to_js(&answer));
        }
        Err(failure) => {
            exchange_free(number);
            fields.value("failure", &value_to_js(&failure.to_value()));
        }
    }
    fields.object()
}

fn events_to_js(events: &[ModelEvent]) -> Array {
    events.iter().map(|event| value_to_js(&event.to_value())).collect()
}

/// Forgets an exchange.
#[wasm_bindgen(js_name = exchangeFree)]
pub fn exchange_free(number: u32) {
    EXCHANGES.with(|exchanges| exchanges.remove(number));
}

/// The shortest text that is JSON and keeps what the beginning of a JSON text says for sure; empty when nothing is.
#[wasm_bindgen(js_name = closeJson)]
pub fn close_json(text: &str) -> String {
    partial::close(text)
}

/// What six `x-ratelimit-*` headers say: `{ requests?: { limit?, remaining, resetMs }, tokens?: { … } }`.
#[wasm_bindgen(js_name = rateLimitsOf)]
pub fn rate_limits_of(texts: &Array) -> JsValue {
    let fields = Fields::default();
    for (key, first) in [("requests", 0), ("tokens", 3)] {
        let text = |place: u32| texts.get(first + place).as_string();
        let (limit, remaining, reset) = (text(0), text(1), text(2));
        if let Some(left) = Left::read([limit.as_deref(), remaining.as_deref(), reset.as_deref()]) {
            fields.value(key, &value_to_js(&left.to_value()));
        }
    }
    fields.object()
}

/// Why a JSON Schema is not in the strict subset that model servers enforce: a list of problems.
#[wasm_bindgen(js_name = strictProblems)]
pub fn strict_problems(schema: &JsValue) -> Result<Array, JsValue> {
    match data_from_js(schema, Code::ConfigInvalid, "the schema") {
        Ok(schema) => Ok(strict::problems(&schema).iter().map(problem_to_js).collect()),
        Err(error) => Err(error_to_js(&error)),
    }
}
