//! The result: everybody's workout on the clock of the group, and what the group should know.

use super::plan::{self, Hall, Plan};
use super::request::GroupRequest;
use super::rotation::Turns as Rotation;
use super::stations::{Person, Setting, Share, Station};
use super::{Counts, compatibility, rotation};
use super::{Excluded, GroupClock, GroupStation, GroupWorkout, Member, Turns, may_train};
use crate::fitness::heart_rate::Zone;
use crate::fitness::id;
use crate::fitness::prescription;
use crate::fitness::record::ToJson;
use crate::fitness::screening::Screening;
use crate::fitness::session::edges;
use crate::fitness::session::plan::Around;
use crate::fitness::session::{PROVIDER, block, report};
use crate::fitness::time_budget::TRANSITION_S;
use crate::fitness::words::{Focus, Level, Muscle, Set, Word};
use crate::fitness::workout::{Block, BlockKind, NOTICE, Phase, Status, Step, Warning, Workout};
use crate::small::{join, sort_by};

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
    pub(super) fn fill(&mut self, inventory: Counts, base: Option<&GroupWorkout>) -> Result<(), String> {
        let (people, plan) = (&self.hall.people, self.plan);
        let able = self.hall.able(plan.interval_s);
        let (sets, interval_s) = (plan.sets, plan.interval_s);
        let setting = Setting { people, able: &able, inventory, rotation: &self.rotation, sets, interval_s };
        self.stations = plan::fill(&setting, plan.count).unwrap_or_default();
        let Some(base) = base else { return Ok(()) };
        let (mut rotation, mut names) = (Vec::new(), Vec::new());
        for person in people {
            let (user_id, mut turns) = (&person.coach.request.user_id, Vec::new());
            for row in base.rotation.iter().filter(|row| row.user_id == *user_id) {
                for id in &row.stations {
                    turns.push(base.stations.iter().position(|station| station.station == *id).unwrap_or(usize::MAX));
                }
            }
            rotation.push(turns);
            names.push(user_id.clone());
        }
        let mut same = rotation == self.rotation && base.stations.len() == self.stations.len();
        let mut wanted = Vec::new();
        for (station, base) in self.stations.iter().zip(&base.stations) {
            same &= station.pattern == base.pattern && offered(&station.shares, "") == base.exercises;
            wanted.push((base.pattern, base.exercises.first().map_or("", String::as_str)));
        }
        if same {
            return Ok(());
        }
        if base.stations.len() != plan.count || base.rotation.len() != people.len() {
            return Err("must have everybody who trains, and the stations of the coach's plan".to_owned());
        }
        if let Some(message) = rotation::fault(&rotation, &names, plan.count, plan.capacity) {
            return Err(message);
        }
        let setting = Setting { rotation: &rotation, ..setting };
        self.stations = plan::fill_as(&setting, &wanted)
            .ok_or("not everybody has something to do at each station: choose other exercises")?;
        for (station, (_, asked)) in self.stations.iter().zip(&wanted) {
            if !asked.is_empty() && !station.shares.iter().any(|share| share.exercise.id == *asked) {
                return Err(join(&["nobody can do ", asked], ""));
            }
        }
        (self.plan, self.around) = self
            .hall
            .best(&[Plan::of(&setting, plan.capacity, &self.stations)], self.hall.request.duration_min)
            .ok_or("these exercises do not fit the time")?;
        self.rotation = rotation;
        Ok(())
    }

    pub(super) fn write(&self, base: Option<&GroupWorkout>) -> GroupWorkout {
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
            let message =
                format!("No clock suits everybody's {}: general fitness is trained instead.", request.focus.spoken());
            workout.warnings.push(Warning { code: "focus_changed".to_owned(), message, pattern: None });
        }
        let mut muscles = Set::EMPTY;
        for (place, station) in self.stations.iter().enumerate() {
            for share in &station.shares {
                muscles = muscles.union(share.exercise.primary);
            }
            workout.stations.push(GroupStation {
                station: station_id(place),
                pattern: station.pattern,
                capacity: plan.capacity,
                equipment: station.gear,
                exercises: offered(
                    &station.shares,
                    base.and_then(|base| base.stations.get(place)?.exercises.first()).map_or("", String::as_str),
                ),
            });
        }
        for one in &request.participants {
            let is_one = |person: &Person<'_>| person.coach.request.user_id == one.request.user_id;
            let Some(place) = self.hall.people.iter().position(is_one) else { continue };
            let (Some(person), Some(turns)) = (self.hall.people.get(place), self.rotation.get(place)) else { continue };
            let (user_id, mut stations) = (one.request.user_id.clone(), Vec::new());
            for station in turns {
                stations.push(station_id(*station));
            }
            let mut own = person.coach.write(Status::Ok, self.blocks(place, person, turns, muscles));
            let (clock, places) = (workout.clock.to_json(), workout.stations.to_json());
            let said = vec![person.coach.request.to_json(), clock, places, stations.to_json()];
            own.workout_id = format!("w-{:08x}", id::of_json(&said.to_json()));
            own.provenance.rules.push("group:shared_clock".to_owned());
            let first = turns.first().and_then(|station| self.stations.get(*station));
            let first = first.and_then(|station| station.shares.get(place));
            let summary = format!(
                "{rotations} stations of {} sets, first {}",
                plan.sets,
                first.map_or("", |share| &share.exercise.name)
            );
            workout.rotation.push(Turns { user_id: user_id.clone(), stations });
            workout.participants.push(Member { user_id, level: one.request.level, workout: own, summary });
        }
        if let Some(base) = base {
            sign(&mut workout, base);
        }
        workout
    }

    /// One person's session.
    fn blocks(&self, place: usize, person: &Person<'_>, turns: &[usize], muscles: Set<Muscle>) -> Vec<Block> {
        let (plan, around) = (&self.plan, &self.around);
        let steps = person.pools.warm_up(around.warm_up_s, muscles, Vec::new(), &person.coach.restrictions);
        let mut blocks = vec![timed(BlockKind::WarmUp, around.warm_up_s, steps, "warm_up:raise_mobilise")];
        // What a set of the last station lacks to the longest one is waited for after it.
        let mut waited_s = 0;
        let rule = person.coach.prescription_rule();
        for station in turns {
            let Some(share) = self.stations.get(*station).and_then(|station| station.shares.get(place)) else {
                continue;
            };
            let step = self.step(share);
            let rest_s = plan.work_s - step.work_s;
            let rules = [rule.as_str(), "group:rotation"];
            blocks.push(block(BlockKind::Main, plan.sets, TRANSITION_S + waited_s, vec![step], &rules));
            waited_s = rest_s;
        }
        if let Some(exercise) = person.pools.conditioning().filter(|_| around.conditioning_s > 0) {
            let rpe = 5_u32.min(person.coach.caps.rpe_max.unwrap_or(10));
            let step = person.coach.steady(exercise, around.conditioning_s, Zone::Moderate, rpe);
            blocks.push(block(
                BlockKind::Conditioning,
                1,
                TRANSITION_S + waited_s,
                vec![step],
                &["conditioning:moderate"],
            ));
            waited_s = 0;
        }
        let steps = person.pools.cool_down(around.cool_down_s, muscles);
        blocks.push(timed(BlockKind::CoolDown, around.cool_down_s + waited_s, steps, "cool_down:stretch_trained"));
        blocks
    }

    fn step(&self, share: &Share) -> Step {
        let (dose, plan) = (&share.dose, &self.plan);
        let rest_s = if plan.sets > 1 { plan.interval_s - dose.work_s } else { 0 };
        Step {
            sets: plan.sets,
            tempo_s: dose.tempo_s,
            work_s: dose.work_s,
            rest_s,
            recovery_s: (plan.sets > 1).then_some(rest_s),
            ..edges::step(share.exercise, Phase::Main, dose.goal.clone(), dose.target.clone())
        }
    }
}

