//! The checker is as good as what it catches: each test breaks one thing in a correct workout.

use repflow::fitness::check::check;
use repflow::fitness::request::WorkoutRequest;
use repflow::fitness::session;
use repflow::fitness::words::Tag;
use repflow::fitness::workout::{BlockKind, HrZone, Intensity, Status, Workout};
use serde_json::json;

use crate::support::example_with;

/// The rules that a change of the example's workout breaks.
fn broken_by(change: impl FnOnce(&mut Workout)) -> Vec<&'static str> {
    broken_for(&example_with(json!({ "weightKg": 75 })), change)
}

fn broken_for(request: &WorkoutRequest, change: impl FnOnce(&mut Workout)) -> Vec<&'static str> {
    let mut workout = session::build(request).unwrap();
    assert_eq!(check(&workout, request), []);
    change(&mut workout);
    let mut rules: Vec<&str> = check(&workout, request).iter().map(|violation| violation.rule).collect();
    rules.dedup();
    rules
}

/// Puts another exercise in the place of the first of the main part, honestly named.
fn swap_in(workout: &mut Workout, id: &str) {
    let exercise = repflow::fitness::catalogue::find(id).unwrap();
    let step = &mut workout.blocks[1].steps[0];
    (step.exercise_id, step.name, step.pattern) = (id.to_owned(), exercise.name.clone(), exercise.pattern);
    step.per_side = exercise.per_side;
}

#[test]
fn time() {
    assert_eq!(broken_by(|workout| workout.blocks[1].duration_s += 1), ["T2"]);
    assert_eq!(broken_by(|workout| workout.totals.duration_s += 1), ["T2"]);
    assert_eq!(broken_by(|workout| workout.blocks[1].steps[0].work_s += 1), ["T2", "V1"]);
    assert!(broken_by(|workout| workout.totals.duration_s = 1_619).contains(&"T1"));
    assert!(broken_by(|workout| workout.totals.duration_s = 1_981).contains(&"T1"));
    assert!(!broken_by(|workout| workout.totals.duration_s = 1_980).contains(&"T1"));
}

#[test]
fn warm_up_and_cool_down() {
    assert_eq!(broken_by(|workout| workout.blocks[0].steps[0].intensity = Intensity::Hard), ["T3"]);
    assert!(broken_by(|workout| drop(workout.blocks.remove(0))).contains(&"T3"));
    assert!(broken_by(|workout| drop(workout.blocks.pop())).contains(&"T4"));
    assert!(broken_by(|workout| workout.blocks.last_mut().unwrap().duration_s = 170).contains(&"T4"));
    assert!(broken_by(|workout| workout.blocks.swap(0, 1)).contains(&"T3"));
}

#[test]
fn equipment_and_catalogue() {
    assert!(broken_by(|workout| swap_in(workout, "Barbell_Squat")).contains(&"E1"));
    assert_eq!(broken_by(|workout| workout.blocks[1].steps[0].name = "Squat of my own".into()), ["E2"]);
    assert!(broken_by(|workout| workout.blocks[1].steps[0].exercise_id = "Moon_Squat".into()).contains(&"E2"));
    let twice = broken_by(|workout| {
        let id = workout.blocks[2].steps[0].exercise_id.clone();
        swap_in(workout, &id);
    });
    assert!(twice.contains(&"E3"));
}

