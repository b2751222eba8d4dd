//! What to train next: recovered muscles that are short of sets, and movements that were left out.
//!
//! Out is what would train a muscle too early (O3: 48 hours after three hard sets), or beyond its sets of a session or a
//! week (V4). Of the rest those come first that suit the request, as in a session, and whose muscles lack most; the
//! weights are house.

use super::{Asked, is_among};
use crate::fitness::catalogue::Exercise;
use crate::fitness::form::{figure, text};
use crate::fitness::history::MuscleState;
use crate::fitness::prescription;
use crate::fitness::progression::LIGHTER;
use crate::fitness::record::{Object, ToJson};
use crate::fitness::session::place::Place;
use crate::fitness::session::selection::{self, Candidate, fits};
use crate::fitness::words::{Muscle, Pattern, Word, with_spaces};
use crate::number;
use crate::small::{join, sort_by};
use crate::value::Value;

/// After so many days without it, a movement is wanted most (house).
const NEGLECTED_DAYS: f64 = 14.0;

/// How many days ago a movement was trained; [`NEGLECTED_DAYS`] at most.
fn days_since(asked: &Asked, pattern: Pattern) -> f64 {
    let done = asked.history.iter().find(|done| done.exercise.pattern == pattern);
    done.map_or(NEGLECTED_DAYS, |done| done.days_ago.min(NEGLECTED_DAYS))
}

/// At most as many exercises as were asked for, in the order of a session.
pub(super) fn exercises(asked: &Asked, muscles: &[MuscleState], progression: &[Value]) -> Vec<Value> {
    let weekly = prescription::weekly_sets();
    let (least, most) = weekly.of(asked.request.level);
    let sets = asked.row.sets.0;
    let place = Place::alone(&asked.request);
    let candidates =
        selection::candidates(&asked.request, asked.request.equipment, &asked.restrictions, &asked.row, &place);
    let (mut session, mut week) = ([0.0; Muscle::ALL.len()], [0.0; Muscle::ALL.len()]);
    for (sets, state) in week.iter_mut().zip(muscles) {
        *sets = state.week_sets;
    }
    // What the muscles of an exercise lack of the least of the week, from 0 to 1.
    let lack = |exercise: &Exercise, week: &[f64]| {
        let mut lack = 0.0;
        for (sets, muscle) in week.iter().zip(Muscle::ALL) {
            if exercise.primary.contains(*muscle) {
                lack += f64::max(0.0, 1.0 - sets / f64::from(least));
            }
        }
        lack / exercise.primary.len() as f64
    };
    let too_heavy = |exercise: &Exercise| {
        progression.iter().any(|one| text(one, "rule") == LIGHTER && text(one, "exercise_id") == exercise.id)
    };
    let mut chosen: Vec<&Candidate> = Vec::new();
    let mut taken: Vec<&Exercise> = Vec::new();
    while chosen.len() < asked.count {
        let mut best: Option<(f64, &Candidate)> = None;
        for candidate in &candidates {
            let exercise = candidate.exercise;
            let mut ready = true;
            for (state, muscle) in muscles.iter().zip(Muscle::ALL) {
                ready &= state.is_ready() || !exercise.primary.contains(*muscle);
            }
            if !ready
                || !asked.allows(exercise)
                || too_heavy(exercise)
                || is_among(&taken, exercise)
                || !fits(&session.map(|sets| f64::from(weekly.per_session_cap) - sets), exercise, sets)
                || !fits(&week.map(|sets| f64::from(most) - sets), exercise, sets)
            {
                continue;
            }
            let alike = taken.iter().filter(|other| other.pattern == exercise.pattern).count();
            let neglect = days_since(asked, exercise.pattern) / NEGLECTED_DAYS;
            let score = candidate.liking / 2.0 + 6.0 * lack(exercise, &week) + 3.0 * neglect - 4.0 * alike as f64;
            if best.is_none_or(|(most, _)| score > most) {
                best = Some((score, candidate));
            }
        }
        let Some((_, candidate)) = best else { break };
        for load in [&mut session, &mut week] {
            for (load, muscle) in load.iter_mut().zip(Muscle::ALL) {
                *load += f64::from(sets) * candidate.exercise.share(*muscle);
            }
        }
        chosen.push(candidate);
        taken.push(candidate.exercise);
    }
    sort_by(&mut chosen, |a, b| a.exercise.order() < b.exercise.order());
    let mut next = Vec::new();
    for Candidate { exercise, dose, .. } in chosen {
        let known = progression.iter().find(|one| text(one, "exercise_id") == exercise.id);
        let kg = known.and_then(|one| figure(one, "weight_kg")).or(dose.target.weight_kg);
        next.push(
            Object(
                "exercise_id name pattern sets goal reps_min reps_max rir? weight_kg? rest_s reason",
                &[
                    &exercise.id,
                    &exercise.name,
                    &exercise.pattern,
                    &sets,
                    &dose.goal.kind,
                    &dose.goal.min,
                    &dose.goal.max,
                    &dose.target.rir,
                    &kg,
                    &dose.rest.0,
                    &reason(exercise, asked, muscles),
                ],
            )
            .to_json(),
        );
    }
    next
}

/// Why this one: what it trains, how many sets that had, and whether the movement was left out.
fn reason(exercise: &Exercise, asked: &Asked, muscles: &[MuscleState]) -> String {
    let mut had = f64::INFINITY;
    for (state, muscle) in muscles.iter().zip(Muscle::ALL) {
        if exercise.primary.contains(*muscle) {
            had = had.min(state.week_sets);
        }
    }
    let mut reason = "Recovered, with ".to_owned();
    reason.push_str(&number::format(had));
    reason.push_str(" sets this week: ");
    reason.push_str(&with_spaces(&join(&exercise.primary.names(), ", ")));
    if days_since(asked, exercise.pattern) >= 7.0 {
        reason.push_str("; no ");
        reason.push_str(&exercise.pattern.spoken());
        reason.push_str(" for a week");
    }
    reason.push('.');
    reason
}
