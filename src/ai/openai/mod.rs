//! OpenAI's Responses and Chat Completions, as OpenAI and whoever is compatible with it serve them.
//!
//! The client is strict where an answer could be wrong without anybody noticing it, and lenient elsewhere. A stream that
//! ends before its answer does is a failure, and so is an event that is no JSON. Events of unknown types, and fields that
//! some servers leave out, are no matter.
//!
//! Nothing here depends on the name of a model. What is wrong with a status of 400 or above, in the middle of a stream, or
//! in a whole answer is one [`Failure::Service`]; [`policy::classify`](crate::policy::classify()) says what it means.
//!
//! # Layout
//! - `body`: what is sent to either endpoint
//! - `responses`, `chat`: their whole answers and their streams
//! - `draft`: what both fold into; `usage`: what it took

mod body;
mod chat;
mod draft;
mod responses;
mod usage;

use super::json::{Json, field, is_object, number_in, text, text_in};
use super::sse::Decoder;
use super::{Answer, Capabilities, Exchange, Failure, ModelEvent, ModelRequest, Outgoing, Provider};
use crate::error::{Code, Error, Problem};
use crate::number;
use crate::reader::{At, Object, Problems};
use crate::value::Value;
use draft::Draft;

/// Which of the endpoints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Api {
    /// `/responses`: newer, and the only one of some models.
    #[default]
    Responses,
    /// `/chat/completions`: what most compatible servers have.
    Chat,
}

impl Api {
    /// Both.
    pub const ALL: &[Self] = &[Self::Responses, Self::Chat];

    /// Their stable names, in the same order.
    pub const NAMES: &[&str] = &["responses", "chat"];
}

/// A service that is compatible with OpenAI's.
#[derive(Clone, Debug)]
pub struct OpenAi {
    /// Which of the endpoints.
    pub api: Api,
    /// The model, where the request names none.
    pub model: Option<String>,
    /// The most bytes of an event, and of an answer.
    pub max_bytes: usize,
    /// Parses JSON.
    pub json: Json,
}

impl OpenAi {
    /// The most bytes of an event, and of an answer, when nothing else is said: 8 MiB.
    pub const MAX_BYTES: usize = 8 << 20;

    /// Reads `{ kind, api?, model?, maxBytes? }`.
    ///
    /// # Errors
    /// `config.invalid` with every problem, each with its JSON pointer.
    pub fn parse(described: &Value, json: Json) -> Result<Self, Error> {
        const WHAT: &str = "the provider";
        let problems = Problems::default();
        let read = Object::read(described, At::Pointer(""), WHAT, &problems).map(|object| {
            object.check_keys(WHAT, &["kind", "api", "model", "maxBytes"]);
            Self {
                api: object.choice("api", Api::NAMES, Api::ALL).unwrap_or_default(),
                model: object.string("model").map(str::to_owned),
                max_bytes: object.count("maxBytes").map_or(Self::MAX_BYTES, |most| most as usize),
                json,
            }
        });
        problems.or(read, Code::ConfigInvalid, WHAT)
    }

    fn begin(&self, request: &ModelRequest, is_streamed: bool) -> Result<Box<dyn Exchange>, Error> {
        let Some(model) = request.model.as_ref().or(self.model.as_ref()) else {
            let message = "`model` is missing: name the model in the request, or for the provider";
            let problems = vec![Problem::new("/model", message)];
            return Err(Error::invalid(Code::ConfigInvalid, "the request to the model", problems));
        };
        let path = if self.api == Api::Chat { "/chat/completions" } else { "/responses" };
        Ok(Box::new(Call {
            outgoing: Outgoing { path, body: body::body(self.api, model, request, is_streamed) },
            api: self.api,
            max_bytes: self.max_bytes,
            json: self.json,
            status: 200,
            is_streamed,
            has_begun: false,
            body: Vec::new(),
            decoder: Decoder::new(self.max_bytes),
            draft: Draft::default(),
        }))
    }
}

impl Provider for OpenAi {
    fn name(&self) -> &str {
        "openai"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { streaming: true, structured_output: true, tools: true, network: true }
    }

    fn complete(&self, request: &ModelRequest) -> Result<Box<dyn Exchange>, Error> {
        self.begin(request, false)
    }

    fn stream(&self, request: &ModelRequest) -> Result<Box<dyn Exchange>, Error> {
        self.begin(request, true)
    }
}

/// A question to the service.
struct Call {
    outgoing: Outgoing,
    api: Api,
    max_bytes: usize,
    json: Json,
    status: u16,
    /// The answer is a stream of events.
    is_streamed: bool,
    /// Something of the answer has come.
    has_begun: bool,
    /// What has come of a whole answer, or of what says that something is wrong.
    body: Vec<u8>,
    decoder: Decoder,
    draft: Draft,
}

