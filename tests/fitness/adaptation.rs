//! How to go on in a session: never harder than the rules, never longer than a tenth, and never a done set changed.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use repflow::fitness::adaptation::{Adaptation, AdaptationRequest, Decision, adapt, bounds, plan, recover};
use repflow::fitness::catalogue;
use repflow::fitness::check::adaptation::{a1, check_adaptation};
use repflow::fitness::check::{Violation, check};
use repflow::fitness::session;
use repflow::fitness::strategy::{Accepted, Origin, Task, accept};
use repflow::fitness::time_budget;
use repflow::fitness::words::{Area, Word};
use repflow::fitness::workout::Workout;
use repflow::value::Value;
use serde_json::{Value as Json, json};

use crate::properties::request;
use crate::support::{call, config, example, parse, seconds_of};

/// The example of the specification.
fn spec() -> Json {
    json!({
        "userId": "user123", "workoutId": "workout456",
        "currentExercise": { "name": "Push-ups", "sets": 3, "reps": 12 },
        "performanceData": { "fatigue": 0.7, "heartRate": 150 },
        "userFeedback": { "difficulty": "hard" },
    })
}

fn read(json: &Json) -> AdaptationRequest {
    AdaptationRequest::parse(&Value::from(json)).unwrap_or_else(|error| panic!("{error}"))
}

/// The adaptation of params, which has to be correct.
fn adapted(json: &Json) -> Json {
    let request = read(json);
    let adaptation = adapt(&request);
    assert_eq!(check_adaptation(&adaptation, &request), []);
    Json::from(&adaptation.to_json())
}

fn with(json: &Json, pointer: &str, value: Json) -> Json {
    let mut json = json.clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    json.pointer_mut(parent).unwrap()[key] = value;
    json
}

fn built() -> Json {
    json!(session::build(&parse(&example()).unwrap()).unwrap())
}

/// The example in its workout, with some sets of the first exercise done.
fn under_way(done: u32) -> Json {
    let workout = built();
    let first = workout["blocks"][1]["steps"][0]["exercise_id"].clone();
    let mut json = spec();
    json["profile"] = example();
    json["workout"] = workout;
    json["completed"] = json!([{ "exerciseId": first, "sets": done }]);
    json["userFeedback"]["difficulty"] = json!("hard");
    json.as_object_mut().unwrap().remove("currentExercise");
    json
}

#[test]
fn the_example_is_a_cut_at_30_and_a_stop_at_75() {
    let young = adapted(&with(&spec(), "/age", json!(30)));
    assert_eq!((&young["decision"], &young["ceiling"], &young["status"]), (&json!("cut"), &json!("cut"), &json!("ok")));
    assert_eq!(young["changes"], json!({ "load_pct": -5, "sets_pct": 0, "accessory_sets": -1, "rest_pct": 30 }));
    let exercise = &young["exercise"];
    assert_eq!((&exercise["exercise_id"], &exercise["name"]), (&json!("Pushups"), &json!("Pushups")));
    // A basic movement keeps its sets; body weight loses a repetition in place of load.
    assert_eq!((&exercise["sets"], &exercise["reps"], &exercise["rest_s"]), (&json!(3), &json!(11), &json!(78)));
    assert!(exercise["how"].as_str().unwrap().contains("Fewer repetitions"));
    let rules: Vec<&str> =
        young["reasons"].as_array().unwrap().iter().map(|reason| reason["rule"].as_str().unwrap()).collect();
    assert_eq!(rules, ["fatigue:0.6", "difficulty:hard"]);
    assert_eq!(young["workout_id"], "workout456");

    let old = adapted(&with(&spec(), "/age", json!(75)));
    assert_eq!((&old["decision"], &old["status"]), (&json!("stop"), &json!("stop")));
    assert_eq!(old["reasons"][0]["rule"], "heart_rate:max");
    assert!(old["exercise"].is_null() && old["workout"].is_null());
    // 64 % of 208 − 0.7 · 75.
    assert_eq!((&old["recovery"]["kind"], &old["recovery"]["max_bpm"]), (&json!("active"), &json!(99)));

    // Nobody knows the age: what is too fast at 18 is too fast for everybody, and no less is known.
    assert_eq!(adapted(&spec())["decision"], "cut");
    assert_eq!(adapted(&with(&spec(), "/performanceData/heartRate", json!(185)))["decision"], "cut");
    assert_eq!(adapted(&with(&spec(), "/performanceData/heartRate", json!(186)))["decision"], "stop");
}

