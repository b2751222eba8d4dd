//! What somebody has trained: the past as data, and what it says of recovery.
//!
//! There is no clock: an entry says how many days ago it was. Entries of one exercise within half a day are one session
//! (house). A set is *hard* when it left at most four repetitions in reserve, or does not say (house; Pelland 2025 counts
//! sets near failure). Volume is counted in fractional sets, primary 1 and secondary ½ (Pelland 2025); a muscle is ready
//! 48 hours after three hard sets that had it as a main muscle (O3). A week is loaded unless it has less than 60 % of the
//! sets of the weeks after it (P3), and more than six loaded weeks in a row ask for a deload (P3).

use super::catalogue::{self, Exercise};
use super::form::{Form, field, figure, list, number, text, whole};
use super::prescription;
use super::reader::{At, Reader};
use super::record::record;
use super::strength;
use super::words::{Level, Muscle, Pattern, Word, words};
use crate::small::sort_by;
use crate::value::Value;

words! {
    /// How a session felt.
    Feeling {
        Easy = "easy", "There was more in it.";
        Moderate = "moderate", "As it should be.";
        Hard = "hard", "Hard.";
        TooHard = "too_hard", "Too hard.";
    }
}

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
    /// The load in kilograms, when there was one.
    pub weight_kg: Option<f64>,
    /// Whole repetitions in reserve, when that was said, as such or as a rating of exertion.
    pub rir: Option<u32>,
}

impl DoneSet {
    /// Whether it counts as a hard set.
    #[must_use]
    pub fn is_hard(&self) -> bool {
        self.reps > 0 && self.rir.is_none_or(|rir| rir <= 4)
    }

    /// The one-repetition maximum it stands for: Epley, for at most ten repetitions, those in reserve counted as done.
    #[must_use]
    pub fn one_rm_kg(&self) -> Option<f64> {
        let weight_kg = self.weight_kg.filter(|kg| *kg > 0.0 && (1..=10).contains(&self.reps))?;
        Some(strength::epley_kg(weight_kg, self.reps + self.rir.unwrap_or(0)))
    }
}

/// An exercise of one session of the past.
#[derive(Clone, Debug)]
pub struct Done {
    /// How many days ago.
    pub days_ago: f64,
    /// What.
    pub exercise: &'static Exercise,
    /// The sets, in their order.
    pub sets: Vec<DoneSet>,
    /// How it felt.
    pub feeling: Option<Feeling>,
}

impl Done {
    /// How many of its sets were hard; none when it trains no muscle.
    #[must_use]
    pub fn hard_sets(&self) -> f64 {
        if matches!(self.exercise.pattern, Pattern::Cardio | Pattern::Mobility | Pattern::Stretch) {
            return 0.0;
        }
        self.sets.iter().filter(|set| set.is_hard()).count() as f64
    }
}

/// The repetitions in reserve that a rating of perceived exertion leaves for certain: `10 − RPE`, to whole ones.
///
/// ```
/// assert_eq!(repflow::fitness::history::rir_of(8.5), 1);
/// ```
#[must_use]
pub fn rir_of(rpe: f64) -> u32 {
    (10.0 - rpe).max(0.0) as u32
}

/// Reads a history that was read in its shape, which stands at `at`: the latest first.
pub(super) fn read(json: &[Value], at: &At<'_>, reader: &mut Reader) -> Vec<Done> {
    let mut all: Vec<Done> = Vec::new();
    for (place, entry) in json.iter().enumerate() {
        let at = At::Place(at, place);
        let Some(exercise) = exercise(text(entry, "exerciseId"), &At::Key(&at, "exerciseId"), reader) else { continue };
        let mut sets = Vec::new();
        for (place, set) in list(entry, "sets").iter().enumerate() {
            let (rir, rpe) = (figure(set, "rir"), figure(set, "rpe"));
            if rir.is_some() && rpe.is_some() {
                reader.problem(&At::Place(&At::Key(&at, "sets"), place), "says both `rir` and `rpe`; one is allowed");
            }
            let rir = rir.map(|rir| rir as u32).or(rpe.map(rir_of));
            sets.push(DoneSet { reps: whole(set, "reps"), weight_kg: figure(set, "weightKg"), rir });
        }
        let feeling = field(entry, "feeling").and_then(Value::as_str).and_then(Feeling::from_name);
        all.push(Done { days_ago: number(entry, "daysAgo"), exercise, sets, feeling });
    }
    sort_by(&mut all, |a, b| a.days_ago < b.days_ago);
    all
}

