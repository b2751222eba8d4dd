//! What everybody does at each station.
//!
//! Everybody at a station trains the same movement, each with an exercise, repetitions and a load of their own. Who can do
//! none of that movement, there and on this clock, does the nearest that they can (house): what shares main muscles with
//! it, another movement of the same half of the body, the trunk, any other resistance work that is new to their session.
//! What stands at a station belongs to it for the whole session, so what the stations have together is never more than
//! what there is, whoever is where.

use super::inventory::Counts;
use super::rotation::Turns;
use crate::fitness::catalogue::{self, Exercise};
use crate::fitness::preferences;
use crate::fitness::prescription;
use crate::fitness::request::WorkoutRequest;
use crate::fitness::session::Coach;
use crate::fitness::session::choice::{Pick, reps_of};
use crate::fitness::session::edges::Pools;
use crate::fitness::session::selection::{self, Candidate};
use crate::fitness::words::{Kind, Muscle, Pattern, Set, Word};
use crate::small::sort_by;
use crate::value::Value;

/// What an exercise that was asked for counts: more than everything else.
const ASKED: f64 = 100.0;

/// What a like or a dislike counts (house).
const LIKE: f64 = 2.0;

/// What one step further from the movement of a station counts: more than everything else.
const STEP: f64 = 1_000.0;

/// What each item counts against what is done instead of the movement of a station: others need it (house).
const ITEM: f64 = 3.0;

/// Somebody who trains.
pub(super) struct Person<'r> {
    pub(super) coach: Coach<'r>,
    /// Warm-up, cool-down and steady work without equipment, so that all can do it at once.
    pub(super) pools: Pools,
    candidates: Vec<Candidate>,
}

impl<'r> Person<'r> {
    pub(super) fn of(request: &'r WorkoutRequest, likes: &Value) -> Self {
        let coach = Coach::new(request);
        let pools = Pools::of(request, Set::EMPTY, &coach.restrictions);
        let mut candidates =
            selection::candidates(request, request.equipment, &coach.restrictions, &coach.row, &coach.place);
        for one in &mut candidates {
            one.liking += LIKE * preferences::liking(likes, one.exercise);
        }
        // By movement, as the catalogue has them: what can be done of one is looked up often.
        sort_by(&mut candidates, |a, b| a.exercise.pattern < b.exercise.pattern);
        Self { coach, pools, candidates }
    }

    /// Repetitions with which a set and its rest take `interval_s`, the planned ones where that works: `None` when there
    /// are none. Work by time is never changed.
    fn reps(&self, candidate: &Candidate, interval_s: u32) -> Option<(u32, u32)> {
        let dose = &candidate.dose;
        let (least_s, most_s) = (interval_s.saturating_sub(dose.rest.1), interval_s.checked_sub(dose.rest.0)?);
        let planned = (dose.goal.min, dose.goal.max);
        if (least_s..=most_s).contains(&dose.work_s) {
            return Some(planned);
        }
        let row = reps_of(dose, &self.coach.row);
        let unit_s = dose.tempo_s? * if candidate.exercise.per_side { 2 } else { 1 };
        let (least, most) = (least_s.div_ceil(unit_s).max(row.0), (most_s / unit_s).min(row.1));
        let reps = if planned.1 > most { most } else { least };
        (least <= most).then_some((planned.0.min(reps), reps))
    }

    /// The prescription with these repetitions, and the rest that the interval leaves.
    fn share(&self, candidate: &Candidate, reps: (u32, u32), setting: &Setting<'_>) -> Candidate {
        let (exercise, dose) = (candidate.exercise, &candidate.dose);
        let mut share = Candidate { dose: dose.clone(), ..*candidate };
        if reps != (dose.goal.min, dose.goal.max) {
            let rir = self.coach.row.plan_rir;
            share = self.coach.chosen(&Pick { exercise, sets: setting.sets, reps, rir, rest_s: 0 });
        }
        let rest_s = if setting.sets > 1 { setting.interval_s.saturating_sub(share.dose.work_s) } else { 0 };
        share.dose.rest = (rest_s, rest_s);
        share
    }

