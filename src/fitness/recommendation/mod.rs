//! What to train next, what to do instead, how recovered somebody is and how to progress: from a request, what was
//! trained, what hurts and what is taken.
//!
//! A new pain is answered as a severe injury of the area is: everything is out that loads it, leans on it or takes it to
//! the end of its range (house, the careful side). It is no diagnosis, so screening is about the request alone. Whoever
//! may not train at moderate effort gets a referral and no exercise. Everything that is named passes the checks of a
//! session: the equipment (E1), restrictions and pain (S1), the level and jumps (S4).
//!
//! The answer, in which what was not asked for is absent:
//!
//! ```jsonc
//! { "next": [{ "exercise_id": "…", "name": "…", "pattern": "hinge", "sets": 3, "goal": "reps", "reps_min": 8,
//!              "reps_max": 12, "rir": 2, "weight_kg": 60, "rest_s": 90, "reason": "…" }],   // no load is invented
//!   "substitutions": [{ "exercise_id": "…", "name": "…",
//!                       "alternatives": [{ "exercise_id": "…", "name": "…", "reason": "…" }] }],
//!   "recovery": { "muscles": [{ "muscle": "chest", "hours_since": 20, "ready": false, "week_sets": 6, "range": [8, 16],
//!                               "advice": "recover" }],          // or "train", "maintain", "enough"
//!                 "loading_weeks": 3, "deload": false },
//!   "progression": [],                                           // as `progression` says
//!   "advice": ["…"], "referral": {}, "provenance": { "provider": "offline-coach", "rules": ["…"] }, "notice": "…" }
//! ```
//!
//! # Layout
//! - `next`: what to train next
//! - `substitutes`: what to do instead

mod next;
pub(super) mod substitutes;

use super::catalogue::{self, Exercise};
use super::contraindications::Restrictions;
use super::form::{Form, Ids, field, figure, list, text};
use super::history::{self, Done, MuscleState, UNKNOWN};
use super::prescription::{self, Row};
use super::progression;
use super::reader::{At, Reader, canonical};
use super::record::{Object, ToJson};
use super::request::{Injury, WorkoutRequest};
use super::screening::{Clearance, Screening};
use super::session::PROVIDER;
use super::session::report;
use super::session::selection::is_available;
use super::words::{Area, Equipment, InjurySeverity, Kind, Level, Muscle, Word};
use super::workout::{NOTICE, Workout};
use crate::error::{Code, Error};
use crate::value::Value;

/// More loaded weeks in a row than this ask for a deload (P3).
const LOADING_WEEKS: u32 = 6;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Next,
    Substitute,
    Recovery,
    Progress,
    All,
}

/// The params, of which each part takes its own.
pub(super) static PARAMS: Form = Form::Object(&[
    ("count?", Form::Whole(1, 10)),
    ("exerciseId?", Form::Text(80)),
    ("history?", history::HISTORY),
    ("name?", Form::Text(80)),
    ("pain?", Form::List(0, 20, &Form::Text(60))),
    ("request", Form::Ref("WorkoutRequest")),
    ("unavailable?", Form::List(0, 60, &Form::Text(80))),
    ("workout?", Form::Ref("Workout")),
]);

/// Params, read, with what follows from them.
struct Asked {
    /// With what hurts among the injuries, and without what is taken among the equipment.
    request: WorkoutRequest,
    history: Vec<Done>,
    workout: Option<Workout>,
    /// Exercises that are taken.
    taken: Vec<&'static Exercise>,
    /// The exercise it is about.
    exercise: Option<&'static Exercise>,
    count: usize,
    hurts: bool,
    screening: Screening,
    restrictions: Restrictions,
    row: Row,
}

impl Asked {
    fn read(part: Part, params: &Value) -> Result<Self, Error> {
        let (mut reader, root) = (Reader::default(), At::Pointer(""));
        let key = |key| At::Key(&At::Pointer(""), key);
        let json = PARAMS.read(Some(params), &root, &Ids::default(), &mut reader);
        let request = params.field("request").unwrap_or_default();
        let mut request = WorkoutRequest::read_among(&request, "/request", &[], &mut reader.problems);
        let screening = Screening::of(&request);
        let history = history::read(list(&json, "history"), &key("history"), &mut reader);
        let mut workout = None;
        if let Some(json) = field(&json, "workout") {
            let (read, mut problems) = Workout::read_at(Some(json), &key("workout"));
            reader.problems.append(&mut problems);
            workout = Some(read);
        }
        let pain = list(&json, "pain");
        for (place, json) in pain.iter().enumerate() {
            if let Some(place) = reader.forgiven_word(json, &At::Place(&key("pain"), place), &Area::VOCABULARY) {
                request.injuries.push(Injury { area: Area::ALL[place], severity: InjurySeverity::Severe });
            }
        }
        let mut taken = Vec::new();
        for (place, json) in list(&json, "unavailable").iter().enumerate() {
            let name = json.as_str().unwrap_or_default();
            let (word, words) = (canonical(name), Equipment::VOCABULARY);
            if let Some(place) = words.place(&word).or_else(|| words.place_of_alias(&word)) {
                request.equipment.remove(Equipment::ALL[place]);
            } else if let Some(exercise) = catalogue::resolve(name) {
                taken.push(exercise);
            } else {
                reader.problem(&At::Place(&key("unavailable"), place), "is neither equipment nor a known exercise");
            }
        }
        let named = if field(&json, "exerciseId").is_some() { "exerciseId" } else { "name" };
        let exercise = catalogue::resolve(text(&json, named));
        if exercise.is_none() && (part == Part::Substitute || field(&json, named).is_some()) {
            reader.problem(&key(named), UNKNOWN);
        }
        if matches!(part, Part::Recovery | Part::Progress) && field(&json, "history").is_none() {
            reader.expected(&key("history"), "", None);
        }
        if !reader.problems.is_empty() {
            return Err(Error::invalid(Code::WorkoutInvalid, "the params", reader.problems));
        }
        let restrictions = Restrictions::of(&request);
        let row = prescription::capped(request.focus, request.level, screening.caps(&restrictions));
        let count = figure(&json, "count").unwrap_or(5.0) as usize;
        let hurts = !pain.is_empty();
        Ok(Self { request, history, workout, taken, exercise, count, hurts, screening, restrictions, row })
    }

