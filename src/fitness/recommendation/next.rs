//! What to train next: recovered muscles that are short of sets, and movements that were left out.
//!
//! Out is what would train a muscle too early (O3: 48 hours after three hard sets), or beyond its sets of a session or a
//! week (V4). Of the rest those come first that suit the request, as in a session, and whose muscles lack most; the
//! weights are house.

use super::Asked;
use crate::fitness::catalogue::Exercise;
use crate::fitness::contraindications::capital;
use crate::fitness::history::MuscleState;
use crate::fitness::prescription;
use crate::fitness::progression::Progress;
use crate::fitness::record::record;
use crate::fitness::session::selection::{self, Candidate, fits};
use crate::fitness::words::{Muscle, Pattern, Word};
use crate::fitness::workout::GoalKind;
use crate::number;
use crate::small::sort_by;

record! {
    /// An exercise to do next.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Next {
        /// The exercise.
        pub exercise_id: String,
        /// Its name.
        pub name: String,
        /// The movement it trains.
        pub pattern: Pattern,
        /// How many sets.
        pub sets: u32,
        /// What is counted.
        pub goal: GoalKind,
        /// Repetitions, or seconds, to work from.
        pub reps_min: u32,
        /// Repetitions, or seconds, to work up to.
        pub reps_max: u32,
        /// How many repetitions to keep in reserve.
        pub rir = "rir?": Option<u32>,
        /// The load, when it follows from the history or a known maximum.
        pub weight_kg = "weight_kg?": Option<f64>,
        /// Rest between sets.
        pub rest_s: u32,
        /// Why this one.
        pub reason: String,
    }
}

/// After so many days without it, a movement is wanted most (house).
const NEGLECTED_DAYS: f64 = 14.0;

/// How many days ago a movement was trained.
fn days_since(asked: &Asked, pattern: Pattern) -> Option<f64> {
    asked.history.iter().find(|done| done.exercise.pattern == pattern).map(|done| done.days_ago)
}

/// At most as many exercises as were asked for, in the order of a session.
pub(super) fn exercises(asked: &Asked, muscles: &[MuscleState], progression: &[Progress]) -> Vec<Next> {
    let weekly = prescription::weekly_sets();
    let (least, most) = weekly.of(asked.request.level);
    let sets = asked.row.sets.0;
    let candidates = selection::candidates(&asked.request, asked.equipment, &asked.restrictions, &asked.row);
    let mut session = [0.0; Muscle::ALL.len()];
    let mut week = [0.0; Muscle::ALL.len()];
    for (sets, state) in week.iter_mut().zip(muscles) {
        *sets = state.week_sets;
    }
    let mut chosen: Vec<&Candidate> = Vec::new();
    while chosen.len() < asked.count {
        let mut best: Option<(f64, &Candidate)> = None;
        for candidate in &candidates {
            let exercise = candidate.exercise;
            let too_early = muscles.iter().any(|state| !state.ready && exercise.primary.contains(state.muscle));
            if too_early
                || !asked.allows(exercise)
                || chosen.iter().any(|other| other.exercise.id == exercise.id)
                || !fits(&session, exercise, sets, f64::from(weekly.per_session_cap))
                || !fits(&week, exercise, sets, f64::from(most))
            {
                continue;
            }
            let mut lack = 0.0;
            for muscle in exercise.primary.iter() {
                lack += f64::max(0.0, 1.0 - week[muscle.index()] / f64::from(least)) / exercise.primary.len() as f64;
            }
            let days = days_since(asked, exercise.pattern).unwrap_or(NEGLECTED_DAYS).min(NEGLECTED_DAYS);
            let alike = chosen.iter().filter(|other| other.exercise.pattern == exercise.pattern).count();
            let score = candidate.liking / 2.0 + 6.0 * lack + 3.0 * days / NEGLECTED_DAYS - 4.0 * alike as f64;
            if best.is_none_or(|(most, _)| score > most) {
                best = Some((score, candidate));
            }
        }
        let Some((_, candidate)) = best else { break };
        for muscle in Muscle::ALL {
            let more = f64::from(sets) * candidate.exercise.share(*muscle);
            session[muscle.index()] += more;
            week[muscle.index()] += more;
        }
        chosen.push(candidate);
    }
    sort_by(&mut chosen, |a, b| a.exercise.order() < b.exercise.order());
    let mut next = Vec::new();
    for Candidate { exercise, dose, .. } in chosen {
        let known = progression.iter().find(|one| one.exercise_id == exercise.id);
        next.push(Next {
            exercise_id: exercise.id.clone(),
            name: exercise.name.clone(),
            pattern: exercise.pattern,
            sets,
            goal: dose.goal.kind,
            reps_min: dose.goal.min,
            reps_max: dose.goal.max,
            rir: dose.target.rir,
            weight_kg: known.and_then(|one| one.weight_kg).or(dose.target.weight_kg),
            rest_s: dose.rest.0,
            reason: reason(exercise, asked, muscles),
        });
    }
    next
}

/// Why this one: how many sets its muscles had, and when the movement was last trained.
fn reason(exercise: &Exercise, asked: &Asked, muscles: &[MuscleState]) -> String {
    let mut reason = String::new();
    for state in muscles.iter().filter(|state| exercise.primary.contains(state.muscle)) {
        let (had, least) = (number::format(state.week_sets), state.week_sets_min);
        reason.push_str(&state.muscle.spoken());
        reason.push_str(&format!(" had {had} of at least {least} sets this week; "));
    }
    reason.push_str(&exercise.pattern.spoken());
    match days_since(asked, exercise.pattern) {
        Some(days) => reason.push_str(&format!(" was last trained {} days ago.", number::format(days))),
        None => reason.push_str(" is not in the history."),
    }
    capital(&reason)
}
