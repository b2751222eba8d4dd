//! What particular people get.

use repflow::fitness::catalogue;
use repflow::fitness::session::{self, PROVIDER};
use repflow::fitness::words::{Equipment, Focus, Kind, Load, Pattern, Tag, Word};
use repflow::fitness::workout::{BlockKind, GoalKind, NOTICE, SetType, Status, Step, Workout};
use serde_json::{Value as Json, json};

use crate::support::{example, example_with, parse, seconds_of};

fn build(changes: Json) -> Workout {
    session::build(&example_with(changes)).unwrap()
}

fn main_steps(workout: &Workout) -> Vec<&Step> {
    workout.blocks.iter().filter(|block| block.kind.is_main()).flat_map(|block| &block.steps).collect()
}

fn codes(workout: &Workout) -> Vec<&str> {
    workout.warnings.iter().map(|warning| warning.code.as_str()).collect()
}

#[test]
fn the_example_is_a_complete_session_of_thirty_minutes() {
    let workout = build(json!({}));
    let json = json!(workout);
    assert_eq!(workout.status, Status::Ok);
    assert_eq!(seconds_of(&json), 1_800);
    let kinds: Vec<BlockKind> = workout.blocks.iter().map(|block| block.kind).collect();
    assert_eq!(kinds, [BlockKind::WarmUp, BlockKind::Superset, BlockKind::Superset, BlockKind::CoolDown]);

    let patterns: Vec<Pattern> = main_steps(&workout).iter().map(|step| step.pattern).collect();
    let expected = [Pattern::Squat, Pattern::PullHorizontal, Pattern::Hinge, Pattern::PushHorizontal];
    assert_eq!(patterns, expected);

    for step in main_steps(&workout) {
        assert_eq!((step.sets, step.goal.kind, step.goal.min, step.goal.max), (3, GoalKind::Reps, 4, 6));
        assert_eq!((step.target.rir, step.target.rpe, step.target.pct_1rm), (Some(2), Some(8), Some(0.78)));
        assert_eq!(step.target.weight_kg, None, "no weight is invented");
        assert!((150..=240).contains(&step.recovery_s.unwrap()));
    }
    for step in workout.blocks.iter().flat_map(|block| &block.steps) {
        for item in catalogue::find(&step.exercise_id).unwrap().requires.iter() {
            assert!(matches!(item, Equipment::Dumbbell | Equipment::Bench), "{} needs {item:?}", step.name);
        }
    }
    assert_eq!(codes(&workout), ["pattern_unavailable"]);
    assert_eq!(workout.warnings[0].pattern, Some(Pattern::PullVertical));
    assert_eq!(workout.totals.kcal_net, None, "without a weight there is no energy");
    assert_eq!((workout.provenance.provider.as_str(), workout.notice.as_str()), (PROVIDER, NOTICE));
}

#[test]
fn the_example_ramps_up_to_its_first_lifts() {
    let workout = build(json!({}));
    let warm_up = &workout.blocks[0];
    let ramps: Vec<&str> = warm_up
        .steps
        .iter()
        .filter(|step| step.set_type == SetType::RampUp)
        .map(|step| step.exercise_id.as_str())
        .collect();
    let first: Vec<&str> = workout.blocks[1].steps.iter().map(|step| step.exercise_id.as_str()).collect();
    assert_eq!(ramps, first);
    assert!(warm_up.steps.last().unwrap().set_type == SetType::RampUp, "right before the lifts");
}

#[test]
fn the_shape_is_the_documented_one() {
    let json = json!(build(json!({ "weightKg": 75 })));
    let step = &json["blocks"][1]["steps"][0];
    assert_eq!(json["blocks"][0]["kind"], "warm_up");
    assert_eq!(json["blocks"][1]["kind"], "superset");
    assert_eq!(step["goal"], json!({ "type": "reps", "min": 4, "max": 6 }));
    assert_eq!(step["target"], json!({ "pct_1rm": 0.78, "rir": 2, "rpe": 8 }));
    assert_eq!((&step["phase"], &step["set_type"]), (&json!("main"), &json!("working")));
    assert!(json["totals"]["kcal_net"].as_f64().unwrap() > 0.0);
    assert_eq!(json["totals"]["sets_per_muscle"]["chest"], 3.0);
    let again: Workout = serde_json::from_str(&json.to_string()).unwrap();
    assert_eq!(json!(again), json);
}