#[test]
fn each_threshold_is_where_it_is_said_to_be() {
    let decision = |performance: Json, feedback: Json| {
        let json = json!({ "userId": "u", "age": 40, "performanceData": performance, "userFeedback": feedback });
        adapted(&json)["decision"].as_str().unwrap().to_owned()
    };
    let felt = |word: &str| json!({ "difficulty": word });
    // HRmax is 180: 95 % of it is 171.
    for (performance, feedback, expected) in [
        (json!({ "fatigue": 0.5 }), felt("moderate"), "hold"),
        (json!({ "fatigue": 0.59 }), felt("moderate"), "hold"),
        (json!({ "fatigue": 0.6 }), felt("moderate"), "cut"),
        (json!({ "fatigue": 0.79 }), felt("easy"), "cut"),
        (json!({ "fatigue": 0.8 }), felt("easy"), "strong_cut"),
        (json!({ "fatigue": 0.89 }), felt("easy"), "strong_cut"),
        (json!({ "fatigue": 0.9 }), felt("easy"), "stop"),
        (json!({ "fatigue": 0 }), felt("hard"), "cut"),
        (json!({ "fatigue": 0 }), felt("too_hard"), "strong_cut"),
        (json!({ "fatigue": 0, "rpe": 9.4 }), felt("moderate"), "hold"),
        (json!({ "fatigue": 0, "rpe": 9.5 }), felt("moderate"), "strong_cut"),
        (json!({ "fatigue": 0, "heartRate": 170.9 }), felt("moderate"), "hold"),
        (json!({ "fatigue": 0, "heartRate": 171 }), felt("easy"), "stop"),
        (json!({ "fatigue": 0, "heartRate": 139, "zoneMaxBpm": 140 }), felt("moderate"), "hold"),
        (json!({ "fatigue": 0, "heartRate": 140, "zoneMaxBpm": 140 }), felt("easy"), "cut"),
        (json!({ "fatigue": 0.29, "rir": 4, "targetRir": 2 }), felt("easy"), "progress"),
        (json!({ "fatigue": 0.3, "rir": 4, "targetRir": 2 }), felt("easy"), "hold"),
        (json!({ "fatigue": 0.1, "rir": 3.9, "targetRir": 2 }), felt("easy"), "hold"),
        (json!({ "fatigue": 0.1, "rir": 4 }), felt("easy"), "hold"),
        (json!({ "fatigue": 0.1, "rir": 4, "targetRir": 2 }), felt("moderate"), "hold"),
        (json!({ "fatigue": 0, "rir": 9, "targetRir": 0 }), json!({ "difficulty": "easy", "pain": ["knee"] }), "hold"),
        (json!({ "fatigue": 0 }), json!({ "difficulty": "easy", "symptoms": ["odd feeling"] }), "stop"),
    ] {
        assert_eq!(decision(performance.clone(), feedback.clone()), expected, "{performance} {feedback}");
    }
}

#[test]
fn health_is_a_ceiling_too() {
    let easy = json!({
        "userId": "u", "performanceData": { "fatigue": 0, "rir": 6, "targetRir": 2 },
        "userFeedback": { "difficulty": "easy" },
    });
    let decision = |changes: Json| {
        let mut profile = example();
        for (key, value) in changes.as_object().unwrap() {
            profile[key] = value.clone();
        }
        adapted(&with(&easy, "/profile", profile))
    };
    assert_eq!(decision(json!({}))["decision"], "progress");
    let light = decision(json!({ "conditions": ["cardiac"], "exercisesRegularly": true }));
    assert_eq!((&light["decision"], &light["reasons"][0]["rule"]), (&json!("hold"), &json!("screening:light_only")));
    let sign = decision(json!({ "symptoms": ["chest_pain"] }));
    assert_eq!((&sign["decision"], &sign["recovery"]["kind"]), (&json!("stop"), &json!("rest")));
    assert!(!sign["recovery"]["referral"]["reasons"].as_array().unwrap().is_empty());

    // A beta blocker: the zone says nothing, the limit does.
    let beat = |bpm: u32, conditions: Json| {
        let mut json = spec();
        json["performanceData"] = json!({ "fatigue": 0.4, "heartRate": bpm, "zoneMaxBpm": 120 });
        json["userFeedback"]["difficulty"] = json!("moderate");
        json["profile"] = example();
        json["profile"]["age"] = json!(40);
        json["profile"]["conditions"] = conditions;
        adapted(&json)["decision"].clone()
    };
    assert_eq!(beat(150, json!([])), "cut");
    assert_eq!(beat(150, json!(["beta_blocker"])), "hold");
    assert_eq!(beat(171, json!(["beta_blocker"])), "stop");
}

#[test]
fn a_heart_rate_is_held_against_what_is_cleared() {
    // HRmax is 166: light ends at 106, moderate at 128; with 66 at rest at 106 and 126.
    let decision = |bpm: u32, conditions: Json, performance: Json| {
        let mut json = spec();
        json["performanceData"] = performance;
        json["performanceData"]["heartRate"] = json!(bpm);
        json["userFeedback"]["difficulty"] = json!("easy");
        json["profile"] = example();
        for (key, value) in [("age", json!(60)), ("conditions", conditions), ("exercisesRegularly", json!(true))] {
            json["profile"][key] = value;
        }
        adapted(&json)["decision"].clone()
    };
    let easy = || json!({ "fatigue": 0.1, "rir": 6, "targetRir": 2 });
    for (bpm, light, moderate, none) in [
        (106, "hold", "progress", "progress"),
        (107, "cut", "progress", "progress"),
        (127, "cut", "progress", "progress"),
        (128, "stop", "cut", "progress"),
        (157, "stop", "cut", "progress"),
        (158, "stop", "stop", "stop"),
    ] {
        let said = [json!(["cardiac"]), json!(["diabetes"]), json!([])].map(|of| decision(bpm, of, easy()));
        assert_eq!(said, [light, moderate, none], "{bpm} bpm");
    }
    let resting = json!({ "fatigue": 0.4, "restingHeartRate": 66 });
    assert_eq!(decision(126, json!(["cardiac"]), resting.clone()), "stop");
    assert_eq!(decision(126, json!(["diabetes"]), resting), "cut");
    // A beta blocker hides all of it but the limit.
    assert_eq!(decision(157, json!(["diabetes", "beta_blocker"]), json!({ "fatigue": 0.4 })), "hold");
}