/// The sessions of an exercise, the latest first: entries within half a day are one.
#[must_use]
pub fn sessions(history: &[Done], exercise: &Exercise) -> Vec<Done> {
    let mut sessions: Vec<Done> = Vec::new();
    for done in history.iter().filter(|done| done.exercise.id == exercise.id) {
        match sessions.last_mut() {
            Some(one) if done.days_ago - one.days_ago < 0.5 => {
                one.sets.extend_from_slice(&done.sets);
                one.feeling = one.feeling.max(done.feeling);
            }
            _ => sessions.push(done.clone()),
        }
    }
    sessions
}

/// The exercise that is meant, or a problem.
pub(super) fn exercise(name: &str, at: &At<'_>, reader: &mut Reader) -> Option<&'static Exercise> {
    let found = catalogue::resolve(name);
    if found.is_none() {
        reader.problem(at, "is not an exercise of the catalogue");
    }
    found
}

record! {
    /// How a muscle has recovered, and what it got.
    #[derive(Clone, Debug, PartialEq)]
    pub struct MuscleState {
        /// Which.
        pub muscle: Muscle,
        /// Hours since three or more hard sets; none within the history.
        pub hours_since: Option<f64>,
        /// Whether it may be trained hard today.
        pub ready: bool,
        /// Fractional sets of the last seven days.
        pub week_sets: f64,
        /// The least for the level.
        pub week_sets_min: u32,
        /// The most for the level.
        pub week_sets_max: u32,
        /// `recover`, `train`, `enough` or `maintain`.
        pub advice: String,
    }
}

/// Hours that a muscle needs after three hard sets (O3).
pub const RECOVERY_H: f64 = 48.0;

/// The state of every muscle.
#[must_use]
pub fn muscles(history: &[Done], level: Level) -> Vec<MuscleState> {
    let (min, max) = prescription::weekly_sets().of(level);
    let mut states = Vec::new();
    for muscle in Muscle::ALL {
        let (mut week_sets, mut hours_since) = (0.0, None);
        for (place, done) in history.iter().enumerate() {
            let share = done.exercise.share(*muscle);
            if done.days_ago < 7.0 {
                week_sets += share * done.hard_sets();
            }
            if hours_since.is_some() || share < 1.0 {
                continue;
            }
            // What was done within half a day before belongs to the same session.
            let mut session = 0.0;
            for other in history.get(place..).unwrap_or_default() {
                if other.exercise.share(*muscle) == 1.0 && other.days_ago - done.days_ago < 0.5 {
                    session += other.hard_sets();
                }
            }
            hours_since = (session >= 3.0).then_some((done.days_ago * 240.0).floor() / 10.0);
        }
        let ready = hours_since.is_none_or(|hours| hours >= RECOVERY_H);
        let advice = if !ready {
            "recover"
        } else if week_sets < f64::from(min) {
            "train"
        } else if week_sets >= f64::from(max) {
            "enough"
        } else {
            "maintain"
        };
        states.push(MuscleState {
            muscle: *muscle,
            hours_since,
            ready,
            week_sets,
            week_sets_min: min,
            week_sets_max: max,
            advice: advice.to_owned(),
        });
    }
    states
}

/// How many of the last weeks were loaded, one after the other, the last seven days first.
#[must_use]
pub fn loading_weeks(history: &[Done]) -> u32 {
    let mut weeks = [0.0; 54];
    for done in history {
        if let Some(sets) = weeks.get_mut((done.days_ago / 7.0) as usize) {
            *sets += done.hard_sets();
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
