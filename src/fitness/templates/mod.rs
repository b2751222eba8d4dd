//! The workflow definitions of the coach, as data.

use super::adaptation::AdaptationRequest;
use super::group::GroupRequest;
use super::programme::assessment::assess;
use super::request::WorkoutRequest;
use crate::error::Error;
use crate::value::Value;

/// A definition, and how its input is read.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// The definition, as JSON text. Its id is the first thing in it.
    pub text: &'static str,
    /// Checks the input and gives its normalised form, which the definition asks for.
    pub input: fn(&Value) -> Result<Value, Error>,
}

/// Every definition.
///
/// A comprehensive workout takes six steps: analyse, build, then recommendations, equipment and safety side by side, and the
/// final writing. A quick one is the second of them alone. How to go on in a session takes five: how it goes, what may become of
/// it, the adaptation or a stop, what to do instead of what hurts, and a check. A workout for a group takes six: everybody's
/// fitness, preferences and limitations side by side, what they have in common, the stations with clock and rotation, and the
/// variations. A programme of twelve weeks takes four: assess, then the three phases, each from the plan so far.
pub static ALL: [Template; 5] = [
    Template { text: include_str!("comprehensive-workout.json"), input: workout_request },
    Template { text: include_str!("quick-workout.json"), input: workout_request },
    Template { text: include_str!("real-time-adaptation.json"), input: situation },
    Template { text: include_str!("group-workout.json"), input: group },
    Template { text: include_str!("progressive-program.json"), input: programme },
];

impl Template {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.text.split('"').nth(3).unwrap_or_default()
    }
}

/// The definition of that id.
///
/// ```
/// use repflow::fitness::templates;
///
/// assert!(templates::find("comprehensive-workout").is_some());
/// ```
#[must_use]
pub fn find(id: &str) -> Option<&'static Template> {
    ALL.iter().find(|template| template.id() == id)
}

fn workout_request(json: &Value) -> Result<Value, Error> {
    Ok(WorkoutRequest::parse(json)?.to_json())
}

fn situation(json: &Value) -> Result<Value, Error> {
    AdaptationRequest::parse(json).map(|_| json.clone())
}

fn group(json: &Value) -> Result<Value, Error> {
    Ok(GroupRequest::parse(json)?.to_json())
}

fn programme(json: &Value) -> Result<Value, Error> {
    assess(json).map(|_| json.clone())
}
