//! `quick-workout-setup.generateWorkout`: a complete workout for a request.
//!
//! Params: a request, as `generateComprehensiveWorkout` takes it (normalised or not). Result: a
//! [`Workout`](crate::fitness::workout::Workout). Errors: `workout.invalid`, `workout.infeasible`.

use super::{info, only_action};
use crate::bus::feature::{Feature, FeatureInfo};
use crate::error::Error;
use crate::fitness::request::WorkoutRequest;
use crate::fitness::session;
use crate::value::Value;

/// The feature `quick-workout-setup`.
#[derive(Clone, Copy, Debug, Default)]
pub struct QuickWorkoutSetup;

impl Feature for QuickWorkoutSetup {
    fn info(&self) -> FeatureInfo {
        info(
            "quick-workout-setup",
            "Builds a workout that fits the time, the equipment, the level and the person's health.",
            &["workout", "generation", "offline"],
            "generateWorkout",
        )
    }

    fn call(&self, action: &str, params: &Value) -> Result<Value, Error> {
        only_action(self, action)?;
        let request = WorkoutRequest::parse(params)?;
        Ok(session::build(&request)?.to_json())
    }
}
