//! A session from week to week: the search says once which exercises, how many sets, and in which arrangement; each week
//! doses them anew.

use super::dose::Dose;
use super::layout::{Style, arrange};
use super::place::{Place, Volume};
use super::plan::{self, Plan};
use super::selection::Candidate;
use super::{Coach, Pools};
use crate::fitness::catalogue::Exercise;
use crate::fitness::prescription::Row;
use crate::fitness::request::WorkoutRequest;
use crate::fitness::words::{Muscle, Set, Word};
use crate::fitness::workout::{Status, Workout};

/// What stays of a session through a phase.
pub(in crate::fitness) struct Base {
    /// The request for it.
    pub(in crate::fitness) request: WorkoutRequest,
    place: Place,
    /// Repetitions of a set.
    reps: (u32, u32),
    style: Style,
    /// Its exercises, each with the sets of a usual week.
    pub(in crate::fitness) members: Vec<(&'static Exercise, u32)>,
}

impl Base {
    /// The best session of a place in a programme; nothing when none fits the time.
    #[inline(never)]
    pub(in crate::fitness) fn of(request: WorkoutRequest, place: Place, row: &Row) -> Option<Self> {
        let coach = Coach { row: row.clone(), place, ..Coach::new(&request) };
        let (mut members, mut style) = (Vec::new(), Style::Straight);
        // When the whole of the equipment leads nowhere, none of it may.
        for equipment in [request.equipment, Set::EMPTY] {
            let pools = Pools::of(&request, equipment, &coach.restrictions);
            let candidates = coach.candidates(equipment);
            if let Some(plan) = plan::plan(&request, row, &coach.place, &candidates, coach.edges(&pools)?) {
                style = plan.style;
                for group in &plan.groups {
                    for member in &group.members {
                        members.push((member.exercise, group.sets));
                    }
                }
                break;
            }
        }
        let place = coach.place;
        (!members.is_empty()).then_some(Self { request, place, reps: row.plan_reps, style, members })
    }

    /// The session of a week: with `sets` of each exercise, dosed by `row`, in so many minutes, and with no more than so
    /// much steady work; nothing when that does not fit the time.
    #[inline(never)]
    pub(in crate::fitness) fn week(
        &self,
        (duration_min, steady_s): (u32, u32),
        row: &Row,
        sets: &[u32],
    ) -> Option<Workout> {
        let request = WorkoutRequest { duration_min, ..self.request.clone() };
        let row = &Row { plan_reps: self.reps, ..row.clone() };
        let place = Place { steady_s: steady_s.min(self.place.steady_s), ..self.place.clone() };
        let coach = Coach { row: row.clone(), place, ..Coach::new(&request) };
        let pools = Pools::of(&request, request.equipment, &coach.restrictions);
        let mut candidates = Vec::new();
        for ((exercise, _), sets) in self.members.iter().zip(sets) {
            let dose = Dose::of(exercise, row, &coach.restrictions, &request);
            candidates.push(Candidate { exercise, dose, sets: *sets, liking: 0.0 });
        }
        let edges = coach.edges(&pools)?;
        let chosen: Vec<&Candidate> = candidates.iter().collect();
        let mut best: Option<Plan<'_>> = None;
        for style in [self.style, Style::Straight, Style::PairCompounds, Style::PairAll] {
            if best.is_none() {
                let groups = arrange(&chosen, (0, 0), style);
                plan::consider(&mut best, &request, &coach.place, edges, groups, style, 0.0);
            }
        }
        Some(coach.write(Status::Ok, coach.blocks(&best?, &pools)))
    }

    /// The sets that a usual week of it gives each muscle.
    pub(in crate::fitness) fn volume(&self) -> Volume {
        let mut volume = [0.0; Muscle::ALL.len()];
        for (exercise, sets) in &self.members {
            for (of, muscle) in volume.iter_mut().zip(Muscle::ALL) {
                *of += f64::from(*sets) * exercise.share(*muscle);
            }
        }
        volume
    }

    /// The main muscles that get three sets or more of it: they want two days before they are worked as hard again (O3).
    pub(in crate::fitness) fn hard(&self) -> Set<Muscle> {
        let mut hard = Set::EMPTY;
        for muscle in Muscle::ALL {
            let of = self.members.iter().filter(|(exercise, _)| exercise.primary.contains(*muscle));
            if of.map(|(_, sets)| sets).sum::<u32>() >= 3 {
                hard.insert(*muscle);
            }
        }
        hard
    }
}
