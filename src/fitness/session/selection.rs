//! Which exercises: movement patterns first, variety after, never more sets for a muscle than a session can use.

use crate::fitness::catalogue::{self, Exercise};
use crate::fitness::contraindications::Restrictions;
use crate::fitness::prescription::Row;
use crate::fitness::request::WorkoutRequest;
use crate::fitness::words::{Equipment, Focus, Kind, Level, Load, Muscle, Pattern, Set, Tag, Word};
use crate::rng::Rng;

use super::dose::Dose;
use super::place::Place;

/// The four movements of a full-body session, each with the patterns that train it.
pub(crate) const GROUPS: [(&str, &[Pattern]); 4] = [
    ("squat or lunge", &[Pattern::Squat, Pattern::Lunge]),
    ("hinge", &[Pattern::Hinge]),
    ("push", &[Pattern::PushHorizontal, Pattern::PushVertical]),
    ("pull", &[Pattern::PullHorizontal, Pattern::PullVertical]),
];

/// What to look for next, in the order a coach fills a session (house): one of each movement, the trunk, the other
/// plane or stance, then single joints.
const SLOTS: [&[Pattern]; 20] = [
    &[Pattern::Squat, Pattern::Lunge],
    &[Pattern::Hinge],
    &[Pattern::PushHorizontal, Pattern::PushVertical],
    &[Pattern::PullHorizontal, Pattern::PullVertical],
    &[Pattern::Core],
    &[Pattern::PushVertical, Pattern::PushHorizontal],
    &[Pattern::PullVertical, Pattern::PullHorizontal],
    &[Pattern::Lunge, Pattern::Squat],
    &[Pattern::Hinge],
    &[Pattern::IsolationUpper],
    &[Pattern::Core],
    &[Pattern::IsolationLower],
    &[Pattern::IsolationUpper],
    &[Pattern::Carry],
    &[Pattern::PushHorizontal],
    &[Pattern::PullHorizontal],
    &[Pattern::Core],
    &[Pattern::IsolationLower],
    &[Pattern::Squat, Pattern::Lunge],
    &[Pattern::IsolationUpper],
];

/// An exercise that may be chosen, with what it would be prescribed.
#[derive(Debug)]
pub(in crate::fitness) struct Candidate {
    pub(in crate::fitness) exercise: &'static Exercise,
    pub(in crate::fitness) dose: Dose,
    /// How many sets, when that was chosen; 0 when the plan decides.
    pub(in crate::fitness) sets: u32,
    pub(in crate::fitness) liking: f64,
}

/// Whether an exercise may be used at all: equipment, level and restrictions.
pub(crate) fn is_available(
    exercise: &Exercise,
    request: &WorkoutRequest,
    equipment: Set<Equipment>,
    restrictions: &Restrictions,
) -> bool {
    exercise.requires.is_subset(equipment) && exercise.level <= request.level && restrictions.allow(exercise)
}

/// Whether an exercise is resistance work for this focus. Jumps are for power, and neither for beginners nor for whom they
/// would load an injured area, be it mildly injured.
fn is_work(exercise: &Exercise, request: &WorkoutRequest, restrictions: &Restrictions) -> bool {
    match exercise.kind {
        Kind::Compound | Kind::Isolation | Kind::Core => true,
        Kind::Plyometric => {
            request.focus == Focus::Power
                && request.level > Level::Beginner
                && exercise.tags.intersection(restrictions.mild_tags).is_empty()
        }
        Kind::Conditioning => exercise.pattern == Pattern::Carry,
        Kind::Mobility | Kind::Stretch => false,
    }
}

/// Everything that may be chosen for the main part, in the order of the catalogue.
pub(in crate::fitness) fn candidates(
    request: &WorkoutRequest,
    equipment: Set<Equipment>,
    restrictions: &Restrictions,
    row: &Row,
    place: &Place,
) -> Vec<Candidate> {
    // One number is drawn for every exercise, chosen or not: what a restriction takes away does not reshuffle the rest.
    let mut rng = Rng::new(u64::from(request.seed));
    let mut candidates = Vec::new();
    for exercise in catalogue::all() {
        let draw = rng.unit();
        if place.allows(exercise)
            && is_available(exercise, request, equipment, restrictions)
            && is_work(exercise, request, restrictions)
        {
            let dose = Dose::of(exercise, row, restrictions, request);
            // Whoever knows a maximum trains that lift, and gets a weight for it.
            let known = if dose.target.weight_kg.is_some() { KNOWN_MAXIMUM } else { 0.0 };
            let liking = liking(exercise, place.goal, request, restrictions) + known + 1.5 * draw;
            candidates.push(Candidate { exercise, dose, sets: 0, liking });
        }
    }
    candidates
}

/// What a known maximum counts: more than everything else together, the place in a slot included.
const KNOWN_MAXIMUM: f64 = 10.0;

/// What a basic lift counts for strength: more than what is drawn for another. For power it is only a preference.
const MAIN_LIFT: f64 = 2.5;

