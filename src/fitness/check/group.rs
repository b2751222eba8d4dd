//! One function for each invariant of a group workout; the table of [`check`](super) says what each of them is.
//!
//! Everything is counted anew from the workouts and the catalogue. Of the rules for one person O1 does not hold in a
//! rotation, because everybody but one begins somewhere else; all the others do.

use std::fmt;

use super::{Found, Violation, check};
use crate::fitness::catalogue;
use crate::fitness::group::{Counts, GroupRequest, GroupWorkout, Member, compatibility, may_train};
use crate::fitness::request::WorkoutRequest;
use crate::fitness::time_budget::block_s;
use crate::fitness::words::Word;
use crate::fitness::workout::{Block, BlockKind, Status};

/// Everything that is wrong with a group workout for a request; nothing when it is correct.
#[must_use]
pub fn check_group(workout: &GroupWorkout, request: &GroupRequest) -> Vec<Violation> {
    let mut found = Found(Vec::new());
    for rule in [g1, g2, g3, g4, g5] {
        rule(workout, request, &mut found);
    }
    found.0
}

/// Something is wrong with what somebody does.
fn of(found: &mut Found, rule: &'static str, who: &str, what: fmt::Arguments<'_>) {
    found.broken(rule, format_args!("{who}: {what}"));
}

fn g1(workout: &GroupWorkout, request: &GroupRequest, found: &mut Found) {
    let mut trained = 0;
    for one in &request.participants {
        let id = &one.request.user_id;
        let mut members = workout.participants.iter().filter(|member| member.user_id == *id);
        let member = members.next();
        let excluded = workout.excluded.iter().filter(|one| one.user_id == *id && !one.reasons.is_empty()).count();
        match member {
            Some(member) if may_train(&one.request) && excluded == 0 && members.next().is_none() => {
                trained += 1;
                let alone = WorkoutRequest { focus: workout.focus, ..one.request.clone() };
                if member.workout.user_id != *id || member.level != one.request.level {
                    of(found, "G1", id, format_args!("the workout is somebody else's"));
                }
                for violation in check(&member.workout, &alone) {
                    if violation.rule != "O1" {
                        of(found, "G1", id, format_args!("{} {}", violation.rule, violation.message));
                    }
                }
            }
            None if !may_train(&one.request) && excluded == 1 => {}
            _ => of(found, "G1", id, format_args!("must train, or be left out, as screening says")),
        }
    }
    if workout.participants.len() != trained || workout.excluded.len() + trained != request.participants.len() {
        found.whole("G1", "there is somebody who did not ask");
    }
    if (workout.status == Status::Ok) != (trained > 0) || workout.status == Status::LightOnly {
        found.whole("G1", "the status does not say whether somebody trains");
    }
    let changed = workout.warnings.iter().any(|warning| warning.code == "focus_changed");
    if changed != (workout.focus != request.focus) {
        found.whole("G1", "the warnings and the focus disagree");
    }
}

/// The blocks of somebody's turns.
fn turns(member: &Member) -> Vec<&Block> {
    let mut turns = Vec::new();
    for block in member.workout.blocks.iter().filter(|block| block.kind == BlockKind::Main) {
        turns.push(block);
    }
    turns
}

/// The station of a member in a turn.
fn place(workout: &GroupWorkout, member: &Member, turn: usize) -> Option<usize> {
    let row = workout.rotation.iter().find(|row| row.user_id == member.user_id)?;
    let id = row.stations.get(turn)?;
    workout.stations.iter().position(|station| station.station == *id)
}

fn g2(workout: &GroupWorkout, request: &GroupRequest, found: &mut Found) {
    let stations = workout.stations.len();
    if workout.rotation.len() != workout.participants.len() {
        found.whole("G2", "not everybody who trains is in the rotation once");
    }
    for member in &workout.participants {
        let blocks = turns(member);
        let length = workout.rotation.iter().find(|row| row.user_id == member.user_id).map(|row| row.stations.len());
        let mut visited = vec![0; stations];
        for turn in 0..stations {
            let at =
                place(workout, member, turn).and_then(|at| Some((visited.get_mut(at)?, workout.stations.get(at)?)));
            let Some((visits, station)) = at else { continue };
            *visits += 1;
            let is_there = |block: &&Block| {
                let offered = |id: &String| block.steps.first().is_some_and(|step| step.exercise_id == *id);
                block.steps.len() == 1
                    && block.steps.iter().all(|step| step.pattern == station.pattern)
                    && station.exercises.iter().any(offered)
            };
            if !blocks.get(turn).is_some_and(is_there) {
                of(
                    found,
                    "G2",
                    &member.user_id,
                    format_args!("does not train at {} in turn {}", station.station, turn + 1),
                );
            }
        }
        if visited.iter().any(|visits| *visits != 1) || length != Some(stations) || blocks.len() != stations {
            of(found, "G2", &member.user_id, format_args!("must visit every station once"));
        }
    }
    for (at, station) in workout.stations.iter().enumerate() {
        if request.capacity.is_some_and(|capacity| station.capacity > capacity)
            || workout.stations.iter().skip(at + 1).any(|other| other.station == station.station)
        {
            found.broken("G2", format_args!("{} is not as it was asked for", station.station));
        }
        for turn in 0..stations {
            let there = workout.participants.iter().filter(|member| place(workout, member, turn) == Some(at)).count();
            if there > station.capacity as usize {
                let capacity = station.capacity;
                found.broken(
                    "G2",
                    format_args!("turn {}: {there} at {}, which holds {capacity}", turn + 1, station.station),
                );
            }
        }
    }
}

