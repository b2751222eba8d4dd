//! What is asked of the coach, checked and normalised.
//!
//! A request comes from an app or a model, so [`WorkoutRequest::parse`] trusts nothing and reports everything that is
//! wrong at once, each problem with its JSON pointer and what was probably meant. Words are forgiving in case, spaces
//! and plural (`"Dumbbells"`, `"pull-up bar"`); a word that is not known is refused rather than ignored, because an
//! ignored injury is a wrong workout.

use super::catalogue::{self, Exercise};
pub use super::figures::Figures;
use super::id;
use super::reader::{At, Reader, canonical, nearest_of};
use super::record::{Object, ToJson, record};
use super::words::{Area, Condition, Equipment, Focus, InjurySeverity, Level, Muscle, Set, Symptom, Vocabulary, Word};
use crate::error::{Code, Error, Problem};
use crate::value::{Fields, Value, get};

/// The shortest and the longest session the coach builds, in minutes.
pub const DURATION_MIN: (u32, u32) = (15, 90);

/// The ages it is for, in years (house: the coach is for adults; the training of minors is another subject, and wants
/// somebody who is there).
pub const AGE: (u32, u32) = (18, 100);

const KEYS: [&str; 15] = [
    "userId",
    "duration",
    "focus",
    "equipment",
    "fitnessLevel",
    "age",
    "weightKg",
    "injuries",
    "conditions",
    "symptoms",
    "targetMuscles",
    "oneRepMaxKg",
    "exercisesRegularly",
    "seed",
    "notes",
];

record! {
    /// An injured part of the body.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub struct Injury {
        /// Where.
        pub area: Area,
        /// How bad; `moderate` when it was not said (house).
        pub severity: InjurySeverity,
    }
}

/// A request for a workout.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct WorkoutRequest {
    /// Whose workout it is, 1 to 128 characters.
    pub user_id: String,
    /// How long it shall take, in minutes.
    pub duration_min: u32,
    /// What it is for.
    pub focus: Focus,
    /// What there is to train with.
    pub equipment: Set<Equipment>,
    /// How experienced the person is.
    pub level: Level,
    /// Years.
    pub age: Option<u32>,
    /// Body weight in kilograms.
    pub weight_kg: Option<f64>,
    /// Injuries, one for each area, in the order of the areas.
    pub injuries: Vec<Injury>,
    /// Medical conditions.
    pub conditions: Set<Condition>,
    /// Red-flag signs.
    pub symptoms: Set<Symptom>,
    /// Muscles to favour.
    pub target_muscles: Set<Muscle>,
    /// Known one-repetition maxima in kilograms by exercise id; for dumbbells and kettlebells, of one of them.
    pub one_rep_max_kg: Figures,
    /// Whether the person has been active: at least 30 minutes of moderate activity on 3 days a week for 3 months.
    /// When it was not said: true except for beginners (house).
    pub exercises_regularly: bool,
    /// What the choices between equally good exercises depend on; a function of the user id when it was not said.
    pub seed: u32,
    /// The person's own words. Data: the coach never acts on them.
    pub notes: Option<String>,
}

impl WorkoutRequest {
    /// Reads a request (camelCase, as `generateComprehensiveWorkout` takes it).
    ///
    /// ```
    /// use repflow::fitness::request::WorkoutRequest;
    /// use repflow::value::Value;
    /// use serde_json::json;
    ///
    /// let error = WorkoutRequest::parse(&Value::from(&json!({
    ///     "userId": "user123", "duration": 30, "focus": "strenght", "equipment": [], "fitnessLevel": "beginner",
    /// }))).unwrap_err();
    /// assert_eq!(error.problems()[0].suggestion.as_deref(), Some("strength"));
    /// ```
    ///
    /// # Errors
    /// `workout.invalid` with every problem.
    pub fn parse(json: &Value) -> Result<Self, Error> {
        sound("the workout request", |problems| Self::read_among(json, "", &[], problems))
    }

    /// Reads a request that stands at the pointer `at`, and whose object may have the keys `more` too, which somebody else
    /// reads. A harmless request where there are problems.
    pub(super) fn read_among(json: &Value, at: &str, more: &[&str], problems: &mut Vec<Problem>) -> Self {
        let mut reader = Reader::default();
        let request = read(json, more, &mut reader);
        for problem in reader.problems {
            problems.push(Problem { pointer: format!("{at}{}", problem.pointer), ..problem });
        }
        request
    }

