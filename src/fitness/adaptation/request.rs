//! What is said of a session that is under way, checked.
//!
//! ```jsonc
//! { "userId": "user123", "workoutId": "workout456",
//!   "currentExercise": { "name": "Push-ups", "sets": 3, "reps": 12 },     // or exerciseId; weightKg, restS, setsDone
//!   "performanceData": { "fatigue": 0.7, "heartRate": 150 },              // zoneMaxBpm, restingHeartRate, rpe, rir, targetRir
//!   "userFeedback": { "difficulty": "hard" },                             // symptoms, pain, notes
//!   "age": 34, "profile": { /* a request for a workout */ },
//!   "workout": { /* the workout in progress */ }, "completed": [{ "exerciseId": "Pushups", "sets": 1 }], "elapsedS": 900 }
//! ```
//!
//! Whoever gives no profile is taken for somebody healthy with the level of the workout (or a beginner) and the equipment
//! that is in use; what is not said of how it goes is neutral; of two ages the higher one counts (house). Any symptom is a sign, whatever its name.

use super::rules::{Person, Signs};
use crate::error::{Error, Problem};
use crate::fitness::catalogue::{self, Exercise};
use crate::fitness::form::{Form, Ids, field, figure, list, text, whole};
use crate::fitness::reader::{At, Reader, nearest_of};
use crate::fitness::record::{Object, ToJson};
use crate::fitness::request::{AGE, WorkoutRequest, sound};
use crate::fitness::time_budget;
use crate::fitness::words::{Area, Equipment, Level, Set, Word};
use crate::fitness::workout::{Goal, Step, Target, Workout};
use crate::small::{join, rest};
use crate::value::Value;

/// The params of `workout-adaptation.adapt`.
pub(in crate::fitness) const FORM: Form = Form::Object(&[
    ("age?", Form::Whole(AGE.0 as i16, AGE.1 as i16)),
    (
        "completed?",
        Form::List(0, 100, &Form::Object(&[("exerciseId", Form::Text(100)), ("sets", Form::Whole(0, 100))])),
    ),
    (
        "currentExercise?",
        Form::Object(&[
            ("exerciseId?", Form::Text(100)),
            ("name?", Form::Text(100)),
            ("reps?", Form::Whole(1, 3_600)),
            ("restS?", Form::Whole(0, 3_600)),
            ("sets?", Form::Whole(1, 100)),
            ("setsDone?", Form::Whole(0, 100)),
            ("weightKg?", Form::Number(0, 1_000)),
        ]),
    ),
    ("elapsedS?", Form::Whole(0, 32_000)),
    (
        "performanceData?",
        Form::Object(&[
            ("fatigue?", Form::Number(0, 1)),
            ("heartRate?", Form::Number(20, 250)),
            ("restingHeartRate?", Form::Number(20, 120)),
            ("rir?", Form::Number(0, 30)),
            ("rpe?", Form::Number(0, 10)),
            ("targetRir?", Form::Number(0, 10)),
            ("zoneMaxBpm?", Form::Number(20, 250)),
        ]),
    ),
    ("profile?", Form::Ref("WorkoutRequest")),
    (
        "userFeedback?",
        Form::Object(&[
            ("difficulty?", Form::Word(super::rules::DIFFICULTIES)),
            ("notes?", Form::Text(2_000)),
            ("pain?", Form::List(0, 8, &Form::Text(60))),
            ("symptoms?", Form::List(0, 20, &Form::Text(60))),
        ]),
    ),
    ("userId", Form::Text(128)),
    ("workout?", Form::Ref("Workout")),
    ("workoutId?", Form::Text(128)),
]);

/// What is done right now.
#[derive(Clone, Debug)]
pub struct Current {
    /// Which exercise.
    pub exercise: &'static Exercise,
    /// How many sets in all; 3 where it was not said (house).
    pub sets: u32,
    /// Repetitions of a set, or seconds for what is done by time; 10 where it was not said (house).
    pub reps: u32,
    /// The weight in use.
    pub weight_kg: Option<f64>,
    /// The pause after a set; a minute where it was not said (house).
    pub rest_s: u32,
    /// How many of the sets are done.
    pub sets_done: u32,
}

/// What is said of a session under way.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AdaptationRequest {
    /// Whose session it is.
    pub user_id: String,
    /// The id of the workout.
    pub workout_id: Option<String>,
    /// What is done right now, if it may be.
    pub current: Option<Current>,
    /// How it goes.
    pub signs: Signs,
    /// What hurts.
    pub pain: Set<Area>,
    /// The person's own words. Data: the coach never acts on them.
    pub notes: Option<String>,
    /// The person: as given, or as far as it is known.
    pub profile: WorkoutRequest,
    /// Whether the person was given.
    pub known: bool,
    /// The workout in progress, without what the person should not do.
    pub workout: Option<Workout>,
    /// What that was, of the work that is left.
    pub left_out: Vec<&'static Exercise>,
    /// How many sets of which exercise are done.
    pub completed: Vec<(String, u32)>,
    /// Seconds since the start.
    pub elapsed_s: Option<u32>,
}