#[test]
fn the_zone_is_that_of_what_is_done() {
    let profile = json!({
        "userId": "u", "duration": 45, "focus": "weight_loss", "equipment": ["full_gym"], "fitnessLevel": "intermediate", "age": 40,
    });
    let workout = json!(session::build(&parse(&profile).unwrap()).unwrap());
    let blocks = workout["blocks"].as_array().unwrap();
    let steady = blocks.iter().find(|block| block["kind"] == "conditioning").expect("steady work");
    let step = &steady["steps"][0];
    let end = step["target"]["hr_zone"]["max_bpm"].as_u64().unwrap();
    let decision = |bpm: u64, of: Json| {
        let mut json = json!({
            "userId": "u", "profile": profile, "workout": workout, "performanceData": { "heartRate": bpm },
        });
        for (key, value) in of.as_object().unwrap() {
            json[key] = value.clone();
        }
        adapted(&json)["decision"].clone()
    };
    let current = json!({ "currentExercise": { "exerciseId": step["exercise_id"], "sets": 1, "reps": 60 } });
    assert_eq!([end - 1, end].map(|bpm| decision(bpm, current.clone())), ["hold", "cut"]);
    // What is done before it has no zone; what the caller says counts more.
    let said = json!({ "currentExercise": current["currentExercise"], "performanceData": { "heartRate": end, "zoneMaxBpm": end + 1 } });
    assert_eq!(decision(end, said), "hold");
}

#[test]
fn weights_go_to_the_increment_below_and_never_too_far() {
    let (dumbbell, barbell) =
        (catalogue::find("Dumbbell_Bench_Press").unwrap(), catalogue::find("Barbell_Squat").unwrap());
    for (exercise, kg, pct, expected) in [
        (barbell, 100.0, -5.0, 95.0),
        (barbell, 100.0, -10.0, 90.0),
        (barbell, 100.0, 2.5, 102.5),
        (barbell, 40.0, 2.5, 40.0),
        (barbell, 20.0, -10.0, 20.0),
        (barbell, 22.5, -10.0, 20.0),
        (dumbbell, 20.0, -5.0, 18.0),
        (dumbbell, 8.0, -10.0, 8.0),
        (dumbbell, 6.6, -10.0, 6.0),
        (dumbbell, 20.0, 0.0, 20.0),
    ] {
        assert_eq!(plan::weight_kg(exercise, kg, pct), expected, "{kg} kg {pct} %");
    }
    assert_eq!([3, 2, 1, 4].map(|left| plan::sets(left, 1.0, 1)), [2, 1, 1, 3]);
    assert_eq!([1, 2, 3, 4, 5, 6].map(|left| plan::sets(left, 1.0 - 0.33, 0)), [1, 1, 2, 2, 3, 4]);
    assert_eq!([12, 3, 1].map(|reps| plan::count(reps, -10.0, false)), [10, 2, 1]);
    assert_eq!((plan::count(40, -5.0, true), plan::count(8, 2.5, false)), (35, 9));
    assert_eq!((plan::rest_s(90, 30.0), plan::rest_s(60, 50.0)), (117, 90));
}

#[test]
fn names_are_forgiven_and_unknown_ones_say_what_is_near() {
    for name in ["Push-ups", "pushups", "PUSH UP", "Pushups"] {
        assert_eq!(adapted(&with(&spec(), "/currentExercise/name", json!(name)))["exercise"]["exercise_id"], "Pushups");
    }
    let problems = |name: &str| {
        let json = with(&spec(), "/currentExercise/name", json!(name));
        let error = AdaptationRequest::parse(&Value::from(&json)).unwrap_err();
        assert_eq!(error.problems()[0].pointer, "/currentExercise/name");
        error.problems()[0].clone()
    };
    assert_eq!(problems("Pushupps").suggestion.as_deref(), Some("Pushups"));
    assert!(problems("bench press").message.contains("Dumbbell Bench Press"));
    assert!(problems("xyzzy").message.contains("not an exercise"));
}

#[test]
fn every_problem_is_listed() {
    let json = json!({
        "currentExercise": { "sets": 0 }, "performanceData": { "fatigue": 2, "pulse": 3 }, "userFeedback": { "pain": ["hair"] },
        "profile": { "userId": "x" }, "workout": {}, "dance": 1,
    });
    let error = AdaptationRequest::parse(&Value::from(&json)).unwrap_err();
    let pointers: Vec<&str> = error.problems().iter().map(|problem| problem.pointer.as_str()).collect();
    for pointer in [
        "/userId",
        "/currentExercise/sets",
        "/currentExercise",
        "/performanceData/fatigue",
        "/performanceData/pulse",
        "/userFeedback/pain/0",
        "/profile/duration",
        "/workout/blocks",
        "/dance",
    ] {
        assert!(pointers.contains(&pointer), "{pointer} in {pointers:?}");
    }
    // Figures that no workout has are refused before anything is reckoned with them.
    for pointer in
        ["/workout/blocks/1/rounds", "/workout/blocks/1/steps/0/goal/max", "/workout/blocks/1/steps/0/rest_s"]
    {
        let json = with(&under_way(0), pointer, json!(4_000_000_000_u32));
        assert_eq!(AdaptationRequest::parse(&Value::from(&json)).unwrap_err().problems()[0].pointer, "/workout");
    }
}

