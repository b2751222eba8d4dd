//! What a workout says about itself: totals, warnings, title and provenance.

use crate::fitness::catalogue::{self, Exercise};
use crate::fitness::contraindications::Restrictions;
use crate::fitness::energy;
use crate::fitness::prescription::{self, Caps, Row};
use crate::fitness::request::WorkoutRequest;
use crate::fitness::screening::{Clearance, Screening};
use crate::fitness::time_budget;
use crate::fitness::words::{Equipment, Kind, Muscle, Pattern, Set, Word, with_spaces};
use crate::fitness::workout::{Block, Figures, Provenance, Referral, SetType, Totals, Warning};

use super::selection::GROUPS;

/// The patterns whose absence is worth a word.
pub(crate) const PATTERNS: [Pattern; 7] = [
    Pattern::Squat,
    Pattern::Lunge,
    Pattern::Hinge,
    Pattern::PushHorizontal,
    Pattern::PushVertical,
    Pattern::PullHorizontal,
    Pattern::PullVertical,
];

/// Sums over blocks. Steps whose exercise is unknown count for no muscle.
pub(crate) fn totals(blocks: &[Block], weight_kg: Option<f64>) -> Totals {
    let mut counted: Vec<(f64, &Exercise)> = Vec::new();
    let (mut duration_s, mut sets, mut kcal) = (0, 0, 0.0);
    for block in blocks {
        let block_s = time_budget::block_s(block);
        duration_s += block_s;
        kcal += energy::net_kcal(energy::block_met(block), weight_kg.unwrap_or_default(), block_s);
        for step in block.steps.iter().filter(|step| step.set_type == SetType::Working) {
            let exercise = catalogue::find(&step.exercise_id);
            if let Some(exercise) = exercise.filter(|exercise| exercise.pattern != Pattern::Cardio) {
                sets += step.sets;
                counted.push((f64::from(step.sets), exercise));
            }
        }
    }
    let mut sets_per_muscle = Figures::default();
    for muscle in Muscle::ALL {
        let of_muscle: f64 = counted.iter().map(|(sets, exercise)| sets * exercise.share(*muscle)).sum();
        if of_muscle > 0.0 {
            sets_per_muscle.set(muscle.as_str(), of_muscle);
        }
    }
    // Net kilocalories, to whole ones.
    Totals { duration_s, sets, kcal_net: weight_kg.map(|_| kcal.round()), sets_per_muscle }
}

/// Why no exercise of a pattern can be done.
pub(crate) enum Missing {
    /// The equipment lacks it; the smallest set of items that would bring it.
    Equipment(Set<Equipment>),
    /// An injury, a condition or age forbids it.
    Restriction,
    /// Everything there wants more experience.
    Level,
}

/// Why no exercise of `patterns` can be done, or `None` when one can.
pub(crate) fn missing(patterns: &[Pattern], request: &WorkoutRequest, restrictions: &Restrictions) -> Option<Missing> {
    let (mut allowed, mut here) = (false, false);
    let mut lacking: Option<Set<Equipment>> = None;
    for exercise in catalogue::all() {
        let is_work = matches!(exercise.kind, Kind::Compound | Kind::Isolation);
        if !is_work || !patterns.contains(&exercise.pattern) || !restrictions.allow(exercise) {
            continue;
        }
        allowed = true;
        let lacks = exercise.requires.without(request.equipment);
        here |= lacks.is_empty();
        if exercise.level <= request.level {
            if lacks.is_empty() {
                return None;
            }
            if lacking.is_none_or(|least| lacks.len() < least.len()) {
                lacking = Some(lacks);
            }
        }
    }
    Some(match lacking {
        _ if !allowed => Missing::Restriction,
        Some(items) if !here => Missing::Equipment(items),
        _ => Missing::Level,
    })
}

