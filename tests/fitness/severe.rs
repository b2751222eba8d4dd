//! What a severe injury leaves, and what a condition leaves out of warm-up and cool-down.

use repflow::fitness::catalogue::{self, Exercise};
use repflow::fitness::check::check;
use repflow::fitness::contraindications::Restrictions;
use repflow::fitness::request::WorkoutRequest;
use repflow::fitness::session;
use repflow::fitness::words::{Area, Kind, Muscle, Tag, Word};
use repflow::fitness::workout::{Status, Workout};
use serde_json::{Value as Json, json};

use crate::support::example_with;

fn severe(areas: &[&str], equipment: &[&str]) -> WorkoutRequest {
    let injuries: Vec<Json> = areas.iter().map(|area| json!({ "area": area, "severity": "severe" })).collect();
    example_with(json!({ "injuries": injuries, "equipment": equipment, "duration": 45, "fitnessLevel": "advanced" }))
}

fn exercises(workout: &Workout) -> impl Iterator<Item = &'static Exercise> {
    let steps = workout.blocks.iter().flat_map(|block| &block.steps);
    steps.map(|step| catalogue::find(&step.exercise_id).unwrap())
}

fn messages<'a>(workout: &'a Workout, code: &str) -> Vec<&'a str> {
    workout.warnings.iter().filter(|one| one.code == code).map(|one| one.message.as_str()).collect()
}

/// No work that stays trains a muscle of the area, and no stretch or mobility is for it. The muscles are those of
/// free-exercise-db, not of our tags.
#[test]
fn a_severe_injury_leaves_nothing_that_trains_its_area() {
    use Muscle::{
        Abductors, Adductors, Biceps, Calves, Chest, Forearms, Glutes, Lats, LowerBack, Neck, Quadriceps, Shoulders,
        Traps, Triceps,
    };
    for (area, muscles) in [
        (Area::Shoulder, &[Shoulders, Traps, Lats, Chest][..]),
        (Area::Elbow, &[Biceps, Triceps]),
        (Area::Wrist, &[Forearms, Biceps]),
        (Area::LowerBack, &[LowerBack]),
        (Area::Hip, &[Glutes, Abductors, Adductors]),
        (Area::Knee, &[Quadriceps]),
        (Area::Ankle, &[Calves]),
        (Area::Neck, &[Neck, Traps]),
    ] {
        let restrictions = Restrictions::of(&severe(&[area.as_str()], &[]));
        for exercise in catalogue::all().iter().filter(|exercise| restrictions.allow(exercise)) {
            let is_easy = matches!(exercise.kind, Kind::Mobility | Kind::Stretch);
            let least = if is_easy { 1.0 } else { 0.5 };
            for muscle in muscles {
                assert!(exercise.share(*muscle) < least, "{area:?}: {} works {muscle:?}", exercise.id);
            }
        }
    }
}

#[test]
fn what_loads_a_severely_injured_area_is_out_wherever_it_stands() {
    let arms = ["Plank", "Spider_Crawl", "Side_Bridge", "Worlds_Greatest_Stretch", "Inchworm", "One-Arm_Dumbbell_Row"];
    let back = ["Glute_Kickback", "Spider_Crawl", "Pushups", "Plank", "Cat_Stretch", "Childs_Pose", "Butt_Lift_Bridge"];
    let legs = ["Trail_Running_Walking", "Recumbent_Bike", "Sit_Squats", "Childs_Pose", "Worlds_Greatest_Stretch"];
    for (area, out) in [
        ("shoulder", &arms[..]),
        ("elbow", &arms),
        ("lower_back", &back),
        ("knee", &legs),
        ("hip", &legs),
        ("ankle", &legs),
        ("wrist", &["Inchworm", "Hip_Circles_prone", "Farmers_Walk", "Wrist_Circles"]),
        ("neck", &["Plank", "Superman", "Cat_Stretch", "Barbell_Squat", "Jogging_Treadmill"]),
    ] {
        let restrictions = Restrictions::of(&severe(&[area], &[]));
        for id in out {
            assert!(!restrictions.allow(catalogue::find(id).unwrap()), "{area}: {id}");
        }
    }
}