/// Whatever number stands anywhere in what comes from outside: an answer or an error, and no panic.
#[test]
fn no_number_anywhere_makes_it_panic() {
    fn numbers(json: &Json, at: &str, found: &mut Vec<String>) {
        match json {
            Json::Number(_) => found.push(at.to_owned()),
            Json::Array(list) => list.iter().enumerate().for_each(|(i, one)| numbers(one, &format!("{at}/{i}"), found)),
            Json::Object(map) => map.iter().for_each(|(key, one)| numbers(one, &format!("{at}/{key}"), found)),
            _ => {}
        }
    }
    let input = with(&under_way(1), "/currentExercise", json!({ "name": "Push-ups", "sets": 3, "reps": 12 }));
    let adaptation = call("workout-adaptation", "adapt", &input).unwrap();
    let validation = json!({ "request": input, "adaptation": adaptation });
    let live = call("workout-adaptation", "live", &json!({ "start": input })).unwrap();
    let live = json!({ "state": live["state"], "signal": { "type": "set-finished", "reps": 5, "rir": 1, "difficulty": "hard" } });
    for (action, params) in [("adapt", input), ("validate", validation), ("live", live)] {
        let mut found = Vec::new();
        numbers(&params, "", &mut found);
        assert!(found.len() > 20, "{action}");
        for pointer in found {
            for value in [json!(0), json!(-1), json!(0.5), json!(4_294_967_295_u32), json!(1e300), json!(100_000)] {
                let mut wrong = params.clone();
                *wrong.pointer_mut(&pointer).unwrap() = value.clone();
                if let Ok(answer) = call("workout-adaptation", action, &wrong) {
                    assert!(!answer.to_string().contains("NaN"), "{pointer} {value}");
                }
            }
        }
    }
}

#[test]
fn what_hurts_gets_alternatives() {
    let mut json = under_way(0);
    json["userFeedback"] = json!({ "difficulty": "moderate", "pain": ["Knee"] });
    json["performanceData"] = json!({ "fatigue": 0.4 });
    let result = adapted(&json);
    let found = result["alternatives"].as_array().unwrap();
    assert!(!found.is_empty());
    let hurt = parse(&with(&example(), "/injuries", json!(["knee"]))).unwrap();
    let restrictions = repflow::fitness::contraindications::Restrictions::of(&hurt);
    let mut options = 0;
    for entry in found {
        assert!(!restrictions.allow(catalogue::find(entry["exercise_id"].as_str().unwrap()).unwrap()));
        for option in entry["options"].as_array().unwrap() {
            let exercise = catalogue::find(option["exercise_id"].as_str().unwrap()).unwrap();
            assert!(restrictions.allow(exercise) && exercise.requires.is_subset(hurt.equipment), "{}", exercise.id);
            options += 1;
        }
    }
    assert!(options > 0 || found.len() == 1);
    assert_eq!(call("workout-adaptation", "alternatives", &json).unwrap()["alternatives"], result["alternatives"]);
    assert!(adapted(&under_way(0))["alternatives"].is_null());
}

#[test]
fn what_the_profile_rules_out_is_left_out() {
    let easy = json!({
        "userId": "u", "performanceData": { "fatigue": 0.1, "rir": 6, "targetRir": 2 },
        "userFeedback": { "difficulty": "easy" }, "profile": example(),
        "currentExercise": { "exerciseId": "Freehand_Jump_Squat", "sets": 3, "reps": 10 },
    });
    let jumps = adapted(&easy);
    assert_eq!((&jumps["decision"], &jumps["exercise"]["reps"]), (&json!("progress"), &json!(11)));
    let knee = json!([{ "area": "knee", "severity": "severe" }]);
    let hurt = adapted(&with(&easy, "/profile/injuries", knee));
    assert_eq!((&hurt["decision"], &hurt["reasons"][0]["rule"]), (&json!("hold"), &json!("restriction:left_out")));
    assert!(hurt["exercise"].is_null());
    assert_eq!(hurt["alternatives"][0]["exercise_id"], "Freehand_Jump_Squat");
    // An adaptation that goes on with it all the same is replaced.
    let both = json!({ "adaptation": jumps, "request": with(&easy, "/profile/injuries", json!(["knee"])) });
    let answer = call("workout-adaptation", "validate", &both).unwrap();
    assert_eq!((&answer["status"], &answer["adaptation"]["exercise"]), (&json!("fail"), &Json::Null));
    assert!(answer["violations"].as_array().unwrap().iter().any(|one| one["rule"] == "S1"));

    // What no sets less can mend is a stop: a workout of somebody who need not ask a doctor first.
    let mut json = with(&under_way(0), "/profile/conditions", json!(["cardiac"]));
    json["profile"]["exercisesRegularly"] = json!(true);
    json["userFeedback"]["difficulty"] = json!("moderate");
    json["performanceData"] = json!({ "fatigue": 0.4 });
    let both = json!({ "adaptation": adapted(&json), "request": json });
    let answer = call("workout-adaptation", "validate", &both).unwrap();
    let adaptation = &answer["adaptation"];
    assert_eq!((&answer["status"], &adaptation["status"]), (&json!("fail"), &json!("stop")));
    assert_eq!((&adaptation["reasons"][0]["rule"], &adaptation["workout"]), (&json!("workout:unfit"), &Json::Null));
    assert_eq!(call("workout-adaptation", "adapt", &json).unwrap(), *adaptation);
}

