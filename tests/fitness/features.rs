use repflow::fitness::check::check;
use repflow::fitness::features::features;
use repflow::fitness::words::{Condition, Focus, Kind, Level, Load, Word};
use repflow::fitness::workout::Workout;
use repflow::value::Value;
use serde_json::{Value as Json, json};

use crate::support::{call, example, parse, seconds_of};

/// What the six steps of the comprehensive workout hand each other.
fn run(input: &Json) -> Result<Json, repflow::Error> {
    let analysis = call("user-analysis", "analyzeProfile", input)?;
    let request = &analysis["request"];
    let workout = call("quick-workout-setup", "generateWorkout", request)?;
    let both = json!({ "request": request, "workout": workout });
    let recommendations = call("workout-recommendations", "recommend", &both)?;
    let equipment = call("equipment-analysis", "analyze", &both)?;
    let safety = call("safety-validation", "validate", &both)?;
    let all = json!({
        "request": request, "workout": workout, "analysis": analysis, "recommendations": recommendations,
        "equipment": equipment, "safety": safety,
    });
    call("workout-detail", "write", &all)
}

#[test]
fn they_and_their_actions_are_these() {
    let named: Vec<(String, Vec<String>)> = features()
        .iter()
        .map(|feature| feature.info())
        .map(|info| (info.name, info.actions.into_iter().map(|action| action.name).collect()))
        .collect();
    let expected = [
        ("user-analysis", "analyzeProfile"),
        ("quick-workout-setup", "generateWorkout"),
        ("workout-recommendations", "recommend nextExercises substitute recovery progress advise"),
        ("equipment-analysis", "analyze"),
        ("safety-validation", "validate checkProgram checkGroup"),
        ("workout-detail", "write"),
        ("performance-assessment", "assess evaluateConditions"),
        ("workout-adaptation", "adapt recover alternatives validate live"),
        ("offline-coach", "analysis generation recommendation adaptation programme group detail"),
        ("preference-analysis", "analyzePreferences"),
        ("user-preference-analysis", "analyzeUserProfile"),
        ("group-compatibility", "findCompatibility limitations"),
        ("group-workout", "generateBase createVariations"),
        ("fitness-assessment", "assess"),
        ("program-planning", "planPhase plan"),
    ];
    let actions = |names: &str| names.split(' ').map(str::to_owned).collect();
    assert_eq!(named, expected.map(|(name, names)| (name.to_owned(), actions(names))));
}

#[test]
fn the_example_runs_through_all_of_them() {
    let result = run(&example()).unwrap();
    assert_eq!(result["status"], "ok");
    assert_eq!(seconds_of(&result), 1_800);
    assert_eq!(result["safety"]["status"], "pass");
    assert_eq!(result["safety"]["violations"], json!([]));
    assert_eq!(result["analysis"]["prescription"]["reps"], json!([3, 6]));
    assert_eq!(result["equipment"]["used"], json!(["dumbbell", "bench"]));
    assert_eq!(result["equipment"]["unused"], json!([]));
    assert_eq!(result["recommendations"]["alternatives"].as_array().unwrap().len(), 4);
    for block in result["blocks"].as_array().unwrap() {
        for step in block["steps"].as_array().unwrap() {
            let coaching = &step["coaching"];
            assert_eq!(coaching["notes"][0], step["cue"]);
            assert!(coaching["effort"].is_string());
            assert_eq!(coaching["tempo"].is_string(), step["goal"]["type"] == "reps");
        }
    }
}

#[test]
fn nobody_is_told_to_choose_a_load_for_a_push_up() {
    let mut input = example();
    input["equipment"] = json!([]);
    let result = run(&input).unwrap();
    let steps = result["blocks"].as_array().unwrap().iter().flat_map(|block| block["steps"].as_array().unwrap());
    let working: Vec<&str> = steps
        .filter(|step| step["set_type"] == "working" && step["goal"]["type"] == "reps")
        .map(|step| step["coaching"]["effort"].as_str().unwrap())
        .collect();
    assert!(!working.is_empty());
    assert!(working.iter().all(|effort| *effort == "Stop each set with about 2 good repetitions left."), "{working:?}");
}