#[test]
fn one_severe_injury_leaves_a_session_and_a_referral() {
    for area in Area::ALL {
        for equipment in [&[][..], &["dumbbell", "bench"], &["full_gym"]] {
            let request = severe(&[area.as_str()], equipment);
            let workout = session::build(&request).unwrap();
            assert_eq!(check(&workout, &request), []);
            let name = area.as_str().replace('_', " ");
            let reason = format!("Severe {name} injury: see a doctor or physiotherapist before training it.");
            let referral = workout.referral.as_ref().unwrap();
            assert_eq!(referral.reasons[0], reason);
            assert_eq!(messages(&workout, "referral")[0], reason);
            let expected = match workout.status {
                Status::Referral => "stop_and_refer",
                _ => "clearance_recommended",
            };
            assert_eq!(referral.clearance, expected);
            let rest = messages(&workout, "restriction");
            let said = format!(
                "Severe {name} injury: everything that loads it or takes it to the end of its range is left out."
            );
            assert_eq!(rest.contains(&said.as_str()), workout.status == Status::Ok);
        }
        assert_eq!(session::build(&severe(&[area.as_str()], &["full_gym"])).unwrap().status, Status::Ok, "{area:?}");
    }
}

/// Trunk work alone is not a session.
#[test]
fn severe_injuries_that_leave_too_little_leave_nothing() {
    for (areas, equipment) in [
        (&["lower_back"][..], &[][..]),
        (&["shoulder", "knee"], &["full_gym"]),
        (&["wrist", "elbow", "neck"], &["full_gym"]),
        (&["shoulder", "knee", "lower_back", "wrist", "elbow", "ankle", "hip", "neck"], &["full_gym"]),
    ] {
        let request = severe(areas, equipment);
        let workout = session::build(&request).unwrap();
        assert_eq!(check(&workout, &request), []);
        assert_eq!((workout.status, workout.blocks.len()), (Status::Referral, 0), "{areas:?}");
        let codes: Vec<&str> = workout.warnings.iter().map(|warning| warning.code.as_str()).collect();
        assert!(codes.iter().all(|code| *code == "referral"), "{codes:?}");
        let last = *messages(&workout, "referral").last().unwrap();
        assert_eq!(
            last,
            match areas.len() {
                1 => "This injury leaves too little to train: get advice first.",
                2 => "These injuries together leave too little to train: get advice first.",
                _ => "Several severe injuries at once: get advice before any training.",
            }
        );
    }
}

#[test]
fn a_referral_says_nothing_about_training() {
    let with = json!({ "symptoms": ["fainting"], "conditions": ["hypertension", "pregnancy"], "age": 70 });
    let workout = session::build(&example_with(with)).unwrap();
    let codes: Vec<&str> = workout.warnings.iter().map(|warning| warning.code.as_str()).collect();
    assert_eq!(codes, ["referral", "referral"], "the sign, and the pregnancy");
    let light = session::build(&example_with(json!({ "conditions": ["cardiac"] }))).unwrap();
    assert!(messages(&light, "effort_capped").is_empty(), "light effort is below the cap");
}

#[test]
fn pregnancy_and_osteoporosis_hold_in_warm_up_and_cool_down_too() {
    for (condition, out) in [
        (
            "pregnancy",
            &["Russian_Twist", "Inchworm", "Worlds_Greatest_Stretch", "Spider_Crawl", "Plank", "Crunches"][..],
        ),
        (
            "osteoporosis",
            &[
                "Worlds_Greatest_Stretch",
                "Childs_Pose",
                "Inchworm",
                "Knee_Across_The_Body",
                "Cat_Stretch",
                "Russian_Twist",
            ],
        ),
    ] {
        for equipment in [&[][..], &["dumbbell", "bench"], &["full_gym"]] {
            for seed in 0..8 {
                let request = example_with(json!({
                    "conditions": [condition], "equipment": equipment, "duration": 45, "seed": seed,
                    "focus": "general_fitness",
                }));
                let workout = session::build(&request).unwrap();
                assert_eq!(check(&workout, &request), []);
                for exercise in exercises(&workout) {
                    assert!(!out.contains(&exercise.id.as_str()), "{condition}: {}", exercise.id);
                }
            }
        }
    }
}

#[test]
fn a_missing_movement_names_its_true_cause() {
    let unavailable = |changes: Json| -> Vec<String> {
        let workout = session::build(&example_with(changes)).unwrap();
        messages(&workout, "pattern_unavailable").iter().map(|text| (*text).to_owned()).collect()
    };
    let bar = "No vertical pull (such as a pull-up) with this equipment; a pull-up bar would add it.";
    assert_eq!(unavailable(json!({})), [bar]);
    // Push-ups need nothing: what is missing is not a bench.
    let pregnant = unavailable(json!({ "conditions": ["pregnancy"], "equipment": [] }));
    assert!(pregnant.contains(&"No horizontal push (such as a push-up): left out because of pregnancy.".to_owned()));
    assert!(pregnant.contains(&bar.to_owned()), "{pregnant:?}");
    let both = unavailable(json!({ "injuries": ["shoulder", { "area": "elbow", "severity": "severe" }] }));
    let press = "No vertical push (such as a shoulder press): left out because of moderate shoulder injury and severe elbow injury.";
    assert!(both.contains(&press.to_owned()), "{both:?}");
}

