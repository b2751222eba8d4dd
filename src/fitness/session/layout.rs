//! How the chosen exercises are arranged and rested: straight sets or supersets, and how much of the rest range.
//!
//! In a superset two exercises that do not compete take turns. Each one's own rest, from the end of its set to the
//! start of its next, is the pause after it, the partner's set and the pause after the partner: that sum stays inside
//! the prescription, so a superset saves time without cutting rest (Iversen 2021).

use crate::fitness::time_budget::{CHANGE_S, TRANSITION_S};
use crate::fitness::words::{Equipment, Kind, Pattern, Tag};
use crate::small::sort_by;

use super::selection::{Candidate, sets_of};

/// How to arrange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fitness) enum Style {
    /// One exercise after the other.
    Straight,
    /// Pairs of exercises of several joints.
    PairCompounds,
    /// Pairs of single-joint exercises too.
    PairAll,
}

impl Style {
    pub(super) const ALL: [Self; 3] = [Self::Straight, Self::PairCompounds, Self::PairAll];
}

/// One or two exercises done together.
#[derive(Clone, Debug)]
pub(in crate::fitness) struct Group<'a> {
    pub(in crate::fitness) members: Vec<&'a Candidate>,
    pub(in crate::fitness) sets: u32,
}

impl Group<'_> {
    /// The pauses after each member, at a share of the rest range, to 5 s.
    pub(super) fn rests(&self, share: f64) -> Vec<u32> {
        let (min, max) = self.pause_bounds().unwrap_or((0, 0));
        let pause = min + round_5(share * f64::from(max - min));
        let pause = pause.min(max);
        if self.members.len() == 1 {
            vec![pause]
        } else {
            let first = pause / 10 * 5;
            vec![first, pause - first]
        }
    }

    /// The seconds it takes, by the formula of [`time_budget::block_s`](crate::fitness::time_budget::block_s).
    pub(super) fn seconds(&self, share: f64) -> u32 {
        let rests = self.rests(share);
        let work: u32 = self.members.iter().map(|member| member.dose.work_s).sum();
        let round = work + rests.iter().sum::<u32>();
        self.setup_s() + self.sets * round - rests.last().copied().unwrap_or(0)
    }

    pub(super) fn setup_s(&self) -> u32 {
        TRANSITION_S * self.members.len() as u32
    }

    /// The bounds of all pauses of a round together; `None` when no pause keeps every own rest in its range.
    fn pause_bounds(&self) -> Option<(u32, u32)> {
        let works = || self.members.iter().map(|member| member.dose.work_s);
        let rest = self.members[0].dose.rest;
        if self.members.len() == 1 {
            return Some(rest);
        }
        let min = rest.0.saturating_sub(works().min()?).max(2 * CHANGE_S).next_multiple_of(5);
        let max = rest.1.checked_sub(works().max()?)? / 5 * 5;
        (min <= max && self.members[1].dose.rest == rest).then_some((min, max))
    }

    /// Its place in the session: jumps, several joints, one joint, trunk; large muscles before small ones.
    fn rank(&self) -> (Kind, bool) {
        self.members.iter().map(|member| member.exercise.order()).max().unwrap_or((Kind::Compound, false))
    }
}

/// Arranges the chosen exercises, in training order.
pub(super) fn arrange<'a>(chosen: &[&'a Candidate], sets: (u32, u32), style: Style) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::with_capacity(chosen.len());
    for kind in [Kind::Plyometric, Kind::Compound, Kind::Isolation, Kind::Core, Kind::Conditioning] {
        let mut members: Vec<&Candidate> = Vec::new();
        for one in chosen.iter().filter(|one| one.exercise.kind == kind) {
            members.push(one);
        }
        let paired = match style {
            Style::Straight => false,
            Style::PairCompounds => kind == Kind::Compound,
            Style::PairAll => matches!(kind, Kind::Compound | Kind::Isolation),
        };
        for some in members.chunks(TOGETHER) {
            let pairs = if paired { best_pairs(some) } else { Vec::new() };
            for (i, first) in some.iter().enumerate() {
                let planned = sets_of(first.exercise, sets.0, sets.1);
                let sets = if first.sets > 0 { first.sets } else { planned };
                match pairs.iter().find(|pair| pair.0 == i || pair.1 == i) {
                    Some(&(a, b)) if a == i => {
                        let mut pair = vec![some[a], some[b]];
                        sort_by(&mut pair, |a, b| a.exercise.order() < b.exercise.order());
                        groups.push(Group { members: pair, sets });
                    }
                    Some(_) => {}
                    None => groups.push(Group { members: vec![*first], sets }),
                }
            }
        }
    }
    sort_by(&mut groups, |a, b| a.rank() < b.rank());
    groups
}

/// How many exercises are paired among each other: all pairings are tried, and six exercises have 76.
const TOGETHER: usize = 6;

/// The pairing with the highest sum of [`pair_score`].
fn best_pairs(members: &[&Candidate]) -> Vec<(usize, usize)> {
    fn search(members: &[&Candidate], left: &[usize]) -> (i32, Vec<(usize, usize)>) {
        let Some((&first, rest)) = left.split_first() else { return (0, Vec::new()) };
        let mut best = search(members, rest);
        for (i, &second) in rest.iter().enumerate() {
            let Some(score) = pair_score(members[first], members[second]) else { continue };
            let mut others = rest.to_vec();
            others.remove(i);
            let (sum, mut pairs) = search(members, &others);
            if sum + score > best.0 {
                pairs.push((first, second));
                best = (sum + score, pairs);
            }
        }
        best
    }
    let mut all = Vec::new();
    for place in 0..members.len() {
        all.push(place);
    }
    search(members, &all).1
}

/// How well two exercises alternate (house): opposite movements best, upper with lower body well; `None` when they tire
/// the same muscles, both load the spine or the grip, are done for different sets, or no pause fits both rests.
fn pair_score(a: &Candidate, b: &Candidate) -> Option<i32> {
    use Pattern::{Hinge, IsolationLower, Lunge, PullHorizontal, PullVertical, PushHorizontal, PushVertical, Squat};
    let (x, y) = (a.exercise, b.exercise);
    let both = |tag| x.tags.contains(tag) && y.tags.contains(tag);
    if !x.primary.intersection(y.primary).is_empty() || both(Tag::Spine) || both(Tag::Grip) || a.sets != b.sets {
        return None;
    }
    // Two lifts with one bar would mean loading it anew between any two sets.
    if x.requires.contains(Equipment::Barbell) && y.requires.contains(Equipment::Barbell) {
        return None;
    }
    Group { members: vec![a, b], sets: 1 }.pause_bounds()?;
    let opposite = |p, q| (x.pattern == p && y.pattern == q) || (x.pattern == q && y.pattern == p);
    let lower = |pattern| matches!(pattern, Squat | Lunge | Hinge | IsolationLower);
    let shared = !x.primary.intersection(y.secondary).is_empty() || !y.primary.intersection(x.secondary).is_empty();
    let score = if opposite(PushHorizontal, PullHorizontal) || opposite(PushVertical, PullVertical) {
        30
    } else if opposite(Hinge, PullHorizontal) || opposite(Hinge, PullVertical) {
        // Both ask for the grip and the back.
        18
    } else if lower(x.pattern) != lower(y.pattern) {
        22
    } else {
        12
    };
    Some(score - if shared { 8 } else { 0 })
}

fn round_5(seconds: f64) -> u32 {
    (seconds / 5.0).round() as u32 * 5
}
