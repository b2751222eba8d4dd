//! What is asked of the coach, checked and normalised.
//!
//! A request comes from an app or a model, so [`WorkoutRequest::parse`] trusts nothing and reports everything that is
//! wrong at once, each problem with its JSON pointer and what was probably meant. Words are forgiving in case, spaces
//! and plural (`"Dumbbells"`, `"pull-up bar"`); a word that is not known is refused rather than ignored, because an
//! ignored injury is a wrong workout.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::aliases::{
    area_alias, condition_alias, equipment_alias, focus_alias, level_alias, muscle_alias, symptom_alias,
};
use super::catalogue;
use super::words::{Area, Condition, Equipment, Focus, InjurySeverity, Level, Muscle, Set, Symptom, Word};
use crate::error::{Code, Error, Problem, nearest};

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

/// An injured part of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Injury {
    /// Where.
    pub area: Area,
    /// How bad; `moderate` when it was not said (house).
    pub severity: InjurySeverity,
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
    pub one_rep_max_kg: BTreeMap<String, f64>,
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
    /// use serde_json::json;
    ///
    /// let error = WorkoutRequest::parse(&json!({
    ///     "userId": "user123", "duration": 30, "focus": "strenght", "equipment": [], "fitnessLevel": "beginner",
    /// })).unwrap_err();
    /// assert_eq!(error.problems()[0].suggestion.as_deref(), Some("strength"));
    /// ```
    ///
    /// # Errors
    /// `workout.invalid` with every problem.
    pub fn parse(json: &Json) -> Result<Self, Error> {
        let mut reader = Reader { problems: Vec::new() };
        let empty = Map::new();
        let object = json.as_object().unwrap_or(&empty);
        if !json.is_object() {
            reader.problem("", format!("expected an object, got {}", kind_of(json)));
        } else {
            reader.unknown_keys("", object, &KEYS);
        }
        let request = reader.request(object, json.is_object());
        if reader.problems.is_empty() {
            Ok(request)
        } else {
            Err(Error::invalid(Code::WorkoutInvalid, "the workout request", reader.problems))
        }
    }

    /// The normalised form: canonical words, defaults filled in. It parses to the same request.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut json = json!({
            "userId": self.user_id,
            "duration": self.duration_min,
            "focus": self.focus,
            "equipment": self.equipment,
            "fitnessLevel": self.level,
            "injuries": self.injuries.iter()
                .map(|injury| json!({ "area": injury.area, "severity": injury.severity })).collect::<Vec<_>>(),
            "conditions": self.conditions,
            "symptoms": self.symptoms,
            "targetMuscles": self.target_muscles,
            "oneRepMaxKg": self.one_rep_max_kg,
            "exercisesRegularly": self.exercises_regularly,
            "seed": self.seed,
        });
        if let Some(age) = self.age {
            json["age"] = age.into();
        }
        if let Some(weight_kg) = self.weight_kg {
            json["weightKg"] = weight_kg.into();
        }
        if let Some(notes) = &self.notes {
            json["notes"] = notes.as_str().into();
        }
        json
    }
}

/// A stable 32-bit hash of a text (FNV-1a), for seeds and ids.
pub(super) fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// Collects problems while it reads. Each method gives a harmless value where it reports a problem.
struct Reader {
    problems: Vec<Problem>,
}

impl Reader {
    fn request(&mut self, object: &Map<String, Json>, is_object: bool) -> WorkoutRequest {
        if is_object {
            for key in &KEYS[..5] {
                if !object.contains_key(*key) {
                    self.problem(format!("/{key}"), "is missing");
                }
            }
        }
        let user_id = self.text(object, "userId", 128).unwrap_or_default();
        let level = self.word(object, "fitnessLevel", level_alias).unwrap_or(Level::Beginner);
        WorkoutRequest {
            duration_min: self.integer(object, "duration", DURATION_MIN, "minutes").unwrap_or(DURATION_MIN.0),
            focus: self.word(object, "focus", focus_alias).unwrap_or(Focus::GeneralFitness),
            equipment: self.equipment(object.get("equipment")),
            level,
            age: self.age(object),
            weight_kg: object.get("weightKg").and_then(|json| self.number("/weightKg", json, (20.0, 400.0))),
            injuries: self.injuries(object.get("injuries")),
            conditions: self.words(object, "conditions", condition_alias),
            symptoms: self.words(object, "symptoms", symptom_alias),
            target_muscles: self.words(object, "targetMuscles", muscle_alias),
            one_rep_max_kg: self.one_rep_max_kg(object.get("oneRepMaxKg")),
            exercises_regularly: self.flag(object, "exercisesRegularly").unwrap_or(level != Level::Beginner),
            seed: self.integer(object, "seed", (0, u32::MAX), "").unwrap_or_else(|| fnv1a(&user_id)),
            notes: self.text(object, "notes", 2_000),
            user_id,
        }
    }