#[test]
fn every_note_says_whose_it_is() {
    let workout = session::build(&example_with(json!({
        "injuries": [{ "area": "knee", "severity": "mild" }, "wrist"], "conditions": ["osteoporosis"], "age": 67,
    })))
    .unwrap();
    let whose: Vec<&str> =
        messages(&workout, "restriction").iter().map(|text| text.split(": ").next().unwrap()).collect();
    let mild = messages(&workout, "restriction")[0];
    assert!(mild.ends_with("What loads it leaves one more repetition in reserve."), "{mild}");
    assert_eq!(whose, ["Mild knee injury", "Moderate wrist injury", "Osteoporosis", "Age 65 and over"]);
}

#[test]
fn a_beta_blocker_counts_as_the_disease_it_is_taken_for() {
    let clearance = |active: bool| {
        let request = example_with(json!({ "conditions": ["beta_blocker"], "exercisesRegularly": active }));
        session::build(&request).unwrap().referral.unwrap().clearance
    };
    assert_eq!((clearance(true), clearance(false)), ("moderate_until_cleared".into(), "stop_and_refer".into()));
}

/// What the rules for older adults say is done, whatever is asked: no jump, no more than 60 % (nor by rounding), balance.
#[test]
fn sixty_five_and_over_is_applied_and_stated() {
    for focus in ["strength", "hypertrophy", "endurance", "power", "general_fitness", "weight_loss"] {
        for level in ["beginner", "intermediate", "advanced"] {
            for duration in [15, 30, 60] {
                let request = example_with(json!({
                    "focus": focus, "fitnessLevel": level, "duration": duration, "age": 66, "equipment": ["full_gym"],
                    "oneRepMaxKg": { "Barbell_Squat": 43, "Leg_Press": 83, "Dumbbell_Bench_Press": 23 },
                }));
                let workout = session::build(&request).unwrap();
                assert_eq!(check(&workout, &request), []);
                let about = format!("{focus} {level} {duration}");
                for step in workout.blocks.iter().flat_map(|block| &block.steps) {
                    let exercise = catalogue::find(&step.exercise_id).unwrap();
                    assert!(!exercise.tags.contains(Tag::Impact), "{about}: {}", exercise.id);
                    assert!(step.target.pct_1rm.is_none_or(|pct| pct <= 0.6), "{about}");
                    if let (Some(kg), Some(max)) = (step.target.weight_kg, request.one_rep_max_kg.get(&exercise.id)) {
                        assert!(kg <= 0.6 * max, "{about}: {kg} of {max} kg");
                    }
                }
                let balances = |id: &str| catalogue::find(id).unwrap().tags.contains(Tag::SingleLeg);
                assert!(workout.blocks[0].steps.iter().any(|step| balances(&step.exercise_id)), "{about}");
                let said = "Age 65 and over: Start at 60 % or less, no jumps, and practise balance at every session.";
                assert!(messages(&workout, "restriction").contains(&said));
            }
        }
    }
}

#[test]
fn a_severe_injury_and_light_effort_only_is_a_referral() {
    let request = example_with(json!({
        "conditions": ["cardiac"], "injuries": [{ "area": "knee", "severity": "severe" }], "duration": 45,
    }));
    let workout = session::build(&request).unwrap();
    assert_eq!(check(&workout, &request), []);
    assert_eq!((workout.status, workout.blocks.len()), (Status::Referral, 0));
    assert_eq!(workout.referral.unwrap().reasons.len(), 3);
}

#[test]
fn reasons_are_in_plain_words() {
    let reason = |condition: &str| {
        let workout = session::build(&example_with(json!({ "conditions": [condition] }))).unwrap();
        workout.referral.unwrap().reasons.remove(0)
    };
    assert_eq!(reason("pregnancy"), "Pregnancy: ask your doctor or midwife before training.");
    assert_eq!(reason("cardiac"), "Heart condition: only light effort until a doctor has cleared more.");
    assert_eq!(reason("beta_blocker"), "Beta blocker: stay at moderate effort until a doctor has cleared more.");
    assert_eq!(
        reason("uncontrolled_hypertension"),
        "Uncontrolled high blood pressure: get a doctor's clearance before training."
    );
}

#[test]
fn a_refusal_says_who_should_be_seen_too() {
    let request = example_with(json!({
        "injuries": [{ "area": "ankle", "severity": "severe" }], "equipment": [], "duration": 90,
        "fitnessLevel": "beginner", "focus": "general_fitness",
    }));
    let error = session::build(&request).unwrap_err();
    assert_eq!(error.code().as_str(), "workout.infeasible");
    assert!(error.message().ends_with("Severe ankle injury: see a doctor or physiotherapist before training it"));
}
