//! How well people train together, and what they have in common.
//!
//! The weights are house, in hundredths: level 30, limitations 20, exercises that both can do 20, focus 15, age 15.
//! Levels are as far apart as their places; limitations and exercises count by what is common of what either has
//! (Jaccard); one of two wishes being general fitness counts half; 40 years are as far apart as ages get, and an age
//! that only one of them said counts half. Everything is symmetric, and whole hundredths are added, so no order matters.

use super::request::GroupRequest;
use crate::fitness::catalogue;
use crate::fitness::contraindications::Restrictions;
use crate::fitness::record::{Object, ToJson, record};
use crate::fitness::request::WorkoutRequest;
use crate::fitness::session::selection::is_available;
use crate::fitness::words::{Focus, Level, Word};
use crate::small::sort_by;
use crate::value::Value;

record! {
    /// How well two people train together.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Pair {
        /// One user id, the one that sorts first.
        pub a: String,
        /// The other user id.
        pub b: String,
        /// From 0 to 1, in hundredths.
        pub score: f64,
    }
}

record! {
    /// How well a group trains together.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Compatibility {
        /// The mean of the pairs, from 0 to 1, in hundredths.
        pub score: f64,
        /// Every pair, in the order of the user ids.
        pub pairs: Vec<Pair>,
        /// What the coach makes of it.
        pub notes: Vec<String>,
    }
}

/// What of a person counts.
struct Person<'r> {
    request: &'r WorkoutRequest,
    limits: u32,
    /// Whether each exercise can be done.
    able: Vec<bool>,
}

impl<'r> Person<'r> {
    fn of(request: &'r WorkoutRequest) -> Self {
        let restrictions = Restrictions::of(request);
        let mut able = Vec::new();
        for exercise in catalogue::all() {
            able.push(is_available(exercise, request, request.equipment, &restrictions));
        }
        Self { request, limits: restrictions.tags.bits(), able }
    }

    /// Hundredths.
    fn match_with(&self, other: &Self) -> u32 {
        let (a, b) = (self.request, other.request);
        let (mut both, mut either) = (0, 0);
        for (one, other) in self.able.iter().zip(&other.able) {
            both += u32::from(*one && *other);
            either += u32::from(*one || *other);
        }
        let any = a.focus == Focus::GeneralFitness || b.focus == Focus::GeneralFitness;
        let ages = match (a.age, b.age) {
            (Some(one), Some(two)) => 40 - one.abs_diff(two).min(40),
            (None, None) => 40,
            _ => 20,
        };
        15 * (2 - a.level.index().abs_diff(b.level.index()) as u32)
            + share(20, (self.limits & other.limits).count_ones(), (self.limits | other.limits).count_ones())
            + share(20, both, either)
            + if a.focus == b.focus { 15 } else { 7 * u32::from(any) }
            + share(15, ages, 40)
    }
}

/// A part of `most`, to whole ones; all of it when there is nothing to share.
fn share(most: u32, part: u32, of: u32) -> u32 {
    if of == 0 { most } else { (2 * most * part + of) / (2 * of) }
}

/// How well two people train together: hundredths, from 0 to 100.
#[must_use]
pub fn hundredths(a: &WorkoutRequest, b: &WorkoutRequest) -> u32 {
    Person::of(a).match_with(&Person::of(b))
}

/// How well a group trains together.
#[must_use]
pub fn of(request: &GroupRequest) -> Compatibility {
    let mut people = Vec::new();
    for one in &request.participants {
        people.push(Person::of(&one.request));
    }
    sort_by(&mut people, |a, b| a.request.user_id < b.request.user_id);
    let (mut pairs, mut sum, mut worst) = (Vec::new(), 0, 100);
    for (place, a) in people.iter().enumerate() {
        for b in people.iter().skip(place + 1) {
            let score = a.match_with(b);
            sum += score;
            worst = worst.min(score);
            let [a, b] = [a, b].map(|one| one.request.user_id.clone());
            pairs.push(Pair { a, b, score: f64::from(score) / 100.0 });
        }
    }
    let mut notes = Vec::new();
    let (from, to) = levels(request);
    if from != to {
        notes.push(
            "Several levels: everybody keeps the clock with their own load, repetitions and exercise.".to_owned(),
        );
    }
    if worst < 50 {
        notes.push("Some have little in common: a second group would suit them better.".to_owned());
    }
    let count = (pairs.len() as u32).max(1);
    Compatibility { score: f64::from((2 * sum + count) / (2 * count)) / 100.0, pairs, notes }
}

/// The least and the most experienced.
fn levels(request: &GroupRequest) -> (Level, Level) {
    let mut span = (Level::Advanced, Level::Beginner);
    for one in &request.participants {
        span = (span.0.min(one.request.level), span.1.max(one.request.level));
    }
    span
}

/// The compatibility and what there is in common: focus, levels, equipment, and the rules that limit somebody.
pub(in crate::fitness) fn find(request: &GroupRequest) -> Value {
    let mut rules: Vec<String> = Vec::new();
    for one in &request.participants {
        for note in Restrictions::of(&one.request).notes {
            if !rules.contains(&note.rule) {
                rules.push(note.rule);
            }
        }
    }
    sort_by(&mut rules, |a, b| a < b);
    let (levels, items) = (levels(request), request.inventory);
    let common: [&dyn ToJson; 4] = [&request.focus, &levels, &items, &rules];
    Object("compatibility common", &[&of(request), &Object("focus levels equipment limitations", &common)]).to_json()
}
