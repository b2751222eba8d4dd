//! Answers from a recording: for tests, and for demos without a network.
//!
//! A cassette is JSON, `{ version: 1, exchanges: [{ request, answer | failure, parts? }] }`, where each `request` is what
//! [`ModelRequest::to_value`] writes, `answer` and `failure` are what their `to_value` does, and `parts` is how the answer
//! came. It keeps no state: a request has the answer of the first exchange whose request is the same, however often it is
//! asked.

use std::rc::Rc;

use super::{Answer, Capabilities, Exchange, Failure, ModelEvent, ModelRequest, Outgoing, Provider};
use crate::error::{Code, Error};
use crate::reader::{At, Object, Problems};
use crate::value::{Fields, Value, get};

/// A recording of a conversation.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Read again whenever something is asked: so nothing of it need be copied but what is answered.
    cassette: Value,
}

struct Recording {
    request: Value,
    /// Taken by whoever asks first.
    end: Option<Result<Answer, Failure>>,
    parts: Option<Vec<ModelEvent>>,
}

impl Recorded {
    /// Reads a cassette.
    ///
    /// # Errors
    /// `config.invalid` with every problem, each with its JSON pointer.
    pub fn parse(cassette: &Value) -> Result<Self, Error> {
        Self::read(cassette, &mut |_| ())?;
        Ok(Self { cassette: cassette.clone() })
    }

    #[inline(never)]
    fn read(cassette: &Value, each: &mut dyn FnMut(Recording)) -> Result<(), Error> {
        let problems = Problems::default();
        let read = Object::read(cassette, At::Pointer(""), "a cassette", &problems).map(|object| {
            object.check_keys("a cassette", &["version", "exchanges"]);
            object.require("version", "this is version 1");
            object.number("version", "1", &|version| version == 1.0);
            object.require("exchanges", "what was asked and answered");
            let known = &["request", "answer", "failure", "parts"];
            object.each("exchanges", "an exchange", known, &mut |_, exchange| {
                if let Some(recording) = Recording::read(exchange) {
                    each(recording);
                }
            });
        });
        problems.or(read, Code::ConfigInvalid, "the cassette")
    }
}

impl Recording {
    #[inline(never)]
    fn read(object: &Object<'_>) -> Option<Self> {
        object.require("request", "what was asked");
        let at = At::Key(object.at(), "request");
        let request = ModelRequest::read_at(object.get("request")?, at, object.problems)?.to_value();
        let parts = object.list("parts").map(|parts| {
            let mut events = Vec::new();
            for part in parts {
                events.extend(ModelEvent::read(part));
            }
            if events.len() < parts.len() {
                object.note("parts", format_args!("each of `parts` must be `{{ type, text, index? }}`"));
            }
            events
        });
        let (key, end) = match object.get("failure") {
            Some(failure) => ("failure", Failure::read(failure).map(Err)),
            None => ("answer", Answer::read(object.get("answer").unwrap_or(&Value::Null)).map(Ok)),
        };
        let Some(end) = end else {
            object.note(
                key,
                format_args!("`{key}` must be what a client told; there must be an `answer` or a `failure`"),
            );
            return None;
        };
        Some(Self { request, end: Some(end), parts })
    }
}

impl Provider for Recorded {
    fn name(&self) -> &str {
        "recorded"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { streaming: true, structured_output: true, tools: true, network: false }
    }

    fn complete(&self, request: &ModelRequest) -> Result<Box<dyn Exchange>, Error> {
        let asked = request.to_value();
        let mut found = None;
        Self::read(&self.cassette, &mut |recording| {
            if found.is_none() && is_same(&recording.request, &asked) {
                found = Some(recording);
            }
        })?;
        match found {
            Some(recording) => Ok(Box::new(recording)),
            None => {
                let message = "no exchange of the cassette has this request; record it, or ask what was recorded";
                Err(Error::new(Code::ConfigInvalid, message))
            }
        }
    }

    fn stream(&self, request: &ModelRequest) -> Result<Box<dyn Exchange>, Error> {
        self.complete(request)
    }
}

impl Exchange for Recording {
    fn outgoing(&self) -> Option<Outgoing> {
        None
    }

    fn head(&mut self, _status: u16) {}

    fn take(&mut self, _bytes: &[u8], _events: &mut Vec<ModelEvent>) -> Result<(), Failure> {
        Ok(())
    }

    fn finish(&mut self, events: &mut Vec<ModelEvent>) -> Result<Answer, Failure> {
        let end = self.end.take().unwrap_or(Err(Failure::Truncated));
        match (self.parts.take(), &end) {
            (Some(parts), _) => events.extend(parts),
            (None, Ok(answer)) => answer.tell(events),
            (None, Err(_)) => {}
        }
        end
    }
}

/// Whether two values are the same JSON. The order of keys is no matter.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other.iter()).all(|(one, other)| is_same(one, other))
        }
        (Value::Map(one), Value::Map(other)) => {
            let has =
                |other: &Fields, (key, field): &(Rc<str>, Value)| get(other, key).is_some_and(|it| is_same(field, it));
            one.len() == other.len() && one.iter().all(|entry| has(other, entry))
        }
        (Value::String(one), Value::String(other)) => one == other,
        (Value::Bool(one), Value::Bool(other)) => one == other,
        (Value::Null, Value::Null) => true,
        _ => one.as_f64().is_some_and(|number| other.as_f64() == Some(number)),
    }
}
