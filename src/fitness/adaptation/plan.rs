//! Changes put into practice: on one exercise, and on what is left of a workout.
//!
//! House: weights go to the increment below, but never by more than a fifth; where that is too coarse, and for body weight,
//! repetitions change instead, one for each 5 % (Epley: a repetition is some 3 % of the maximum), and five seconds for
//! what is done by time. Of the sets that are left at least half stay, and one. A block that has begun is split: the
//! rounds that are done stay as they are, and the pause between them and the rest is the set-up of the rest.

use super::request::{AdaptationRequest, Current};
use super::{Adapted, Changes, Decision};
use crate::fitness::catalogue::{self, Exercise};
use crate::fitness::contraindications::Restrictions;
use crate::fitness::prescription;
use crate::fitness::record::copy;
use crate::fitness::screening::Screening;
use crate::fitness::session::dose::{BAR_KG, increment_kg};
use crate::fitness::session::report;
use crate::fitness::strength;
use crate::fitness::time_budget;
use crate::fitness::words::{Equipment, Kind, Load, Word};
use crate::fitness::workout::{Block, BlockKind, Goal, GoalKind, Target, Workout};
use crate::number;

/// The shares of the sets to try when a session would end too late. Every decision of the rules starts on one of them:
/// so a more careful one never ends with more sets than another.
const SHARES: [f64; 4] = [0.83, 0.67, 0.58, 0.5];

/// How much later than planned a session may run before what is left is shortened (house).
const GRACE_S: u32 = 300;

/// A weight with a change in percent.
#[must_use]
pub fn weight_kg(exercise: &Exercise, old: f64, pct: f64) -> f64 {
    let step = increment_kg(exercise);
    if pct > 0.0 {
        let next = ((old / step + 1e-9).floor() + 1.0) * step;
        return if next <= old * 1.05 + 1e-9 { next } else { old };
    }
    let bar = if exercise.requires.contains(Equipment::Barbell) { BAR_KG } else { 0.0 };
    let least = ((old * 0.8).max(bar) / step - 1e-9).ceil() * step;
    let new = ((old * (1.0 + pct / 100.0) / step + 1e-9).floor() * step).max(least);
    if pct < 0.0 && new < old { new } else { old }
}

/// A count with a change of the load in percent: repetitions, or seconds. Never below half.
#[must_use]
pub fn count(old: u32, pct: f64, by_time: bool) -> u32 {
    let unit = if by_time { 5 } else { 1 };
    if pct > 0.0 {
        return old + unit;
    }
    let less = unit * (-pct / 5.0).round() as u32;
    old.saturating_sub(less).max(old.div_ceil(2))
}

/// How many of the sets that are left stay.
#[must_use]
pub fn sets(left: u32, share: f64, fewer: u32) -> u32 {
    let share = (f64::from(left) * share + 1e-9) as u32;
    share.min(left.saturating_sub(fewer)).max(left.div_ceil(2))
}

/// A rest with a change in percent.
#[must_use]
pub fn rest_s(rest_s: u32, pct: f64) -> u32 {
    (f64::from(rest_s) * (1.0 + pct / 100.0) + 1e-9) as u32
}

/// Whether it is for one joint or the trunk.
pub(in crate::fitness) fn is_accessory(exercise: Option<&Exercise>) -> bool {
    exercise.is_some_and(|exercise| matches!(exercise.kind, Kind::Isolation | Kind::Core))
}

