//! Reading the params that several features share: a request and a workout.

use crate::error::{Code, Error, Problem};
use crate::fitness::adaptation::AdaptationRequest;
use crate::fitness::form::Form;
use crate::fitness::reader::{At, Reader};
use crate::fitness::request::WorkoutRequest;
use crate::fitness::workout::Workout;
use crate::value::{Fields, Value, get};

/// A request alone.
pub(super) const REQUEST: Form = Form::Ref("WorkoutRequest");

/// A request, and a workout for it.
pub(super) const BUILT: Form =
    Form::Object(&[("request", Form::Ref("WorkoutRequest")), ("workout", Form::Ref("Workout"))]);

/// A request, and a workout that was built for it.
pub(super) struct Built {
    pub(super) request: WorkoutRequest,
    pub(super) workout: Workout,
}

impl Built {
    /// Reads `{ request, workout }` and nothing else.
    pub(super) fn read(params: &Value) -> Result<Self, Error> {
        Self::read_with(params, &[]).map(|(built, _)| built)
    }

    /// Reads `{ request, workout, …others }`, where each of `others` has to be an object.
    pub(super) fn read_with<'a>(params: &'a Value, others: &[&str]) -> Result<(Self, &'a Fields), Error> {
        let mut reader = Reader::default();
        let Some(object) = params.as_map() else {
            reader.problem(&At::Pointer(""), "expected an object with `request` and `workout`");
            return Err(invalid(reader.problems));
        };
        let mut keys = vec!["request", "workout"];
        keys.extend_from_slice(others);
        reader.unknown_keys(object, &At::Pointer(""), &keys);
        for key in &keys {
            let _ = reader.object(get(object, key), &At::Key(&At::Pointer(""), key));
        }
        let of = |key: &str| get(object, key).filter(|json| json.is_map());
        let request = of("request").map(|json| WorkoutRequest::read_among(json, "/request", &[], &mut reader.problems));
        let workout = of("workout").map(|json| {
            let (workout, mut problems) = Workout::read_at(Some(json), &At::Key(&At::Pointer(""), "workout"));
            reader.problems.append(&mut problems);
            workout
        });
        match (request, workout) {
            (Some(request), Some(workout)) if reader.problems.is_empty() => Ok((Self { request, workout }, object)),
            _ => Err(invalid(reader.problems)),
        }
    }
}

pub(super) fn invalid(problems: Vec<Problem>) -> Error {
    Error::invalid(Code::WorkoutInvalid, "the params", problems)
}

/// Reads `{ request, …other }`: what was said of a session under way, beside something that has to be an object.
pub(super) fn adaptation_of(params: &Value, other: &str) -> Result<AdaptationRequest, Error> {
    let mut reader = Reader::default();
    let root = At::Pointer("");
    let nothing = Fields::new();
    let object = reader.object(Some(params), &root).unwrap_or(&nothing);
    reader.unknown_keys(object, &root, &["request", other]);
    let _ = reader.object(get(object, other), &At::Key(&root, other));
    let request = get(object, "request").unwrap_or(&Value::Null);
    let request = AdaptationRequest::read_at(request, "/request", &mut reader.problems);
    if reader.problems.is_empty() { Ok(request) } else { Err(invalid(reader.problems)) }
}
