//! What a workout is: blocks of steps, in a shape that maps onto Health Connect, WorkoutKit and Garmin FIT.
//!
//! Every quantity has its unit in its name. A workout is plain data: the coach writes it, the checker reads it, and a
//! model's answer becomes one before it is trusted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::words::{Focus, Level, Pattern};

/// What every workout says of itself.
pub const NOTICE: &str = "General information for healthy adults, not medical advice. Stop at pain, dizziness or chest \
                          discomfort, and ask a doctor when in doubt.";

/// A workout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workout {
    /// Whether there is something to do.
    pub status: Status,
    /// A function of the request: the same request has the same id.
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
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub referral: Option<Referral>,
    /// Where it came from.
    pub provenance: Provenance,
    /// What it is not.
    pub notice: String,
}

/// Whether there is something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// A complete session.
    Ok,
    /// Light effort only, until a doctor has cleared more.
    LightOnly,
    /// Nothing to do but to see a doctor.
    Referral,
}

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// Raising, mobilising, ramping up.
    WarmUp,
    /// One exercise, set after set.
    Main,
    /// Two exercises in turn, each resting while the other works.
    Superset,
    /// Several exercises in turn.
    Circuit,
    /// Work and recovery by time.
    Intervals,
    /// Steady work for heart and lungs.
    Conditioning,
    /// Stretching.
    CoolDown,
}

impl BlockKind {
    /// Whether it is part of the work between warm-up and cool-down.
    #[must_use]
    pub fn is_main(self) -> bool {
        !matches!(self, Self::WarmUp | Self::CoolDown)
    }
}

/// Steps that belong together: all of them in order, `rounds` times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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

/// One exercise in a block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tempo_s: Option<u32>,
    /// Whether a set is done on each side.
    pub per_side: bool,
    /// Seconds of work in a set, both sides together.
    pub work_s: u32,
    /// Pause after each set, before whatever comes next in the block; not after the last set of the block.
    pub rest_s: u32,
    /// From the end of a set of this exercise to the start of its next: `rest_s` alone, or the partner's set and both
    /// pauses in a superset. This is the rest that a prescription means.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub recovery_s: Option<u32>,
    /// One line of coaching.
    pub cue: String,
}

/// The part of the session a step belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before.
    WarmUp,
    /// The work.
    Main,
    /// After.
    CoolDown,
}

/// What kind of set it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetType {
    /// Easy movement.
    WarmUp,
    /// A light set of a lift that follows.
    RampUp,
    /// A set that counts.
    Working,
    /// Easy holding.
    CoolDown,
}

/// When a set is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goal {
    /// What is counted.
    #[serde(rename = "type")]
    pub kind: GoalKind,
    /// The least.
    pub min: u32,
    /// The most. Time is planned with it.
    pub max: u32,
}

/// What a goal counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GoalKind {
    /// Repetitions.
    #[serde(rename = "reps")]
    Reps,
    /// Seconds.
    #[serde(rename = "time_s")]
    TimeS,
}

/// How hard. What cannot be known is absent: no weight is invented.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Target {
    /// The weight, when the one-repetition maximum is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_kg: Option<f64>,
    /// The share of the one-repetition maximum, for a load that can be chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pct_1rm: Option<f64>,
    /// Repetitions in reserve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rir: Option<u32>,
    /// Perceived exertion on the lifting scale, 10 − RIR; for work by time, of ten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rpe: Option<u32>,
    /// Heart rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hr_zone: Option<HrZone>,
}

/// A range of heart rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HrZone {
    /// Its name.
    pub name: String,
    /// Beats a minute it starts at.
    pub min_bpm: u32,
    /// Beats a minute it ends before.
    pub max_bpm: u32,
}

/// How hard, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intensity {
    /// RPE up to 3.
    Light,
    /// RPE 4 to 6.
    Moderate,
    /// RPE 7 and above.
    Hard,
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

/// Sums over the blocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// The whole session.
    pub duration_s: u32,
    /// Working sets.
    pub sets: u32,
    /// Energy above rest; `null` when the body weight is not known.
    pub kcal_net: Option<f64>,
    /// Fractional working sets: primary 1, secondary ½.
    pub sets_per_muscle: BTreeMap<String, f64>,
}

/// Something the person should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// What kind: `pattern_unavailable`, `pattern_skipped`, `load_limited`, `restriction`, `referral`, `effort_capped`,
    /// `prescription_changed`, `time_filled`.
    pub code: String,
    /// What to know.
    pub message: String,
    /// The movement it is about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pattern: Option<Pattern>,
}

/// Who should see the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referral {
    /// How much training is allowed until then: the names of [`Clearance`](super::screening::Clearance).
    pub clearance: String,
    /// Why.
    pub reasons: Vec<String>,
}

/// Where a workout came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Who built it: `offline-coach`, or a model's provider.
    pub provider: String,
    /// Its version.
    pub version: String,
    /// The model; `null` for the offline coach.
    pub model: Option<String>,
    /// How far down the fallback chain it was built.
    pub fallback_level: u32,
    /// What the choices between equals depended on.
    pub seed: u32,
    /// The focus of the prescription row that was used.
    pub prescription: Focus,
    /// What decided something, each with the id of its rule.
    pub rules: Vec<String>,
    /// What the numbers rest on.
    pub sources: Vec<String>,
}

/// Where a block came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
