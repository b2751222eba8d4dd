//! The outline of twelve weeks before any exercise is chosen: which row each phase is prescribed by, and how load and
//! reserve go from week to week.
//!
//! Load rises through nine loading weeks, by at most a tenth from one to the next, inside the row of each phase (ACSM
//! 2009: 2 to 10 %); the shape of the curve is that of the example 60, 62.5, 65, 68, 71, 74, 77, 80, 83 %, stretched
//! between the lightest load of the first phase and the heaviest of the last one (house). A deload is a tenth lighter.
//! Loads are in half percents.
//!
//! A goal that is trained lighter than hypertrophy leaves no room for a development phase between the two: then the
//! goal's own row is prescribed there (house). A medical cap may push the first weeks below their row.

use crate::fitness::contraindications::Restrictions;
use crate::fitness::prescription::{self, Caps, Row};
use crate::fitness::record::FromJson;
use crate::fitness::request::WorkoutRequest;
use crate::fitness::screening::Screening;
use crate::fitness::strength::pct_1rm;
use crate::fitness::words::Focus;

use super::{PHASES, Week};

/// The example, in half percents.
const EXAMPLE: [i32; 9] = [120, 125, 130, 136, 142, 148, 154, 160, 166];

/// What a deload leaves of a load: a tenth less, so that the example gives 58.5, 66.5 and 75 %.
const DELOAD: f64 = 0.901;

/// Loads that a week may have, both included, in half percents.
type Bounds = [(i32, i32); 9];

/// What each phase is prescribed by.
pub(in crate::fitness) struct Outline {
    /// The rows of the phases.
    pub(in crate::fitness) rows: [Row; PHASES],
    /// The focus each phase was asked for.
    pub(in crate::fitness) focuses: [Focus; PHASES],
    /// Repetitions in reserve.
    rir: [u32; PHASES],
    bounds: Bounds,
    /// The loads between which the example is stretched.
    ends: (i32, i32),
    /// Whether some lifts leave one more in reserve, for a mild injury.
    mild: u32,
}

impl Outline {
    #[inline(never)]
    pub(in crate::fitness) fn of(request: &WorkoutRequest) -> Self {
        let restrictions = Restrictions::of(request);
        let caps = Screening::of(request).caps(&restrictions);
        let mild = u32::from(!restrictions.mild_tags.is_empty());
        let mut outline = Self::with(request, Focus::Hypertrophy, caps, mild, 1);
        for (development, low) in [(request.focus, 1), (Focus::Hypertrophy, 2), (request.focus, 2)] {
            if !outline.is_possible() {
                outline = Self::with(request, development, caps, mild, low);
            }
        }
        outline
    }

    /// The outline with a focus of the development phase; the least loads are those of the rows divided by `low`.
    fn with(request: &WorkoutRequest, development: Focus, caps: Caps, mild: u32, low: i32) -> Self {
        let focuses = [Focus::GeneralFitness, development, request.focus];
        let rows = focuses.map(|focus| prescription::capped(focus, request.level, caps));
        let mut rir = [0; PHASES];
        let (mut bounds, mut ends) = ([(0, 0); 9], (0, 0));
        for (place, row) in rows.iter().enumerate() {
            rir[place] = row.plan_rir;
            if place > 0 && (row.focus == Focus::Power) == (rows[place - 1].focus == Focus::Power) {
                rir[place] = rir[place].min(rir[place - 1]).max(row.rir.0);
            }
            // What a load allows has to reach the reserve, to the rounding of S5.
            let allowed = |reps: u32| halves(pct_1rm(reps, rir[place] + mild) + 0.03).floor() as i32;
            let most = (halves(row.pct.1) + 1e-6).floor() as i32;
            let least = (halves(row.pct.0) - 1e-6).ceil() as i32 / low;
            for bound in &mut bounds[3 * place..3 * place + 3] {
                *bound = (least, most.min(allowed(row.reps.0)));
            }
            if place == 0 {
                ends.0 = least;
            }
            ends.1 = (bounds[3 * place].1 - 4).min(allowed(row.plan_reps.0));
        }
        for place in (0..8).rev() {
            let after = bounds[place + 1];
            let bound = &mut bounds[place];
            *bound = (bound.0.max((after.0 * 10 + 10) / 11), bound.1.min(after.1 - 1));
        }
        if low > 1 {
            ends.0 = ends.1 - 20;
        }
        Self { rows, focuses, rir, bounds, ends, mild }
    }

    /// Whether there are nine rising loads.
    fn is_possible(&self) -> bool {
        let mut least = 0;
        for (from, to) in self.bounds {
            least = from.max(least + 1);
            if least > to {
                return false;
            }
        }
        true
    }

    /// The least and the greatest load of each loading week of a phase, as shares.
    pub(in crate::fitness) fn loads(&self, phase: usize) -> Vec<(f64, f64)> {
        let mut loads = Vec::new();
        for (from, to) in self.bounds.iter().skip(3 * phase).take(3) {
            loads.push((f64::from(*from) / 200.0, f64::from(*to) / 200.0));
        }
        loads
    }

    /// The coach's own weeks of a phase, after a loading week with the load `last`.
    pub(in crate::fitness) fn weeks(&self, phase: usize, last: Option<f64>) -> Vec<Week> {
        let mut weeks = Vec::new();
        let mut last = last.map(|last| halves(last).round() as i32);
        let rir = self.rir[phase];
        for (place, (from, to)) in self.bounds.iter().enumerate().skip(3 * phase).take(3) {
            let share = f64::from(EXAMPLE[place] - EXAMPLE[0]) / f64::from(EXAMPLE[8] - EXAMPLE[0]);
            let wanted = (f64::from(self.ends.0) + share * f64::from(self.ends.1 - self.ends.0)).round() as i32;
            let (from, to) = last.map_or((*from, *to), |last| ((*from).max(last + 1), (*to).min(last * 11 / 10)));
            let load = wanted.min(to).max(from);
            last = Some(load);
            let note = if place == 0 { "Find the loads: stop well before failure." } else { "A little more load." };
            weeks.push(planned(load, 100, rir, note));
        }
        let load = (f64::from(last.unwrap_or_default()) * DELOAD).round() as i32;
        weeks.push(planned(load, 50, rir + 1, "Half the sets, lighter: recover."));
        weeks
    }

    /// The row of a phase with the repetitions that leave the reserve at every load of it.
    pub(in crate::fitness) fn dosed(&self, phase: usize, weeks: &[Week]) -> Row {
        let mut row = self.rows[phase].clone();
        let leaves = |reps: u32, week: &Week| week.pct_1rm <= pct_1rm(reps, week.rir + self.mild) + 0.03;
        let mut most = row.plan_reps.1;
        while most > row.reps.0 && !weeks.iter().all(|week| leaves(most, week)) {
            most -= 1;
        }
        row.plan_reps = (row.plan_reps.0.min(most.saturating_sub(2)).max(row.reps.0), most);
        // Two sets at least, so that a deload can halve them; and as many as every phase allows, because nothing done twice
        // in one phase is done three times in the next.
        row.sets.0 = row.sets.0.max(2).min(row.sets.1);
        for other in &self.rows {
            row.sets.0 = row.sets.0.max(other.sets.0).min(row.sets.1);
        }
        row
    }
}

/// A week without sessions.
fn planned(load: i32, sets_pct: u32, rir: u32, note: &str) -> Week {
    Week { pct_1rm: f64::from(load) / 200.0, sets_pct, rir, note: note.to_owned(), ..Week::blank() }
}

/// A share in half percents.
fn halves(share: f64) -> f64 {
    share * 200.0
}