#[test]
fn what_is_done_stays_and_what_is_left_changes() {
    let json = under_way(1);
    let (old, new) = (&json["workout"], adapted(&json));
    let new = &new["workout"];
    let (was, done, left) = (&old["blocks"][1], &new["blocks"][1], &new["blocks"][2]);
    assert_eq!((&done["rounds"], &done["steps"][0]["goal"]), (&json!(1), &was["steps"][0]["goal"]));
    assert_eq!(done["steps"][0]["rest_s"], was["steps"][0]["rest_s"]);
    let rest = was["steps"][0]["rest_s"].as_u64().unwrap() * 130 / 100;
    assert_eq!((&left["setup_s"], &left["steps"][0]["rest_s"]), (&json!(rest), &json!(rest)));
    assert!(left["rounds"].as_u64().unwrap() < was["rounds"].as_u64().unwrap());
    assert_eq!(
        (&new["blocks"][0], old["blocks"].as_array().unwrap().last()),
        (&old["blocks"][0], new["blocks"].as_array().unwrap().last())
    );
    assert_eq!(new["totals"]["duration_s"], json!(seconds_of(new)));
    assert!(new["provenance"]["rules"].as_array().unwrap().contains(&json!("adaptation:cut")));
    // Adapting what was adapted goes on from there.
    let mut again = json.clone();
    again["workout"] = new.clone();
    let twice = adapted(&again);
    assert_eq!(twice["workout"]["blocks"][1], new["blocks"][1]);
}

/// Params of a session under way: random people, workouts and feedback.
fn session() -> impl Strategy<Value = Json> {
    let feedback = (
        prop_oneof![2 => 0_u32..30, 2 => 30_u32..60, 4 => 60_u32..90, 1 => 90_u32..=100],
        option::of(prop_oneof![5 => 60_u32..150, 1 => 150_u32..=210]),
        option::of(100_u32..=180),
        select(vec!["easy", "easy", "moderate", "hard", "too_hard"]),
        (option::of(0_u32..=8), option::of(prop_oneof![6 => 0_u32..=9, 1 => Just(10)])),
        prop_oneof![30 => Just(json!([])), 1 => Just(json!(["dizzy"]))],
        prop_oneof![4 => Just(json!([])), 1 => Just(json!(["knee", "shoulder"]))],
    );
    let progress = ((0_usize..8, 0_u32..=3), option::of(0_u32..=3_000), 1_u32..=120);
    (request(), feedback, progress).prop_map(|(profile, feedback, ((before, now), elapsed, kg))| {
        let (fatigue, heart_rate, zone, difficulty, (rir, rpe), symptoms, pain) = feedback;
        let mut json = json!({
            "userId": "someone", "profile": profile,
            "currentExercise": { "exerciseId": "Dumbbell_Bench_Press", "sets": 4, "reps": 8, "weightKg": kg, "setsDone": now },
            "performanceData": { "fatigue": f64::from(fatigue) / 100.0, "targetRir": 2 },
            "userFeedback": { "difficulty": difficulty, "symptoms": symptoms, "pain": pain },
        });
        let figures = [("heartRate", heart_rate), ("zoneMaxBpm", zone), ("rir", rir), ("rpe", rpe)];
        for (key, value) in figures {
            if let Some(value) = value {
                json["performanceData"][key] = json!(value);
            }
        }
        if let Some(elapsed) = elapsed {
            json["elapsedS"] = json!(elapsed);
        }
        if let Ok(workout) = session::build(&parse(&profile).unwrap()) {
            let steps = workout.blocks.iter().filter(|block| block.kind.is_main()).flat_map(|block| &block.steps);
            json["completed"] =
                steps.enumerate().map(|(place, step)| {
                    // Some exercises are done, one is under way.
                    let done = if place < before { step.sets } else if place == before { now } else { 0 };
                    json!({ "exerciseId": step.exercise_id, "sets": done })
                }).collect();
            json["workout"] = json!(workout);
        }
        json
    })
}

/// How many sets of an exercise a workout has in its main part.
fn sets_of(workout: &Workout, id: &str) -> u32 {
    let steps = workout.blocks.iter().filter(|block| block.kind.is_main()).flat_map(|block| &block.steps);
    steps.filter(|step| step.exercise_id == id).map(|step| step.sets).sum()
}

/// One axis of the feedback, made worse.
fn worse(json: &Json, axis: usize, by: u32) -> Json {
    let mut json = json.clone();
    let performance = &mut json["performanceData"];
    match axis {
        0 => {
            let fatigue = performance["fatigue"].as_f64().unwrap() + f64::from(by) / 100.0;
            performance["fatigue"] = json!(fatigue.min(1.0));
        }
        1 => {
            performance["heartRate"] = json!((performance["heartRate"].as_u64().unwrap_or(60) + u64::from(by)).min(250))
        }
        2 => {
            let words = ["easy", "moderate", "hard", "too_hard"];
            let now = words.iter().position(|word| json["userFeedback"]["difficulty"] == *word).unwrap();
            json["userFeedback"]["difficulty"] = json!(words[(now + 1 + by as usize % 3).min(3)]);
        }
        3 => performance["rpe"] = json!((performance["rpe"].as_f64().unwrap_or(0.0) + f64::from(by) / 10.0).min(10.0)),
        _ => json["userFeedback"]["symptoms"] = json!(["chest pain"]),
    }
    json
}

