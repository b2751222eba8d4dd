//! The invariants of an adaptation, one function for each.
//!
//! | id | rule |
//! | --- | --- |
//! | A1 | more fatigue, a higher heart rate or more difficulty never gives more load, more sets or shorter rests ([`a1`], on two results); no decision is harder than the rules allow |
//! | A2 | a hold changes nothing; neutral feedback is never more than a hold |
//! | A3 | one step changes the load by −20 to +5 %, the sets that are left by −50 % to +1, rests by 0 to +100 % |
//! | A4 | a heart rate of 95 % of the maximum or a sign is a stop, with advice and without a plan |
//! | S1 | nothing that the profile rules out, or that loads what hurts, is gone on with; of a workout A2 and A3 say so |
//! | A5 | sets that are done are as they were; the session ends at most a tenth later; times are the sums of their parts |
//!
//! A2 lets a model be more careful than the rules after neutral feedback: that is never wrong.

use super::{Violation, check};
use crate::fitness::adaptation::plan::{resize, take_done};
use crate::fitness::adaptation::{Adaptation, AdaptationRequest, Decision, Difficulty, bounds, rules};
use crate::fitness::catalogue;
use crate::fitness::form::{field, text};
use crate::fitness::heart_rate;
use crate::fitness::record::{ToJson, copy};
use crate::fitness::request::AGE;
use crate::fitness::strategy::json;
use crate::fitness::time_budget;
use crate::fitness::workout::{Step, Workout};

/// How many of something are off by rounding at most.
const OFF: f64 = 1.0 + 1e-6;

type Found = Vec<Violation>;

fn broken(found: &mut Found, rule: &'static str, message: &str) {
    found.push(Violation { rule, message: message.to_owned() });
}

/// Everything that is wrong with an adaptation for what was said of a session; nothing when it is correct.
#[must_use]
pub fn check_adaptation(adaptation: &Adaptation, request: &AdaptationRequest) -> Vec<Violation> {
    let mut found = Vec::new();
    let (ceiling, _) = rules::ceiling(&request.signs, request.person());
    if adaptation.decision > ceiling {
        broken(&mut found, "A1", "is harder than the rules allow");
    }
    for rule in [s1, a2, a3, a4, a5] {
        rule(adaptation, request, &mut found);
    }
    found
}

fn s1(adaptation: &Adaptation, request: &AdaptationRequest, found: &mut Found) {
    let Some(exercise) = adaptation.exercise.as_ref().and_then(|now| catalogue::find(&now.exercise_id)) else { return };
    if !request.restrictions().allow(exercise) {
        broken(found, "S1", "goes on with what is ruled out");
    }
}

/// A workout without what of it is done: what was not right in that can not be undone.
fn left(workout: &Workout, request: &AdaptationRequest) -> Workout {
    let (mut left, mut completed) = (copy(workout), request.completed.clone());
    left.blocks.retain(|block| !block.kind.is_main() || take_done(block, &mut completed) < block.rounds);
    left
}

/// What of a workout that goes on is not for the person (S); nothing where nobody said who that is.
#[must_use]
pub fn unfit(workout: &Workout, request: &AdaptationRequest) -> Vec<Violation> {
    if !request.known {
        return Vec::new();
    }
    let mut found = check(&left(workout, request), &request.profile);
    // The warm-up, in which balance is practised, is over, or what is practised was left out.
    found.retain(|violation| violation.rule.starts_with('S') && violation.rule != "S7");
    found
}

