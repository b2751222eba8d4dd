//! `workout-recommendations`: what to do instead, and what to do next time.
//!
//! `recommend` is about one workout. Params: `{ request, workout }`. Result:
//!
//! ```jsonc
//! { "alternatives": [{ "exercise_id": "…", "name": "…",
//!                      "options": [{ "exercise_id": "…", "name": "…", "reason": "…" }] }],
//!   "progression": [{ "exercise_id": "…", "method": "double_progression", "advice": "…" }],
//!   "next_session": ["…"],
//!   "weekly": { "days": [3, 4], "sets_per_muscle": [8, 16], "covered": { "chest": 3.0 } } }
//! ```
//!
//! `nextExercises`, `substitute`, `recovery`, `progress` and, for all of it, `advise` are about what was trained, what
//! hurts and what is taken. Params, of which each takes its part ([`PARAMS`]):
//!
//! ```jsonc
//! { "request": {},
//!   "history": [{ "daysAgo": 2, "exerciseId": "Barbell_Squat", "feeling": "moderate",
//!                 "sets": [{ "reps": 5, "weightKg": 80, "rir": 2 }] }],   // or "rpe"
//!   "workout": {}, "exerciseId": "…", "name": "…",
//!   "pain": ["knee"], "unavailable": ["barbell", "Pushups"], "count": 5 }
//! ```
//!
//! Each answers with its part of what [`recommendation`](crate::fitness::recommendation) says.
//!
//! Progression is double progression with the 2-for-2 rule and steps of 2 to 10 % (ACSM 2009).

use super::params::{BUILT, Built};
use super::{Action, CoachFeature};
use crate::error::Error;
use crate::fitness::catalogue::{self, Exercise};
use crate::fitness::contraindications::Restrictions;
use crate::fitness::prescription;
use crate::fitness::recommendation::substitutes::{Near, alternatives};
use crate::fitness::recommendation::{PARAMS, Part, advise};
use crate::fitness::record::{Object, ToJson};
use crate::fitness::session::selection::is_available;
use crate::fitness::words::{Kind, Level, Load, Pattern, Word};
use crate::fitness::workout::{GoalKind, SetType, Status, Step, Workout};
use crate::value::Value;

/// The feature `workout-recommendations`.
pub(super) static FEATURE: CoachFeature = CoachFeature {
    name: "workout-recommendations",
    description: "Offers alternatives for every exercise, and says how to progress.",
    capabilities: &["alternatives", "progression", "recovery"],
    actions: &[
        Action { name: "recommend", input: &BUILT, output: "WorkoutRecommendations", perform: recommend },
        Action {
            name: "nextExercises",
            input: &PARAMS,
            output: "Advice",
            perform: |params| advise(Part::Next, params),
        },
        Action {
            name: "substitute",
            input: &PARAMS,
            output: "Advice",
            perform: |params| advise(Part::Substitute, params),
        },
        Action { name: "recovery", input: &PARAMS, output: "Advice", perform: |params| advise(Part::Recovery, params) },
        Action { name: "progress", input: &PARAMS, output: "Advice", perform: |params| advise(Part::Progress, params) },
        Action { name: "advise", input: &PARAMS, output: "Advice", perform: |params| advise(Part::All, params) },
    ],
};

pub(in crate::fitness) fn recommend(params: &Value) -> Result<Value, Error> {
    let Built { request, workout } = Built::read(params)?;
    let restrictions = Restrictions::of(&request);
    let steps = working(&workout);
    let weekly = prescription::weekly_sets();
    let mut instead = Vec::new();
    let mut progress = Vec::new();
    for (step, exercise) in &steps {
        let allowed = |other: &Exercise| {
            let jumps_are_out = other.kind == Kind::Plyometric && request.level == Level::Beginner;
            !jumps_are_out
                && !steps.iter().any(|(step, _)| step.exercise_id == other.id)
                && is_available(other, &request, request.equipment, &restrictions)
        };
        let options = alternatives(exercise, Near::Movement, &allowed);
        instead.push(Object("exercise_id name options", &[&step.exercise_id, &step.name, &options]).to_json());
        progress.push(progression(step, exercise));
    }
    Ok(Object(
        "alternatives progression next_session weekly",
        &[
            &instead,
            &progress,
            &next_session(&workout),
            &Object(
                "days sets_per_muscle covered",
                &[&weekly.days(request.level), &weekly.of(request.level), &workout.totals.sets_per_muscle],
            ),
        ],
    )
    .to_json())
}

/// The steps of a workout that count, with their exercises.
fn working(workout: &Workout) -> Vec<(&Step, &'static Exercise)> {
    let mut steps = Vec::new();
    for step in workout.blocks.iter().flat_map(|block| &block.steps) {
        if let Some(exercise) = catalogue::find(&step.exercise_id).filter(|_| step.set_type == SetType::Working) {
            steps.push((step, exercise));
        }
    }
    steps
}

/// When and how to make an exercise harder.
fn progression(step: &Step, exercise: &Exercise) -> Value {
    let (min, max) = (step.goal.min, step.goal.max);
    let (method, advice) = match (step.goal.kind, exercise.load) {
        _ if exercise.pattern == Pattern::Cardio => (
            "duration",
            "When it feels easy in two sessions in a row, go up to 10 % longer or a little faster.".to_owned(),
        ),
        (GoalKind::TimeS, _) => {
            ("duration", "When every set feels clean in two sessions in a row, hold 5 s longer.".to_owned())
        }
        (GoalKind::Reps, Load::External) => (
            "double_progression",
            format!(
                "Work from {min} up to {max} repetitions in every set. When two sessions in a row allow two more than \
                 {max}, add 2 to 10 % of load and start again at {min}."
            ),
        ),
        (GoalKind::Reps, _) => (
            "repetitions_then_variant",
            format!(
                "Work from {min} up to {max} repetitions in every set, then slow the lowering or take a harder variant."
            ),
        ),
    };
    Object("exercise_id method advice", &[&step.exercise_id, &method, &advice]).to_json()
}

fn next_session(workout: &Workout) -> Vec<String> {
    if workout.status != Status::Ok {
        return vec!["Come back to training when a doctor has cleared it.".to_owned()];
    }
    let mut advice = vec!["Leave about 48 hours before training the same muscles hard again.".to_owned()];
    for warning in workout.warnings.iter().filter(|warning| warning.code == "pattern_skipped") {
        if let Some(pattern) = warning.pattern {
            advice.push(format!("Start with {} next time.", pattern.spoken()));
        }
    }
    advice
}