proptest! {
    #![proptest_config(config(250))]

    /// A1 to A5 hold, and nothing becomes less safe than it was; a neutral answer is a hold.
    #[test]
    fn an_adaptation_is_correct(json in session()) {
        let request = read(&json);
        for adaptation in [adapt(&request), recover(&request)] {
            prop_assert_eq!(check_adaptation(&adaptation, &request), []);
            if let Some(workout) = &adaptation.workout {
                // Balance may have been practised on what hurts.
                let is_safety = |one: &Violation| one.rule.starts_with('S') && (one.rule != "S7" || request.pain.is_empty());
                let unsafe_now: Vec<_> = check(workout, &request.profile).into_iter().filter(is_safety).collect();
                prop_assert_eq!(unsafe_now, []);
                let json = json!(workout);
                prop_assert_eq!(seconds_of(&json), u64::from(workout.totals.duration_s));
                prop_assert_eq!(Workout::from_json(&Value::from(&json)).unwrap(), workout.clone());
            }
            let text = Json::from(&adaptation.to_json()).to_string();
            prop_assert!(!text.contains("NaN"));
        }
        let answer = call("workout-adaptation", "validate", &json!({
            "request": json, "adaptation": Json::from(&adapt(&request).to_json()),
        })).unwrap();
        prop_assert_eq!(&answer["status"], "pass", "{}", answer["violations"]);
    }

    /// Whatever the profile says since the workout was made: what it rules out, and what hurts, is done no more, and all
    /// that was done is there.
    #[test]
    fn nothing_goes_on_that_is_ruled_out(
        json in session(),
        area in select(Area::ALL),
        severity in select(vec!["mild", "moderate", "severe"]),
        condition in option::of(select(vec!["pregnancy", "hypertension", "osteoporosis"])),
    ) {
        let mut json = json;
        json["profile"]["injuries"] = json!([{ "area": area.as_str(), "severity": severity }]);
        json["profile"]["conditions"] = json!(Vec::from_iter(condition));
        let request = read(&json);
        let adaptation = adapt(&request);
        prop_assert_eq!(check_adaptation(&adaptation, &request), []);
        let restrictions = request.restrictions();
        if let Some(exercise) = &adaptation.exercise {
            prop_assert!(restrictions.allow(catalogue::find(&exercise.exercise_id).unwrap()));
        }
        if let Some(workout) = &adaptation.workout {
            let old = Workout::from_json(&Value::from(&json["workout"])).unwrap();
            for (id, done) in &request.completed {
                let [now, was] = [workout, &old].map(|workout| sets_of(workout, id));
                prop_assert!(now >= was.min(*done), "{id}: {now} of {was}, and {done} are done");
            }
            let text = json!(workout);
            prop_assert_eq!(seconds_of(&text), u64::from(workout.totals.duration_s));
        }
        let answer = call("workout-adaptation", "validate", &json!({
            "request": json, "adaptation": Json::from(&adaptation.to_json()),
        })).unwrap();
        prop_assert!(answer["status"] == "pass" || answer["adaptation"]["status"] == "stop", "{}", answer["violations"]);
    }

    /// Whatever a model changes inside the bounds can be put into practice: rests twice as long are paid with sets.
    #[test]
    fn what_a_model_may_change_is_practicable(json in session(), shares in [0.0..=1.0_f64, 0.0..=1.0, 0.0..=1.0], lower in 0_usize..3) {
        let params = Value::from(&json);
        let ceiling = adapt(&read(&json)).decision;
        let decision = Decision::ALL[(ceiling as usize).saturating_sub(lower).max(1)];
        let [load, sets, accessory, rest] = bounds(decision);
        let within = |(min, max): (f64, f64), share: f64| min + (max - min) * share;
        let answer = json!({
            "decision": decision.as_str(), "reason": "So.", "load_pct": within(*load, shares[0]),
            "sets_pct": within(*sets, shares[1]), "accessory_sets": accessory.0, "rest_pct": within(*rest, shares[2]),
        });
        let origin = Origin { provider: "openai".to_owned(), ..Origin::default() };
        match accept(Task::Adaptation, &params, &Value::from(&answer), &origin).unwrap() {
            Accepted::Output(output) => {
                let out = Json::from(&output);
                if let (Some(new), Some(old)) = (out["workout"]["totals"]["duration_s"].as_u64(), json["workout"]["totals"]["duration_s"].as_u64()) {
                    prop_assert!(new * 10 <= old * 11);
                }
                let both = json!({ "adaptation": out, "request": json });
                let answer = call("workout-adaptation", "validate", &both).unwrap();
                prop_assert_eq!(&answer["status"], "pass", "{}", answer["violations"]);
            }
            Accepted::Repair { problems, .. } => prop_assert!(false, "{:?}", problems),
        }
    }

    /// A1 along every axis of the feedback.
    #[test]
    fn more_strain_is_never_more_work(json in session(), axis in 0_usize..5, by in 1_u32..60) {
        let (lower, higher) = (adapt(&read(&json)), adapt(&read(&worse(&json, axis, by))));
        prop_assert_eq!(a1(&lower, &higher), []);
    }

    /// A2: neutral feedback leaves every byte as it was, and again. Up to 88 bpm is light, however old somebody is.
    #[test]
    fn neutral_feedback_changes_nothing(json in session(), fatigue in 30_u32..60) {
        let mut json = json;
        json["performanceData"] = json!({ "fatigue": f64::from(fatigue) / 100.0, "heartRate": 80, "zoneMaxBpm": 140 });
        json["userFeedback"] = json!({ "difficulty": "moderate" });
        let request = read(&json);
        let adaptation = adapt(&request);
        if Json::from(&adaptation.to_json())["status"] == "ok" {
            prop_assert_eq!(adaptation.decision, Decision::Hold);
            let out = Json::from(&adaptation.to_json());
            prop_assert_eq!(out["workout"].to_string(), json["workout"].to_string());
        }
    }
}