/// Repetitions that are left stand for a far heavier load than the one that power is trained with.
#[test]
fn power_is_about_speed_and_not_about_what_is_left() {
    let mut seen = [false; 4];
    for seed in 0..12 {
        for equipment in [json!(["full_gym"]), json!(["bands", "anchor"]), json!([])] {
            let mut input = example();
            input["focus"] = json!("power");
            input["equipment"] = equipment;
            input["duration"] = json!(60);
            input["seed"] = json!(seed);
            input["oneRepMaxKg"] = json!({ "Barbell_Squat": 100 });
            let result = run(&input).unwrap();
            let steps =
                result["blocks"].as_array().unwrap().iter().flat_map(|block| block["steps"].as_array().unwrap());
            for step in steps.filter(|step| step["set_type"] == "working" && step["goal"]["type"] == "reps") {
                let exercise = repflow::fitness::catalogue::find(step["exercise_id"].as_str().unwrap()).unwrap();
                if !matches!(exercise.kind, Kind::Compound | Kind::Plyometric) {
                    continue;
                }
                let load = match (&step["target"]["weight_kg"], &step["target"]["pct_1rm"], exercise.load) {
                    (Json::Number(kg), ..) => (0, format!("{} kg", kg.as_f64().unwrap())),
                    (_, Json::Number(_), _) => (1, "About 50 % of your maximum".to_owned()),
                    (.., Load::External) => (2, "A light load".to_owned()),
                    _ => (3, "No added load".to_owned()),
                };
                seen[load.0] = true;
                let effort = format!("{}: move as fast as you can, and stop each set when that slows.", load.1);
                assert_eq!(step["coaching"]["effort"], effort, "{}", exercise.id);
            }
        }
    }
    assert_eq!(seen, [true; 4]);
}

#[test]
fn alternatives_are_available_and_new() {
    let result = run(&example()).unwrap();
    let used: Vec<&str> = result["blocks"].as_array().unwrap()[1..3]
        .iter()
        .flat_map(|block| block["steps"].as_array().unwrap())
        .map(|step| step["exercise_id"].as_str().unwrap())
        .collect();
    for entry in result["recommendations"]["alternatives"].as_array().unwrap() {
        let options = entry["options"].as_array().unwrap();
        assert!(!options.is_empty());
        for option in options {
            let id = option["exercise_id"].as_str().unwrap();
            assert!(!used.contains(&id));
            let needs = repflow::fitness::catalogue::find(id).unwrap().requires;
            assert!(needs.iter().all(|item| ["dumbbell", "bench"].contains(&json!(item).as_str().unwrap())));
            assert!(option["reason"].as_str().unwrap().starts_with("Same movement"));
        }
    }
}

/// Whoever asks: an alternative shares main muscles, or each works what the other works first.
#[test]
fn alternatives_train_the_same_muscles() {
    let mut plyo = 0;
    for (focus, equipment) in
        [("power", json!([])), ("power", json!(["full_gym"])), ("hypertrophy", json!(["full_gym"]))]
    {
        for seed in 0..12 {
            let mut input = example();
            input["focus"] = json!(focus);
            input["equipment"] = equipment.clone();
            input["fitnessLevel"] = json!("advanced");
            input["duration"] = json!(60);
            input["seed"] = json!(seed);
            let result = run(&input).unwrap();
            for entry in result["recommendations"]["alternatives"].as_array().unwrap() {
                let find =
                    |json: &Json| repflow::fitness::catalogue::find(json["exercise_id"].as_str().unwrap()).unwrap();
                let one = find(entry);
                plyo += usize::from(one.id == "Plyo_Push-up");
                for option in entry["options"].as_array().unwrap() {
                    let other = find(option);
                    assert!(one.id != "Plyo_Push-up", "{} is no alternative to it", other.id);
                    let share = |a: &repflow::fitness::catalogue::Exercise,
                                 b: &repflow::fitness::catalogue::Exercise| {
                        a.primary.iter().any(|muscle| b.share(muscle) > 0.0)
                    };
                    assert!(share(one, other) && share(other, one), "{} for {}", other.id, one.id);
                    let same = option["reason"].as_str().unwrap().starts_with("Same movement");
                    assert_eq!(same, one.pattern == other.pattern);
                }
            }
        }
    }
    assert!(plyo > 0, "no request asked for one");
}

/// The tempo in words is the tempo that the time is planned with, and only several joints and jumps are explosive.
#[test]
fn explosive_work_is_planned_as_it_is_told() {
    let mut input = example();
    input["focus"] = json!("power");
    input["equipment"] = json!(["full_gym"]);
    input["duration"] = json!(60);
    let result = run(&input).unwrap();
    let mut explosive = 0;
    for step in result["blocks"].as_array().unwrap().iter().flat_map(|block| block["steps"].as_array().unwrap()) {
        let Some(tempo) = step["coaching"]["tempo"].as_str() else { continue };
        let seconds = step["tempo_s"].as_u64().unwrap();
        assert!(tempo.to_lowercase().contains(&format!("about {seconds} s a repetition")), "{tempo}");
        let exercise = repflow::fitness::catalogue::find(step["exercise_id"].as_str().unwrap()).unwrap();
        let fast = step["set_type"] == "working" && exercise.kind == repflow::fitness::words::Kind::Compound;
        assert_eq!(tempo.starts_with("Lift as fast"), fast, "{tempo}");
        assert!(!fast || seconds <= 3, "{seconds} s are not explosive");
        explosive += usize::from(fast);
    }
    assert!(explosive >= 3);
}

