//! What a model is asked.

use super::ToolCall;
use super::json::{Write, typed};
use crate::error::{Code, Error};
use crate::reader::{At, Object, Problems};
use crate::value::{Value, get};

/// Who says a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The app: what the model is there for.
    System,
    /// The person, or the app on their behalf.
    User,
    /// The model, earlier.
    Assistant,
    /// A tool that the model called.
    Tool,
}

impl Role {
    /// Every role.
    pub const ALL: &[Self] = &[Self::System, Self::User, Self::Assistant, Self::Tool];

    /// Their stable names, in the same order.
    pub const NAMES: &[&str] = &["system", "user", "assistant", "tool"];

    /// The stable name, such as `"user"`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// A part of the conversation.
#[derive(Clone, Debug)]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub content: String,
    /// The calls that an assistant made with it.
    pub tool_calls: Vec<ToolCall>,
    /// The call that a tool answers.
    pub tool_call_id: Option<String>,
}

/// What the answer must look like.
#[derive(Clone, Debug)]
pub struct Schema {
    /// Its name: letters, digits, `_` and `-`, at most 64.
    pub name: String,
    /// A JSON Schema in the strict subset that model servers enforce.
    pub schema: Value,
}

/// Something the model may ask to be done.
#[derive(Clone, Debug)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// A JSON Schema of its arguments, in the strict subset.
    pub parameters: Value,
}

/// A question to a model. No logic depends on a model's name.
#[derive(Clone, Debug, Default)]
pub struct ModelRequest {
    /// The model; the provider's own when it is not said.
    pub model: Option<String>,
    /// The conversation, in order.
    pub messages: Vec<Message>,
    /// What the answer must look like; text of any shape when it is not said.
    pub schema: Option<Schema>,
    /// What the model may ask to be done.
    pub tools: Vec<Tool>,
    /// The most tokens of the answer, those of reasoning included.
    pub max_output_tokens: Option<u32>,
    /// 0 to 2: how much chance there is in the choice of words.
    pub temperature: Option<f64>,
    /// How much to reason: a word of the provider's, such as `low`.
    pub effort: Option<String>,
    /// Questions with the same key are likely to begin alike: for the provider's cache of prompts.
    pub prompt_cache_key: Option<String>,
    /// Who asks, hashed: for the provider's abuse detection.
    pub safety_identifier: Option<String>,
    /// The strategy that made this request and what it was made from, for providers that answer it by rules.
    pub task: Option<(String, Value)>,
    /// Further fields of the body, as the service has them.
    pub extra: Option<Value>,
}

const KEYS: &[&str] = &[
    "model",
    "messages",
    "schema",
    "tools",
    "maxOutputTokens",
    "temperature",
    "effort",
    "promptCacheKey",
    "safetyIdentifier",
    "task",
    "extra",
];
const MESSAGE_KEYS: &[&str] = &["role", "content", "toolCalls", "toolCallId"];
const TOOL_KEYS: &[&str] = &["name", "description", "parameters"];

impl ModelRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// `config.invalid` with every problem, each with its JSON pointer.
    pub fn parse(json: &Value) -> Result<Self, Error> {
        let problems = Problems::default();
        let request = Self::read_at(json, At::Pointer(""), &problems);
        problems.or(request, Code::ConfigInvalid, "the request to the model")
    }

    pub(super) fn read_at(json: &Value, at: At<'_>, problems: &Problems) -> Option<Self> {
        let object = Object::read(json, at, "a request to a model", problems)?;
        object.check_keys("a request to a model", KEYS);
        Some(Self::read(&object))
    }

    fn read(object: &Object<'_>) -> Self {
        let text = |key| object.string(key).map(str::to_owned);
        let mut messages = Vec::new();
        object.each("messages", "a message", MESSAGE_KEYS, &mut |_, message| messages.extend(read_message(message)));
        object.require("messages", "a request has at least one message");
        if object.has_empty("messages") {
            object.note("messages", format_args!("a request has at least one message"));
        }
        let mut tools = Vec::new();
        object.each("tools", "a tool", TOOL_KEYS, &mut |_, tool| {
            tool.require("description", "a tool says what it is for");
            tools.push(Tool {
                name: read_name(tool),
                description: tool.string("description").unwrap_or_default().to_owned(),
                parameters: read_object(tool, "parameters", "a JSON Schema"),
            });
        });
        let temperature = |number| (0.0..=2.0).contains(&number);
        let extra = object.has("extra").then(|| read_object(object, "extra", "further fields of the body"));
        if extra.as_ref().and_then(Value::as_map).is_some_and(|it| get(it, "store").is_some()) {
            object.note("extra", format_args!("`extra` cannot change `store`, which is always false"));
        }
        Self {
            model: text("model"),
            messages,
            schema: object.nested("schema", &["name", "schema"]).map(|schema| Schema {
                name: read_name(&schema),
                schema: read_object(&schema, "schema", "a JSON Schema"),
            }),
            tools,
            max_output_tokens: object.count("maxOutputTokens"),
            temperature: object.number("temperature", "a number from 0 to 2", &temperature),
            effort: text("effort"),
            prompt_cache_key: text("promptCacheKey"),
            safety_identifier: text("safetyIdentifier"),
            task: object.nested("task", &["name", "input"]).map(|task| {
                task.require("name", "the strategy that made the request");
                let name = task.string("name").unwrap_or_default().to_owned();
                (name, task.get("input").cloned().unwrap_or_default())
            }),
            extra,
        }
    }

    /// The request as [`parse`](Self::parse) reads it.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut written = Write::default();
        written.maybe_text("model", &self.model);
        written.list("messages", self.messages.iter().map(Message::to_value).collect());
        if let Some(Schema { name, schema }) = &self.schema {
            written.value("schema", Write::default().text("name", name).value("schema", schema.clone()).end());
        }
        written.list("tools", self.tools.iter().map(|tool| tool.write().end()).collect());
        written
            .maybe_number("maxOutputTokens", self.max_output_tokens.map(f64::from))
            .maybe_number("temperature", self.temperature)
            .maybe_text("effort", &self.effort)
            .maybe_text("promptCacheKey", &self.prompt_cache_key)
            .maybe_text("safetyIdentifier", &self.safety_identifier);
        if let Some((name, input)) = &self.task {
            written.value("task", Write::default().text("name", name).value("input", input.clone()).end());
        }
        if let Some(extra) = &self.extra {
            written.value("extra", extra.clone());
        }
        written.end()
    }
}

