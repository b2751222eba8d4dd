//! Reading the params that several features share: a request and a workout.

use serde_json::{Map, Value as Json};

use crate::error::{Code, Error, Problem, nearest};
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
        let mut problems = Vec::new();
        let Some(object) = params.as_object() else {
            let problem = Problem::new("", "expected an object with `request` and `workout`");
            return Err(invalid(vec![problem]));
        };
        let keys: Vec<&str> = ["request", "workout"].iter().chain(others).copied().collect();
        for key in object.keys().filter(|key| !keys.contains(&key.as_str())) {
            problems.push(Problem {
                pointer: format!("/{}", key.replace('~', "~0").replace('/', "~1")),
                message: format!("is not a known key; known are {}", keys.join(", ")),
                suggestion: nearest(key, keys.iter().copied()).map(str::to_owned),
            });
        }
        for key in &keys {
            match object.get(*key) {
                None => problems.push(Problem::new(format!("/{key}"), "is missing")),
                Some(json) if !json.is_object() => problems.push(Problem::new(format!("/{key}"), "expected an object")),
                Some(_) => {}
            }
        }
        let request = object.get("request").filter(|json| json.is_object()).map(WorkoutRequest::parse);
        if let Some(Err(error)) = &request {
            problems.extend(
                error
                    .problems()
                    .iter()
                    .map(|problem| Problem { pointer: format!("/request{}", problem.pointer), ..problem.clone() }),
            );
        }
        let workout = object.get("workout").filter(|json| json.is_object()).map(serde::Deserialize::deserialize);
        if let Some(Err(error)) = &workout {
            let error: &serde_json::Error = error;
            problems.push(Problem::new("/workout", format!("is not a workout: {error}")));
        }
        match (request, workout) {
            (Some(Ok(request)), Some(Ok(workout))) if problems.is_empty() => Ok((Self { request, workout }, object)),
            _ => Err(invalid(problems)),
        }
    }
}

fn invalid(problems: Vec<Problem>) -> Error {
    Error::invalid(Code::WorkoutInvalid, "the params", problems)
}
