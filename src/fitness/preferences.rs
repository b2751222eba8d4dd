//! What somebody likes to do: from what they say, and from what they did.
//!
//! A session that was liked speaks for each of its exercises, one that was disliked or broken off against them, and one
//! that was just done half for them. What half as much or more speaks for as for the best is *preferred*, what more speaks
//! against than for is *avoided*. With so many sessions `n`, the confidence is `n/(n + 5)`: nothing is known of somebody
//! without a history. All of it is house.

use std::rc::Rc;

use super::catalogue::{self, Exercise};
use super::form::{Form, Ids, field, list, number};
use super::reader::{At, Reader};
use super::record::{Object, ToJson};
use super::request::WorkoutRequest;
use super::words::{Equipment, Focus, Kind, Level, Muscle, Pattern, Set, Vocabulary, Word};
use crate::error::{Code, Error};
use crate::value::{Value, get, put};

/// What somebody says of exercises, and what they did: ids that the catalogue does not know say nothing.
const SAID: Form = Form::Object(&[("dislikes?", IDS), ("likes?", IDS)]);
const IDS: Form = Form::List(0, 200, &Form::Text(128));
const HISTORY: Form = Form::List(
    0,
    200,
    &Form::Object(&[
        ("completed?", Form::Flag),
        ("duration?", Form::Number(1, 600)),
        ("exerciseIds?", IDS),
        ("liked?", Form::Flag),
    ]),
);

/// Words, and the bits of those that an exercise has.
type Trait = (&'static Vocabulary, fn(&Exercise) -> u32);

/// What may be preferred or avoided.
static TRAITS: [Trait; 4] = [
    (&Pattern::VOCABULARY, |exercise| Set::only(exercise.pattern).bits()),
    (&Muscle::VOCABULARY, |exercise| exercise.primary.bits()),
    (&Equipment::VOCABULARY, |exercise| exercise.requires.bits()),
    (&Kind::VOCABULARY, |exercise| Set::only(exercise.kind).bits()),
];

/// Reads the `preferences` of somebody: `{ likes?, dislikes? }`, ids of exercises; `null` when there are none.
pub(super) fn said(json: Option<&Value>, of: &At<'_>, reader: &mut Reader) -> Value {
    match json {
        None | Some(Value::Null) => Value::Null,
        _ => SAID.read(json, &At::Key(of, "preferences"), &Ids::default(), reader),
    }
}

/// How much somebody likes an exercise by what they said: 1, −1, or 0.
pub(super) fn liking(said: &Value, exercise: &Exercise) -> f64 {
    let is_in = |key: &str| list(said, key).iter().any(|id| id.as_str() == Some(&exercise.id));
    f64::from(u8::from(is_in("likes"))) - f64::from(u8::from(is_in("dislikes")))
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
    let (mut reader, root, ids) = (Reader::default(), At::Pointer(""), Ids::default());
    let mut fields = params.as_map().cloned().unwrap_or_default();
    let defaults: [(&str, &dyn ToJson); 4] = [
        ("duration", &30_u32),
        ("equipment", &Set::<Equipment>::EMPTY),
        ("fitnessLevel", &Level::Beginner),
        ("focus", &Focus::GeneralFitness),
    ];
    for (key, value) in defaults {
        if get(&fields, key).is_none() {
            put(&mut fields, key, value.to_json());
        }
    }
    let said = said(get(&fields, "preferences"), &root, &mut reader);
    let mut history = Value::Null;
    if let Some(json) = get(&fields, "history") {
        history = HISTORY.read(Some(json), &At::Key(&root, "history"), &ids, &mut reader);
    }
    if let Some(json) = get(&fields, "includeHistory")
        && !reader.flag(Some(json), &At::Key(&root, "includeHistory")).unwrap_or_default()
    {
        history = Value::Null;
    }
    let more = ["maxDuration", "preferences", "history", "includeHistory"];
    let whole = Value::Map(Rc::new(fields));
    let whole = if params.is_map() { &whole } else { params };
    let request = WorkoutRequest::read_among(whole, "", &more, &mut reader.problems);
    if !reader.problems.is_empty() {
        return Err(Error::invalid(Code::WorkoutInvalid, "the params", reader.problems));
    }
    let mut signals = Vec::new();
    speak(&mut signals, &said, "likes", 1.0);
    speak(&mut signals, &said, "dislikes", -1.0);
    let (mut done, mut minutes) = (0.0, 0.0);
    let sessions = history.as_list().unwrap_or_default();
    for session in sessions {
        let is = |key: &str| field(session, key).and_then(Value::as_bool);
        let completed = is("completed") != Some(false);
        let signal = match is("liked") {
            Some(liked) => 2.0 * f64::from(u8::from(liked)) - 1.0,
            None => f64::from(u8::from(completed)) - 0.5,
        };
        speak(&mut signals, session, "exerciseIds", signal);
        if completed {
            done += 1.0;
            minutes += number(session, "duration");
        }
    }
    let count = sessions.len() as f64;
    let share = |part: f64, of: f64| (part / of * 100.0).round() / 100.0;
    let told = |key: &str| field(params, key).is_some();
    let mean = (minutes > 0.0).then_some((minutes / done) as u32);
    Ok(Object(
        "user_id sessions focus level preferred avoided duration_min completion confidence",
        &[
            &request.user_id,
            &(sessions.len() as u32),
            &told("focus").then_some(request.focus),
            &told("fitnessLevel").then_some(request.level),
            &taste(&signals, 1.0, request.target_muscles.bits()),
            &taste(&signals, -1.0, 0),
            &mean.or(told("duration").then_some(request.duration_min)),
            &(count > 0.0).then_some(share(done, count)),
            &share(count, count + 5.0),
        ],
    )
    .to_json())
}

/// Lets something speak for or against the exercises of a list.
fn speak(signals: &mut Vec<(f64, &'static Exercise)>, of: &Value, key: &str, signal: f64) {
    for id in list(of, key) {
        if let Some(exercise) = catalogue::find(id.as_str().unwrap_or_default()) {
            signals.push((signal, exercise));
        }
    }
}

/// What is preferred, or with the sign −1 avoided. Who asked for a muscle prefers it.
fn taste(signals: &[(f64, &'static Exercise)], sign: f64, muscles: u32) -> Value {
    let mut lists = [Value::Null, Value::Null, Value::Null, Value::Null];
    for (place, (words, bits_of)) in TRAITS.iter().enumerate() {
        let (mut sums, mut most) = ([0.0_f64; 32], 0.0);
        for (bit, sum) in sums.iter_mut().enumerate() {
            for (signal, exercise) in signals {
                if bits_of(exercise) & (1 << bit) != 0 {
                    *sum += sign * signal;
                }
            }
            if *sum > most {
                most = *sum;
            }
        }
        let mut bits = if place == 1 { muscles } else { 0 };
        for (bit, sum) in sums.iter().enumerate() {
            if *sum > 0.0 && (sign < 0.0 || *sum * 2.0 >= most) {
                bits |= 1 << bit;
            }
        }
        lists[place] = words.of_bits(bits).to_json();
    }
    let mut exercises: Vec<&str> = Vec::new();
    for (signal, exercise) in signals {
        if sign * signal >= 1.0 && !exercises.contains(&exercise.id.as_str()) {
            exercises.push(&exercise.id);
        }
    }
    let [patterns, muscles, equipment, kinds] = lists;
    Object("patterns muscles equipment kinds exercises", &[&patterns, &muscles, &equipment, &kinds, &exercises])
        .to_json()
}