#[test]
fn one_more_item_is_worth_saying() {
    let result = run(&example()).unwrap();
    let unlocks = result["equipment"]["unlocks"].as_array().unwrap();
    assert_eq!(unlocks[0]["patterns"], json!(["pull_vertical"]));
    let patterns = result["equipment"]["patterns"].as_array().unwrap();
    let status = |name: &str| patterns.iter().find(|one| one["pattern"] == name).unwrap()["status"].clone();
    assert_eq!(
        (status("squat"), status("lunge"), status("pull_vertical")),
        (json!("trained"), json!("available"), json!("unavailable"))
    );
}

#[test]
fn a_referral_goes_through_to_the_end() {
    let mut input = example();
    input["symptoms"] = json!(["chest_pain"]);
    let result = run(&input).unwrap();
    assert_eq!((&result["status"], &result["safety"]["status"]), (&json!("referral"), &json!("refer")));
    assert_eq!(result["blocks"], json!([]));
    assert_eq!(
        result["recommendations"]["next_session"],
        json!(["Come back to training when a doctor has cleared it."])
    );
}

#[test]
fn an_unsafe_workout_fails_validation_and_is_not_written() {
    let request = parse(&example()).unwrap();
    let mut workout = call("quick-workout-setup", "generateWorkout", &example()).unwrap();
    workout["blocks"][1]["steps"][0]["goal"]["max"] = json!(30);
    let typed: Workout = serde_json::from_value(workout.clone()).unwrap();
    assert!(!check(&typed, &request).is_empty());
    let both = json!({ "request": example(), "workout": workout });
    let safety = call("safety-validation", "validate", &both).unwrap();
    assert_eq!(safety["status"], "fail");
    let error = call("workout-detail", "write", &json!({
        "request": example(), "workout": workout, "analysis": {}, "recommendations": {}, "equipment": {}, "safety": safety,
    }))
    .unwrap_err();
    assert_eq!(error.code().as_str(), "workout.infeasible");
}

#[test]
fn wrong_params_are_listed() {
    let error = call("workout-detail", "write", &json!({ "request": { "duration": 3 }, "workuot": {}, "safety": 1 }))
        .unwrap_err();
    assert_eq!(error.code().as_str(), "workout.invalid");
    let pointers: Vec<&str> = error.problems().iter().map(|problem| problem.pointer.as_str()).collect();
    for pointer in ["/workuot", "/workout", "/analysis", "/safety", "/request/duration", "/request/userId"] {
        assert!(pointers.contains(&pointer), "{pointer} in {pointers:?}");
    }
    assert_eq!(error.problems()[0].suggestion.as_deref(), Some("workout"));
}

#[test]
fn no_action_panics_on_nonsense() {
    let workout = call("quick-workout-setup", "generateWorkout", &example()).unwrap();
    for nonsense in [
        json!(null),
        json!(1),
        json!("x"),
        json!([]),
        json!({}),
        json!({ "request": [], "workout": 1 }),
        json!({ "request": example(), "workout": { "blocks": 3 } }),
        workout,
    ] {
        for feature in features() {
            for action in feature.info().actions {
                let error = feature.call(&action.name, &Value::from(&nonsense)).unwrap_err();
                assert_eq!(error.code().as_str(), "workout.invalid");
                assert!(!error.problems().is_empty());
            }
        }
    }
}

#[test]
fn an_unknown_action_is_named() {
    for feature in features() {
        let error = feature.call("dance", &Value::from(&json!({}))).unwrap_err();
        assert_eq!(error.code().as_str(), "bus.no_such_action");
    }
}

/// Whoever it is for: no number that is shown has more than three decimals.
#[test]
fn numbers_are_rounded() {
    let mut long = Vec::new();
    for focus in Focus::ALL {
        for level in Level::ALL {
            for condition in [None].into_iter().chain(Condition::ALL.iter().map(Some)) {
                let mut input = example();
                input["focus"] = json!(focus);
                input["fitnessLevel"] = json!(level);
                input["conditions"] = json!(condition.iter().collect::<Vec<_>>());
                input["exercisesRegularly"] = json!(true);
                input["weightKg"] = json!(71.3);
                input["age"] = json!(41);
                input["oneRepMaxKg"] = json!({ "Dumbbell_Bench_Press": 33.3, "Goblet_Squat": 41.7 });
                unrounded(&run(&input).unwrap(), "", &mut long);
            }
        }
    }
    assert_eq!(long, [""; 0]);
}

/// Pointers to numbers of more than three decimals.
fn unrounded(json: &Json, at: &str, found: &mut Vec<String>) {
    match json {
        Json::Number(number) if number.to_string().split('.').nth(1).is_some_and(|digits| digits.len() > 3) => {
            found.push(format!("{at}: {number}"));
        }
        Json::Array(list) => list.iter().for_each(|json| unrounded(json, &format!("{at}/_"), found)),
        Json::Object(object) => object.iter().for_each(|(key, json)| unrounded(json, &format!("{at}/{key}"), found)),
        _ => {}
    }
}
