//! What the coach registers on the bus: a table of features, a file each, plain JSON in and out.
//!
//! They are the steps of the [`templates`](super::templates), and the last
//! level of every fallback chain: they need no network and no model. Each file documents its params and result. Wrong
//! params are a typed error that lists every problem, never a panic.

mod equipment_analysis;
mod fitness_assessment;
mod group_compatibility;
mod group_workout;
mod offline_coach;
mod params;
mod performance_assessment;
mod preference_analysis;
mod program_planning;
mod quick_workout_setup;
mod safety_validation;
mod user_analysis;
mod workout_adaptation;
mod workout_detail;
mod workout_recommendations;

pub(in crate::fitness) use user_analysis::analyze_profile;
pub(in crate::fitness) use workout_recommendations::recommend;

use super::form::{Form, Ids};
use crate::bus::feature::{ActionInfo, Feature, FeatureInfo};
use crate::error::{Code, Error};
use crate::small::join;
use crate::value::Value;

/// A feature of the coach: what it says of itself, and its actions.
struct CoachFeature {
    name: &'static str,
    description: &'static str,
    capabilities: &'static [&'static str],
    actions: &'static [Action],
}

/// What a feature can be asked to do.
struct Action {
    name: &'static str,
    /// What it is given.
    input: &'static Form,
    /// What it answers, by its name in `coach.schema.json`.
    output: &'static str,
    perform: fn(&Value) -> Result<Value, Error>,
}

static FEATURES: [&CoachFeature; 15] = [
    &user_analysis::FEATURE,
    &quick_workout_setup::FEATURE,
    &workout_recommendations::FEATURE,
    &equipment_analysis::FEATURE,
    &safety_validation::FEATURE,
    &workout_detail::FEATURE,
    &performance_assessment::FEATURE,
    &workout_adaptation::FEATURE,
    &offline_coach::FEATURE,
    &preference_analysis::FEATURE,
    &preference_analysis::BY_USER,
    &group_compatibility::FEATURE,
    &group_workout::FEATURE,
    &fitness_assessment::FEATURE,
    &program_planning::FEATURE,
];

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
    let mut features: Vec<Box<dyn Feature>> = Vec::new();
    for feature in FEATURES {
        features.push(Box::new(feature));
    }
    features
}

impl Feature for &'static CoachFeature {
    fn info(&self) -> FeatureInfo {
        let mut actions = Vec::new();
        for Action { name, input, output, .. } in self.actions {
            let input = input.schema(&Ids::default());
            actions.push(ActionInfo { name: (*name).to_owned(), input, output: (*output).to_owned() });
        }
        FeatureInfo {
            name: self.name.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: self.description.to_owned(),
            capabilities: self.capabilities.iter().map(|&text| text.to_owned()).collect(),
            actions,
        }
    }

    fn call(&self, action: &str, params: &Value) -> Result<Value, Error> {
        match self.actions.iter().find(|known| known.name == action) {
            Some(known) => (known.perform)(params),
            None => {
                let known: Vec<&str> = self.actions.iter().map(|action| action.name).collect();
                let message = format!("{} has no action `{action}`; it has {}", self.name, join(&known, ", "));
                Err(Error::new(Code::NoSuchAction, message))
            }
        }
    }
}