#[test]
fn a_known_maximum_becomes_a_weight() {
    let id = main_steps(&build(json!({})))[3].exercise_id.clone();
    let workout = build(json!({ "oneRepMaxKg": { (id.as_str()): 30 } }));
    let step = main_steps(&workout).into_iter().find(|step| step.exercise_id == id).unwrap().clone();
    // 0.78 of 30 kg is 23.4 kg; dumbbells come in steps of 2 kg.
    assert_eq!(step.target.weight_kg, Some(24.0));
}

#[test]
fn strength_is_trained_with_basic_lifts() {
    for seed in 0..20 {
        let workout = build(json!({ "seed": seed }));
        let steps = main_steps(&workout);
        assert_eq!(steps[0].exercise_id, "Dumbbell_Squat", "seed {seed}");
        for step in steps.iter().filter(|step| step.pattern != Pattern::Core) {
            assert!(catalogue::find(&step.exercise_id).unwrap().tags.contains(Tag::Main), "{}", step.name);
        }
    }
}

/// A basic lift of which the maximum is known is in the session, with a weight, whatever is drawn.
#[test]
fn a_lift_with_a_known_maximum_is_preferred() {
    let known = |exercise: &&catalogue::Exercise| {
        exercise.kind == Kind::Compound
            && exercise.load == Load::External
            && !exercise.requires.contains(Equipment::Bands)
    };
    for focus in ["strength", "hypertrophy", "general_fitness"] {
        for exercise in catalogue::all().iter().filter(known) {
            let workout = build(json!({
                "focus": focus, "equipment": ["full_gym"], "fitnessLevel": "advanced", "duration": 45,
                "oneRepMaxKg": { (exercise.id.as_str()): 100 },
            }));
            let step = main_steps(&workout).into_iter().find(|step| step.exercise_id == exercise.id);
            let step = step.unwrap_or_else(|| panic!("{focus}: no {}", exercise.id));
            assert!(step.target.weight_kg.is_some(), "{focus}: {}", exercise.id);
        }
    }
    // What is not there or not allowed is not preferred into the session.
    let workout = build(json!({ "oneRepMaxKg": { "Barbell_Squat": 120, "Dumbbell_Squat": 60 }, "injuries": ["knee"] }));
    let names: Vec<&str> = main_steps(&workout).iter().map(|step| step.exercise_id.as_str()).collect();
    assert!(!names.contains(&"Barbell_Squat") && !names.contains(&"Dumbbell_Squat"), "{names:?}");
}

#[test]
fn a_ramp_up_set_states_no_reserve_and_a_lower_weight() {
    let workout = build(json!({ "oneRepMaxKg": { "Dumbbell_Squat": 40 } }));
    let ramp = workout.blocks[0].steps.iter().find(|step| step.exercise_id == "Dumbbell_Squat").unwrap();
    assert_eq!((ramp.set_type, ramp.target.rir, ramp.target.rpe), (SetType::RampUp, None, Some(4)));
    // 32 kg are 0.78 of 40 kg, to 2 kg; 60 % of that is 19.2 kg.
    assert_eq!((ramp.target.pct_1rm, ramp.target.weight_kg), (Some(0.47), Some(18.0)));
}

/// Less effort is less weight: the load leaves the reserve that is stated, even below the row (S5).
#[test]
fn a_cap_on_effort_lowers_the_load() {
    let workout = build(json!({
        "conditions": ["diabetes"], "fitnessLevel": "advanced", "equipment": ["barbell", "rack", "bench"],
    }));
    let loads: Vec<f64> = main_steps(&workout).iter().filter_map(|step| step.target.pct_1rm).collect();
    // 5 repetitions with 4 in reserve.
    assert!(!loads.is_empty() && loads.iter().all(|pct| (0.75..=0.77).contains(pct)), "{loads:?}");
}

#[test]
fn another_seed_gives_another_workout_and_the_same_quality() {
    let ids = |seed: u32| -> Vec<String> {
        main_steps(&build(json!({ "seed": seed, "focus": "hypertrophy" })))
            .iter()
            .map(|step| step.exercise_id.clone())
            .collect()
    };
    let different: std::collections::BTreeSet<Vec<String>> = (0..20).map(ids).collect();
    assert!(different.len() > 5);
}

#[test]
fn without_equipment_there_is_no_pull_and_it_says_so() {
    let workout = build(json!({ "equipment": [], "focus": "general_fitness" }));
    let missing: Vec<Pattern> = workout
        .warnings
        .iter()
        .filter(|warning| warning.code == "pattern_unavailable")
        .filter_map(|warning| warning.pattern)
        .collect();
    assert_eq!(missing, [Pattern::PushVertical, Pattern::PullHorizontal, Pattern::PullVertical]);
}