    /// The normalised form: canonical words, defaults filled in. It parses to the same request.
    #[must_use]
    pub fn to_json(&self) -> Value {
        Object(
            "userId duration focus equipment fitnessLevel age? weightKg? injuries conditions symptoms targetMuscles \
             oneRepMaxKg exercisesRegularly seed notes?",
            &[
                &self.user_id,
                &self.duration_min,
                &self.focus,
                &self.equipment,
                &self.level,
                &self.age,
                &self.weight_kg,
                &self.injuries,
                &self.conditions,
                &self.symptoms,
                &self.target_muscles,
                &self.one_rep_max_kg,
                &self.exercises_regularly,
                &self.seed,
                &self.notes,
            ],
        )
        .to_json()
    }
}

/// What was read, when nothing is wrong with it.
pub(super) fn sound<T>(what: &str, read: impl FnOnce(&mut Vec<Problem>) -> T) -> Result<T, Error> {
    let mut problems = Vec::new();
    let read = read(&mut problems);
    if problems.is_empty() { Ok(read) } else { Err(Error::invalid(Code::WorkoutInvalid, what, problems)) }
}

fn read(json: &Value, more: &[&str], reader: &mut Reader) -> WorkoutRequest {
    let nothing = Fields::new();
    let object = match reader.object(Some(json), &At::Pointer("")) {
        Some(object) => {
            reader.unknown_keys(object, &At::Pointer(""), &[&KEYS, more].concat());
            for key in &KEYS[..5] {
                if get(object, key).is_none() {
                    reader.expected(&key_at(key), "", None);
                }
            }
            object
        }
        None => &nothing,
    };
    let get = |key: &str| get(object, key);
    let user_id = text(reader, get("userId"), "userId", 128).unwrap_or_default();
    let level = word(reader, get("fitnessLevel"), "fitnessLevel").unwrap_or(Level::Beginner);
    WorkoutRequest {
        duration_min: whole(reader, get("duration"), "duration", DURATION_MIN, "minutes").unwrap_or(DURATION_MIN.0),
        focus: word(reader, get("focus"), "focus").unwrap_or(Focus::GeneralFitness),
        equipment: equipment(reader, get("equipment")),
        level,
        age: age(reader, get("age")),
        weight_kg: get("weightKg")
            .and_then(|json| reader.number_within(Some(json), &key_at("weightKg"), (20.0, 400.0))),
        injuries: injuries(reader, get("injuries")),
        conditions: set(reader, get("conditions"), "conditions"),
        symptoms: set(reader, get("symptoms"), "symptoms"),
        target_muscles: set(reader, get("targetMuscles"), "targetMuscles"),
        one_rep_max_kg: one_rep_max_kg(reader, get("oneRepMaxKg")),
        exercises_regularly: get("exercisesRegularly")
            .and_then(|json| reader.flag(Some(json), &key_at("exercisesRegularly")))
            .unwrap_or(level != Level::Beginner),
        seed: whole(reader, get("seed"), "seed", (0, u32::MAX), "").unwrap_or_else(|| id::of_text(&user_id)),
        notes: text(reader, get("notes"), "notes", 2_000),
        user_id,
    }
}

const fn key_at(key: &str) -> At<'_> {
    At::Key(&At::Pointer(""), key)
}

fn text(reader: &mut Reader, json: Option<&Value>, key: &str, max: usize) -> Option<String> {
    json?;
    let at = key_at(key);
    let text = reader.text(json, &at)?;
    let length = text.chars().count();
    if text.is_empty() {
        reader.problem(&at, "must not be empty");
    } else if text.trim().is_empty() {
        reader.problem(&at, "must not be blank");
    } else if length > max {
        reader.problem_with(&at, format!("has {length} characters; at most {max} are allowed"), None);
    } else {
        return Some(text.to_owned());
    }
    None
}

fn whole(reader: &mut Reader, json: Option<&Value>, key: &str, range: (u32, u32), unit: &str) -> Option<u32> {
    json?;
    reader.whole_within(json, &key_at(key), range, unit)
}

/// Years. A minor is told why, not only that a number is out of range.
fn age(reader: &mut Reader, json: Option<&Value>) -> Option<u32> {
    let (from, to) = AGE;
    let is_minor = |years: f64| years.fract() == 0.0 && (0.0..f64::from(from)).contains(&years);
    if json.and_then(Value::as_f64).is_some_and(is_minor) {
        reader.problem_with(&key_at("age"), format!("the coach is for adults, {from} to {to} years"), None);
        return None;
    }
    whole(reader, json, "age", AGE, "years")
}

