//! Answers of Chat Completions.

use super::draft::{Draft, Part};
use crate::ai::json::{field, is_object, list_in, number_in, text, text_in};
use crate::ai::{Failure, ModelEvent, Outcome};
use crate::number;
use crate::value::{Value, ValueKind};

/// What ends a stream.
pub(super) const DONE: &str = "[DONE]";

/// A whole answer.
pub(super) fn whole(answer: &Value, draft: &mut Draft, events: &mut Vec<ModelEvent>) -> Result<(), Failure> {
    draft.about(answer);
    let choice = first(answer).unwrap_or_default();
    let Some(message) = field(&choice, "message").filter(is_object) else {
        return Err(super::lacks("`choices` with a `message`"));
    };
    said(&message, draft, events)?;
    draft.ended = finished(&choice).or(Some(Outcome::Completed));
    Ok(())
}

/// An event of a stream.
pub(super) fn event(chunk: &Value, draft: &mut Draft, events: &mut Vec<ModelEvent>) -> Result<(), Failure> {
    draft.about(chunk);
    let Some(choice) = first(chunk) else { return Ok(()) };
    if let Some(delta) = field(&choice, "delta") {
        said(&delta, draft, events)?;
    }
    draft.ended = finished(&choice).or(draft.ended);
    Ok(())
}

/// The only choice that is asked for.
fn first(answer: &Value) -> Option<Value> {
    list_in(answer, "choices").into_iter().find(|choice| number_in(choice, "index").unwrap_or_default() == 0.0)
}

/// A message, or more of it.
fn said(message: &Value, draft: &mut Draft, events: &mut Vec<ModelEvent>) -> Result<(), Failure> {
    match field(message, "content").map(|content| (content.kind(), content)) {
        None => {}
        Some((ValueKind::String, content)) => draft.more(Part::Text, text(content), events),
        // Some servers have parts, as in what they are asked.
        Some((ValueKind::List, _)) => {
            for part in list_in(message, "content") {
                draft.more(Part::Text, text_in(&part, "text"), events);
            }
        }
        Some(_) => return Err(super::lacks("text as its `content`")),
    }
    draft.more(Part::Refusal, text_in(message, "refusal"), events);
    for (place, call) in list_in(message, "tool_calls").iter().enumerate() {
        // A whole answer has its calls in order. So have the servers that leave the index out in a stream, and they send a
        // call as a whole.
        let id = text_in(call, "id");
        let key = match (number_in(call, "index"), &id) {
            (Some(index), _) => number::format(index),
            (None, Some(id)) => id.clone(),
            (None, None) => number::format(place as f64),
        };
        let part = draft.call(key);
        draft.name_call(part, id, text_in(call, "function.name"));
        draft.more(part, text_in(call, "function.arguments"), events);
    }
    Ok(())
}

/// How a choice ended, once it has.
fn finished(choice: &Value) -> Option<Outcome> {
    text_in(choice, "finish_reason").map(|reason| match reason.as_str() {
        "length" => Outcome::Length,
        "content_filter" => Outcome::ContentFilter,
        _ => Outcome::Completed,
    })
}
