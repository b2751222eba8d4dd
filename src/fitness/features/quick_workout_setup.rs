//! `quick-workout-setup.generateWorkout`: a complete workout for a request.
//!
//! Params: a request, as `generateComprehensiveWorkout` takes it (normalised or not). Result: a
//! [`Workout`](crate::fitness::workout::Workout). Errors: `workout.invalid`, `workout.infeasible`.

use super::params::REQUEST;
use super::{Action, CoachFeature};
use crate::error::Error;
use crate::fitness::request::WorkoutRequest;
use crate::fitness::session;
use crate::value::Value;

/// The feature `quick-workout-setup`.
pub(super) static FEATURE: CoachFeature = CoachFeature {
    name: "quick-workout-setup",
    description: "Builds a workout that fits the time, the equipment, the level and the person's health.",
    capabilities: &["workout", "generation", "offline"],
    actions: &[Action { name: "generateWorkout", input: &REQUEST, output: "Workout", perform: generate_workout }],
};

pub(in crate::fitness) fn generate_workout(params: &Value) -> Result<Value, Error> {
    let request = WorkoutRequest::parse(params)?;
    Ok(session::build(&request)?.to_json())
}
