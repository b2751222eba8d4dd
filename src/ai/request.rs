//! What a model is asked.

use crate::value::Value;

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

/// A part of the conversation.
#[derive(Clone, Debug)]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub content: String,
    /// The calls that an assistant made with it.
    pub tool_calls: Vec<super::ToolCall>,
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
