//! Warm-up and cool-down: light movement that fills its seconds exactly.
//!
//! A warm-up raises the heart rate, mobilises the joints the session uses, and ramps up to the first heavy lifts. A
//! cool-down stretches what was trained, 20 to 60 s a hold (ACSM: 10 to 30 s, 60 s a muscle in all).

use crate::fitness::catalogue::{self, Exercise};
use crate::fitness::contraindications::Restrictions;
use crate::fitness::request::WorkoutRequest;
use crate::fitness::time_budget;
use crate::fitness::words::{Equipment, Kind, Muscle, Pattern, Set, Tag};
use crate::fitness::workout::{Goal, GoalKind, Intensity, Phase, SetType, Step, Target};
use crate::rng::Rng;
use crate::small::sort_by;

use super::selection::{Candidate, is_available};

/// The seconds of one hold or one movement, of each side (house).
const HOLD_S: (u32, u32) = (20, 60);

/// The seconds of the movement that raises the heart rate (house).
const RAISE_S: (u32, u32) = (60, 240);

/// Pause after a ramp-up set (house).
const RAMP_REST_S: u32 = 60;

/// A ramp-up set: 5 repetitions at 60 % of the working load, an effort of 4 of ten (house). It leaves far more in
/// reserve than anyone can count, so no reserve is stated.
const RAMP: (u32, f64, u32) = (5, 0.6, 4);

/// What may be used for warm-up, cool-down and conditioning.
#[derive(Debug)]
pub(in crate::fitness) struct Pools {
    mobility: Vec<&'static Exercise>,
    stretch: Vec<&'static Exercise>,
    conditioning: Vec<&'static Exercise>,
}

impl Pools {
    pub(in crate::fitness) fn of(
        request: &WorkoutRequest,
        equipment: Set<Equipment>,
        restrictions: &Restrictions,
    ) -> Self {
        let mut rng = Rng::new(u64::from(request.seed) ^ 0xED6E);
        // One number is drawn for every exercise, available or not.
        let mut drawn: Vec<(f64, &'static Exercise)> = Vec::new();
        for exercise in catalogue::all() {
            let draw = rng.unit();
            if matches!(exercise.kind, Kind::Mobility | Kind::Stretch | Kind::Conditioning)
                && is_available(exercise, request, equipment, restrictions)
            {
                drawn.push((draw, exercise));
            }
        }
        sort_by(&mut drawn, |(a, _), (b, _)| a < b);
        let of_kind = |kind| -> Vec<&'static Exercise> {
            let mut pool = Vec::new();
            for (_, exercise) in drawn.iter().filter(|(_, exercise)| exercise.kind == kind) {
                pool.push(*exercise);
            }
            pool
        };
        let mut conditioning = Vec::new();
        for exercise in of_kind(Kind::Conditioning) {
            if exercise.pattern == Pattern::Cardio {
                conditioning.push(exercise);
            }
        }
        // Impact last, a machine before walking, and the gentlest first.
        let rank = |exercise: &Exercise| {
            let (impact, walking) = (exercise.tags.contains(Tag::Impact), exercise.requires.is_empty());
            100 * usize::from(impact) + 50 * usize::from(walking) + exercise.demands()
        };
        sort_by(&mut conditioning, |a, b| rank(a) < rank(b));
        Self { mobility: of_kind(Kind::Mobility), stretch: of_kind(Kind::Stretch), conditioning }
    }

