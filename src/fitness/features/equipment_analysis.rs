//! `equipment-analysis.analyze`: what was used, what is missing, what one more item would bring.
//!
//! Params: `{ request, workout }`. Result:
//!
//! ```jsonc
//! { "available": ["bench", "dumbbell"], "used": ["bench", "dumbbell"], "unused": [],
//!   "patterns": [{ "pattern": "squat", "status": "trained", "choices": 4 }],
//!   "unlocks": [{ "item": "pull_up_bar", "patterns": ["pull_vertical"], "exercises": 3 }] }
//! ```
//!
//! The `status` of a pattern is `trained`, `available` or `unavailable`; `choices` counts what the person could do.

use super::params::{BUILT, Built};
use super::{Action, CoachFeature};
use crate::error::Error;
use crate::fitness::catalogue;
use crate::fitness::contraindications::Restrictions;
use crate::fitness::record::{Object, ToJson};
use crate::fitness::request::WorkoutRequest;
use crate::fitness::session::report::PATTERNS;
use crate::fitness::session::selection::is_available;
use crate::fitness::words::{Equipment, Kind, Pattern, Set};
use crate::small::sort_by;
use crate::value::Value;

/// The feature `equipment-analysis`.
pub(super) static FEATURE: CoachFeature = CoachFeature {
    name: "equipment-analysis",
    description: "Says what a workout uses of the equipment, and what one more item would add.",
    capabilities: &["equipment"],
    actions: &[Action { name: "analyze", input: &BUILT, output: "EquipmentAnalysis", perform: analyze }],
};

pub(in crate::fitness) fn analyze(params: &Value) -> Result<Value, Error> {
    let Built { request, workout } = Built::read(params)?;
    let restrictions = Restrictions::of(&request);
    let mut used: Set<Equipment> = Set::EMPTY;
    let mut trained: Set<Pattern> = Set::EMPTY;
    for block in &workout.blocks {
        for step in &block.steps {
            if let Some(exercise) = catalogue::find(&step.exercise_id) {
                used = used.union(exercise.requires);
            }
            if block.kind.is_main() {
                trained.insert(step.pattern);
            }
        }
    }
    let mut patterns = Vec::new();
    for (pattern, choices) in PATTERNS.into_iter().zip(choices(&request, request.equipment, &restrictions)) {
        let status = match choices {
            _ if trained.contains(pattern) => "trained",
            0 => "unavailable",
            _ => "available",
        };
        patterns.push(Object("pattern status choices", &[&pattern, &status, &choices]).to_json());
    }
    let unlocks = unlocks(&request, &restrictions);
    let unused = request.equipment.without(used);
    let names = "available used unused patterns unlocks";
    Ok(Object(names, &[&request.equipment, &used, &unused, &patterns, &unlocks]).to_json())
}

/// How many resistance exercises of each of [`PATTERNS`] could be done with `equipment`.
fn choices(request: &WorkoutRequest, equipment: Set<Equipment>, restrictions: &Restrictions) -> [u32; PATTERNS.len()] {
    let mut choices = [0; PATTERNS.len()];
    for exercise in catalogue::all() {
        if let Some(place) = PATTERNS.iter().position(|pattern| *pattern == exercise.pattern)
            && matches!(exercise.kind, Kind::Compound | Kind::Isolation)
            && is_available(exercise, request, equipment, restrictions)
        {
            choices[place] += 1;
        }
    }
    choices
}

/// For each item that is not there: how many exercises it alone would add, and which patterns that have none. The items
/// that bring a missing pattern come first, then those that bring most.
fn unlocks(request: &WorkoutRequest, restrictions: &Restrictions) -> Vec<Value> {
    let mut found = Vec::new();
    let now = choices(request, request.equipment, restrictions);
    for item in Set::<Equipment>::all().without(request.equipment).iter() {
        let mut more = request.equipment;
        more.insert(item);
        let mut added = 0;
        let mut new: Set<Pattern> = Set::EMPTY;
        let then = choices(request, more, restrictions);
        for ((pattern, now), then) in PATTERNS.into_iter().zip(now).zip(then) {
            added += then - now;
            if now == 0 && then > 0 {
                new.insert(pattern);
            }
        }
        if added > 0 {
            found.push((new, added, item));
        }
    }
    sort_by(&mut found, |a, b| (a.0.len(), a.1) > (b.0.len(), b.1));
    found.truncate(5);
    let mut described = Vec::new();
    for (new, added, item) in &found {
        described.push(Object("item patterns exercises", &[item, new, added]).to_json());
    }
    described
}
