use repflow::Kind;
use repflow::fitness::request::WorkoutRequest;
use repflow::fitness::words::{Area, Equipment, Focus, InjurySeverity, Level, Set};
use serde_json::{Value as Json, json};

use crate::support::{example, example_with, parse};

/// The problems with the example when some keys are changed, each as `pointer: message` without the list of words.
fn problems(changes: Json) -> Vec<(String, Option<String>)> {
    let mut json = example();
    for (key, value) in changes.as_object().unwrap() {
        json[key] = value.clone();
    }
    let error = parse(&json).unwrap_err();
    assert_eq!((error.code().as_str(), error.kind()), ("workout.invalid", Kind::Validation));
    error.problems().iter().map(|problem| (problem.pointer.clone(), problem.suggestion.clone())).collect()
}

fn at(pointer: &str) -> (String, Option<String>) {
    (pointer.to_owned(), None)
}

fn meant(pointer: &str, suggestion: &str) -> (String, Option<String>) {
    (pointer.to_owned(), Some(suggestion.to_owned()))
}

#[test]
fn the_example_is_understood_and_its_defaults_are_filled_in() {
    let request = parse(&example()).unwrap();
    assert_eq!((request.duration_min, request.focus, request.level), (30, Focus::Strength, Level::Intermediate));
    assert_eq!(request.equipment, [Equipment::Dumbbell, Equipment::Bench].into_iter().collect::<Set<_>>());
    assert_eq!(
        Json::from(&request.to_json()),
        json!({
            "userId": "user123", "duration": 30, "focus": "strength", "equipment": ["dumbbell", "bench"],
            "fitnessLevel": "intermediate", "injuries": [], "conditions": [], "symptoms": [], "targetMuscles": [],
            "oneRepMaxKg": {}, "exercisesRegularly": true, "seed": request.seed,
        })
    );
    assert_eq!(WorkoutRequest::parse(&request.to_json()).unwrap(), request);
}

#[test]
fn words_are_forgiving() {
    let request = example_with(json!({
        "focus": "Muscle Gain", "fitnessLevel": "EXPERT",
        "equipment": ["Dumbbells", "pull-up bar", "resistance bands", "none", "TRX"],
        "injuries": ["Knees", { "area": "low back", "severity": "Mild" }, { "area": "knee", "severity": "severe" }],
    }));
    assert_eq!((request.focus, request.level), (Focus::Hypertrophy, Level::Advanced));
    let items = [Equipment::Dumbbell, Equipment::PullUpBar, Equipment::Bands, Equipment::Suspension];
    assert_eq!(request.equipment, items.into_iter().collect::<Set<_>>());
    let injuries: Vec<_> = request.injuries.iter().map(|injury| (injury.area, injury.severity)).collect();
    assert_eq!(injuries, [(Area::Knee, InjurySeverity::Severe), (Area::LowerBack, InjurySeverity::Mild)]);
    assert_eq!(example_with(json!({ "equipment": ["full gym"] })).equipment.len(), 20);
    assert!(example_with(json!({ "equipment": ["bodyweight"] })).equipment.is_empty());
}

/// E1: what gives less than all that a word stands for, or could be something else, is asked about.
#[test]
fn equipment_that_is_something_else_is_refused() {
    for given in ["Smith machine", "flat bench", "incline bench", "rope", "straps", "erg", "bicycle", "step"] {
        let error = parse(&with_equipment(given)).unwrap_err();
        assert_eq!(error.problems()[0].pointer, "/equipment/0", "{given}");
    }
    for given in
        ["adjustable bench", "weight machines", "plyo box", "rings", "skipping rope", "spin bike", "squat rack"]
    {
        assert!(parse(&with_equipment(given)).is_ok(), "{given}");
    }
    assert_eq!(problems(json!({ "injuries": ["spine"] })), [at("/injuries/0")], "the neck has one, too");
}

