//! How to go on in a session, given how it goes.
//!
//! [`rules`] say what is allowed at most; a [`Decision`] has its own bounds for what it changes, and the end of them that
//! is nearer to nothing is what the rules themselves do (house). [`plan`] puts the changes into practice: on the exercise
//! that is being done, and on what is left of the workout. Sets that are done are never touched, and longer rests are paid
//! with fewer sets, so that the session ends when it should, to a tenth.
//!
//! A stop leaves no plan but says what to do now: nothing after a sign, else easy movement below 40 % of the heart-rate
//! reserve (ACSM: light effort), for 5 to 10 minutes (house).

mod leave_out;
pub mod plan;
pub mod request;
pub mod rules;

use super::heart_rate::Zone;
use super::recommendation::substitutes::{Near, alternatives};
use super::record::{Object, ToJson, record};
use super::request::WorkoutRequest;
use super::screening::{Clearance, Screening};
use super::session::selection::is_available;
use super::strategy::{Origin, Task};
use super::words::Condition;
use super::workout::{NOTICE, Workout};
use crate::fitness::catalogue::Exercise;
use crate::value::Value;

pub(in crate::fitness) use leave_out::loads;
pub use request::AdaptationRequest;
pub(in crate::fitness) use rules::reason;
pub use rules::{Decision, Difficulty, Person, Signs};

record! {
    /// What changes, in percent of what was planned, and in sets of each accessory exercise.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Changes {
        /// Of the load; for body weight of the repetitions, one for each 5 %.
        pub load_pct: f64,
        /// Of the sets of every exercise that are left.
        pub sets_pct: f64,
        /// Sets of each exercise for one joint or the trunk.
        pub accessory_sets: f64,
        /// Of the rests.
        pub rest_pct: f64,
    }
}

/// The names of the changes, in the order of [`bounds`].
pub(super) const CHANGES: &str = "load_pct sets_pct accessory_sets rest_pct";

/// How far each decision may change load, sets, accessory sets and rest (house). Inside of A3: load −20 to +5 %, sets −50
/// to +1, rest 0 to +100 %.
static BOUNDS: [[(f64, f64); 4]; 5] = [
    [(0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)],
    [(-20.0, -10.0), (-50.0, -33.0), (-1.0, -1.0), (50.0, 100.0)],
    [(-20.0, -5.0), (-33.0, 0.0), (-1.0, -1.0), (30.0, 100.0)],
    [(0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)],
    [(2.5, 5.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)],
];

/// How far a decision may change load, sets, accessory sets and rest.
#[must_use]
pub fn bounds(decision: Decision) -> &'static [(f64, f64); 4] {
    &BOUNDS[decision as usize]
}

impl Changes {
    /// What the rules change: the end of the bounds that is nearer to nothing.
    #[must_use]
    pub fn of(decision: Decision) -> Self {
        Self::from(bounds(decision).map(|(min, max)| if max <= 0.0 { max } else { min }))
    }

    /// In the order of [`bounds`].
    #[must_use]
    pub fn all(&self) -> [f64; 4] {
        [self.load_pct, self.sets_pct, self.accessory_sets, self.rest_pct]
    }
}

impl From<[f64; 4]> for Changes {
    fn from([load_pct, sets_pct, accessory_sets, rest_pct]: [f64; 4]) -> Self {
        Self { load_pct, sets_pct, accessory_sets, rest_pct }
    }
}

record! {
    /// The exercise that is being done, as it goes on.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Adapted {
        /// Its id in the catalogue.
        pub exercise_id: String,
        /// Its name there.
        pub name: String,
        /// How many sets in all, those that are done included.
        pub sets: u32,
        /// Repetitions of each set that is left; seconds for what is done by time.
        pub reps: u32,
        /// The weight of each set that is left.
        pub weight_kg = "weight_kg?": Option<f64>,
        /// The pause after each set that is left.
        pub rest_s: u32,
        /// What changes in place of a weight, or with it.
        pub how: String,
    }
}

record! {
    /// How to go on.
    #[derive(Clone, Debug)]
    pub struct Adaptation {
        /// `ok`, or `stop`.
        pub status: String,
        /// Whose session it is.
        pub user_id: String,
        /// The workout that was named, or given.
        pub workout_id = "workout_id?": Option<String>,
        /// What becomes of the session.
        pub decision: Decision,
        /// What the rules allow at most.
        pub ceiling: Decision,
        /// Why: `[{ rule, message }]`.
        pub reasons: Value,
        /// What changes.
        pub changes: Changes,
        /// The exercise that is being done, where it goes on.
        pub exercise = "exercise?": Option<Adapted>,
        /// The workout: what is done as it was, what is left as it goes on, without what the person should not do. Not there
        /// after a stop.
        pub workout = "workout?": Option<Workout>,
        /// What to do now, after a stop: `{ kind, max_bpm?, advice, referral? }`. `kind` is `rest`, or `active` for easy
        /// movement below `max_bpm`; `referral` says who should see the person.
        pub recovery = "recovery?": Value,
        /// What to do instead of what is left out: `[{ exercise_id, name, options }]`.
        pub alternatives = "alternatives?": Value,
        /// Where it came from.
        pub provenance: Value,
        /// What it is not.
        pub notice: String,
    }
}

impl Adaptation {
    /// Its JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        ToJson::to_json(self)
    }
}