/// A1 on the results of one session with feedback that says no more, and with feedback that says more.
#[must_use]
pub fn a1(lower: &Adaptation, higher: &Adaptation) -> Vec<Violation> {
    let mut found = Vec::new();
    if higher.decision > lower.decision {
        broken(&mut found, "A1", "more strain gives a harder decision");
    }
    if higher.decision == Decision::Stop {
        return found;
    }
    let (less, more) = (higher.changes.all(), lower.changes.all());
    if less[..3].iter().zip(&more[..3]).any(|(less, more)| less > more) || less[3] < more[3] {
        broken(&mut found, "A1", "more strain gives more load, more sets or shorter rests");
    }
    if let (Some(less), Some(more)) = (&higher.exercise, &lower.exercise) {
        let kg = |of: Option<f64>| of.unwrap_or_default();
        let harder = kg(less.weight_kg) > kg(more.weight_kg) || less.sets > more.sets || less.rest_s < more.rest_s;
        if harder || (kg(less.weight_kg) == kg(more.weight_kg) && less.reps > more.reps) {
            broken(&mut found, "A1", "more strain makes the exercise harder");
        }
    }
    if let (Some(less), Some(more)) = (&higher.workout, &lower.workout) {
        let (less, more) = (parts(less), parts(more));
        for (step, sets) in &more {
            let (same, left) = match less.iter().find(|(other, _)| other.exercise_id == step.exercise_id) {
                Some((other, left)) => (*other, *left),
                None => continue,
            };
            let kg = |of: &Step| of.target.weight_kg.or(of.target.pct_1rm).unwrap_or_default();
            if left > *sets || same.rest_s < step.rest_s || kg(same) > kg(step) * OFF {
                broken(&mut found, "A1", "more strain makes the plan harder");
            }
        }
    }
    found
}

/// Each exercise of the main part with how many sets of it there are, as it is the last time.
fn parts(workout: &Workout) -> Vec<(&Step, u32)> {
    let mut parts: Vec<(&Step, u32)> = Vec::new();
    for step in workout.blocks.iter().filter(|block| block.kind.is_main()).flat_map(|block| &block.steps) {
        match parts.iter_mut().find(|(known, _)| known.exercise_id == step.exercise_id) {
            Some((known, sets)) => {
                *known = step;
                *sets += step.sets;
            }
            None => parts.push((step, step.sets)),
        }
    }
    parts
}

fn a2(adaptation: &Adaptation, request: &AdaptationRequest, found: &mut Found) {
    let signs = &request.signs;
    let in_zone = match (signs.heart_rate, signs.zone_max_bpm) {
        (Some(bpm), Some(max)) => bpm < max,
        _ => true,
    };
    let neutral = (0.3..0.6).contains(&signs.fatigue) && signs.difficulty == Difficulty::Moderate && in_zone;
    if neutral && adaptation.decision > Decision::Hold {
        broken(found, "A2", "neutral feedback makes it harder");
    }
    if adaptation.decision == Decision::Hold
        && (!same(&adaptation.workout, &request.workout) || adaptation.changes.all() != [0.0; 4])
    {
        broken(found, "A2", "the plan changes without a reason");
    }
    if let (Decision::Hold, Some(now), Some(was)) = (adaptation.decision, &adaptation.exercise, &request.current)
        && (now.sets, now.reps, now.rest_s, now.weight_kg) != (was.sets, was.reps, was.rest_s, was.weight_kg)
    {
        broken(found, "A2", "the exercise changes without a reason");
    }
}

/// Whether two things are the same, as they are read. In JSON, because comparing each type is much code.
fn same(one: &dyn ToJson, other: &dyn ToJson) -> bool {
    json::text(&one.to_json()) == json::text(&other.to_json())
}

/// Whether a number is inside a range of shares of what it was.
fn within(new: f64, old: f64, (least, most): (f64, f64)) -> bool {
    new >= old * least - 1e-6 && new <= old * most * OFF
}

