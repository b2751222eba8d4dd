//! `user-analysis.analyzeProfile`: who is this for, and what follows from it?
//!
//! Params: a request, as `generateComprehensiveWorkout` takes it, or a participant of a group. Result:
//!
//! ```jsonc
//! { "request": { /* normalised: canonical words, defaults filled in */ },
//!   "screening": { "clearance": "no_clearance_needed", "reasons": [], "active_definition": "…" },
//!   "restrictions": { "rules": [], "excluded_tags": [], "excluded_patterns": [], "notes": [],
//!                     "caps": { "rpe_max": null, "pct_1rm_max": null, "rest_min_s": null } },
//!   "prescription": { "focus": "strength", "level": "intermediate", "sets": [3, 4], "reps": [3, 6],
//!                     "pct_1rm": [0.75, 0.85], "rest_compound_s": [150, 240], "rest_isolation_s": [90, 120], "rir": [1, 3] },
//!   "weekly": { "days": [3, 4], "sets_per_muscle": [8, 16] },
//!   "heart_rate": { "max_bpm": 187, "moderate_bpm": [120, 144] } /* or null */,
//!   "notice": "…" }
//! ```

use super::params::REQUEST;
use super::{Action, CoachFeature};
use crate::error::Error;
use crate::fitness::contraindications::{self, Restrictions};
use crate::fitness::group::request::person;
use crate::fitness::heart_rate::{self, Zone};
use crate::fitness::prescription;
use crate::fitness::progression::rounded;
use crate::fitness::record::{Object, ToJson};
use crate::fitness::request::WorkoutRequest;
use crate::fitness::screening::Screening;
use crate::fitness::words::Condition;
use crate::fitness::workout::NOTICE;
use crate::value::Value;

/// The feature `user-analysis`.
pub(super) static FEATURE: CoachFeature = CoachFeature {
    name: "user-analysis",
    description: "Says what a person's level, health and goal mean for training.",
    capabilities: &["profile", "screening", "prescription"],
    actions: &[Action { name: "analyzeProfile", input: &REQUEST, output: "UserAnalysis", perform: analyze_profile }],
};

pub(in crate::fitness) fn analyze_profile(params: &Value) -> Result<Value, Error> {
    let request = person(params)?;
    let screening = Screening::of(&request);
    let restrictions = Restrictions::of(&request);
    let caps = screening.caps(&restrictions);
    let row = prescription::capped(request.focus, request.level, caps);
    let weekly = prescription::weekly_sets();
    let mut rules = Vec::new();
    for note in &restrictions.notes {
        rules.push(note.rule.as_str());
    }
    let notes = restrictions.messages();
    Ok(Object(
        "request screening restrictions prescription weekly heart_rate notice",
        &[
            &request.to_json(),
            &Object(
                "clearance reasons active_definition",
                &[&screening.clearance.as_str(), &screening.reasons, &contraindications::active_definition()],
            ),
            &Object(
                "rules notes excluded_tags excluded_patterns caps",
                &[
                    &rules,
                    &notes,
                    &restrictions.tags,
                    &restrictions.patterns,
                    &Object("rpe_max pct_1rm_max rest_min_s", &[&caps.rpe_max, &caps.pct_1rm_max, &caps.rest_min_s]),
                ],
            ),
            &Object(
                "focus level sets reps pct_1rm rest_compound_s rest_isolation_s rir",
                &[
                    &row.focus,
                    &row.level,
                    &row.sets,
                    &row.reps,
                    &(rounded(row.pct.0), rounded(row.pct.1)),
                    &row.rest_compound,
                    &row.rest_iso,
                    &row.rir,
                ],
            ),
            &Object("days sets_per_muscle", &[&weekly.days(request.level), &weekly.of(request.level)]),
            &heart_rate(&request),
            &NOTICE,
        ],
    )
    .to_json())
}

/// The maximum and the moderate zone by age; nothing when the age is unknown or a beta blocker makes them wrong.
fn heart_rate(request: &WorkoutRequest) -> Option<Value> {
    let age = request.age.filter(|_| !request.conditions.contains(Condition::BetaBlocker))?;
    let max = heart_rate::max_bpm(age);
    let (from, to) = Zone::Moderate.of_maximum();
    let bpm = |share: f64| (max * share).round() as u32;
    Some(Object("max_bpm moderate_bpm", &[&bpm(1.0), &(bpm(from), bpm(to))]).to_json())
}