    /// What this person can do in an interval, with which repetitions.
    pub(super) fn able(&self, interval_s: u32) -> Able<'_> {
        let mut able = Vec::new();
        for one in &self.candidates {
            if let Some(reps) = self.reps(one, interval_s).filter(|_| one.exercise.kind != Kind::Plyometric) {
                able.push((one, reps));
            }
        }
        able
    }
}

/// What somebody can do, with which repetitions, by movement.
pub(super) type Able<'a> = Vec<(&'a Candidate, (u32, u32))>;

/// What of it is of a movement.
fn of_pattern<'s, 'a>(able: &'s [(&'a Candidate, (u32, u32))], pattern: Pattern) -> &'s [(&'a Candidate, (u32, u32))] {
    let from = able.partition_point(|(one, _)| one.exercise.pattern < pattern);
    let able = able.get(from..).unwrap_or_default();
    able.get(..able.partition_point(|(one, _)| one.exercise.pattern == pattern)).unwrap_or_default()
}

/// What is the same for everybody.
pub(super) struct Setting<'a> {
    pub(super) people: &'a [Person<'a>],
    /// What each person can do in the interval.
    pub(super) able: &'a [Able<'a>],
    pub(super) inventory: Counts,
    /// The station of each person in each turn.
    pub(super) rotation: &'a Turns,
    pub(super) sets: u32,
    pub(super) interval_s: u32,
}

/// A station.
pub(super) struct Station {
    pub(super) pattern: Pattern,
    /// What stands there.
    pub(super) gear: Counts,
    /// What each person does there.
    pub(super) shares: Vec<Candidate>,
    /// How well it suits them, on average.
    pub(super) liking: f64,
    /// How many do something else than its movement.
    pub(super) varied: usize,
}

/// The stations so far.
pub(super) struct Stations<'a> {
    setting: &'a Setting<'a>,
    /// What is not at a station yet.
    left: Counts,
    /// What each person has done for each muscle.
    load: Vec<[f64; Muscle::ALL.len()]>,
    done: Vec<Vec<&'static Exercise>>,
}

impl<'a> Stations<'a> {
    pub(super) fn new(setting: &'a Setting<'a>) -> Self {
        let people = setting.people.len();
        let load = vec![[0.0; Muscle::ALL.len()]; people];
        Self { setting, left: setting.inventory, load, done: vec![Vec::new(); people] }
    }

    /// Sets up the station number `station`, when everybody has something to do there: its movement, or for at most `vary` of
    /// them another one, and never for all. `asked` is an exercise that whoever can shall do.
    pub(super) fn add(&mut self, station: usize, pattern: Pattern, asked: &str, vary: usize) -> Option<Station> {
        let setting = self.setting;
        let people = setting.people.len();
        let (mut varied, mut muscles) = (0, Set::EMPTY);
        for exercise in catalogue::all().iter().filter(|exercise| vary > 0 && exercise.pattern == pattern) {
            muscles = muscles.union(exercise.primary);
        }
        let mut chosen: Vec<Option<Chosen<'a>>> = vec![None; people];
        let mut gear = Counts::default();
        let turns = setting.rotation.first().map_or(0, Vec::len);
        for turn in 0..turns {
            let mut used = Counts::default();
            // Who can only do it with equipment chooses first.
            for free in [false, true] {
                for (place, turns) in setting.rotation.iter().enumerate() {
                    if turns.get(turn) == Some(&station) && self.is_free(place, pattern) == free {
                        let left = self.left.with(&used, u32::saturating_sub);
                        let mut best = self.best(place, pattern, None, asked, &left);
                        if best.is_none() && varied < vary.min(people - 1) {
                            best = self.best(place, pattern, Some(muscles), asked, &left);
                            varied += 1;
                        }
                        let best = best?;
                        used.add(best.1.exercise.requires);
                        chosen[place] = Some(best);
                    }
                }
            }
            gear = gear.with(&used, u32::max);
        }
        let (mut shares, mut liking) = (Vec::new(), 0.0);
        for one in &chosen {
            liking += (*one)?.0;
        }
        for (place, one) in chosen.iter().enumerate() {
            let (_, candidate, reps) = (*one)?;
            let exercise = candidate.exercise;
            for (load, muscle) in self.load[place].iter_mut().zip(Muscle::ALL) {
                *load += f64::from(setting.sets) * exercise.share(*muscle);
            }
            self.done[place].push(exercise);
            shares.push(setting.people[place].share(candidate, reps, setting));
        }
        self.left = self.left.with(&gear, u32::saturating_sub);
        Some(Station { pattern, gear, shares, liking: liking / people.max(1) as f64, varied })
    }