impl Message {
    fn to_value(&self) -> Value {
        self.write(["toolCalls", "toolCallId"], &ToolCall::to_value)
    }

    /// As Chat Completions has it.
    pub(super) fn to_chat(&self) -> Value {
        self.write(["tool_calls", "tool_call_id"], &|call| {
            let function = Write::default().text("name", &call.name).text("arguments", &call.arguments).end();
            typed("function").text("id", &call.id).value("function", function).end()
        })
    }

    #[inline(never)]
    fn write(&self, [calls, call_id]: [&str; 2], call: &dyn Fn(&ToolCall) -> Value) -> Value {
        let mut written = self.said();
        written.list(calls, self.tool_calls.iter().map(call).collect());
        written.maybe_text(call_id, &self.tool_call_id).end()
    }

    /// Who says what.
    #[inline(never)]
    pub(super) fn said(&self) -> Write {
        let mut written = Write::default();
        written.text("role", self.role.name()).text("content", &self.content);
        written
    }
}

impl Tool {
    /// `name`, `description` and `parameters`.
    pub(super) fn write(&self) -> Write {
        let mut written = Write::default();
        written.text("name", &self.name).text("description", &self.description);
        written.value("parameters", self.parameters.clone());
        written
    }
}

fn read_message(object: &Object<'_>) -> Option<Message> {
    object.require("role", "who says the message");
    let role = object.choice("role", Role::NAMES, Role::ALL)?;
    let mut tool_calls = Vec::new();
    object.each("toolCalls", "a tool call", ToolCall::KEYS, &mut |_, call| tool_calls.push(ToolCall::read(call)));
    if !tool_calls.is_empty() && role != Role::Assistant {
        object.note("toolCalls", format_args!("only an `assistant` calls tools"));
    }
    // Who calls tools need not say anything.
    if tool_calls.is_empty() {
        object.require("content", "what is said");
    }
    if role == Role::Tool {
        object.require("toolCallId", "the `id` of the tool call that this message answers");
    } else if object.has("toolCallId") {
        object.note("toolCallId", format_args!("only a `tool` answers a tool call"));
    }
    Some(Message {
        role,
        content: object.string("content").unwrap_or_default().to_owned(),
        tool_calls,
        tool_call_id: object.string("toolCallId").map(str::to_owned),
    })
}

fn read_name(object: &Object<'_>) -> String {
    const WHAT: &str = "a name of 1 to 64 letters, digits, `_` and `-`";
    object.require("name", WHAT);
    let name = object.string("name").unwrap_or_default();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if object.has("name") && !((1..=64).contains(&name.len()) && name.bytes().all(fits)) {
        object.must_be("name", WHAT, &format!("`{name}`"));
    }
    name.to_owned()
}

/// A field that is an object.
fn read_object(object: &Object<'_>, key: &str, what: &str) -> Value {
    object.require(key, what);
    let at = At::Key(object.at(), key);
    let value = object.get(key).cloned().unwrap_or_default();
    if object.has(key) {
        Object::read(&value, at, what, object.problems);
    }
    value
}
