//! Exchanges from beginning to end.

use repflow::ai::{Answer, Api, Exchange, Failure, Message, ModelEvent, ModelRequest, OpenAi, Provider, Role};
use repflow::value::Value;
use serde_json::Value as Json;

pub(crate) fn value(json: &Json) -> Value {
    Value::from(json)
}

pub(crate) fn json(value: &Value) -> Json {
    Json::from(value)
}

pub(crate) fn read(text: &str) -> Option<Value> {
    serde_json::from_str::<Json>(text).ok().map(|json| value(&json))
}

pub(crate) fn service(api: Api) -> OpenAi {
    OpenAi { api, model: Some("model-a".to_owned()), max_bytes: OpenAi::MAX_BYTES, json: read }
}

pub(crate) fn question() -> ModelRequest {
    let message =
        Message { role: Role::User, content: "How many sets?".to_owned(), tool_calls: Vec::new(), tool_call_id: None };
    ModelRequest { messages: vec![message], ..ModelRequest::default() }
}

/// What came of an exchange: its parts, and how it ended.
pub(crate) type Outcome = (Vec<ModelEvent>, Result<Answer, Failure>);

/// Gives an exchange these pieces of a body.
pub(crate) fn give<'a>(
    mut exchange: Box<dyn Exchange>,
    status: u16,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Outcome {
    let mut events = Vec::new();
    exchange.head(status);
    for piece in pieces {
        if let Err(failure) = exchange.take(piece, &mut events) {
            return (events, Err(failure));
        }
    }
    let end = exchange.finish(&mut events);
    (events, end)
}

/// A whole answer with this status.
pub(crate) fn whole(api: Api, status: u16, body: &str) -> Outcome {
    give(service(api).complete(&question()).expect("a request"), status, [body.as_bytes()])
}

/// A stream, in pieces of this size.
pub(crate) fn streamed(api: Api, body: &str, size: usize) -> Outcome {
    give(service(api).stream(&question()).expect("a request"), 200, body.as_bytes().chunks(size))
}

/// Parts without their borders, which are those of the network.
pub(crate) fn joined(events: Vec<ModelEvent>) -> Vec<ModelEvent> {
    let mut joined: Vec<ModelEvent> = Vec::new();
    for event in events {
        match (joined.last_mut(), &event) {
            (Some(ModelEvent::Text(text)), ModelEvent::Text(more))
            | (Some(ModelEvent::Refusal(text)), ModelEvent::Refusal(more)) => text.push_str(more),
            _ => joined.push(event),
        }
    }
    joined
}

/// The text of a stream of these events.
pub(crate) fn chat(chunks: &[Json]) -> String {
    let mut text: String = chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
    text.push_str("data: [DONE]\n\n");
    text
}

/// The text of a stream of these events, each of a type.
pub(crate) fn responses(events: &[Json]) -> String {
    events
        .iter()
        .map(|event| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().expect("a type")))
        .collect()
}
