//! What to train next, what to do instead, how recovered somebody is and how to progress: from a request, what was
//! trained, what hurts and what is taken.
//!
//! A new pain is answered as a severe injury of the area is: everything is out that loads it, leans on it or takes it to
//! the end of its range (house, the careful side). It is no diagnosis, so screening is about the request alone. Whoever
//! may not train at moderate effort gets a referral and no exercise. Everything that is named passes the checks of a
//! session: the equipment (E1), restrictions and pain (S1), the level and jumps (S4).
//!
//! # Layout
//! - `next`: what to train next
//! - `substitutes`: what to do instead

mod next;
pub(super) mod substitutes;

use super::catalogue::{self, Exercise};
use super::contraindications::Restrictions;
use super::form::{Form, Ids, field, figure, list, text};
use super::history::{self, Done, MuscleState};
use super::prescription::{self, Row};
use super::progression::{self, Progress};
use super::reader::{At, Reader, canonical};
use super::record::record;
use super::request::{Injury, WorkoutRequest};
use super::screening::{Clearance, Screening};
use super::session::PROVIDER;
use super::session::report;
use super::session::selection::is_available;
use super::words::{Area, Equipment, InjurySeverity, Kind, Level, Set, Word};
use super::workout::{NOTICE, Referral, Workout};
use crate::error::{Code, Error};
use crate::value::Value;

pub use next::Next;
pub use substitutes::{Alternative, Substitution};

/// More loaded weeks in a row than this ask for a deload (P3).
const LOADING_WEEKS: u32 = 6;

record! {
    /// How recovered somebody is.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Recovery {
        /// Every muscle.
        pub muscles: Vec<MuscleState>,
        /// How many of the last weeks were loaded, one after the other.
        pub loading_weeks: u32,
        /// Whether it is time for a week with less.
        pub deload: bool,
    }
}

record! {
    /// Where advice came from.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Source {
        /// Who gave it.
        pub provider: String,
        /// The rules that were in force.
        pub rules: Vec<String>,
    }
}

record! {
    /// What the coach says; what was not asked for is not there.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Advice {
        /// What to train next, in the order of a session.
        pub next = "next?": Option<Vec<Next>>,
        /// What to do instead of what is taken or hurts.
        pub substitutions = "substitutions?": Option<Vec<Substitution>>,
        /// How recovered the muscles are.
        pub recovery = "recovery?": Option<Recovery>,
        /// The next target of each exercise of the history, the latest first.
        pub progression = "progression?": Option<Vec<Progress>>,
        /// In words.
        pub advice: Vec<String>,
        /// Who should see the person.
        pub referral = "referral?": Option<Referral>,
        /// Where it came from.
        pub provenance: Source,
        /// What it is not.
        pub notice: String,
    }
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Next,
    Substitute,
    Recovery,
    Progress,
    All,
}

const REQUEST: (&str, Form) = ("request", Form::Ref("WorkoutRequest"));
const PAST: (&str, Form) = ("history", history::HISTORY);
const MAYBE_PAST: (&str, Form) = ("history?", history::HISTORY);
const PAIN: (&str, Form) = ("pain?", Form::List(0, 20, &Form::Text(60)));
const TAKEN: (&str, Form) = ("unavailable?", Form::List(0, 60, &Form::Text(80)));
const SESSION: (&str, Form) = ("workout?", Form::Ref("Workout"));
const ID: (&str, Form) = ("exerciseId?", Form::Text(80));

/// The params of each part, in the order of [`Part`].
pub(super) static PARAMS: [Form; 5] = [
    Form::Object(&[("count?", Form::Whole(1, 10)), MAYBE_PAST, PAIN, REQUEST, TAKEN]),
    Form::Object(&[ID, ("name?", Form::Text(80)), PAIN, REQUEST, TAKEN, SESSION]),
    Form::Object(&[PAST, REQUEST]),
    Form::Object(&[ID, PAST, REQUEST]),
    Form::Object(&[MAYBE_PAST, PAIN, REQUEST, TAKEN, SESSION]),
];

/// Params, read, with what follows from them.
struct Asked {
    request: WorkoutRequest,
    history: Vec<Done>,
    workout: Option<Workout>,
    pain: Set<Area>,
    /// What there is, without what is taken.
    equipment: Set<Equipment>,
    /// Exercises that are taken.
    taken: Vec<&'static Exercise>,
    /// The exercise it is about.
    exercise: Option<&'static Exercise>,
    count: usize,
    restrictions: Restrictions,
    row: Row,
}

