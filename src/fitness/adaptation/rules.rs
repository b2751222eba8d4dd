//! What may become of a session, given how it goes: a table of rules, all of them house.
//!
//! Stop at a red-flag sign, at 95 % of the maximal heart rate (Tanaka 2001) or at a fatigue of 0.9; much less from 0.8, "too
//! hard" or RPE 9.5; less from 0.6, "hard" or above the planned zone; more below 0.3 when it is easy and two more than
//! planned are left in reserve. The most careful rule that applies decides. So more fatigue, a higher heart rate or more
//! difficulty never allows more. A beta blocker hides that the heart rate is too high for the zone, so the zone is not
//! looked at; the limit is kept.
//!
//! Until a doctor has cleared more, light effort ends with its zone, and what is vigorous is a stop; moderate effort ends
//! with its own. Of somebody who does not say their age it is only known that they are grown up: what is too fast at 18 is
//! too fast for everybody.

use crate::fitness::form::{figure, list, text};
use crate::fitness::heart_rate::{self, Zone};
use crate::fitness::record::{Object, ToJson};
use crate::fitness::request::{AGE, WorkoutRequest};
use crate::fitness::screening::{Clearance, Screening};
use crate::fitness::words::{Condition, Word, words};
use crate::value::Value;

words! {
    /// What becomes of a session, from careful to hard.
    Decision {
        Stop = "stop", "Stop, and see somebody when it was a sign.";
        StrongCut = "strong_cut", "Much less.";
        Cut = "cut", "Less.";
        Hold = "hold", "As planned.";
        Progress = "progress", "More.";
    }
    /// How hard it is found.
    Difficulty {
        Easy = "easy", "More would go.";
        Moderate = "moderate", "As it should be; also what counts when nothing was said.";
        Hard = "hard", "A little less, please.";
        TooHard = "too_hard", "It does not go on like this.";
    }
}

/// The words of [`Difficulty`] for a form.
pub(in crate::fitness) const DIFFICULTIES: &str = "easy moderate hard too_hard";

/// How a session goes.
#[derive(Clone, Debug)]
pub struct Signs {
    /// From 0 to 1.
    pub fatigue: f64,
    /// How hard it is found.
    pub difficulty: Difficulty,
    /// Beats a minute.
    pub heart_rate: Option<f64>,
    /// Where the planned zone ends.
    pub zone_max_bpm: Option<f64>,
    /// Beats a minute at rest.
    pub resting_bpm: Option<f64>,
    /// Perceived exertion of ten.
    pub rpe: Option<f64>,
    /// Repetitions that were left in reserve.
    pub rir: Option<f64>,
    /// How many should have been.
    pub target_rir: Option<f64>,
    /// Whether there is a red-flag sign.
    pub symptom: bool,
    /// Whether something hurts.
    pub pain: bool,
    /// Whether what was planned has something that the person should not do.
    pub left_out: bool,
}

/// The fatigue of somebody who says nothing of it (house): between neutral and neutral.
pub(in crate::fitness) const FATIGUE: f64 = 0.45;

impl Signs {
    /// What is said of how it goes, by numbers and by words.
    pub(in crate::fitness) fn read(performance: &Value, feedback: &Value) -> Self {
        let of = |key: &str| figure(performance, key);
        Self {
            fatigue: of("fatigue").unwrap_or(FATIGUE),
            difficulty: Difficulty::from_name(text(feedback, "difficulty")).unwrap_or(Difficulty::Moderate),
            heart_rate: of("heartRate"),
            zone_max_bpm: of("zoneMaxBpm"),
            resting_bpm: of("restingHeartRate"),
            rpe: of("rpe"),
            rir: of("rir"),
            target_rir: of("targetRir"),
            symptom: !list(feedback, "symptoms").is_empty(),
            pain: !list(feedback, "pain").is_empty(),
            left_out: false,
        }
    }
}

/// Why, as it is told: the id of the rule, and in words.
pub(in crate::fitness) fn reason(rule: &str, message: &str) -> Value {
    Object("rule message", &[&rule, &message]).to_json()
}

/// A person, as the rules see them.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// The highest heart rate to go to: 95 % of the maximum by age, or where vigorous effort begins.
    pub limit_bpm: Option<f64>,
    /// Where the effort ends that is cleared.
    pub cleared_bpm: Option<f64>,
    /// Whether a beta blocker hides the heart rate.
    pub hidden: bool,
    /// The most that screening allows.
    pub most: Decision,
}

