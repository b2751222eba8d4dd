//! `workout-recommendations.recommend`: what to do instead, and what to do next time.
//!
//! Params: `{ request, workout }`. Result:
//!
//! ```jsonc
//! { "alternatives": [{ "exercise_id": "…", "name": "…",
//!                      "options": [{ "exercise_id": "…", "name": "…", "reason": "…" }] }],
//!   "progression": [{ "exercise_id": "…", "method": "double_progression", "advice": "…" }],
//!   "next_session": ["…"],
//!   "weekly": { "days": [3, 4], "sets_per_muscle": [8, 16], "covered": { "chest": 3.0 } } }
//! ```
//!
//! Progression is double progression with the 2-for-2 rule and steps of 2 to 10 % (ACSM 2009).

use super::params::{BUILT, Built};
use super::{Action, CoachFeature};
use crate::error::Error;
use crate::fitness::catalogue::{self, Exercise};
use crate::fitness::contraindications::Restrictions;
use crate::fitness::prescription;
use crate::fitness::record::{Object, ToJson};
use crate::fitness::request::WorkoutRequest;
use crate::fitness::session::selection::is_available;
use crate::fitness::words::{Kind, Level, Load, Pattern, Word, with_spaces};
use crate::fitness::workout::{GoalKind, SetType, Status, Step, Workout};
use crate::small::{join, sort_by};
use crate::value::Value;

/// How many alternatives an exercise gets.
const MOST: usize = 3;

/// The feature `workout-recommendations`.
pub(super) static FEATURE: CoachFeature = CoachFeature {
    name: "workout-recommendations",
    description: "Offers alternatives for every exercise, and says how to progress.",
    capabilities: &["alternatives", "progression"],
    actions: &[Action { name: "recommend", input: &BUILT, output: "WorkoutRecommendations", perform: recommend }],
};

pub(in crate::fitness) fn recommend(params: &Value) -> Result<Value, Error> {
    let Built { request, workout } = Built::read(params)?;
    let restrictions = Restrictions::of(&request);
    let steps = working(&workout);
    let weekly = prescription::weekly_sets();
    let mut instead = Vec::new();
    let mut progress = Vec::new();
    for (step, exercise) in &steps {
        let options = alternatives(exercise, &steps, &request, &restrictions);
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

/// Exercises of the same movement and muscles, or for one joint and the trunk the same main muscle, that are available,
/// allowed and not in the session already. A movement alone is not enough: a jump is no alternative to an explosive
/// push-up. None is better than a wrong one.
fn alternatives(
    exercise: &Exercise,
    steps: &[(&Step, &Exercise)],
    request: &WorkoutRequest,
    restrictions: &Restrictions,
) -> Vec<Value> {
    let common = |other: &Exercise| other.primary.intersection(exercise.primary).len();
    let same = |other: &Exercise| match exercise.kind {
        Kind::Isolation | Kind::Core => other.kind == exercise.kind && common(other) > 0,
        _ => other.pattern == exercise.pattern && other.kind == exercise.kind && same_muscles(exercise, other),
    };
    let mut options: Vec<&Exercise> = Vec::new();
    for other in catalogue::all() {
        let jumps_are_out = other.kind == Kind::Plyometric && request.level == Level::Beginner;
        if same(other)
            && !jumps_are_out
            && !steps.iter().any(|(step, _)| step.exercise_id == other.id)
            && is_available(other, request, request.equipment, restrictions)
        {
            options.push(other);
        }
    }
    let rank = |other: &Exercise| 100 * usize::from(other.load != exercise.load) + 50 - common(other);
    sort_by(&mut options, |a, b| rank(a) < rank(b));
    let mut described = Vec::new();
    for other in options.iter().take(MOST) {
        described.push(option(exercise, other));
    }
    described
}

/// What one exercise offers instead of another.
fn option(exercise: &Exercise, other: &Exercise) -> Value {
    let mut reason = if other.pattern == exercise.pattern {
        format!("Same movement: {}", exercise.pattern.spoken())
    } else {
        "Another movement".to_owned()
    };
    let common = other.primary.intersection(exercise.primary);
    if common.is_empty() {
        reason.push_str("; the same muscles, with the weight on others of them");
    } else {
        reason.push_str("; same main muscles: ");
        reason.push_str(&with_spaces(&join(&common.names(), ", ")));
    }
    if exercise.load == Load::External && other.load == Load::Body {
        reason.push_str("; easier, without a weight");
    }
    if other.per_side && !exercise.per_side {
        reason.push_str("; one side at a time, so it takes longer");
    }
    reason.push('.');
    Object("exercise_id name reason", &[&other.id, &other.name, &reason]).to_json()
}

/// Whether two exercises share a main muscle, or each one's main muscles help in the other: a stiff-legged deadlift and
/// a glute bridge (house).
fn same_muscles(one: &Exercise, other: &Exercise) -> bool {
    let helps = |a: &Exercise, b: &Exercise| !a.primary.intersection(b.secondary).is_empty();
    !one.primary.intersection(other.primary).is_empty() || (helps(one, other) && helps(other, one))
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
