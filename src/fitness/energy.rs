//! Energy by metabolic equivalents: `MET · kg · h`, from the 2024 Adult Compendium of Physical Activities.
//!
//! A MET value counts the whole activity, rests included, and resting metabolism too: that is *gross*. What training
//! adds is *net*, `(MET − 1) · kg · h`, and it is what a workout reports. Without a known body weight nothing is
//! reported, because a guess of the weight would be a guess of the result.

use super::catalogue;
use super::workout::{Block, BlockKind, Step};

// `METS`: codes of the compendium and their values.
include!(concat!(env!("OUT_DIR"), "/mets.rs"));

/// The MET value of a code of the compendium, such as `"02054"`; `None` for a code that the table does not carry.
#[must_use]
pub fn met(code: &str) -> Option<f64> {
    METS.iter().find(|(known, _)| *known == code).map(|(_, met)| *met)
}

/// Kilocalories of the activity itself, without what rest would have cost anyway.
///
/// ```
/// assert_eq!(repflow::fitness::energy::net_kcal(3.5, 75.0, 3600), 187.5);
/// ```
#[must_use]
pub fn net_kcal(met: f64, weight_kg: f64, duration_s: u32) -> f64 {
    (met - 1.0) * weight_kg * f64::from(duration_s) / 3600.0
}

/// Kilocalories including rest.
#[must_use]
pub fn gross_kcal(met: f64, weight_kg: f64, duration_s: u32) -> f64 {
    met * weight_kg * f64::from(duration_s) / 3600.0
}

/// The MET value a block counts with. The choice of the code is house, and careful: multiple-set resistance training
/// with full rests is 3.5, reciprocal supersets with less than 30 s between sets 5.8, body weight only 3.0.
#[must_use]
pub fn block_met(block: &Block) -> f64 {
    let first = block.steps.first().map_or("", |step| &step.exercise_id);
    let needs_nothing =
        |step: &Step| catalogue::find(&step.exercise_id).is_none_or(|exercise| exercise.requires.is_empty());
    let code = match block.kind {
        BlockKind::WarmUp => "02024",
        BlockKind::CoolDown => "02101",
        BlockKind::Conditioning => match first {
            "Rope_Jumping" => "02068",
            "Bicycling_Stationary" | "Recumbent_Bike" => "01200",
            "Rowing_Stationary" => "02071",
            "Elliptical_Trainer" | "Stairmaster" => "02048",
            "Jogging_Treadmill" => "12020",
            _ => "17190",
        },
        BlockKind::Superset | BlockKind::Circuit if block.steps.iter().all(|step| step.rest_s < 30) => "02055",
        _ if block.steps.iter().all(needs_nothing) => "02056",
        _ => "02054",
    };
    met(code).unwrap_or(3.0)
}
