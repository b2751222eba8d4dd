//! The next target of an exercise, from what was done.
//!
//! Double progression: repetitions first, then load. When two sessions in a row end with two repetitions more than the
//! range asks for, 2 to 10 % of load are added, in the steps in which the equipment comes (ACSM 2009, the 2-for-2 rule);
//! a reserve above or below the one that is asked for counts as repetitions (RPE = 10 − RIR). Never more than 10 % at
//! once. Load is taken off, 5 to 10 %, for a reason only (house): repetitions missed in two sessions in a row, or four
//! weeks without the exercise; and as far as a medical cap asks (S6), for which an empty bar may be too heavy.
//!
//! ```jsonc
//! { "exercise_id": "…", "name": "…", "rule": "two_for_two", "reason": "…", "goal": "reps",
//!   "weight_kg": 102.5, "reps_min": 4, "reps_max": 6, "rir": 2,      // absent where there is none, or with `not_now`
//!   "last_weight_kg": 100.0, "estimated_1rm_kg": 126.67,             // null where there is none; Epley
//!   "trend_pct": 2.5 }                                               // of that, over the sessions of six weeks
//! ```
//!
//! The rules are `two_for_two`, `hold`, `missed_twice`, `layoff`, `step_too_large`, `medical_cap`, `lighter_variant`,
//! `repetitions`, `harder_variant` and `not_now`.

use super::contraindications::Restrictions;
use super::history::{Done, DoneSet};
use super::prescription::Row;
use super::record::{Object, ToJson};
use super::request::WorkoutRequest;
use super::session::dose::{Dose, increment_kg, least_kg};
use super::words::Load;
use super::workout::GoalKind;
use crate::value::Value;

/// Days without an exercise after which it starts again lower.
const LAYOFF_DAYS: f64 = 28.0;

/// What can decide, and why, for people.
const RULES: [(&str, &str); 10] = [
    ("hold", "Keep the load and work up to the upper end in every set."),
    ("two_for_two", "Twice two repetitions more: add load, start at the lower end."),
    ("step_too_large", "The next weight is more than 10 % heavier: add repetitions first."),
    ("missed_twice", "Twice below the range: take some load off."),
    ("layoff", "Four weeks without it: start a little lower."),
    ("medical_cap", "No more than the share of the maximum that is allowed."),
    ("repetitions", "Add a little where the last session allowed it."),
    ("harder_variant", "Twice beyond the range: slow the lowering, or take a harder variant."),
    (LIGHTER, "The least weight is above the share of the maximum that is allowed: take a lighter variant."),
    ("not_now", "Not with the equipment, level, injury or pain of today."),
];

// Places in `RULES`.
const HOLD: usize = 0;
const TWO_FOR_TWO: usize = 1;
const STEP_TOO_LARGE: usize = 2;
const MISSED_TWICE: usize = 3;
const LAYOFF: usize = 4;
const MEDICAL_CAP: usize = 5;
const REPETITIONS: usize = 6;
const HARDER_VARIANT: usize = 7;
const LIGHTER_VARIANT: usize = 8;
const NOT_NOW: usize = 9;

/// The rule of what no weight is light enough for.
pub(super) const LIGHTER: &str = "lighter_variant";