impl AdaptationRequest {
    /// Reads the params of `workout-adaptation.adapt`.
    ///
    /// # Errors
    /// `workout.invalid` with every problem.
    pub fn parse(json: &Value) -> Result<Self, Error> {
        sound("the params", |problems| Self::read_at(json, "", problems))
    }

    /// Reads params that stand at a pointer.
    pub(in crate::fitness) fn read_at(json: &Value, at: &str, problems: &mut Vec<Problem>) -> Self {
        let at = At::Pointer(at);
        let mut reader = Reader::default();
        let read = FORM.read(Some(json), &at, &Ids::default(), &mut reader);
        let (nothing, of) = (Value::Null, |key: &str| field(&read, key));
        let workout = of("workout").map(|json| {
            let at = At::Key(&at, "workout");
            let (workout, mut problems) = Workout::read_at(Some(json), &at);
            reader.problems.append(&mut problems);
            if let Some(place) = wrong_times(&workout) {
                reader.problem(
                    &At::Place(&At::Key(&at, "blocks"), place),
                    "has times that are not the sums of its parts",
                );
            }
            workout
        });
        let current =
            of("currentExercise").and_then(|json| current(json, &At::Key(&at, "currentExercise"), &mut reader));
        let feedback = of("userFeedback").unwrap_or(&nothing);
        let mut pain = Set::EMPTY;
        for (place, area) in list(feedback, "pain").iter().enumerate() {
            let at = At::Key(&at, "userFeedback");
            let at = At::Key(&at, "pain");
            if let Some(area) = reader.forgiven_word(area, &At::Place(&at, place), &Area::VOCABULARY) {
                pain.insert(Area::ALL[area]);
            }
        }
        let user_id = text(&read, "userId").to_owned();
        if field(json, "userId").and_then(Value::as_str).is_some_and(|text| text.trim().is_empty()) {
            reader.problem(&At::Key(&at, "userId"), "must not be empty");
        }
        let mut completed: Vec<(String, u32)> = Vec::new();
        for one in list(&read, "completed") {
            let (id, sets) = (text(one, "exerciseId"), whole(one, "sets"));
            match completed.iter_mut().find(|(known, _)| known == id) {
                Some((_, more)) => *more += sets,
                None => completed.push((id.to_owned(), sets)),
            }
        }
        if let Some(Current { exercise, sets_done, .. }) = &current {
            match completed.iter_mut().find(|(known, _)| *known == exercise.id) {
                Some((_, sets)) => *sets = (*sets).max(*sets_done),
                None => completed.push((exercise.id.clone(), *sets_done)),
            }
        }
        let mut profile = match of("profile") {
            Some(json) => {
                WorkoutRequest::read_among(json, &At::Key(&at, "profile").pointer(), &[], &mut reader.problems)
            }
            None => implied(&user_id, workout.as_ref(), current.as_ref()),
        };
        profile.age = figure(&read, "age").map(|age| age as u32).max(profile.age);
        let performance = of("performanceData").unwrap_or(&nothing);
        let signs = Signs::read(performance, feedback);
        let is_sound = reader.problems.is_empty();
        problems.append(&mut reader.problems);
        let mut request = Self {
            user_id,
            workout_id: of("workoutId").and_then(Value::as_str).map(str::to_owned),
            current,
            signs,
            pain,
            notes: field(feedback, "notes").and_then(Value::as_str).map(str::to_owned),
            profile,
            known: of("profile").is_some(),
            workout,
            left_out: Vec::new(),
            completed,
            elapsed_s: figure(&read, "elapsedS").map(|s| s as u32),
        };
        if is_sound {
            request.leave_out();
            request.signs.zone_max_bpm = request.signs.zone_max_bpm.or(request.zone_max_bpm());
        }
        request
    }

    /// The person, as the rules see them.
    #[must_use]
    pub fn person(&self) -> Person {
        Person::of(&self.profile, self.signs.resting_bpm)
    }

    /// Where the zone ends of what is done right now, or next.
    fn zone_max_bpm(&self) -> Option<f64> {
        for block in self.workout.as_ref()?.blocks.iter().filter(|block| block.kind.is_main()) {
            for step in &block.steps {
                let is_it = match &self.current {
                    Some(current) => step.exercise_id == current.exercise.id,
                    None => self.done(&step.exercise_id) < step.sets,
                };
                if is_it {
                    return step.target.hr_zone.as_ref().map(|zone| f64::from(zone.max_bpm));
                }
            }
        }
        None
    }