/// What the rules make of a session.
#[must_use]
pub fn adapt(request: &AdaptationRequest) -> Adaptation {
    let (ceiling, reasons) = rules::ceiling(&request.signs, request.person());
    decided(request, ceiling, ceiling, reasons, Changes::of(ceiling), &Origin::offline())
}

/// A stop, because the workout is not for this person.
#[must_use]
pub fn refuse(request: &AdaptationRequest) -> Adaptation {
    let reasons = vec![reason(UNFIT.0, UNFIT.1)].to_json();
    decided(request, Decision::Stop, Decision::Stop, reasons, Changes::default(), &Origin::offline())
}

/// The rule of a workout that was made for somebody else, and why it is a stop.
pub(super) const UNFIT: (&str, &str) = ("workout:unfit", "This workout is not for this person: have a new one made.");

/// A stop, whatever the rules allow.
#[must_use]
pub fn recover(request: &AdaptationRequest) -> Adaptation {
    let (ceiling, mut reasons) = rules::ceiling(&request.signs, request.person());
    if ceiling > Decision::Stop {
        reasons = vec![reason("asked", "It was asked to stop here.")].to_json();
    }
    decided(request, ceiling, Decision::Stop, reasons, Changes::default(), &Origin::offline())
}

/// The adaptation that follows from a decision and its changes.
#[inline(never)]
pub(super) fn decided(
    request: &AdaptationRequest,
    ceiling: Decision,
    decision: Decision,
    reasons: Value,
    changes: Changes,
    origin: &Origin,
) -> Adaptation {
    let stop = decision == Decision::Stop;
    let workout = request.workout.as_ref().filter(|_| !stop);
    Adaptation {
        status: if stop { "stop" } else { "ok" }.to_owned(),
        user_id: request.user_id.clone(),
        workout_id: request.workout_id.clone().or(request.workout.as_ref().map(|workout| workout.workout_id.clone())),
        decision,
        ceiling,
        reasons,
        changes,
        exercise: request.current.as_ref().filter(|_| !stop).map(|current| plan::exercise(current, &changes)),
        workout: workout.map(|workout| plan::workout(workout, request, decision, &changes)),
        recovery: if stop { recovery(request) } else { Value::Null },
        alternatives: instead(request).map(|list| list.to_json()).unwrap_or_default(),
        provenance: origin.provenance(Task::Adaptation),
        notice: NOTICE.to_owned(),
    }
}

fn recovery(request: &AdaptationRequest) -> Value {
    let screening = Screening::of(&request.profile);
    let rest = request.signs.symptom || screening.clearance == Clearance::Stop;
    recover_by(rest, easy_bpm(&request.profile, request.signs.resting_bpm), &screening.reasons)
}

/// Where light effort ends, in beats a minute, where that can be known.
pub(super) fn easy_bpm(profile: &WorkoutRequest, resting_bpm: Option<f64>) -> Option<u32> {
    let age = profile.age.filter(|_| !profile.conditions.contains(Condition::BetaBlocker))?;
    Some(Zone::Light.end_bpm(age, resting_bpm) as u32)
}

/// What to do now: rest and a doctor, or easy movement. `reasons` are those of screening.
pub(super) fn recover_by(rest: bool, easy_bpm: Option<u32>, reasons: &[String]) -> Value {
    let (kind, advice): (&str, &[&str]) = if rest {
        (
            "rest",
            &[
                "Stop now, and sit or lie down.",
                "Call the emergency number when it does not pass within minutes, or with chest pain or fainting.",
                "Do not train again before a doctor has cleared it.",
            ],
        )
    } else {
        (
            "active",
            &[
                "Stop lifting. Walk or move easily for 5 to 10 minutes: you could keep talking.",
                "Drink something, and stretch what was trained.",
                "Call it a day; next time start a little lighter.",
            ],
        )
    };
    let mut why = reasons.to_vec();
    if rest && why.is_empty() {
        why.push("A sign while training: see a doctor before any more of it.".to_owned());
    }
    let clearance = rest.then_some(Clearance::Stop.as_str());
    let referral = (!why.is_empty()).then(|| Object("clearance? reasons", &[&clearance, &why]).to_json());
    let max_bpm = easy_bpm.filter(|_| !rest);
    Object("kind max_bpm? advice referral?", &[&kind, &max_bpm, &advice.to_vec(), &referral]).to_json()
}

/// What to do instead of what is left out; nothing when nothing is, and nothing hurts.
#[must_use]
pub fn instead(request: &AdaptationRequest) -> Option<Vec<Value>> {
    if request.pain.is_empty() && request.left_out.is_empty() {
        return None;
    }
    let restrictions = request.restrictions();
    let mut steps: Vec<&str> = Vec::new();
    if let Some(workout) = &request.workout {
        for block in &workout.blocks {
            steps.extend(block.steps.iter().map(|step| step.exercise_id.as_str()));
        }
    }
    let allowed = |other: &Exercise| {
        !steps.contains(&other.id.as_str())
            && is_available(other, &request.profile, request.profile.equipment, &restrictions)
    };
    let mut found: Vec<Value> = Vec::new();
    for exercise in &request.left_out {
        let options = alternatives(exercise, Near::Movement, &allowed);
        found.push(Object("exercise_id name options", &[&exercise.id, &exercise.name, &options]).to_json());
    }
    Some(found)
}
