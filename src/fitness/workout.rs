//! What a workout is: blocks of steps, in a shape that maps onto Health Connect, WorkoutKit and Garmin FIT.
//!
//! Every quantity has its unit in its name. A workout is plain data: the coach writes it, the checker reads it, and a
//! model's answer becomes one before it is trusted.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;

use super::adaptation::request::figures;
pub use super::figures::Figures;
use super::form::field;
use super::reader::{At, Reader};
use super::record::{FromJson, ToJson, record};
use super::words::{Focus, Level, Pattern, words};
use crate::error::{Code, Error, Problem};
use crate::value::Value;

/// What every workout says of itself.
pub const NOTICE: &str = "General information for healthy adults, not medical advice. Stop at pain, dizziness or chest \
                          discomfort, and ask a doctor when in doubt.";

/// The most blocks of a workout that are read (house).
const BLOCKS: usize = 200;

record! {
    /// A workout.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Workout {
        /// Whether there is something to do.
        pub status: Status,
        /// A function of the request, and of what a model chose: the same ones have the same id.
        pub workout_id: String,
        /// Whose it is.
        pub user_id: String,
        /// A line to show.
        pub title: String,
        /// What it is for.
        pub focus: Focus,
        /// For whom.
        pub level: Level,
        /// How long it was asked to take.
        pub duration_min: u32,
        /// What to do, in order. Empty when `status` is `referral`.
        pub blocks: Vec<Block>,
        /// Sums over the blocks.
        pub totals: Totals,
        /// What the person should know.
        pub warnings: Vec<Warning>,
        /// Who should see the person first, or too.
        pub referral = "referral?": Option<Referral>,
        /// What a model says of its choice; not there when no model chose.
        pub insight = "insight?": Option<Insight>,
        /// Where it came from.
        pub provenance: Provenance,
        /// What it is not.
        pub notice: String,
    }
}

impl Workout {
    /// Reads a workout from its JSON. Keys that are not known are passed over.
    ///
    /// # Errors
    /// `workout.invalid` with everything that is missing or of the wrong type.
    pub fn from_json(json: &Value) -> Result<Self, Error> {
        let (workout, problems) = Self::read_at(Some(json), &At::Pointer(""));
        if problems.is_empty() {
            Ok(workout)
        } else {
            Err(Error::invalid(Code::WorkoutInvalid, "the workout", problems))
        }
    }

    /// Its JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        ToJson::to_json(self)
    }

    /// What can be read of a workout, and what is wrong with it.
    pub(super) fn read_at(json: Option<&Value>, at: &At<'_>) -> (Self, Vec<Problem>) {
        let mut reader = Reader::default();
        let mut workout = Self::blank();
        let blocks = json.and_then(|json| field(json, "blocks")).and_then(Value::as_list).unwrap_or_default();
        if blocks.len() > BLOCKS {
            reader.problem(&At::Key(at, "blocks"), "has more blocks than a workout may have");
            return (workout, reader.problems);
        }
        workout.read(json, at, &mut reader);
        if !workout.is_real() {
            reader.problem(at, "has figures that no workout has");
        }
        (workout, reader.problems)
    }

    /// Whether it is small enough to reckon with: no sum overflows, no weight is negative.
    pub(super) fn is_real(&self) -> bool {
        let mut sum = 0.0;
        for block in &self.blocks {
            sum += f64::from(block.setup_s) + f64::from(block.rounds);
            for step in &block.steps {
                let pause = step.rest_s.max(step.recovery_s.unwrap_or_default()).max(step.sets).max(step.work_s);
                let set = figures(&step.goal, &step.target) * f64::from(step.tempo_s.unwrap_or(1)).max(1.0) * 2.0;
                sum += 2e4 + (set + f64::from(pause)) * f64::from(block.rounds).max(1.0);
            }
        }
        // A session of months with a few hundred steps, and no NaN.
        (0.0..1e7).contains(&sum)
    }
}