fn word<W: Word>(reader: &mut Reader, json: Option<&Value>, key: &str) -> Option<W> {
    reader.forgiven_word(json?, &key_at(key), &W::VOCABULARY).map(|place| W::ALL[place])
}

fn set<W: Word>(reader: &mut Reader, json: Option<&Value>, key: &str) -> Set<W> {
    Set::of_bits(bits(reader, json, key, &W::VOCABULARY))
}

fn list<'j>(reader: &mut Reader, json: Option<&'j Value>, key: &str) -> &'j [Value] {
    if json.is_some() { reader.list(json, &key_at(key)) } else { &[] }
}

/// The places of the words of a list.
fn bits(reader: &mut Reader, json: Option<&Value>, key: &str, words: &Vocabulary) -> u32 {
    let mut bits = 0;
    for (i, item) in list(reader, json, key).iter().enumerate() {
        if let Some(place) = reader.forgiven_word(item, &At::Place(&key_at(key), i), words) {
            bits |= 1 << place;
        }
    }
    bits
}

fn equipment(reader: &mut Reader, json: Option<&Value>) -> Set<Equipment> {
    let mut set = Set::EMPTY;
    for (i, item) in list(reader, json, "equipment").iter().enumerate() {
        set = set.union(items(reader, item, &At::Place(&key_at("equipment"), i)));
    }
    set
}

/// The items that a word of the equipment stands for.
pub(super) fn items(reader: &mut Reader, word: &Value, at: &At<'_>) -> Set<Equipment> {
    match word.as_str().map(canonical).as_deref() {
        Some("none" | "no_equipment" | "bodyweight" | "body_weight" | "body_only" | "mat") => Set::EMPTY,
        Some("full_gym" | "gym" | "commercial_gym") => Set::all(),
        _ => {
            let place = reader.forgiven_word(word, at, &Equipment::VOCABULARY);
            place.map_or(Set::EMPTY, |place| Set::only(Equipment::ALL[place]))
        }
    }
}

/// The worst of each area, in the order of the areas.
fn injuries(reader: &mut Reader, json: Option<&Value>) -> Vec<Injury> {
    let mut worst = [None; Area::ALL.len()];
    for (i, item) in list(reader, json, "injuries").iter().enumerate() {
        let list = key_at("injuries");
        let at = At::Place(&list, i);
        let (mut area, mut severity) = (Some(item), Some(InjurySeverity::Moderate));
        let mut area_at = at;
        if let Value::Map(object) = item {
            reader.unknown_keys(object, &at, &["area", "severity"]);
            if let Some(json) = get(object, "severity") {
                let place = reader.forgiven_word(json, &At::Key(&at, "severity"), &InjurySeverity::VOCABULARY);
                severity = place.map(|place| InjurySeverity::ALL[place]);
            }
            area = get(object, "area");
            area_at = At::Key(&at, "area");
        }
        let Some(area) = area else {
            reader.expected(&area_at, "", None);
            continue;
        };
        if let Some(place) = reader.forgiven_word(area, &area_at, &Area::VOCABULARY) {
            worst[place] = worst[place].max(severity);
        }
    }
    let mut injuries = Vec::new();
    for (area, severity) in Area::ALL.iter().zip(worst) {
        if let Some(severity) = severity {
            injuries.push(Injury { area: *area, severity });
        }
    }
    injuries
}

fn one_rep_max_kg(reader: &mut Reader, json: Option<&Value>) -> Figures {
    let mut known = Figures::default();
    if json.is_none() {
        return known;
    }
    let at = key_at("oneRepMaxKg");
    for (id, json) in reader.object(json, &at).unwrap_or(&Fields::new()) {
        let at = At::Key(&at, id);
        if exercise(reader, id, &at).is_some()
            && let Some(kg) = reader.number_within(Some(json), &at, (1.0, 600.0))
        {
            known.set(id, kg);
        }
    }
    known
}

/// The exercise of an id.
fn exercise(reader: &mut Reader, id: &str, at: &At<'_>) -> Option<&'static Exercise> {
    let found = catalogue::find(id);
    if found.is_none() {
        let mut ids = Vec::new();
        for exercise in catalogue::all() {
            ids.push(exercise.id.as_str());
        }
        let message = "is not the id of an exercise of the catalogue".to_owned();
        reader.problem_with(at, message, nearest_of(id, &ids));
    }
    found
}
