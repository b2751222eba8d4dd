//! What is kept of a session that is open: plain data, and no more of the workout than is needed to go on.

use crate::fitness::adaptation::Decision;
use crate::fitness::record::record;
use crate::fitness::workout::{Goal, Target};
use crate::value::Value;

record! {
    /// An exercise of the session.
    #[derive(Clone, Debug, PartialEq)]
    pub struct LiveStep {
        /// Its id in the catalogue.
        pub exercise_id: String,
        /// Its name.
        pub name: String,
        /// The number of its block: those of one block are done in turn.
        pub block: u32,
        /// Whether it is part of the work between warm-up and cool-down.
        pub main: bool,
        /// How many sets it shall be.
        pub sets: u32,
        /// How many are done.
        pub done: u32,
        /// When a set is done, as planned.
        pub goal: Goal,
        /// How hard, as planned.
        pub target: Target,
        /// The pause after a set, as planned.
        pub rest_s: u32,
    }
}

record! {
    /// A set that is done.
    #[derive(Clone, Debug, PartialEq)]
    pub struct DoneSet {
        /// Of which exercise.
        pub exercise_id: String,
        /// Which set of it.
        pub set: u32,
        /// How many repetitions, or seconds.
        pub reps: u32,
        /// With which weight.
        pub weight_kg = "weight_kg?": Option<f64>,
        /// How many repetitions were left in reserve.
        pub rir = "rir?": Option<f64>,
        /// Whether it counts as work.
        pub main: bool,
    }
}

record! {
    /// A session that is open.
    #[derive(Clone, Debug)]
    pub struct LiveState {
        /// Whose it is.
        pub user_id: String,
        /// Which workout.
        pub workout_id: String,
        /// `running`, `stopped` or `finished`.
        pub status: String,
        /// The heart rate that is a stop.
        pub limit_bpm = "limit_bpm?": Option<f64>,
        /// Where the effort ends that is cleared.
        pub cleared_bpm = "cleared_bpm?": Option<f64>,
        /// Where light effort ends.
        pub easy_bpm = "easy_bpm?": Option<u32>,
        /// Whether a beta blocker hides the heart rate.
        pub hidden: bool,
        /// The most that is allowed.
        pub most: Decision,
        /// What hurt last, as it was said.
        pub pain = "pain?": Value,
        /// The highest share of a maximum.
        pub most_pct: f64,
        /// The load in force, in percent of the plan.
        pub load_pct: f64,
        /// The rests in force.
        pub rest_pct: f64,
        /// The most careful decision so far.
        pub lowest: Decision,
        /// The most careful decision since the last set.
        pub eased: Decision,
        /// Working sets as planned.
        pub planned: u32,
        /// The last heart rates.
        pub beats: Vec<u32>,
        /// When the last one was.
        pub beat_s = "beat_s?": Option<f64>,
        /// What there is to do.
        pub steps: Vec<LiveStep>,
        /// What is done.
        pub log: Vec<DoneSet>,
        /// Why it was stopped, and what screening said.
        pub reasons: Value,
        /// What screening said.
        pub referral: Vec<String>,
    }
}
