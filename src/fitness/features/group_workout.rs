//! `group-workout`: one session for several people.
//!
//! `generateBase` takes a request for a group, and answers a [`GroupWorkout`] without participants: stations, clock and
//! rotation. `createVariations` takes `{ request, base? }`, and answers the whole; without a base, that of the coach.
//! Errors: `workout.invalid`, `workout.infeasible`.

use super::{Action, CoachFeature};
use crate::error::{Code, Error};
use crate::fitness::form::{Form, field};
use crate::fitness::group::request::GROUP;
use crate::fitness::group::{self, GroupRequest, GroupWorkout};
use crate::fitness::reader::{At, Reader};
use crate::value::{Fields, Value};

/// A request, and a base workout for it.
const VARIED: Form = Form::Object(&[("base?", Form::Ref("GroupWorkout")), ("request", GROUP)]);

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
    let nothing = Fields::new();
    let object = reader.object(Some(params), &At::Pointer("")).unwrap_or(&nothing);
    reader.unknown_keys(object, &At::Pointer(""), &["request", "base"]);
    let json = field(params, "request").cloned().unwrap_or_default();
    let request = GroupRequest::read_at(&json, "/request", &mut reader.problems);
    let mut base = None;
    if let Some(json) = field(params, "base").filter(|json| !json.is_null()) {
        base = Some(GroupWorkout::read_at(Some(json), "/base", &mut reader.problems));
    }
    if !reader.problems.is_empty() {
        return Err(Error::invalid(Code::WorkoutInvalid, "the params", reader.problems));
    }
    let workout = match &base {
        Some(base) => group::vary(&request, base),
        None => group::build(&request),
    };
    Ok(workout?.to_json())
}