fn with_equipment(word: &str) -> Json {
    let mut json = example();
    json["equipment"] = json!([word]);
    json
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    assert_eq!(
        problems(json!({
            "userId": " ", "duration": 12.5, "focus": "strenght", "equipment": ["dumbell", 3], "fitnessLevel": null,
            "age": -1, "weightKg": "75", "injuries": [{ "area": "knie", "seriousness": "bad" }], "dur/ation": 30,
        })),
        [
            meant("/dur~1ation", "duration"),
            at("/userId"),
            at("/fitnessLevel"),
            at("/duration"),
            meant("/focus", "strength"),
            meant("/equipment/0", "dumbbell"),
            at("/equipment/1"),
            at("/age"),
            at("/weightKg"),
            at("/injuries/0/seriousness"),
            meant("/injuries/0/area", "knee"),
        ]
    );
}

#[test]
fn missing_keys_are_each_named() {
    let error = parse(&json!({})).unwrap_err();
    let pointers: Vec<&str> = error.problems().iter().map(|problem| problem.pointer.as_str()).collect();
    assert_eq!(pointers, ["/userId", "/duration", "/focus", "/equipment", "/fitnessLevel"]);
    assert!(error.message().starts_with("the workout request has 5 problems:\n- /userId: is missing"));
}

#[test]
fn what_is_no_object_is_one_problem() {
    for json in [json!(null), json!("workout"), json!([])] {
        let error = parse(&json).unwrap_err();
        assert_eq!(error.problems().len(), 1);
        assert_eq!(error.problems()[0].pointer, "");
    }
}

#[test]
fn bounds_hold() {
    for (key, value) in [
        ("duration", json!(14)),
        ("duration", json!(91)),
        ("duration", json!("30")),
        ("duration", json!(30.5)),
        ("age", json!(17)),
        ("age", json!(101)),
        ("weightKg", json!(19)),
        ("weightKg", json!(f64::INFINITY)),
        ("seed", json!(-1)),
        ("seed", json!(4_294_967_296_u64)),
        ("userId", json!("x".repeat(129))),
        ("exercisesRegularly", json!("yes")),
        ("equipment", json!("dumbbells")),
        ("notes", json!(7)),
    ] {
        assert_eq!(problems(json!({ key: value })), [at(&format!("/{key}"))], "{key}");
    }
    for (key, value) in [("duration", 15), ("duration", 90), ("age", 18), ("age", 100)] {
        example_with(json!({ key: value }));
    }
}

#[test]
fn a_minor_is_told_that_the_coach_is_for_adults() {
    let mut minor = example();
    minor["age"] = json!(13);
    let error = parse(&minor).unwrap_err();
    assert_eq!(error.problems()[0].message, "the coach is for adults, 18 to 100 years");
}

#[test]
fn a_misspelt_key_is_refused_with_what_was_meant() {
    assert_eq!(problems(json!({ "equipmnt": [] })), [meant("/equipmnt", "equipment")]);
    assert_eq!(problems(json!({ "user_id": "x" })), [meant("/user_id", "userId")]);
}

#[test]
fn a_maximum_needs_a_known_exercise() {
    assert_eq!(
        problems(json!({ "oneRepMaxKg": { "Barbell_Squats": 100, "Barbell_Deadlift": 0 } })),
        [at("/oneRepMaxKg/Barbell_Deadlift"), meant("/oneRepMaxKg/Barbell_Squats", "Barbell_Squat")]
    );
}

#[test]
fn an_unknown_symptom_is_refused_rather_than_ignored() {
    assert_eq!(problems(json!({ "symptoms": ["chest pian"] })), [meant("/symptoms/0", "chest_pain")]);
}

#[test]
fn a_seed_is_a_function_of_the_user_until_it_is_given() {
    assert_eq!(example_with(json!({})).seed, example_with(json!({ "duration": 45 })).seed);
    assert_ne!(example_with(json!({})).seed, example_with(json!({ "userId": "user124" })).seed);
    assert_eq!(example_with(json!({ "seed": 7 })).seed, 7);
}
