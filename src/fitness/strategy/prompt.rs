//! The request of a task: the prompt with the data in it, and the key under which an answer may be used again.

use std::rc::Rc;

use super::{Case, Fault, NOTES, REPAIR, Strategy, Task, json};
use crate::ai::{Message, ModelRequest, Role, Schema};
use crate::fitness::form::plain;
use crate::fitness::id;
use crate::fitness::record::ToJson;
use crate::fitness::words::Word;
use crate::value::{Fields, Value, get, put};

/// An answer that is longer than this is not shown to the model again.
const SHOWN: usize = 20_000;

/// What a model is asked.
pub(super) fn request(task: Task, case: &Case, params: &Value) -> ModelRequest {
    let strategy = task.strategy();
    let [system, before, after] = strategy.prompt;
    let mut data = case.data.clone();
    put(&mut data, "facts", told(strategy, case));
    if let Some(notes) = &case.notes {
        put(&mut data, "notes", plain(notes, NOTES).to_json());
    }
    ModelRequest {
        messages: vec![
            message(Role::System, system.to_owned()),
            message(Role::User, around([before, after], &object(data))),
        ],
        schema: Some(Schema { name: strategy.schema.to_owned(), schema: strategy.answer.schema(&case.ids) }),
        max_output_tokens: Some(strategy.max_output_tokens),
        temperature: strategy.temperature,
        prompt_cache_key: Some(strategy.version.to_owned()),
        task: Some((task.as_str().to_owned(), params.clone())),
        ..ModelRequest::default()
    }
}

/// What a model is asked when its answer broke rules.
pub(super) fn repair(task: Task, case: &Case, params: &Value, answer: &Value, problems: &[Fault]) -> ModelRequest {
    let mut request = request(task, case, params);
    let said = json::text(answer);
    if said.len() <= SHOWN {
        request.messages.push(message(Role::Assistant, said));
    }
    request.messages.push(message(Role::User, around(REPAIR, &problems.to_vec().to_json())));
    request
}

/// Data as one JSON text inside a template. The data is not looked at for placeholders.
fn around([before, after]: [&str; 2], data: &Value) -> String {
    crate::small::join(&[before, &json::text(data), after], "")
}

fn message(role: Role, content: String) -> Message {
    Message { role, content, tool_calls: Vec::new(), tool_call_id: None }
}

fn object(fields: Fields) -> Value {
    Value::Map(Rc::new(fields))
}

/// The facts that reach the model, numbers in bands: an age in bands of 10 is 30 for everyone from 30 to 39.
fn told(strategy: &Strategy, case: &Case) -> Value {
    let mut told = Fields::new();
    for (name, band) in strategy.key {
        let Some(value) = get(&case.facts, name) else { continue };
        let value = match value.as_f64() {
            Some(number) if *band > 0 => (number as u32 / band * band).to_json(),
            _ => value.clone(),
        };
        put(&mut told, name, value);
    }
    object(told)
}

/// Equal for what a model is told the same of. A person's own words are in it as a hash.
pub(super) fn cache_key(strategy: &Strategy, case: &Case) -> String {
    let notes = case.notes.as_ref().map_or_else(String::new, |notes| id::of_text(&plain(notes, NOTES)).to_string());
    crate::small::join(&[strategy.version, &notes, &json::text(&told(strategy, case))], ":")
}
