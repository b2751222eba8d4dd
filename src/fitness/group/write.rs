//! The result: everybody's workout on the clock of the group, and what the group should know.

use super::plan::{self, Hall, Plan};
use super::request::GroupRequest;
use super::rotation::Turns as Rotation;
use super::stations::{Person, Setting, Station};
use super::{Counts, PARTICIPANTS, VARIED, compatibility};
use super::{Excluded, GroupClock, GroupStation, GroupWorkout, Member, Turns, may_train};
use crate::error::Problem;
use crate::fitness::form::{field, list, text, texts};
use crate::fitness::id;
use crate::fitness::prescription;
use crate::fitness::reader::{At, Reader};
use crate::fitness::record::{FromJson, ToJson};
use crate::fitness::screening::Screening;
use crate::fitness::session::layout::{Group, Style};
use crate::fitness::session::plan::Around;
use crate::fitness::session::{self, PROVIDER, report};
use crate::fitness::time_budget::TRANSITION_S;
use crate::fitness::words::{Focus, Level, Pattern, Word};
use crate::fitness::workout::{Block, BlockKind, NOTICE, Provenance, Status, Warning, Workout};
use crate::small::{join, sort_by};
use crate::value::Value;

/// What was decided.
pub(super) struct Made<'a> {
    pub(super) hall: &'a Hall<'a>,
    pub(super) focus: Focus,
    pub(super) plan: Plan,
    pub(super) around: Around,
    pub(super) stations: Vec<Station>,
    pub(super) rotation: Rotation,
}

