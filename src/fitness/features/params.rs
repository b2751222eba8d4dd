//! Reading the params that several features share: a request and a workout.

use serde_json::{Map, Value as Json};

use crate::error::{Code, Error, Problem};
use crate::fitness::reader::{At, Reader};
use crate::fitness::request::WorkoutRequest;
use crate::fitness::workout::Workout;

/// A request, and a workout that was built for it.
pub(super) struct Built {
    pub(super) request: WorkoutRequest,
    pub(super) workout: Workout,
}

impl Built {
    /// Reads `{ request, workout }` and nothing else.
    pub(super) fn read(params: &Json) -> Result<Self, Error> {
        Self::read_with(params, &[]).map(|(built, _)| built)
    }

    /// Reads `{ request, workout, …others }`, where each of `others` has to be an object.
    pub(super) fn read_with<'a>(params: &'a Json, others: &[&str]) -> Result<(Self, &'a Map<String, Json>), Error> {
        let mut reader = Reader::default();
        let Some(object) = params.as_object() else {
            reader.problem(&At::Root, "expected an object with `request` and `workout`");
            return Err(invalid(reader.problems));
        };
        let mut keys = vec!["request", "workout"];
        keys.extend_from_slice(others);
        reader.unknown_keys(object, &At::Root, &keys);
        for key in &keys {
            let _ = reader.object(object.get(*key), &At::Key(&At::Root, key));
        }
        let of = |key: &str| object.get(key).filter(|json| json.is_object());
        let request = of("request").map(WorkoutRequest::parse);
        if let Some(Err(error)) = &request {
            for problem in error.problems() {
                let pointer = format!("/request{}", problem.pointer);
                reader.problems.push(Problem { pointer, ..problem.clone() });
            }
        }
        let workout = of("workout").map(|json| {
            let (workout, mut problems) = Workout::read_at(Some(json), &At::Key(&At::Root, "workout"));
            reader.problems.append(&mut problems);
            workout
        });
        match (request, workout) {
            (Some(Ok(request)), Some(workout)) if reader.problems.is_empty() => Ok((Self { request, workout }, object)),
            _ => Err(invalid(reader.problems)),
        }
    }
}

fn invalid(problems: Vec<Problem>) -> Error {
    Error::invalid(Code::WorkoutInvalid, "the params", problems)
}