/// Whoever would go on with weights that a model, a bug or a person made up is found out.
#[test]
fn the_checker_finds_each_broken_rule() {
    let broken = |json: &Json, change: &dyn Fn(&mut Adaptation)| {
        let request = read(json);
        let mut adaptation = adapt(&request);
        assert_eq!(check_adaptation(&adaptation, &request), []);
        change(&mut adaptation);
        let mut rules: Vec<&str> = check_adaptation(&adaptation, &request).iter().map(|one| one.rule).collect();
        rules.dedup();
        rules.join(" ")
    };
    let cut = with(&under_way(1), "/currentExercise", json!({ "name": "Push-ups", "sets": 3, "reps": 12 }));
    let plan = |adaptation: &mut Adaptation, change: &dyn Fn(&mut Workout)| {
        let workout = adaptation.workout.as_mut().unwrap();
        change(workout);
        for block in &mut workout.blocks {
            block.duration_s = time_budget::block_s(block);
        }
        workout.totals.duration_s = time_budget::total_s(workout);
    };
    assert!(broken(&cut, &|one| one.decision = Decision::Progress).contains("A1"));
    assert!(broken(&cut, &|one| one.decision = Decision::Hold).contains("A1 A2"));

    let mut hold = cut.clone();
    hold["performanceData"] = json!({ "fatigue": 0.5 });
    hold["userFeedback"] = json!({ "difficulty": "moderate" });
    assert_eq!(broken(&hold, &|one| one.workout.as_mut().unwrap().title.push('!')), "A2");
    assert_eq!(broken(&hold, &|one| one.exercise.as_mut().unwrap().reps -= 1), "A2");
    assert_eq!(broken(&hold, &|one| one.changes.rest_pct = 10.0), "A2 A3");
    assert_eq!(broken(&hold, &|one| one.decision = Decision::Progress).split(' ').next(), Some("A1"));

    assert_eq!(broken(&cut, &|one| one.changes.load_pct = -25.0), "A3");
    assert_eq!(broken(&cut, &|one| one.changes.load_pct = -2.0), "A3");
    assert_eq!(broken(&cut, &|one| one.exercise.as_mut().unwrap().sets = 1), "A3");
    assert_eq!(broken(&cut, &|one| one.exercise.as_mut().unwrap().rest_s = 121), "A3");
    assert_eq!(broken(&cut, &|one| one.exercise.as_mut().unwrap().weight_kg = Some(10.0)), "A3");
    let other = |one: &mut Adaptation| plan(one, &|workout| workout.blocks[2].steps[0].exercise_id = "Plank".into());
    assert_eq!(broken(&cut, &other), "A3");
    let faster = |one: &mut Adaptation| plan(one, &|workout| workout.blocks[2].steps[0].rest_s = 1);
    assert_eq!(broken(&cut, &faster), "A3");
    let heavier = |one: &mut Adaptation| {
        plan(one, &|workout| {
            for step in workout.blocks.iter_mut().skip(2).flat_map(|block| &mut block.steps) {
                step.target.pct_1rm = step.target.pct_1rm.map(|pct| pct * 1.2);
            }
        });
    };
    assert_eq!(broken(&cut, &heavier), "A3");

    let recovery = |json: Json| Value::from(&json);
    let sign = with(&cut, "/userFeedback/symptoms", json!(["dizzy"]));
    assert_eq!(broken(&sign, &|one| one.status = "ok".into()), "A4");
    assert_eq!(broken(&sign, &|one| one.recovery = Value::Null), "A4");
    assert_eq!(broken(&sign, &|one| one.recovery = recovery(json!({ "kind": "active", "referral": {} }))), "A4");
    assert_eq!(broken(&sign, &|one| one.recovery = recovery(json!({ "kind": "rest" }))), "A4");
    assert!(broken(&sign, &|one| one.decision = Decision::StrongCut).contains("A4"));
    assert!(broken(&with(&cut, "/age", json!(99)), &|one| one.decision = Decision::Cut).contains("A4"));
    let workout: Workout = serde_json::from_value(cut["workout"].clone()).unwrap();
    assert_eq!(broken(&sign, &|one| one.workout = Some(workout.clone())).split(' ').next(), Some("A3"));

    let edited = |one: &mut Adaptation| plan(one, &|workout| workout.blocks[1].steps[0].goal.min -= 1);
    assert_eq!(broken(&cut, &edited), "A5");
    let dropped = |one: &mut Adaptation| plan(one, &|workout| drop(workout.blocks.remove(1)));
    assert!(broken(&cut, &dropped).contains("A5"));
    let longer = |one: &mut Adaptation| plan(one, &|workout| workout.blocks[2].setup_s += 1_000);
    assert_eq!(broken(&cut, &longer), "A5");
    assert_eq!(broken(&cut, &|one| one.workout.as_mut().unwrap().totals.duration_s += 1), "A5");
    let more = |one: &mut Adaptation| {
        plan(one, &|workout| {
            let mut last = workout.blocks.last().unwrap().clone();
            last.steps.truncate(1);
            last.setup_s = 0;
            workout.blocks.push(last);
        });
    };
    assert_eq!(broken(&cut, &more), "A5");

    let request = read(&cut);
    let (lower, mut higher) = (adapt(&request), adapt(&request));
    assert_eq!(a1(&lower, &higher), []);
    higher.changes.load_pct = 0.0;
    assert_eq!(a1(&lower, &higher)[0].rule, "A1");
    let mut higher = adapt(&request);
    higher.workout.as_mut().unwrap().blocks[2].steps[0].rest_s -= 1;
    assert_eq!(a1(&lower, &higher)[0].rule, "A1");
}