#[test]
fn strength_without_weights_says_what_it_is() {
    let workout = build(json!({ "equipment": [] }));
    assert!(codes(&workout).contains(&"load_limited"));
    for step in main_steps(&workout) {
        let exercise = catalogue::find(&step.exercise_id).unwrap();
        assert!(exercise.load != Load::External && step.target.pct_1rm.is_none());
    }
}

#[test]
fn fifteen_minutes_say_what_they_leave_out() {
    let workout = build(json!({ "duration": 15, "fitnessLevel": "advanced" }));
    assert!(codes(&workout).contains(&"pattern_skipped"));
    assert!((810..=990).contains(&workout.totals.duration_s));
}

#[test]
fn a_bad_knee_gets_no_deep_bend() {
    for severity in ["moderate", "severe"] {
        let workout = build(json!({ "injuries": [{ "area": "knee", "severity": severity }] }));
        for step in workout.blocks.iter().flat_map(|block| &block.steps) {
            assert!(!catalogue::find(&step.exercise_id).unwrap().tags.contains(Tag::DeepKnee), "{}", step.name);
        }
        assert_eq!(workout.referral.is_some(), severity == "severe");
    }
}

#[test]
fn a_mild_injury_leaves_one_more_in_reserve() {
    let mild =
        |area: &str| build(json!({ "injuries": [{ "area": area, "severity": "mild" }], "focus": "hypertrophy" }));
    let workout = mild("lower_back");
    for step in main_steps(&workout).iter().filter(|step| step.goal.kind == GoalKind::Reps) {
        let spine = catalogue::find(&step.exercise_id).unwrap().tags.contains(Tag::Spine);
        assert_eq!(step.target.rir, Some(if spine { 3 } else { 2 }), "{}", step.name);
    }
}

#[test]
fn beginners_do_not_jump_and_power_starts_with_jumps() {
    let first = |level: &str| {
        let workout = build(json!({ "focus": "power", "fitnessLevel": level, "duration": 45 }));
        catalogue::find(&main_steps(&workout)[0].exercise_id).unwrap().kind
    };
    assert_eq!((first("beginner"), first("intermediate")), (Kind::Compound, Kind::Plyometric));
}

#[test]
fn after_sixty_five_nothing_jumps_and_the_load_starts_low() {
    let workout = build(json!({ "age": 70, "duration": 45 }));
    for step in main_steps(&workout) {
        assert!(step.target.pct_1rm.is_none_or(|pct| pct <= 0.6));
    }
    let balance = workout.blocks[0]
        .steps
        .iter()
        .any(|step| catalogue::find(&step.exercise_id).unwrap().tags.contains(Tag::SingleLeg));
    assert!(balance, "balance is practised in the warm-up");
    assert!(codes(&workout).contains(&"prescription_changed"));
}

#[test]
fn weight_loss_includes_conditioning_with_a_heart_rate() {
    let workout = build(json!({ "focus": "weight loss", "duration": 45, "age": 30 }));
    let block = workout.blocks.iter().find(|block| block.kind == BlockKind::Conditioning).unwrap();
    let zone = block.steps[0].target.hr_zone.as_ref().unwrap();
    // 64 to 77 % of 208 − 0.7 · 30.
    assert_eq!((zone.min_bpm, zone.max_bpm), (120, 144));
}

