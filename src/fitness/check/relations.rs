//! The invariants that relate two answers, or are about a table: one function each.
//!
//! | id | rule |
//! | --- | --- |
//! | E4 | more equipment never makes a feasible request infeasible |
//! | S2 | one more injury never adds an exercise that it excludes |
//! | V2 | strength rests longer than hypertrophy, and hypertrophy longer than endurance, at each level |
//! | D1 | the same request and seed give the same bytes; another seed still keeps every invariant |
//!
//! They are given answers and do not know how those were made. Two requests that are no pair for a rule are a violation
//! of it, so that a caller's mistake does not pass for a success.

use super::{Violation, check};
use crate::fitness::catalogue;
use crate::fitness::contraindications::Restrictions;
use crate::fitness::prescription::Row;
use crate::fitness::request::WorkoutRequest;
use crate::fitness::words::{Focus, Level, Word};
use crate::fitness::workout::{Status, Workout};
use crate::number;

fn broken(rule: &'static str, message: String) -> Vec<Violation> {
    vec![Violation { rule, message }]
}

/// E4: what was feasible stays feasible with more equipment. A referral without training is no session that more
/// equipment could take away.
#[must_use]
pub fn e4(
    less: &WorkoutRequest,
    with_less: Option<&Workout>,
    more: &WorkoutRequest,
    with_more: Option<&Workout>,
) -> Vec<Violation> {
    let equal = WorkoutRequest { equipment: more.equipment, ..less.clone() } == *more;
    if !equal || !less.equipment.is_subset(more.equipment) {
        return broken("E4", "the second request is not the first one with more equipment".to_owned());
    }
    match (with_less, with_more) {
        (Some(workout), None) if workout.status != Status::Referral => {
            let added = more.equipment.without(less.equipment).names().join(", ");
            broken("E4", format!("the request is infeasible since there is {added}"))
        }
        _ => Vec::new(),
    }
}

/// S2: nothing in the workout for a request with one more injury, or a worse one, was allowed before it and is excluded
/// by it; in warm-up and cool-down too.
#[must_use]
pub fn s2(before: &WorkoutRequest, after: &WorkoutRequest, workout: &Workout) -> Vec<Violation> {
    let equal = WorkoutRequest { injuries: after.injuries.clone(), ..before.clone() } == *after;
    let kept = |old: &crate::fitness::request::Injury| {
        after.injuries.iter().any(|new| new.area == old.area && new.severity >= old.severity)
    };
    if !equal || !before.injuries.iter().all(kept) {
        return broken("S2", "the second request is not the first one with more injuries".to_owned());
    }
    let (old, new) = (Restrictions::of(before), Restrictions::of(after));
    let mut found = Vec::new();
    for step in workout.blocks.iter().flat_map(|block| &block.steps) {
        if catalogue::find(&step.exercise_id).is_some_and(|exercise| old.allow(exercise) && !new.allow(exercise)) {
            found.append(&mut broken("S2", format!("{} is newly excluded", step.exercise_id)));
        }
    }
    found
}

/// V2: the mean rest after exercises of several joints falls from strength over hypertrophy to endurance, at each level,
/// in rows as [`row`](crate::fitness::prescription::row) has them.
#[must_use]
pub fn v2(row: &dyn Fn(Focus, Level) -> Row) -> Vec<Violation> {
    let mut found = Vec::new();
    for level in Level::ALL {
        let mean = |focus| {
            let (from, to) = row(focus, *level).rest_compound;
            f64::from(from + to) / 2.0
        };
        for (longer, shorter) in [(Focus::Strength, Focus::Hypertrophy), (Focus::Hypertrophy, Focus::Endurance)] {
            if mean(longer) <= mean(shorter) {
                let rests = [number::format(mean(longer)), number::format(mean(shorter))].join(" s, not more than ");
                let (level, longer, shorter) = (level.as_str(), longer.as_str(), shorter.as_str());
                found.append(&mut broken("V2", format!("{level}: {longer} rests {rests} s as {shorter} does")));
            }
        }
    }
    found
}

/// D1: two workouts for one request are the same to the last digit, and one for the same request with another seed keeps
/// every invariant of [`check`].
#[must_use]
pub fn d1(first: &Workout, again: &Workout, reseeded: Option<(&Workout, &WorkoutRequest)>) -> Vec<Violation> {
    let mut found = Vec::new();
    // Unlike `==`, the text tells -0 from 0, and a number that is none equals itself.
    if format!("{first:?}") != format!("{again:?}") {
        found.append(&mut broken("D1", "the same request gave two workouts".to_owned()));
    }
    if let Some((workout, request)) = reseeded {
        for Violation { rule, message } in check(workout, request) {
            found.append(&mut broken("D1", format!("seed {} breaks {rule}: {message}", request.seed)));
        }
    }
    found
}
