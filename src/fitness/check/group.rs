//! One function for each invariant of a group workout; the table of [`check`](super) says what each of them is.
//!
//! Everything is counted anew from the workouts and the catalogue. Of the rules for one person O1 does not hold in a
//! rotation, because everybody but one begins somewhere else; all the others do. Messages call people `p1`, `p2`, … in the
//! order in which the request names them, because a model may be told.

use super::{Found, Violation, check};
use crate::fitness::catalogue;
use crate::fitness::group::{Counts, GroupRequest, GroupWorkout, Member, VARIED, compatibility, may_train, place_of};
use crate::fitness::request::WorkoutRequest;
use crate::fitness::time_budget::block_s;
use crate::fitness::words::{Pattern, Set, Word};
use crate::fitness::workout::{Block, BlockKind, Status};
use crate::small::join;

/// Everything that is wrong with a group workout for a request; nothing when it is correct.
#[must_use]
pub fn check_group(workout: &GroupWorkout, request: &GroupRequest) -> Vec<Violation> {
    let mut found = Found(Vec::new());
    for rule in [g1, g2, g3, g4, g5] {
        rule(&Group { workout, request }, &mut found);
    }
    found.0
}

/// What is checked.
struct Group<'a> {
    workout: &'a GroupWorkout,
    request: &'a GroupRequest,
}

impl<'a> Group<'a> {
    /// Something is wrong with what somebody does.
    fn of(&self, found: &mut Found, rule: &'static str, user_id: &str, what: &str) {
        let message = join(&[&place_of(self.request, user_id), " ", what], "");
        found.0.push(Violation { rule, message });
    }