fn g3(workout: &GroupWorkout, request: &GroupRequest, found: &mut Found) {
    let room: u32 = workout.stations.iter().map(|station| station.capacity).sum();
    if (room as usize) < workout.participants.len()
        || request
            .stations
            .is_some_and(|count| workout.status == Status::Ok && count as usize != workout.stations.len())
    {
        found.whole("G3", "the stations do not hold everybody, or are not as many as asked for");
    }
    let clock = &workout.clock;
    for member in &workout.participants {
        let (mut at, mut turn) = (0, 0);
        for block in &member.workout.blocks {
            // The first set of a turn, or the block itself, begins with the clock.
            let main = block.kind == BlockKind::Main;
            let begins = at + block.setup_s;
            let expected = match block.kind {
                BlockKind::Main => clock.warm_up_s + turn * clock.turn_s + clock.transition_s,
                BlockKind::Conditioning => clock.warm_up_s + clock.rotations * clock.turn_s + clock.transition_s,
                // Warm-up and cool-down only end with the clock.
                _ => begins,
            };
            let step = block.steps.first();
            let interval =
                |s: u32| step.is_some_and(|step| clock.sets == s || step.work_s + step.rest_s == clock.interval_s);
            if begins != expected || (main && (block.rounds != clock.sets || !interval(1))) {
                of(found, "G3", &member.user_id, format_args!("{} does not keep the clock", block.kind.as_str()));
            }
            if main && step.is_some_and(|step| step.work_s > clock.work_s) {
                of(found, "G3", &member.user_id, format_args!("a set is longer than the clock's"));
            }
            turn += u32::from(main);
            at += block_s(block);
            if block.kind == BlockKind::WarmUp && at != clock.warm_up_s {
                of(found, "G3", &member.user_id, format_args!("the warm-up does not end with the clock"));
            }
        }
        if at != clock.total_s {
            of(found, "G3", &member.user_id, format_args!("takes {at} s, the clock {} s", clock.total_s));
        }
    }
    let steady_s = if clock.conditioning_s > 0 { clock.transition_s + clock.conditioning_s } else { 0 };
    let total = clock.warm_up_s + clock.rotations * clock.turn_s + steady_s + clock.cool_down_s;
    let turn_s = clock.transition_s + clock.work_s + clock.sets.saturating_sub(1) * clock.interval_s;
    if clock.total_s != total
        || clock.rotations as usize != workout.stations.len()
        || (clock.sets > 0 && clock.turn_s != turn_s)
    {
        found.whole("G3", "the clock does not add up");
    }
    // Whatever everybody does in their block of one number, they do at once.
    let blocks = workout.participants.iter().map(|member| member.workout.blocks.len()).max().unwrap_or_default();
    for number in 0..blocks {
        let mut used = Counts::default();
        for member in &workout.participants {
            for step in member.workout.blocks.get(number).iter().flat_map(|block| &block.steps) {
                if let Some(exercise) = catalogue::find(&step.exercise_id) {
                    used.add(exercise.requires);
                }
            }
        }
        if let Some(item) = request.inventory.lacks(&used) {
            let (used, there) = (used.of(item), request.inventory.of(item));
            found.broken("G3", format_args!("block {number} uses {used} of {}, and there are {there}", item.as_str()));
        }
    }
}

fn g4(workout: &GroupWorkout, request: &GroupRequest, found: &mut Found) {
    let found_pairs = &workout.compatibility.pairs;
    let (mut count, mut sum) = (0_u32, 0.0);
    for (place, a) in request.participants.iter().enumerate() {
        for b in request.participants.iter().skip(place + 1) {
            let (one, two) = (&a.request, &b.request);
            let score = f64::from(compatibility::hundredths(one, two)) / 100.0;
            let same = WorkoutRequest { user_id: String::new(), ..one.clone() }
                == WorkoutRequest { user_id: String::new(), ..two.clone() };
            let (a, b) = ((&one.user_id).min(&two.user_id), (&one.user_id).max(&two.user_id));
            let said = found_pairs.iter().find(|pair| pair.a == *a && pair.b == *b);
            let right = said.is_some_and(|pair| {
                (0.0..=1.0).contains(&pair.score) && (pair.score - score).abs() < 1e-9 && (!same || pair.score == 1.0)
            });
            if !right {
                found.broken("G4", format_args!("{a} and {b} do not match as much as they do the other way round"));
            }
            count += 1;
            sum += score;
        }
    }
    let mean = if count > 0 { sum / f64::from(count) } else { 0.0 };
    if found_pairs.len() != count as usize || (workout.compatibility.score - mean).abs() > 0.006 {
        found.whole("G4", "the compatibility is not that of the pairs");
    }
}

fn g5(workout: &GroupWorkout, request: &GroupRequest, found: &mut Found) {
    for one in &request.participants {
        if let Some(limit) = one.max_duration_min
            && workout.clock.total_s > limit * 66
        {
            of(found, "G5", &one.request.user_id, format_args!("has only {limit} minutes"));
        }
    }
}