    #[inline(never)]
    fn problem(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.problems.push(Problem::new(pointer, message));
    }

    fn unknown_keys(&mut self, at: &str, object: &Map<String, Json>, known: &[&str]) {
        for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
            let suggestion = nearest(key, known.iter().copied()).map(str::to_owned);
            let pointer = format!("{at}/{}", escape(key));
            self.problems.push(Problem {
                pointer,
                message: format!("is not a known key; known are {}", known.join(", ")),
                suggestion,
            });
        }
    }

    fn text(&mut self, object: &Map<String, Json>, key: &str, max: usize) -> Option<String> {
        let json = object.get(key)?;
        match json.as_str() {
            Some(text) if !text.trim().is_empty() && text.chars().count() <= max => return Some(text.to_owned()),
            Some("") => self.problem(format!("/{key}"), "must not be empty"),
            Some(text) if text.trim().is_empty() => self.problem(format!("/{key}"), "must not be blank"),
            Some(text) => {
                let length = text.chars().count();
                self.problem(format!("/{key}"), format!("has {length} characters; at most {max} are allowed"));
            }
            None => self.problem(format!("/{key}"), format!("expected a string, got {}", kind_of(json))),
        }
        None
    }

    fn flag(&mut self, object: &Map<String, Json>, key: &str) -> Option<bool> {
        let json = object.get(key)?;
        if !json.is_boolean() {
            self.problem(format!("/{key}"), format!("expected true or false, got {}", kind_of(json)));
        }
        json.as_bool()
    }

    fn number(&mut self, pointer: &str, json: &Json, (min, max): (f64, f64)) -> Option<f64> {
        match json.as_f64() {
            Some(number) if (min..=max).contains(&number) => return Some(number),
            Some(number) => self.problem(pointer, format!("{number} is out of range; {min} to {max} is allowed")),
            None => self.problem(pointer, format!("expected a number, got {}", kind_of(json))),
        }
        None
    }

    fn integer(&mut self, object: &Map<String, Json>, key: &str, (min, max): (u32, u32), unit: &str) -> Option<u32> {
        let json = object.get(key)?;
        let number = self.number(&format!("/{key}"), json, (f64::from(min), f64::from(max)))?;
        if number.fract() != 0.0 {
            let unit = if unit.is_empty() { String::new() } else { format!(" of {unit}") };
            self.problem(format!("/{key}"), format!("expected a whole number{unit}, got {number}"));
            return None;
        }
        Some(number as u32)
    }

    /// Years. A minor is told why, not only that a number is out of range.
    fn age(&mut self, object: &Map<String, Json>) -> Option<u32> {
        let years = object.get("age").and_then(Json::as_u64);
        if years.is_some_and(|years| years < u64::from(AGE.0)) {
            let (from, to) = AGE;
            self.problem("/age", format!("the coach is for adults, {from} to {to} years"));
            return None;
        }
        self.integer(object, "age", AGE, "years")
    }

    /// One word, by its spelling or by what `alias` knows for it.
    fn one_word<W: Word>(&mut self, pointer: String, json: &Json, alias: fn(&str) -> Option<W>) -> Option<W> {
        let name = self.name(pointer.clone(), json)?;
        let word = W::from_name(&name).or_else(|| alias(&name));
        if word.is_none() {
            self.unknown_word(pointer, &name, W::NAMES);
        }
        word
    }

    #[inline(never)]
    fn name(&mut self, pointer: String, json: &Json) -> Option<String> {
        if json.as_str().is_none() {
            self.problem(pointer, format!("expected a string, got {}", kind_of(json)));
        }
        json.as_str().map(canonical)
    }

    #[inline(never)]
    fn unknown_word(&mut self, pointer: String, name: &str, known: &[&str]) {
        self.problems.push(Problem {
            pointer,
            message: format!("`{}` is not known; known are {}", shorten(name), known.join(", ")),
            suggestion: nearest(name, known.iter().copied()).map(str::to_owned),
        });
    }

    fn word<W: Word>(&mut self, object: &Map<String, Json>, key: &str, alias: fn(&str) -> Option<W>) -> Option<W> {
        self.one_word(format!("/{key}"), object.get(key)?, alias)
    }

    fn list<'a>(&mut self, json: Option<&'a Json>, key: &str) -> &'a [Json] {
        match json {
            Some(Json::Array(items)) => items,
            Some(other) => {
                self.problem(format!("/{key}"), format!("expected a list, got {}", kind_of(other)));
                &[]
            }
            None => &[],
        }
    }

    fn words<W: Word>(&mut self, object: &Map<String, Json>, key: &str, alias: fn(&str) -> Option<W>) -> Set<W> {
        let items = self.list(object.get(key), key);
        let words = items.iter().enumerate();
        words.filter_map(|(i, item)| self.one_word(format!("/{key}/{i}"), item, alias)).collect()
    }

    fn equipment(&mut self, json: Option<&Json>) -> Set<Equipment> {
        let mut set = Set::EMPTY;
        for (i, item) in self.list(json, "equipment").iter().enumerate() {
            match item.as_str().map(canonical).as_deref() {
                Some("none" | "no_equipment" | "bodyweight" | "body_weight" | "body_only" | "mat") => {}
                Some("full_gym" | "gym" | "commercial_gym") => set = Set::all(),
                _ => {
                    if let Some(item) = self.one_word(format!("/equipment/{i}"), item, equipment_alias) {
                        set.insert(item);
                    }
                }
            }
        }
        set
    }

    fn injuries(&mut self, json: Option<&Json>) -> Vec<Injury> {
        let mut worst: BTreeMap<Area, InjurySeverity> = BTreeMap::new();
        for (i, item) in self.list(json, "injuries").iter().enumerate() {
            let at = format!("/injuries/{i}");
            let injury = match item {
                Json::Object(object) => {
                    self.unknown_keys(&at, object, &["area", "severity"]);
                    let severity = match object.get("severity") {
                        Some(json) => self.one_word(format!("{at}/severity"), json, |_| None),
                        None => Some(InjurySeverity::Moderate),
                    };
                    match object.get("area") {
                        Some(area) => self.one_word(format!("{at}/area"), area, area_alias).zip(severity),
                        None => {
                            self.problem(format!("{at}/area"), "is missing");
                            None
                        }
                    }
                }
                other => self.one_word(at, other, area_alias).map(|area| (area, InjurySeverity::Moderate)),
            };
            if let Some((area, severity)) = injury {
                let known = worst.entry(area).or_insert(severity);
                *known = severity.max(*known);
            }
        }
        worst.into_iter().map(|(area, severity)| Injury { area, severity }).collect()
    }

    fn one_rep_max_kg(&mut self, json: Option<&Json>) -> BTreeMap<String, f64> {
        let mut known = BTreeMap::new();
        match json {
            None => {}
            Some(Json::Object(object)) => {
                for (id, json) in object {
                    let pointer = format!("/oneRepMaxKg/{}", escape(id));
                    if catalogue::find(id).is_none() {
                        let ids = catalogue::all().iter().map(|exercise| exercise.id.as_str());
                        let suggestion = nearest(id, ids).map(str::to_owned);
                        let message = "is not the id of an exercise of the catalogue".to_owned();
                        self.problems.push(Problem { pointer, message, suggestion });
                    } else if let Some(kg) = self.number(&pointer, json, (1.0, 600.0)) {
                        known.insert(id.clone(), kg);
                    }
                }
            }
            Some(other) => self.problem("/oneRepMaxKg", format!("expected an object, got {}", kind_of(other))),
        }
        known
    }
}

/// Lower case, with underscores between words.
#[inline(never)]
fn canonical(text: &str) -> String {
    let lower = text.trim().to_lowercase();
    lower.split([' ', '-', '_']).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_")
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= 60 { text.to_owned() } else { text.chars().take(59).chain(['…']).collect() }
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn kind_of(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}
