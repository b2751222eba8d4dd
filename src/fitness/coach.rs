//! The coach as a provider: it answers by rules what a model would be asked, in the same shape.
//!
//! So it can stand at the end of a chain of models, and in a test in place of one. Its answer is as little trusted as a
//! model's, and goes through the same [`accept`](super::strategy::accept).

use super::session::PROVIDER;
use super::strategy::{self, Task};
use crate::ai::{Answer, Capabilities, Exchange, Failure, ModelEvent, ModelRequest, Outcome, Outgoing, Provider};
use crate::error::{Code, Error};

/// Answers requests that a strategy made.
#[derive(Clone, Copy, Debug, Default)]
pub struct OfflineCoach;

impl Provider for OfflineCoach {
    fn name(&self) -> &'static str {
        PROVIDER
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { structured_output: true, ..Capabilities::default() }
    }

    /// # Errors
    /// `config.invalid` for a request that no strategy made, and what the coach says to the input of one that did.
    fn complete(&self, request: &ModelRequest) -> Result<Box<dyn Exchange>, Error> {
        let Some((task, input)) = &request.task else {
            let message = "the offline coach answers by rules, so a request needs a `task` and its input; free text is \
                           for a model";
            return Err(Error::new(Code::ConfigInvalid, message));
        };
        Ok(Box::new(Answered(strategy::by_rules(Task::parse(task)?, input)?)))
    }

    fn stream(&self, request: &ModelRequest) -> Result<Box<dyn Exchange>, Error> {
        self.complete(request)
    }
}

/// An answer that is here already.
struct Answered(String);

impl Exchange for Answered {
    fn outgoing(&self) -> Option<Outgoing> {
        None
    }

    fn head(&mut self, _: u16) {}

    fn take(&mut self, _: &[u8], _: &mut Vec<ModelEvent>) -> Result<(), Failure> {
        Ok(())
    }

    fn finish(&mut self, events: &mut Vec<ModelEvent>) -> Result<Answer, Failure> {
        let text = std::mem::take(&mut self.0);
        events.push(ModelEvent::Text(text.clone()));
        Ok(Answer {
            outcome: Outcome::Completed,
            text,
            refusal: None,
            tool_calls: Vec::new(),
            usage: None,
            model: None,
            id: None,
        })
    }
}