/// The exercise that is being done.
pub(super) fn exercise(current: &Current, changes: &Changes) -> Adapted {
    let Current { exercise, weight_kg: old_kg, .. } = current;
    let new_kg = old_kg.map(|kg| weight_kg(exercise, kg, changes.load_pct));
    let fewer = if is_accessory(Some(exercise)) { (-changes.accessory_sets) as u32 } else { 0 };
    let by_weight = new_kg != *old_kg;
    let mut reps = current.reps;
    if changes.load_pct != 0.0 && !by_weight && (old_kg.is_some() || exercise.load != Load::External) {
        reps = count(reps, changes.load_pct, exercise.tempo_s.is_none());
    }
    let how = match new_kg {
        _ if changes.load_pct == 0.0 => "As planned.".to_owned(),
        Some(kg) if by_weight => {
            let mut how = number::format(kg);
            how.push_str(" kg from the next set on.");
            how
        }
        None if exercise.load == Load::External => "Change the weight by the share that is named.".to_owned(),
        _ if changes.load_pct > 0.0 => "More repetitions or time instead of weight, or a harder variant.".to_owned(),
        _ => "Fewer repetitions or less time instead of less weight, or an easier variant.".to_owned(),
    };
    Adapted {
        exercise_id: exercise.id.clone(),
        name: exercise.name.clone(),
        sets: current.sets_done + sets(current.sets - current.sets_done, 1.0 + changes.sets_pct / 100.0, fewer),
        reps,
        weight_kg: new_kg,
        rest_s: rest_s(current.rest_s, changes.rest_pct),
        how,
    }
}

/// What limits what is left.
struct Limits {
    /// The highest share of a maximum.
    pct: f64,
    /// Whether pauses between the exercises of a superset must not lose a second of the partner's work.
    strict_rest: bool,
}

/// The workout, with what is left of it changed.
pub(super) fn workout(old: &Workout, request: &AdaptationRequest, decision: Decision, changes: &Changes) -> Workout {
    let mut new = copy(old);
    if decision == Decision::Hold {
        return new;
    }
    let restrictions = Restrictions::of(&request.profile);
    let caps = Screening::of(&request.profile).caps(&restrictions);
    let row = prescription::capped(old.provenance.prescription, old.level, caps);
    let limits = Limits { pct: row.pct.1, strict_rest: caps.rest_min_s.is_some() };
    let total_s: u32 = time_budget::total_s(old);
    let (mut share, mut rest_pct) = (1.0 + changes.sets_pct / 100.0, changes.rest_pct);
    loop {
        let changes = Changes { rest_pct, ..*changes };
        let (blocks, done_s) = left(old, request, &changes, share, &limits);
        new.blocks = blocks;
        let late_s = match request.elapsed_s {
            Some(elapsed_s) if decision < Decision::Hold => elapsed_s.saturating_sub(done_s + GRACE_S),
            _ => 0,
        };
        if time_budget::total_s(&new) + late_s <= total_s + total_s / 10 {
            break;
        }
        if decision == Decision::Progress {
            return copy(old);
        }
        match SHARES.into_iter().find(|less| *less < share - 1e-9) {
            Some(less) => share = less,
            None if rest_pct > 0.0 => rest_pct = (rest_pct - 10.0).max(0.0),
            None => break,
        }
    }
    new.totals = report::totals(&new.blocks, request.profile.weight_kg);
    let mut rule = "adaptation:".to_owned();
    rule.push_str(decision.as_str());
    new.provenance.rules.push(rule);
    new
}

