//! What a model answers, whole and in parts.
//!
//! Both are written as JSON for the host, which keeps recordings of them.

use super::json::Write;
use crate::reader::Object;
use crate::value::Value;

/// How an answer ended. Only the first is one to be used; the others are told apart because each asks for something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is complete.
    Completed,
    /// The model asks for tools to be called.
    ToolCalls,
    /// The model will not answer. It will not answer the second time either.
    Refusal,
    /// It ran into the limit of tokens: what is there is not all.
    Length,
    /// The service cut it off.
    ContentFilter,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: &[Self] = &[Self::Completed, Self::ToolCalls, Self::Refusal, Self::Length, Self::ContentFilter];

    /// Their stable names, in the same order.
    pub const NAMES: &[&str] = &["completed", "tool_calls", "refusal", "length", "content_filter"];

    /// The stable name, such as `"content_filter"`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// A tool that the model wants called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCall {
    /// What the answer to it refers to.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Its arguments, as JSON text.
    pub arguments: String,
}

impl ToolCall {
    pub(super) const KEYS: &[&str] = &["id", "name", "arguments"];

    pub(super) fn read(object: &Object<'_>) -> Self {
        let text = |key| {
            object.require(key, "a tool call has an `id`, a `name` and `arguments`");
            object.string(key).unwrap_or_default().to_owned()
        };
        Self { id: text("id"), name: text("name"), arguments: text("arguments") }
    }

    pub(super) fn to_value(&self) -> Value {
        Write::default().text("id", &self.id).text("name", &self.name).text("arguments", &self.arguments).end()
    }
}

/// What it took, in tokens, by whatever name the service has for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Of the question, cached ones included.
    pub input_tokens: u64,
    /// Of the answer, reasoning included.
    pub output_tokens: u64,
    /// Of the question, read from the service's cache.
    pub cached_tokens: u64,
    /// Of the question, written to the service's cache.
    pub cache_write_tokens: u64,
    /// Of the answer, spent on reasoning.
    pub reasoning_tokens: u64,
}

impl Usage {
    const KEYS: [&str; 6] =
        ["inputTokens", "outputTokens", "cachedTokens", "cacheWriteTokens", "reasoningTokens", "totalTokens"];

    fn to_value(self) -> Value {
        let numbers = [
            self.input_tokens,
            self.output_tokens,
            self.cached_tokens,
            self.cache_write_tokens,
            self.reasoning_tokens,
            self.input_tokens.saturating_add(self.output_tokens),
        ];
        let mut written = Write::default();
        for (key, number) in Self::KEYS.iter().zip(numbers) {
            written.maybe_number(key, Some(number as f64));
        }
        written.end()
    }
}

/// A part of an answer, as it comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelEvent {
    /// More of the text.
    Text(String),
    /// More of a refusal.
    Refusal(String),
    /// More of the arguments of the call at `index`.
    ToolCall {
        /// Which of the calls, from 0.
        index: usize,
        /// More of its arguments.
        arguments: String,
    },
}

impl ModelEvent {
    /// `{ type, text, index? }`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let (kind, text, index) = match self {
            Self::Text(text) => ("text", text, None),
            Self::Refusal(text) => ("refusal", text, None),
            Self::ToolCall { index, arguments } => ("tool_call", arguments, Some(*index as f64)),
        };
        Write::default().text("type", kind).text("text", text).maybe_number("index", index).end()
    }
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How it ended.
    pub outcome: Outcome,
    /// The text; empty when there is none.
    pub text: String,
    /// Why the model will not answer.
    pub refusal: Option<String>,
    /// What the model wants called.
    pub tool_calls: Vec<ToolCall>,
    /// What it took, when the service says so.
    pub usage: Option<Usage>,
    /// The model that answered, as the service names it.
    pub model: Option<String>,
    /// The service's id of the answer.
    pub id: Option<String>,
}

impl Answer {
    /// `{ outcome, text, refusal?, toolCalls, usage?, model?, id? }`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut written = Write::default();
        written.text("outcome", self.outcome.name()).text("text", &self.text).maybe_text("refusal", &self.refusal);
        let calls = self.tool_calls.iter().map(ToolCall::to_value).collect::<Vec<_>>();
        written.value("toolCalls", Value::List(calls.into()));
        if let Some(usage) = self.usage {
            written.value("usage", usage.to_value());
        }
        written.maybe_text("model", &self.model).maybe_text("id", &self.id).end()
    }
}
