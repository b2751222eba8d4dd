//! `fitness-assessment.assess`: where somebody starts before a programme.
//!
//! Params: the keys of a programme's request, and `tests`: `{ lifts: [{ exerciseId, weightKg, reps }],
//! restingHeartRateBpm, pushUps, plankS }`, each of them optional. Result: that of `user-analysis.analyzeProfile`, with
//!
//! ```jsonc
//! { "request": { /* normalised; maxima that were tested are in its oneRepMaxKg */ },
//!   "heart_rate": { "max_bpm": 184, "method": "karvonen", "light_bpm": [97, 109], "moderate_bpm": [109, 134],
//!                   "vigorous_bpm": [134, 171] } /* or null */,
//!   "training_maxima": [{ "exercise_id": "…", "one_rep_max_kg": 100, "training_max_kg": 90, "epley_kg": 100, "brzycki_kg": 97 }],
//!   "days_per_week": 3, "strengths": ["…"], "limitations": ["…"] }
//! ```

use super::{Action, CoachFeature};
use crate::fitness::form::Form;
use crate::fitness::programme::assessment::assess;

/// The feature `fitness-assessment`.
pub(super) static FEATURE: CoachFeature = CoachFeature {
    name: "fitness-assessment",
    description: "Says where a person starts: maxima, heart-rate zones, strengths and limitations.",
    capabilities: &["assessment", "one-rep-max", "heart-rate-zones"],
    actions: &[Action {
        name: "assess",
        input: &Form::Ref("FitnessAssessmentRequest"),
        output: "FitnessAssessment",
        perform: assess,
    }],
};