    /// Whether somebody has an exercise of a movement that needs nothing, or none at all.
    fn is_free(&self, place: usize, pattern: Pattern) -> bool {
        let mut has = false;
        for (one, _) in of_pattern(&self.setting.able[place], pattern) {
            let exercise = one.exercise;
            if !self.is_done(place, exercise) {
                if exercise.requires.is_empty() {
                    return true;
                }
                has = true;
            }
        }
        !has
    }

    fn is_done(&self, place: usize, exercise: &'static Exercise) -> bool {
        self.done[place].iter().any(|done| std::ptr::eq(*done, exercise))
    }

    /// The best exercise of a movement for a person, from what is left of the equipment; `instead` of it, when its main
    /// muscles are said.
    fn best(
        &self,
        place: usize,
        pattern: Pattern,
        instead: Option<Set<Muscle>>,
        asked: &str,
        left: &Counts,
    ) -> Option<Chosen<'a>> {
        let cap = f64::from(prescription::weekly_sets().per_session_cap);
        let there = left.items();
        let mut best: Option<Chosen<'a>> = None;
        let able = &self.setting.able[place];
        for (candidate, reps) in if instead.is_some() { able } else { of_pattern(able, pattern) } {
            let exercise = candidate.exercise;
            if (instead.is_some() && exercise.pattern == pattern) || !exercise.requires.is_subset(there) {
                continue;
            }
            let bent = if *reps == (candidate.dose.goal.min, candidate.dose.goal.max) { 0.0 } else { 1.0 };
            let mut score = candidate.liking - bent + if exercise.id == asked { ASKED } else { 0.0 };
            if let Some(muscles) = instead {
                score -= ITEM * exercise.requires.len() as f64 + STEP * f64::from(distance(exercise, pattern, muscles));
            }
            if best.is_none_or(|(most, ..)| score > most)
                && !self.is_done(place, exercise)
                && selection::fits(&self.load[place].map(|sets| cap - sets), exercise, self.setting.sets)
            {
                best = Some((score, candidate, *reps));
            }
        }
        best
    }
}

/// How far an exercise of another movement is from a movement for some muscles.
fn distance(exercise: &Exercise, pattern: Pattern, muscles: Set<Muscle>) -> u32 {
    if !exercise.primary.intersection(muscles).is_empty() {
        1
    } else if half(exercise.pattern) == half(pattern) {
        2
    } else if exercise.pattern == Pattern::Core {
        3
    } else {
        4
    }
}

/// The half of the body that a movement trains: the legs, the arms, or neither.
fn half(pattern: Pattern) -> u32 {
    use Pattern::{
        Hinge, IsolationLower, IsolationUpper, Lunge, PullHorizontal, PullVertical, PushHorizontal, PushVertical, Squat,
    };
    match pattern {
        Squat | Hinge | Lunge | IsolationLower => 0,
        PushHorizontal | PushVertical | PullHorizontal | PullVertical | IsolationUpper => 1,
        _ => 2,
    }
}

/// What somebody chose: how well it suits, and the repetitions.
type Chosen<'a> = (f64, &'a Candidate, (u32, u32));