impl Made<'_> {
    /// Sets up the stations: those of the plan, or those of a base when that is another one.
    ///
    /// # Errors
    /// What is wrong with the base.
    pub(super) fn fill(&mut self, inventory: Counts, base: &Value) -> Result<(), Problem> {
        let (people, plan) = (&self.hall.people, self.plan);
        let able = self.hall.able(plan.interval_s);
        let (sets, interval_s) = (plan.sets, plan.interval_s);
        let setting = Setting { people, able: &able, inventory, rotation: &self.rotation, sets, interval_s };
        self.stations = plan::fill(&setting, plan.count).unwrap_or_default();
        if base.is_null() {
            return Ok(());
        }
        let (stations, mut rotation) = (list(base, "stations"), Vec::new());
        for person in people {
            let (user_id, mut turns) = (person.coach.request.user_id.as_str(), Vec::new());
            for row in list(base, "rotation").iter().filter(|row| text(row, "user_id") == user_id) {
                for id in texts(row, "stations") {
                    turns
                        .push(stations.iter().position(|station| text(station, "station") == id).unwrap_or(usize::MAX));
                }
            }
            rotation.push(turns);
        }
        let mut same = rotation == self.rotation && stations.len() == self.stations.len();
        let mut wanted = Vec::new();
        for (station, base) in self.stations.iter().zip(stations) {
            let pattern = text(base, "pattern");
            same &= station.pattern.as_str() == pattern && offered(station, "") == texts(base, "exercises");
            wanted.push((Pattern::from_name(pattern).unwrap_or(Pattern::Stretch), first(base)));
        }
        if same {
            return Ok(());
        }
        for (turns, person) in rotation.iter().zip(people) {
            if stations.len() != plan.count
                || turns.len() != plan.count
                || (0..plan.count).any(|place| !turns.contains(&place))
            {
                let who = place_of(self.hall.request, &person.coach.request.user_id);
                return Err(wrong("/base/rotation", &who, " must be there once, and visit every station once"));
            }
        }
        for turn in 0..plan.count {
            for place in 0..plan.count {
                let there = rotation.iter().filter(|turns| turns.get(turn) == Some(&place)).count();
                if there > plan.capacity as usize {
                    return Err(wrong("/base/rotation", &station_id(place), " is fuller than its capacity"));
                }
            }
        }
        let setting = Setting { rotation: &rotation, ..setting };
        let at = "/base/stations";
        self.stations = plan::fill_as(&setting, &wanted)
            .ok_or_else(|| wrong(at, "not everybody", " has something to do at each: choose other exercises"))?;
        for (station, (_, asked)) in self.stations.iter().zip(&wanted) {
            if !asked.is_empty() && !station.shares.iter().any(|share| share.exercise.id == *asked) {
                return Err(wrong(at, "nobody can do ", asked));
            }
        }
        (self.plan, self.around) = self
            .hall
            .best(&[Plan::of(&setting, plan.capacity, &self.stations)], self.hall.request.duration_min)
            .ok_or_else(|| wrong(at, "the exercises", " do not fit the time"))?;
        self.rotation = rotation;
        Ok(())
    }

    pub(super) fn write(&self, base: &Value) -> GroupWorkout {
        let (plan, around, request) = (&self.plan, &self.around, self.hall.request);
        let mut workout = nobody(request);
        let rotations = plan.count as u32;
        workout.clock = GroupClock {
            warm_up_s: around.warm_up_s,
            transition_s: TRANSITION_S,
            interval_s: plan.interval_s,
            work_s: plan.work_s,
            sets: plan.sets,
            turn_s: plan.turn_s(),
            rotations,
            conditioning_s: around.conditioning_s,
            cool_down_s: around.cool_down_s,
            total_s: around.seconds() + rotations * plan.turn_s(),
        };
        workout.status = Status::Ok;
        workout.focus = self.focus;
        workout.provenance.prescription = self.focus;
        workout.title = format!("{} minutes of {} for a group", request.duration_min, self.focus.spoken());
        if self.focus != request.focus {
            let message = "No clock suits everybody's rows for what was asked: general fitness instead.".to_owned();
            workout.warnings.push(Warning { code: "focus_changed".to_owned(), message, pattern: None });
        }
        for (place, station) in self.stations.iter().enumerate() {
            workout.stations.push(GroupStation {
                station: station_id(place),
                pattern: station.pattern,
                capacity: plan.capacity,
                equipment: station.gear,
                exercises: offered(station, list(base, "stations").get(place).map_or("", first)),
            });
            if station.varied > 0 {
                let (id, name) = (station_id(place), station.pattern.spoken());
                let message = format!("{id}: {} of those who train do something else than {name}.", station.varied);
                workout.warnings.push(varied(station.pattern, message));
            }
        }
        for one in &request.participants {
            let is_one = |person: &Person<'_>| person.coach.request.user_id == one.request.user_id;
            let Some(place) = self.hall.people.iter().position(is_one) else { continue };
            let (Some(person), Some(turns)) = (self.hall.people.get(place), self.rotation.get(place)) else { continue };
            let (user_id, mut stations) = (one.request.user_id.clone(), Vec::new());
            for station in turns {
                stations.push(station_id(*station));
            }
            let mut own = person.coach.write(Status::Ok, self.blocks(place, person, turns));
            let (clock, places) = (workout.clock.to_json(), workout.stations.to_json());
            let said = vec![person.coach.request.to_json(), clock, places, stations.to_json()];
            own.workout_id = format!("w-{:08x}", id::of_json(&said.to_json()));
            own.provenance.rules.push("group:shared_clock".to_owned());
            let mut summary = join(&["Begins at ", stations.first().map_or("", String::as_str)], "");
            for (id, turn) in stations.iter().zip(turns) {
                let Some(station) = self.stations.get(*turn) else { continue };
                let Some(share) = station.shares.get(place).filter(|one| one.exercise.pattern != station.pattern)
                else {
                    continue;
                };
                let other = join(&[id, ": ", &share.exercise.name, " instead of ", &station.pattern.spoken()], "");
                summary = join(&[&summary, &other], "; ");
                own.warnings.push(varied(station.pattern, other));
            }
            if self.stretches(person) {
                let message = "Stretches and rests while the others do steady work.".to_owned();
                summary = join(&[&summary, &message], "; ");
                own.warnings.push(Warning { code: "steady_varied".to_owned(), message, pattern: None });
            }
            workout.rotation.push(Turns { user_id: user_id.clone(), stations });
            workout.participants.push(Member { user_id, level: one.request.level, workout: own, summary });
        }
        sign(&mut workout, base);
        workout
    }

    /// Whether somebody stretches while the others do steady work.
    fn stretches(&self, person: &Person<'_>) -> bool {
        self.around.conditioning_s > 0 && person.pools.conditioning().is_none()
    }

    /// One person's session. What a set lacks to the longest one is waited for after the last one of a station.
    fn blocks(&self, place: usize, person: &Person<'_>, turns: &[usize]) -> Vec<Block> {
        let around = &self.around;
        // Who can do no steady work stretches while the others do it.
        let cool_down_s =
            around.cool_down_s + if self.stretches(person) { TRANSITION_S + around.conditioning_s } else { 0 };
        let mut groups = Vec::new();
        for station in turns {
            if let Some(share) = self.stations.get(*station).and_then(|station| station.shares.get(place)) {
                groups.push(Group { members: vec![share], sets: self.plan.sets });
            }
        }
        let plan = session::plan::Plan {
            groups,
            style: Style::Straight,
            rest_share: 0.0,
            warm_up_s: around.warm_up_s,
            conditioning_s: around.conditioning_s,
            cool_down_s,
            ramps: false,
            score: 0.0,
        };
        let mut blocks = person.coach.blocks(&plan, &person.pools);
        let mut waited_s = 0;
        for block in &mut blocks {
            let left_s = match block.kind {
                BlockKind::WarmUp => around.warm_up_s - block.duration_s,
                BlockKind::CoolDown => cool_down_s - block.duration_s,
                _ => 0,
            };
            block.setup_s += left_s + waited_s;
            block.duration_s += left_s + waited_s;
            waited_s = match (block.kind, block.steps.first()) {
                (BlockKind::Main, Some(step)) => self.plan.work_s - step.work_s,
                _ => 0,
            };
        }
        blocks
    }
}