/// How well an exercise suits a request; the weights are house.
fn liking(exercise: &Exercise, goal: Focus, request: &WorkoutRequest, restrictions: &Restrictions) -> f64 {
    let heavy = matches!(goal, Focus::Strength | Focus::Hypertrophy | Focus::Power);
    let mut liking = match (exercise.load, heavy) {
        (Load::External | Load::HeavyBody, true) => 2.5,
        (Load::External, false) => 1.0,
        (Load::HeavyBody, false) => 0.5,
        _ => 0.0,
    };
    if heavy && exercise.requires.contains(Equipment::Barbell) && request.level > Level::Beginner {
        liking += 0.7;
    }
    if heavy && exercise.requires.contains(Equipment::Bands) {
        liking -= 1.0;
    }
    if exercise.kind == Kind::Compound {
        liking += 2.0;
    }
    if exercise.tags.contains(Tag::Main) {
        liking += match goal {
            Focus::Strength => MAIN_LIFT,
            Focus::Power => MAIN_LIFT / 2.0,
            _ => 0.0,
        };
    }
    if exercise.level == request.level {
        liking += 0.5;
    }
    if exercise.per_side {
        liking -= 0.3;
    }
    if !exercise.primary.intersection(request.target_muscles).is_empty() {
        liking += 2.0;
    }
    if !exercise.tags.intersection(restrictions.mild_tags).is_empty() {
        liking -= 2.0;
    }
    liking
}

/// Chooses at most `most` exercises, in the order of the slots, such that no muscle gets more than it has room for when
/// compounds are done `sets` times and the rest `accessory_sets` times.
pub(in crate::fitness) fn select<'a>(
    candidates: &'a [Candidate],
    request: &WorkoutRequest,
    place: &Place,
    (sets, accessory_sets): (u32, u32),
    most: usize,
) -> Vec<&'a Candidate> {
    let mut room = place.room;
    let mut chosen: Vec<&Candidate> = Vec::new();
    let jumps: &[&[Pattern]] = if request.focus == Focus::Power { &[&[Pattern::Plyometric]] } else { &[] };
    for slot in place.order(jumps, &SLOTS) {
        if chosen.len() == most {
            break;
        }
        let mut best: Option<(f64, &Candidate)> = None;
        for candidate in candidates {
            let exercise = candidate.exercise;
            if !slot.contains(&exercise.pattern)
                || chosen.iter().any(|other| std::ptr::eq(other.exercise, exercise))
                || is_one_too_many(exercise, &chosen, request.focus)
                || !fits(&room, exercise, sets_of(exercise, sets, accessory_sets))
            {
                continue;
            }
            let liking = in_slot(candidate, slot, &chosen);
            // Of equals, the last.
            if best.is_none_or(|(most, _)| liking >= most) {
                best = Some((liking, candidate));
            }
        }
        if let Some((_, candidate)) = best {
            let n = f64::from(sets_of(candidate.exercise, sets, accessory_sets));
            for (room, muscle) in room.iter_mut().zip(Muscle::ALL) {
                *room -= n * candidate.exercise.share(*muscle);
            }
            chosen.push(candidate);
        }
    }
    chosen
}

/// Whether every muscle has room for `sets` more of an exercise.
pub(in crate::fitness) fn fits(room: &[f64], exercise: &Exercise, sets: u32) -> bool {
    room.iter().zip(Muscle::ALL).all(|(room, muscle)| {
        let share = exercise.share(*muscle);
        share == 0.0 || f64::from(sets) * share <= *room
    })
}

/// Whether two exercises like it are chosen already: lifts of its movement, and for strength and power trunk work. A
/// third kind of push-up fills time and trains nothing new (house); steady work fills the time better.
fn is_one_too_many(exercise: &Exercise, chosen: &[&Candidate], focus: Focus) -> bool {
    let counts = match exercise.kind {
        Kind::Compound => true,
        Kind::Core => matches!(focus, Focus::Strength | Focus::Power),
        _ => false,
    };
    let mut alike = 0;
    for other in chosen {
        if other.exercise.kind == exercise.kind && other.exercise.pattern == exercise.pattern {
            alike += 1;
        }
    }
    counts && alike >= 2
}

/// The sets of an exercise.
pub(in crate::fitness) fn sets_of(exercise: &Exercise, sets: u32, accessory_sets: u32) -> u32 {
    if matches!(exercise.kind, Kind::Compound | Kind::Plyometric) { sets } else { accessory_sets }
}

/// How well a candidate fills a slot: the first pattern is the one wanted, and another exercise like one already chosen
/// is wanted less.
fn in_slot(candidate: &Candidate, slot: &[Pattern], chosen: &[&Candidate]) -> f64 {
    let place = slot.iter().position(|pattern| *pattern == candidate.exercise.pattern).unwrap_or(0);
    let alike = chosen.iter().filter(|other| other.exercise.primary == candidate.exercise.primary).count();
    let same_pattern = chosen.iter().filter(|other| other.exercise.pattern == candidate.exercise.pattern).count();
    // A press or a row that mostly works the arms is a second choice.
    let small = if candidate.exercise.kind == Kind::Compound && candidate.exercise.is_small() { 1.0 } else { 0.0 };
    candidate.liking - small - 1.8 * place as f64 - 1.5 * alike as f64 - 0.8 * same_pattern as f64
}