impl Serialize for Workout {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Json::from(&self.to_json()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Workout {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_json(&Value::from(&Json::deserialize(deserializer)?)).map_err(serde::de::Error::custom)
    }
}

words! {
    /// Whether there is something to do.
    Status {
        Ok = "ok", "A complete session.";
        LightOnly = "light_only", "Light effort only, until a doctor has cleared more.";
        Referral = "referral", "Nothing to do but to see a doctor.";
    }
}

words! {
    /// What a block is.
    BlockKind {
        WarmUp = "warm_up", "Raising, mobilising, ramping up.";
        Main = "main", "One exercise, set after set.";
        Superset = "superset", "Two exercises in turn, each resting while the other works.";
        Circuit = "circuit", "Several exercises in turn.";
        Intervals = "intervals", "Work and recovery by time.";
        Conditioning = "conditioning", "Steady work for heart and lungs.";
        CoolDown = "cool_down", "Stretching.";
    }
}

impl BlockKind {
    /// Whether it is part of the work between warm-up and cool-down.
    #[must_use]
    pub fn is_main(self) -> bool {
        !matches!(self, Self::WarmUp | Self::CoolDown)
    }
}

record! {
    /// Steps that belong together: all of them in order, `rounds` times.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Block {
        /// What it is.
        pub kind: BlockKind,
        /// How often its steps are gone through.
        pub rounds: u32,
        /// Getting there and setting up, before the first set.
        pub setup_s: u32,
        /// All of it, by [`time_budget::block_s`](super::time_budget::block_s).
        pub duration_s: u32,
        /// What to do in a round.
        pub steps: Vec<Step>,
        /// Where it came from.
        pub provenance: BlockProvenance,
    }
}

record! {
    /// One exercise in a block.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Step {
        /// Its id in the catalogue, which is that of free-exercise-db.
        pub exercise_id: String,
        /// Its name there.
        pub name: String,
        /// The movement it trains.
        pub pattern: Pattern,
        /// The part of the session.
        pub phase: Phase,
        /// What kind of set.
        pub set_type: SetType,
        /// How many sets in the whole block.
        pub sets: u32,
        /// When a set is done. Of each side when `per_side`.
        pub goal: Goal,
        /// How hard, by whatever can be known.
        pub target: Target,
        /// How hard, in one word.
        pub intensity: Intensity,
        /// Seconds a repetition takes, for a goal in repetitions.
        pub tempo_s = "tempo_s?": Option<u32>,
        /// Whether a set is done on each side.
        pub per_side: bool,
        /// Seconds of work in a set, both sides together.
        pub work_s: u32,
        /// Pause after each set, before whatever comes next in the block; not after the last set of the block.
        pub rest_s: u32,
        /// From the end of a set of this exercise to the start of its next: `rest_s` alone, or the partner's set and both
        /// pauses in a superset. This is the rest that a prescription means.
        pub recovery_s = "recovery_s?": Option<u32>,
        /// One line of coaching.
        pub cue: String,
        /// Why a model chose it, in its words: plain text.
        pub rationale = "rationale?": Option<String>,
    }
}

record! {
    /// What a model says of its choice, in its words: plain text, and no part of what is checked.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Insight {
        /// Why this session.
        pub analysis: String,
        /// What to think of while training.
        pub cues: Vec<String>,
        /// What to be careful with. What the coach itself warns of is in the workout's `warnings`.
        pub warnings: Vec<String>,
    }
}

words! {
    /// The part of the session a step belongs to.
    Phase {
        WarmUp = "warm_up", "Before.";
        Main = "main", "The work.";
        CoolDown = "cool_down", "After.";
    }
}

words! {
    /// What kind of set it is.
    SetType {
        WarmUp = "warm_up", "Easy movement.";
        RampUp = "ramp_up", "A light set of a lift that follows.";
        Working = "working", "A set that counts.";
        CoolDown = "cool_down", "Easy holding.";
    }
}

record! {
    /// When a set is done.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Goal {
        /// What is counted.
        pub kind = "type": GoalKind,
        /// The least.
        pub min: u32,
        /// The most. Time is planned with it.
        pub max: u32,
    }
}

words! {
    /// What a goal counts.
    GoalKind {
        Reps = "reps", "Repetitions.";
        TimeS = "time_s", "Seconds.";
    }
}