impl Exchange for Call {
    fn outgoing(&self) -> Option<Outgoing> {
        Some(self.outgoing.clone())
    }

    fn head(&mut self, status: u16) {
        self.status = status;
        self.is_streamed &= status < 400;
    }

    fn take(&mut self, bytes: &[u8], events: &mut Vec<ModelEvent>) -> Result<(), Failure> {
        let Some(first) = bytes.first() else { return Ok(()) };
        if !self.has_begun {
            self.has_begun = true;
            // No field of an event begins like this: the server cannot stream, and answers as a whole.
            self.is_streamed &= !matches!(first, b'{' | b'[');
        }
        if self.is_streamed {
            return self.stream(bytes, events);
        }
        let room = self.max_bytes - self.body.len();
        self.body.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
        // What says that something is wrong does so at its beginning.
        if bytes.len() > room && self.status < 400 { Err(self.too_large()) } else { Ok(()) }
    }

    fn finish(&mut self, events: &mut Vec<ModelEvent>) -> Result<Answer, Failure> {
        if self.is_streamed {
            return self.draft.finish();
        }
        let text = String::from_utf8_lossy(&self.body);
        let answer = (self.json)(text.trim_start_matches('\u{feff}')).unwrap_or_default();
        if self.status >= 400 {
            let begins = if text.is_empty() { "the service does not say what is wrong" } else { &text };
            return Err(service_failure(Some(self.status), &answer, begins));
        }
        if !is_object(&answer) {
            return Err(no_json("the answer"));
        }
        check(&answer, false)?;
        match self.api {
            Api::Responses => responses::whole(&answer, &mut self.draft, events),
            Api::Chat => chat::whole(&answer, &mut self.draft, events),
        }?;
        self.draft.finish()
    }
}

impl Call {
    fn too_large(&self) -> Failure {
        Failure::TooLarge(self.max_bytes)
    }

    fn stream(&mut self, bytes: &[u8], events: &mut Vec<ModelEvent>) -> Result<(), Failure> {
        let mut read = Vec::new();
        let is_fine = self.decoder.take(bytes, &mut read);
        for event in read {
            if self.draft.is_over {
                return Ok(());
            }
            self.event(&event.kind, &event.data, events)?;
            if self.draft.size() > self.max_bytes {
                return Err(self.too_large());
            }
        }
        if is_fine.is_err() && !self.draft.is_over { Err(self.too_large()) } else { Ok(()) }
    }

    fn event(&mut self, kind: &str, data: &str, events: &mut Vec<ModelEvent>) -> Result<(), Failure> {
        let is_chat = self.api == Api::Chat;
        if is_chat && data.trim() == chat::DONE {
            self.draft.over();
            return Ok(());
        }
        let Some(event) = (self.json)(data).filter(is_object) else {
            return Err(no_json("an event of the stream"));
        };
        let named = text_in(&event, "type");
        let kind = named.as_deref().unwrap_or(kind);
        check(&event, kind == "error")?;
        if is_chat {
            chat::event(&event, &mut self.draft, events)?;
            return Ok(());
        }
        responses::event(kind, &event, &mut self.draft, events)
    }
}

/// Whether the service says that something is wrong in what should be an answer, or a part of one.
fn check(answer: &Value, is_error: bool) -> Result<(), Failure> {
    // A response that failed is told by its status, with more about it.
    if !is_error && field(answer, "error").is_none() {
        return Ok(());
    }
    Err(service_failure(None, answer, "the service does not say what is wrong"))
}

/// What the service says that is wrong: in the `error` of a body, in the body itself, or in the first of a list of them.
/// Where that says nothing it is the beginning of `otherwise`.
fn service_failure(status: Option<u16>, body: &Value, otherwise: &str) -> Failure {
    let first = body.element(0);
    let body = first.as_ref().unwrap_or(body);
    let within = field(body, "error");
    let error = within.as_ref().unwrap_or(body);
    // An event says with its own type that it is an error, and not which.
    let error_type = text_in(error, "type").filter(|it| it != "error");
    let code = text_in(error, "code").or_else(|| number_in(error, "code").map(number::format));
    let message = text(error.clone()).or_else(|| text_in(error, "message")).or_else(|| text_in(error, "detail"));
    Failure::Service {
        status,
        code,
        error_type,
        param: text_in(error, "param"),
        message: message.unwrap_or_else(|| beginning(otherwise)),
    }
}

/// Without what it is instead: that may be an answer about somebody.
fn no_json(what: &str) -> Failure {
    Failure::Malformed(format!("{what} is not a JSON object"))
}

/// An answer lacks what all of them have.
fn lacks(what: &str) -> Failure {
    Failure::Malformed(format!("the answer has not {what}"))
}

/// The first 200 characters.
fn beginning(text: &str) -> String {
    text.chars().take(200).collect()
}