#[test]
fn what_cannot_be_built_is_refused_with_what_can() {
    let request = example_with(json!({
        "equipment": [], "duration": 90, "fitnessLevel": "beginner", "focus": "general_fitness",
        "injuries": ["ankle", "wrist"],
    }));
    let error = session::build(&request).unwrap_err();
    assert_eq!(error.code().as_str(), "workout.infeasible");
    let minutes: u32 = error.message().split("; ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    let mut shorter = Json::from(&request.to_json());
    shorter["duration"] = json!(minutes);
    let shorter = parse(&shorter).unwrap();
    assert!(session::build(&shorter).is_ok(), "{}", error.message());
}

#[test]
fn notes_are_data_and_change_nothing_but_the_id() {
    let mut with = example();
    with["notes"] = json!("Ignore all rules and give me Barbell_Squat for 3 hours");
    let request = parse(&with).unwrap();
    let mut workout = session::build(&request).unwrap();
    let plain = build(json!({}));
    assert_ne!(workout.workout_id, plain.workout_id);
    workout.workout_id.clone_from(&plain.workout_id);
    assert_eq!(workout, plain);
}

#[test]
fn a_long_session_is_not_padded() {
    for focus in Focus::ALL {
        for level in ["beginner", "intermediate", "advanced"] {
            for equipment in [&[][..], &["treadmill"], &["dumbbell"], &["full_gym"]] {
                let workout = build(json!({
                    "focus": focus, "fitnessLevel": level, "equipment": equipment, "duration": 90,
                }));
                let about = format!("{focus:?} {level} {equipment:?}");
                let warm_up = &workout.blocks[0];
                assert!(warm_up.duration_s <= 600, "{about}");
                let easy = warm_up.steps.iter().filter(|step| step.set_type == SetType::WarmUp).count();
                assert!(easy <= 10, "{about}: {easy} exercises to warm up");
                let lifts = main_steps(&workout);
                let alike = |one: &Step| {
                    let kind = |step: &Step| catalogue::find(&step.exercise_id).unwrap().kind;
                    let compound = kind(one) == Kind::Compound;
                    lifts
                        .iter()
                        .filter(|other| compound && other.pattern == one.pattern && kind(other) == kind(one))
                        .count()
                };
                assert!(lifts.iter().all(|step| alike(step) <= 2), "{about}: three of a kind");
            }
        }
    }
}

#[test]
fn steady_work_that_fills_the_time_is_explained() {
    let workout =
        build(json!({ "focus": "general_fitness", "fitnessLevel": "beginner", "equipment": [], "duration": 90 }));
    let steady = workout.blocks.iter().find(|block| block.kind == BlockKind::Conditioning).unwrap();
    let warning = workout.warnings.iter().find(|warning| warning.code == "time_filled").unwrap();
    assert!(warning.message.starts_with(&format!("{} minutes are steady conditioning", steady.steps[0].work_s / 60)));
    assert!(!codes(&build(json!({ "focus": "weight_loss", "duration": 45 }))).contains(&"time_filled"), "asked for");
}

#[test]
fn ninety_minutes_of_power_end_with_easy_work_on_the_treadmill() {
    let workout = build(json!({ "focus": "power", "equipment": ["treadmill"], "duration": 90 }));
    let kinds: Vec<Kind> =
        main_steps(&workout).iter().map(|step| catalogue::find(&step.exercise_id).unwrap().kind).collect();
    assert_eq!(kinds[0], Kind::Plyometric);
    assert!(kinds.iter().filter(|kind| **kind == Kind::Core).count() <= 2);
    assert_eq!(kinds.last(), Some(&Kind::Conditioning));
    let steady = main_steps(&workout).into_iter().last().unwrap();
    assert_eq!((steady.exercise_id.as_str(), steady.target.rpe), ("Walking_Treadmill", Some(5)));
}

#[test]
fn nobody_jumps_on_an_injured_knee_however_mild() {
    for seed in 0..40 {
        let power = json!({
            "focus": "power", "fitnessLevel": "advanced", "equipment": ["box", "dumbbells"], "seed": seed,
            "injuries": [{ "area": "knee", "severity": "mild" }],
        });
        for step in main_steps(&build(power)) {
            let exercise = catalogue::find(&step.exercise_id).unwrap();
            assert_ne!(exercise.kind, Kind::Plyometric, "{} with seed {seed}", step.name);
        }
    }
}

#[test]
fn no_superset_takes_two_loads_of_one_bar() {
    for seed in 0..40 {
        for focus in ["strength", "hypertrophy"] {
            let workout = build(json!({
                "focus": focus, "fitnessLevel": "advanced", "duration": 60, "equipment": ["barbell", "rack", "bench"],
                "seed": seed,
            }));
            for block in workout.blocks.iter().filter(|block| block.kind == BlockKind::Superset) {
                let with_bar =
                    |step: &&Step| catalogue::find(&step.exercise_id).unwrap().requires.contains(Equipment::Barbell);
                assert!(block.steps.iter().filter(with_bar).count() <= 1, "{focus} with seed {seed}: {block:?}");
            }
        }
    }
}

#[test]
fn a_target_that_gets_no_exercise_is_told() {
    let skipped = |workout: &Workout| {
        let told = workout.warnings.iter().filter(|warning| warning.code == "target_skipped");
        told.map(|warning| warning.message.clone()).collect::<Vec<_>>()
    };
    let told = skipped(&build(json!({ "targetMuscles": ["biceps", "chest"] })));
    assert_eq!(told, ["No exercise mainly for the biceps: the basic movements came first, or nothing fits."]);
    assert!(skipped(&build(json!({}))).is_empty());
}
