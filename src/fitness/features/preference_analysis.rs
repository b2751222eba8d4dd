//! `preference-analysis.analyzePreferences` and `user-preference-analysis.analyzeUserProfile`: what somebody likes to do.
//!
//! Params of both: [`preferences`]: a `userId`, and whatever is known of a request, preferences and history. Result:
//!
//! ```jsonc
//! { "user_id": "ada", "sessions": 12, "focus": "strength" /* or null */, "level": "beginner" /* or null */,
//!   "preferred": { "patterns": [], "muscles": [], "equipment": [], "kinds": [], "exercises": [] },
//!   "avoided": { /* the same */ },
//!   "duration_min": 40 /* or null */, "completion": 0.9 /* or null */, "confidence": 0.71 }
//! ```

use super::{Action, CoachFeature};
use crate::fitness::form::Form;
use crate::fitness::preferences;

/// What may be known of somebody.
const KNOWN: Form = Form::Ref("PreferenceParams");

/// The feature `preference-analysis`.
pub(super) static FEATURE: CoachFeature = CoachFeature {
    name: "preference-analysis",
    description: "Says what somebody likes to do, from what they say and did.",
    capabilities: &["preferences", "history"],
    actions: &[Action {
        name: "analyzePreferences",
        input: &KNOWN,
        output: "PreferenceAnalysis",
        perform: preferences::analyze,
    }],
};

/// The feature `user-preference-analysis`, under the name that it had.
pub(super) static BY_USER: CoachFeature = CoachFeature {
    name: "user-preference-analysis",
    actions: &[Action {
        name: "analyzeUserProfile",
        input: &KNOWN,
        output: "PreferenceAnalysis",
        perform: preferences::analyze,
    }],
    ..FEATURE
};
