//! What people write for the words of a request, already in lower case and with underscores.
//!
//! Only what means the same thing: a word that could mean two is left to the near-miss suggestion of the parser.

use super::words::{Area, Condition, Equipment, Focus, Level, Muscle, Symptom};

pub(super) fn focus_alias(name: &str) -> Option<Focus> {
    Some(match name {
        "muscle_gain" | "muscle_building" | "build_muscle" | "bodybuilding" | "size" => Focus::Hypertrophy,
        "muscular_endurance" | "stamina" => Focus::Endurance,
        "explosiveness" | "explosive" => Focus::Power,
        "general" | "fitness" | "health" | "full_body" | "general_health" => Focus::GeneralFitness,
        "fat_loss" | "lose_weight" | "fat_burn" | "burn_fat" => Focus::WeightLoss,
        "strong" | "max_strength" | "maximal_strength" => Focus::Strength,
        _ => return None,
    })
}

pub(super) fn level_alias(name: &str) -> Option<Level> {
    Some(match name {
        "novice" | "new" | "starter" => Level::Beginner,
        "medium" | "moderate" => Level::Intermediate,
        "expert" | "pro" => Level::Advanced,
        _ => return None,
    })
}

pub(super) fn equipment_alias(name: &str) -> Option<Equipment> {
    Some(match name {
        "dumbbells" | "dumb_bell" | "dumb_bells" | "db" => Equipment::Dumbbell,
        "kettlebells" | "kb" => Equipment::Kettlebell,
        "barbells" | "olympic_bar" => Equipment::Barbell,
        "squat_rack" | "power_rack" | "racks" => Equipment::Rack,
        "benches" | "weight_bench" | "flat_bench" | "adjustable_bench" | "incline_bench" => Equipment::Bench,
        "band" | "resistance_band" | "resistance_bands" | "exercise_bands" => Equipment::Bands,
        "door_anchor" | "band_anchor" | "post" => Equipment::Anchor,
        "pullup_bar" | "pull_up_bars" | "chin_up_bar" | "chinup_bar" | "doorway_bar" => Equipment::PullUpBar,
        "cables" | "cable_machine" | "cable_station" => Equipment::Cable,
        "machines" | "weight_machines" | "smith_machine" => Equipment::Machine,
        "boxes" | "plyo_box" | "step" | "jump_box" => Equipment::Box,
        "dip_bar" | "dip_station" | "parallel_bars" => Equipment::DipBars,
        "low_bar" => Equipment::BarLow,
        "trx" | "suspension_trainer" | "rings" | "straps" => Equipment::Suspension,
        "skipping_rope" | "rope" | "jumprope" => Equipment::JumpRope,
        "bicycle" | "stationary_bike" | "exercise_bike" | "spin_bike" => Equipment::Bike,
        "rowing_machine" | "rowing_ergometer" | "erg" => Equipment::Rower,
        "elliptical_trainer" | "cross_trainer" => Equipment::Elliptical,
        "treadmills" => Equipment::Treadmill,
        "stairmaster" | "stair_climber" => Equipment::StairMachine,
        _ => return None,
    })
}

pub(super) fn area_alias(name: &str) -> Option<Area> {
    Some(match name {
        "shoulders" | "rotator_cuff" => Area::Shoulder,
        "knees" => Area::Knee,
        "back" | "low_back" | "lumbar" | "spine" => Area::LowerBack,
        "wrists" | "hand" => Area::Wrist,
        "elbows" | "tennis_elbow" => Area::Elbow,
        "ankles" | "foot" | "achilles" => Area::Ankle,
        "hips" | "groin" => Area::Hip,
        _ => return None,
    })
}

pub(super) fn condition_alias(name: &str) -> Option<Condition> {
    Some(match name {
        "high_blood_pressure" => Condition::Hypertension,
        "heart_disease" | "heart_condition" | "cardiovascular_disease" | "coronary_disease" => Condition::Cardiac,
        "type_1_diabetes" | "type_2_diabetes" => Condition::Diabetes,
        "renal_disease" => Condition::KidneyDisease,
        "beta_blockers" => Condition::BetaBlocker,
        "pregnant" => Condition::Pregnancy,
        _ => return None,
    })
}

pub(super) fn symptom_alias(name: &str) -> Option<Symptom> {
    Some(match name {
        "chest_pressure" | "chest_tightness" | "chest_discomfort" | "angina" => Symptom::ChestPain,
        "breathlessness" | "dyspnea" | "shortness_of_breath_at_rest" => Symptom::ShortnessOfBreath,
        "dizzy" | "lightheadedness" | "light_headed" => Symptom::Dizziness,
        "syncope" | "passed_out" | "loss_of_consciousness" => Symptom::Fainting,
        "irregular_heartbeat" | "racing_heart" => Symptom::Palpitations,
        "swollen_ankles" | "edema" => Symptom::AnkleSwelling,
        "orthopnea" => Symptom::BreathlessLyingDown,
        "claudication" => Symptom::LegPainWalking,
        _ => return None,
    })
}

pub(super) fn muscle_alias(name: &str) -> Option<Muscle> {
    Some(match name {
        "quads" => Muscle::Quadriceps,
        "hams" => Muscle::Hamstrings,
        "glute" => Muscle::Glutes,
        "abs" | "core" => Muscle::Abdominals,
        "delts" | "shoulder" => Muscle::Shoulders,
        "upper_back" => Muscle::MiddleBack,
        "calf" => Muscle::Calves,
        "pecs" => Muscle::Chest,
        _ => return None,
    })
}