record! {
    /// How hard. What cannot be known is absent: no weight is invented.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Target {
        /// The weight, when the one-repetition maximum is known.
        pub weight_kg = "weight_kg?": Option<f64>,
        /// The share of the one-repetition maximum, for a load that can be chosen.
        pub pct_1rm = "pct_1rm?": Option<f64>,
        /// Repetitions in reserve.
        pub rir = "rir?": Option<u32>,
        /// Perceived exertion on the lifting scale, 10 − RIR; for work by time, of ten.
        pub rpe = "rpe?": Option<u32>,
        /// Heart rate.
        pub hr_zone = "hr_zone?": Option<HrZone>,
    }
}

record! {
    /// A range of heart rate.
    #[derive(Clone, Debug, PartialEq)]
    pub struct HrZone {
        /// Its name.
        pub name: String,
        /// Beats a minute it starts at.
        pub min_bpm: u32,
        /// Beats a minute it ends before.
        pub max_bpm: u32,
    }
}

words! {
    /// How hard, in one word.
    Intensity {
        Light = "light", "RPE up to 3.";
        Moderate = "moderate", "RPE 4 to 6.";
        Hard = "hard", "RPE 7 and above.";
    }
}

impl Intensity {
    /// The word for a rating of perceived exertion (ACSM: moderate is 5 to 6 of 10; 4 counts to it here, house).
    #[must_use]
    pub fn at_rpe(rpe: u32) -> Self {
        match rpe {
            0..=3 => Self::Light,
            4..=6 => Self::Moderate,
            _ => Self::Hard,
        }
    }
}

record! {
    /// Sums over the blocks.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Totals {
        /// The whole session.
        pub duration_s: u32,
        /// Working sets.
        pub sets: u32,
        /// Energy above rest; `null` when the body weight is not known.
        pub kcal_net: Option<f64>,
        /// Fractional working sets: primary 1, secondary ½.
        pub sets_per_muscle: Figures,
    }
}

record! {
    /// Something the person should know.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Warning {
        /// What kind: `pattern_unavailable`, `pattern_skipped`, `pattern_other_day`, `load_limited`, `restriction`, `referral`, `effort_capped`,
        /// `prescription_changed`, `time_filled`, `target_skipped`; of a programme also `volume_low`, `balance_off`,
        /// `session_shortened`, `phase_changed`; of a group `focus_changed`, `excluded`, `station_varied`, `steady_varied`.
        pub code: String,
        /// What to know.
        pub message: String,
        /// The movement it is about.
        pub pattern = "pattern?": Option<Pattern>,
    }
}

record! {
    /// Who should see the person.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Referral {
        /// How much training is allowed until then: the names of [`Clearance`](super::screening::Clearance).
        pub clearance: String,
        /// Why.
        pub reasons: Vec<String>,
    }
}

record! {
    /// Where a workout came from.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Provenance {
        /// Who built it: `offline-coach`, or a model's provider.
        pub provider: String,
        /// Its version.
        pub version: String,
        /// The model; `null` for the offline coach.
        pub model: Option<String>,
        /// How far down the fallback chain it was built.
        pub fallback_level: u32,
        /// How often a model was asked to mend its answer. Not said by who does not know of it.
        pub repairs: Option<u32>,
        /// Which cache the model's answer came from: `exact`, `normalised` or `stale`; `null` when it was asked.
        pub cache: Option<String>,
        /// What the choices between equals depended on.
        pub seed: u32,
        /// The focus of the prescription row that was used.
        pub prescription: Focus,
        /// What decided something, each with the id of its rule.
        pub rules: Vec<String>,
        /// What the numbers rest on.
        pub sources: Vec<String>,
    }
}

record! {
    /// Where a block came from.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct BlockProvenance {
        /// Who built it.
        pub provider: String,
        /// The model; `null` for the offline coach.
        pub model: Option<String>,
        /// How far down the fallback chain it was built.
        pub fallback_level: u32,
        /// What decided something.
        pub rules: Vec<String>,
    }
}
