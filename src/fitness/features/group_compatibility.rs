//! `group-compatibility`: who trains well together, and what limits somebody.
//!
//! `findCompatibility` takes a request for a group, and answers
//!
//! ```jsonc
//! { "compatibility": { "score": 0.8, "pairs": [{ "a": "ada", "b": "bob", "score": 0.8 }], "notes": [] },
//!   "common": { "focus": "strength", "levels": ["beginner", "advanced"], "equipment": { "dumbbell": 2 },
//!               "limitations": ["injury:knee:mild"] } }
//! ```
//!
//! `limitations` takes a participant, and answers `{ user_id, screening, restrictions }`, the latter two as
//! `user-analysis.analyzeProfile` does.

use super::params::REQUEST;
use super::{Action, CoachFeature, analyze_profile};
use crate::error::Error;
use crate::fitness::form::field;
use crate::fitness::group::request::GROUP;
use crate::fitness::group::{GroupRequest, compatibility};
use crate::fitness::record::{Object, ToJson};
use crate::value::Value;

/// The feature `group-compatibility`.
pub(super) static FEATURE: CoachFeature = CoachFeature {
    name: "group-compatibility",
    description: "Says how well people train together, and what limits each of them.",
    capabilities: &["group", "compatibility"],
    actions: &[
        Action { name: "findCompatibility", input: &GROUP, output: "GroupCompatibility", perform: find_compatibility },
        Action { name: "limitations", input: &REQUEST, output: "Limitations", perform: limitations },
    ],
};

fn find_compatibility(params: &Value) -> Result<Value, Error> {
    Ok(compatibility::find(&GroupRequest::parse(params)?))
}

fn limitations(params: &Value) -> Result<Value, Error> {
    let analysis = analyze_profile(params)?;
    let part = |key: &str| field(&analysis, key).cloned();
    let user_id = field(params, "userId").cloned();
    Ok(Object("user_id screening restrictions", &[&user_id, &part("screening"), &part("restrictions")]).to_json())
}
