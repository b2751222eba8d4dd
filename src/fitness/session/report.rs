//! What a workout says about itself: totals, warnings, title and provenance.

use crate::fitness::catalogue::{self, Exercise};
use crate::fitness::contraindications::Restrictions;
use crate::fitness::energy;
use crate::fitness::prescription::{self, Caps, Row};
use crate::fitness::request::WorkoutRequest;
use crate::fitness::screening::{Clearance, Screening};
use crate::fitness::time_budget;
use crate::fitness::words::{Equipment, Kind, Muscle, Pattern, Set, Word};
use crate::fitness::workout::{Block, BlockKind, Figures, Provenance, Referral, SetType, Totals, Warning};
use crate::small::join;

use super::place::Place;
use super::selection::GROUPS;

/// How much more steady work than the focus asks for is worth a word (house).
const FILLING_S: u32 = 300;

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
pub(crate) enum Missing<'a> {
    /// The equipment lacks it; the smallest set of items that would bring it.
    Equipment(Set<Equipment>),
    /// Injuries, conditions or age forbid it: whose rules they are.
    Restriction(Vec<&'a str>),
    /// Everything there wants more experience.
    Level,
}

/// Why no exercise of `patterns` can be done, or `None` when one can. What could be done here but for a restriction is
/// missing because of the restriction, even where more equipment would help: nobody is sent shopping for a reason of
/// health.
pub(crate) fn missing<'a>(
    patterns: &[Pattern],
    request: &WorkoutRequest,
    restrictions: &'a Restrictions,
) -> Option<Missing<'a>> {
    let (mut allowed_here, mut healthy_here) = (false, false);
    let mut lacking: Option<Set<Equipment>> = None;
    for exercise in lifts(patterns) {
        let lacks = exercise.requires.without(request.equipment);
        let (here, allowed, in_reach) =
            (lacks.is_empty(), restrictions.allow(exercise), exercise.level <= request.level);
        if here && allowed && in_reach {
            return None;
        }
        allowed_here |= here && allowed;
        healthy_here |= here && in_reach;
        if allowed && in_reach && lacking.is_none_or(|least| lacks.len() < least.len()) {
            lacking = Some(lacks);
        }
    }
    // Out here for health; or, with nothing here anyway, out everywhere for health.
    if healthy_here || lacking.is_none() {
        let items = if healthy_here { request.equipment } else { Set::all() };
        let mut labels = Vec::new();
        for note in &restrictions.notes {
            let takes_away = |exercise: &Exercise| {
                exercise.level <= request.level && exercise.requires.is_subset(items) && note.excludes(exercise)
            };
            if lifts(patterns).any(takes_away) {
                labels.push(&*note.label);
            }
        }
        if !labels.is_empty() {
            return Some(Missing::Restriction(labels));
        }
    }
    Some(match lacking {
        Some(items) if !allowed_here => Missing::Equipment(items),
        _ => Missing::Level,
    })
}

/// The exercises of some patterns that are resistance work of one or several joints.
fn lifts(patterns: &[Pattern]) -> impl Iterator<Item = &'static Exercise> {
    catalogue::all().iter().filter(|exercise| {
        matches!(exercise.kind, Kind::Compound | Kind::Isolation) && patterns.contains(&exercise.pattern)
    })
}

/// A movement in plain words, with an example.
fn describe(pattern: Pattern) -> &'static str {
    match pattern {
        Pattern::Squat => "squat (such as a goblet squat)",
        Pattern::Lunge => "lunge (such as a split squat)",
        Pattern::Hinge => "hip hinge (such as a deadlift or a glute bridge)",
        Pattern::PushHorizontal => "horizontal push (such as a push-up)",
        Pattern::PushVertical => "vertical push (such as a shoulder press)",
        Pattern::PullHorizontal => "horizontal pull (such as a row)",
        Pattern::PullVertical => "vertical pull (such as a pull-up)",
        other => other.as_str(),
    }
}