#[test]
fn health() {
    let knee = example_with(json!({ "injuries": ["knee"] }));
    assert!(broken_for(&knee, |workout| swap_in(workout, "Dumbbell_Squat")).contains(&"S1"));
    let elbow = example_with(json!({ "injuries": [{ "area": "elbow", "severity": "severe" }] }));
    for block in [0, 1, 3] {
        let broken = broken_for(&elbow, |workout| {
            let step = &mut workout.blocks[block].steps[0];
            let plank = repflow::fitness::catalogue::find("Plank").unwrap();
            (step.exercise_id, step.name, step.pattern) = (plank.id.clone(), plank.name.clone(), plank.pattern);
        });
        assert!(broken.contains(&"S1"), "{block}: {broken:?}");
    }
    assert_eq!(
        broken_for(&elbow, |workout| workout.referral.as_mut().unwrap().clearance = "no_clearance_needed".into()),
        ["S3"]
    );
    assert_eq!(broken_for(&elbow, |workout| workout.warnings.retain(|warning| warning.code != "referral")), ["S3"]);
    let stop = example_with(json!({ "symptoms": ["fainting"] }));
    assert_eq!(
        broken_for(&stop, |workout| {
            let warning =
                repflow::fitness::workout::Warning { code: "effort_capped".into(), message: "x".into(), pattern: None };
            workout.warnings.push(warning);
        }),
        ["S3"]
    );
    let older = example_with(json!({ "age": 70 }));
    let without_balance = broken_for(&older, |workout| {
        let balances = |id: &str| repflow::fitness::catalogue::find(id).unwrap().tags.contains(Tag::SingleLeg);
        workout.blocks[0].steps.retain(|step| !balances(&step.exercise_id));
    });
    assert!(without_balance.contains(&"S7"), "{without_balance:?}");

    let diabetes = example_with(json!({ "conditions": ["diabetes"] }));
    assert_eq!(broken_for(&diabetes, |workout| workout.referral = None), ["S3"]);
    let cardiac = example_with(json!({ "conditions": ["cardiac"] }));
    assert_eq!(broken_for(&cardiac, |workout| workout.blocks[1].steps[0].intensity = Intensity::Moderate), ["S3"]);
    let symptom = example_with(json!({ "symptoms": ["fainting"] }));
    assert_eq!(broken_for(&symptom, |workout| workout.status = Status::Ok)[0], "T1");

    let beginner = example_with(json!({ "fitnessLevel": "beginner" }));
    assert!(broken_for(&beginner, |workout| swap_in(workout, "Dumbbell_Rear_Lunge")).contains(&"S4"));
    let without_reserve = broken_for(&beginner, |workout| {
        let target = &mut workout.blocks[1].steps[0].target;
        (target.rir, target.rpe) = (Some(1), Some(9));
    });
    assert_eq!(without_reserve, ["S5", "V1"]);
    assert_eq!(broken_by(|workout| workout.blocks[1].steps[0].target.rpe = Some(9)), ["S5"]);
    let ramp_with_reserve = broken_by(|workout| {
        let ramp = workout.blocks[0].steps.last_mut().unwrap();
        (ramp.target.rir, ramp.target.rpe) = (Some(6), Some(4));
    });
    assert_eq!(ramp_with_reserve, ["S5"], "47 % of the maximum leaves far more than 6");

    let pressure = example_with(json!({ "conditions": ["hypertension"] }));
    let too_hard = broken_for(&pressure, |workout| {
        let step = workout.blocks.iter_mut().flat_map(|block| &mut block.steps).find(|step| step.target.rir == Some(3));
        let target = &mut step.unwrap().target;
        (target.rir, target.rpe) = (Some(2), Some(8));
    });
    assert!(too_hard.contains(&"S6"));
    let blocker = example_with(json!({ "conditions": ["beta_blocker"] }));
    let zone = HrZone { name: "moderate".into(), min_bpm: 100, max_bpm: 120 };
    assert_eq!(broken_for(&blocker, |workout| workout.blocks[1].steps[0].target.hr_zone = Some(zone)), ["S6"]);
}

#[test]
fn dose() {
    assert!(broken_by(|workout| workout.blocks[1].steps[0].goal.max = 7).contains(&"V1"));
    assert!(broken_by(|workout| workout.blocks[1].steps[0].target.pct_1rm = Some(0.9)).contains(&"V1"));
    assert!(broken_by(|workout| workout.blocks[1].steps[0].recovery_s = Some(149)).contains(&"V1"));
    assert!(broken_by(|workout| workout.blocks[1].rounds = 5).contains(&"T2"));
    assert_eq!(broken_by(|workout| workout.blocks[1].steps[0].target.weight_kg = Some(20.0)), ["V3"]);
    assert_eq!(broken_by(|workout| *workout.totals.sets_per_muscle.get_mut("chest").unwrap() += 1.0), ["V4"]);
}

#[test]
fn balance_and_order() {
    let unsaid = broken_by(|workout| {
        workout.blocks.retain(|block| !block.kind.is_main());
        workout.warnings.clear();
    });
    assert!(unsaid.contains(&"B2"));
    let request = example_with(json!({ "focus": "hypertrophy", "duration": 60 }));
    let reversed = broken_for(&request, |workout| {
        let last = workout.blocks.len() - 1;
        workout.blocks[1..last].reverse();
    });
    assert_eq!(reversed, ["O1"]);
    assert!(broken_by(|workout| workout.blocks[1].steps[0].per_side ^= true).contains(&"O2"));
}

#[test]
fn output() {
    assert_eq!(broken_by(|workout| workout.totals.kcal_net = Some(500.0)), ["C1"]);
    assert_eq!(broken_by(|workout| workout.totals.kcal_net = None), ["C1"]);
    assert!(broken_by(|workout| workout.totals.kcal_net = Some(f64::NAN)).contains(&"D2"));
    assert_eq!(broken_by(|workout| workout.notice.clear()), ["D2"]);
    assert_eq!(broken_by(|workout| workout.blocks[1].provenance.rules.clear()), ["D3"]);
    assert_eq!(broken_by(|workout| workout.blocks[1].kind = BlockKind::Circuit), [""; 0]);
}