    /// Whether an exercise may be done now. Jumps neither by beginners nor by whom they load a mildly injured area.
    fn allows(&self, exercise: &Exercise) -> bool {
        let jumps_are_out = self.request.level == Level::Beginner
            || !exercise.tags.intersection(self.restrictions.mild_tags).is_empty();
        let out = is_among(&self.taken, exercise) || (jumps_are_out && exercise.kind == Kind::Plyometric);
        !out && is_available(exercise, &self.request, self.request.equipment, &self.restrictions)
    }

    /// The next target of each exercise that was trained, or of the one it is about; the latest first.
    fn progression(&self) -> Vec<Value> {
        let mut seen: Vec<&Exercise> = Vec::new();
        let mut targets = Vec::new();
        for done in &self.history {
            let exercise = done.exercise;
            if is_among(&seen, exercise) || self.exercise.is_some_and(|one| !std::ptr::eq(one, exercise)) {
                continue;
            }
            seen.push(exercise);
            let allowed = self.allows(exercise);
            targets.push(progression::next(&self.history, done, &self.request, &self.row, &self.restrictions, allowed));
        }
        targets
    }

    /// How recovered each muscle is, and what it got.
    fn recovery(&self, muscles: &[MuscleState]) -> Vec<Value> {
        let range = prescription::weekly_sets().of(self.request.level);
        let mut states = Vec::new();
        for (muscle, state) in Muscle::ALL.iter().zip(muscles) {
            let advice = if !state.is_ready() {
                "recover"
            } else if state.week_sets < f64::from(range.0) {
                "train"
            } else if state.week_sets < f64::from(range.1) {
                "maintain"
            } else {
                "enough"
            };
            // To the tenth below, so that a muscle that is not ready never shows 48 hours.
            let hours = state.hours_since.is_finite().then_some((state.hours_since * 10.0).floor() / 10.0);
            let names = "muscle hours_since ready week_sets range advice";
            states
                .push(Object(names, &[muscle, &hours, &state.is_ready(), &state.week_sets, &range, &advice]).to_json());
        }
        states
    }
}

/// Exercises are those of the catalogue, each of which is there once.
fn is_among(list: &[&Exercise], exercise: &Exercise) -> bool {
    list.iter().any(|one| std::ptr::eq(*one, exercise))
}

/// Answers a question.
///
/// # Errors
/// `workout.invalid` with every problem.
pub(super) fn advise(part: Part, params: &Value) -> Result<Value, Error> {
    let asked = Asked::read(part, params)?;
    let wants = |one: Part| part == one || part == Part::All;
    let muscles = history::muscles(&asked.history);
    let loading_weeks = history::loading_weeks(&asked.history);
    let deload = loading_weeks > LOADING_WEEKS;
    let (mut next, mut substitutions, mut progression) = (Vec::new(), Vec::new(), Vec::new());
    let mut advice = Vec::new();
    if asked.screening.clearance >= Clearance::Moderate {
        progression = asked.progression();
        next = next::exercises(&asked, &muscles, &progression);
        substitutions = substitutes::of(&asked);
        if wants(Part::Next) && next.is_empty() {
            advice.push("Nothing is both recovered and short of sets: rest, or move easily.");
        }
        if deload {
            advice.push("More than six loaded weeks: take one with half of the sets and 10 % less load.");
        }
    } else {
        advice.push("Come back to training when a doctor has cleared it.");
    }
    if asked.hurts {
        advice.push("Leave out what hurts, and have a pain looked at that stays.");
    }
    let mut rules = vec![asked.screening.clearance.as_str()];
    for note in &asked.restrictions.notes {
        rules.push(&note.rule);
    }
    let recovery = Object("muscles loading_weeks deload", &[&asked.recovery(&muscles), &loading_weeks, &deload]);
    Ok(Object(
        "next? substitutions? recovery? progression? advice referral? provenance notice",
        &[
            &wants(Part::Next).then_some(next),
            &wants(Part::Substitute).then_some(substitutions),
            &wants(Part::Recovery).then(|| recovery.to_json()),
            &wants(Part::Progress).then_some(progression),
            &advice,
            &report::referral(&asked.screening),
            &Object("provider rules", &[&PROVIDER, &rules]),
            &NOTICE,
        ],
    )
    .to_json())
}