/// Everything the person should know.
pub(super) fn warnings(
    request: &WorkoutRequest,
    restrictions: &Restrictions,
    screening: &Screening,
    row: &Row,
    caps: Caps,
    place: &Place,
    blocks: &[Block],
) -> Vec<Warning> {
    let mut list = Vec::new();
    let mut warn =
        |code: &str, pattern, message: String| list.push(Warning { code: code.to_owned(), message, pattern });
    for reason in &screening.reasons {
        warn("referral", None, reason.clone());
    }
    if screening.clearance == Clearance::Stop {
        // Without training there is nothing to restrict.
        return list;
    }
    for note in &restrictions.notes {
        warn("restriction", None, note.message.clone());
    }
    if screening.clearance == Clearance::LightOnly {
        // Light effort is below every cap, and it is no resistance work.
        return list;
    }
    if let Some(rpe) = caps.rpe_max {
        warn("effort_capped", None, format!("Effort stays at RPE {rpe} of 10 or below."));
    }
    let main = || blocks.iter().filter(|block| block.kind.is_main()).flat_map(|block| &block.steps);
    if row.focus != request.focus {
        let focus = request.focus.spoken();
        warn(
            "prescription_changed",
            None,
            format!("The limits do not allow the loads of {focus}: general fitness is prescribed instead."),
        );
    }
    // What a programme does for a muscle is a matter of its weeks.
    for muscle in Muscle::ALL.iter().filter(|muscle| !place.weekly && request.target_muscles.contains(**muscle)) {
        let trains = |id: &str| catalogue::find(id).is_some_and(|exercise| exercise.primary.contains(*muscle));
        if !main().any(|step| step.set_type == SetType::Working && trains(&step.exercise_id)) {
            let name = muscle.spoken();
            let message =
                format!("No exercise mainly for the {name}: the basic movements came first, or nothing fits.");
            warn("target_skipped", None, message);
        }
    }
    for pattern in PATTERNS {
        if let Some(why) = missing(&[pattern], request, restrictions) {
            let name = describe(pattern);
            warn(
                "pattern_unavailable",
                Some(pattern),
                match why {
                    Missing::Restriction(rules) => format!("No {name}: left out because of {}.", join(&rules, " and ")),
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
            let (code, why) = if place.patterns.contains(patterns[0]) {
                ("pattern_skipped", "the time does not allow every movement. Start with it next time.")
            } else {
                ("pattern_other_day", "it belongs to another day of the week.")
            };
            warn(code, Some(patterns[0]), format!("No {name} today: {why}"));
        }
    }
    let steady = blocks.iter().filter(|block| block.kind == BlockKind::Conditioning);
    let steady_s: u32 = steady.flat_map(|block| &block.steps).map(|step| step.work_s).sum();
    if steady_s > super::plan::wanted_conditioning_s(request, place.goal) + FILLING_S {
        let minutes = steady_s / 60;
        warn(
            "time_filled",
            None,
            format!(
                "{minutes} minutes are steady conditioning: what this equipment, your level and your health allow does not fill the time with more sets that would help. Leave it out when you like."
            ),
        );
    }
    let mut too_light: Vec<&str> = Vec::new();
    for step in main() {
        if is_load_limited(step.goal.max, &step.exercise_id, row) {
            too_light.push(&step.name);
        }
    }
    if !too_light.is_empty() {
        let list = join(&too_light, ", ");
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

/// `a pair of dumbbells and a bench`.
pub(crate) fn names(items: Set<Equipment>) -> String {
    let mut names = Vec::new();
    for one in items.iter() {
        names.push(item(one));
    }
    join(&names, " and ")
}

/// An item in plain words, with its article.
fn item(item: Equipment) -> &'static str {
    match item {
        Equipment::Dumbbell => "a pair of dumbbells",
        Equipment::Kettlebell => "a pair of kettlebells",
        Equipment::Barbell => "a barbell",
        Equipment::Rack => "a squat rack",
        Equipment::Bench => "a bench",
        Equipment::Bands => "an elastic band",
        Equipment::Anchor => "a band anchor",
        Equipment::PullUpBar => "a pull-up bar",
        Equipment::Cable => "a cable station",
        Equipment::Machine => "a weight machine",
        Equipment::Box => "a sturdy box",
        Equipment::DipBars => "dip bars",
        Equipment::BarLow => "a low bar",
        Equipment::Suspension => "suspension straps",
        Equipment::JumpRope => "a skipping rope",
        Equipment::Bike => "a stationary bicycle",
        Equipment::Rower => "a rowing machine",
        Equipment::Elliptical => "an elliptical trainer",
        Equipment::Treadmill => "a treadmill",
        Equipment::StairMachine => "a stair climber",
    }
}

/// Who should see the person.
pub(crate) fn referral(screening: &Screening) -> Option<Referral> {
    let reasons = screening.reasons.clone();
    let clearance = screening.clearance.as_str().to_owned();
    (!reasons.is_empty()).then_some(Referral { clearance, reasons })
}

/// Where the workout came from.
pub(in crate::fitness) fn provenance(seed: u32, row: &Row, rules: Vec<String>) -> Provenance {
    Provenance {
        provider: super::PROVIDER.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        model: None,
        fallback_level: 0,
        repairs: Some(0),
        cache: None,
        seed,
        prescription: row.focus,
        rules,
        sources: super::owned(prescription::sources()),
    }
}