/// The blocks with the rest of them changed, and the seconds of what is done.
fn left(
    old: &Workout,
    request: &AdaptationRequest,
    changes: &Changes,
    share: f64,
    limits: &Limits,
) -> (Vec<Block>, u32) {
    let mut completed = request.completed.clone();
    let (mut blocks, mut done_s): (Vec<Block>, u32) = (Vec::new(), 0);
    for block in &old.blocks {
        if !block.kind.is_main() {
            if block.kind == BlockKind::WarmUp {
                done_s += time_budget::block_s(block);
            }
            blocks.push(copy(block));
            continue;
        }
        let done = take_done(block, &mut completed);
        let mut rest = copy(block);
        if done > 0 {
            let mut part = copy(block);
            resize(&mut part, done);
            done_s += part.duration_s;
            blocks.push(part);
        }
        if done >= block.rounds {
            continue;
        }
        let accessory = block.steps.iter().all(|step| is_accessory(catalogue::find(&step.exercise_id)));
        let fewer = if accessory { (-changes.accessory_sets) as u32 } else { 0 };
        let paired = rest.steps.len() > 1;
        for step in &mut rest.steps {
            step.rest_s = rest_s(step.rest_s, changes.rest_pct);
            if block.kind == BlockKind::Conditioning {
                let shorter = |s: u32| (f64::from(s) * share) as u32;
                step.goal = Goal { min: shorter(step.goal.min), max: shorter(step.goal.max).max(1), ..step.goal };
                step.work_s = time_budget::set_work_s(&step.goal, step.tempo_s, step.per_side);
            } else {
                let keep = paired && limits.strict_rest;
                load(&step.exercise_id, &mut step.goal, &mut step.target, changes.load_pct, limits.pct, keep);
                step.work_s = time_budget::set_work_s(&step.goal, step.tempo_s, step.per_side);
            }
        }
        if done > 0 {
            rest.setup_s = rest.steps.last().map_or(0, |step| step.rest_s);
        }
        resize(&mut rest, sets(block.rounds - done, share, fewer));
        let round_s: u32 = rest.steps.iter().map(|step| step.work_s + step.rest_s).sum();
        for step in &mut rest.steps {
            step.recovery_s = (step.sets > 1 && step.recovery_s.is_some()).then_some(round_s - step.work_s);
        }
        blocks.push(rest);
    }
    (blocks, done_s)
}

/// How many rounds of a block are done or begun; they are taken from what is completed.
pub(in crate::fitness) fn take_done(block: &Block, completed: &mut [(String, u32)]) -> u32 {
    let mut done = 0;
    for step in &block.steps {
        for (id, sets) in completed.iter_mut().filter(|(id, _)| *id == step.exercise_id) {
            debug_assert!(!id.is_empty() || step.exercise_id.is_empty());
            let taken = (*sets).min(block.rounds);
            *sets -= taken;
            done = taken.max(done);
        }
    }
    done
}

/// Makes a block as many rounds as there shall be.
pub(in crate::fitness) fn resize(block: &mut Block, rounds: u32) {
    block.rounds = rounds;
    for step in &mut block.steps {
        step.sets = rounds;
    }
    block.duration_s = time_budget::block_s(block);
}

/// Changes the load of an exercise by percent, never above `most_pct` of the maximum; or its repetitions in place of it,
/// unless they are to be kept.
pub(in crate::fitness) fn load(
    exercise_id: &str,
    goal: &mut Goal,
    target: &mut Target,
    pct: f64,
    most_pct: f64,
    keep: bool,
) {
    let Some(exercise) = catalogue::find(exercise_id).filter(|_| pct != 0.0) else { return };
    let factor = match target.weight_kg {
        Some(kg) if kg > 0.0 => weight_kg(exercise, kg, pct) / kg,
        None if target.pct_1rm.is_some() => 1.0 + pct / 100.0,
        _ => 1.0,
    };
    // What is left in reserve has to be what is stated (S5), whatever is asked for.
    let most = most_pct.min(strength::pct_1rm(goal.max, target.rir.unwrap_or_default()) + 0.02);
    let allowed = factor <= 1.0 || target.pct_1rm.is_none_or(|share| share * factor <= most);
    if factor != 1.0 {
        if allowed {
            target.weight_kg = target.weight_kg.map(|kg| (kg * factor * 100.0).round() / 100.0);
            target.pct_1rm = target.pct_1rm.map(|share| share * factor);
        }
        return;
    }
    let known = target.weight_kg.is_some() || exercise.load != Load::External;
    if known && !keep {
        let by_time = goal.kind == GoalKind::TimeS;
        let max = count(goal.max, pct, by_time);
        *goal = Goal { min: count(goal.min, pct, by_time).min(max), max, ..*goal };
    }
}
