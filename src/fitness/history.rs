//! What somebody has trained: the past as data, and what it says of recovery.
//!
//! There is no clock: an entry says how many days ago it was. Entries within half a day are one session (house). A set is *hard* when it left at most four repetitions in reserve, or does not say (house; Pelland 2025 counts
//! sets near failure). Volume is counted in fractional sets, primary 1 and secondary ½ (Pelland 2025); a muscle is ready
//! 48 hours after three hard sets that had it as a main muscle (O3). A week is loaded unless it has less than 60 % of the
//! sets of the weeks after it (P3), and more than six loaded weeks in a row ask for a deload (P3).

use super::catalogue::{self, Exercise};
use super::form::{Form, figure, list, number, text, whole};
use super::reader::{At, Reader};
use super::strength;
use super::words::{Muscle, Pattern, Word};
use crate::small::sort_by;
use crate::value::Value;

const SET: Form = Form::Object(&[
    ("reps", Form::Whole(0, 3_600)),
    ("rir?", Form::Number(0, 10)),
    ("rpe?", Form::Number(0, 10)),
    ("weightKg?", Form::Number(0, 1_000)),
]);

const ENTRY: Form = Form::Object(&[
    ("daysAgo", Form::Number(0, 365)),
    ("exerciseId", Form::Text(80)),
    ("feeling?", Form::Word("easy moderate hard too_hard")),
    ("sets", Form::List(1, 50, &SET)),
]);

/// The shape of a history.
pub(super) const HISTORY: Form = Form::List(0, 500, &ENTRY);

/// A set that was done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DoneSet {
    /// Repetitions; seconds for an exercise that is done by time.
    pub reps: u32,
    /// The load in kilograms; 0 when there was none.
    pub weight_kg: f64,
    /// Whole repetitions in reserve, when that was said, as such or else as a rating of exertion.
    pub rir: Option<u32>,
}

impl DoneSet {
    /// The one-repetition maximum it stands for: Epley, for at most ten repetitions, those in reserve counted as done; 0
    /// when it stands for none.
    #[must_use]
    pub fn one_rm_kg(&self) -> f64 {
        if matches!(self.reps, 1..=10) {
            strength::epley_kg(self.weight_kg, self.reps + self.rir.unwrap_or(0))
        } else {
            0.0
        }
    }
}

/// An exercise of the past.
#[derive(Debug)]
pub struct Done {
    /// How many days ago.
    pub days_ago: f64,
    /// What.
    pub exercise: &'static Exercise,
    /// The sets, in their order.
    pub sets: Vec<DoneSet>,
    /// Whether it was too hard.
    pub too_hard: bool,
    /// How many of its sets were hard; none when it trains no muscle.
    pub hard_sets: f64,
}

/// The repetitions in reserve that a rating of perceived exertion leaves for certain: `10 − RPE`, to whole ones.
///
/// ```
/// assert_eq!(repflow::fitness::history::rir_of(8.5), 1);
/// ```
#[must_use]
pub fn rir_of(rpe: f64) -> u32 {
    (10.0 - rpe) as u32
}

/// Reads a history that was read in its shape, which stands at `at`: the latest first.
pub(super) fn read(json: &[Value], at: &At<'_>, reader: &mut Reader) -> Vec<Done> {
    let mut all: Vec<Done> = Vec::new();
    for (place, entry) in json.iter().enumerate() {
        let Some(exercise) = catalogue::resolve(text(entry, "exerciseId")) else {
            reader.problem(&At::Key(&At::Place(at, place), "exerciseId"), UNKNOWN);
            continue;
        };
        let trains = !matches!(exercise.pattern, Pattern::Cardio | Pattern::Mobility | Pattern::Stretch);
        let (mut sets, mut hard_sets) = (Vec::new(), 0.0);
        for set in list(entry, "sets") {
            let rir = figure(set, "rir").or(figure(set, "rpe").map(|rpe| 10.0 - rpe)).map(|rir| rir as u32);
            let reps = whole(set, "reps");
            if trains && reps > 0 && rir.is_none_or(|rir| rir <= 4) {
                hard_sets += 1.0;
            }
            sets.push(DoneSet { reps, weight_kg: number(set, "weightKg"), rir });
        }
        let too_hard = text(entry, "feeling") == "too_hard";
        all.push(Done { days_ago: number(entry, "daysAgo"), exercise, sets, too_hard, hard_sets });
    }
    sort_by(&mut all, |a, b| a.days_ago < b.days_ago);
    all
}

/// What is wrong with a name that means no exercise.
pub(super) const UNKNOWN: &str = "is not an exercise of the catalogue";

/// Hours that a muscle needs after three hard sets (O3).
pub const RECOVERY_H: f64 = 48.0;

/// How a muscle has recovered, and what it got.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MuscleState {
    /// Hours since three or more hard sets; infinite when there were none.
    pub hours_since: f64,
    /// Fractional sets of the last seven days.
    pub week_sets: f64,
}

impl MuscleState {
    /// Whether the muscle may be trained hard today.
    #[must_use]
    pub fn is_ready(self) -> bool {
        self.hours_since >= RECOVERY_H
    }
}

/// The state of every muscle, in the order of the vocabulary.
#[must_use]
pub fn muscles(history: &[Done]) -> Vec<MuscleState> {
    let mut states = Vec::new();
    for muscle in Muscle::ALL {
        let mut state = MuscleState { hours_since: f64::INFINITY, week_sets: 0.0 };
        for (place, done) in history.iter().enumerate() {
            let share = done.exercise.share(*muscle);
            if done.days_ago < 7.0 {
                state.week_sets += share * done.hard_sets;
            }
            // What was done within half a day before belongs to the same session.
            let mut session = 0.0;
            for other in history.iter().skip(place).take_while(|other| other.days_ago - done.days_ago < 0.5) {
                if other.exercise.primary.contains(*muscle) {
                    session += other.hard_sets;
                }
            }
            if share == 1.0 && session >= 3.0 {
                state.hours_since = state.hours_since.min(done.days_ago * 24.0);
            }
        }
        states.push(state);
    }
    states
}

/// How many of the last weeks were loaded, one after the other, the last seven days first.
#[must_use]
#[inline(never)]
pub fn loading_weeks(history: &[Done]) -> u32 {
    let mut weeks = [0.0; 54];
    for done in history {
        if let Some(sets) = weeks.get_mut((done.days_ago / 7.0) as usize) {
            *sets += done.hard_sets;
        }
    }
    let (mut loaded, mut later) = (0, 0.0);
    for (place, sets) in weeks.iter().enumerate() {
        let earlier = weeks.get(place + 1).copied().unwrap_or(0.0);
        if *sets == 0.0 || sets * f64::from(loaded) < 0.6 * later || *sets < 0.6 * earlier {
            break;
        }
        later += sets;
        loaded += 1;
    }
    loaded
}