/// To two decimals.
pub(super) fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// What follows for the exercise of `last`, its latest entry in the history.
pub(super) fn next(
    history: &[Done],
    last: &Done,
    request: &WorkoutRequest,
    row: &Row,
    restrictions: &Restrictions,
    allowed: bool,
) -> Value {
    let exercise = last.exercise;
    let dose = Dose::of(exercise, row, restrictions, request);
    let (least, most) = (dose.goal.min, dose.goal.max);
    let asked = dose.target.rir.unwrap_or(0);
    // Without a word about it, the reserve was as asked.
    let allows = |set: &DoneSet, reps: u32| match set.rir {
        Some(rir) => set.reps + rir >= reps + asked,
        None => set.reps >= reps,
    };
    // The sessions, the latest first: the working weight of the last one; whether it and the one before were over or
    // below the range; what maximum they tell.
    let (mut weight_kg, mut session, mut begun_at) = (0.0, 0, f64::NEG_INFINITY);
    let (mut over, mut missed, mut top_kg) = (true, [false; 2], [0.0; 2]);
    let (mut now_kg, mut then_kg) = (0.0, 0.0);
    for done in history.iter().filter(|done| std::ptr::eq(done.exercise, exercise)) {
        let is_new = done.days_ago - begun_at >= 0.5;
        if is_new {
            (session, begun_at) = (session + 1, done.days_ago);
        }
        let mut best_kg = 0.0;
        for set in &done.sets {
            best_kg = f64::max(best_kg, set.one_rm_kg());
            if session == 1 {
                weight_kg = f64::max(weight_kg, set.weight_kg);
            }
        }
        if now_kg == 0.0 {
            now_kg = best_kg;
        } else if best_kg > 0.0 && done.days_ago - last.days_ago <= 42.0 {
            then_kg = best_kg;
        }
        let (Some(missed), Some(top_kg)) = (missed.get_mut(session - 1), top_kg.get_mut(session - 1)) else { continue };
        *missed |= done.too_hard;
        over &= !done.too_hard && (!is_new || done.sets.last().is_some_and(|set| allows(set, most + 2)));
        for set in &done.sets {
            *top_kg = f64::max(*top_kg, set.weight_kg);
            // Lighter sets warm up.
            if set.weight_kg >= 0.9 * weight_kg {
                over &= allows(set, most);
                *missed |= set.reps < least && !allows(set, least);
            }
        }
    }
    // A session before that was lighter has been answered with load already, and one that was heavier with less.
    let [_, before_kg] = top_kg;
    over &= session > 1 && before_kg >= weight_kg;
    let missed = missed == [true; 2] && before_kg <= weight_kg;

    let step = increment_kg(exercise);
    let loaded = exercise.load == Load::External && weight_kg > 0.0 && dose.goal.kind == GoalKind::Reps;
    let up_kg = (weight_kg * 1.02 / step - 1e-9).ceil() * step;
    let down_kg = (weight_kg * 0.95 / step + 1e-9).floor() * step;
    let is_back = last.days_ago > LAYOFF_DAYS;
    let mut next_kg = weight_kg;
    let mut rule = if !allowed {
        NOT_NOW
    } else if !loaded && over && !is_back {
        HARDER_VARIANT
    } else if !loaded {
        REPETITIONS
    } else if (is_back || missed) && down_kg >= weight_kg * 0.9 - 1e-9 {
        next_kg = down_kg;
        if is_back { LAYOFF } else { MISSED_TWICE }
    } else if !over || is_back {
        HOLD
    } else if up_kg > weight_kg * 1.1 + 1e-9 {
        STEP_TOO_LARGE
    } else {
        next_kg = up_kg;
        TWO_FOR_TWO
    };
    // A medical cap is about a share of the maximum.
    let cap_kg = row.pct.1 * now_kg;
    if loaded && allowed && now_kg > 0.0 && restrictions.caps.pct_1rm_max.is_some() && next_kg > cap_kg {
        rule = MEDICAL_CAP;
        next_kg = (cap_kg / step).floor() * step;
        if next_kg < least_kg(exercise) {
            (rule, next_kg) = (LIGHTER_VARIANT, 0.0);
        }
    }
    let (rule, reason) = RULES[rule];
    let known = |number: f64| (number > 0.0).then_some(number);
    let shown = |number: u32| allowed.then_some(number);
    Object(
        "exercise_id name rule reason goal weight_kg? reps_min? reps_max? rir? last_weight_kg estimated_1rm_kg trend_pct",
        &[
            &exercise.id,
            &exercise.name,
            &rule,
            &reason,
            &dose.goal.kind,
            &known(next_kg).filter(|_| allowed),
            &shown(least),
            &shown(most),
            &dose.target.rir.filter(|_| allowed),
            &known(weight_kg),
            &known(rounded(now_kg)),
            &known(then_kg).map(|kg| rounded((now_kg / kg - 1.0) * 100.0)),
        ],
    )
    .to_json()
}