impl Person {
    /// What of a profile matters here, and the heart rate at rest.
    #[must_use]
    pub fn of(profile: &WorkoutRequest, resting_bpm: Option<f64>) -> Self {
        let clearance = Screening::of(profile).clearance;
        let age = profile.age.unwrap_or(AGE.0);
        let hidden = profile.conditions.contains(Condition::BetaBlocker);
        let end = |zone: Zone| zone.end_bpm(age, resting_bpm);
        let mut limit_bpm = 0.95 * heart_rate::max_bpm(age);
        let cleared_bpm = match clearance {
            _ if hidden => None,
            Clearance::LightOnly => {
                limit_bpm = limit_bpm.min(end(Zone::Moderate));
                Some(end(Zone::Light))
            }
            Clearance::Moderate => Some(end(Zone::Moderate)),
            _ => None,
        };
        let most = match clearance {
            Clearance::Stop => Decision::Stop,
            Clearance::LightOnly => Decision::Hold,
            _ => Decision::Progress,
        };
        Self { limit_bpm: Some(limit_bpm), cleared_bpm, hidden, most }
    }
}

/// The id of a rule, what it asks for, why, and when it applies.
type Rule = (&'static str, Decision, &'static str, fn(&Signs, Person) -> bool);

/// Whether a number reaches a limit, where both are known.
fn reaches(number: Option<f64>, limit: Option<f64>) -> bool {
    number.zip(limit).is_some_and(|(number, limit)| number >= limit)
}

static RULES: [Rule; 14] = [
    ("sign:symptom", Decision::Stop, "A red-flag sign: nothing else counts.", |signs, _| signs.symptom),
    ("screening:stop", Decision::Stop, "A doctor should be asked before any training.", |_, person| {
        person.most == Decision::Stop
    }),
    ("heart_rate:max", Decision::Stop, "The heart rate is at its limit or above.", |signs, person| {
        reaches(signs.heart_rate, person.limit_bpm)
    }),
    ("fatigue:0.9", Decision::Stop, "Too tired to go on.", |signs, _| signs.fatigue >= 0.9),
    ("fatigue:0.8", Decision::StrongCut, "Very tired.", |signs, _| signs.fatigue >= 0.8),
    ("difficulty:too_hard", Decision::StrongCut, "It is too hard.", |signs, _| signs.difficulty == Difficulty::TooHard),
    ("rpe:9.5", Decision::StrongCut, "Nearly nothing is left in reserve.", |signs, _| reaches(signs.rpe, Some(9.5))),
    ("fatigue:0.6", Decision::Cut, "Tired.", |signs, _| signs.fatigue >= 0.6),
    ("difficulty:hard", Decision::Cut, "It is hard.", |signs, _| signs.difficulty == Difficulty::Hard),
    ("heart_rate:zone", Decision::Cut, "The heart rate is above the planned zone.", |signs, person| {
        !person.hidden && reaches(signs.heart_rate, signs.zone_max_bpm)
    }),
    ("heart_rate:cleared", Decision::Cut, "The heart rate is above what is cleared.", |signs, person| {
        reaches(signs.heart_rate, person.cleared_bpm)
    }),
    ("screening:light_only", Decision::Hold, "No more than planned: health comes first.", |_, person| {
        person.most == Decision::Hold
    }),
    ("sign:pain", Decision::Hold, "Something hurts: no more than planned, and nothing that loads it.", |signs, _| {
        signs.pain
    }),
    ("restriction:left_out", Decision::Hold, "What should not be done is left out.", |signs, _| signs.left_out),
];

/// What the rules allow at most, and why.
pub(in crate::fitness) fn ceiling(signs: &Signs, person: Person) -> (Decision, Value) {
    let easy = signs.fatigue < 0.3
        && signs.difficulty == Difficulty::Easy
        && reaches(signs.rir, signs.target_rir.map(|target| target + 2.0));
    let mut ceiling = if easy { Decision::Progress } else { Decision::Hold };
    let mut reasons: Vec<Value> = Vec::new();
    for (rule, decision, why, applies) in &RULES {
        if *decision <= ceiling && applies(signs, person) {
            ceiling = *decision;
            reasons.push(reason(rule, why));
        }
    }
    if ceiling == Decision::Progress {
        reasons.push(reason("easy", "It is easy, and more than planned is left in reserve."));
    } else if reasons.is_empty() {
        reasons.push(reason("neutral", "It goes as planned."));
    }
    (ceiling, reasons.to_json())
}
