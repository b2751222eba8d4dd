//! What somebody likes to do: from what they say, and from what they did.
//!
//! A session that was liked speaks for each of its exercises, one that was disliked or broken off against them, and one
//! that was just done half for them. What half as much or more speaks for as for the best is *preferred*, what more speaks
//! against than for is *avoided*. With so many sessions `n`, the confidence is `n/(n + 5)`: nothing is known of somebody
//! without a history. All of it is house.

use super::catalogue::{self, Exercise};
use super::form::texts;
use super::reader::{At, Reader};
use super::record::{Object, ToJson, record};
use super::request::{WorkoutRequest, exercise};
use super::words::{Equipment, Kind, Muscle, Pattern, Set, Vocabulary, Word};
use crate::error::{Code, Error};
use crate::value::{Fields, Value, get, put};

use std::rc::Rc;

/// The most sessions and exercises that are looked at.
const MOST: usize = 500;

/// What may be preferred or avoided, and what of it an exercise has.
static TRAITS: [(&Vocabulary, fn(&Exercise) -> u32); 4] = [
    (&Pattern::VOCABULARY, |exercise| Set::only(exercise.pattern).bits()),
    (&Muscle::VOCABULARY, |exercise| exercise.primary.bits()),
    (&Equipment::VOCABULARY, |exercise| exercise.requires.bits()),
    (&Kind::VOCABULARY, |exercise| Set::only(exercise.kind).bits()),
];

record! {
    /// What somebody says of exercises, by their ids.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Likes {
        /// Those that they like.
        pub likes: Vec<String>,
        /// Those that they do not.
        pub dislikes: Vec<String>,
    }
}

impl Likes {
    /// How much an exercise is liked: 1, −1, or 0.
    pub(super) fn of(&self, exercise: &Exercise) -> f64 {
        let number = |ids: &[String]| f64::from(u8::from(ids.contains(&exercise.id)));
        number(&self.likes) - number(&self.dislikes)
    }
}

/// Reads `{ likes?, dislikes? }`, ids of exercises.
pub(super) fn said(json: Option<&Value>, at: &At<'_>, reader: &mut Reader) -> Likes {
    let (mut said, nothing) = (Likes::default(), Fields::new());
    if json.is_none_or(Value::is_null) {
        return said;
    }
    let object = reader.object(json, at).unwrap_or(&nothing);
    reader.unknown_keys(object, at, &["likes", "dislikes"]);
    for (key, list) in [("likes", &mut said.likes), ("dislikes", &mut said.dislikes)] {
        let Some(json) = get(object, key) else { continue };
        let at = At::Key(at, key);
        for (place, id) in reader.list(Some(json), &at).iter().take(MOST).enumerate() {
            let at = At::Place(&at, place);
            if let Some(exercise) = reader.text(Some(id), &at).and_then(|id| exercise(reader, id, &at)) {
                list.push(exercise.id.clone());
            }
        }
    }
    said
}

