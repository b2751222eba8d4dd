//! How much and how hard: sets, repetitions, load, rest and effort by focus and level.
//!
//! The table is `data/prescription.json`, a house synthesis inside the bounds of the ACSM position stands (2009, 2026)
//! and the reviews it names. A medical cap makes a prescription easier, never harder: a cap that a row cannot honour
//! with sensible repetitions moves the session to the row of general fitness (house).

use super::strength;
use super::words::{Focus, Level, Word};

/// One row of the table: the range for a focus and a level. Rests in seconds, loads as a share of the one-repetition
/// maximum, both ends included.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What it is for.
    pub focus: Focus,
    /// Who it is for.
    pub level: Level,
    /// Sets of each exercise.
    pub sets: (u32, u32),
    /// Repetitions of each set.
    pub reps: (u32, u32),
    /// Load.
    pub pct: (f64, f64),
    /// Rest between sets of an exercise of several joints.
    pub rest_compound: (u32, u32),
    /// Rest between sets of any other exercise.
    pub rest_iso: (u32, u32),
    /// Repetitions in reserve.
    pub rir: (u32, u32),
    /// Where a first session starts inside `reps` (house).
    pub plan_reps: (u32, u32),
    /// Where a first session starts inside `rir` (house).
    pub plan_rir: u32,
    /// The share of the maximum of a week of a programme; `None` where the range decides.
    pub load: Option<f64>,
}

impl Row {
    /// The share of the maximum a first session starts with: what the upper end of the repetitions and the reserve
    /// stand for, kept inside the range. Power is trained fast, with the middle of its range (ACSM 2026: 30–70 %).
    #[must_use]
    pub fn plan_pct(&self) -> f64 {
        match self.focus {
            _ if self.load.is_some() => self.load.unwrap_or_default(),
            Focus::Power => (self.pct.0 + self.pct.1) / 2.0,
            _ => within(self.pct, strength::pct_1rm(self.plan_reps.1, self.plan_rir)),
        }
    }
}

/// What limits a session, whatever the focus.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Caps {
    /// The highest rating of perceived exertion.
    pub rpe_max: Option<u32>,
    /// The highest share of the one-repetition maximum.
    pub pct_1rm_max: Option<f64>,
    /// The shortest rest between sets.
    pub rest_min_s: Option<u32>,
}

impl Caps {
    /// No limit.
    pub(super) const NONE: Self = Self { rpe_max: None, pct_1rm_max: None, rest_min_s: None };

    /// The stricter of both, limit by limit.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        fn either<T: PartialOrd>(a: Option<T>, b: Option<T>, prefer_a: fn(&T, &T) -> bool) -> Option<T> {
            match (a, b) {
                (Some(a), Some(b)) => Some(if prefer_a(&a, &b) { a } else { b }),
                (a, b) => a.or(b),
            }
        }
        Self {
            rpe_max: either(self.rpe_max, other.rpe_max, |a, b| a < b),
            pct_1rm_max: either(self.pct_1rm_max, other.pct_1rm_max, |a, b| a < b),
            rest_min_s: either(self.rest_min_s, other.rest_min_s, |a, b| a > b),
        }
    }
}

/// How many sets a muscle gets, in fractional sets (Pelland 2025, Baz-Valle 2022).
#[derive(Debug)]
pub struct WeeklySets {
    /// The least that does something.
    pub min_effective: u32,
    /// What a muscle that shall grow needs.
    pub hypertrophy_floor: u32,
    /// The most in one session.
    pub per_session_cap: u32,
    /// By level.
    sets: [(u32, u32); 3],
    days: [(u32, u32); 3],
}

impl WeeklySets {
    /// The range of sets a week for one muscle.
    #[must_use]
    pub fn of(&self, level: Level) -> (u32, u32) {
        self.sets[level.index()]
    }

    /// The days a week to train.
    #[must_use]
    pub fn days(&self, level: Level) -> (u32, u32) {
        self.days[level.index()]
    }
}

// `ROWS` by focus and level, `WEEKLY_SETS`, `SOURCES`.
include!(concat!(env!("OUT_DIR"), "/prescription.rs"));

/// The row for a focus and a level.
///
/// ```
/// use repflow::fitness::{prescription, words::{Focus, Level}};
///
/// let row = prescription::row(Focus::Strength, Level::Intermediate);
/// assert_eq!((row.reps, row.rest_compound), ((3, 6), (150, 240)));
/// ```
#[must_use]
pub fn row(focus: Focus, level: Level) -> &'static Row {
    &ROWS[focus.index()][level.index()]
}

/// The row as limited by `caps`. Its `focus` is that of general fitness when the asked row cannot honour the limit: its
/// lightest load is above it, or the reserve would exceed the range by more than two repetitions.
#[must_use]
pub fn capped(focus: Focus, level: Level, caps: Caps) -> Row {
    let limited = limit(row(focus, level), caps);
    if caps.pct_1rm_max.is_some_and(|max| row(focus, level).pct.0 > max) || limited.rir.1 > row(focus, level).rir.1 + 2
    {
        limit(row(Focus::GeneralFitness, level), caps)
    } else {
        limited
    }
}

fn limit(row: &Row, caps: Caps) -> Row {
    let mut row = row.clone();
    if let Some(max) = caps.pct_1rm_max {
        row.pct = (row.pct.0.min(max), row.pct.1.min(max));
        if row.focus != Focus::Power && strength::pct_1rm(row.plan_reps.1, row.plan_rir) > max {
            row.plan_reps = (row.reps.1.saturating_sub(3).max(row.reps.0), row.reps.1);
            row.plan_rir = row.plan_rir.max(strength::rir_for(row.reps.1, max));
        }
    }
    if let Some(max) = caps.rpe_max {
        row.plan_rir = row.plan_rir.max(10 - max);
        row.rir.0 = row.rir.0.max(10 - max);
        if row.focus != Focus::Power {
            // More in reserve is less on the bar, below the row where it has to be.
            row.pct.0 = row.pct.0.min(strength::pct_1rm(row.plan_reps.1, row.plan_rir));
        }
    }
    row.rir.1 = row.rir.1.max(row.plan_rir);
    if let Some(min) = caps.rest_min_s {
        for rest in [&mut row.rest_compound, &mut row.rest_iso] {
            *rest = (rest.0.max(min), rest.1.max(min));
        }
    }
    row
}

/// What is nearest to `number` inside a range. Like [`f64::clamp`], whose panic for a wrong range would bring the
/// formatting of floats into the wasm.
pub(super) fn within((min, max): (f64, f64), number: f64) -> f64 {
    if number < min {
        min
    } else if number > max {
        max
    } else {
        number
    }
}

/// How many sets a muscle gets a week, and in one session.
#[must_use]
pub fn weekly_sets() -> &'static WeeklySets {
    &WEEKLY_SETS
}

/// What the table rests on.
#[must_use]
pub fn sources() -> &'static [&'static str] {
    SOURCES
}
