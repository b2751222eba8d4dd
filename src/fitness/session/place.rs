//! What a session leaves to the others of a programme: volume, muscles, movements. A session alone leaves nothing.

use crate::fitness::catalogue::Exercise;
use crate::fitness::prescription;
use crate::fitness::request::WorkoutRequest;
use crate::fitness::words::{Focus, Muscle, Pattern, Set, Word};

use super::plan::CONDITIONING_S;
use super::selection::{Candidate, GROUPS, sets_of};

/// Fractional sets by muscle, in the order of the muscles.
pub(in crate::fitness) type Volume = [f64; Muscle::ALL.len()];

/// What two movements are to each other in a balanced week, by their places in [`GROUPS`]: the least and the most sets of
/// the first for one of the second. Pull to push, and knee to hip (B1, B3).
const BALANCE: [(usize, usize, f64, f64); 2] = [(3, 2, 0.8, 1.5), (0, 1, 0.5, 2.0)];

/// What an imbalance costs in the search: more than two movements are worth.
const IMBALANCE: f64 = 110.0;

/// The place of a session among others.
#[derive(Clone, Debug)]
pub(in crate::fitness) struct Place {
    /// Whether there are others.
    pub(in crate::fitness) weekly: bool,
    /// What all of them are for: what is liked depends on it, so that the exercises of one phase go on in the next.
    pub(in crate::fitness) goal: Focus,
    /// The sets that each muscle has room for.
    pub(in crate::fitness) room: Volume,
    /// Muscles that the day before works hard.
    pub(in crate::fitness) avoid: Set<Muscle>,
    /// The movements of this day.
    pub(in crate::fitness) patterns: Set<Pattern>,
    /// The most steady work.
    pub(in crate::fitness) steady_s: u32,
    /// Which basic movements come first: 0 for legs, 1 for push and pull, 2 for hinge and pull.
    pub(in crate::fitness) turn: usize,
}

impl Place {
    /// A session that is no part of anything.
    pub(in crate::fitness) fn alone(request: &WorkoutRequest) -> Self {
        Self {
            weekly: false,
            goal: request.focus,
            room: [f64::from(prescription::weekly_sets().per_session_cap); Muscle::ALL.len()],
            avoid: Set::EMPTY,
            patterns: Set::all(),
            steady_s: CONDITIONING_S.1,
            turn: 0,
        }
    }

    /// Whether an exercise belongs here.
    pub(super) fn allows(&self, exercise: &Exercise) -> bool {
        self.patterns.contains(exercise.pattern) && exercise.primary.intersection(self.avoid).is_empty()
    }

    /// The order in which to look for exercises. Among others, jumps come after the basic movements, because they share
    /// their muscles; and other days begin with other movements, so that a week of short sessions has them all (house).
    pub(super) fn order<'s>(&self, jumps: &[&'s [Pattern]], slots: &[&'s [Pattern]]) -> Vec<&'s [Pattern]> {
        let mut order = slots.to_vec();
        if self.turn > 0 {
            order.swap(0, 3 - self.turn);
            order.swap(if self.turn == 1 { 1 } else { 2 }, 3);
        }
        let at = if self.weekly { 4 } else { 0 };
        for jump in jumps {
            order.insert(at, jump);
        }
        order
    }

    /// What is lost when a choice leaves the movements out of balance that there are candidates for.
    pub(super) fn imbalance(&self, candidates: &[Candidate], chosen: &[&Candidate], sets: (u32, u32)) -> f64 {
        let mut cost = 0.0;
        if !self.weekly {
            return cost;
        }
        for (one, other, least, most) in BALANCE {
            let of = |group: usize| {
                let (mut there, mut count) = (false, 0);
                for candidate in candidates {
                    there |= GROUPS[group].1.contains(&candidate.exercise.pattern);
                }
                for candidate in chosen {
                    if GROUPS[group].1.contains(&candidate.exercise.pattern) {
                        count += sets_of(candidate.exercise, sets.0, sets.1);
                    }
                }
                (there, f64::from(count))
            };
            let ((one_there, one), (other_there, other)) = (of(one), of(other));
            if one_there && other_there && !(least * other..=most * other).contains(&one) {
                cost += IMBALANCE;
            }
        }
        cost
    }
}
