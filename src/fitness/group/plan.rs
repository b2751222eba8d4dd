//! The search: how many stations, which movements, how many sets, and the clock that everybody can keep.
//!
//! A set and its rest take the same interval for everybody, so an interval is possible when each person's row allows it
//! at every station, with an exercise and repetitions of their own. All numbers of stations, sets and intervals are tried,
//! and what fits the time best wins; the weights are house. Stations are of several joints first, so that it matters little
//! where somebody begins; the trunk and single joints follow where those run out.

use super::inventory::Counts;
use super::request::{GroupRequest, STATIONS};
use super::rotation::cyclic;
use super::stations::{Able, Person, Setting, Station, Stations};
use crate::fitness::request::WorkoutRequest;
use crate::fitness::session::place::Place;
use crate::fitness::session::plan::{Around, Edges, around};
use crate::fitness::session::selection::GROUPS;
use crate::fitness::time_budget::{COOL_DOWN_S, SHORT_WARM_UP_S, TRANSITION_S, window_s};
use crate::fitness::words::{Kind, Pattern};
use crate::small::sort_by;

use Pattern::{
    Core, Hinge, IsolationLower, IsolationUpper, Lunge, PullHorizontal, PullVertical, PushHorizontal, PushVertical,
    Squat,
};

/// What to look for next: what needs equipment first, as long as there is some; of each, the first that everybody can do.
const SLOTS: [&[Pattern]; 18] = [
    &[PullHorizontal, PullVertical],
    &[Squat, Lunge],
    &[Hinge],
    &[PushHorizontal, PushVertical],
    &[Lunge, Squat],
    &[PushVertical, PushHorizontal],
    &[PullVertical, PullHorizontal],
    &[Hinge],
    &[Core],
    &[IsolationLower],
    &[IsolationUpper],
    &[Core],
    &[PushHorizontal],
    &[PullHorizontal],
    &[Squat, Lunge],
    &[IsolationUpper],
    &[Core],
    &[IsolationLower],
];

/// The order of the stations: what tires the legs, and what does not, in turn.
const ORDER: [Pattern; 10] = [
    Squat,
    PushHorizontal,
    Hinge,
    PullHorizontal,
    Lunge,
    PushVertical,
    IsolationLower,
    PullVertical,
    Core,
    IsolationUpper,
];

/// What a station counts at which nobody does its movement; part of it for who does something else (house).
const VARIED: f64 = 30.0;

/// So much steady work of the others may be sat out by who has no more to stretch (house).
const SAT_OUT_S: u32 = 900;

/// The intervals that are tried, in seconds.
const INTERVALS_S: (u32, u32) = (60, 330);

/// A clock for so many stations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) count: usize,
    pub(super) capacity: u32,
    pub(super) sets: u32,
    pub(super) interval_s: u32,
    /// The longest set of all.
    pub(super) work_s: u32,
    score: f64,
}

impl Plan {
    /// The plan of stations that are set up.
    pub(super) fn of(setting: &Setting<'_>, capacity: u32, stations: &[Station]) -> Self {
        let (mut work_s, mut liking, mut accessory, mut varied) = (0, 0.0, 0, 0);
        for station in stations {
            liking += station.liking;
            varied += station.varied;
            for share in &station.shares {
                work_s = work_s.max(share.dose.work_s);
            }
            accessory += u32::from(station.shares.iter().any(|share| share.exercise.kind != Kind::Compound));
        }
        let count = stations.len();
        let has = |patterns: &[Pattern]| stations.iter().any(|station| patterns.contains(&station.pattern));
        let covered = GROUPS.iter().filter(|(_, patterns)| has(patterns)).count();
        let together = setting.people.len().div_ceil(count.max(1)) as u32;
        let score = 50.0 * covered as f64 + 3.0 * liking / count.max(1) as f64 + count as f64 + f64::from(setting.sets)
            - 3.0 * f64::from(accessory)
            - VARIED * varied as f64 / setting.people.len().max(1) as f64
            - 4.0 * f64::from(together)
            - 15.0 * f64::from(together.saturating_sub(2));
        Self { count, capacity, sets: setting.sets, interval_s: setting.interval_s, work_s, score }
    }

    /// From the beginning of one turn to that of the next: getting there, and sets until the last one ends.
    pub(super) fn turn_s(&self) -> u32 {
        TRANSITION_S + self.work_s + self.sets.saturating_sub(1) * self.interval_s
    }
}

/// A group with a focus.
pub(super) struct Hall<'r> {
    pub(super) request: &'r GroupRequest,
    /// Those who train, in the order of their ids.
    pub(super) people: Vec<Person<'r>>,
}

impl<'r> Hall<'r> {
    /// The sets that every row allows.
    pub(super) fn sets(&self) -> (u32, u32) {
        let mut sets = (1, u32::MAX);
        for one in &self.people {
            let row = one.coach.row.sets;
            sets = (sets.0.max(row.0), sets.1.min(row.1));
        }
        sets
    }

    /// Every plan that works, and that may fit a session of so many minutes.
    pub(super) fn plans(&self, inventory: Counts, most_min: u32) -> Vec<Plan> {
        let mut plans = Vec::new();
        for interval_s in (INTERVALS_S.0..=INTERVALS_S.1).step_by(10) {
            let able = self.able(interval_s);
            self.plans_at(interval_s, inventory, &able, window_s(most_min).1, &mut plans);
        }
        plans
    }

