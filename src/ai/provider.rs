//! Who answers, and one question on its way.

use super::json::Write;
use super::{Answer, ModelEvent, ModelRequest};
use crate::error::Error;
use crate::value::Value;

/// What a provider can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Answers come in parts.
    pub streaming: bool,
    /// Answers keep to a schema.
    pub structured_output: bool,
    /// It may ask for tools to be called.
    pub tools: bool,
    /// It needs somebody to send what it says.
    pub network: bool,
}

/// Something that answers questions: a model's service, a recording, or rules.
pub trait Provider {
    /// Its name, for provenance: `openai`, `offline-coach`.
    fn name(&self) -> &str;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Asks for the answer as a whole.
    ///
    /// # Errors
    /// `config.invalid` for a request that this provider cannot take, with every problem.
    fn complete(&self, request: &ModelRequest) -> Result<Box<dyn Exchange>, Error>;

    /// Asks for the answer as it comes.
    ///
    /// # Errors
    /// As [`complete`](Self::complete).
    fn stream(&self, request: &ModelRequest) -> Result<Box<dyn Exchange>, Error>;
}

/// What to send: a POST of JSON.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Behind the base URL: `/responses`.
    pub path: &'static str,
    /// The body.
    pub body: Value,
}

/// One question on its way.
pub trait Exchange {
    /// What to send; nothing when the answer is here already.
    fn outgoing(&self) -> Option<Outgoing>;

    /// The answer begins, with this HTTP status.
    fn head(&mut self, status: u16);

    /// More of the body, cut anywhere. Pushes what it brings.
    ///
    /// # Errors
    /// What ends the exchange before the body does. Nothing may be given to it afterwards.
    fn take(&mut self, bytes: &[u8], events: &mut Vec<ModelEvent>) -> Result<(), Failure>;

    /// The body has ended. Pushes what is left.
    ///
    /// # Errors
    /// Why there is no answer.
    fn finish(&mut self, events: &mut Vec<ModelEvent>) -> Result<Answer, Failure>;
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// The service says that something is wrong, by its status or in the middle of a stream.
    Service {
        /// The HTTP status; none for an error in the middle of a stream that had begun well.
        status: Option<u16>,
        /// Its `code`; numbers as text.
        code: Option<String>,
        /// Its `type`.
        error_type: Option<String>,
        /// The parameter that is wrong.
        param: Option<String>,
        /// What it says, or the beginning of a body that is no JSON.
        message: String,
    },
    /// The stream ended before the answer did.
    Truncated,
    /// What came cannot be read: an event that is no JSON, an answer without what answers have.
    Malformed(String),
    /// More came than may: an event, or the whole, above this many bytes.
    TooLarge(usize),
}

impl Failure {
    /// `{ failure, status?, code?, type?, param?, message }`, where `failure` is `service`, `truncated`, `malformed` or
    /// `too_large`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut written = Write::default();
        let (place, message) = match self {
            Self::Service { status, code, error_type, param, message } => {
                written
                    .maybe_number("status", status.map(f64::from))
                    .maybe_text("code", code)
                    .maybe_text("type", error_type)
                    .maybe_text("param", param);
                (0, message.as_str())
            }
            Self::Truncated => (1, "the stream ended before the answer did"),
            Self::Malformed(message) => (2, message.as_str()),
            Self::TooLarge(most) => {
                written.maybe_number("maxBytes", Some(*most as f64));
                (3, "the answer is larger than `maxBytes` allows")
            }
        };
        written.text("failure", NAMES[place]).text("message", message).end()
    }
}

const NAMES: &[&str] = &["service", "truncated", "malformed", "too_large"];