/// A block that takes so many seconds: what its steps leave is waited for before them.
fn timed(kind: BlockKind, seconds: u32, steps: Vec<Step>, rule: &str) -> Block {
    let mut block = block(kind, 1, 0, steps, &[rule]);
    block.setup_s = seconds.saturating_sub(block.duration_s);
    block.duration_s += block.setup_s;
    block
}

fn station_id(place: usize) -> String {
    format!("s{}", place + 1)
}

/// The exercises that are done: what was asked for first, then the most common one, then in the order of the people.
fn offered(shares: &[Share], asked: &str) -> Vec<String> {
    let mut offered: Vec<(usize, &str)> = Vec::new();
    for share in shares {
        let id = share.exercise.id.as_str();
        match offered.iter_mut().find(|(_, known)| *known == id) {
            Some((count, _)) => *count += 1,
            None => offered.push((1, id)),
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
fn sign(workout: &mut GroupWorkout, base: &GroupWorkout) {
    let from = &base.provenance;
    if from.provider == PROVIDER {
        return;
    }
    for Member { workout, .. } in &mut workout.participants {
        mark(workout, base);
        for block in workout.blocks.iter_mut().filter(|block| block.kind == BlockKind::Main) {
            block.provenance.provider.clone_from(&from.provider);
            block.provenance.model.clone_from(&from.model);
            block.provenance.fallback_level = from.fallback_level;
        }
    }
    workout.insight.clone_from(&base.insight);
    workout.provenance.clone_from(from);
}

fn mark(workout: &mut Workout, base: &GroupWorkout) {
    let (to, from) = (&mut workout.provenance, &base.provenance);
    to.provider.clone_from(&from.provider);
    to.model.clone_from(&from.model);
    to.fallback_level = from.fallback_level;
    to.repairs = from.repairs;
    to.cache.clone_from(&from.cache);
}
