//! The next target of an exercise, from what was done.
//!
//! Double progression: repetitions first, then load. When two sessions in a row end with two repetitions more than the
//! range asks for, 2 to 10 % of load are added, in the steps in which the equipment comes (ACSM 2009, the 2-for-2 rule);
//! a reserve above or below the one that is asked for counts as repetitions (RPE = 10 − RIR). Never more than 10 % at
//! once. Load is taken off, 5 to 10 %, for a reason only (house): repetitions missed in two sessions in a row, or four
//! weeks without the exercise; and as far as a medical cap asks (S6).

use super::contraindications::Restrictions;
use super::history::{Done, DoneSet, Feeling};
use super::prescription::Row;
use super::record::record;
use super::request::WorkoutRequest;
use super::session::dose::{Dose, increment_kg};
use super::words::Load;
use super::workout::GoalKind;
use crate::number;

record! {
    /// What to do next of an exercise.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Progress {
        /// The exercise.
        pub exercise_id: String,
        /// Its name.
        pub name: String,
        /// What decided: `two_for_two`, `hold`, `missed_twice`, `layoff`, `step_too_large`, `medical_cap`,
        /// `repetitions`, `harder_variant`, `not_now`.
        pub rule: String,
        /// Why, for people.
        pub reason: String,
        /// What is counted.
        pub goal: GoalKind,
        /// The load; not there when there was none, or when it is not for now.
        pub weight_kg = "weight_kg?": Option<f64>,
        /// Repetitions, or seconds, to work from; not there when it is not for now.
        pub reps_min = "reps_min?": Option<u32>,
        /// Repetitions, or seconds, to work up to.
        pub reps_max = "reps_max?": Option<u32>,
        /// How many repetitions to keep in reserve.
        pub rir = "rir?": Option<u32>,
        /// The load of the last session.
        pub last_weight_kg: Option<f64>,
        /// The one-repetition maximum of the last session that tells one (Epley, at most ten repetitions).
        pub estimated_1rm_kg: Option<f64>,
        /// How that changed over the sessions of six weeks, in percent.
        pub trend_pct: Option<f64>,
        /// `up`, `flat` (within 2 %, house) or `down`; not there without a trend.
        pub trend = "trend?": Option<String>,
    }
}

/// Days without an exercise after which it starts again lower.
const LAYOFF_DAYS: f64 = 28.0;

/// The sets of a session at its working weight, to 10 % (the lighter ones warm up), and that weight; all sets and 0
/// without a weight.
fn working(done: &Done) -> (Vec<DoneSet>, f64) {
    let mut weight_kg = 0.0;
    for set in &done.sets {
        weight_kg = f64::max(weight_kg, set.weight_kg.unwrap_or(0.0));
    }
    let mut sets = Vec::new();
    for set in &done.sets {
        if set.weight_kg.unwrap_or(0.0) >= 0.9 * weight_kg {
            sets.push(*set);
        }
    }
    (sets, weight_kg)
}

/// The best one-repetition maximum that a session tells.
fn one_rm_kg(done: &Done) -> Option<f64> {
    let mut best = None;
    for kg in done.sets.iter().filter_map(DoneSet::one_rm_kg) {
        best = Some(f64::max(kg, best.unwrap_or(0.0)));
    }
    best
}

