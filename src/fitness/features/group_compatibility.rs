//! `group-compatibility`: who trains well together, and what limits somebody.
//!
//! `findCompatibility` takes a request for a group, and answers
//!
//! ```jsonc
//! { "compatibility": { "score": 0.8, "pairs": [{ "a": "ada", "b": "bob", "score": 0.8 }], "notes": [] },
//!   "common": { "focus": "strength", "levels": ["beginner", "advanced"], "equipment": ["dumbbell"],
//!               "exercises": 41 /* that everybody can do */, "limitations": ["injury:knee:mild"] } }
//! ```
//!
//! `limitations` takes a participant, and answers
//!
//! ```jsonc
//! { "user_id": "ada", "may_train": true, "clearance": "no_clearance_needed", "reasons": [], "rules": [], "notes": [],
//!   "excluded_tags": [], "excluded_patterns": [], "missing_patterns": ["pull_vertical"] }
//! ```

use super::params::REQUEST;
use super::{Action, CoachFeature};
use crate::error::Error;
use crate::fitness::contraindications::Restrictions;
use crate::fitness::group::request::{GROUP, person};
use crate::fitness::group::{GroupRequest, compatibility, may_train};
use crate::fitness::record::{Object, ToJson};
use crate::fitness::screening::Screening;
use crate::fitness::session::report::{PATTERNS, missing};
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
    let request = person(params)?;
    let (screening, restrictions) = (Screening::of(&request), Restrictions::of(&request));
    let mut rules = Vec::new();
    for note in &restrictions.notes {
        rules.push(note.rule.as_str());
    }
    let mut gone = Vec::new();
    for pattern in PATTERNS {
        if missing(&[pattern], &request, &restrictions).is_some() {
            gone.push(pattern);
        }
    }
    Ok(Object(
        "user_id may_train clearance reasons rules notes excluded_tags excluded_patterns missing_patterns",
        &[
            &request.user_id,
            &may_train(&request),
            &screening.clearance.as_str(),
            &screening.reasons,
            &rules,
            &restrictions.messages(),
            &restrictions.tags,
            &restrictions.patterns,
            &gone,
        ],
    )
    .to_json())
}