    /// What everybody can do in an interval.
    pub(super) fn able(&self, interval_s: u32) -> Vec<Able<'_>> {
        let mut able = Vec::new();
        for one in &self.people {
            able.push(one.able(interval_s));
        }
        able
    }

    fn plans_at(&self, interval_s: u32, inventory: Counts, able: &[Able<'_>], most_s: u32, plans: &mut Vec<Plan>) {
        let (people, sets) = (self.people.len(), self.sets());
        for count in STATIONS.0..=STATIONS.1 {
            let together = people.div_ceil(count as usize) as u32;
            let capacity = self.request.capacity.unwrap_or(together.max(2));
            if together > capacity || self.request.stations.is_some_and(|wanted| wanted != count) {
                continue;
            }
            let rotation = cyclic(people, count as usize);
            for sets in sets.0..=sets.1 {
                if SHORT_WARM_UP_S.0 + count * (TRANSITION_S + (sets - 1) * interval_s) + COOL_DOWN_S.0 > most_s {
                    continue;
                }
                let rotation = &rotation;
                let setting = Setting { people: &self.people, able, inventory, rotation, sets, interval_s };
                if let Some(stations) = fill(&setting, count as usize) {
                    plans.push(Plan::of(&setting, capacity, &stations));
                }
            }
        }
    }

    /// The plan that fits a duration best, with the time around it.
    pub(super) fn best(&self, plans: &[Plan], duration_min: u32) -> Option<(Plan, Around)> {
        // Limits hold to a tenth, as the duration does.
        let limit_min = self.request.limit_min().unwrap_or(duration_min);
        let aim = WorkoutRequest {
            duration_min: duration_min.min(limit_min * 11 / 10),
            ..self.people.first()?.coach.request.clone()
        };
        let (mut warm_up_s, mut cool_down_s, mut conditioning) = (u32::MAX, u32::MAX, false);
        let mut place = Place::alone(&aim);
        for one in &self.people {
            let room_s = one.pools.cool_down_room_s();
            warm_up_s = warm_up_s.min(one.pools.warm_up_room_s());
            cool_down_s = cool_down_s.min(room_s);
            if one.pools.conditioning().is_some() {
                conditioning = true;
            } else {
                // Who can do no steady work stretches instead, and rests when that is done.
                let room_s = room_s.saturating_sub(COOL_DOWN_S.0 + TRANSITION_S);
                place.steady_s = place.steady_s.min(room_s.max(SAT_OUT_S));
            }
        }
        let edges = Edges::of(duration_min, warm_up_s, cool_down_s, conditioning)?;
        let (least_s, most_s) = window_s(duration_min);
        let most_s = most_s.min(limit_min * 66);
        let mut best: Option<(f64, Plan, Around)> = None;
        for plan in plans {
            let main_s = plan.count as u32 * plan.turn_s();
            around(&aim, &place, edges, &|_| i64::from(main_s), &mut |around| {
                let score = around.of(&aim, plan.score);
                let fits = (least_s..=most_s).contains(&(main_s + around.seconds()));
                if fits && best.as_ref().is_none_or(|best| score > best.0) {
                    best = Some((score, *plan, *around));
                }
            });
        }
        best.map(|(_, plan, around)| (plan, around))
    }
}

/// Sets up so many stations, such that everybody does the movement of each; where that is not possible, such that as few
/// as possible do something else at each.
pub(super) fn fill(setting: &Setting<'_>, count: usize) -> Option<Vec<Station>> {
    for vary in [0, setting.people.len() / 2, setting.people.len()] {
        let (mut filled, mut stations) = (Stations::new(setting), Vec::new());
        for slot in SLOTS {
            for most in [0, vary] {
                let place = stations.len();
                let mut add = |pattern: &Pattern| filled.add(place, *pattern, "", most);
                if place < count
                    && (most == 0 || vary > 0)
                    && let Some(station) = slot.iter().find_map(&mut add)
                {
                    stations.push(station);
                    break;
                }
            }
        }
        if stations.len() == count {
            sort_by(&mut stations, |a, b| place_of(a.pattern) < place_of(b.pattern));
            return Some(stations);
        }
    }
    None
}

/// Sets up stations for these movements, each with the exercise that whoever can shall do.
pub(super) fn fill_as(setting: &Setting<'_>, wanted: &[(Pattern, &str)]) -> Option<Vec<Station>> {
    let (mut filled, mut places, mut stations) = (Stations::new(setting), Vec::new(), Vec::new());
    // What needs equipment first, as in a plan.
    for slot in SLOTS {
        for (place, (pattern, asked)) in wanted.iter().enumerate() {
            if slot.contains(pattern) && !places.contains(&place) {
                stations.push(filled.add(place, *pattern, asked, setting.people.len())?);
                places.push(place);
            }
        }
    }
    let mut sorted = Vec::new();
    for place in 0..wanted.len() {
        let at = places.iter().position(|known| *known == place)?;
        places.swap_remove(at);
        sorted.push(stations.swap_remove(at));
    }
    Some(sorted)
}

fn place_of(pattern: Pattern) -> Option<usize> {
    ORDER.iter().position(|known| *known == pattern)
}
