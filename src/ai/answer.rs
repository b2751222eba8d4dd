//! What a model answers, whole and in parts.

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
    /// The stable name, such as `"content_filter"`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::ToolCalls => "tool_calls",
            Self::Refusal => "refusal",
            Self::Length => "length",
            Self::ContentFilter => "content_filter",
        }
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