/// More load leaves what is stated in reserve, and stays below what is allowed.
#[test]
fn more_is_never_more_than_a_person_may() {
    let mut raised = 0;
    for (conditions, level) in
        [(json!([]), "advanced"), (json!(["hypertension"]), "intermediate"), (json!([]), "beginner")]
    {
        for focus in ["strength", "hypertrophy", "power"] {
            let profile = json!({
                "userId": "u", "duration": 60, "focus": focus, "equipment": ["full_gym"], "fitnessLevel": level,
                "conditions": conditions, "age": 30, "oneRepMaxKg": {
                    "Barbell_Squat": 200, "Barbell_Bench_Press_-_Medium_Grip": 150, "Barbell_Deadlift": 240,
                    "Bent_Over_Barbell_Row": 140, "Romanian_Deadlift": 180,
                },
            });
            let old = session::build(&parse(&profile).unwrap()).unwrap();
            let json = json!({
                "userId": "u", "profile": profile, "workout": old, "userFeedback": { "difficulty": "easy" },
                "performanceData": { "fatigue": 0.1, "rir": 6, "targetRir": 2 },
            });
            let answer = json!({
                "decision": "progress", "reason": "", "load_pct": 5, "sets_pct": 0, "accessory_sets": 0, "rest_pct": 0,
            });
            let Accepted::Output(output) =
                accept(Task::Adaptation, &Value::from(&json), &Value::from(&answer), &Origin::default()).unwrap()
            else {
                panic!("{focus} is not accepted");
            };
            let output = Json::from(&output);
            let both = json!({ "adaptation": output, "request": json });
            let answer = call("workout-adaptation", "validate", &both).unwrap();
            assert_eq!(answer["status"], "pass", "{focus} {}", answer["violations"]);
            let new: Workout = serde_json::from_value(output["workout"].clone()).unwrap();
            let steps =
                |workout: &Workout| workout.blocks.iter().flat_map(|block| block.steps.clone()).collect::<Vec<_>>();
            for (new, old) in steps(&new).iter().zip(&steps(&old)) {
                raised += usize::from(new.target.weight_kg > old.target.weight_kg);
            }
        }
    }
    assert!(raised > 3, "{raised}");
}

/// What the five steps of the template hand each other.
fn run(input: &Json) -> Json {
    let assessment = call("performance-assessment", "assess", input).unwrap();
    let conditions =
        call("performance-assessment", "evaluateConditions", &json!({ "assessment": assessment, "request": input }))
            .unwrap();
    let action = if conditions["condition"] == "stop" { "recover" } else { "adapt" };
    let adaptation = call("workout-adaptation", action, input).unwrap();
    let validation =
        call("workout-adaptation", "validate", &json!({ "adaptation": adaptation, "request": input })).unwrap();
    json!({ "assessment": assessment, "conditions": conditions, "adaptation": adaptation, "validation": validation })
}

#[test]
fn five_steps_go_through_for_a_cut_and_for_a_stop() {
    let result = run(&with(&spec(), "/age", json!(30)));
    assert_eq!(result["assessment"]["fatigue"], json!({ "value": 0.7, "band": "tired" }));
    // 150 of 187.
    assert_eq!(
        result["assessment"]["hr"],
        json!({ "bpm": 150, "pct_max": 80.2, "pct_reserve": null, "zone": "vigorous" })
    );
    assert_eq!(
        (&result["conditions"]["condition"], &result["conditions"]["ceiling"]),
        (&json!("adapt"), &json!("cut"))
    );
    assert_eq!(
        (&result["validation"]["status"], &result["validation"]["adaptation"]),
        (&json!("pass"), &result["adaptation"])
    );
    let result = run(&with(&spec(), "/age", json!(75)));
    assert_eq!((&result["conditions"]["condition"], &result["validation"]["status"]), (&json!("stop"), &json!("pass")));
    let resting = with(&with(&spec(), "/age", json!(75)), "/performanceData/restingHeartRate", json!(60));
    // 60 + 0.4 · (155.5 − 60).
    assert_eq!(run(&resting)["adaptation"]["recovery"]["max_bpm"], 98);
    let blocker =
        with(&with(&spec(), "/age", json!(40)), "/profile", with(&example(), "/conditions", json!(["beta_blocker"])));
    let assessment = call("performance-assessment", "assess", &blocker).unwrap();
    assert_eq!((&assessment["hr"]["zone"], &assessment["flags"][0]), (&Json::Null, &json!("beta_blocker")));
}

#[test]
fn an_assessment_never_allows_more_and_what_fails_goes_nowhere() {
    let input = with(&spec(), "/age", json!(30));
    let told = |ceiling: &str| {
        let params = json!({ "assessment": { "ceiling": ceiling }, "request": input });
        call("performance-assessment", "evaluateConditions", &params).unwrap()["condition"].clone()
    };
    assert_eq!((told("progress"), told("stop"), told("nonsense")), (json!("adapt"), json!("stop"), json!("adapt")));
    let mut wrong = call("workout-adaptation", "adapt", &input).unwrap();
    wrong["decision"] = json!("progress");
    let answer = call("workout-adaptation", "validate", &json!({ "adaptation": wrong, "request": input })).unwrap();
    assert_eq!((&answer["status"], &answer["violations"][0]["rule"]), (&json!("fail"), &json!("A1")));
    assert_eq!(answer["adaptation"], call("workout-adaptation", "adapt", &input).unwrap());
}