impl Asked {
    fn read(part: Part, params: &Value) -> Result<(Self, Screening), Error> {
        let (mut reader, root) = (Reader::default(), At::Pointer(""));
        let json = PARAMS[part as usize].read(Some(params), &root, &Ids::default(), &mut reader);
        let null = Value::Null;
        let request = field(&json, "request").unwrap_or(&null);
        let request = WorkoutRequest::read_among(request, "/request", &[], &mut reader.problems);
        let history = history::read(list(&json, "history"), &At::Key(&root, "history"), &mut reader);
        let workout = field(&json, "workout").map(|json| {
            let (workout, mut problems) = Workout::read_at(Some(json), &At::Key(&root, "workout"));
            reader.problems.append(&mut problems);
            workout
        });
        let (mut pain, mut hurt) = (Set::EMPTY, request.clone());
        for (place, json) in list(&json, "pain").iter().enumerate() {
            let at = At::Key(&root, "pain");
            if let Some(place) = reader.forgiven_word(json, &At::Place(&at, place), &Area::VOCABULARY) {
                pain.insert(Area::ALL[place]);
                hurt.injuries.push(Injury { area: Area::ALL[place], severity: InjurySeverity::Severe });
            }
        }
        let (mut equipment, mut taken) = (request.equipment, Vec::new());
        for (place, json) in list(&json, "unavailable").iter().enumerate() {
            let name = json.as_str().unwrap_or_default();
            let word = canonical(name);
            match Equipment::VOCABULARY.place(&word).or_else(|| Equipment::VOCABULARY.place_of_alias(&word)) {
                Some(place) => equipment.remove(Equipment::ALL[place]),
                None => match catalogue::resolve(name) {
                    Some(exercise) => taken.push(exercise),
                    None => {
                        let at = At::Key(&root, "unavailable");
                        reader.problem(&At::Place(&at, place), "is neither equipment nor an exercise of the catalogue");
                    }
                },
            }
        }
        let mut exercise = None;
        for key in ["exerciseId", "name"] {
            if field(&json, key).is_some() {
                if exercise.is_some() {
                    reader.problem(&At::Key(&root, key), "is said besides `exerciseId`; one is allowed");
                }
                exercise = history::exercise(text(&json, key), &At::Key(&root, key), &mut reader).or(exercise);
            }
        }
        if part == Part::Substitute && field(&json, "exerciseId").is_none() && field(&json, "name").is_none() {
            reader.problem(&At::Key(&root, "exerciseId"), "is missing, and there is no `name` either");
        }
        if !reader.problems.is_empty() {
            return Err(Error::invalid(Code::WorkoutInvalid, "the params", reader.problems));
        }
        let screening = Screening::of(&request);
        let restrictions = Restrictions::of(&hurt);
        let row = prescription::capped(request.focus, request.level, screening.caps(&restrictions));
        let count = figure(&json, "count").unwrap_or(5.0) as usize;
        Ok((Self { request, history, workout, pain, equipment, taken, exercise, count, restrictions, row }, screening))
    }

    /// Whether an exercise may be done now.
    fn allows(&self, exercise: &Exercise) -> bool {
        let jumps_are_out = exercise.kind == Kind::Plyometric
            && (self.request.level == Level::Beginner
                || !exercise.tags.intersection(self.restrictions.mild_tags).is_empty());
        !jumps_are_out
            && !self.taken.iter().any(|taken| taken.id == exercise.id)
            && is_available(exercise, &self.request, self.equipment, &self.restrictions)
    }

    /// The next target of each exercise that was trained, or of the one it is about.
    fn progression(&self) -> Vec<Progress> {
        let mut known: Vec<Progress> = Vec::new();
        for done in &self.history {
            let id = &done.exercise.id;
            if known.iter().any(|one| one.exercise_id == *id) || self.exercise.is_some_and(|one| one.id != *id) {
                continue;
            }
            let sessions = history::sessions(&self.history, done.exercise);
            let allowed = self.allows(done.exercise);
            if let Some(next) = progression::next(&sessions, &self.request, &self.row, &self.restrictions, allowed) {
                known.push(next);
            }
        }
        known
    }
}

/// Answers a question.
///
/// # Errors
/// `workout.invalid` with every problem.
pub(super) fn advise(part: Part, params: &Value) -> Result<Advice, Error> {
    let (asked, screening) = Asked::read(part, params)?;
    let wants = |one: Part| part == one || part == Part::All;
    let may_train = screening.clearance >= Clearance::Moderate;
    let muscles = history::muscles(&asked.history, asked.request.level);
    let loading_weeks = history::loading_weeks(&asked.history);
    let deload = loading_weeks > LOADING_WEEKS;
    let (mut next, mut substitutions, mut progression) = (Vec::new(), Vec::new(), Vec::new());
    let mut advice: Vec<&str> = Vec::new();
    if may_train {
        progression = asked.progression();
        if wants(Part::Next) {
            next = next::exercises(&asked, &muscles, &progression);
            if next.is_empty() {
                advice.push("Nothing is both recovered and short of its sets: rest, or move easily today.");
            }
        }
        if wants(Part::Substitute) {
            substitutions = substitutes::of(&asked);
        }
        if deload && !asked.history.is_empty() {
            advice.push("More than six loaded weeks in a row: take a week with half of the sets and 10 % less load.");
        }
    } else {
        advice.push("Come back to training when a doctor has cleared it.");
    }
    let mut rules = vec![
        format!("screening:{}", screening.clearance.as_str()),
        format!("prescription:{}:{}", asked.row.focus.as_str(), asked.row.level.as_str()),
    ];
    for injury in &asked.request.injuries {
        rules.push(format!("injury:{}:{}", injury.area.as_str(), injury.severity.as_str()));
    }
    if !asked.pain.is_empty() {
        advice.push("Leave out what hurts, and have a pain looked at that stays.");
        for area in asked.pain.names() {
            rules.push(format!("pain:{area}"));
        }
    }
    let mut said = Vec::new();
    for text in advice {
        said.push(text.to_owned());
    }
    Ok(Advice {
        next: wants(Part::Next).then_some(next),
        substitutions: wants(Part::Substitute).then_some(substitutions),
        recovery: wants(Part::Recovery).then_some(Recovery { muscles, loading_weeks, deload }),
        progression: wants(Part::Progress).then_some(progression),
        advice: said,
        referral: report::referral(&screening),
        provenance: Source { provider: PROVIDER.to_owned(), rules },
        notice: NOTICE.to_owned(),
    })
}
