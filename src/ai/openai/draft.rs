//! An answer as far as it has come.

use crate::ai::json::text_in;
use crate::ai::{Answer, Failure, ModelEvent, Outcome, ToolCall, Usage};
use crate::value::Value;

/// What both endpoints fold into, whole answers and streams alike.
#[derive(Debug, Default)]
pub(super) struct Draft {
    text: String,
    refusal: String,
    calls: Vec<Call>,
    pub(super) usage: Option<Usage>,
    model: Option<String>,
    id: Option<String>,
    /// What the service says of how it ended: completed, by the limit of tokens, or by its content filter.
    pub(super) ended: Option<Outcome>,
    /// Nothing that comes now counts.
    pub(super) is_over: bool,
    /// Bytes that are kept.
    size: usize,
}

#[derive(Debug)]
struct Call {
    /// What the service names it by while it comes.
    key: String,
    call: ToolCall,
}

/// What a piece of text is a piece of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text,
    Refusal,
    /// The arguments of the call at this place.
    Call(usize),
}

impl Draft {
    /// Bytes that are kept.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// What stands there of a part so far.
    pub(super) fn part(&mut self, part: Part) -> &mut String {
        match part {
            Part::Text => &mut self.text,
            Part::Call(index) if index < self.calls.len() => &mut self.calls[index].call.arguments,
            _ => &mut self.refusal,
        }
    }

    /// More of a part.
    #[inline(never)]
    pub(super) fn more(&mut self, part: Part, piece: Option<String>, events: &mut Vec<ModelEvent>) {
        let Some(piece) = piece.filter(|piece| !piece.is_empty()) else { return };
        self.part(part).push_str(&piece);
        self.size += piece.len();
        events.push(match part {
            Part::Text => ModelEvent::Text(piece),
            Part::Refusal => ModelEvent::Refusal(piece),
            Part::Call(index) => ModelEvent::ToolCall { index, arguments: piece },
        });
    }

    /// The whole of a part, which counts when nothing of it had come.
    #[inline(never)]
    pub(super) fn whole(&mut self, part: Part, whole: Option<String>, events: &mut Vec<ModelEvent>) {
        if self.part(part).is_empty() {
            self.more(part, whole, events);
        }
    }

    /// How many calls there are.
    pub(super) fn calls(&self) -> usize {
        self.calls.len()
    }

    /// The call of this key, which is begun when there is none.
    #[inline(never)]
    pub(super) fn call(&mut self, key: String) -> Part {
        let place = self.calls.iter().position(|call| call.key == key);
        Part::Call(place.unwrap_or_else(|| {
            let call = ToolCall { id: String::new(), name: String::new(), arguments: String::new() };
            // With about what an empty one takes.
            self.size += key.len() + 128;
            self.calls.push(Call { key, call });
            self.calls.len() - 1
        }))
    }

    /// What a call is told to be; the first word counts.
    #[inline(never)]
    pub(super) fn name_call(&mut self, part: Part, id: Option<String>, name: Option<String>) {
        let Part::Call(index) = part else { return };
        let Some(Call { call, .. }) = self.calls.get_mut(index) else { return };
        for (place, given) in [(&mut call.id, id), (&mut call.name, name)] {
            if place.is_empty() {
                *place = given.unwrap_or_default();
                self.size += place.len();
            }
        }
    }

    /// What an answer says of itself: its id, its model, what it took.
    #[inline(never)]
    pub(super) fn about(&mut self, answer: &Value) {
        self.id = self.id.take().or_else(|| text_in(answer, "id"));
        self.model = self.model.take().or_else(|| text_in(answer, "model"));
        self.usage = super::usage::read(answer).or(self.usage);
    }

    /// The service says that nothing more comes. Where it has not said how the answer ended, what there is is complete.
    pub(super) fn over(&mut self) {
        self.is_over = true;
        if self.size > 0 {
            self.ended.get_or_insert(Outcome::Completed);
        }
    }

    /// The answer, unless it has not ended.
    pub(super) fn finish(&mut self) -> Result<Answer, Failure> {
        let ended = self.ended.ok_or(Failure::Truncated)?;
        let draft = std::mem::take(self);
        let outcome = match ended {
            Outcome::ContentFilter => ended,
            _ if !draft.refusal.is_empty() => Outcome::Refusal,
            Outcome::Length => ended,
            _ if !draft.calls.is_empty() => Outcome::ToolCalls,
            _ => Outcome::Completed,
        };
        Ok(Answer {
            outcome,
            text: draft.text,
            refusal: Some(draft.refusal).filter(|refusal| !refusal.is_empty()),
            tool_calls: draft.calls.into_iter().map(|call| call.call).collect(),
            usage: draft.usage,
            model: draft.model,
            id: draft.id,
        })
    }
}