fn a3(adaptation: &Adaptation, request: &AdaptationRequest, found: &mut Found) {
    let limits = [(-20.0, 5.0), (-50.0, 0.0), (-1.0, 1.0), (0.0, 100.0)];
    for ((change, limit), own) in adaptation.changes.all().iter().zip(limits).zip(bounds(adaptation.decision)) {
        if !(limit.0..=limit.1).contains(change) || !(own.0..=own.1).contains(change) {
            broken(found, "A3", "a change is out of the bounds of its decision");
        }
    }
    let fine = |kg: (Option<f64>, Option<f64>), sets: (u32, u32), rest: (u32, u32)| {
        let load = match kg {
            (Some(new), Some(old)) => within(new, old, (0.8, 1.05)),
            (new, old) => new.is_some() == old.is_some(),
        };
        let (new, old) = sets;
        load && new >= old.div_ceil(2) && new <= old + 1 && within(f64::from(rest.0), f64::from(rest.1), (1.0, 2.0))
    };
    if let (Some(now), Some(was)) = (&adaptation.exercise, &request.current) {
        let left = now.sets.saturating_sub(was.sets_done);
        if !fine((now.weight_kg, was.weight_kg), (left, was.sets - was.sets_done), (now.rest_s, was.rest_s)) {
            broken(found, "A3", "the exercise changes too much at once");
        }
    }
    let (Some(new), Some(old)) = (&adaptation.workout, &request.workout) else { return };
    if adaptation.decision == Decision::Hold {
        return;
    }
    let mut completed = request.completed.clone();
    let mut blocks = new.blocks.iter();
    for block in &old.blocks {
        let done = if block.kind.is_main() { take_done(block, &mut completed) } else { block.rounds };
        if done > 0 {
            // What is done is A5's.
            blocks.next();
        }
        if done >= block.rounds {
            continue;
        }
        let now = blocks.next();
        if now.map(|now| now.steps.len()) != Some(block.steps.len()) {
            broken(found, "A3", "a block has other steps");
        }
        for (step, was) in now.iter().flat_map(|now| &now.steps).zip(&block.steps) {
            let kg = |step: &Step| step.target.weight_kg.or(step.target.pct_1rm);
            let same = step.exercise_id == was.exercise_id;
            if !same || !fine((kg(step), kg(was)), (step.sets, block.rounds - done), (step.rest_s, was.rest_s)) {
                broken(found, "A3", "a step changes too much at once");
            }
        }
    }
}

fn a4(adaptation: &Adaptation, request: &AdaptationRequest, found: &mut Found) {
    let limit = 0.95 * heart_rate::max_bpm(request.profile.age.unwrap_or(AGE.0));
    let too_fast = request.signs.heart_rate.is_some_and(|bpm| bpm >= limit);
    let sign = request.signs.symptom || !request.profile.symptoms.is_empty();
    let stop = adaptation.decision == Decision::Stop;
    if (too_fast || sign) && !stop {
        broken(found, "A4", "goes on in spite of a sign or the heart rate");
    }
    let plan = adaptation.workout.is_some() || adaptation.exercise.is_some();
    if stop != (adaptation.status == "stop") || stop == adaptation.recovery.is_null() || (stop && plan) {
        broken(found, "A4", "status, advice and plan disagree about a stop");
    }
    let recovery = &adaptation.recovery;
    if sign && stop && (text(recovery, "kind") != "rest" || field(recovery, "referral").is_none()) {
        broken(found, "A4", "a sign asks for rest and a doctor");
    }
}

fn a5(adaptation: &Adaptation, request: &AdaptationRequest, found: &mut Found) {
    if let (Some(now), Some(was)) = (&adaptation.exercise, &request.current)
        && now.sets < was.sets_done
    {
        broken(found, "A5", "fewer sets than are done");
    }
    let (Some(new), Some(old)) = (&adaptation.workout, &request.workout) else { return };
    if adaptation.decision == Decision::Hold {
        return;
    }
    let mut completed = request.completed.clone();
    let mut blocks = new.blocks.iter();
    for block in &old.blocks {
        if block.kind.is_main() {
            let done = take_done(block, &mut completed);
            let mut was = copy(block);
            resize(&mut was, done);
            if done > 0 && !blocks.next().is_some_and(|now| same(now, &was)) {
                broken(found, "A5", "sets that are done are not as they were");
            }
            if done < block.rounds {
                blocks.next();
            }
        } else if !blocks.next().is_some_and(|now| same(now, block)) {
            broken(found, "A5", "warm-up or cool-down are not as they were");
        }
    }
    if blocks.next().is_some() {
        broken(found, "A5", "there is more than was planned");
    }
    let (now_s, was_s) = (time_budget::total_s(new), time_budget::total_s(old));
    if now_s > was_s + was_s / 10 {
        broken(found, "A5", "ends more than a tenth later");
    }
    let sums = new.blocks.iter().all(|block| block.duration_s == time_budget::block_s(block));
    if !sums || new.totals.duration_s != now_s {
        broken(found, "A5", "times are not the sums of their parts");
    }
}
