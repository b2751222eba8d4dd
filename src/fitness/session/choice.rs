//! A workout of somebody else's choice: a model says which exercises, how often and how hard; everything else is worked
//! out as for any other session.
//!
//! Rests are kept as chosen where the time allows it. Otherwise they are bent inside their range, then exercises are
//! paired, because a session that takes as long as was asked for is worth more than a rest to the second.

use super::dose::Dose;
use super::layout::{Style, arrange};
use super::place::Place;
use super::plan::{self, CONDITIONING_S, Edges, Plan, SLACK};
use super::selection::Candidate;
use super::{Coach, Pools};
use crate::fitness::catalogue::Exercise;
use crate::fitness::prescription::{self, Row};
use crate::fitness::request::WorkoutRequest;
use crate::fitness::time_budget::{self, TRANSITION_S};
use crate::fitness::words::{Focus, Pattern, Word};
use crate::fitness::workout::{GoalKind, Status, Workout};

/// What was chosen of one exercise.
#[derive(Clone, Copy, Debug)]
pub(in crate::fitness) struct Pick {
    pub(in crate::fitness) exercise: &'static Exercise,
    pub(in crate::fitness) sets: u32,
    pub(in crate::fitness) reps: (u32, u32),
    pub(in crate::fitness) rir: u32,
    pub(in crate::fitness) rest_s: u32,
}

/// What may be chosen of one exercise.
#[derive(Clone, Debug)]
pub(in crate::fitness) struct Offer {
    pub(in crate::fitness) exercise: &'static Exercise,
    /// `None` when it is done by time, which is not chosen.
    pub(in crate::fitness) reps: Option<(u32, u32)>,
    pub(in crate::fitness) rest_s: (u32, u32),
}

/// What may be chosen for a request: at most `most` exercises, in the order of the catalogue, and the row in force.
/// Those of `built`, a session of the coach, are among them. The rest are those that suit the request best, in turns
/// from every movement.
#[inline(never)]
pub(in crate::fitness) fn offers(request: &WorkoutRequest, built: &Workout, most: usize) -> (Vec<Offer>, Row) {
    let coach = Coach::new(request);
    let candidates = coach.candidates(request.equipment);
    let used = |exercise: &Exercise| {
        built
            .blocks
            .iter()
            .any(|block| block.kind.is_main() && block.steps.iter().any(|step| step.exercise_id == exercise.id))
    };
    let mut taken = Vec::new();
    for candidate in &candidates {
        taken.push(used(candidate.exercise));
    }
    let mut count = taken.iter().filter(|taken| **taken).count();
    loop {
        let before = count;
        for pattern in Pattern::ALL {
            let mut best: Option<usize> = None;
            for (place, one) in candidates.iter().enumerate() {
                let better = |other: usize| one.liking > candidates[other].liking;
                if !taken[place] && one.exercise.pattern == *pattern && best.is_none_or(better) {
                    best = Some(place);
                }
            }
            if let Some(place) = best.filter(|_| count < most) {
                taken[place] = true;
                count += 1;
            }
        }
        if count == before {
            break;
        }
    }
    let mut offers = Vec::new();
    for (candidate, taken) in candidates.iter().zip(taken) {
        if taken {
            let dose = &candidate.dose;
            let reps = dose.tempo_s.map(|_| reps_of(dose, &coach.row));
            offers.push(Offer { exercise: candidate.exercise, reps, rest_s: dose.rest });
        }
    }
    (offers, coach.row)
}

/// The repetitions that an exercise may be done with: those of the row, and of general fitness where body weight is too
/// light for the row.
pub(in crate::fitness) fn reps_of(dose: &Dose, row: &Row) -> (u32, u32) {
    if dose.load_limited { prescription::row(Focus::GeneralFitness, row.level).reps } else { row.reps }
}

/// The workout of a choice.
///
/// # Errors
/// Why it does not fit the time.
#[inline(never)]
pub(in crate::fitness) fn build(request: &WorkoutRequest, picks: &[Pick]) -> Result<Workout, String> {
    let coach = Coach::new(request);
    let pools = Pools::of(request, request.equipment, &coach.restrictions);
    let edges = coach.edges(&pools).ok_or("nothing fits the warm-up and the cool-down")?;
    let (mut exact, mut free) = (Vec::new(), Vec::new());
    for pick in picks {
        let candidate = coach.chosen(pick);
        let mut rested = candidate.dose.clone();
        rested.rest = (pick.rest_s, pick.rest_s);
        exact.push(Candidate { dose: rested, ..candidate });
        free.push(candidate);
    }
    let plan = fit(request, &coach.place, [&exact, &free], edges)?;
    Ok(coach.write(Status::Ok, coach.blocks(&plan, &pools)))
}

impl Coach<'_> {
    /// What was chosen, with what follows from it: loads, and one more in reserve for a mild injury.
    pub(in crate::fitness) fn chosen(&self, pick: &Pick) -> Candidate {
        let row = Row { plan_reps: pick.reps, plan_rir: pick.rir, ..self.row.clone() };
        let mut dose = Dose::of(pick.exercise, &row, &self.restrictions, self.request);
        if dose.goal.kind == GoalKind::Reps {
            (dose.goal.min, dose.goal.max) = pick.reps;
            dose.work_s = time_budget::set_work_s(&dose.goal, dose.tempo_s, pick.exercise.per_side);
        }
        Candidate { exercise: pick.exercise, dose, sets: pick.sets, liking: 0.0 }
    }
}

/// Fits the time around a choice: with the rests as chosen, or with any rest of the range, one after the other or paired.
fn fit<'a>(
    request: &WorkoutRequest,
    place: &Place,
    [exact, free]: [&'a Vec<Candidate>; 2],
    edges: Edges,
) -> Result<Plan<'a>, String> {
    let total_s = i64::from(request.duration_min) * 60;
    let slack_s = (SLACK * total_s as f64) as i64;
    let (mut shortest, mut longest) = (i64::MAX, 0);
    for (candidates, style) in
        [(exact, Style::Straight), (free, Style::Straight), (free, Style::PairCompounds), (free, Style::PairAll)]
    {
        let chosen: Vec<&Candidate> = candidates.iter().collect();
        let groups = arrange(&chosen, (0, 0), style);
        let main = |share: f64| groups.iter().map(|group| i64::from(group.seconds(share))).sum::<i64>();
        shortest = shortest.min(main(0.0));
        longest = longest.max(main(1.0));
        let mut best = None;
        plan::consider(&mut best, request, place, edges, groups, style, 0.0);
        if let Some(plan) = best {
            return Ok(plan);
        }
    }
    let steady_s = if edges.conditioning { CONDITIONING_S.1 + TRANSITION_S } else { 0 };
    let over = shortest + i64::from(edges.warm_up_s.0 + edges.cool_down_s.0) - total_s - slack_s;
    let under = total_s - slack_s - longest - i64::from(edges.warm_up_s.1 + edges.cool_down_s.1 + steady_s);
    Err(if over > 0 {
        format!("{over} s too long with the shortest rests: choose fewer sets or exercises")
    } else if under > 0 {
        format!("{under} s too short with the longest rests: choose more sets or exercises")
    } else {
        "does not fit the time: choose other sets or exercises".to_owned()
    })
}