    /// The exercise of a conditioning block.
    pub(in crate::fitness) fn conditioning(&self) -> Option<&'static Exercise> {
        self.conditioning.first().copied()
    }

    /// The seconds a warm-up without ramp-up sets can fill.
    pub(in crate::fitness) fn warm_up_room_s(&self) -> u32 {
        room_s(&self.mobility) + self.raise().map_or(0, |_| RAISE_S.1)
    }

    /// The seconds a cool-down can fill.
    pub(in crate::fitness) fn cool_down_room_s(&self) -> u32 {
        room_s(&self.stretch)
    }

    fn raise(&self) -> Option<&'static Exercise> {
        self.conditioning.iter().copied().find(|exercise| !exercise.tags.contains(Tag::Impact))
    }

    /// The steps of a warm-up of `seconds`, the ramp-up sets `ramps` at its end.
    pub(in crate::fitness) fn warm_up(
        &self,
        seconds: u32,
        muscles: Set<Muscle>,
        mut ramps: Vec<Step>,
        restrictions: &Restrictions,
    ) -> Vec<Step> {
        let mut left = seconds.saturating_sub(ramps_s(&ramps));
        let mut steps = Vec::new();
        let room = room_s(&self.mobility);
        if let Some(exercise) = self.raise() {
            let raise_s = (left * 2 / 5 / 5 * 5).max(left.saturating_sub(room)).max(RAISE_S.0).min(RAISE_S.1);
            if raise_s + HOLD_S.0 <= left {
                left -= raise_s;
                steps.push(easy(exercise, raise_s, Phase::WarmUp));
            }
        }
        let mut pool = covering(&self.mobility, muscles);
        let balances = |exercise: &&Exercise| restrictions.balance && exercise.tags.contains(Tag::SingleLeg);
        if let Some(at) = pool.iter().position(balances) {
            // Balance first: whatever time there is, it is not what falls off the end.
            let exercise = pool.remove(at);
            let beyond_the_rest = left.saturating_sub(room_s(&pool)) / sides(exercise);
            let least = if left > 2 * RAISE_S.0 { 30 } else { HOLD_S.0 };
            let each = least.max(beyond_the_rest.next_multiple_of(5)).min(HOLD_S.1);
            left = left.saturating_sub(each * sides(exercise));
            steps.push(easy(exercise, each, Phase::WarmUp));
        }
        steps.append(&mut fill(&pool, left, hold_s(left), Phase::WarmUp));
        steps.append(&mut ramps);
        steps
    }

    /// The steps of a cool-down of `seconds`.
    pub(in crate::fitness) fn cool_down(&self, seconds: u32, muscles: Set<Muscle>) -> Vec<Step> {
        fill(&covering(&self.stretch, muscles), seconds, hold_s(seconds), Phase::CoolDown)
    }
}