/// What is said of a station at which somebody does something else than its movement: never why.
fn varied(pattern: Pattern, message: String) -> Warning {
    Warning { code: VARIED.to_owned(), message, pattern: Some(pattern) }
}

fn wrong(pointer: &str, who: &str, what: &str) -> Problem {
    Problem { pointer: pointer.to_owned(), message: join(&[who, what], ""), suggestion: None }
}

/// How somebody is called in messages: `p1` is who was named first.
pub(in crate::fitness) fn place_of(request: &GroupRequest, user_id: &str) -> String {
    let place = request.participants.iter().position(|one| one.request.user_id == user_id);
    format!("p{}", place.map_or(0, |place| place + 1))
}

/// The exercise that a station of a base names first.
fn first(station: &Value) -> &str {
    list(station, "exercises").first().and_then(Value::as_str).unwrap_or_default()
}

fn station_id(place: usize) -> String {
    format!("s{}", place + 1)
}

/// The exercises that are done: what was asked for first, then those of the movement, the most common one first, then in the
/// order of the people.
fn offered(station: &Station, asked: &str) -> Vec<String> {
    let mut offered: Vec<(usize, &str)> = Vec::new();
    for share in &station.shares {
        let id = share.exercise.id.as_str();
        // More than there are people.
        let of_it = if share.exercise.pattern == station.pattern { PARTICIPANTS.1 + 1 } else { 1 };
        match offered.iter_mut().find(|(_, known)| *known == id) {
            Some((count, _)) => *count += 1,
            None => offered.push((of_it, id)),
        }
    }
    sort_by(&mut offered, |a, b| (a.1 == asked, a.0) > (b.1 == asked, b.0));
    let mut ids = Vec::new();
    for (_, id) in offered {
        ids.push(id.to_owned());
    }
    ids
}

/// What there is to say when nobody trains.
pub(super) fn nobody(request: &GroupRequest) -> GroupWorkout {
    let (mut excluded, mut warnings) = (Vec::new(), Vec::new());
    for one in &request.participants {
        let screening = Screening::of(&one.request);
        if let Some(referral) = report::referral(&screening).filter(|_| !may_train(&one.request)) {
            let (user_id, reasons) = (one.request.user_id.clone(), screening.reasons);
            excluded.push(Excluded { user_id, reasons, referral });
        }
    }
    if !excluded.is_empty() {
        let message = "Not everybody may train today: see who is left out, and why.".to_owned();
        warnings.push(Warning { code: "excluded".to_owned(), message, pattern: None });
    }
    let row = prescription::row(request.focus, Level::Beginner);
    let provenance = report::provenance(request.seed, row, vec!["group:shared_clock".to_owned()]);
    GroupWorkout {
        status: Status::Referral,
        group_id: request.group_id.clone(),
        title: "See a doctor first".to_owned(),
        focus: request.focus,
        duration_min: request.duration_min,
        clock: GroupClock::default(),
        stations: Vec::new(),
        rotation: Vec::new(),
        participants: Vec::new(),
        compatibility: compatibility::of(request),
        excluded,
        warnings,
        insight: None,
        provenance,
        notice: NOTICE.to_owned(),
    }
}

/// Writes who chose the stations and the rotation.
fn sign(workout: &mut GroupWorkout, base: &Value) {
    let (mut said, mut reader, root) = (Provenance::blank(), Reader::default(), At::Pointer(""));
    said.read(field(base, "provenance"), &root, &mut reader);
    let from = &said;
    if from.provider == PROVIDER || !reader.problems.is_empty() {
        return;
    }
    for Member { workout: Workout { provenance: to, blocks, .. }, .. } in &mut workout.participants {
        to.repairs = from.repairs;
        to.cache.clone_from(&from.cache);
        to.provider.clone_from(&from.provider);
        to.model.clone_from(&from.model);
        to.fallback_level = from.fallback_level;
        for block in blocks.iter_mut().filter(|block| block.kind == BlockKind::Main) {
            block.provenance.provider.clone_from(&from.provider);
            block.provenance.model.clone_from(&from.model);
            block.provenance.fallback_level = from.fallback_level;
        }
    }
    workout.insight.read(field(base, "insight"), &root, &mut reader);
    workout.provenance = said;
}
