//! `group-workout`: one session for several people.
//!
//! `generateBase` takes a request for a group, and answers a [`GroupWorkout`](group::GroupWorkout) without participants: stations, clock and
//! rotation. `createVariations` takes `{ request, base? }`, and answers the whole; without a base, that of the coach.
//! Errors: `workout.invalid`, `workout.infeasible`.

use super::{Action, CoachFeature};
use crate::error::{Code, Error};
use crate::fitness::form::{Form, Ids, field};
use crate::fitness::group::request::GROUP;
use crate::fitness::group::{self, GroupRequest};
use crate::fitness::reader::{At, Reader};
use crate::value::Value;

/// A request, and a base workout for it.
const VARIED: Form = Form::Object(&[("base?", Form::Ref("GroupWorkout")), ("request", Form::Ref("GroupRequest"))]);

/// The feature `group-workout`.
pub(super) static FEATURE: CoachFeature = CoachFeature {
    name: "group-workout",
    description: "Builds one session for several people: stations on one clock, and everybody's own variation.",
    capabilities: &["group", "generation", "offline"],
    actions: &[
        Action { name: "generateBase", input: &GROUP, output: "GroupWorkout", perform: generate_base },
        Action { name: "createVariations", input: &VARIED, output: "GroupWorkout", perform: create_variations },
    ],
};

fn generate_base(params: &Value) -> Result<Value, Error> {
    Ok(group::build(&GroupRequest::parse(params)?)?.base().to_json())
}

fn create_variations(params: &Value) -> Result<Value, Error> {
    let mut reader = Reader::default();
    let read = VARIED.read(Some(params), &At::Pointer(""), &Ids::default(), &mut reader);
    let json = field(&read, "request").unwrap_or(&Value::Null);
    let request = GroupRequest::read_at(json, "/request", &mut reader.problems);
    let base = field(&read, "base").unwrap_or(&Value::Null);
    if !reader.problems.is_empty() {
        return Err(Error::invalid(Code::WorkoutInvalid, "the params", reader.problems));
    }
    Ok(group::vary(&request, base)?.to_json())
}
