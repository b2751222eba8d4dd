//! What is sent to the two endpoints.
//!
//! `store` is false whatever anybody asks for: questions to the coach hold data about health, and Responses keeps them by
//! default.

use super::Api;
use crate::ai::json::{Write, object, typed};
use crate::ai::{Message, ModelRequest, Role};
use crate::small::join;
use crate::value::{Value, get};

/// The body of a request for `model`.
pub(super) fn body(api: Api, model: &str, request: &ModelRequest, streamed: bool) -> Value {
    let is_chat = api == Api::Chat;
    let mut body = Write::default();
    body.text("model", model);
    if is_chat {
        body.list("messages", request.messages.iter().map(Message::to_chat).collect());
    } else {
        input(&mut body, &request.messages);
    }
    if let Some(schema) = &request.schema {
        let mut format = Write::default();
        format.text("name", &schema.name).value("schema", schema.schema.clone()).value("strict", Value::Bool(true));
        if is_chat {
            let format = format.end();
            body.value("response_format", typed("json_schema").value("json_schema", format).end());
        } else {
            body.value("text", object("format", format.text("type", "json_schema").end()));
        }
    }
    let tools = request.tools.iter().map(|tool| {
        let mut function = tool.write();
        function.value("strict", Value::Bool(true));
        if is_chat {
            typed("function").value("function", function.end()).end()
        } else {
            function.text("type", "function").end()
        }
    });
    body.list("tools", tools.collect());
    let most = if is_chat { "max_completion_tokens" } else { "max_output_tokens" };
    body.maybe_number(most, request.max_output_tokens.map(f64::from)).maybe_number("temperature", request.temperature);
    if is_chat {
        body.maybe_text("reasoning_effort", &request.effort);
    } else if let Some(effort) = &request.effort {
        body.value("reasoning", object("effort", Value::String(effort.as_str().into())));
    }
    body.maybe_text("prompt_cache_key", &request.prompt_cache_key);
    body.maybe_text("safety_identifier", &request.safety_identifier);
    if streamed && is_chat {
        body.value("stream_options", object("include_usage", Value::Bool(true)));
    }
    let mut body = body.end();
    if let Some(extra) = &request.extra {
        merge(&mut body, extra);
    }
    let mut fixed = Write::default();
    fixed.value("store", Value::Bool(false)).value("stream", Value::Bool(streamed));
    merge(&mut body, &fixed.end());
    body
}

/// The messages as Responses has them: what the app says at the beginning are its instructions, the rest is the input. An
/// input there must be, so where the app alone speaks, that is it.
fn input(body: &mut Write, messages: &[Message]) {
    let first = messages.iter().position(|message| message.role != Role::System).unwrap_or_default();
    let (instructions, rest) = messages.split_at_checked(first).unwrap_or_default();
    if first > 0 {
        let instructions: Vec<&str> = instructions.iter().map(|message| message.content.as_str()).collect();
        body.text("instructions", &join(&instructions, "\n\n"));
    }
    let mut items = Vec::new();
    for message in rest {
        if message.role == Role::Tool {
            let call = message.tool_call_id.as_deref().unwrap_or_default();
            items.push(typed("function_call_output").text("call_id", call).text("output", &message.content).end());
            continue;
        }
        if !message.content.is_empty() || message.tool_calls.is_empty() {
            items.push(message.said().end());
        }
        for call in &message.tool_calls {
            let mut item = typed("function_call");
            item.text("call_id", &call.id).text("name", &call.name).text("arguments", &call.arguments);
            items.push(item.end());
        }
    }
    body.list("input", items);
}

/// Puts the fields of `more` into `value`: objects are merged, anything else is replaced. So `text: { verbosity: "low" }`
/// keeps the format that the schema made.
fn merge(value: &mut Value, more: &Value) {
    let (Some(fields), Some(more)) = (value.as_map(), more.as_map()) else {
        *value = more.clone();
        return;
    };
    let mut merged = Write::default();
    for (key, field) in fields {
        let mut field = field.clone();
        if let Some(more) = get(more, key) {
            merge(&mut field, more);
        }
        merged.value(key, field);
    }
    for (key, field) in more {
        if get(fields, key).is_none() {
            merged.value(key, field.clone());
        }
    }
    *value = merged.end();
}
