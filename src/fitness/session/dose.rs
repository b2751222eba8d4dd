//! What one exercise is prescribed: goal, effort, load and rest, from the row in force.

use crate::fitness::catalogue::Exercise;
use crate::fitness::contraindications::Restrictions;
use crate::fitness::prescription::{self, Row};
use crate::fitness::request::WorkoutRequest;
use crate::fitness::strength;
use crate::fitness::time_budget;
use crate::fitness::words::{Equipment, Focus, Kind, Level, Load};
use crate::fitness::workout::{Goal, GoalKind, Target};

/// An empty Olympic bar (20 kg): less cannot be loaded.
pub(in crate::fitness) const BAR_KG: f64 = 20.0;

/// Where a row asks for no more repetitions than this, the trunk is trained by time instead (house).
const TRUNK_REPS: u32 = 8;

/// Seconds for an explosive repetition: 2 to lower, 1 to lift and to stand ready (house).
const EXPLOSIVE_S: u32 = 3;

/// The prescription of one exercise.
#[derive(Clone, Debug)]
pub(in crate::fitness) struct Dose {
    pub(in crate::fitness) goal: Goal,
    pub(in crate::fitness) tempo_s: Option<u32>,
    pub(in crate::fitness) work_s: u32,
    pub(in crate::fitness) rest: (u32, u32),
    pub(in crate::fitness) target: Target,
    /// Whether the repetitions come from general fitness because body weight is too light for the focus.
    pub(in crate::fitness) load_limited: bool,
}

impl Dose {
    pub(in crate::fitness) fn of(
        exercise: &Exercise,
        row: &Row,
        restrictions: &Restrictions,
        request: &WorkoutRequest,
    ) -> Self {
        let multi_joint = matches!(exercise.kind, Kind::Compound | Kind::Plyometric);
        let rest = if multi_joint { row.rest_compound } else { row.rest_iso };
        let by_time = exercise.tempo_s.is_none() || (exercise.kind == Kind::Core && row.reps.1 <= TRUNK_REPS);
        let load_limited = !by_time && row.focus == Focus::Strength && exercise.load == Load::Body;
        let mild = !exercise.tags.intersection(restrictions.mild_tags).is_empty();
        let rir = row.plan_rir + u32::from(mild);
        let (goal, tempo_s, target) = if by_time {
            let seconds = hold_s(request.level);
            let target = Target { rpe: Some(strength::rpe(rir)), ..Target::default() };
            (Goal { kind: GoalKind::TimeS, min: seconds, max: seconds }, None, target)
        } else {
            let reps = match load_limited {
                true => prescription::row(Focus::GeneralFitness, request.level).plan_reps,
                false => row.plan_reps,
            };
            let loadable = exercise.load == Load::External && !exercise.requires.contains(Equipment::Bands);
            let pct = (loadable && multi_joint).then(|| pct(row, reps.1, rir));
            let target = Target {
                weight_kg: pct.and_then(|pct| weight_kg(exercise, row, pct, request)),
                pct_1rm: pct,
                rir: Some(rir),
                rpe: Some(strength::rpe(rir)),
                hr_zone: None,
            };
            let tempo_s = match row.focus {
                Focus::Power if exercise.kind == Kind::Compound => exercise.tempo_s.map(|s| s.min(EXPLOSIVE_S)),
                _ => exercise.tempo_s,
            };
            (Goal { kind: GoalKind::Reps, min: reps.0, max: reps.1 }, tempo_s, target)
        };
        let work_s = time_budget::set_work_s(&goal, tempo_s, exercise.per_side);
        Self { goal, tempo_s, work_s, rest, target, load_limited }
    }
}

impl Dose {
    /// A share of the working weight, where that is known: to the next lower increment, not less than the bar.
    pub(in crate::fitness) fn ramp_weight_kg(&self, exercise: &Exercise, share: f64) -> Option<f64> {
        let increment_kg = increment_kg(exercise);
        let working_kg = self.target.weight_kg?;
        Some(((working_kg * share / increment_kg).floor() * increment_kg).max(least_kg(exercise)).min(working_kg))
    }
}

/// How long a timed set lasts (house).
fn hold_s(level: Level) -> u32 {
    match level {
        Level::Beginner => 30,
        Level::Intermediate => 40,
        Level::Advanced => 50,
    }
}

/// The share of the maximum: that of the week, or to whole percents inside the row.
fn pct(row: &Row, reps: u32, rir: u32) -> f64 {
    if let Some(load) = row.load {
        return load;
    }
    let planned = row.plan_pct().min(strength::pct_1rm(reps, rir).max(row.pct.0));
    (planned * 100.0).floor().max((row.pct.0 * 100.0).ceil()) / 100.0
}

/// The least weight there is: an increment, or the bar.
pub(in crate::fitness) fn least_kg(exercise: &Exercise) -> f64 {
    if exercise.requires.contains(Equipment::Barbell) { BAR_KG } else { increment_kg(exercise) }
}

/// The weight for a known maximum: to 2.5 kg, and to 2 kg for a dumbbell or kettlebell (house). None when it would leave
/// the row's range of loads or be less than the bar.
fn weight_kg(exercise: &Exercise, row: &Row, pct: f64, request: &WorkoutRequest) -> Option<f64> {
    let max_kg = request.one_rep_max_kg.get(&exercise.id)?;
    let increment_kg = increment_kg(exercise);
    let mut weight_kg = strength::round_to_kg(max_kg * pct, increment_kg);
    if weight_kg > max_kg * row.pct.1 + 1e-9 {
        // Rounding never lifts a load above what the row, or a medical cap, allows.
        weight_kg -= increment_kg;
    }
    let too_light = exercise.requires.contains(Equipment::Barbell) && weight_kg < BAR_KG;
    (weight_kg > 0.0 && !too_light).then_some(weight_kg)
}

/// The steps weights come in: 2 kg for a dumbbell or kettlebell, 2.5 kg for anything else (house).
pub(in crate::fitness) fn increment_kg(exercise: &Exercise) -> f64 {
    let hand_held =
        exercise.requires.contains(Equipment::Dumbbell) || exercise.requires.contains(Equipment::Kettlebell);
    if hand_held { 2.0 } else { 2.5 }
}
