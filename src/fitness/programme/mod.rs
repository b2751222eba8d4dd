//! The progressive programme: twelve weeks in three phases of four, each ending with a deload.
//!
//! Foundation is prescribed as general fitness, development as hypertrophy, specialization as the goal. A session keeps
//! its exercises through a phase, and mostly through all three, because what is liked depends on the goal; load rises from
//! week to week and repetitions follow it. Every session is a [`Workout`] like any other, and the
//! whole passes [`check_programme`](super::check::check_programme).
//!
//! Two and three days are full-body, with a day or more between them; four days alternate upper and lower body, so that no
//! muscle is worked hard twice within 48 hours (house split; volume by Pelland 2025 and Baz-Valle 2022).
//!
//! A programme is a function of its request, and of load, sets and reserve of each week. The coach plans its own; a model
//! may plan a phase instead, through the same builder and the same checks.
//!
//! # Layout
//! - `request`: what is asked; `outline`: rows, loads and reserves week by week
//! - `build`: sessions and weeks, and what to warn of
//! - `plan`: one phase after the other; `assessment`: where somebody starts

pub(super) mod assessment;
pub(super) mod build;
pub(super) mod outline;
pub(super) mod plan;
pub(super) mod request;

pub use build::build;
pub use request::{DAYS, ProgrammeRequest};

use super::reader::{At, Reader};
use super::record::{FromJson, ToJson, record};
use super::words::{Focus, Level, words};
use super::workout::{BlockProvenance, Figures, Insight, Provenance, Referral, Status, Warning, Workout};
use crate::error::{Code, Error};
use crate::value::Value;

/// The weeks of a programme.
pub const WEEKS: u32 = 12;

/// The phases of a programme.
pub(super) const PHASES: usize = 3;

words! {
    /// A part of a programme.
    PhaseName {
        Foundation = "foundation", "Weeks 1 to 4: learn the lifts.";
        Development = "development", "Weeks 5 to 8: build muscle.";
        Specialization = "specialization", "Weeks 9 to 12: what it is for.";
    }
}

record! {
    /// A programme, or as much of it as is planned.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Programme {
        /// Whether there is something to do.
        pub status: Status,
        /// A function of the request.
        pub programme_id: String,
        /// Whose it is.
        pub user_id: String,
        /// A line to show.
        pub title: String,
        /// What it is for.
        pub focus: Focus,
        /// For whom.
        pub level: Level,
        /// Sessions a week.
        pub days_per_week: u32,
        /// The first day of the first week.
        pub start_date = "start_date?": Option<String>,
        /// The phases, in order.
        pub phases: Vec<TrainingPhase>,
        /// The weeks, in order. None when `status` is `referral`.
        pub weeks: Vec<Week>,
        /// What the person should know, besides what each session says.
        pub warnings: Vec<Warning>,
        /// Who should see the person first, or too.
        pub referral = "referral?": Option<Referral>,
        /// What a model says of the last phase it planned.
        pub insight = "insight?": Option<Insight>,
        /// Where it came from.
        pub provenance: Provenance,
        /// What it is not.
        pub notice: String,
    }
}

record! {
    /// Four weeks with one aim.
    #[derive(Clone, Debug, PartialEq)]
    pub struct TrainingPhase {
        /// Which.
        pub phase: PhaseName,
        /// What its sessions are for.
        pub focus: Focus,
        /// Its first and last week.
        pub weeks: (u32, u32),
        /// What a model says of it.
        pub summary = "summary?": Option<String>,
        /// How exercises get harder from session to session.
        pub progression: String,
        /// Who planned it.
        pub provenance: BlockProvenance,
    }
}

record! {
    /// A week.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Week {
        /// From 1 to 12.
        pub week: u32,
        /// The phase it belongs to.
        pub phase: PhaseName,
        /// Whether it is an easy one.
        pub deload: bool,
        /// The share of the one-repetition maximum for lifts of several joints whose load can be chosen.
        pub pct_1rm: f64,
        /// That share over the one of the last week that was no deload; not there in the first.
        pub load_ratio = "load_ratio?": Option<f64>,
        /// Percent of the sets of a usual week.
        pub sets_pct: u32,
        /// Repetitions in reserve; one more for what a mild injury touches.
        pub rir: u32,
        /// Fractional working sets: primary 1, secondary ½.
        pub sets_per_muscle: Figures,
        /// What to do, by day.
        pub sessions: Vec<Session>,
        /// What it is about.
        pub note: String,
    }
}

record! {
    /// A session of a week.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Session {
        /// The id of its workout.
        pub session_id: String,
        /// The day of the week, 1 for Monday.
        pub day: u32,
        /// What to do.
        pub workout: Workout,
    }
}

impl Programme {
    /// Reads a programme from its JSON. Keys that are not known are passed over.
    ///
    /// # Errors
    /// `workout.invalid` with everything that is missing or of the wrong type.
    pub fn from_json(json: &Value) -> Result<Self, Error> {
        let (mut reader, mut programme) = (Reader::default(), Self::blank());
        programme.read(Some(json), &At::Pointer(""), &mut reader);
        if reader.problems.is_empty() {
            Ok(programme)
        } else {
            Err(Error::invalid(Code::WorkoutInvalid, "the programme", reader.problems))
        }
    }

    /// Its JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        ToJson::to_json(self)
    }
}