/// To two decimals.
fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// What follows from the sessions of one exercise, the latest first; nothing from none.
pub(super) fn next(
    sessions: &[Done],
    request: &WorkoutRequest,
    row: &Row,
    restrictions: &Restrictions,
    allowed: bool,
) -> Option<Progress> {
    let last = sessions.first()?;
    let exercise = last.exercise;
    let dose = Dose::of(exercise, row, restrictions, request);
    let (least, most) = (dose.goal.min, dose.goal.max);
    let (_, weight_kg) = working(last);
    let (mut best, mut first) = (None, None);
    for done in sessions {
        let kg = one_rm_kg(done);
        if best.is_none() {
            best = kg;
        } else if done.days_ago - last.days_ago <= 42.0 {
            first = kg.or(first);
        }
    }
    let trend_pct = best.zip(first).map(|(best, first)| rounded((best / first - 1.0) * 100.0));
    let trend = |pct: f64| {
        if pct > 2.0 {
            "up"
        } else if pct < -2.0 {
            "down"
        } else {
            "flat"
        }
        .to_owned()
    };

    // What both of the last two sessions say.
    let (mut over, mut missed) = (sessions.len() > 1, sessions.len() > 1);
    for done in sessions.iter().take(2) {
        let (sets, kg) = working(done);
        let able = |set: &DoneSet| set.reps + set.rir.unwrap_or(0);
        let asked = dose.target.rir.unwrap_or(0);
        // Without a word about it, the reserve was as asked.
        let more = |set: &DoneSet, reps: u32| able(set) >= reps + set.rir.map_or(0, |_| asked);
        over &= sets.last().is_some_and(|set| more(set, most + 2))
            && sets.iter().all(|set| more(set, most))
            && kg >= weight_kg - 1e-9
            && done.feeling != Some(Feeling::TooHard);
        missed &= (sets.iter().any(|set| set.reps < least && !more(set, least))
            || done.feeling == Some(Feeling::TooHard))
            && kg <= weight_kg + 1e-9;
    }
    let step = increment_kg(exercise);
    let loaded = exercise.load == Load::External && weight_kg > 0.0 && dose.goal.kind == GoalKind::Reps;
    let up_kg = (weight_kg * 1.02 / step - 1e-9).ceil() * step;
    let down_kg = (weight_kg * 0.95 / step + 1e-9).floor() * step;
    let can_go_down = down_kg >= weight_kg * 0.9 - 1e-9 && down_kg > 0.0;
    let is_back = last.days_ago > LAYOFF_DAYS;
    let (mut rule, mut reason, mut target_kg) = if !loaded {
        if over && !is_back {
            (
                "harder_variant",
                "Two sessions went beyond the range: slow the lowering, or take a harder variant.",
                weight_kg,
            )
        } else {
            ("repetitions", "Add a repetition, or a few seconds, where the last session allowed it.", weight_kg)
        }
    } else if is_back && can_go_down {
        ("layoff", "Four weeks without it: start a little lower.", down_kg)
    } else if missed && can_go_down {
        ("missed_twice", "Two sessions stayed below the range: take some load off and build up again.", down_kg)
    } else if over && !is_back {
        if up_kg <= weight_kg * 1.1 + 1e-9 {
            (
                "two_for_two",
                "Two sessions in a row allowed two repetitions more: add load, start at the lower end.",
                up_kg,
            )
        } else {
            (
                "step_too_large",
                "The next weight is more than 10 % heavier: add repetitions or slow down first.",
                weight_kg,
            )
        }
    } else {
        ("hold", "Keep the load and work up to the upper end in every set.", weight_kg)
    };
    // A medical cap is about a share of the maximum.
    let cap_kg = row.pct.1 * best.unwrap_or(0.0);
    if loaded && cap_kg > 0.0 && restrictions.caps.pct_1rm_max.is_some() && target_kg > cap_kg {
        (rule, reason) = ("medical_cap", "No more than the share of the maximum that is allowed now.");
        target_kg = (cap_kg / step).floor() * step;
    }
    if !allowed {
        (rule, reason) = ("not_now", "Not with the equipment, the level, an injury or a pain of today.");
    }
    let shown = |number: u32| allowed.then_some(number);
    let mut text = reason.to_owned();
    if allowed && target_kg > 0.0 && target_kg != weight_kg {
        text.push_str(" From ");
        text.push_str(&number::format(weight_kg));
        text.push_str(" kg to ");
        text.push_str(&number::format(target_kg));
        text.push_str(" kg.");
    }
    Some(Progress {
        exercise_id: exercise.id.clone(),
        name: exercise.name.clone(),
        rule: rule.to_owned(),
        reason: text,
        goal: dose.goal.kind,
        weight_kg: Some(target_kg).filter(|kg| allowed && *kg > 0.0),
        reps_min: shown(least),
        reps_max: shown(most),
        rir: dose.target.rir.filter(|_| allowed),
        last_weight_kg: Some(weight_kg).filter(|kg| *kg > 0.0),
        estimated_1rm_kg: best.map(rounded),
        trend_pct,
        trend: trend_pct.map(trend),
    })
}