/// Everything the person should know.
pub(super) fn warnings(
    request: &WorkoutRequest,
    restrictions: &Restrictions,
    screening: &Screening,
    row: &Row,
    caps: Caps,
    blocks: &[Block],
) -> Vec<Warning> {
    let mut list = Vec::new();
    let mut warn =
        |code: &str, pattern, message: String| list.push(Warning { code: code.to_owned(), message, pattern });
    for reason in &screening.reasons {
        warn("referral", None, reason.clone());
    }
    for area in restrictions.refer.iter() {
        let area = area.spoken();
        warn(
            "referral",
            None,
            format!("Have a professional look at your {area}; its movements are left out until then."),
        );
    }
    for note in &restrictions.notes {
        warn("restriction", None, note.message.to_owned());
    }
    if let Some(rpe) = caps.rpe_max {
        warn("effort_capped", None, format!("Effort stays at RPE {rpe} of 10 or below."));
    }
    let main = || blocks.iter().filter(|block| block.kind.is_main()).flat_map(|block| &block.steps);
    if screening.clearance <= Clearance::LightOnly {
        return list;
    }
    if row.focus != request.focus {
        let focus = request.focus.spoken();
        warn(
            "prescription_changed",
            None,
            format!("The limits do not allow the loads of {focus}: general fitness is prescribed instead."),
        );
    }
    for pattern in PATTERNS {
        if let Some(why) = missing(&[pattern], request, restrictions) {
            let name = pattern.spoken();
            warn(
                "pattern_unavailable",
                Some(pattern),
                match why {
                    Missing::Restriction => format!("No {name}: what you told us rules it out."),
                    Missing::Level => format!("No {name} at your level with this equipment."),
                    Missing::Equipment(items) => {
                        format!("No {name} with this equipment; {} would add it.", names(items))
                    }
                },
            );
        }
    }
    for (name, patterns) in GROUPS {
        let trained = main().any(|step| patterns.contains(&step.pattern));
        if !trained && missing(patterns, request, restrictions).is_none() {
            warn(
                "pattern_skipped",
                Some(patterns[0]),
                format!("No {name} today: the time does not allow every movement. Start with it next time."),
            );
        }
    }
    let mut too_light: Vec<&str> = Vec::new();
    for step in main() {
        if is_load_limited(step.goal.max, &step.exercise_id, row) {
            too_light.push(&step.name);
        }
    }
    if !too_light.is_empty() {
        let list = too_light.join(", ");
        warn(
            "load_limited",
            None,
            format!(
                "{list}: body weight alone allows more repetitions than strength work asks for. Go by the reserve, slow down or choose a harder variant; a weight would train strength better."
            ),
        );
    }
    list
}

/// Whether a step is done with more repetitions than its row because it has only body weight.
pub(crate) fn is_load_limited(reps_max: u32, exercise_id: &str, row: &Row) -> bool {
    use crate::fitness::words::{Focus, Load};
    row.focus == Focus::Strength
        && reps_max > row.reps.1
        && catalogue::find(exercise_id)
            .is_some_and(|exercise| exercise.load == Load::Body && exercise.tempo_s.is_some())
}

/// `dumbbell and bench`.
pub(crate) fn names(items: Set<Equipment>) -> String {
    with_spaces(&items.names().join(" and "))
}

/// Who should see the person.
pub(crate) fn referral(screening: &Screening, restrictions: &Restrictions) -> Option<Referral> {
    let mut reasons = screening.reasons.clone();
    for area in restrictions.refer.iter() {
        reasons.push(format!("Severe injury: {}.", area.spoken()));
    }
    let clearance = screening.clearance.as_str().to_owned();
    (!reasons.is_empty()).then_some(Referral { clearance, reasons })
}

/// Where the workout came from.
pub(super) fn provenance(request: &WorkoutRequest, row: &Row, rules: Vec<String>) -> Provenance {
    Provenance {
        provider: super::PROVIDER.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        model: None,
        fallback_level: 0,
        seed: request.seed,
        prescription: row.focus,
        rules,
        sources: super::owned(prescription::sources()),
    }
}