/// The pool in the order in which each next exercise reaches most of the `muscles` not yet reached, main muscles first.
fn covering(pool: &[&'static Exercise], muscles: Set<Muscle>) -> Vec<&'static Exercise> {
    let mut left = pool.to_vec();
    let mut open = muscles;
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let (mut best, mut reached) = (0, 0);
        for (i, exercise) in left.iter().enumerate() {
            let main = exercise.primary.intersection(open).len();
            let reach = 3 * main + exercise.secondary.intersection(open).len();
            if reach > reached {
                (best, reached) = (i, reach);
            }
        }
        if reached == 0 && open != muscles {
            // Everything is reached: another round.
            open = muscles;
            continue;
        }
        let exercise = left.remove(best);
        open = open.without(exercise.primary.union(exercise.secondary));
        ordered.push(exercise);
    }
    ordered
}

/// How long an exercise should take of each side when there are `seconds` for all: more time is for longer holds rather
/// than for a dozen more exercises (house).
fn hold_s(seconds: u32) -> u32 {
    if seconds > 240 { 45 } else { 30 }
}

fn sides(exercise: &Exercise) -> u32 {
    if exercise.per_side { 2 } else { 1 }
}

fn room_s(pool: &[&Exercise]) -> u32 {
    pool.iter().map(|exercise| HOLD_S.1 * sides(exercise)).sum()
}

/// Steps that take `seconds` (a multiple of 5) together: as many exercises as `hold_s` each would need, then evened out.
/// An exercise of one side takes whole seconds twice, so one without sides takes what is left.
fn fill(pool: &[&'static Exercise], seconds: u32, hold_s: u32, phase: Phase) -> Vec<Step> {
    if pool.is_empty() {
        return Vec::new();
    }
    // One exercise without sides comes first in the reckoning, so that any multiple of 5 s can be met. Without one, 5 s
    // may be missing.
    let even = pool.iter().position(|exercise| !exercise.per_side).unwrap_or(0);
    let mut filled = vec![(even, 0)];
    let mut units = sides(pool[even]);
    for (i, exercise) in pool.iter().enumerate() {
        if i != even && (units + sides(exercise)) * hold_s <= seconds {
            filled.push((i, 0));
            units += sides(exercise);
        }
    }
    for (_, each_s) in &mut filled {
        *each_s = (seconds / units / 5 * 5).max(HOLD_S.0).min(HOLD_S.1);
    }
    let mut at = 0;
    let mut idle = 0;
    while idle < filled.len() {
        let taken: u32 = filled.iter().map(|(i, each_s)| each_s * sides(pool[*i])).sum();
        if taken == seconds {
            break;
        }
        let (i, each_s) = &mut filled[at];
        if taken + 5 * sides(pool[*i]) <= seconds && *each_s < HOLD_S.1 {
            *each_s += 5;
            idle = 0;
        } else if taken > seconds && *each_s > 10 {
            *each_s -= 5;
            idle = 0;
        } else {
            idle += 1;
        }
        at = (at + 1) % filled.len();
    }
    sort_by(&mut filled, |(a, _), (b, _)| a < b);
    let mut steps = Vec::new();
    for (i, seconds) in filled {
        steps.push(easy(pool[i], seconds, phase));
    }
    steps
}

/// A step of easy movement or holding, of `seconds` on each side.
fn easy(exercise: &Exercise, seconds: u32, phase: Phase) -> Step {
    let rpe = if phase == Phase::WarmUp { 3 } else { 2 };
    let goal = Goal { kind: GoalKind::TimeS, min: seconds, max: seconds };
    step(exercise, phase, goal, Target { rpe: Some(rpe), ..Target::default() })
}

/// The ramp-up set of a lift that follows.
pub(in crate::fitness) fn ramp_up(lift: &Candidate) -> Step {
    let (reps, share, rpe) = RAMP;
    let exercise = lift.exercise;
    let goal = Goal { kind: GoalKind::Reps, min: reps, max: reps };
    let percent = lift.dose.target.pct_1rm.map(|pct| (pct * share * 100.0).round() / 100.0);
    let weight_kg = lift.dose.ramp_weight_kg(exercise, share);
    let target = Target { weight_kg, pct_1rm: percent, rpe: Some(rpe), ..Target::default() };
    Step {
        set_type: SetType::RampUp,
        work_s: time_budget::set_work_s(&goal, exercise.tempo_s, exercise.per_side),
        tempo_s: exercise.tempo_s,
        rest_s: RAMP_REST_S,
        cue: "Ramp-up set at about 60 % of the working weight: smooth and easy.".to_owned(),
        ..step(exercise, Phase::WarmUp, goal, target)
    }
}

/// One set of an exercise without rests, by time: what other steps are made of.
pub(in crate::fitness) fn step(exercise: &Exercise, phase: Phase, goal: Goal, target: Target) -> Step {
    Step {
        exercise_id: exercise.id.clone(),
        name: exercise.name.clone(),
        pattern: exercise.pattern,
        phase,
        set_type: match phase {
            Phase::WarmUp => SetType::WarmUp,
            Phase::Main => SetType::Working,
            Phase::CoolDown => SetType::CoolDown,
        },
        sets: 1,
        work_s: time_budget::set_work_s(&goal, None, exercise.per_side),
        goal,
        intensity: Intensity::at_rpe(target.rpe.unwrap_or(5)),
        target,
        tempo_s: None,
        per_side: exercise.per_side,
        rest_s: 0,
        recovery_s: None,
        cue: exercise.cue.to_owned(),
        rationale: None,
    }
}

/// The seconds ramp-up sets take at the end of a block, whose last rest does not count.
pub(in crate::fitness) fn ramps_s(ramps: &[Step]) -> u32 {
    let all: u32 = ramps.iter().map(|step| step.work_s + step.rest_s).sum();
    all - ramps.last().map_or(0, |step| step.rest_s)
}
