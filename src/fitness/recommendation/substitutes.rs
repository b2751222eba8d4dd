//! What to do instead of an exercise: the same movement and muscles, or at least the same main muscles. None is better
//! than a wrong one.

use super::{Asked, is_among};
use crate::fitness::catalogue::{self, Exercise};
use crate::fitness::record::{Object, ToJson};
use crate::fitness::words::{Kind, Load, Word, with_spaces};
use crate::small::{join, sort_by};
use crate::value::Value;

/// How many alternatives an exercise gets.
const MOST: usize = 3;

/// How near an alternative has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fitness) enum Near {
    /// The same movement and muscles, or for one joint and the trunk the same main muscle. A movement alone is not
    /// enough: a jump is no alternative to an explosive push-up.
    Movement,
    /// The same main muscles, by whatever resistance work but jumps.
    Muscles,
}

/// The exercises that come nearest to one, of those that are allowed.
pub(in crate::fitness) fn alternatives(
    exercise: &Exercise,
    near: Near,
    allowed: &dyn Fn(&Exercise) -> bool,
) -> Vec<Value> {
    let common = |other: &Exercise| other.primary.intersection(exercise.primary).len();
    let same = |other: &Exercise| match (near, exercise.kind) {
        (Near::Muscles, _) => matches!(other.kind, Kind::Compound | Kind::Isolation | Kind::Core) && common(other) > 0,
        (_, Kind::Isolation | Kind::Core) => other.kind == exercise.kind && common(other) > 0,
        _ => other.pattern == exercise.pattern && other.kind == exercise.kind && same_muscles(exercise, other),
    };
    let mut options: Vec<&Exercise> = Vec::new();
    for other in catalogue::all() {
        if !std::ptr::eq(other, exercise) && same(other) && allowed(other) {
            options.push(other);
        }
    }
    let rank = |other: &Exercise| 100 * usize::from(other.load != exercise.load) + 50 - common(other);
    sort_by(&mut options, |a, b| rank(a) < rank(b));
    let mut described = Vec::new();
    for other in options.iter().take(MOST) {
        described.push(alternative(exercise, other));
    }
    described
}

/// What one exercise offers instead of another.
fn alternative(exercise: &Exercise, other: &Exercise) -> Value {
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

/// What to do instead of the exercise that was asked about; or else of everything in the workout that may not be done
/// now, and of the exercises that are taken.
pub(super) fn of(asked: &Asked) -> Vec<Value> {
    let mut planned: Vec<&Exercise> = Vec::new();
    for block in asked.workout.iter().flat_map(|workout| &workout.blocks) {
        for step in &block.steps {
            if let Some(exercise) = catalogue::find(&step.exercise_id) {
                planned.push(exercise);
            }
        }
    }
    let mut instead: Vec<&Exercise> = Vec::new();
    if let Some(exercise) = asked.exercise {
        instead.push(exercise);
    } else {
        for list in [&planned, &asked.taken] {
            for exercise in list {
                if !asked.allows(exercise) && !is_among(&instead, exercise) {
                    instead.push(exercise);
                }
            }
        }
    }
    let mut found = Vec::new();
    for exercise in instead {
        let allowed = |other: &Exercise| asked.allows(other) && !is_among(&planned, other);
        let mut options = alternatives(exercise, Near::Movement, &allowed);
        if options.is_empty() && matches!(exercise.kind, Kind::Compound | Kind::Isolation | Kind::Core) {
            options = alternatives(exercise, Near::Muscles, &allowed);
        }
        found.push(Object("exercise_id name alternatives", &[&exercise.id, &exercise.name, &options]).to_json());
    }
    found
}
