//! What the week as a whole does for muscles and movements: V4, V5, B1 to B3, O3.

use super::{Case, steps};
use crate::fitness::check::Found;
use crate::fitness::prescription;
use crate::fitness::session::report::missing;
use crate::fitness::session::selection::GROUPS;
use crate::fitness::words::{Focus, Muscle, Word};
use crate::number;

/// The muscles that every week should train (house): the large ones, and the shoulders.
const MAIN: [Muscle; 7] = [
    Muscle::Quadriceps,
    Muscle::Hamstrings,
    Muscle::Glutes,
    Muscle::Chest,
    Muscle::Lats,
    Muscle::MiddleBack,
    Muscle::Shoulders,
];

/// The least sets that a muscle gets in a loading week, of all phases or of those for a focus; nothing without such weeks.
fn least(case: &Case<'_>, muscle: Muscle, focus: Option<Focus>) -> Option<f64> {
    let mut least: Option<f64> = None;
    for (place, week) in case.weeks().iter().enumerate() {
        let phase = case.programme.phases.get(place / 4);
        if !week.deload && focus.is_none_or(|focus| phase.is_some_and(|phase| phase.focus == focus)) {
            let sets = case.volumes[place].1.get(muscle.as_str()).unwrap_or_default();
            least = Some(least.map_or(sets, |least| least.min(sets)));
        }
    }
    least
}

pub(super) fn v4(case: &Case<'_>, found: &mut Found) {
    let weekly = prescription::weekly_sets();
    let most = f64::from(weekly.of(case.request.session.level).1);
    for (week, (_, volume)) in case.weeks().iter().zip(&case.volumes) {
        if volume.iter().any(|(_, sets)| sets > most) {
            found.week("V4", week.week, "a muscle gets more than the most of the level");
        }
    }
    low(case, found, "V4", &MAIN, weekly.min_effective, None);
}

pub(super) fn v5(case: &Case<'_>, found: &mut Found) {
    let mut favoured = Vec::new();
    for muscle in case.request.session.target_muscles.iter() {
        favoured.push(muscle);
    }
    low(case, found, "V5", &favoured, prescription::weekly_sets().hypertrophy_floor, Some(Focus::Hypertrophy));
}

/// Muscles that get less than `floor` sets.
fn low(case: &Case<'_>, found: &mut Found, rule: &'static str, of: &[Muscle], floor: u32, focus: Option<Focus>) {
    for muscle in of {
        if let Some(sets) = least(case, *muscle, focus).filter(|sets| *sets < f64::from(floor)) {
            let (sets, name) = (number::format(sets), muscle.spoken());
            case.excused(
                rule,
                found,
                format_args!("{sets} sets a week for the {name}, where {floor} are wanted: time, equipment or health do not allow more."),
            );
        }
    }
}

/// Whether two movements are in balance in every loading week, where both can be trained.
fn balance(case: &Case<'_>, found: &mut Found, rule: &'static str, groups: [usize; 2], (least, most): (f64, f64)) {
    let [(name, one), (other_name, other)] = groups.map(|group| GROUPS[group]);
    let session = &case.request.session;
    let can = |patterns| missing(patterns, session, &case.restrictions).is_none();
    if !can(one) || !can(other) {
        return;
    }
    for week in case.weeks().iter().filter(|week| !week.deload) {
        let (sets, others) = (case.sets_of(week, one), case.sets_of(week, other));
        if !(least * others - 1e-9..=most * others + 1e-9).contains(&sets) {
            let (phase, sets, others) = (week.phase.as_str(), number::format(sets), number::format(others));
            case.excused(
                rule,
                found,
                format_args!(
                    "{sets} sets of {name} and {others} of {other_name} a week ({phase}): the time does not allow a balance."
                ),
            );
        }
    }
}

pub(super) fn b1(case: &Case<'_>, found: &mut Found) {
    balance(case, found, "B1", [3, 2], (0.8, 1.5));
}

pub(super) fn b2(case: &Case<'_>, found: &mut Found) {
    for week in case.weeks() {
        for warning in week.sessions.iter().flat_map(|session| &session.workout.warnings) {
            let left = GROUPS.iter().find(|(_, patterns)| warning.pattern.is_some_and(|one| patterns.contains(&one)));
            if warning.code == "pattern_other_day" && left.is_none_or(|(_, of)| case.sets_of(week, of) == 0.0) {
                found.week("B2", week.week, "a movement is left to another day, and to none");
            }
        }
    }
}

pub(super) fn b3(case: &Case<'_>, found: &mut Found) {
    balance(case, found, "B3", [0, 1], (0.5, 2.0));
}

pub(super) fn o3(case: &Case<'_>, found: &mut Found) {
    // The last day on which each muscle was worked hard.
    let mut last = [0; Muscle::ALL.len()];
    for week in case.weeks() {
        let steps = steps(week);
        for session in &week.sessions {
            let today = 7 * week.week + session.day;
            for (last, muscle) in last.iter_mut().zip(Muscle::ALL) {
                let mut sets = 0;
                for (day, step, exercise) in &steps {
                    if *day == session.day && exercise.primary.contains(*muscle) {
                        sets += step.sets;
                    }
                }
                if sets >= 3 {
                    if today < *last + 2 {
                        found.week("O3", week.week, "a muscle is worked hard twice within 48 hours");
                    }
                    *last = today;
                }
            }
        }
    }
}
