//! What the coach registers on the bus: six features, each one action, plain JSON in and out.
//!
//! They are the steps of [`templates::COMPREHENSIVE_WORKOUT`](super::templates::COMPREHENSIVE_WORKOUT), and the last
//! level of every fallback chain: they need no network and no model. Each file documents its params and result. Wrong
//! params are a typed error that lists every problem, never a panic.

mod equipment_analysis;
mod params;
mod quick_workout_setup;
mod safety_validation;
mod user_analysis;
mod workout_detail;
mod workout_recommendations;

pub use equipment_analysis::EquipmentAnalysis;
pub use quick_workout_setup::QuickWorkoutSetup;
pub use safety_validation::SafetyValidation;
pub use user_analysis::UserAnalysis;
pub use workout_detail::WorkoutDetail;
pub use workout_recommendations::WorkoutRecommendations;

use crate::bus::feature::{Feature, FeatureInfo};
use crate::error::{Code, Error};

/// Every feature of the coach.
///
/// ```
/// use repflow::fitness::features::features;
/// use repflow::value::Value;
/// use serde_json::json;
///
/// let all = features();
/// let setup = all.iter().find(|feature| feature.info().name == "quick-workout-setup").unwrap();
/// let workout = setup.call("generateWorkout", &Value::from(&json!({
///     "userId": "user123", "duration": 30, "focus": "strength",
///     "equipment": ["dumbbells", "bench"], "fitnessLevel": "intermediate",
/// })))?;
/// assert_eq!(workout.field("status").map(|status| status.to_text()).as_deref(), Some("ok"));
/// # Ok::<(), repflow::Error>(())
/// ```
#[must_use]
pub fn features() -> Vec<Box<dyn Feature>> {
    vec![
        Box::new(UserAnalysis),
        Box::new(QuickWorkoutSetup),
        Box::new(WorkoutRecommendations),
        Box::new(EquipmentAnalysis),
        Box::new(SafetyValidation),
        Box::new(WorkoutDetail),
    ]
}

/// What a feature of the coach says of itself.
fn info(name: &str, description: &str, capabilities: &[&str], action: &str) -> FeatureInfo {
    FeatureInfo {
        name: name.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        description: description.to_owned(),
        capabilities: capabilities.iter().map(|&text| text.to_owned()).collect(),
        actions: vec![action.to_owned()],
    }
}

/// Refuses every action but the one of `feature`.
fn only_action(feature: &dyn Feature, action: &str) -> Result<(), Error> {
    let info = feature.info();
    if info.actions.iter().any(|known| known == action) {
        return Ok(());
    }
    let mut message = format!("{} has no action `{action}`; it has ", info.name);
    for known in &info.actions {
        message.push_str(known);
    }
    Err(Error::new(Code::NoSuchAction, message))
}
