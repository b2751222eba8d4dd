use repflow::fitness::screening::{Clearance, Screening};
use repflow::fitness::session;
use repflow::fitness::workout::{BlockKind, Intensity, Status};
use serde_json::json;

use crate::support::example_with;

/// The rows of the ACSM algorithm: active, disease, symptoms, outcome.
#[test]
fn activity_disease_and_signs_decide() {
    for (active, disease, symptoms, clearance) in [
        (false, false, false, Clearance::Full),
        (false, true, false, Clearance::Stop),
        (false, false, true, Clearance::Stop),
        (false, true, true, Clearance::Stop),
        (true, false, false, Clearance::Full),
        (true, true, false, Clearance::Moderate),
        (true, false, true, Clearance::Stop),
        (true, true, true, Clearance::Stop),
    ] {
        let request = example_with(json!({
            "exercisesRegularly": active,
            "conditions": if disease { vec!["diabetes"] } else { vec![] },
            "symptoms": if symptoms { vec!["dizziness"] } else { vec![] },
        }));
        let screening = Screening::of(&request);
        assert_eq!(screening.clearance, clearance, "{active} {disease} {symptoms}");
        assert_eq!(screening.reasons.is_empty(), clearance == Clearance::Full);
    }
}

#[test]
fn a_red_flag_gives_a_referral_and_nothing_to_do() {
    let workout = session::build(&example_with(json!({ "symptoms": ["chest pain"] }))).unwrap();
    assert_eq!(workout.status, Status::Referral);
    assert!(workout.blocks.is_empty());
    let referral = workout.referral.unwrap();
    assert_eq!(referral.clearance, "stop_and_refer");
    assert!(referral.reasons[0].contains("chest"));
    assert_eq!(workout.title, "See a doctor first");
}

#[test]
fn a_heart_condition_stays_light_until_cleared() {
    let workout = session::build(&example_with(json!({ "conditions": ["cardiac"], "age": 50 }))).unwrap();
    assert_eq!(workout.status, Status::LightOnly);
    let kinds: Vec<BlockKind> = workout.blocks.iter().map(|block| block.kind).collect();
    assert_eq!(kinds, [BlockKind::WarmUp, BlockKind::Conditioning, BlockKind::CoolDown]);
    assert!(workout.blocks.iter().flat_map(|block| &block.steps).all(|step| step.intensity == Intensity::Light));
    assert_eq!(workout.referral.unwrap().clearance, "light_until_cleared");
}

#[test]
fn an_active_person_with_diabetes_trains_at_moderate_effort() {
    let workout = session::build(&example_with(json!({ "conditions": ["diabetes"] }))).unwrap();
    assert_eq!(workout.status, Status::Ok);
    let hardest = workout.blocks.iter().flat_map(|block| &block.steps).filter_map(|step| step.target.rpe).max();
    assert!(hardest <= Some(6));
}

#[test]
fn a_beta_blocker_leaves_no_heart_rate_target() {
    let zones = |conditions: &[&str]| {
        let request =
            example_with(json!({ "focus": "weight_loss", "duration": 60, "age": 40, "conditions": conditions }));
        let workout = session::build(&request).unwrap();
        workout.blocks.iter().flat_map(|block| &block.steps).filter(|step| step.target.hr_zone.is_some()).count()
    };
    assert_eq!((zones(&[]), zones(&["beta blocker"])), (1, 0));
}
