//! Answers of Responses.
//!
//! Pieces are put where they belong by the `item_id`, since some servers leave the places out. What comes as a whole after
//! its pieces counts only when there were none.

use super::draft::{Draft, Part};
use super::service_failure;
use crate::ai::json::{field, list_in, text_in};
use crate::ai::{Failure, ModelEvent, Outcome};
use crate::value::{Value, ValueKind};

/// A whole answer.
pub(super) fn whole(answer: &Value, draft: &mut Draft, events: &mut Vec<ModelEvent>) -> Result<(), Failure> {
    let status = text_in(answer, "status");
    let status = status.as_deref().unwrap_or("completed");
    if matches!(status, "completed" | "incomplete")
        && field(answer, "output").is_none_or(|it| it.kind() != ValueKind::List)
    {
        return Err(super::lacks("an `output`"));
    }
    ended(status, answer, draft, events)
}

/// An event of a stream.
pub(super) fn event(kind: &str, event: &Value, draft: &mut Draft, events: &mut Vec<ModelEvent>) -> Result<(), Failure> {
    let Some(kind) = kind.strip_prefix("response.") else { return Ok(()) };
    let response = field(event, "response").unwrap_or_default();
    let (subject, verb) = kind.rsplit_once('.').unwrap_or(("", kind));
    let part = match subject {
        "output_text" => Some((Part::Text, "text")),
        "refusal" => Some((Part::Refusal, "refusal")),
        "function_call_arguments" => Some((draft.call(text_in(event, "item_id").unwrap_or_default()), "arguments")),
        _ => None,
    };
    match (part, verb) {
        (Some((part, _)), "delta") => draft.more(part, text_in(event, "delta"), events),
        (Some((part, key)), "done") => draft.whole(part, text_in(event, key), events),
        // Some servers send the arguments with the item that is added, and again in pieces.
        (None, "added" | "done") if subject == "output_item" => {
            function_call(&field(event, "item").unwrap_or_default(), verb == "done", draft, events);
        }
        (None, "created" | "in_progress") => draft.about(&response),
        (None, "completed" | "incomplete" | "failed") if subject.is_empty() => {
            // Some servers complete what they say is not complete.
            let status = text_in(&response, "status").filter(|it| verb == "completed" && *it != verb && !it.is_empty());
            return ended(status.as_deref().unwrap_or(verb), &response, draft, events);
        }
        _ => {}
    }
    Ok(())
}

/// The answer has ended like this.
fn ended(status: &str, answer: &Value, draft: &mut Draft, events: &mut Vec<ModelEvent>) -> Result<(), Failure> {
    draft.about(answer);
    draft.is_over = true;
    draft.ended = Some(match status {
        "completed" => Outcome::Completed,
        "incomplete" => {
            let reason = text_in(answer, "incomplete_details.reason");
            if reason.as_deref() == Some("content_filter") { Outcome::ContentFilter } else { Outcome::Length }
        }
        "failed" => return Err(service_failure(None, answer, "the service says that it failed, and not why")),
        other => return Err(Failure::Malformed(format!("the answer has the status `{}`", super::beginning(other)))),
    });
    let (is_new, has_text, has_refusal) =
        (draft.calls() == 0, !draft.part(Part::Text).is_empty(), !draft.part(Part::Refusal).is_empty());
    for item in list_in(answer, "output") {
        if is_new {
            function_call(&item, true, draft, events);
        }
        for part in list_in(&item, "content") {
            match text_in(&part, "type").as_deref() {
                Some("output_text") if !has_text => draft.more(Part::Text, text_in(&part, "text"), events),
                Some("refusal") if !has_refusal => draft.more(Part::Refusal, text_in(&part, "refusal"), events),
                _ => {}
            }
        }
    }
    Ok(())
}

/// An item of the output, when it is a call; with its arguments when it is a whole one.
fn function_call(item: &Value, is_whole: bool, draft: &mut Draft, events: &mut Vec<ModelEvent>) {
    if text_in(item, "type").as_deref() != Some("function_call") {
        return;
    }
    let id = text_in(item, "id");
    let call_id = text_in(item, "call_id").or_else(|| id.clone());
    let call = draft.call(id.or_else(|| call_id.clone()).unwrap_or_default());
    draft.name_call(call, call_id, text_in(item, "name"));
    if is_whole {
        draft.whole(call, text_in(item, "arguments"), events);
    }
}