/// What somebody prefers. Params: a request, of which only `userId` has to be there, with `preferences: { likes?, dislikes? }`
/// and `history: [{ exerciseIds?, liked?, completed?, duration? }]`; with `includeHistory: false` the history is passed over.
///
/// ```jsonc
/// { "user_id": "ada", "sessions": 12, "focus": "strength" /* or null */, "level": "beginner" /* or null */,
///   "preferred": { "patterns": [], "muscles": [], "equipment": [], "kinds": [], "exercises": [] }, "avoided": { /* same */ },
///   "duration_min": 40 /* or null */, "completion": 0.9 /* or null */, "confidence": 0.71 }
/// ```
pub(super) fn analyze(params: &Value) -> Result<Value, Error> {
    let (mut reader, root, nothing) = (Reader::default(), At::Pointer(""), Fields::new());
    let own = reader.object(Some(params), &root).unwrap_or(&nothing);
    let mut fields = own.clone();
    for (key, value) in [
        ("duration", 30_u32.to_json()),
        ("equipment", Vec::<Value>::new().to_json()),
        ("fitnessLevel", "beginner".to_json()),
        ("focus", "general_fitness".to_json()),
    ] {
        if get(own, key).is_none() {
            put(&mut fields, key, value);
        }
    }
    let more = ["maxDuration", "preferences", "history", "includeHistory"];
    let request = WorkoutRequest::read_among(&Value::Map(Rc::new(fields)), "", &more, &mut reader.problems);
    let mut signals: Vec<(&'static Exercise, f64)> = Vec::new();
    let said = said(get(own, "preferences"), &At::Key(&root, "preferences"), &mut reader);
    speak(&mut signals, &said.likes, 1.0);
    speak(&mut signals, &said.dislikes, -1.0);
    let included = get(own, "includeHistory")
        .is_none_or(|json| reader.flag(Some(json), &At::Key(&root, "includeHistory")).unwrap_or_default());
    let mut history: &[Value] = &[];
    if let Some(json) = get(own, "history") {
        history = reader.list(Some(json), &At::Key(&root, "history"));
    }
    let (mut sessions, mut done, mut minutes) = (0_u32, 0_u32, 0.0);
    for (place, json) in history.iter().take(MOST).enumerate() {
        let (root, nothing) = (At::Key(&root, "history"), Fields::new());
        let at = At::Place(&root, place);
        let session = reader.object(Some(json), &at).unwrap_or(&nothing);
        reader.unknown_keys(session, &at, &["exerciseIds", "liked", "completed", "duration"]);
        let mut flag = |key: &str| get(session, key).and_then(|json| reader.flag(Some(json), &At::Key(&at, key)));
        let (liked, completed) = (flag("liked"), flag("completed").unwrap_or(true));
        let signal = match (liked, completed) {
            (Some(true), _) => 1.0,
            (Some(false), _) => -1.0,
            (None, completed) => f64::from(u8::from(completed)) - 0.5,
        };
        let ids = get(session, "exerciseIds");
        if ids.is_some() {
            let at = At::Key(&at, "exerciseIds");
            for (place, id) in reader.list(ids, &at).iter().take(MOST).enumerate() {
                reader.text(Some(id), &At::Place(&at, place));
            }
        }
        let duration = get(session, "duration")
            .map_or(Some(0.0), |json| reader.number_within(Some(json), &At::Key(&at, "duration"), (1.0, 600.0)));
        if included {
            speak(&mut signals, &texts(json, "exerciseIds"), signal);
            sessions += 1;
            if completed {
                done += 1;
                minutes += duration.unwrap_or_default();
            }
        }
    }
    if !reader.problems.is_empty() {
        return Err(Error::invalid(Code::WorkoutInvalid, "the params", reader.problems));
    }
    let [preferred, avoided] = [false, true].map(|avoided| taste(&signals, avoided, request.target_muscles));
    let share = |part: f64| (part * 100.0).round() / 100.0;
    let mean = minutes / f64::from(done.max(1));
    let asked = get(own, "duration").map(|_| request.duration_min);
    let is_said = |key: &str| get(own, key).is_some();
    let completion = (sessions > 0).then(|| share(f64::from(done) / f64::from(sessions)));
    Ok(Object(
        "user_id sessions focus level preferred avoided duration_min completion confidence",
        &[
            &request.user_id,
            &sessions,
            &is_said("focus").then_some(request.focus),
            &is_said("fitnessLevel").then_some(request.level),
            &preferred,
            &avoided,
            &if mean > 0.0 { Some(mean.round() as u32) } else { asked },
            &completion,
            &share(f64::from(sessions) / f64::from(sessions + 5)),
        ],
    )
    .to_json())
}

/// Lets something speak for or against exercises. Those that the catalogue does not know say nothing.
fn speak(signals: &mut Vec<(&'static Exercise, f64)>, ids: &[String], signal: f64) {
    for exercise in ids.iter().take(MOST).filter_map(|id| catalogue::find(id)) {
        signals.push((exercise, signal));
    }
}

/// What is preferred, or avoided. Who asked for a muscle prefers it.
fn taste(signals: &[(&'static Exercise, f64)], avoided: bool, wanted: Set<Muscle>) -> Value {
    let mut lists = Vec::new();
    for (place, (words, bits_of)) in TRAITS.iter().enumerate() {
        let mut sums = [0.0_f64; 32];
        for (exercise, signal) in signals {
            for (bit, sum) in sums.iter_mut().enumerate() {
                *sum += f64::from(bits_of(exercise) >> bit & 1) * signal;
            }
        }
        let most = sums.iter().fold(0.0, |most: f64, sum| most.max(*sum));
        let mut bits = if place == 1 && !avoided { wanted.bits() } else { 0 };
        for (bit, sum) in sums.iter().enumerate() {
            if if avoided { *sum < 0.0 } else { *sum > 0.0 && *sum * 2.0 >= most } {
                bits |= 1 << bit;
            }
        }
        lists.push(words.of_bits(bits).to_json());
    }
    let mut exercises: Vec<&str> = Vec::new();
    for (one, _) in signals {
        let sum: f64 = signals.iter().filter(|(other, _)| other.id == one.id).map(|(_, signal)| signal).sum();
        if (if avoided { sum < 0.0 } else { sum >= 1.0 }) && !exercises.contains(&one.id.as_str()) {
            exercises.push(&one.id);
        }
    }
    let [patterns, muscles, equipment, kinds] = [0, 1, 2, 3].map(|place| lists.get(place).cloned().unwrap_or_default());
    Object("patterns muscles equipment kinds exercises", &[&patterns, &muscles, &equipment, &kinds, &exercises])
        .to_json()
}
