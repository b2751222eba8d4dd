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

use serde_json::{Value as Json, json};

use super::params::Built;
use super::{info, only_action};
use crate::bus::feature::{Feature, FeatureInfo};
use crate::error::Error;
use crate::fitness::catalogue::{self, Exercise};
use crate::fitness::contraindications::Restrictions;
use crate::fitness::order::sort_by_key;
use crate::fitness::request::WorkoutRequest;
use crate::fitness::session::report::PATTERNS;
use crate::fitness::session::selection::is_available;
use crate::fitness::words::{Equipment, Kind, Pattern, Set, Word};

/// The feature `equipment-analysis`.
#[derive(Clone, Copy, Debug, Default)]
pub struct EquipmentAnalysis;

impl Feature for EquipmentAnalysis {
    fn info(&self) -> FeatureInfo {
        info(
            "equipment-analysis",
            "Says what a workout uses of the equipment, and what one more item would add.",
            &["equipment"],
            "analyze",
        )
    }

    fn call(&self, action: &str, params: &Json) -> Result<Json, Error> {
        only_action(self, action)?;
        let Built { request, workout } = Built::read(params)?;
        let restrictions = Restrictions::of(&request);
        let steps = || workout.blocks.iter().flat_map(|block| &block.steps);
        let needed = steps().filter_map(|step| catalogue::find(&step.exercise_id));
        let used = needed.fold(Set::EMPTY, |all: Set<Equipment>, exercise| all.union(exercise.requires));
        let unused: Set<Equipment> = request.equipment.iter().filter(|item| !used.contains(*item)).collect();
        let main = || workout.blocks.iter().filter(|block| block.kind.is_main()).flat_map(|block| &block.steps);
        let patterns = PATTERNS.iter().map(|&pattern| {
            let choices = choices(pattern, &request, request.equipment, &restrictions).count();
            let status = if main().any(|step| step.pattern == pattern) {
                "trained"
            } else if choices > 0 {
                "available"
            } else {
                "unavailable"
            };
            json!({ "pattern": pattern, "status": status, "choices": choices })
        });
        Ok(json!({
            "available": request.equipment,
            "used": used,
            "unused": unused,
            "patterns": patterns.collect::<Vec<_>>(),
            "unlocks": unlocks(&request, &restrictions),
        }))
    }
}

/// The resistance exercises of a pattern that could be done with `equipment`.
fn choices<'a>(
    pattern: Pattern,
    request: &'a WorkoutRequest,
    equipment: Set<Equipment>,
    restrictions: &'a Restrictions,
) -> impl Iterator<Item = &'static Exercise> + 'a {
    catalogue::all().iter().filter(move |exercise| {
        exercise.pattern == pattern
            && matches!(exercise.kind, Kind::Compound | Kind::Isolation)
            && is_available(exercise, request, equipment, restrictions)
    })
}

/// For each item that is not there: how many exercises it alone would add, and which patterns that have none. The items
/// that bring a missing pattern come first, then those that bring most.
fn unlocks(request: &WorkoutRequest, restrictions: &Restrictions) -> Vec<Json> {
    let mut found = Vec::new();
    for &item in Equipment::ALL.iter().filter(|item| !request.equipment.contains(**item)) {
        let mut more = request.equipment;
        more.insert(item);
        let count = |pattern, equipment| choices(pattern, request, equipment, restrictions).count();
        let added: usize = PATTERNS.iter().map(|&one| count(one, more) - count(one, request.equipment)).sum();
        let new: Set<Pattern> = PATTERNS
            .iter()
            .copied()
            .filter(|&one| count(one, request.equipment) == 0 && count(one, more) > 0)
            .collect();
        if added > 0 {
            found.push((new, added, item));
        }
    }
    sort_by_key(&mut found, |(new, added, _)| std::cmp::Reverse((new.len(), *added)));
    let describe = |(new, added, item): (Set<Pattern>, usize, Equipment)| json!({ "item": item, "patterns": new, "exercises": added });
    found.into_iter().take(5).map(describe).collect()
}