    /// What somebody does in a turn.
    fn turn(&self, member: &'a Member, turn: usize) -> Option<&'a Block> {
        member.workout.blocks.iter().filter(|block| block.kind == BlockKind::Main).nth(turn)
    }

    /// The number of the station of somebody in a turn.
    fn place(&self, member: &Member, turn: usize) -> Option<usize> {
        let row = self.workout.rotation.iter().find(|row| row.user_id == member.user_id)?;
        let id = row.stations.get(turn)?;
        self.workout.stations.iter().position(|station| station.station == *id)
    }
}

fn g1(group: &Group<'_>, found: &mut Found) {
    let Group { workout, request } = group;
    let mut trained = 0;
    for one in &request.participants {
        let id = &one.request.user_id;
        let members = || workout.participants.iter().filter(|member| member.user_id == *id);
        let excluded = workout.excluded.iter().filter(|one| one.user_id == *id && !one.reasons.is_empty()).count();
        let trains = usize::from(may_train(&one.request));
        if members().count() != trains || excluded != 1 - trains {
            group.of(found, "G1", id, "must train, or be left out, as screening says");
        }
        for member in members() {
            trained += 1;
            let alone = WorkoutRequest { focus: workout.focus, ..one.request.clone() };
            if member.workout.user_id != *id || member.level != one.request.level {
                group.of(found, "G1", id, "has the workout of somebody else");
            }
            for Violation { rule, message } in check(&member.workout, &alone) {
                if rule != "O1" {
                    group.of(found, "G1", id, &join(&[rule, message.as_str()], " "));
                }
            }
        }
    }
    let named = trained == workout.participants.len() && trained + workout.excluded.len() == request.participants.len();
    let status = if trained > 0 { Status::Ok } else { Status::Referral };
    let changed = workout.warnings.iter().any(|warning| warning.code == "focus_changed");
    if !named || workout.status != status || changed != (workout.focus != request.focus) {
        found.whole("G1", "people, status and focus are not those of the request");
    }
}

fn g2(group: &Group<'_>, found: &mut Found) {
    let Group { workout, request } = group;
    let stations = &workout.stations;
    if workout.rotation.len() != workout.participants.len() {
        found.whole("G2", "not everybody who trains is in the rotation once");
    }
    for member in &workout.participants {
        let (mut visited, mut varied) = (Vec::new(), 0);
        let told = |pattern: Option<Pattern>| {
            let warnings = member.workout.warnings.iter();
            warnings.filter(|one| one.code == VARIED && pattern.is_none_or(|_| one.pattern == pattern)).count()
        };
        for turn in 0..=stations.len() {
            let station = group.place(member, turn).filter(|place| !visited.contains(place));
            let Some(block) = group.turn(member, turn) else { continue };
            let Some((place, (station, step))) =
                station.and_then(|at| Some((at, (stations.get(at)?, block.steps.first()?))))
            else {
                continue;
            };
            visited.push(place);
            let other = step.pattern != station.pattern;
            varied += usize::from(other);
            let needs = catalogue::find(&step.exercise_id).map_or(Set::EMPTY, |exercise| exercise.requires);
            if block.steps.len() != 1
                || (other && told(Some(station.pattern)) == 0)
                || !station.exercises.contains(&step.exercise_id)
                || !needs.is_subset(station.equipment.items())
            {
                group.of(found, "G2", &member.user_id, "trains something else than the station");
            }
        }
        if varied != told(None) {
            group.of(found, "G2", &member.user_id, "is not told where another movement is done, or is told wrongly");
        }
        let rows =
            workout.rotation.iter().filter(|row| row.user_id == member.user_id && row.stations.len() == visited.len());
        if rows.count() != 1 || visited.len() != stations.len() || group.turn(member, stations.len()).is_some() {
            group.of(found, "G2", &member.user_id, "must visit every station once");
        }
    }
    for (at, station) in stations.iter().enumerate() {
        let own = |exercise: &catalogue::Exercise| exercise.pattern == station.pattern;
        let trains = |member: &&Member| {
            (0..stations.len()).any(|turn| {
                let step = group.turn(member, turn).and_then(|block| block.steps.first());
                group.place(member, turn) == Some(at)
                    && step.and_then(|step| catalogue::find(&step.exercise_id)).is_some_and(own)
            })
        };
        let told = workout.warnings.iter().any(|one| one.code == VARIED && one.pattern == Some(station.pattern));
        let doing = workout.participants.iter().filter(trains).count();
        if doing == 0 || (doing < workout.participants.len() && !told) {
            found.broken("G2", format_args!("{}: too few do its movement, or it is not told", station.station));
        }
        for turn in 0..stations.len() {
            let there =
                workout.participants.iter().filter(|member| group.place(member, turn) == Some(at)).count() as u32;
            if there > station.capacity.min(request.capacity.unwrap_or(u32::MAX)) {
                let (turn, capacity) = (turn + 1, station.capacity);
                found.broken("G2", format_args!("turn {turn}: {there} at {}, which holds {capacity}", station.station));
            }
        }
    }
}

fn g3(group: &Group<'_>, found: &mut Found) {
    let Group { workout, request } = group;
    let (clock, people, stations) = (&workout.clock, &workout.participants, &workout.stations);
    let mut room = 0;
    for station in stations {
        room += station.capacity as usize;
    }
    let steady_s = if clock.conditioning_s > 0 { clock.transition_s + clock.conditioning_s } else { 0 };
    let turns_s = clock.rotations * clock.turn_s;
    let turn_s = clock.transition_s + clock.work_s + clock.sets.saturating_sub(1) * clock.interval_s;
    if room < people.len()
        || clock.rotations as usize != stations.len()
        || request.stations.is_some_and(|count| !people.is_empty() && count != clock.rotations)
        || clock.total_s != clock.warm_up_s + turns_s + steady_s + clock.cool_down_s
        || clock.turn_s != turn_s
    {
        found.whole("G3", "the stations do not hold everybody, or the clock does not add up");
    }
    for member in people {
        let (mut at, mut turn, mut kept) = (0, 0, true);
        for block in &member.workout.blocks {
            // The first set of a turn and the steady work begin with the clock; warm-up and cool-down end with it.
            let begins = at + block.setup_s;
            at += block_s(block);
            kept &= match (block.kind, block.steps.first()) {
                (BlockKind::Main, Some(step)) => {
                    turn += 1;
                    begins + clock.turn_s == clock.warm_up_s + turn * clock.turn_s + clock.transition_s
                        && block.rounds == clock.sets
                        && step.work_s <= clock.work_s
                        && (clock.sets == 1 || step.work_s + step.rest_s == clock.interval_s)
                }
                (BlockKind::Conditioning, _) => begins == clock.warm_up_s + turns_s + clock.transition_s,
                (BlockKind::WarmUp, _) => at == clock.warm_up_s,
                (BlockKind::CoolDown, _) => at == clock.total_s,
                _ => false,
            };
        }
        if !kept {
            group.of(found, "G3", &member.user_id, "does not keep the clock");
        }
    }
    // What everybody does in the block of one number, they do at once.
    for number in 0..stations.len() + 3 {
        let mut used = Counts::default();
        for member in people {
            for step in member.workout.blocks.get(number).map_or(&[][..], |block| &block.steps) {
                if let Some(exercise) = catalogue::find(&step.exercise_id) {
                    used.add(exercise.requires);
                }
            }
        }
        if let Some(item) = request.inventory.lacks(&used) {
            found.broken("G3", format_args!("block {number} needs {} times {}", used.of(item), item.as_str()));
        }
    }
}

fn g4(group: &Group<'_>, found: &mut Found) {
    let (said, people) = (&group.workout.compatibility, &group.request.participants);
    let of = |id: &str| people.iter().find(|one| one.request.user_id == id);
    let (mut sum, mut right, mut last) =
        (0.0, said.pairs.len() == people.len() * people.len().saturating_sub(1) / 2, None);
    for pair in &said.pairs {
        right &= pair.a < pair.b && Some((&pair.a, &pair.b)) > last;
        last = Some((&pair.a, &pair.b));
        sum += pair.score;
        if let (Some(a), Some(b)) = (of(&pair.a), of(&pair.b)) {
            let (there, back) = (&a.request, &b.request);
            let [there, back] = [(there, back), (back, there)].map(|(a, b)| compatibility::hundredths(a, b));
            right &= there == back && there <= 100 && (pair.score * 100.0 - f64::from(there)).abs() < 1e-6;
        } else {
            right = false;
        }
    }
    if !right || (said.score - sum / said.pairs.len().max(1) as f64).abs() > 0.006 {
        found.whole("G4", "the compatibility is not that of the pairs");
    }
}

fn g5(group: &Group<'_>, found: &mut Found) {
    for one in &group.request.participants {
        if one.max_duration_min.is_some_and(|limit| group.workout.clock.total_s > limit * 66) {
            group.of(found, "G5", &one.request.user_id, "has less time");
        }
    }
}
