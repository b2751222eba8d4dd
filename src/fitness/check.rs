//! The definition of a correct session, as code: one function for each invariant.
//!
//! A programme has its own in `programme`.
//!
//! The checker knows nothing of how a workout was made. The coach runs it on what it built, a model's answer is run
//! through it before anyone sees it, and the property tests run it on thousands of random requests.
//!
//! | id | rule |
//! | --- | --- |
//! | T1 | the total is within ±10 % of what was asked |
//! | T2 | totals are the sums of blocks, and blocks of sets, in whole seconds |
//! | T3 | a warm-up of 5 to 10 minutes (3 to 10 below half an hour), first, never hard |
//! | T4 | a cool-down of 3 minutes or more, last, without load |
//! | E1 | nothing needs equipment that is not there |
//! | E2 | every exercise is in the catalogue, under its name |
//! | E3 | no exercise twice in the main part |
//! | S1 | nothing that an injury, a condition or age excludes, in warm-up and cool-down too |
//! | S3 | no training above light when a doctor must be asked first; status, referral, clearance and warnings agree |
//! | S4 | nothing above the level; no jumps for beginners |
//! | S5 | enough in reserve; RPE + RIR = 10; the load leaves the reserve that is stated |
//! | S6 | effort, load and rest inside the medical caps; no heart-rate target with a beta blocker |
//! | S7 | from 65 on: balance is practised in the warm-up, where that is allowed |
//! | V1 | sets, repetitions, rest, load and reserve inside the row in force |
//! | V3 | a given weight is the planned share of the known maximum, to half an increment, and never above row or cap |
//! | V4 | at most 10 fractional sets for a muscle |
//! | B2 | each basic movement is there, or a warning says why not |
//! | O1 | jumps, several joints, one joint, trunk; large before small |
//! | O2 | what is done one side at a time says so |
//! | C1 | kilocalories are the sum over blocks, and only with a known weight |
//! | D2 | every number is finite and not negative |
//! | D3 | every block says where it came from |
//!
//! What relates two answers, or is about a table, is in [`relations`].
//!
//! Of a group workout, [`check_group`] wants:
//!
//! | id | rule |
//! | --- | --- |
//! | G1 | everybody whom screening lets train has a workout that is correct alone (but for O1), everybody else a referral |
//! | G2 | everybody visits every station once, does its movement there or is told what else, with what stands there; none is ever fuller than its capacity |
//! | G3 | the stations hold everybody, all keep one clock, and nobody needs an item that others have |
//! | G4 | compatibility is symmetric, from 0 to 1, and 1 for equals |
//! | G5 | it takes no longer than anybody has time for, to a tenth |

pub mod adaptation;
mod group;
mod programme;
pub mod relations;
mod rules;

pub use group::check_group;
pub use programme::check_programme;
pub(in crate::fitness) use programme::{check_phases, due};

use std::fmt;

use super::catalogue::{self, Exercise};
use super::contraindications::Restrictions;
use super::prescription::{self, Caps, Row};
use super::record::{Object, ToJson};
use super::request::WorkoutRequest;
use super::screening::Screening;
use super::words::Pattern;
use super::workout::{Block, Status, Step, Workout};
use crate::value::Value;

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Its id: `T1`, `S3`.
    pub rule: &'static str,
    /// Where and how.
    pub message: String,
}

impl ToJson for Violation {
    fn to_json(&self) -> Value {
        Object("rule message", &[&self.rule, &self.message]).to_json()
    }
}

/// Everything that is wrong with a workout for a request; nothing when it is correct.
#[must_use]
pub fn check(workout: &Workout, request: &WorkoutRequest) -> Vec<Violation> {
    check_with(workout, request, Leeway::NONE)
}

/// How far a session of a programme may go below its row (V1).
#[derive(Clone, Copy)]
struct Leeway {
    /// The least sets, where the row asks for more.
    sets: u32,
    /// The share of the lightest load of the row.
    load: f64,
    /// How many more repetitions in reserve.
    rir: u32,
}

impl Leeway {
    const NONE: Self = Self { sets: u32::MAX, load: 1.0, rir: 0 };
}

/// [`check`], with leeway below the row.
fn check_with(workout: &Workout, request: &WorkoutRequest, leeway: Leeway) -> Vec<Violation> {
    let screening = Screening::of(request);
    let restrictions = Restrictions::of(request);
    let caps = screening.caps(&restrictions);
    let row = prescription::capped(request.focus, request.level, caps);
    let mut steps = Vec::new();
    for block in &workout.blocks {
        for step in &block.steps {
            let exercise = catalogue::find(&step.exercise_id);
            steps.push(Known { step, exercise, is_main: block.kind.is_main() });
        }
    }
    let case = Case { workout, request, screening, restrictions, caps, row, leeway, steps };
    let mut found = Found(Vec::new());
    for rule in rules::ALL {
        rule(&case, &mut found);
    }
    found.0
}

/// What is checked, and what the rules ask of it.
struct Case<'a> {
    workout: &'a Workout,
    request: &'a WorkoutRequest,
    screening: Screening,
    restrictions: Restrictions,
    caps: Caps,
    row: Row,
    leeway: Leeway,
    steps: Vec<Known<'a>>,
}

/// A step, with what the catalogue knows of it.
struct Known<'a> {
    step: &'a Step,
    exercise: Option<&'static Exercise>,
    is_main: bool,
}

impl Known<'_> {
    /// The exercise, when the step is resistance work of the main part.
    fn set(&self) -> Option<&'static Exercise> {
        self.exercise.filter(|exercise| self.is_main && exercise.pattern != Pattern::Cardio)
    }
}

impl<'a> Case<'a> {
    fn blocks(&self) -> &'a [Block] {
        &self.workout.blocks
    }

    fn has_training(&self) -> bool {
        self.workout.status != Status::Referral
    }

    fn has_warning(&self, code: &str, patterns: &[Pattern]) -> bool {
        self.workout.warnings.iter().any(|warning| {
            warning.code == code && (patterns.is_empty() || warning.pattern.is_some_and(|one| patterns.contains(&one)))
        })
    }
}

/// The violations so far.
struct Found(Vec<Violation>);

impl Found {
    fn broken(&mut self, rule: &'static str, message: fmt::Arguments<'_>) {
        self.0.push(Violation { rule, message: fmt::format(message) });
    }

    /// Something is wrong with a step: the message is its exercise and `what`.
    fn with(&mut self, rule: &'static str, step: &Step, what: &str) {
        self.broken(rule, format_args!("{}{what}", step.exercise_id));
    }

    /// Something is wrong with a week of a programme.
    #[inline(never)]
    fn week(&mut self, rule: &'static str, week: u32, what: &str) {
        self.broken(rule, format_args!("week {week}: {what}"));
    }

    /// Something is wrong with the whole.
    fn whole(&mut self, rule: &'static str, what: &str) {
        self.broken(rule, format_args!("{what}"));
    }
}