    /// How many sets of an exercise are done.
    #[must_use]
    pub fn done(&self, id: &str) -> u32 {
        self.completed.iter().find(|(known, _)| known == id).map_or(0, |(_, sets)| *sets)
    }
}

/// The place of a block whose times are not what its parts say, where they can be reckoned with.
fn wrong_times(workout: &Workout) -> Option<usize> {
    if !workout.is_real() {
        return None;
    }
    workout.blocks.iter().position(|block| {
        let is_wrong = |step: &Step| {
            let work_s = time_budget::set_work_s(&step.goal, step.tempo_s, step.per_side);
            step.work_s != work_s || (block.kind.is_main() && step.sets != block.rounds)
        };
        block.duration_s != time_budget::block_s(block) || block.steps.iter().any(is_wrong)
    })
}

/// What is reckoned with of an exercise, in one number; infinite when something is negative.
pub(in crate::fitness) fn figures(goal: &Goal, target: &Target) -> f64 {
    let effort = target.rir.unwrap_or_default().max(target.rpe.unwrap_or_default());
    f64::from(goal.min.max(goal.max).max(effort)) + weight(target.weight_kg) + weight(target.pct_1rm)
}

/// A weight; infinite when it is negative.
pub(in crate::fitness) fn weight(kg: Option<f64>) -> f64 {
    let kg = kg.unwrap_or_default();
    if kg >= 0.0 { kg } else { f64::INFINITY }
}

fn current(json: &Value, at: &At<'_>, reader: &mut Reader) -> Option<Current> {
    let given = field(json, "exerciseId").map(|id| (id, "exerciseId"));
    let Some((name, key)) = given.or(field(json, "name").map(|name| (name, "name"))) else {
        reader.problem(at, "needs an `exerciseId` or a `name`");
        return None;
    };
    let exercise = named(name.as_str().unwrap_or_default(), &At::Key(at, key), reader)?;
    let of = |key: &str, or: u32| figure(json, key).map_or(or, |number| number as u32);
    let sets = of("sets", 3);
    Some(Current {
        exercise,
        sets,
        reps: of("reps", 10),
        weight_kg: figure(json, "weightKg").filter(|kg| *kg > 0.0),
        rest_s: of("restS", 60),
        sets_done: of("setsDone", 0).min(sets),
    })
}

/// The exercise that is meant: its id or its name, in any case, with or without spaces, hyphens and a plural.
pub(in crate::fitness) fn named(name: &str, at: &At<'_>, reader: &mut Reader) -> Option<&'static Exercise> {
    if let Some(exercise) = catalogue::resolve(name) {
        return Some(exercise);
    }
    let wanted = catalogue::key(name);
    let (mut names, mut near) = (Vec::new(), Vec::new());
    for exercise in catalogue::all() {
        let known = catalogue::key(&exercise.name);
        if wanted.len() > 2 && near.len() < 5 && (has(&known, &wanted) || has(&wanted, &known)) {
            near.push(exercise.name.as_str());
        }
        names.push(exercise.name.as_str());
    }
    let nearest = nearest_of(name, &names);
    near.extend(nearest.filter(|nearest| !near.contains(nearest)));
    let mut message = "is not an exercise of the catalogue".to_owned();
    if !near.is_empty() {
        message.push_str("; near are ");
        message.push_str(&join(&near, ", "));
    }
    reader.problem_with(at, message, nearest.or(near.first().copied()));
    None
}

/// Whether a text has a part. The standard library's search is made for long texts, and large.
fn has(text: &str, part: &str) -> bool {
    (0..text.len()).any(|from| rest(text, from).starts_with(part))
}

/// Who it is as far as it is known.
fn implied(user_id: &str, workout: Option<&Workout>, current: Option<&Current>) -> WorkoutRequest {
    let mut equipment: Set<Equipment> = current.map_or(Set::EMPTY, |current| current.exercise.requires);
    let mut level = current.map_or(Level::Beginner, |current| current.exercise.level);
    if let Some(workout) = workout {
        level = workout.level;
        for step in workout.blocks.iter().flat_map(|block| &block.steps) {
            equipment = equipment.union(catalogue::find(&step.exercise_id).map_or(Set::EMPTY, |one| one.requires));
        }
    }
    let focus = workout.map_or("general_fitness", |workout| workout.focus.as_str());
    let said = Object("duration equipment fitnessLevel focus userId", &[&30_u32, &equipment, &level, &focus, &user_id]);
    WorkoutRequest::read_among(&said.to_json(), "", &[], &mut Vec::new())
}
