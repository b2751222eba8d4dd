//! Where somebody starts: what tests and a profile say before a programme.
//!
//! Maxima are estimated by Epley from up to ten repetitions, with Brzycki beside it; a training maximum is nine tenths of
//! it (house). Heart-rate zones are shares of the reserve where the resting rate is known (Karvonen), else of the maximum;
//! there are none with a beta blocker, nor where nobody may train. What counts as many push-ups or a long plank is house.

use std::rc::Rc;

use crate::error::{Code, Error};
use crate::fitness::catalogue;
use crate::fitness::contraindications::Restrictions;
use crate::fitness::features::analyze_profile;
use crate::fitness::form::{Form, Ids, field, figure, list, number, text, whole};
use crate::fitness::heart_rate::{Zone, at_reserve_share, max_bpm};
use crate::fitness::reader::{At, Reader};
use crate::fitness::record::{Object, ToJson};
use crate::fitness::request::WorkoutRequest;
use crate::fitness::screening::{Clearance, Screening};
use crate::fitness::strength::{brzycki_kg, epley_kg};
use crate::fitness::words::Condition;
use crate::number::format;
use crate::value::{Value, put};

use super::ProgrammeRequest;

/// What was tested.
const TESTS: Form = Form::Object(&[
    (
        "lifts?",
        Form::List(
            0,
            20,
            &Form::Object(&[
                ("exerciseId", Form::Text(80)),
                ("weightKg", Form::Number(1, 600)),
                ("reps", Form::Whole(1, 10)),
            ]),
        ),
    ),
    ("restingHeartRateBpm?", Form::Whole(30, 120)),
    ("pushUps?", Form::Whole(0, 200)),
    ("plankS?", Form::Whole(0, 1_800)),
]);

/// A test that is a number: its key, below what it limits and from what it is a strength, and what it is of (house).
const FIGURES: [(&str, f64, f64, &str); 2] =
    [("pushUps", 10.0, 25.0, "push-ups in a row"), ("plankS", 30.0, 90.0, "s of plank")];

/// The share of a maximum to plan with (house).
const TRAINING: f64 = 0.9;

/// Reads the keys of a [`ProgrammeRequest`] and `tests`: a request with the maxima that were tested, and the tests.
///
/// # Errors
/// `workout.invalid` with every problem.
pub(in crate::fitness) fn tested(params: &Value) -> Result<(ProgrammeRequest, Value), Error> {
    let mut reader = Reader::default();
    let mut request = ProgrammeRequest::read_among(params, "", &["tests"], &mut reader.problems);
    let mut tests = Value::Null;
    if let Some(json) = field(params, "tests") {
        tests = TESTS.read(Some(json), &At::Pointer("/tests"), &Ids::default(), &mut reader);
    }
    for (place, lift) in list(&tests, "lifts").iter().enumerate() {
        let id = text(lift, "exerciseId");
        if catalogue::find(id).is_none() {
            let lifts = At::Pointer("/tests/lifts");
            reader.problem(&At::Key(&At::Place(&lifts, place), "exerciseId"), "is not an exercise of the catalogue");
        }
        request.session.one_rep_max_kg.set(id, by(epley_kg, lift));
    }
    if reader.problems.is_empty() {
        Ok((request, tests))
    } else {
        Err(Error::invalid(Code::WorkoutInvalid, "the programme request", reader.problems))
    }
}

/// The maximum that a lift tells by a formula.
#[inline(never)]
fn by(formula: fn(f64, u32) -> f64, lift: &Value) -> f64 {
    to_half(formula(number(lift, "weightKg"), whole(lift, "reps")))
}

/// Assesses what [`tested`] reads.
///
/// # Errors
/// `workout.invalid` with every problem.
pub(in crate::fitness) fn assess(params: &Value) -> Result<Value, Error> {
    let (request, tests) = tested(params)?;
    let session = &request.session;
    let (mut strengths, mut limitations) = (Vec::new(), Vec::new());
    if session.exercises_regularly {
        strengths.push("Active already.".to_owned());
    }
    for (key, little, much, of) in FIGURES {
        let Some(done) = figure(&tests, key) else { continue };
        let said = crate::small::join(&[&format(done), of], " ");
        if done < little {
            limitations.push(said);
        } else if done >= much {
            strengths.push(said);
        }
    }
    let resting = figure(&tests, "restingHeartRateBpm");
    if resting.is_some_and(|bpm| bpm > 100.0) {
        limitations.push("A resting heart rate above 100: have it looked at.".to_owned());
    }
    for message in Restrictions::of(session).messages() {
        limitations.push(message.to_owned());
    }
    let mut training = Vec::new();
    for (id, kg) in session.one_rep_max_kg.iter() {
        let tested = list(&tests, "lifts").iter().rfind(|lift| text(lift, "exerciseId") == id);
        let max_kg = |formula| tested.map(|lift| by(formula, lift));
        training.push(
            Object(
                "exercise_id one_rep_max_kg training_max_kg epley_kg? brzycki_kg?",
                &[&id, &kg, &to_half(kg * TRAINING), &max_kg(epley_kg), &max_kg(brzycki_kg)],
            )
            .to_json(),
        );
    }
    let analysis = analyze_profile(&session.to_json())?;
    let mut fields = analysis.as_map().cloned().unwrap_or_default();
    put(&mut fields, "request", request.to_json());
    put(&mut fields, "heart_rate", heart_rate(session, resting).to_json());
    put(&mut fields, "training_maxima", training.to_json());
    put(&mut fields, "days_per_week", request.days_per_week.to_json());
    put(&mut fields, "strengths", strengths.to_json());
    put(&mut fields, "limitations", limitations.to_json());
    Ok(Value::Map(Rc::new(fields)))
}

/// Kilograms to a half, inside what a request may say.
#[inline(never)]
fn to_half(kg: f64) -> f64 {
    ((kg * 2.0).round() / 2.0).min(600.0)
}

/// The zones of effort in beats a minute.
fn heart_rate(request: &WorkoutRequest, resting: Option<f64>) -> Option<Value> {
    let age = request.age.filter(|_| {
        !request.conditions.contains(Condition::BetaBlocker) && Screening::of(request).clearance > Clearance::LightOnly
    })?;
    let max = max_bpm(age).round() as u32;
    let method = if resting.is_some() { "karvonen" } else { "share_of_maximum" };
    let mut zones = [(0, 0); 3];
    for (bounds, zone) in zones.iter_mut().zip([Zone::Light, Zone::Moderate, Zone::Vigorous]) {
        let (from, to) = if resting.is_some() { zone.of_reserve() } else { zone.of_maximum() };
        *bounds = (bpm(from, age, resting), bpm(to, age, resting));
    }
    let [light, moderate, vigorous] = zones;
    Some(
        Object("max_bpm method light_bpm moderate_bpm vigorous_bpm", &[&max, &method, &light, &moderate, &vigorous])
            .to_json(),
    )
}

/// The heart rate at a share of the reserve, or of the maximum where the resting rate is not known.
#[inline(never)]
fn bpm(share: f64, age: u32, resting: Option<f64>) -> u32 {
    resting.map_or(max_bpm(age) * share, |resting| at_reserve_share(share, age, resting)).round() as u32
}
